"""Heartbeats that are watched for a while on simulated time, and what came out."""

import math
from typing import Any

from lbcore.faults import (
    Detector,
    FaultPlan,
    FixedTimeout,
    Heartbeats,
    Network,
    VirtualClock,
)

NAN, INF = math.nan, math.inf
ABC = ["a", "b", "c"]


def watched(
    *faults: Any, detector: Detector | None = None, nodes: list[str] = ABC, until_s: float = 60.0, seed: int = 1,
    **given: Any,
) -> Heartbeats:  # fmt: skip
    """Heartbeats after `until_s` seconds on simulated time."""
    clock = VirtualClock(seed)
    plan = FaultPlan(*faults)
    network = Network(clock, delay=given.pop("delay", None), loss=given.pop("loss", 0.0), plan=plan, seed=seed)
    watch = Heartbeats(clock, nodes, detector or FixedTimeout(3.0), network=network, plan=plan, **given)

    def main() -> None:
        watch.start()
        clock.sleep(until_s)
        watch.stop()

    clock.run(main)
    return watch


def verdicts(watch: Heartbeats, watcher: str | None = None) -> list[tuple[float, str, bool]]:
    return [(c.time_s, c.node, c.failed) for c in watch.changes if watcher in (None, c.watcher)]


# What is sent, and when
