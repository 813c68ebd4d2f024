"""Lesson 07: a timeout that follows the network: the mean of the last gaps plus k standard deviations.

How the gaps are kept is free, and so is the deviation's divisor: n, or n - 1. Two stages: up to 50 gaps, where all of
them count, and more, where the first ones are forgotten. Gaps are parts of a second that floating point holds exactly.
"""

import math
from typing import Any, NamedTuple, NoReturn

import numpy as np

from lbcore.lab.student.match import Calls, Scripted, Tape
from lbcore.lab.student.trial import Failed, Wrong, attribute
from lbcore.selectors import reference

LESSON = "07"

_WINDOW = 50
_NEAR = 1e-6


class _Script(NamedTuple):
    """The gaps between the beats of a node, and how often the timeout is asked for after each."""

    k: float
    gaps: tuple[float, ...]
    start_s: float = 100.0
    asks: int = 1


def _drawn(number: int, seed: int) -> tuple[float, ...]:
    """Gaps from 1/64 to 2 s."""
    draws = reference.Draws(seed)
    return tuple((1 + draws.below(128)) / 64 for _ in range(number))


_SHORT = (
    _Script(4, (1.0, 1.25, 0.75, 1.5)),
    _Script(2, (0.5, 0.5, 1.0, 2.0, 0.25, 0.25)),
    _Script(6, _drawn(_WINDOW, 1)),
    _Script(0.5, (8.0, 2.0, 4.0, 16.0, 1.0), start_s=0.0),
    _Script(3, (1.0, 1.015625) * 6, asks=2),
    _Script(4, (1.0,) * 6),
    _Script(0, (1.0, 3.0, 2.0)),
    _Script(2, (0.015625,) * 4 + (0.03125,) * 2),
    _Script(2, (512.0, 1024.0, 4096.0, 2048.0)),
    _Script(1, (0.25, 0.5, 0.75, 3.0), start_s=1e6),
)
_LONG = (
    _Script(6, (1.0,) * 30 + (1.5, 0.5) * 40),
    _Script(4, _drawn(180, 2)),
    _Script(4, (10.0,) * 20 + _drawn(_WINDOW, 3), asks=2),
)


def _play(script: _Script, cls: type, calls: Calls) -> None:
    k, now_s = script.k, script.start_s
    rules = [calls.make(f"Adaptive({k:g})", cls, k) for _ in range(2)]  # the second hears other beats
    for rule in rules:
        calls.make(f"The first beat, at {now_s:g} s", attribute(rule, "heartbeat"), now_s)
    for at, gap in enumerate(script.gaps, start=1):
        now_s += gap
        calls.make(f"The beat at {now_s:g} s", attribute(rules[0], "heartbeat"), now_s)
        calls.make(f"The beat at {now_s:g} s", attribute(rules[1], "heartbeat"), script.start_s + 2.0 * at)
        if at < 2:
            continue
        gaps = script.gaps[:at]
        shown = f"gaps {', '.join(f'{one:g}' for one in gaps)}" if at <= 6 else f"after {at} gaps"
        for _ in range(script.asks):
            try:
                calls.ask(f"k = {k:g}, {shown}", attribute(rules[0], "timeout_s"))
            except Failed:
                _look_at_the_gaps(rules[0], gaps, calls)
                raise


def _look_at_the_gaps(rule: Any, gaps: tuple[float, ...], calls: Calls) -> None:
    """Where nothing comes out at the first time: what the given list holds, if it is not the gaps."""
    kept = getattr(rule, "gaps", None)
    if not isinstance(kept, list) or calls.tape.answers or calls.beside is not None:
        return
    if not kept:
        raise Wrong(f"After {len(gaps)} gaps `self.gaps` is still empty: heartbeat has learnt nothing.")
    if not all(isinstance(one, (int, float, np.number)) for one in kept):
        raise Wrong(f"`self.gaps` holds a {type(kept[-1]).__name__} where the seconds of a gap should be.")
    if len(kept) == 1:
        raise Wrong(f"After {len(gaps)} gaps `self.gaps` holds only one: heartbeat adds each to the others.")


def _judge(script: _Script, tape: Tape) -> None:
    for at, (where, answer) in enumerate(zip(tape.wheres, tape.answers, strict=True)):
        said = _seconds(where, answer)
        recent = script.gaps[: 2 + at // script.asks][-_WINDOW:]
        wanted = [float(np.mean(recent) + script.k * np.std(recent, ddof=ddof)) for ddof in (0, 1)]
        if not any(math.isclose(said, one, rel_tol=_NEAR) for one in wanted):
            nearest = min(wanted, key=lambda one: abs(said - one))
            one, other = _told_apart(said, nearest)
            raise Wrong(f"{where}: you forgive {one} s; the rule forgives {other} s.")


def _told_apart(one: float, other: float) -> tuple[str, str]:
    """Both with as many digits as show the difference, at least three."""
    digits = next(digits for digits in range(3, 20) if f"{one:.{digits}g}" != f"{other:.{digits}g}" or digits == 19)
    return f"{one:.{digits}g}", f"{other:.{digits}g}"


def _seconds(where: str, answer: Any) -> float:
    if answer is None:
        raise Wrong(f"{where}: timeout_s returned nothing. Does it end with `return`?")
    if isinstance(answer, (bool, np.bool_)) or not isinstance(answer, (int, float, np.number)):
        _no_number(where, repr(answer) if isinstance(answer, (bool, str)) else f"a {type(answer).__name__}")
    if isinstance(answer, (complex, np.complexfloating)) or not math.isfinite(answer):
        _no_number(where, str(answer))
    return float(answer)


def _no_number(where: str, shown: str) -> NoReturn:
    raise Wrong(f"{where}: timeout_s returned {shown}, not a number of seconds.")


STAGES = (Scripted(_SHORT, _play, _judge), Scripted(_LONG, _play, _judge))
_ASKED = sum(script.asks * (len(script.gaps) - 1) for script in (*_SHORT, *_LONG))
RIGHT = (
    f"Right: {_ASKED} times asked, {_ASKED} times the mean of the last gaps plus k deviations. "
    "It now stands in the storm of this lesson, below."
)
