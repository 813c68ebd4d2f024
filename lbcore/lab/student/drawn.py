"""A stage (`match`) for an exercise that draws: a class is known by the chances of its answers.

Two classes behave alike where, after every history that both can have, each kind of answer is as likely: the rule says
which answers are of one kind, such as the nodes with so many requests. So neither the way of drawing nor what is done
with equals tells classes apart. Where several known mistakes come to the same, traits tell which it may be: whether the
class keeps its books, how often it draws. Two that do not repeat their answers with one seed, or never end, are alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lbcore.lab.student import trial
from lbcore.lab.student.draws import Draws, History, Odds, odds
from lbcore.lab.student.limits import Late
from lbcore.lab.student.trial import Failed, Wrong, attribute, node

__all__ = ["Drawn"]

_SEED = 2
#: So many requests show whether a seed repeats the picks, and the traits.
_FEW = 200
#: The shares are the mean of so many runs of so many requests (one long run says little of a class whose counts drift
#: apart); those of two classes are the same if they are so near.
_RUNS, _REQUESTS, _NEAR = 20, 100, 0.05


@dataclass
class _Seen:
    """What a class did: some requests with one seed, and again, and its chances for a few nodes."""

    cls: type
    picks: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    traits: tuple[Any, ...] = ()
    broken: Wrong | Failed | None = field(default=None, compare=False)
    tables: dict[int, dict[History, Odds] | Failed] = field(default_factory=dict, compare=False)
    shares: list[float] | None = field(default=None, compare=False)  # found when they are asked for

    @property
    def end(self) -> str:
        """How it ends, if not as it should."""
        if isinstance(getattr(self.broken, "error", None), Late):
            return "never"
        return "" if self.again == self.picks[: len(self.again)] else "otherwise"


@dataclass(frozen=True)
class Drawn:
    """A class is made of a number of nodes and an `rng`; what is asked is its `select`, again and again."""

    nodes: int
    requests: int
    #: Nodes, and the requests that are followed through all their draws.
    followed: Mapping[int, int]
    #: Of which kind an answer is, after a history.
    kind: Callable[[History, int], Any]
    #: Judges the chances of so many nodes after a history, and the picks of `requests` requests; both raise Wrong.
    rule: Callable[[int, History, Odds], None]
    rule_of_many: Callable[[Sequence[int]], None]
    #: Shares of the picks of a run in which classes that are alike are so too, such as the picks of the emptiest node.
    shares: Callable[[Sequence[int]], Sequence[float]]
    #: Looks at the object after `_FEW` requests: with the picks, and how often it has drawn.
    traits: Callable[[Any, Sequence[int], int], tuple[Any, ...]]

    def start(self, cls: type, nodes: int, rng: Draws) -> tuple[Any, Callable[[], Any]]:
        """A fresh object, and what asks it again and again."""
        made = trial.ask(f"{cls.__name__}({nodes}, rng)", cls, nodes, rng)
        select, request = attribute(made, "select"), 0

        def call() -> Any:
            nonlocal request
            request += 1
            return trial.ask(self.where(nodes, request), select)

        return made, call

    def where(self, nodes: int, request: int) -> str:
        """How a sentence begins."""
        return f"Request {request}" if nodes == self.nodes else f"{nodes} nodes, request {request}"

    def watch(self, cls: type) -> _Seen:
        """What the class does at first; its chances, and a long run, are found when they are asked for."""
        seen = _Seen(cls)
        try:
            self._run(seen, seen.picks, _FEW)
            self._run(seen, seen.again, _FEW)
        except (Wrong, Failed) as broken:
            seen.broken = broken
        return seen

    def _run(self, seen: _Seen, picks: list[int], requests: int, seed: int = _SEED) -> None:
        rng = Draws(seed)
        made, call = self.start(seen.cls, self.nodes, rng)
        for request in range(1, requests + 1):
            picks.append(node(self.where(self.nodes, request), call(), self.nodes))
            if request == _FEW:
                seen.traits = self.traits(made, picks, rng.asked)

    def _chances(self, seen: _Seen, nodes: int) -> dict[History, Odds] | Failed:
        """Failed where a call never ends."""
        if nodes not in seen.tables:
            try:
                seen.tables[nodes] = odds(lambda rng: self.start(seen.cls, nodes, rng), self.followed[nodes])
            except Failed as failed:
                seen.tables[nodes] = failed
        return seen.tables[nodes]

    def judge(self, seen: _Seen) -> None:
        """As every stage."""
        if seen.broken:
            raise seen.broken
        for request, (pick, again) in enumerate(zip(seen.picks, seen.again, strict=False), start=1):
            if pick != again:
                raise Wrong(
                    f"With the same seed, request {request} went to node {pick}, and the next time to node {again}."
                )
        for nodes in self.followed:
            chances = self._chances(seen, nodes)
            if isinstance(chances, Failed):
                raise chances
            for history, found in chances.items():
                for answer in found.chance:
                    shown = found.shown.get(answer, answer)
                    if isinstance(shown, Failed):
                        raise shown
                    node(self.where(nodes, len(history) + 1), shown, nodes)
                self.rule(nodes, history, found)
        many: list[int] = []
        try:
            self._run(seen, many, self.requests)
        except (Wrong, Failed) as broken:
            seen.broken = broken
            raise
        self.rule_of_many(many)

    def alike(self, seen: _Seen, other: type) -> bool:
        """As every stage."""
        known = self._known(other)
        if seen.end or known.end:
            return seen.end == known.end
        return self._agree(seen, known, self.kind) and self._agree_for_long(seen, known)

    def _agree(self, seen: _Seen, known: _Seen, kind: Callable[[History, int], Any]) -> bool:
        for nodes in self.followed:
            one, two = self._chances(seen, nodes), self._chances(known, nodes)
            if isinstance(one, Failed) or isinstance(two, Failed):
                if type(one) is not type(two):
                    return False
            elif not _same(nodes, one, two, kind):
                return False
        return True

    def _agree_for_long(self, seen: _Seen, known: _Seen) -> bool:
        try:
            both = zip(self._shares(seen), self._shares(known), strict=True)
        except (Wrong, Failed):
            return True
        return all(abs(one - two) < _NEAR for one, two in both)

    def _shares(self, seen: _Seen) -> list[float]:
        if seen.broken:
            raise seen.broken
        if seen.shares is None:
            found = []
            for seed in range(_RUNS):
                picks: list[int] = []
                self._run(seen, picks, _REQUESTS, seed)
                found.append(self.shares(picks))
            seen.shares = [sum(column) / _RUNS for column in zip(*found, strict=True)]
        return seen.shares

    def nearest(self, seen: _Seen, alike: Sequence[type]) -> Sequence[type]:
        """Those with the same first trait, the same picks for the same draws or chances for equals, all traits."""
        for same in (
            lambda known: known.traits[:1] == seen.traits[:1],
            lambda known: known.again == seen.again,
            lambda known: self._agree(seen, known, lambda history, answer: answer),
            lambda known: known.traits == seen.traits,
        ):
            alike = [other for other in alike if same(self._known(other))] or alike
        return alike

    def _known(self, other: type) -> _Seen:
        key = self.rule, other
        if key not in _KNOWN:
            _KNOWN[key] = self.watch(other)
        return _KNOWN[key]


def _same(
    nodes: int, one: dict[History, Odds], other: dict[History, Odds], kind: Callable[[History, int], Any]
) -> bool:
    both = one.keys() & other.keys()
    if len(both) == 1 and len(one) > 1 and len(other) > 1:
        return False  # not even a first answer in common
    for history in both:
        kinds: dict[Any, float] = {}
        for found, sign in ((one[history], 1), (other[history], -1)):
            for answer, chance in found.chance.items():
                of = kind(history, answer) if answer in range(nodes) else f"answered {answer}"
                kinds[of] = kinds.get(of, 0.0) + sign * chance
        slack = one[history].slack + other[history].slack + 1e-9
        if any(abs(difference) > slack for difference in kinds.values()):
            return False
    return True


#: What the known wrong classes do: found once, when it is asked for.
_KNOWN: dict[Any, _Seen] = {}
