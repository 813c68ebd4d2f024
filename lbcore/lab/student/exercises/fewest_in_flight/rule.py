"""Lesson 06: least connections, with the ends of requests counted and ties shared.

The rule: a request goes to a node with the fewest in flight. Which of them is taken is free, and how it is chosen too,
as long as no node is left out while all are idle. What is in flight is counted here; how a class counts is free.
Known mistakes follow the student's picks, and say with `rng.between` what else a pick could be. Where chance matters,
the student's picks must be as frequent, too: by number, by what nodes hold, and by the node before (`_Frequencies`).
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

from lbcore.lab.student import draws
from lbcore.lab.student.match import Calls, Scripted, Tape
from lbcore.lab.student.trial import Failed, Wrong, attribute, node
from lbcore.selectors import reference

LESSON = "06"

#: A frequency may be off by so many standard deviations, and so many picks.
_DEVIATIONS, _PICKS = 5.0, 2.0
_HAIR = 1e-6


class _Script(NamedTuple):
    """Requests and ends at a number of nodes, with at most `most` in flight when the next request comes."""

    nodes: int
    requests: int
    most: int
    seed: int

    @property
    def idle(self) -> bool:
        """Whether every request meets an idle cluster."""
        return not self.most


_BUSY = (
    _Script(5, 40, 12, 7),
    _Script(5, 500, 12, 8),
    _Script(3, 100, 20, 9),
    _Script(2, 100, 5, 10),
    _Script(8, 120, 8, 11),
)
_ODD = (_Script(1, 20, 3, 12), _Script(4, 100, 80, 13), _Script(20, 150, 60, 14))
#: Every request meets an idle cluster: a node drawn fairly is missing in all of them once in 10**19.
_IDLE = (_Script(5, 200, 0, 15), _Script(2, 60, 0, 16), _Script(3, 120, 0, 17))


class _Frequencies:
    """How often nodes are picked, beside how often they should be, in several ways of looking at them."""

    def __init__(self) -> None:
        """No picks yet."""
        self.excess: dict[Any, float] = defaultdict(float)
        self.variance: dict[Any, float] = defaultdict(float)
        self.before = 0

    def count(self, pick: int, held: list[int], chances: dict[int, float]) -> None:
        """A pick, what each node holds before it, and the chance of each node."""
        for look in (
            lambda one: one,
            lambda one: ("emptier", sum(other < held[one] for other in held)),
            lambda one: ("tied", sum(other < one for other in chances), len(chances)),
            lambda one: ("further", (one - self.before) % len(held)),
            lambda one: ("neighbours", held[one - 1] < held[one], held[(one + 1) % len(held)] < held[one]),
        ):
            expected: dict[Any, float] = defaultdict(float)
            for one, chance in chances.items():
                expected[look(one)] += chance
            for seen, chance in expected.items():
                self.excess[seen] += (look(pick) == seen) - chance
                self.variance[seen] += chance * (1 - chance)
        self.before = pick

    def fit(self) -> bool:
        """Whether chance explains the differences."""
        return all(
            abs(more) <= _DEVIATIONS * math.sqrt(self.variance[seen]) + _PICKS for seen, more in self.excess.items()
        )


class Draws(draws.Draws):
    """A student's `rng`; a known mistake says by it between which nodes it chooses, and how likely each is."""

    likely: dict[int, float] | None = None
    choices: int = 1

    def between(self, chances: dict[int, float], *, by_chance: bool) -> None:
        """What the next pick may be. Without `by_chance` it does not matter how it is chosen."""
        self.choices, self.likely = len(chances), chances if by_chance else None


class _Counted(Calls):
    """Calls of a known mistake, with how much it leaves open: the logarithm of the number of its choices."""

    open = 0.0


@dataclass(frozen=True)
class _Stage(Scripted):
    """A mistake that leaves less open than another says more of what the student's class does."""

    def nearest(self, seen: list[Tape], alike: Sequence[type]) -> Sequence[type]:
        """Those that leave the least open."""
        left = {other: sum(map(self._open, self.scripts, seen, repeat(other))) for other in alike}
        return [other for other in alike if left[other] <= min(left.values()) + _HAIR]

    def _open(self, script: Any, tape: Tape, other: type) -> float:
        calls = _Counted(beside=tape)
        with suppress(Failed):
            self.play(script, other, calls)
        return calls.open


class _Cluster:
    """What is in flight, and what ends when: both follow from the picks so far."""

    def __init__(self, script: _Script) -> None:
        """Nothing is in flight."""
        self.script, self.order, self.held = script, reference.Draws(script.seed), [0] * script.nodes

    def serve(self, pick: int) -> list[int]:
        """A request has come to this node: the nodes where one ends before the next comes."""
        self.held[pick] += 1
        ends = []
        while sum(self.held) > self.script.most or (self.script.most and sum(self.held) and self.order.below(2)):
            busy = [i for i, held in enumerate(self.held) if held]
            ends.append(busy[self.order.below(len(busy))])
            self.held[ends[-1]] -= 1
        return ends


def _play(script: _Script, cls: type, calls: Calls) -> None:
    rng, cluster, seen = Draws(script.seed), _Cluster(script), _Frequencies()
    balancer = calls.make(f"FewestInFlight({script.nodes}, rng)", cls, script.nodes, rng)
    before = "" if script.nodes == 5 else f"{script.nodes} nodes, "
    for request in range(1, script.requests + 1):
        rng.likely, rng.choices = None, 1
        where = f"{before}request {request}".capitalize()
        answer = calls.ask(where, attribute(balancer, "select"))
        if isinstance(calls, _Counted):
            calls.open += math.log(rng.choices)
        try:
            pick = node("", answer, script.nodes)
        except Wrong:
            return  # no node, so there is nothing that could end
        if rng.likely is not None:
            seen.count(pick, cluster.held, rng.likely)
        for end in cluster.serve(pick):
            calls.make(f"release({end}) after {where.lower()}", attribute(balancer, "release"), end)
    if not seen.fit():
        raise Wrong("The picks are possible, but not as frequent.")


def _judge(script: _Script, tape: Tape) -> None:
    cluster = _Cluster(script)
    for where, answer in zip(tape.wheres, tape.answers, strict=True):
        held = cluster.held
        if answer is LookupError:
            raise Wrong(f"{where}: select raised LookupError. There is always a node with the fewest.")
        pick = node(where, answer, script.nodes)
        if held[pick] > min(held):
            best = held.index(min(held))
            raise Wrong(f"{where}: you took node {pick} with {held[pick]} in flight, and node {best} had {held[best]}.")
        cluster.serve(pick)


def _judge_ties(script: _Script, tape: Tape) -> None:
    _judge(script, tape)
    picks = [int(answer) for answer in tape.answers]
    missing = [i for i in range(script.nodes) if i not in picks]
    if not script.idle or not missing or tape.failed:
        return
    who = f"node {missing[0]} gets" if len(missing) == 1 else f"nodes {', '.join(map(str, missing))} get"
    raise Wrong(f"In an idle cluster of {script.nodes} nodes {who} none of {script.requests} requests.")


STAGES = (
    _Stage(_BUSY, _play, _judge),
    _Stage(_ODD, _play, _judge),
    _Stage((*_IDLE, *_BUSY[:3]), _play, _judge_ties),
)
RIGHT = (
    f"Right: {sum(script.requests for script in (*_BUSY, *_ODD, *_IDLE)):,} requests, each to a node with the fewest "
    "in flight, and equals share. Run the next cell: your class meets the queues."
)
