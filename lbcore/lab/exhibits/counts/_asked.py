"""What the exhibits ask for picks: a selector as it is, or one that is made of a class."""

import inspect
from collections.abc import Sequence
from typing import Any

from lbcore.lab.frame.inputs import distinct_keys, labelled
from lbcore.lab.student import classes

__all__ = ["Nodes", "Weights", "cut_short", "ready", "side_by_side"]

Nodes = int | Sequence[str] | None
Weights = Sequence[int] | None


def ready(
    thing: Any,
    nodes: Nodes = None,
    weights: Weights = None,
    seed: int = 7,
    slots: int | None = None,
    fewest: int = 10,
) -> tuple[Any, Nodes]:
    """A selector as it is, or one made of this class, with its nodes where they are known before the first pick.

    A class is made for `nodes`, else for as many as there are weights, else for `fewest`. Of a selector, `nodes` only
    says what a plain one may not know. Raises TypeError for what cannot pick, ValueError for weights or slots that come
    too late.
    """
    if not callable(getattr(thing, "select", None)):
        raise TypeError(f"selector: {classes.name_of(thing)} has no select(), so it cannot pick a node")
    if not inspect.isclass(thing):
        for name, value in (("weights", weights), ("slots", slots)):
            if value is not None:
                raise ValueError(f"{name}: {classes.name_of(thing)} is made already; give the class, or make it so")
        return thing, nodes
    known = nodes if nodes is not None else fewest if weights is None else len(weights)
    return classes.build(thing, known, weights, seed, slots), known


def side_by_side(
    selector: Any, requests: int, nodes: Nodes, weights: Weights, seed: int
) -> tuple[tuple[str, ...], tuple[str, ...], list[classes.Run]]:
    """One selector, or several: the label of each, the names of the nodes, and what each picks.

    selector: a selector or a class, a list of them, or a dict with a label for each. A class is made for 3 nodes,
    unless told.
    """
    rows = [(label, *ready(one, nodes, weights, seed, fewest=3)) for label, one in labelled(selector)]
    found = [
        classes.run(one, distinct_keys(requests, 0) if classes.is_keyed(one) else requests, (), known)
        for _, one, known in rows
    ]
    return tuple(label for label, _, _ in rows), max((run.names for run in found), key=len), found


def cut_short(requests: int, asked: int) -> str:
    """What to add to a sentence where a plain class was stopped; empty where it was not."""
    if asked == requests:
        return ""
    return f" A class in plain Python picks one by one: only {requests:,} of {asked:,} requests were made."
