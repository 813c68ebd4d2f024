"""What the rules share: calling a student's code, and looking at what it answers."""

import inspect
import operator
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NoReturn

from lbcore.lab.student.limits import Late, Over, landed

__all__ = [
    "Failed",
    "NotAttempted",
    "Progress",
    "Wrong",
    "ask",
    "attribute",
    "node",
    "wants_argument",
]


class Wrong(Exception):
    """The answer is wrong; the text is what the student reads, `name` what the mistake is called, if it is known."""

    name = ""


class NotAttempted(Exception):
    """The answer is still the stub."""


class Failed(Exception):
    """The student's code raised `error`; or, being too late, it was ended by `limits.Late`."""

    name = ""

    def __init__(self, where: str, error: BaseException) -> None:
        """Remember what was tried, and what was raised."""
        super().__init__(where)
        self.where, self.error = where, error


class Progress:
    """How far a check has come: how many calls of the student's code, which one, and whether it is in it now."""

    #: The one of the check that runs in this thread.
    now: ContextVar["Progress"] = ContextVar("progress")

    def __init__(self) -> None:
        """Before the first call."""
        self.calls, self.where, self.inside = 0, "", False

    def __call__(self) -> int | None:
        """For `limits.within`."""
        return self.calls if self.inside else None


def ask(where: str, call: Callable[..., Any], *arguments: Any) -> Any:
    """Call the student's code; `where` begins the sentence if something goes wrong, as in "Request 4"."""
    progress = Progress.now.get(None) or Progress()
    progress.where = where
    progress.calls += 1
    progress.inside = True
    try:
        answer = call(*arguments)
    except (Wrong, NotAttempted, Over, KeyboardInterrupt):
        raise
    except BaseException as error:
        if isinstance(error, Late):
            landed()
        # `a, b = ...`, `counts[...]`, `... < 3`: Python's message then speaks of the type 'ellipsis'.
        if "ellipsis" in str(error).lower():
            raise NotAttempted from None
        raise Failed(where, error) from None
    finally:
        progress.inside = False
    if answer is Ellipsis:
        raise NotAttempted
    return answer


def attribute(thing: Any, name: str) -> Any:
    """An attribute that the stub has given, or a sentence that it is missing."""
    try:
        return ask(f"`{name}`", getattr, thing, name)
    except Failed as failed:
        if not isinstance(failed.error, AttributeError):
            raise
        kind = type(thing) if not isinstance(thing, type) else thing
        raise Wrong(f"{kind.__name__} has no `{name}` any more. The cell gave it to you: put it back.") from None


def wants_argument(function: Any) -> bool:
    """Whether it cannot be called without one."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.default is p.empty and p.kind < p.VAR_POSITIONAL for p in parameters)


def node(where: str, answer: Any, nodes: int) -> int:
    """The student's pick as an int from 0 to nodes - 1; any integer type is fine."""
    if answer is None:
        raise Wrong(f"{where}: select returned nothing. Does every way through it end with `return`?")
    if isinstance(answer, bool):
        _no_number(where, answer, nodes)
    try:
        pick = operator.index(answer)
    except TypeError:
        _no_number(where, answer, nodes)
    if not 0 <= pick < nodes:
        raise Wrong(f"{where}: select returned {pick}. The nodes have the numbers 0 to {nodes - 1}.")
    return pick


def _no_number(where: str, answer: Any, nodes: int) -> NoReturn:
    shown = repr(answer) if isinstance(answer, (bool, float, str)) else f"a {type(answer).__name__}"
    raise Wrong(f"{where}: select returned {shown}, not the number of a node (0 to {nodes - 1}).") from None
