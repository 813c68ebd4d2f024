"""Which known mistake behaves as a student's class does? A rule (exercises/*/rule.py) judges in stages; each is played.

A stage plays scripts: sequences of calls, made for the student's class and written on a tape. Where the rule is broken,
the known wrong classes play the same scripts, and those whose tapes are the same to the end of the stage behave alike.
Their sentence names the mistake; where several are alike, the sentence of the class that they all derive from.
A wrong class asks `free(...)` where more than one answer is as good: it gets the student's, so ties tell nothing apart.
"""

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lbcore.lab.student.exercises import words
from lbcore.lab.student.limits import Late
from lbcore.lab.student.trial import Failed, Wrong, ask

__all__ = ["Calls", "Scripted", "Stage", "Tape", "examine", "forever", "free"]


class Stage(Protocol):
    """A part of a rule. A class that breaks it is not tried on the next."""

    def watch(self, cls: type) -> Any:
        """What this class does: to be judged, and compared."""

    def judge(self, seen: Any) -> None:
        """Raise `Wrong` or `Failed` where the rule is broken."""

    def alike(self, seen: Any, other: type) -> bool:
        """Whether this known wrong class does the same."""

    def nearest(self, seen: Any, alike: Sequence[type]) -> Sequence[type]:
        """Those of the classes that are alike which are so in more than the rule asks, if there are any."""


class _Differs(Exception):
    """A known wrong class answers otherwise than the student's."""


_wanted: Any = None


def free(options: Iterable[Any]) -> Any:
    """One of these, all as good: the student's own answer to this call if it is among them, else the first."""
    options = list(options)
    return next((option for option in options if same(option, _wanted)), options[0])


def forever() -> None:
    """A loop without end, in a known wrong class: nobody has to wait for it."""
    raise Late


@dataclass
class Tape:
    """The answers of a class to one script; `failed` where it raised something, or had to be ended."""

    wheres: list[str] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)  # as they came
    compared: list[Any] = field(default_factory=list)  # the same, made plain
    failed: Failed | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tape) and same(self.compared, other.compared) and self.end() == other.end()

    def end(self) -> type | None:
        """What it ended with."""
        return Late if self.endless else type(self.failed.error) if self.failed else None

    @property
    def endless(self) -> bool:
        """Whether a call had to be ended."""
        return self.failed is not None and isinstance(self.failed.error, Late)


class Calls:
    """Makes the calls of a script and writes the answers down; beside a tape, stops where they differ from it."""

    def __init__(self, beside: Tape | None = None) -> None:
        """A student's class, or a known wrong one beside the student's tape."""
        self.tape, self.beside = Tape(), beside

    def make(self, where: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """A call whose answer nobody compares: a constructor, a `mark_down`."""
        if self.beside is None:
            return ask(where, call, *arguments)
        try:
            return call(*arguments)
        except (Exception, Late) as error:
            raise Failed(where, error) from None

    def ask(self, where: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """A call with an answer. A LookupError that was meant (no IndexError, no KeyError) is one: the class itself."""
        global _wanted
        at, other = len(self.tape.answers), self.beside
        _wanted = None
        if other is not None:
            if at >= len(other.compared) + (other.failed is not None):
                raise _Differs
            _wanted = other.compared[at] if at < len(other.compared) else None
        try:
            answer = self.make(where, call, *arguments)
        except Failed as failed:
            if type(failed.error) is not LookupError:
                raise
            answer = LookupError
        if other is not None and not (at < len(other.compared) and same(plain(answer), other.compared[at])):
            raise _Differs
        self.tape.wheres.append(where)
        self.tape.answers.append(answer)
        self.tape.compared.append(plain(answer))
        return answer


def plain(answer: Any) -> Any:
    """An answer that can be compared: a number of any type is a number, a thing of its own its type's name."""
    if answer is None or isinstance(answer, (bool, int, float, str, bytes, type)):
        return answer
    if isinstance(answer, (tuple, list)):
        return [type(answer).__name__, *map(plain, answer)]
    try:
        return operator.index(answer)
    except TypeError:
        pass
    try:
        return float(answer)
    except (TypeError, ValueError):
        return f"a {type(answer).__name__}"


def same(one: Any, other: Any) -> bool:
    """Equal, the last digits of floating point aside; True is not 1."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return type(one) is type(other) and bool(one == other)


@dataclass(frozen=True)
class Scripted:
    """A stage for an exercise in which nothing is drawn."""

    #: What is played, the simplest first, with what may not end last: the tape of a loop without end costs 2 s.
    scripts: Sequence[Any]
    #: Plays a script with a class.
    play: Callable[[Any, type, Calls], None]
    #: Looks at the tape of a script; raises `Wrong` where it breaks the rule.
    rule: Callable[[Any, Tape], None]

    def watch(self, cls: type) -> list[Tape]:
        """The tapes of all scripts, up to the first call that had to be ended."""
        tapes: list[Tape] = []
        for script in self.scripts:
            calls = Calls()
            try:
                self.play(script, cls, calls)
            except Failed as failed:
                calls.tape.failed = failed
            tapes.append(calls.tape)
            if calls.tape.endless:
                break
        return tapes

    def judge(self, seen: list[Tape]) -> None:
        """Look at one tape after the other."""
        for script, tape in zip(self.scripts, seen, strict=False):
            self.rule(script, tape)
            if tape.failed is not None:
                raise tape.failed

    def alike(self, seen: list[Tape], other: type) -> bool:
        """The same answers to the last, and the same end."""
        return all(self._plays(script, tape, other) for script, tape in zip(self.scripts, seen, strict=False))

    def nearest(self, seen: list[Tape], alike: Sequence[type]) -> Sequence[type]:
        """All of them."""
        return alike

    def _plays(self, script: Any, tape: Tape, other: type) -> bool:
        calls = Calls(beside=tape)
        try:
            self.play(script, other, calls)
        except Failed as failed:
            calls.tape.failed = failed
        except (_Differs, Wrong):
            return False
        return calls.tape == tape


def examine(stages: Sequence[Stage], cls: type, wrong: Sequence[type]) -> None:
    """Judge a class. Raises `Wrong` or `Failed`, with the mistake's sentence as its `name` as far as it is known."""
    before = _attributes(cls)
    for at, stage in enumerate(stages):
        seen = stage.watch(cls)
        try:
            stage.judge(seen)
        except (Wrong, Failed) as breach:
            alike = [other for other in wrong if stage.alike(seen, other) and _keep(stages[:at], other)]
            breach.name = _sentence(stage.nearest(seen, alike)) if alike else _unrepeatable(stage, seen, cls, before)
            raise


def _keep(stages: Sequence[Stage], other: type) -> bool:
    """Whether a known wrong class keeps the rules of these stages, as the student's does."""
    try:
        for stage in stages:
            stage.judge(stage.watch(other))
    except (Wrong, Failed):
        return False
    return True


def _attributes(cls: type) -> dict[str, str]:
    """What belongs to a class and is no function."""
    return {
        name: repr(value)
        for name, value in vars(cls).items()
        if not name.startswith("__") and isinstance(value, (bool, int, float, str, list, dict, set, tuple))
    }


def _unrepeatable(stage: Stage, seen: Any, cls: type, before: dict[str, str]) -> str:
    """What to say where no known mistake fits: perhaps a fresh object is not fresh, or draws."""
    for name, value in _attributes(cls).items():
        if before.get(name, value) != value:
            return f"`{name}` belongs to the class, so all that are made of it share it: make it in `__init__`."
    if not isinstance(stage, Scripted) or seen[-1].endless or stage.watch(cls) == seen:
        return ""
    return "A fresh one that is asked the same answers otherwise: do you draw at random?"


def _sentence(alike: Sequence[type]) -> str:
    """The sentence of these classes, or what they have in common."""
    said = {words(cls) for cls in alike}
    if len(said) == 1:
        return said.pop()
    for base in alike[0].__mro__[1:]:
        if base is not object and base.__doc__ and all(issubclass(cls, base) for cls in alike):
            return words(base)
    return ""
