"""What a second choice is worth, and a third: the latency against the queues looked at for each request."""

from collections.abc import Sequence

import numpy as np

from lbcore import selectors
from lbcore.lab.exhibits.queues._curve import Curve, curve
from lbcore.lab.exhibits.queues._runs import LOAD, MOST_NODES, run
from lbcore.lab.exhibits.queues._theory import expected
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number


@exhibit(called={"load": LOAD})
def by_choices(
    load: int = 90,
    what: str | Sequence[str] = "p99",
    *,
    most: int = 6,
    nodes: int = 100,
    requests: int = 40_000,
    seed: int = 7,
) -> Curve:
    """The latency where each request looks at 1, 2, ... `most` nodes and joins the shortest of these queues."""
    load, nodes = number("load", load, 1, 99), number("nodes", nodes, 2, MOST_NODES)
    most, requests = number("most", most, 2, min(20, nodes)), number("requests", requests, 1_000, 10_000_000)
    return curve(
        "choices",
        np.arange(1.0, most + 1),
        np.arange(1.0, most + 1),
        ["shortest of d queues"],
        what,
        lambda _, at: run(selectors.TwoChoices, nodes, load, choices=int(at), requests=requests, seed=seed),
        lambda _, name, at: expected(name, load / 100, int(at)),
        load=load,
        nodes=nodes,
        requests=requests,
        seed=seed,
    )
