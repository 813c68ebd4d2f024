"""Runs of the queue simulation, and what is read from each.

Requests come at random times (Poisson) and take exponential times of mean 1 on a node of speed 1, so every time here
is in mean service times.
"""

import inspect
from collections.abc import Sequence
from typing import Any

from lbcore import selectors
from lbcore.lab.frame.inputs import distinct_keys, number
from lbcore.lab.player.columns import amount
from lbcore.lab.student import classes
from lbcore.lab.student.recipes import parameters, recipe
from lbcore.simulate import QueueResult, queue

__all__ = ["FOUR", "LOAD", "MOST_NODES", "SEEING", "UNIT", "WHATS", "fewer", "run", "simulated", "span", "times"]

FOUR = (selectors.Random, selectors.RoundRobin, selectors.TwoChoices, selectors.LeastConnections)
#: Those whose view of the queues may get old.
SEEING = (selectors.TwoChoices, selectors.LeastConnections)
#: What of the latencies may be asked for, and the place it has in `times`.
WHATS = ("mean", "p50", "p99")
UNIT = "mean service times"
#: What the load is called, on a control and on an axis.
LOAD = "load, % of what all nodes can do"
#: So many requests of a class in plain Python, which is asked and told one by one.
PLAIN_REQUESTS = 20_000
#: The first requests meet empty queues; a share of them is left out of the latencies.
WARM_UP = 0.05
MOST_NODES, MOST_AGE = 1_000, 1_000.0


def run(
    cls: Any,
    nodes: int,
    load: float,
    *,
    weights: Sequence[int] | None = None,
    speeds: Sequence[float] | None = None,
    age: float = 0.0,
    choices: int | None = None,
    seed: int = 7,
    requests: int,
    **how: Any,
) -> QueueResult:
    """One run with a selector made of this class, at `load` per cent of what all nodes can do.

    weights: for a class that takes any. age: how old the view of the queues gets, for the classes that have one.
    choices: how many queues TwoChoices looks at. how: goes to `queue`.
    """
    nodes = number("nodes", nodes, 1, MOST_NODES)
    age = amount("age", age)
    if age > MOST_AGE:
        raise ValueError(f"age: {age:g} is not from 0 to {MOST_AGE:g} mean service times")
    if weights is not None and len(weights) != nodes:
        raise ValueError(f"weights: {len(weights)} weights for {nodes} nodes")
    number("seed", seed, 0, 2**63)
    takes = weights is not None and "weights" in parameters(cls)
    how_made = recipe(cls, nodes, weights if takes else None, seed)
    extra: dict[str, Any] = {} if choices is None else {"choices": choices}
    if age and cls in SEEING:
        extra["stale_s"] = age
    selector = how_made.cls(**dict(how_made.arguments), **extra) if extra else how_made()
    if classes.is_keyed(cls):
        how["keys"] = distinct_keys(requests, seed)
    found = simulated(
        cls,
        selector,
        requests,
        load=load / 100,
        nodes=nodes,
        speeds=speeds,
        warm_up=int(requests * WARM_UP),
        seed=seed,
        **how,
    )
    if not found.measured:
        raise ValueError(f"cls: {classes.name_of(cls)} served none of {requests:,} requests")
    return found


def fewer(rows: list[tuple[str, Any]], requests: int) -> int:
    """So many requests, or fewer where one of the classes is in plain Python."""
    return min(requests, PLAIN_REQUESTS) if any(classes.is_plain(one) for _, one in rows) else requests


def simulated(cls: Any, *arguments: Any, nodes: int, **named: Any) -> QueueResult:
    """`queue` with these arguments; what a student's class `cls` does wrong comes out as a StudentError."""
    plain = classes.is_plain(cls)
    try:
        found: QueueResult = queue(*arguments, nodes=nodes if plain else None, **named)
    except Exception as error:
        if not plain or not getattr(error, "__notes__", None):
            raise
        who = classes.name_of(cls)
        if "ellipsis" in str(error).lower() or ("returned None" in str(error) and "..." in _source(cls)):
            raise classes.StudentError(classes.unfinished(who)) from error
        # The simulation's note: "in Mine.select(), with 3 requests asked for".
        method, _, asked = error.__notes__[0].removeprefix("in ").partition(", with ")
        where = f"Request {asked.split()[0]}: {method}"
        raise classes.StudentError(f"{where} failed with {type(error).__name__}: {error}") from error
    return found


def _source(cls: Any) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""


def times(found: QueueResult) -> tuple[float, ...]:
    """Its latencies, as WHATS."""
    return found.mean_s, found.p50_s, found.p99_s


def span(time: float) -> str:
    """A time in mean service times: 5.9, 23.0, 1,204."""
    return f"{time:,.0f}" if time >= 999.95 else f"{time:.1f}"
