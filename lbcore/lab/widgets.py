"""The widgets of lessons 00 to 04: an experiment whose arguments may be sliders and choices instead of constants.

Each function names the arguments of one experiment and says how they become a call of it. `controlled` does the rest.
"""

from collections.abc import Sequence
from typing import Any

from lbcore.lab import experiments, students
from lbcore.lab.calls import Call, Text
from lbcore.lab.controlled import controlled
from lbcore.lab.panel import Panel
from lbcore.lab.player import play as traffic
from lbcore.lab.recipes import code
from lbcore.lab.widgets_failover import cascade, deposits, failover, live_failover, survivors
from lbcore.lab.widgets_heartbeats import detection, live_heartbeats, raster, silences, tradeoff, weather
from lbcore.lab.widgets_queues import by_choices, latency, queue_lengths
from lbcore.lab.widgets_retries import amplified, brownout, crowd, live_retries, reassign
from lbcore.lab.widgets_rings import bounded, changes, evenness, live_costs, maglev, ring

__all__ = [
    "amplified",
    "balance",
    "bounded",
    "brownout",
    "by_choices",
    "cascade",
    "changes",
    "crowd",
    "deposits",
    "detection",
    "evenness",
    "failover",
    "growth",
    "hot_keys",
    "latency",
    "live_costs",
    "live_failover",
    "live_heartbeats",
    "live_retries",
    "luck",
    "maglev",
    "moves",
    "queue_lengths",
    "raster",
    "reassign",
    "ring",
    "sequence",
    "silences",
    "survivors",
    "tradeoff",
    "traffic",
    "weather",
    "work",
]


def _several(cls: Any) -> list[Any] | None:
    """The classes where several are given, else None."""
    return list(cls) if isinstance(cls, (list, tuple)) else None


def _recipes(cls: Any, **how: Any) -> tuple[Any, dict[str, Any]]:
    """The recipe of a class, or the recipes of several; and `nodes`, where a plain class may not know them."""
    classes = _several(cls) or [cls]
    recipes = [students.recipe(one, **how) for one in classes]
    unsure = any(
        students.is_plain(one) and not one.__module__.startswith("lbcore.selectors.reference") for one in classes
    )
    nodes = how["nodes"] if how["nodes"] is not None else len(how["weights"]) if how.get("weights") is not None else 10
    return (recipes if _several(cls) else recipes[0]), ({"nodes": nodes} if unsure else {})


def _down(down: Any) -> list[Any]:
    """The nodes that are down, given as one, several, None or the word of a choice for nobody."""
    if down is None or down in ("none", "nobody"):
        return []
    return list(down) if isinstance(down, (list, tuple)) else [down]


def balance(
    cls: Any,
    *,
    nodes: Any = None,
    requests: Any = None,
    weights: Any = None,
    seed: Any = 7,
    down: Any = None,
    keys: Sequence[Any] | None = None,
    slots: Any = None,
    prediction: Any = None,
) -> Panel:
    """Requests at each node. Any number may be a `slider(...)` or `choice(...)` instead, and so may one of the weights.

    cls: a class of lbcore, a twin, the student's own, or a choice of them. nodes: 10, or as many as there are weights.
    requests: 1,000, or as many as there are keys. down: a node, several, or a choice such as
    `choice("none", "node-0")`. keys: for an algorithm that picks by key, instead of distinct keys made from the seed.
    """

    def call(cls: Any, nodes: Any, requests: Any, weights: Any, seed: Any, down: Any, slots: Any) -> Call:
        recipe, named = _recipes(cls, nodes=nodes, weights=weights, seed=seed, slots=slots)
        if keys is not None:
            named = {**({} if requests is None else {"requests": requests}), "keys": Text(keys, "keys"), **named}
        else:
            named = {"requests": 1_000 if requests is None else requests, **named}
            if students.is_keyed(cls):
                named["seed"] = seed
        if _down(down):
            named["down"] = _down(down)
        return Call(experiments.balance, (recipe,), named)

    return controlled(
        call,
        {
            "cls": cls,
            "nodes": nodes,
            "requests": requests,
            "weights": weights,
            "seed": seed,
            "down": down,
            "slots": slots,
        },
        prediction,
    )


def sequence(
    cls: Any, *, nodes: Any = None, requests: Any = 14, weights: Any = None, seed: Any = 7, prediction: Any = None
) -> Panel:
    """The order of the picks, of one class or of a list of them."""

    def call(cls: Any, nodes: Any, requests: Any, weights: Any, seed: Any) -> Call:
        count = nodes if nodes is not None else 3 if weights is None else None
        recipe, named = _recipes(cls, nodes=count, weights=weights, seed=seed)
        return Call(experiments.sequence, (recipe,), {"requests": requests, **named})

    return controlled(
        call, {"cls": cls, "nodes": nodes, "requests": requests, "weights": weights, "seed": seed}, prediction
    )


def luck(
    cls: Any, *, nodes: Any = 10, requests: Any = 1_000, runs: Any = 1_000, seed: Any = 0, prediction: Any = None
) -> Panel:
    """The busiest node's requests in many runs, of one class or of a list of them."""

    def call(cls: Any, **named: Any) -> Call:
        return Call(experiments.luck, (_several(cls) or cls,), named)

    return controlled(
        call, {"cls": cls, "nodes": nodes, "requests": requests, "runs": runs, "seed": seed}, prediction, True
    )


def work(
    cls: Any,
    *,
    nodes: Any = 3,
    requests: Any = 900,
    every: Any = 3,
    heavy: Any = 10,
    seed: Any = 7,
    prediction: Any = None,
) -> Panel:
    """Requests and work at each node, when one request in `every` costs `heavy` and the others 1."""

    def call(cls: Any, nodes: Any, requests: Any, every: Any, heavy: Any, seed: Any) -> Call:
        recipe, named = _recipes(cls, nodes=nodes, seed=seed)
        light = f" + [1] * {every - 1}" if every > 1 else ""
        costs = Text([heavy] + [1] * (every - 1), f"[{code(heavy)}]{light}")
        return Call(experiments.work, (recipe, costs), {"requests": requests, **named})

    return controlled(
        call,
        {"cls": cls, "nodes": nodes, "requests": requests, "every": every, "heavy": heavy, "seed": seed},
        prediction,
    )


def moves(
    cls: Any,
    *,
    nodes: Any = 10,
    after: Any = None,
    keys: Any = 10_000,
    seed: Any = 7,
    slots: Any = None,
    prediction: Any = None,
) -> Panel:
    """How many keys move when `nodes` become `after` (one more, unless told), with one class or a list of them.

    keys: how many distinct keys are made from the seed, or the keys themselves.
    """

    def call(cls: Any, nodes: Any, after: Any, keys: Any, seed: Any, slots: Any) -> Call:
        now = nodes + 1 if after is None else after
        before, later = [], []
        for one in _several(cls) or [cls]:
            before.append(students.recipe(one, nodes, seed=seed, slots=slots))
            later.append(
                now if callable(getattr(one, "add", None)) else students.recipe(one, now, seed=seed, slots=slots)
            )
        same = all(isinstance(one, int) for one in later)
        named = {"keys": keys, "seed": seed} if isinstance(keys, int) else {"keys": Text(keys, "keys")}
        if not _several(cls):
            return Call(experiments.moves, (before[0], later[0]), named)
        return Call(experiments.moves, (before, now if same else later), named)

    return controlled(
        call, {"cls": cls, "nodes": nodes, "after": after, "keys": keys, "seed": seed, "slots": slots}, prediction
    )


def hot_keys(
    cls: Any,
    *,
    nodes: Any = 10,
    requests: Any = 100_000,
    exponent: Any = 1.0,
    keys: Any = 1_000,
    seed: Any = 7,
    prediction: Any = None,
) -> Panel:
    """Requests at each node when keys follow Zipf's law, and where the hottest key lands."""

    def call(cls: Any, nodes: Any, seed: Any, **named: Any) -> Call:
        recipe, more = _recipes(cls, nodes=nodes, seed=seed)
        return Call(experiments.hot_keys, (recipe,), {**named, "seed": seed, **more})

    return controlled(
        call,
        {"cls": cls, "nodes": nodes, "requests": requests, "exponent": exponent, "keys": keys, "seed": seed},
        prediction,
    )


def growth(
    cls: Any, *, nodes: Any = 10, upto: Any = 1_000_000, seed: Any = 0, runs: Any = 10, prediction: Any = None
) -> Panel:
    """The gap between the busiest node and the mean as requests go on, of one class or of a list of them."""

    def call(cls: Any, **named: Any) -> Call:
        return Call(experiments.growth, (_several(cls) or cls,), named)

    return controlled(call, {"cls": cls, "nodes": nodes, "upto": upto, "seed": seed, "runs": runs}, prediction, True)
