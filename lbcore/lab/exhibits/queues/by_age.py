"""What news of the queues is worth as it gets older: the latency against the age of the view."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from lbcore import selectors
from lbcore.lab.exhibits.queues._curve import Curve, curve
from lbcore.lab.exhibits.queues._runs import FOUR, LOAD, SEEING, fewer, run
from lbcore.lab.exhibits.queues._theory import expected
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import labelled, number
from lbcore.simulate import QueueResult

AGES = (0, 0.5, 1, 2, 3, 5, 10, 20)
#: A prediction is on the last algorithm with a view of this age.
ASKED = AGES.index(10)


@exhibit(called={"load": LOAD}, truth=lambda result, _: result.values[0][-1][ASKED], seeds=6)
def by_age(
    load: int = 80,
    what: str | Sequence[str] = "p99",
    *,
    cls: Any = FOUR,
    nodes: int = 10,
    requests: int = 50_000,
    seed: int = 7,
) -> Curve:
    """The latency as the view of the queues gets older, from fresh to 20 mean service times."""
    load, rows = number("load", load, 1, 99), labelled(cls)
    requests = fewer(rows, number("requests", requests, 1_000, 10_000_000))

    @cache
    def at_age(row: int, age: float) -> QueueResult:
        return run(rows[row][1], nodes, load, age=age, requests=requests, seed=seed)

    return curve(
        "age",
        np.array(AGES),
        np.array(AGES),
        [label for label, _ in rows],
        what,
        # Who looks at no queue does the same at every age.
        lambda row, at: at_age(row, at if rows[row][1] in SEEING else 0.0),
        lambda row, name, at: expected(name, load / 100, 1) if rows[row][1] is selectors.Random else None,
        load=load,
        nodes=nodes,
        requests=requests,
        seed=seed,
    )
