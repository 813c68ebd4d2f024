"""Lesson 07: a timeout that follows the network: the mean of the last gaps plus k standard deviations.

How the gaps are kept is free, and so is the deviation's divisor: n, or n - 1.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from lbcore.lab.student.trial import Failed, Wrong, ask, attribute

LESSON = "07"

_WINDOW = 50
#: k, and the gaps between the beats of one node.
_CASES: tuple[tuple[float, tuple[float, ...]], ...] = (
    (4, (1.0, 1.25, 0.75, 1.5)),
    (2, (0.5, 0.5, 1.0, 2.0, 0.25, 0.25)),
    (6, (1.0,) * 30 + (1.5, 0.5) * 40),
)
_START_S = 100.0

#: What a rule makes of the gaps so far, all of them, and of the time of the last beat.
_Rule = Callable[[float, Sequence[float], float], float]
#: One answer: k, the gaps before it, the time of the last beat, and what the student's class said.
_Answer = tuple[float, Sequence[float], float, float]


def _answers(cls: type) -> list[_Answer]:
    """Every answer of the student's class, from the second gap of each case on."""
    answers: list[_Answer] = []
    for k, gaps in _CASES:
        rule = ask(f"Adaptive({k})", cls, k)
        heartbeat, timeout_s = attribute(rule, "heartbeat"), attribute(rule, "timeout_s")
        now_s = _START_S
        ask(f"The first beat, at {now_s:g} s", heartbeat, now_s)
        for at, gap in enumerate(gaps, start=1):
            now_s += gap
            ask(f"The beat at {now_s:g} s", heartbeat, now_s)
            if at < 2:
                continue
            where = f"k = {k}, after {at} gaps"
            try:
                answer = ask(where, timeout_s)
            except Failed:
                _look_at_the_gaps(rule, gaps[:at])
                raise
            answers.append((k, gaps[:at], now_s, _seconds(where, answer, rule, gaps[:at])))
    return answers


def _look_at_the_gaps(rule: Any, gaps: Sequence[float]) -> None:
    """What the given list holds, where it is not the gaps."""
    kept = getattr(rule, "gaps", None)
    if not isinstance(kept, list):
        return
    if not kept:
        raise Wrong(f"After {len(gaps)} gaps `self.gaps` is still empty: heartbeat has learnt nothing.")
    if not all(isinstance(one, (int, float)) for one in kept):
        return
    if kept[-1] >= _START_S:
        raise Wrong("`self.gaps` holds the times of the beats. A gap is the time from one beat to the next.")
    if all(one <= 0 for one in kept) and sum(kept) < 0:
        raise Wrong("The gaps in `self.gaps` are negative: a gap is the later time minus the earlier one.")
    if not any(kept):
        raise Wrong("Every gap in `self.gaps` is 0: learn it before `self.last_s` is set to the new time.")


def _seconds(where: str, answer: Any, rule: Any, gaps: Sequence[float]) -> float:
    if answer is None:
        raise Wrong(f"{where}: timeout_s returned nothing. Does it end with `return`?")
    if isinstance(answer, (bool, np.bool_)) or not isinstance(answer, (int, float, np.number)):
        shown = repr(answer) if isinstance(answer, (bool, str)) else f"a {type(answer).__name__}"
        raise Wrong(f"{where}: timeout_s returned {shown}, not a number of seconds.")
    if not math.isfinite(answer):
        _look_at_the_gaps(rule, gaps)
        raise Wrong(f"{where}: timeout_s returned {answer}, which is no number of seconds.")
    return float(answer)


def _right(answer: _Answer) -> bool:
    k, gaps, _, said = answer
    recent = gaps[-_WINDOW:]
    return any(math.isclose(said, np.mean(recent) + k * np.std(recent, ddof=ddof), rel_tol=1e-6) for ddof in (0, 1))


def _spread(gaps: Sequence[float]) -> float:
    return float(np.std(gaps[-_WINDOW:]))


def _mean(gaps: Sequence[float]) -> float:
    return float(np.mean(gaps[-_WINDOW:]))


def _deviation(gaps: Sequence[float]) -> float:
    return float(np.mean(np.abs(np.array(gaps[-_WINDOW:]) - _mean(gaps))))


#: What students really do, in the order in which they are looked for.
_NAMES: tuple[tuple[_Rule, str], ...] = (
    (lambda k, g, t: _mean(g), "That is the mean gap alone: about every second beat comes later than that."),
    (lambda k, g, t: _mean(g) + _spread(g), "`self.k` changes nothing: one deviation, whatever k is."),
    (lambda k, g, t: _mean(g) - k * _spread(g), "You take the deviations away: the timeout is then below the mean."),
    (lambda k, g, t: k * _spread(g), "The mean is missing: with regular beats you forgive almost no silence."),
    (lambda k, g, t: k * (_mean(g) + _spread(g)), "You multiply the mean by k as well."),
    (lambda k, g, t: k * _mean(g), "That is k times the mean: it knows how long gaps are, not how much they differ."),
    (lambda k, g, t: _mean(g) + k * _spread(g) ** 2, "That is the variance: the deviation is its square root."),
    (
        lambda k, g, t: _mean(g) + k * _deviation(g),
        "That is the mean deviation, which TCP uses: a good rule, another k.",
    ),
    (lambda k, g, t: t + _mean(g) + k * _spread(g), "That is a time of day. Say how long a silence is forgiven."),
    (lambda k, g, t: max(g[-_WINDOW:]), "That is the longest gap so far: the next longer one is a false alarm."),
    (
        lambda k, g, t: g[-1] + k * _spread(g),
        "You add to the last gap, not to the mean: one late beat blunts the rule.",
    ),
    (lambda k, g, t: sum(g[-_WINDOW:]) + k * _spread(g), "That is the sum of the gaps: divide it by their number."),
    (
        lambda k, g, t: float(np.mean(g) + k * np.std(g)),
        f"You look at all gaps, not at the last {_WINDOW}: what was long ago still counts.",
    ),
)


def _say_what_is_wrong(cls: type, answers: Sequence[_Answer]) -> NoReturn:
    if [answer[3] for answer in _answers(cls)] != [answer[3] for answer in answers]:
        raise Wrong(
            "Two fresh rules that heard the same beats gave different timeouts. A rule measures, it does not draw."
        )
    k, gaps, _, said = next(answer for answer in answers if not _right(answer))
    shown = ", ".join(f"{gap:g}" for gap in gaps) if len(gaps) <= 6 else f"{len(gaps)} gaps"
    wanted_s = _mean(gaps) + k * _spread(gaps)
    text = f"k = {k}, gaps {shown}: you forgive {said:.3g} s; the rule forgives {wanted_s:.3g} s."
    if len(gaps) > 6:
        text = f"k = {k}, after {shown}: you forgive {said:.3g} s; the rule forgives {wanted_s:.3g} s."
    for rule, name in _NAMES:
        if all(math.isclose(said, rule(k, gaps, last_s), rel_tol=1e-6) for k, gaps, last_s, said in answers):
            raise Wrong(f"{text} {name}")
    raise Wrong(text)


def grade(cls: type) -> str:
    """The sentence for a right answer; `Wrong` for another."""
    answers = _answers(cls)
    if not all(map(_right, answers)):
        rule = ask("Adaptive(4)", cls, 4)
        for now_s in (_START_S, _START_S + 1, _START_S + 2.5):
            ask("heartbeat", attribute(rule, "heartbeat"), now_s)
        _look_at_the_gaps(rule, (1.0, 1.5))
        _say_what_is_wrong(cls, answers)
    return (
        f"Right: {len(answers)} times asked, {len(answers)} times the mean of the last gaps plus k deviations. "
        "It now stands in the storm of this lesson, below."
    )
