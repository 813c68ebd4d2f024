"""Every way in which the draws can fall: how likely is each answer of a class that draws, whatever way it draws in?

`odds` asks a fresh object again and again and hands it an `rng` that goes through all draws one after the other; so the
chances are exact, and differ for no two ways of drawing that come to the same. A history may leave the object in one of
several states; they are told by its attributes, and each is gone on from. Where a class draws ahead, seeds a generator
of its own, or hides its state, the chances would not hold. So they are held to 300 seeds, and where the two disagree,
or there are too many draws to go through, the chances are those of the seeds.
"""

import math
import operator
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
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
#: So many states after a history are told apart; what is more is taken for the first.
_STATES = 40
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


#: Makes a fresh object with this `rng`, and returns it with what is asked again and again; both raise Failed.
Start = Callable[[Draws], tuple[Any, Callable[[], Any]]]
#: How likely some draws are, or others that come to the same; and these draws.
_Way = tuple[float, list[int]]


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
    waiting: list[tuple[History, Collection[_Way]]] = [((), [(1.0, [])])]
    for history, ways in waiting:
        chance: dict[Any, float] = defaultdict(float)
        after: dict[Any, dict[str, _Way]] = defaultdict(dict)
        shown: dict[Any, Any] = {}
        slack, total = 0.0, sum(weight for weight, _ in ways)
        for weight, path in ways:
            found, lost, examples = _one_request(start, path, len(history))
            slack, shown = max(slack, lost), shown | examples
            for (answer, state), (share, way) in found.items():
                chance[answer] += share * weight / total
                states = after[answer]
                at = state if state in states or len(states) < _STATES else next(iter(states))
                before, way = states.get(at, (0.0, way))
                states[at] = before + share * weight, way
        table[history] = Odds(dict(chance), slack, shown)
        if len(history) + 1 < requests:
            waiting += [
                ((*history, answer), states.values()) for answer, states in after.items() if isinstance(answer, int)
            ]
    return table


def _one_request(
    start: Start, fixed: list[int], before: int
) -> tuple[dict[tuple[Any, str], _Way], float, dict[Any, Any]]:
    """After these draws and so many answers: the ways to each answer and state, what is lost, and what is shown."""
    ways: dict[tuple[Any, str], _Way] = {}
    shown: dict[Any, Any] = {}
    script = fixed
    while True:
        rng = Draws(script=script, fixed=len(fixed))
        try:
            made: list[Any] = []
            answer = _key(partial(_last, start, rng, before, made), shown)
            state = _state(made)
            share, way = ways.get((answer, state), (0.0, [value for value, _ in rng.path]))
            ways[answer, state] = share + rng.chance, way
        except _TooUnlikely:
            pass
        path = rng.path
        while len(path) > len(fixed) and path[-1][0] + 1 == path[-1][1]:
            path.pop()
        if len(path) <= len(fixed):
            # What is lost is lost evenly where the draws are repeated until they fit; else the slack covers it.
            followed = sum(share for share, _ in ways.values()) or 1.0
            return {key: (share / followed, way) for key, (share, way) in ways.items()}, max(0.0, 1 - followed), shown
        script = [value for value, _ in path]
        script[-1] += 1


def _state(made: list[Any]) -> str:
    """What an object keeps, without its draws; nothing where it cannot be told."""
    try:
        kept = {name: value for name, value in vars(made[0]).items() if not isinstance(value, reference.Draws)}
        return re.sub(r" at 0x\w+", "", repr(kept))
    except Exception:
        return ""


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
    _, ask = start(rng)
    while True:
        yield ask()


def _last(start: Start, rng: Draws, before: int, made: list[Any]) -> Any:
    """The answer after so many others; the object is put into `made`."""
    thing, ask = start(rng)
    made.append(thing)
    for _ in range(before):
        ask()
    return ask()


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
