"""Lesson 03: smooth weighted round robin.

The rule: before each pick every node earns its weight; the richest is picked and pays the sum of all weights.
The account is kept here, of the class's own picks; so ties are free, and so is the way in which a class keeps books.
"""

from collections.abc import Iterator
from itertools import product

from lbcore.lab.student.match import Calls, Scripted, Tape
from lbcore.lab.student.trial import Wrong, attribute, node

LESSON = "03"

_CYCLES = 4

#: The weights of balancers that are asked side by side.
Script = tuple[tuple[int, ...], ...]


def _scripts() -> Iterator[Script]:
    for weights in ((5, 1, 1), (3, 2), (1, 2, 3, 4), (4, 0, 2), (7, 7, 3, 1, 1), (1,), (2, 2), (1, 1, 6)):
        yield (weights,)
    for nodes in (2, 3):
        yield from ((weights,) for weights in product(range(4), repeat=nodes) if any(weights))
    yield (5, 1, 1), (1, 2, 4)


def _play(script: Script, cls: type, calls: Calls) -> None:
    balancers = [calls.make(f"Smooth({list(weights)})", cls, list(weights)) for weights in script]
    for request in range(1, _CYCLES * sum(script[0]) + 1):
        for weights, balancer in zip(script, balancers, strict=True):
            where = f"Weights {list(weights)}, request {request}"
            calls.ask(where, attribute(balancer, "select"))


def _judge(script: Script, tape: Tape) -> None:
    credits = [[0] * len(weights) for weights in script]
    for at, (where, answer) in enumerate(zip(tape.wheres, tape.answers, strict=True)):
        weights, credit = script[at % len(script)], credits[at % len(script)]
        pick = node(where, answer, len(weights))
        for i, weight in enumerate(weights):
            credit[i] += weight
        richest = credit.index(max(credit))
        if credit[pick] < credit[richest]:
            raise Wrong(
                f"{where}: you took node {pick} with a credit of {credit[pick]}; node {richest} had {credit[richest]}."
            )
        credit[pick] -= sum(weights)


STAGES = (Scripted(list(_scripts()), _play, _judge),)
RIGHT = (
    "Right: every pick goes to the richest node, and every cycle gives each node its share. "
    "By the first of equals, weights 5, 1 and 1 give 0 0 1 0 2 0 0."
)
