"""Lesson 01: round robin over nodes of which some are down.

The rule: after a pick comes the next node that is up. Which node is first is free, and so is the direction.
Where none is up, select says so: -1, or a LookupError.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from lbcore.lab.student.match import Calls, Scripted, Tape
from lbcore.lab.student.trial import Wrong, attribute, node, wants_argument
from lbcore.selectors.reference import Draws

LESSON = "01"

#: Who is up at each request: one balancer's script. Several go side by side.
Ups = list[tuple[bool, ...]]


def _all_but(nodes: int, *down: int) -> tuple[bool, ...]:
    return tuple(i not in down for i in range(nodes))


def _changing(nodes: int, seed: int) -> Ups:
    """Somebody is always up, now these, now those, for one to four requests."""
    draws = Draws(seed)
    ups: Ups = []
    while len(ups) < 60:
        some = 1 + draws.below(2**nodes - 1)
        ups += [tuple(bool(some >> i & 1) for i in range(nodes))] * (1 + draws.below(4))
    return ups


def _with_somebody_up() -> Iterator[list[Ups]]:
    """All up at the first request: it shows where a balancer starts."""
    for n in (4, 3, 5, 2, 1, 7):
        every = _all_but(n)
        yield [[every] * (3 * n)]
        for down in (*range(1, n), 0) if n > 1 else ():
            yield [[every, *[_all_but(n, down)] * (3 * n)]]
        for first in range(n if n > 3 else 0):
            yield [[every, *[_all_but(n, first, (first + 1) % n)] * (2 * n)]]
        for only in range(n if n > 2 else 0):
            yield [[every, *[_all_but(n, *range(only), *range(only + 1, n))] * 3] * 2]
        yield from ([[every, *_changing(n, seed)]] for seed in (1, 2, 3) if n > 1)
    yield [[_all_but(4)] * 8, [_all_but(4), *[_all_but(4, 2)] * 7]]


def _down_from_the_start() -> Iterator[list[Ups]]:
    for n in (4, 3, 5):
        yield from ([[_all_but(n, down)] * 4] for down in range(n))
        yield [[_all_but(n, *range(n - 1))] * 4]


def _with_nobody_up() -> Iterator[list[Ups]]:
    for n in (4, 1, 3):
        for before in (0, 2, 3):
            yield [[*[_all_but(n)] * before, _all_but(n, *range(n)), *[_all_but(n)] * 2]]


def _tell(balancer: Any, now: Sequence[bool], before: Sequence[bool], calls: Calls) -> None:
    """By mark_up and mark_down; in the list `up` where a class has none of them."""
    for i, is_up in enumerate(now):
        name = "mark_up" if is_up else "mark_down"
        if is_up != before[i] and hasattr(balancer, name):
            calls.make(f"{name}({i})", getattr(balancer, name), i)
        elif is_up != before[i]:
            attribute(balancer, "up")[i] = is_up


def _play(script: list[Ups], cls: type, calls: Calls) -> None:
    nodes = len(script[0][0])
    balancers = [calls.make(f"SkipTheDead({nodes})", cls, nodes) for _ in script]
    selects = [attribute(balancer, "select") for balancer in balancers]
    takes_up = wants_argument(selects[0])  # `up` may be given to it, too
    before = [_all_but(nodes) for _ in script]
    for request in range(len(script[0])):
        for which, (balancer, select) in enumerate(zip(balancers, selects, strict=True)):
            up = script[which][request]
            live = " ".join(str(i) for i in range(nodes) if up[i])
            where = f"Request {request + 1}, with {live} up" if live else "With every node down"
            if takes_up:
                calls.ask(where, select, list(up))
            else:
                _tell(balancer, up, before[which], calls)
                calls.ask(where, select)
            before[which] = up


def _after(pick: int, up: Sequence[bool], step: int) -> int:
    return next(i for d in range(1, len(up) + 1) if up[i := (pick + step * d) % len(up)])


def _judge(script: list[Ups], tape: Tape) -> None:
    last: list[int | None] = [None] * len(script)
    steps: tuple[int, ...] = 1, -1  # the directions that the picks so far allow
    for at, (where, answer) in enumerate(zip(tape.wheres, tape.compared, strict=True)):
        which = at % len(script)
        up, before = script[which][at // len(script)], last[which]
        if answer is LookupError or (type(answer) is int and answer == -1):
            if any(up):
                raise Wrong(f"{where}: select {'returned -1' if answer == -1 else 'raised LookupError'}.")
            continue
        if not any(up):
            raise Wrong(
                f"{where} select returned {'nothing' if answer is None else repr(answer)}. The caller waits for -1."
            )
        last[which] = pick = node(where, tape.answers[at], len(up))
        if not up[pick]:
            raise Wrong(f"{where}: you took node {pick}, which is down.")
        if before is not None:
            due = [_after(before, up, step) for step in steps]
            if pick not in due:
                raise Wrong(f"{where}: after node {before} you took node {pick}; the next node that is up is {due[0]}.")
            steps = tuple(step for step, node_due in zip(steps, due, strict=True) if node_due == pick)


STAGES = tuple(
    Scripted(list(scripts()), _play, _judge) for scripts in (_with_somebody_up, _down_from_the_start, _with_nobody_up)
)
RIGHT = (
    "Right: only nodes that are up, each in its turn, also when nodes come and go. "
    "With node 1 of 4 down, the other three get 4 of 12 requests each."
)
