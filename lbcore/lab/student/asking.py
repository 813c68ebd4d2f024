"""Asks a student's code for an answer: what goes wrong in it becomes a sentence for the student."""

from collections.abc import Callable
from typing import Any

from lbcore.lab.student.classes import StudentError, unfinished

__all__ = ["answer"]


def answer(who: str, what: str, call: Callable[..., Any], *arguments: Any) -> Any:
    """What `call(*arguments)` returns. who: the name of the student's class; what: the call, as the sentence says it.

    Raises StudentError where it fails, or where a `...` of the exercise is still in it.
    """
    try:
        found = call(*arguments)
    except Exception as error:
        if "ellipsis" in str(error):
            raise StudentError(unfinished(who)) from error
        raise StudentError(f"{what} failed with {type(error).__name__}: {error}") from error
    if found is Ellipsis:
        raise StudentError(unfinished(who))
    return found
