"""What news of the queues is worth as it gets older: the latency against the age of the view."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lbcore import selectors
from lbcore.lab.exhibits.queues._curve import Curve, curve
from lbcore.lab.exhibits.queues._runs import LOAD, fewer, run
from lbcore.lab.exhibits.queues._theory import expected
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import labelled, number

SEEING = (selectors.Random, selectors.TwoChoices, selectors.LeastConnections)
AGES = (0, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20)


@exhibit(called={"load": LOAD})
def by_age(
    load: int = 80,
    what: str | Sequence[str] = "p99",
    *,
    cls: Any = SEEING,
    nodes: int = 10,
    requests: int = 100_000,
    seed: int = 7,
) -> Curve:
    """The latency as the view of the queues gets older, from fresh to 20 mean service times."""
    load, rows = number("load", load, 1, 99), labelled(cls)
    requests = fewer(rows, number("requests", requests, 1_000, 10_000_000))
    return curve(
        "age",
        np.array(AGES),
        np.array(AGES),
        [label for label, _ in rows],
        what,
        lambda row, at: run(rows[row][1], nodes, load, age=at, requests=requests, seed=seed),
        lambda row, name, at: expected(name, load / 100, 1) if rows[row][1] is selectors.Random else None,
        load=load,
        nodes=nodes,
        requests=requests,
        seed=seed,
    )
