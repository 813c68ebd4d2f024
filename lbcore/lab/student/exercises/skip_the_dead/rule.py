"""Lesson 01: round robin over nodes of which some are down.

The rule: after a pick comes the next node that is up. Which node is first is free, and so is the direction.
Where none is up, select says so: -1, or a LookupError.
"""

import inspect
from collections.abc import Sequence
from typing import Any, NoReturn

from lbcore.lab.student.trial import Budget, Failed, Watched, Wrong, ask, attribute, node

LESSON = "01"

_NODES = 4
_STEPS = 10_000  # reads of `up` in one select: a loop over four nodes needs a dozen


class _Student:
    """A student's balancer that is told who is up, and asked."""

    def __init__(self, cls: type) -> None:
        self.budget = Budget(_STEPS)
        self.balancer = ask("SkipTheDead(4)", cls, _NODES)
        self.select = attribute(self.balancer, "select")
        # A class may also take `up` as an argument of select.
        needed = [p for p in inspect.signature(self.select).parameters.values() if p.default is p.empty]
        self.is_told = len(needed) > 0
        if not self.is_told:
            self.balancer.up = Watched(attribute(self.balancer, "up"), self.budget)

    def pick(self, where: str, up: Sequence[bool]) -> Any:
        if self.is_told:
            return ask(where, self.select, Watched(up, self.budget), budget=self.budget)
        for i, is_up in enumerate(up):
            mark = getattr(self.balancer, "mark_up" if is_up else "mark_down", None)
            if mark is None:
                self.balancer.up[i] = is_up
            else:
                ask(where, mark, i, budget=self.budget)
        return ask(where, self.select, budget=self.budget)


def _all_but(*down: int) -> list[bool]:
    return [i not in down for i in range(_NODES)]


def _picks(cls: type, ups: Sequence[Sequence[bool]]) -> list[int]:
    student = _Student(cls)
    picks: list[int] = []
    for request, up in enumerate(ups, start=1):
        where = f"Request {request}"
        answer = student.pick(where, up)
        if not isinstance(answer, bool) and answer == -1:
            raise Wrong(f"{where}: select returned -1, but {sum(up)} of {_NODES} nodes are up.")
        pick = node(where, answer, _NODES)
        if not up[pick]:
            if picks and up.count(False) > 1:
                raise Wrong(
                    f"{where}: you took node {pick}, which is down. You skip one dead node, but not two in a row."
                )
            raise Wrong(f"{where}: you took node {pick}, which is down. You are not looking at `up`.")
        picks.append(pick)
    return picks


def _after(pick: int, up: Sequence[bool], step: int) -> int:
    for distance in range(1, _NODES + 1):
        following = (pick + step * distance) % _NODES
        if up[following]:
            return following
    raise AssertionError("no node is up")


def _first_breach(picks: Sequence[int], ups: Sequence[Sequence[bool]], step: int) -> int | None:
    """Which request (counted from 0) broke the turn."""
    for i in range(1, len(picks)):
        if picks[i] != _after(picks[i - 1], ups[i], step):
            return i
    return None


def _out_of_turn(
    picks: Sequence[int], ups: Sequence[Sequence[bool]], step: int, breach: int, name: str = ""
) -> NoReturn:
    before, pick = picks[breach - 1], picks[breach]
    due = _after(before, ups[breach], step)
    if not name and pick == _after(due, ups[breach], step):
        name = "The turn moves on twice."
    text = f"Request {breach + 1}: after node {before} you took node {pick}; the next node that is up is {due}. {name}"
    raise Wrong(text.rstrip())


def _all_up(cls: type) -> int:
    """All nodes up: every node in turn. Returns the direction, 1 or -1."""
    ups = [_all_but()] * 12
    picks = _picks(cls, ups)
    if len(set(picks)) == 1:
        raise Wrong(
            f"Node {picks[0]} got all 12 requests, with every node up. You start again at the same node each time."
        )
    step = -1 if picks[1] == _after(picks[0], ups[0], -1) else 1
    breach = _first_breach(picks, ups, step)
    if breach is not None:
        _out_of_turn(picks, ups, step, breach)
    return step


def _one_down(cls: type, step: int) -> None:
    ups = [_all_but(1)] * 12
    picks = _picks(cls, ups)
    breach = _first_breach(picks, ups, step)
    if breach is None:
        return
    counts = [picks.count(i) for i in range(_NODES)]
    heir = _after(1, ups[0], step)
    others = [counts[i] for i in range(_NODES) if ups[0][i] and i != heir]
    if counts[heir] == 6 and others == [3, 3]:
        raise Wrong(
            f"Node 1 was down, and node {heir} got 6 of 12 requests, the others 3. "
            "It takes the dead node's turns on top of its own."
        )
    idle = [i for i in range(_NODES) if ups[0][i] and not counts[i]]
    if idle and picks[breach] == ups[0].index(True):
        raise Wrong(
            f"Node 1 was down, and node {idle[0]}, which is up, got none of 12 requests. "
            "You start again at the beginning when you meet a dead node."
        )
    _out_of_turn(picks, ups, step, breach)


def _two_down(cls: type, step: int) -> None:
    for down in ((1, 2), (2, 3)):
        ups = [_all_but(*down)] * 8
        picks = _picks(cls, ups)
        breach = _first_breach(picks, ups, step)
        if breach is not None:
            _out_of_turn(picks, ups, step, breach)


def _changing(cls: type, step: int) -> None:
    """Nodes come and go: the turn goes on from the last pick."""
    script = ((3, ()), (2, (3,)), (4, ()), (4, (0,)), (3, (0, 2)), (5, ()))
    ups = [_all_but(*down) for requests, down in script for _ in range(requests)]
    picks = _picks(cls, ups)
    breach = _first_breach(picks, ups, step)
    if breach is None:
        return
    live = [[i for i in range(_NODES) if up[i]] for up in ups]
    if all(pick == nodes[i % len(nodes)] for i, (pick, nodes) in enumerate(zip(picks, live, strict=True))):
        _out_of_turn(picks, ups, step, breach, "You count places in the list of live nodes, and that list has changed.")
    changes = [i for i in range(1, len(ups)) if ups[i] != ups[i - 1]]
    if all(picks[i] == live[i][0] for i in changes):
        _out_of_turn(picks, ups, step, breach, "You start again at the first node whenever one comes or goes.")
    _out_of_turn(picks, ups, step, breach)


def _none_up(cls: type) -> None:
    nobody = [False] * _NODES
    for before in (0, 2):
        student = _Student(cls)
        for request in range(before):
            student.pick(f"Request {request + 1}", _all_but())
        try:
            answer = student.pick("With every node down", nobody)
        except Failed as failed:
            # An IndexError is a LookupError too, but one that happened, not one that was meant.
            if isinstance(failed.error, LookupError) and not isinstance(failed.error, (IndexError, KeyError)):
                continue
            raise
        except Wrong:
            raise Wrong(
                "With every node down your loop does not end: it looks for a live node, and there is none."
            ) from None
        if answer is None:
            raise Wrong("With every node down select returned nothing. The caller waits for -1.")
        if isinstance(answer, bool) or answer != -1:
            raise Wrong(f"With every node down select returned {answer}. The caller waits for -1.")


def grade(cls: type) -> str:
    """The sentence for a right answer; `Wrong` for another."""
    step = _all_up(cls)
    _one_down(cls, step)
    _two_down(cls, step)
    _changing(cls, step)
    _none_up(cls)
    return (
        "Right: only nodes that are up, each in its turn, also when nodes come and go. "
        "With node 1 of 4 down, the other three get 4 of 12 requests each."
    )
