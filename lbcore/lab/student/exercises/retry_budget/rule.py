"""Lesson 09: a retry budget.

The rule: a retry may go while all retries, this one included, are at most a share of the requests so far. How the
account is kept is free: counts, or tokens that requests pay in. Shares that floating point holds exactly come first, so
that also the retry that just fits is asked for; with the others an account in tokens may be a hair short of one retry.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from lbcore.lab.student.match import Calls, Scripted, Tape
from lbcore.lab.student.trial import Wrong, attribute
from lbcore.selectors.reference import Draws

LESSON = "09"

_HAIR = 1e-6


class _Script(NamedTuple):
    """Calls of a budget: S for `sent`, T for `take`. `copies` stand side by side, and one of them is only asked."""

    share: float
    calls: str
    copies: int = 1


def _drawn(seed: int, often: float, number: int = 300) -> str:
    """Calls in a random order; T comes with this chance."""
    draws = Draws(seed)
    return "".join("T" if draws.next() < often * 2**64 else "S" for _ in range(number))


_EXACT = (
    _Script(0.25, "T" + "S" * 20 + "T" * 12 + "S" * 4 + "TT"),
    _Script(0.5, _drawn(1, 0.5)),
    _Script(1.0, "SSTTTSTT" + _drawn(2, 0.6)),
    _Script(0.125, _drawn(3, 0.3)),
    _Script(0.25, "ST" * 40),
)
#: After a long quiet all may go that were saved.
_QUIET = (
    _Script(0.25, "S" * 40 + "T" * 8 + "S" * 4000 + "T" * 1010 + "ST" * 20),
    _Script(0.5, ("S" * 30 + "T" * 20) * 4),
)
#: `_HAIR` is allowed in these; 0.1 is the share of the lesson.
_ROUGH = (
    _Script(0.1, "S" * 40 + "T" * 20 + _drawn(4, 0.4)),
    *(_Script(share, _drawn(5, 0.5, 200)) for share in (0.2, 0.3, 0.75, 0.05, 0.9)),
    _Script(0.5, _drawn(6, 0.5, 80), copies=2),
)


def _play(script: _Script, cls: type, calls: Calls) -> None:
    budgets = [calls.make(f"Budget({script.share:g})", cls, script.share) for _ in range(script.copies)]
    requests = 0
    for call in script.calls:
        where = f"Share {script.share:g}, after {_some(requests, 'request')}"
        if call == "S":
            requests += 1
            calls.make(where, attribute(budgets[0], "sent"))
            continue
        for budget in budgets:
            take = attribute(budget, "take")

            def may(take: Any = take) -> Any:
                answer = take()
                return bool(answer) if isinstance(answer, np.bool_) else answer

            calls.ask(where, may)


def _some(count: int, what: str) -> str:
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count} {what if count == 1 else plural}"


def _judge(script: _Script, tape: Tape) -> None:
    answers = iter(zip(tape.wheres, tape.answers, strict=True))
    requests, retries = 0, 0
    for call in script.calls:
        if call == "S":
            requests += 1
            continue
        for copy in range(script.copies):
            where, answer = next(answers, ("", None))
            if not where:
                return  # the class has failed here
            if not isinstance(answer, bool):
                _no_answer(where, answer)
            if copy:
                if answer:
                    raise Wrong(f"Share {script.share:g}, a budget that was never told of a request: you said True.")
                continue
            most = script.share * requests
            if answer != (retries + 1 <= most) and abs(most - retries - 1) >= (_HAIR if script in _ROUGH else 0):
                than = "more" if answer else "not more"
                raise Wrong(
                    f"Share {script.share:g}, {_some(requests, 'request')} and {_some(retries, 'retry')} so far: you "
                    f"said {answer}; {retries + 1} is {than} than {script.share:g} x {requests} = {most:g}."
                )
            retries += answer


def _no_answer(where: str, answer: Any) -> NoReturn:
    if answer is None:
        raise Wrong(f"{where}: take returned nothing. Does every way through it end with `return`?")
    shown = repr(answer) if isinstance(answer, (int, float, str)) else f"a {type(answer).__name__}"
    raise Wrong(f"{where}: take returned {shown}, not True or False.")


class _Stage(Scripted):
    """A mistake that has `numbers` leaves a number open: one that leaves nothing open says more."""

    def nearest(self, seen: list[Tape], alike: Sequence[type]) -> Sequence[type]:
        """Those that leave nothing open, if there are any."""
        return [other for other in alike if not hasattr(other, "numbers")] or alike


STAGES = tuple(_Stage(scripts, _play, _judge) for scripts in (_EXACT, _QUIET, _ROUGH))
_ASKED = sum(script.calls.count("T") * script.copies for script in (*_EXACT, *_QUIET, *_ROUGH))
RIGHT = (
    f"Right: asked {_ASKED:,} times, no retry too many and none too few. With a tenth, the service of this lesson "
    "recovers from its brown-out."
)
