"""Lesson 08: an account whose deposits may be repeated, one thread at a time.

The rule: a request with a key that is new changes the balance by its amount and is answered with the new balance; one
whose key was there before changes nothing, whatever its amount, and gets the answer that its key got. How it is
remembered is free. Stages: two accounts; requests and repetitions; a key that comes again with another amount; an
empty key.
"""

from itertools import count
from typing import Any

import numpy as np

from lbcore.lab.student.limits import Late
from lbcore.lab.student.match import Calls, Scripted, Tape
from lbcore.lab.student.trial import Failed, NotAttempted, Wrong, attribute

LESSON = "08"

#: Keys and amounts.
_Script = tuple[tuple[str, int], ...]

_MANY = tuple((f"key-{i}", i % 7 - 3) for i in range(60))
#: Two requests of one amount; repetitions at once, later, and a third time; an answer of 0; and many others between.
_REPEATED: tuple[_Script, ...] = (
    (
        ("a", 5),
        ("c", 2),
        ("b", 5),
        ("b", 5),
        ("a", 5),
        ("a", 5),
        ("d", -12),
        ("d", -12),
        ("e", -3),
        ("e", -3),
        ("a", 5),
    ),
    (("z", 1), ("y", 2), ("x", 3), ("y", 2), ("z", 1), ("x", 3), ("x", 3), ("z", 1)),
    (("p", 0), ("q", 4), ("p", 0), ("r", -4), ("r", -4), ("q", 4)),
    (("one", 1), ("One", 1), ("one ", 1), ("on", 1), ("one", 1), ("noe", 1), ("ne", 1), ("ne", 1)),
    (("f", 10), *_MANY, ("f", 10), ("key-0", -3), ("key-59", 0), ("key-30", -1), ("g", 10)),
    (("h", 7), *((f"more-{i}", 1) for i in range(1200)), ("h", 7), ("more-0", 1)),
)
_CHANGED: tuple[_Script, ...] = (
    (("a", 5), ("a", 7), ("b", 2), ("a", 5), ("b", 7), ("c", 7), ("a", 0)),
    (("t", 0), ("t", 3), ("u", 3), ("u", -3), ("t", 3)),
)
_EMPTY: tuple[_Script, ...] = ((("", 4), ("a", 5), ("", 4), ("b", 1), ("", 4)),)
#: A class that remembers across accounts also remembers the last check: so each time there has a key of its own.
_NUMBERS = count()


class _Done(list[Any]):
    """What is compared of a request: its answer, and the balance after it; what was raised where it was refused."""

    def __init__(self, answer: Any, balance: Any, refused: Failed | None = None) -> None:
        """A request was handled."""
        super().__init__([answer, balance])
        self.answer, self.balance, self.refused = answer, balance, refused


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))


def _play(script: _Script, cls: type, calls: Calls) -> None:
    account = calls.make("Account()", cls)
    _balance(account)
    seen = set()
    for key, amount in script:
        where = f'handle("{key}", {amount}){", again" if key in seen else ""}'
        _handle(where, account, key, amount, calls, key in seen)
        seen.add(key)


def _handle(where: str, account: Any, key: str, amount: int, calls: Calls, again: bool) -> None:
    handle = attribute(account, "handle")

    def done() -> _Done:
        answer = handle(key, amount)
        if answer is Ellipsis:
            raise NotAttempted
        return _Done(answer, account.balance)

    try:
        calls.ask(where, done)
    except Failed as failed:
        # Whatever is raised where a request comes again, it is refused.
        if not again or isinstance(failed.error, Late):
            raise
        refused = _Done("refused", _balance(account), failed)
        calls.ask(where, lambda: refused)


def _balance(account: Any) -> float:
    balance = attribute(account, "balance")
    if not _number(balance):
        _no_number("The first balance", balance)
    return float(balance)


def _no_number(where: str, balance: Any) -> None:
    shown = repr(balance) if isinstance(balance, (bool, str, type(None))) else f"a {type(balance).__name__}"
    raise Wrong(f"{where}: `balance` is {shown} and no number. It says how much is in the account.")


def _judge(script: _Script, tape: Tape) -> None:
    right: dict[str, float] = {}
    balance = 0.0
    came: list[str] = []
    for (key, amount), where, step in zip(script, tape.wheres, tape.answers, strict=False):
        if not _number(step.balance):
            _no_number(f"{where}", step.balance)
        new = float(step.balance)
        if key in right:
            _judge_repeated(where, step, balance, right[key], len(came) - came.index(key) - 1)
        else:
            right[key] = balance + amount
            if new != right[key]:
                went = f"stays at {new:g}" if new == balance else f"goes from {balance:g} to {new:g}"
                raise Wrong(f"{where}: the balance {went}. The key is new, so it should be {right[key]:g} now.")
            if not _number(step.answer) or step.answer != new:
                raise Wrong(f"{where}: it answered {_shown(step.answer)}. The answer is the new balance, {new:g}.")
        balance = new
        came.append(key)


def _judge_repeated(where: str, step: _Done, balance: float, first: float, between: int) -> None:
    if step.refused is not None:
        step.refused.where = where
        raise step.refused
    if float(step.balance) != balance:
        others = f", {between} requests after it came first" if between > 9 else ""
        raise Wrong(f"{where}: the balance goes from {balance:g} to {float(step.balance):g}{others}.")
    if not _number(step.answer) or step.answer != first:
        raise Wrong(f"{where}: it answered {_shown(step.answer)}. The first time its answer was {first:g}.")


def _shown(answer: Any) -> str:
    if answer is None:
        return "nothing"
    return repr(answer)[:30] if isinstance(answer, (bool, int, float, str)) else f"with a {type(answer).__name__}"


def _play_two(script: int, cls: type, calls: Calls) -> None:
    """Each of two accounts is told of one deposit, with the same key."""
    key = f"both-{next(_NUMBERS)}"
    try:
        accounts = [calls.make("Account()", cls) for _ in range(2)]
        steps = []
        for account in accounts:
            answer = calls.make("A first deposit of 5", attribute(account, "handle"), key, script)
            steps.append([answer, account.balance])
    except Failed:
        return  # the next stage looks at it
    calls.ask("Two accounts", lambda: steps)


def _judge_two(script: int, tape: Tape) -> None:
    if tape.compared and tape.compared[0][1] != tape.compared[0][2]:
        [[_, first], [_, second]] = tape.answers[0]
        raise Wrong(f"Two accounts, each told of a deposit of {script}: one has {first} then, the other {second}.")


STAGES = (
    Scripted((5, 1), _play_two, _judge_two),
    Scripted(_REPEATED, _play, _judge),
    Scripted(_CHANGED, _play, _judge),
    Scripted(_EMPTY, _play, _judge),
)
RIGHT = (
    "Right: each request is done once and always gets its first answer, with one thread at a time. "
    "Where several ask one account at once, looking and depositing must be one step, under a lock."
)
