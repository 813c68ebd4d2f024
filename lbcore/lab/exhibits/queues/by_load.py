"""What load does to waiting: the latency of several algorithms as the nodes get busier."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lbcore.lab.exhibits.queues._curve import Curve, curve
from lbcore.lab.exhibits.queues._runs import FOUR, fewer, run
from lbcore.lab.exhibits.queues._theory import choices_of, expected
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import labelled, number

LOADS = (10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95)


@exhibit()
def by_load(
    cls: Any = FOUR,
    what: str | Sequence[str] = ("p50", "p99"),
    *,
    nodes: int = 10,
    requests: int = 50_000,
    seed: int = 7,
) -> Curve:
    """The latency of each algorithm as the load grows from 10 to 95 per cent; what: "mean", "p50", "p99" or several."""
    rows, along = labelled(cls), np.linspace(LOADS[0], LOADS[-1], 120)
    requests = fewer(rows, number("requests", requests, 1_000, 10_000_000))

    def theory(row: int, name: str, at: float) -> float | None:
        looks = choices_of(rows[row][1])
        return None if looks is None else expected(name, at / 100, looks)

    return curve(
        "load",
        np.array(LOADS, float),
        along,
        [label for label, _ in rows],
        what,
        lambda row, at: run(rows[row][1], nodes, int(at), requests=requests, seed=seed),
        theory,
        load=None,
        nodes=nodes,
        requests=requests,
        seed=seed,
    )
