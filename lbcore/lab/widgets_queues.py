"""The widgets on waiting, of lessons 01 to 03 and 06."""

from collections.abc import Sequence
from typing import Any

from lbcore.lab import experiments_queues as experiments
from lbcore.lab.calls import Call
from lbcore.lab.controlled import controlled
from lbcore.lab.panel import Panel

__all__ = ["by_choices", "latency", "queue_lengths"]

CALLED = {
    "load": "load, % of what all nodes can do",
    "age": "age of the view, mean service times",
    "until": "mean service times shown",
    "seed": "seed",
}


def latency(
    cls: Any = experiments.FOUR,
    *,
    load: Any = 80,
    nodes: Any = None,
    weights: Sequence[Any] | None = None,
    speeds: Sequence[Any] | None = None,
    age: Any = None,
    requests: Any = None,
    seed: Any = None,
    prediction: Any = None,
) -> Panel:
    """How long requests take under each of several algorithms; any number may be a slider instead."""

    def call(cls: Any, load: Any, **named: Any) -> Call:
        return Call(experiments.latency, (_several(cls),), {"load": load, **_given(named)})

    arguments = {
        "cls": cls,
        "load": load,
        "nodes": nodes,
        "weights": weights,
        "speeds": speeds,
        "age": age,
        "requests": requests,
        "seed": seed,
    }
    return controlled(call, arguments, prediction, called=CALLED)


def by_choices(
    load: Any = 90, *, what: Any = None, nodes: Any = None, seed: Any = None, prediction: Any = None
) -> Panel:
    """The latency against the number of queues that each request looks at."""

    def call(load: Any, **named: Any) -> Call:
        return Call(experiments.by_choices, (load,), {"requests": 40_000, **_given(named)})

    return controlled(call, {"load": load, "what": what, "nodes": nodes, "seed": seed}, prediction, called=CALLED)


def queue_lengths(
    cls: Any = None,
    *,
    age: Any = 0,
    load: Any = None,
    nodes: Any = None,
    until: Any = None,
    seed: Any = None,
    prediction: Any = None,
) -> Panel:
    """How many requests each node holds, as time goes on."""

    def call(cls: Any, **named: Any) -> Call:
        return Call(experiments.queue_lengths, () if cls is None else (_several(cls),), _given(named))

    arguments = {"cls": cls, "age": age, "load": load, "nodes": nodes, "until": until, "seed": seed}
    return controlled(call, arguments, prediction, called=CALLED)


def _several(cls: Any) -> Any:
    """Several classes as a list, which is how they are written."""
    return list(cls) if isinstance(cls, (list, tuple)) else cls


def _given(named: dict[str, Any]) -> dict[str, Any]:
    """The arguments that are not left to the experiment."""
    return {name: value for name, value in named.items() if value is not None}
