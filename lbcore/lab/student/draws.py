"""Every way in which the draws can fall: how likely is each answer of a class that draws, whatever way it draws in?

`odds` asks a fresh object again and again and hands it an `rng` that goes through all draws one after the other; so the
chances are exact, and differ for no two ways of drawing that come to the same. They hold for the draws that led to a
history; where a class draws ahead, or seeds a generator of its own, they would not hold in general. So they are held to
300 seeds, and where the two disagree, or there are too many draws to go through, the chances are those of the seeds.
"""

import math
import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from lbcore.lab.student.limits import Late
from lbcore.lab.student.match import plain
from lbcore.lab.student.trial import Failed
from lbcore.selectors import reference

__all__ = ["Draws", "Odds", "odds", "unlikely"]

#: The answers so far, in order.
History = tuple[Any, ...]

#: Seeds that tell whether the draws tell all, and those that give the chances where they do not.
_SOME, _MANY = 300, 3_000
#: A path of draws less likely than this is not followed: a loop that draws again until something fits has no end.
_LEAST = 1 / 5_000
#: Where so much of the chances is lost on such paths, the draws tell nothing.
_TOO_MUCH = 0.1
#: `next()` gives one of so many values, as evenly modulo 2 to 6 as multiplied by them.
_VALUES = 60


class _TooUnlikely(BaseException):
    """The path of draws is followed no further."""


class Draws(reference.Draws):
    """A student's `rng`: the draws of a seed, or, given a script, these and then zeros."""

    def __init__(self, seed: int = 0, script: Sequence[int] | None = None, fixed: int = 0) -> None:
        """Nothing is drawn yet. The first `fixed` draws of the script have happened: their chance is 1."""
        super().__init__(seed)
        self.script, self.fixed, self.chance, self.asked = script, fixed, 1.0, 0
        self.path: list[tuple[int, int]] = []  # what was drawn, and of how many

    def next(self) -> int:
        """64 random bits."""
        if self.script is None:
            self.asked += 1
            return super().next()
        at = self._drawn(_VALUES)
        middle = ((2 * at + 1) << 64) // (2 * _VALUES)
        return middle - middle % _VALUES + at * 7 % _VALUES

    def below(self, n: int) -> int:
        """One draw from 0 to n - 1."""
        n = operator.index(n)
        if self.script is None or n < 1:
            return super().below(n)
        return self._drawn(n)

    def _drawn(self, n: int) -> int:
        self.asked += 1
        at = len(self.path)
        if at >= self.fixed:
            self.chance /= n
        if self.chance < _LEAST:
            raise _TooUnlikely
        value = self.script[at] if self.script is not None and at < len(self.script) else 0
        self.path.append((min(value, n - 1), n))
        return self.path[-1][0]


@dataclass(frozen=True)
class Odds:
    """How likely each answer is, give or take `slack`; `shown` an example of each that is not the number of a node."""

    chance: dict[Any, float]
    slack: float
    shown: dict[Any, Any]


#: Makes a fresh object with this `rng`, and returns what is asked again and again; both raise Failed.
Start = Callable[[Draws], Callable[[], Any]]


def odds(start: Start, requests: int) -> dict[History, Odds]:
    """The chances of each answer after each history of up to `requests` - 1 answers."""
    exact, seeds = _exact(start, requests), _of_seeds(start, requests, _SOME)
    agree = all(
        abs(exact[history].chance.get(answer, 0.0) - chance) <= exact[history].slack + found.slack
        for history, found in seeds.items()
        if history in exact
        for answer, chance in found.chance.items()
    )
    return exact if agree and exact[()].slack < _TOO_MUCH else _of_seeds(start, requests, _MANY)


def _exact(start: Start, requests: int) -> dict[History, Odds]:
    table: dict[History, Odds] = {}
    waiting: list[tuple[History, list[int]]] = [((), [])]
    for history, path in waiting:
        table[history], ways = _one_request(start, path, len(history))
        if len(history) + 1 < requests:
            waiting += [((*history, answer), way) for answer, way in ways.items() if isinstance(answer, int)]
    return table


def _one_request(start: Start, fixed: list[int], before: int) -> tuple[Odds, dict[Any, list[int]]]:
    """The chances of the answer after these draws and so many answers; and some draws that lead to each answer."""
    chance: dict[Any, float] = defaultdict(float)
    shown: dict[Any, Any] = {}
    ways: dict[Any, list[int]] = {}
    script = fixed
    while True:
        rng = Draws(script=script, fixed=len(fixed))
        try:
            answer = _key(partial(_last, start, rng, before), shown)
            chance[answer] += rng.chance
            ways.setdefault(answer, [value for value, _ in rng.path])
        except _TooUnlikely:
            pass
        path = rng.path
        while len(path) > len(fixed) and path[-1][0] + 1 == path[-1][1]:
            path.pop()
        if len(path) <= len(fixed):
            # What is lost is lost evenly where the draws are repeated until they fit; else the slack covers it.
            followed = sum(chance.values()) or 1.0
            return Odds({answer: c / followed for answer, c in chance.items()}, max(0.0, 1 - followed), shown), ways
        script = [value for value, _ in path]
        script[-1] += 1


def _of_seeds(start: Start, requests: int, seeds: int) -> dict[History, Odds]:
    counts: dict[History, Counter[Any]] = defaultdict(Counter)
    shown: dict[Any, Any] = {}
    for seed in range(seeds):
        asks = _each(start, Draws(seed))
        history: History = ()
        while len(history) < requests:
            answer = _key(partial(next, asks), shown)
            counts[history][answer] += 1
            if not isinstance(answer, int):
                break
            history = (*history, answer)
    # Hoeffding: a chance is off by more than this once in 20,000 million times.
    return {
        history: Odds(
            {answer: count / found.total() for answer, count in found.items()}, 3.5 / math.sqrt(found.total()), shown
        )
        for history, found in counts.items()
    }


def _each(start: Start, rng: Draws) -> Iterator[Any]:
    """One answer after the other."""
    ask = start(rng)
    while True:
        yield ask()


def _last(start: Start, rng: Draws, before: int) -> Any:
    """The answer after so many others."""
    return next(islice(_each(start, rng), before, None))


def _key(ask: Callable[[], Any], shown: dict[Any, Any]) -> Any:
    """An answer that can be counted: a number as int, an exception as its type, anything else as its text."""
    try:
        answer = ask()
    except Failed as failed:
        if isinstance(failed.error, _TooUnlikely):
            raise failed.error from None
        if isinstance(failed.error, Late):
            raise
        shown.setdefault(type(failed.error), failed)
        return type(failed.error)
    value = plain(answer)
    if type(value) is int:
        return value
    shown.setdefault(repr(value), answer)
    return repr(value)


def unlikely(hits: int, tries: int, chance: float) -> bool:
    """Whether so many hits or more extreme ones come once in 10,000 million times (Chernoff's bound)."""
    if tries == 0:
        return False
    share = hits / tries
    information = sum(
        p * math.log(p / q) if q > 0 else math.inf for p, q in ((share, chance), (1 - share, 1 - chance)) if p > 0
    )
    return tries * information > 23
