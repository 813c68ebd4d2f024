"""Lesson 05: on a ring with bounded loads, a request goes to the first node behind its key that has room.

The rule: of m requests in flight, this one counted, a node that holds ceil((1 + eps) m / n) or more is passed over.
The loads are counted here, by the class's own picks; how it keeps them itself is free. Where rounding in floating point
could make the bound another whole number, both are allowed: not so with 2, 4 and 8 nodes and the eps here.
"""

from functools import cache
from math import ceil
from typing import Any, NamedTuple

from lbcore.lab.student.match import Calls, Scripted, Tape
from lbcore.lab.student.trial import Wrong, attribute, node
from lbcore.selectors import reference

LESSON = "05"

_HAIR = 1e-9


class _Script(NamedTuple):
    """The keys that balancers are asked for, one after the other; `copies` of them stand side by side."""

    nodes: int
    eps: float
    keys: list[str]
    copies: int = 1


#: Small first: its sentences are the easiest to check.
_USUAL = (
    _Script(4, 0.5, ["ann"] * 8),
    _Script(4, 0.25, ["ann"] * 20 + ["bob"] * 20 + ["eve"] * 20),
    _Script(8, 1.0, [f"user-{i * i % 13}" for i in range(80)]),
    _Script(4, 0.5, [f"user-{i}" for i in range(80)]),
    _Script(2, 0.25, [f"user-{i % 7}" for i in range(30)]),
)
#: With 2 to 5 nodes the first of them lies behind the last point of the ring, with 8 the second; the third is near it.
_LATE = ["user-1835", "user-2823", "user-549"]
#: Their node would be another with one virtual node more or less.
_NEIGHBOURS = [f"user-{i}" for i in (122, 126, 287, 405)]
#: Keys at the end of the ring, few nodes, no tolerance or a large one, and sums that are no round numbers.
_ODD = (
    *(_Script(n, 0.5, _LATE * 12) for n in (4, 2, 8, 3, 5)),
    *(_Script(n, eps, ["ann", "bob", "eve", "ann"] * 8) for n in (1, 2, 3, 4, 5) for eps in (0.0, 3.0)),
    _Script(3, 0.1, [f"user-{i % 5}" for i in range(40)]),
    _Script(8, 0.5, ["ann"] * 12, copies=2),
    *(_Script(4, 1.0, [key]) for key in _NEIGHBOURS),
)


class _Nothing(list[Any]):
    """What is compared where nothing was returned: what the class has counted, if it counts in `load`."""

    def __init__(self, balancer: Any) -> None:
        """Look at it."""
        try:
            super().__init__([int(sum(balancer.load))])
        except (AttributeError, TypeError, ValueError):
            super().__init__()


def _play(script: _Script, cls: type, calls: Calls) -> None:
    where = f"{script.nodes} nodes, eps {script.eps:g}"
    balancers = [calls.make(f"Bounded({script.nodes}, {script.eps:g})", cls, script.nodes, script.eps)]
    balancers += [calls.make(where, cls, script.nodes, script.eps) for _ in range(script.copies - 1)]
    for number, key in enumerate(script.keys, start=1):
        for balancer in balancers:
            select = attribute(balancer, "select")

            def answer(select: Any = select, key: str = key, balancer: Any = balancer) -> Any:
                pick = select(key)
                return _Nothing(balancer) if pick is None else pick

            calls.ask(f"{where}, request {number} for {key!r}", answer)


@cache
def _ring(nodes: int) -> reference.HashRing:
    return reference.HashRing([1] * nodes, virtual_nodes=160)


@cache
def _walk(nodes: int, key: str) -> list[int]:
    """The nodes in the order in which the key meets them."""
    return list(dict.fromkeys(_ring(nodes).walk(key)))


def _judge(script: _Script, tape: Tape) -> None:
    loads = [[0] * script.nodes for _ in range(script.copies)]
    for at, (where, answer) in enumerate(zip(tape.wheres, tape.answers, strict=True)):
        load, key = loads[at % script.copies], script.keys[at // script.copies]
        exact = (1 + script.eps) * (sum(load) + 1) / script.nodes
        bounds = {ceil(exact)}
        if abs(exact - round(exact)) < _HAIR:
            bounds = {round(exact), round(exact) + (script.nodes in (3, 5))}
        met = _walk(script.nodes, key)
        due = [next(one for one in met if load[one] < bound) for bound in bounds]
        bound = min(bounds)
        said = f"{where}: bound {1 + script.eps:g} x {sum(load) + 1} / {script.nodes} = {exact:g}"
        said += f", rounded up {bound}" if exact != bound else ""
        if isinstance(answer, _Nothing) or answer is LookupError:
            what = "raised LookupError" if answer is LookupError else "returned nothing"
            raise Wrong(f"{said}. Node {due[0]} holds {load[due[0]]}, and select {what}.")
        pick = node(where, answer, script.nodes)
        if pick not in due:
            if load[pick] >= bound:
                raise Wrong(f"{said}. Node {pick} holds {load[pick]}, and you give it another.")
            raise Wrong(f"{said}. Node {due[0]} comes first and holds {load[due[0]]}, but you pick node {pick}.")
        load[pick] += 1


STAGES = (Scripted(_USUAL, _play, _judge), Scripted(_ODD, _play, _judge))
RIGHT = (
    "Right: the first node after the key that has room. With 4 nodes and eps 0.25, 20 requests for one key leave "
    "no node with more than 7, where the plain ring has 20 at one node."
)
