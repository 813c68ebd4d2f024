"""The widgets of lesson 05: the ring, the comparison, Maglev's table, the bound, and what each way costs."""

from collections.abc import Callable
from functools import partial
from typing import Any

from lbcore import BoundedRing
from lbcore.lab import experiments_rings as experiments
from lbcore.lab.calls import Call
from lbcore.lab.controlled import controlled
from lbcore.lab.controls import SliderSpec
from lbcore.lab.inputs import number
from lbcore.lab.live import Live
from lbcore.lab.panel import Panel

__all__ = ["bounded", "changes", "evenness", "live_costs", "maglev", "ring"]

CALLED = {
    "virtual_nodes": "virtual nodes of each node",
    "eps": "eps, how far above the mean a node may go",
    "removed": "node that is removed",
    "table_size": "entries of the table",
}


def ring(
    virtual_nodes: Any = SliderSpec(1, 160),  # noqa: B008 (a spec is frozen)
    nodes: Any = None,
    after: Any = None,
    *,
    keys: Any = None,
    seed: Any = None,
    prediction: Any = None,
) -> Panel:
    """The ring as a circle, each node's share of it, and what moves when there are `after` nodes."""
    named = {"virtual_nodes": virtual_nodes, "nodes": nodes, "after": after, "keys": keys, "seed": seed}
    return _panel(experiments.ring, "virtual_nodes", named, prediction)


def evenness(
    virtual_nodes: Any = (1, 3, 10, 30, 100),
    nodes: Any = None,
    *,
    rings: Any = None,
    seed: Any = None,
    prediction: Any = None,
) -> Panel:
    """The busiest node's share in many rings, for each number of virtual nodes."""
    several = list(virtual_nodes) if isinstance(virtual_nodes, (list, tuple)) else virtual_nodes
    named = {"virtual_nodes": several, "nodes": nodes, "rings": rings, "seed": seed}
    return _panel(experiments.evenness, "virtual_nodes", named, prediction)


def changes(nodes: Any = 10, *, keys: Any = None, seed: Any = None, prediction: Any = None) -> Panel:
    """The keys that move when a node comes and when one goes, in six ways to give a key to a node."""
    return _panel(experiments.changes, "nodes", {"nodes": nodes, "keys": keys, "seed": seed}, prediction)


def maglev(removed: Any = 4, table_size: Any = None, nodes: Any = None, *, prediction: Any = None) -> Panel:
    """Maglev's table, before and after one node is removed."""
    named = {"removed": removed, "table_size": table_size, "nodes": nodes}
    return _panel(experiments.maglev, "removed", named, prediction)


def bounded(
    cls: Any = BoundedRing,
    eps: Any = None,
    *,
    nodes: Any = None,
    requests: Any = None,
    exponent: Any = None,
    keys: Any = None,
    seed: Any = None,
    prediction: Any = None,
) -> Panel:
    """A hot key on a ring, and on one with bounded loads; `cls` may be a student's class made with (nodes, eps)."""
    named = {"eps": eps, "nodes": nodes, "requests": requests, "exponent": exponent, "keys": keys, "seed": seed}
    return _panel(experiments.bounded, "cls", {"cls": cls, **named}, prediction)


def live_costs(nodes: int = 100) -> Live:
    """What each way costs on this machine: the time to make it and to ask it, and the memory that it keeps."""
    nodes = number("nodes", nodes, 2, 1_000)
    return Live(partial(experiments.measured, nodes=nodes), 2, f"the cost of six ways with {nodes:,} nodes")


def _panel(experiment: Callable[..., Any], first: str, arguments: dict[str, Any], prediction: Any) -> Panel:
    """A panel of the experiment: its argument `first` stands first in the line, what is None is left to it."""

    def call(**values: Any) -> Call:
        named = {name: value for name, value in values.items() if name != first and value is not None}
        return Call(experiment, (values[first],), named)

    return controlled(call, arguments, prediction, called=CALLED)
