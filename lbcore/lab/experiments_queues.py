"""The experiments on waiting, of lessons 01 to 03 and 06: the same requests through the queue simulation, many ways.

Requests come at random times (Poisson) and take exponential times of mean 1 on a node of speed 1, so every time here
is in mean service times.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from lbcore import selectors
from lbcore.lab import students, theory_queues
from lbcore.lab.inputs import distinct_keys, labelled, number
from lbcore.lab.recipes import parameters
from lbcore.lab.results_queues import WHATS, Curve, Latency, LatencyRow, Pair, QueueLengths
from lbcore.lab.trace import Trace, amount, column
from lbcore.simulate import QueueResult, queue

__all__ = ["FOUR", "by_age", "by_choices", "by_load", "latency", "queue_lengths", "served"]

FOUR = (selectors.Random, selectors.RoundRobin, selectors.TwoChoices, selectors.LeastConnections)
SEEING = (selectors.Random, selectors.TwoChoices, selectors.LeastConnections)
#: So many requests of a class in plain Python, which is asked and told one by one.
PLAIN_REQUESTS = 20_000
#: The first requests meet empty queues; a share of them is left out of the latencies.
WARM_UP = 0.05
MOST_NODES, MOST_AGE = 1_000, 1_000.0
LOADS, AGES = (10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95), (0, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20)


def latency(
    cls: Any = FOUR,
    load: int = 80,
    *,
    nodes: int | None = None,
    weights: Sequence[int] | None = None,
    speeds: Sequence[float] | None = None,
    age: float = 0.0,
    requests: int = 100_000,
    seed: int = 7,
) -> Latency:
    """How long requests take under each of these algorithms, at `load` per cent of what all nodes can do.

    cls: a class, several, or a dict with a label for each; a student's own is asked in the same simulation, and then
    there are 20,000 requests at most. nodes: 10, or as many as there are weights or speeds. weights: for the classes
    that take any. age: for how long TwoChoices and LeastConnections go by the same view of the queues; 0 is fresh.
    """
    load, seed = number("load", load, 1, 99), number("seed", seed, 0, 2**63)
    given = weights if weights is not None else speeds
    nodes = number("nodes", nodes if nodes is not None else 10 if given is None else len(given), 1, MOST_NODES)
    speed = tuple(column("speeds", [1.0] * nodes if speeds is None else speeds, np.float64, nodes).tolist())
    if min(speed) <= 0:
        raise ValueError("speeds: every speed must be above 0")
    asked, rows = number("requests", requests, 1_000, 10_000_000), labelled(cls)
    requests = _fewer(rows, asked)
    found = [
        _run(one, nodes, load, weights=weights, speeds=speed, age=age, requests=requests, seed=seed, keep=True)
        for _, one in rows
    ]
    even = len(set(speed)) == 1 and speed[0] == 1.0
    made = tuple(
        LatencyRow(
            label,
            _times(run),
            tuple(_theory(what, load / 100, one) for what in WHATS) if even and _known(one, age) else None,
            one is selectors.Random,
            run.picked,
            run.utilisation,
        )
        for (label, one), run in zip(rows, found, strict=True)
    )
    pair = _pair(*found) if len(found) == 2 else None
    return Latency(nodes, speed, load, float(age), made, pair, requests, asked, seed)


def by_load(
    cls: Any = FOUR,
    what: str | Sequence[str] = ("p50", "p99"),
    *,
    nodes: int = 10,
    requests: int = 50_000,
    seed: int = 7,
) -> Curve:
    """The latency of each algorithm as the load grows from 10 to 95 per cent; what: "mean", "p50", "p99" or several."""
    rows, curve = labelled(cls), np.linspace(LOADS[0], LOADS[-1], 120)
    requests = _fewer(rows, number("requests", requests, 1_000, 10_000_000))
    return _curve(
        "load",
        np.array(LOADS, float),
        curve,
        [label for label, _ in rows],
        what,
        lambda row, at: _run(rows[row][1], nodes, int(at), requests=requests, seed=seed),
        lambda row, name, at: _theory(name, at / 100, rows[row][1]) if _known(rows[row][1]) else None,
        load=None,
        nodes=nodes,
        requests=requests,
        seed=seed,
    )


def by_choices(
    load: int = 90,
    what: str | Sequence[str] = "p99",
    *,
    most: int = 6,
    nodes: int = 100,
    requests: int = 100_000,
    seed: int = 7,
) -> Curve:
    """The latency where each request looks at 1, 2, ... `most` nodes and joins the shortest of these queues."""
    load, nodes = number("load", load, 1, 99), number("nodes", nodes, 2, MOST_NODES)
    most, requests = number("most", most, 2, min(20, nodes)), number("requests", requests, 1_000, 10_000_000)
    return _curve(
        "choices",
        np.arange(1.0, most + 1),
        np.arange(1.0, most + 1),
        ["shortest of d queues"],
        what,
        lambda _, at: _run(selectors.TwoChoices, nodes, load, choices=int(at), requests=requests, seed=seed),
        lambda _, name, at: _theory_of(name, load / 100, int(at)),
        load=load,
        nodes=nodes,
        requests=requests,
        seed=seed,
    )


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
    requests = _fewer(rows, number("requests", requests, 1_000, 10_000_000))
    return _curve(
        "age",
        np.array(AGES),
        np.array(AGES),
        [label for label, _ in rows],
        what,
        lambda row, at: _run(rows[row][1], nodes, load, age=at, requests=requests, seed=seed),
        lambda row, name, at: _theory(name, load / 100, rows[row][1]) if rows[row][1] is selectors.Random else None,
        load=load,
        nodes=nodes,
        requests=requests,
        seed=seed,
    )


def queue_lengths(
    cls: Any = (selectors.LeastConnections, selectors.TwoChoices),
    age: float = 0.0,
    *,
    load: int = 80,
    nodes: int = 10,
    until: int = 60,
    seed: int = 7,
) -> QueueLengths:
    """How many requests each node holds from the start to `until` mean service times, looked at ten times in each."""
    load, until = number("load", load, 1, 99), number("until", until, 5, 500)
    rows, nodes = labelled(cls), number("nodes", nodes, 1, 64)
    # Half as many again as come in the mean, so that they last until then.
    requests = round(1.5 * load / 100 * nodes * until) + 20
    found = [_run(one, nodes, load, age=age, requests=requests, seed=seed, sample_every_s=0.1) for _, one in rows]
    sampled = [(run.sampled_s, run.lengths) for run in found if run.sampled_s is not None and run.lengths is not None]
    shown = int((sampled[0][0] <= until).sum())
    return QueueLengths(
        tuple(label for label, _ in rows),
        sampled[0][0][:shown],
        tuple(lengths[:shown] for _, lengths in sampled),
        load,
        float(age),
        seed,
    )


def served(cls: Any, arrivals: Sequence[float], service: Sequence[float], *, nodes: int = 3) -> Trace:
    """A few requests with these times, as a trace: its picture shows when each node serves which."""
    run = _checked(cls, queue, students.recipe(cls, nodes, seed=0)(), arrivals=arrivals, service=service, keep=True)
    kept = run.requests
    assert kept is not None
    return Trace(run.nodes, kept.arrived_s, kept.node, kept.started_s, kept.ended_s, travel_s=0.0, name=run.name)


def _run(
    cls: Any,
    nodes: int,
    load: int,
    *,
    weights: Sequence[int] | None = None,
    speeds: Sequence[float] | None = None,
    age: float = 0.0,
    choices: int | None = None,
    seed: int = 7,
    requests: int,
    **how: Any,
) -> QueueResult:
    """One run of the simulation; what a student's class does wrong comes out as a StudentError."""
    nodes = number("nodes", nodes, 1, MOST_NODES)
    age = amount("age", age)
    if age > MOST_AGE:
        raise ValueError(f"age: {age:g} is not from 0 to {MOST_AGE:g} mean service times")
    if weights is not None and len(weights) != nodes:
        raise ValueError(f"weights: {len(weights)} weights for {nodes} nodes")
    number("seed", seed, 0, 2**63)
    takes = weights is not None and "weights" in parameters(cls)
    recipe = students.recipe(cls, nodes, weights if takes else None, seed)
    extra: dict[str, Any] = {} if choices is None else {"choices": choices}
    if age and cls in (selectors.TwoChoices, selectors.LeastConnections):
        extra["stale_s"] = age
    selector = recipe.cls(**dict(recipe.arguments), **extra) if extra else recipe()
    if students.is_keyed(cls):
        how["keys"] = distinct_keys(requests, seed)
    found = _checked(
        cls,
        queue,
        selector,
        requests,
        load=load / 100,
        nodes=nodes if students.is_plain(cls) else None,
        speeds=speeds,
        warm_up=int(requests * WARM_UP),
        seed=seed,
        **how,
    )
    if not found.measured:
        raise ValueError(f"cls: {students.name_of(cls)} served none of {requests:,} requests")
    return found


def _fewer(rows: list[tuple[str, Any]], requests: int) -> int:
    """So many requests, or fewer where one of the classes is in plain Python."""
    return min(requests, PLAIN_REQUESTS) if any(students.is_plain(one) for _, one in rows) else requests


def _checked(cls: Any, call: Any, *arguments: Any, **named: Any) -> QueueResult:
    try:
        found: QueueResult = call(*arguments, **named)
    except Exception as error:
        if not students.is_plain(cls) or not getattr(error, "__notes__", None):
            raise
        who = students.name_of(cls)
        if "ellipsis" in str(error).lower() or ("returned None" in str(error) and "..." in _source(cls)):
            raise students.StudentError(students.unfinished(who)) from error
        # The simulation's note: "in Mine.select(), with 3 requests asked for".
        method, _, asked = error.__notes__[0].removeprefix("in ").partition(", with ")
        where = f"Request {asked.split()[0]}: {method}"
        raise students.StudentError(f"{where} failed with {type(error).__name__}: {error}") from error
    return found


def _source(cls: Any) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""


def _times(run: QueueResult) -> tuple[float, ...]:
    return run.mean_s, run.p50_s, run.p99_s


def _known(cls: Any, age: float = 0.0) -> bool:
    """Whether theory knows the latencies of this class."""
    return cls is selectors.Random or (cls is selectors.TwoChoices and not age)


def _theory(what: str, load: float, cls: Any) -> float:
    return _theory_of(what, load, 1 if cls is selectors.Random else 2)


def _theory_of(what: str, load: float, choices: int) -> float:
    if what == "mean":
        return theory_queues.mean_latency(load, choices)
    return theory_queues.quantile(float(what[1:]), load, choices)


def _pair(one: QueueResult, other: QueueResult) -> Pair:
    """Request by request, from the first to the last."""
    a, b = one.requests, other.requests
    assert a is not None and b is not None
    # What differs by less than this differs by the rounding of sums alone.
    gap = np.where(np.abs(b.ended_s - a.ended_s) < 1e-9, 0.0, b.ended_s - a.ended_s)
    apart = np.flatnonzero(a.node != b.node)
    first = int(apart[0]) + 1 if apart.size else None
    return Pair(int((gap == 0).sum()), int((gap < 0).sum()), int((gap > 0).sum()), first)


def _curve(over: str, at: Any, along: Any, labels: list[str], what: Any, run: Any, theory: Any, **rest: Any) -> Curve:
    """Run and theory at every step, for every label."""
    whats = (what,) if isinstance(what, str) else tuple(what)
    for name in whats:
        if name not in WHATS:
            raise ValueError(f"what: {name!r} is none of {', '.join(WHATS)}")
    if not whats:
        raise ValueError("what: give at least one")
    found = [[_times(run(row, float(x))) for x in at] for row in range(len(labels))]
    values = tuple(tuple(np.array([one[WHATS.index(name)] for one in row]) for row in found) for name in whats)
    lines = tuple(
        tuple(_line([theory(row, name, float(x)) for x in along]) for row in range(len(labels))) for name in whats
    )
    return Curve(over, at, tuple(labels), whats, values, along, lines, **rest)


def _line(points: list[float | None]) -> Any:
    return None if None in points else np.array(points, dtype=np.float64)
