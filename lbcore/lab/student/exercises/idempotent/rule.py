"""Lesson 08: an account whose deposits may be repeated.

The rule: a request with a key that is new changes the balance by its amount and is answered with the new balance; one
whose key was seen before changes nothing, and gets the answer that its key got. How it is remembered is free.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple, NoReturn

import numpy as np

from lbcore.lab.student.trial import Wrong, ask, attribute

LESSON = "08"

#: Two requests of one amount; repetitions at once, later, and a third time; an answer of 0; and many others between.
_FIRST = (("a", 5), ("c", 2), ("b", 5), ("b", 5), ("a", 5), ("a", 5), ("d", -12), ("d", -12))
_MANY = tuple((f"key-{i}", i % 7 - 3) for i in range(60))
_LAST = (("a", 5), ("key-0", -3), ("b", 5), ("key-59", 0), ("d", -12))
_SCRIPT = (*_FIRST, *_MANY, *_LAST)
#: A class that remembers across accounts also remembers the last check: so each check has a key of its own.
_NUMBERS = count()


class _Step(NamedTuple):
    """A request, how often its key came before, the right answer and the given one, the balance before and after."""

    key: str
    amount: int
    before: int
    right: int
    answer: Any
    old: float
    new: float

    @property
    def where(self) -> str:
        return f"{_named(self.key, self.amount)}{', again' if self.before else ''}"


def _named(key: str, amount: int) -> str:
    return f'handle("{key}", {amount})'


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))


def _balance(account: Any) -> float:
    balance = attribute(account, "balance")
    if not _number(balance):
        shown = repr(balance) if isinstance(balance, (bool, str, type(None))) else f"a {type(balance).__name__}"
        raise Wrong(f"`balance` is {shown} and no number any more. It says how much is in the account.")
    return float(balance)


def _run(cls: type, script: Sequence[tuple[str, int]]) -> None:
    account = ask("Account()", cls)
    handle = attribute(account, "handle")
    answers: dict[str, int] = {}
    seen: list[str] = []
    total = 0
    for key, amount in script:
        if key not in answers:
            total += amount
            answers[key] = total
        step = _Step(key, amount, seen.count(key), answers[key], None, _balance(account), 0.0)
        step = step._replace(answer=ask(step.where, handle, key, amount), new=_balance(account))
        if step.before:
            _repeated(step, seen)
        else:
            _new(step, seen)
        seen.append(key)


def _new(step: _Step, seen: list[str]) -> None:
    """A key that is new: the deposit is made, and answered with the balance."""
    change = step.new - step.old
    if change != step.amount:
        if change == 0:
            name = "The key is new, so this request was not done before."
            if any(step.amount == amount for key, amount in _SCRIPT if key in seen):
                name = "Another request had the same amount. It is the key that tells requests apart."
            raise Wrong(f"{step.where}: the balance stays at {step.old:g}, the deposit was not made. {name}")
        raise Wrong(f"{step.where}: the balance goes from {step.old:g} to {step.new:g}, not to {step.right}.")
    if _number(step.answer) and step.answer == step.right:
        return
    if step.answer is None:
        name = "It returned nothing. Who gets no answer asks again."
    elif _number(step.answer) and step.answer == step.old:
        name = f"It answered {step.answer:g}, the balance before the deposit."
    elif _number(step.answer) and step.answer == step.amount:
        name = f"It answered {step.answer:g}, the amount. The answer is the new balance."
    else:
        name = f"It answered {_shown(step.answer)}; the new balance is {step.right}."
    raise Wrong(f"{step.where}: {name}")


def _repeated(step: _Step, seen: list[str]) -> None:
    """A key that came before: nothing changes, and the answer is the first one's."""
    if step.new != step.old:
        _done_again(step, seen)
    if _number(step.answer) and step.answer == step.right:
        return
    text = f"{step.where}: nothing is paid in again, which is right, but it "
    if step.answer is None:
        raise Wrong(f"{text}returned nothing. Who repeats a request waits for its answer.")
    if _number(step.answer) and step.answer == step.new:
        raise Wrong(f"{text}answered {step.answer:g}, the balance now. The first time the answer was {step.right}.")
    raise Wrong(f"{text}answered {_shown(step.answer)}. The first time the answer was {step.right}.")


def _done_again(step: _Step, seen: list[str]) -> NoReturn:
    text = f"{step.where}: the balance goes from {step.old:g} to {step.new:g}."
    if step.new - step.old != step.amount:
        raise Wrong(f"{text} A repeated request changes nothing.")
    others = len(seen) - seen.index(step.key) - 1
    if step.right == 0:
        name = "Its answer was 0, and that counts as no answer in your test. Look for the key."
    elif step.before > 1 and others < 10:
        name = "You knew it the second time, and not the third."
    elif not others:
        name = "You do not look for its key, so the deposit is made twice."
    elif others < 10:
        name = "You remember the latest request only."
    else:
        name = f"{others} requests later it is forgotten. A repetition may come late."
    raise Wrong(f"{text} {name}")


def _shown(answer: Any) -> str:
    return repr(answer)[:30] if isinstance(answer, (bool, int, float, str)) else f"a {type(answer).__name__}"


def _alone(cls: type) -> None:
    """Two accounts know nothing of each other."""
    key = f"alone-{next(_NUMBERS)}"
    first, second = ask("Account()", cls), ask("Account()", cls)
    for account in (first, second):
        ask("A first deposit of 5", attribute(account, "handle"), key, 5)
    if _balance(first) == 5 and _balance(second) != 5:
        raise Wrong(
            f"Two accounts, and each is told of a deposit of 5: the second has {_balance(second):g}. They share what "
            "they remember; it belongs into `self`."
        )


def _in_the_cluster(cls: type) -> int:
    """The same class, on the nodes of lbcore's cluster, while one stands still and while its answers get lost."""
    # It runs the experiment that the lesson draws, and that room is built on this one's neighbours.
    from lbcore.lab.exhibits.failover.deposits import deposits

    found = deposits(cls, ("pause", "answers lost"))
    for row in found.rows:
        if row.balances[0] != found.requests:
            raise Wrong(
                f"In the cluster, fault '{row.fault}': {found.requests} deposits of 1, and the balance is "
                f"{row.balances[0]}."
            )
    return sum(row.done for row in found.rows)


def grade(cls: type) -> str:
    """The sentence for a right answer; `Wrong` for another."""
    _alone(cls)
    _run(cls, _SCRIPT)
    twice = _in_the_cluster(cls)
    return (
        "Right: each request is done once and always gets its first answer. In the cluster, two runs of 200 deposits "
        f"give 200 each, although {twice} of them reached a node twice."
    )
