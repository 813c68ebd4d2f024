"""Runs of the compiled simulation, and of its plain-Python twin, over the same requests."""

from typing import Any

import numpy as np

from lbcore.selectors.reference import TwoChoices
from lbcore.simulate import Exponential, Poisson, reference


class TwoChoicesInFlight(TwoChoices):
    """The twin, told of departures."""

    def release(self, node: int) -> None:
        """One request less in flight."""
        self.load[node] -= 1


def drawn(
    seed: int, requests: int, rate_per_s: float, arrivals: Any = None, service: Any = None
) -> tuple[list[float], list[float]]:
    """The twin's arrival times and works."""
    gaps, works = reference.streams(seed)
    arrived, now = [], 0.0
    for gap in reference.times((arrivals or Poisson()).constants(1.0 / rate_per_s), gaps, requests):
        now += gap
        arrived.append(now)
    return arrived, reference.times((service or Exponential()).constants(), works, requests)


def same(result: Any, twin: list[tuple[int, float, float]]) -> None:
    """Every request went to the same node, and started and ended at the same time, to the last bit."""
    kept = result.requests
    nodes, starts, ends = (np.array(column) for column in zip(*twin, strict=True))
    served = nodes >= 0
    assert kept.node.tolist() == nodes.tolist()
    assert kept.started_s[served].tolist() == starts[served].tolist()
    assert kept.ended_s[served].tolist() == ends[served].tolist()
    assert np.isnan(kept.started_s[~served]).all()
