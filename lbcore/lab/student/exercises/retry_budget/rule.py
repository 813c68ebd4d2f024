"""Lesson 09: a retry budget.

The rule: a retry may go while all retries, this one included, are at most a share of the requests so far. How the
account is kept is free: counts, or tokens that requests pay in.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from lbcore.lab.student.trial import Wrong, ask, attribute
from lbcore.selectors.reference import Draws

LESSON = "09"


def _script(seed: int, often: float) -> str:
    """Calls in a random order: S for `sent`, T for `take`, which comes with this chance."""
    draws = Draws(seed)
    return "".join("T" if draws.next() < often * 2**64 else "S" for _ in range(300))


#: Shares that a float holds exactly, so that also the last retry that fits can be asked for.
_CASES = (
    (0.25, "T" + "S" * 20 + "T" * 12 + "S" * 4 + "TT"),
    (0.5, _script(1, 0.5)),
    (1.0, "SSTTTSTT" + _script(2, 0.6)),
    (0.125, _script(3, 0.3)),
)
#: And one that it does not: there an account in tokens may be a hair short of one retry.
_ROUGH = (0.1, "S" * 40 + "T" * 20 + _script(4, 0.4))
_HAIR = 1e-6

_Rule = Callable[[float, int, int], bool]
_Case = tuple[float, str]


def _answers(cls: type, share: float, script: str) -> list[bool]:
    """What the student's `take` says, call by call."""
    budget = ask(f"Budget({share})", cls, share)
    sent, take = attribute(budget, "sent"), attribute(budget, "take")
    said, requests = [], 0
    for call in script:
        where = f"Share {share}, after {_some(requests, 'request')}"
        if call == "S":
            requests += 1
            ask(where, sent)
        else:
            said.append(_yes_or_no(where, ask(where, take)))
    return said


def _some(count: int, what: str) -> str:
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count} {what if count == 1 else plural}"


def _yes_or_no(where: str, answer: Any) -> bool:
    if isinstance(answer, (bool, np.bool_)):
        return bool(answer)
    if answer is None:
        raise Wrong(f"{where}: take returned nothing. Does every way through it end with `return`?")
    shown = repr(answer) if isinstance(answer, (int, float, str)) else f"a {type(answer).__name__}"
    raise Wrong(f"{where}: take returned {shown}, not True or False.")


def _fits(share: float, requests: int, retries: int) -> bool:
    return retries + 1 <= share * requests


def _breach(said: list[bool], case: _Case, hair: float = 0.0) -> tuple[bool, int, int] | None:
    """The first answer that breaks the rule, with the requests and the retries before it."""
    share, script = case
    requests = retries = 0
    answers = iter(said)
    for call in script:
        if call == "S":
            requests += 1
            continue
        answer = next(answers)
        if answer != _fits(share, requests, retries) and abs(share * requests - retries - 1) >= hair:
            return answer, requests, retries
        retries += answer
    return None


def _by(rule: _Rule, counts: Callable[[bool], int] = int) -> Callable[[_Case], list[bool]]:
    """What a wrong rule would say. counts: by how much each answer changes the retries."""

    def said(case: _Case) -> list[bool]:
        share, script = case
        requests = retries = 0
        answers = []
        for call in script:
            if call == "S":
                requests += 1
            else:
                answers.append(bool(rule(share, requests, retries)))
                retries += counts(answers[-1])
        return answers

    return said


#: What students really do, in the order in which they are looked for.
_NAMES: tuple[tuple[Callable[[_Case], list[bool]], str], ...] = (
    (_by(lambda s, q, r: True), "You always say yes: that is no budget."),
    (_by(lambda s, q, r: False), "You never say yes: then nobody may retry at all."),
    (_by(_fits, lambda may: 0), "The retries that go are not counted, so the budget is never spent."),
    (_by(_fits, lambda may: 1), "You count a retry that was refused as if it had gone."),
    (_by(lambda s, q, r: r <= s * q), "You compare the retries without the one that asks, so one too many goes."),
    (_by(lambda s, q, r: r + 1 < s * q), "The retry that fits exactly must still go."),
    (_by(lambda s, q, r: r + 1 <= s * (q + r)), "That is a share of all attempts; it must be a share of the requests."),
    (_by(lambda s, q, r: r + 1 <= q), "The share changes nothing: you allow as many retries as requests."),
    (_by(lambda s, q, r: r + 1 <= q / s), "You divide by the share, so a smaller share allows more."),
    (_by(lambda s, q, r: r + 1 >= s * q), "Your comparison is the wrong way round."),
    (_by(lambda s, q, r: r + 1 <= s), "You compare with the share alone: no retry ever fits into less than one."),
)


def _say_what_is_wrong(cls: type, found: tuple[bool, int, int], share: float) -> NoReturn:
    said = [(case, _answers(cls, *case)) for case in _CASES]
    if any(_answers(cls, *case) != first for case, first in said):
        raise Wrong("Two fresh budgets gave different answers to the same calls. A budget counts, it does not draw.")
    answer, requests, retries = found
    text = (
        f"Share {share}, {_some(requests, 'request')} and {_some(retries, 'retry')} so far: you said {answer}; "
        f"{share} x {requests} is {share * requests:g}."
    )
    for wrong, name in _NAMES:
        if all(wrong(case) == first for case, first in said):
            raise Wrong(f"{text} {name}")
    raise Wrong(text)


def grade(cls: type) -> str:
    """The sentence for a right answer; `Wrong` for another."""
    for case in _CASES:
        found = _breach(_answers(cls, *case), case)
        if found is not None:
            _say_what_is_wrong(cls, found, case[0])
    found = _breach(_answers(cls, *_ROUGH), _ROUGH, _HAIR)
    if found is not None:
        _say_what_is_wrong(cls, found, _ROUGH[0])
    asked = sum(script.count("T") for _, script in (*_CASES, _ROUGH))
    return (
        f"Right: asked {asked} times, no retry too many and none too few. With a tenth, the service of this lesson "
        "recovers from its brown-out."
    )
