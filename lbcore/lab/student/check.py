"""`check(name, answer)`: looks at a student's class and prints one sentence about it.

The rule of an exercise (`exercises/`, one folder each) tries the class and either returns the sentence for a right
answer or raises `Wrong` with the sentence for a wrong one. Here every other end becomes a sentence too: a stub that is
still a stub, an exception in the student's code, a loop that never ends. Only KeyboardInterrupt passes through.

Not guarded: a loop that neither draws nor reads the lists it was given. Kernel, Interrupt stops it.
"""

import ast
import contextlib
import inspect
import io
import textwrap
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from lbcore.lab.student import progress
from lbcore.lab.student.exercises import known
from lbcore.lab.student.trial import Failed, NotAttempted, Wrong

__all__ = ["check", "verdict"]

_WORDS = {1: "", 2: "two ", 3: "three ", 4: "four "}
_LONGEST_MESSAGE = 120
_MANY = 1000


def check(name: str, answer: Any) -> None:
    """Try the class `answer` on the exercise `name` and print one sentence about it.

    What the class itself prints meanwhile is dropped: it would be thousands of lines.
    """
    print(verdict(name, answer))


def verdict(name: str, answer: Any) -> str:
    """The sentence that `check` prints."""
    exercise = known().get(name)
    if exercise is None:
        return f"There is no exercise {name!r}. The exercises are {', '.join(known())}."
    if not inspect.isclass(answer):
        return f'check wants the class itself, without brackets or quotes: check("{name}", {exercise.right.__name__}).'
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            sentence = str(exercise.rule.grade(answer))
        progress.keep(True, "passed", name)
        return sentence
    except NotAttempted:
        return _not_attempted(exercise.stub, _open_places(answer))
    except Wrong as wrong:
        sentence = str(wrong)
    except Failed as failed:
        sentence = _what_happened(failed, answer)
    except Exception as error:
        sentence = f"check could not judge this class. It met {_named(error)}."
    # A `...` left behind matters only where the answer is not right without it.
    left = _open_places(answer)
    return _not_attempted(exercise.stub, left) if left else sentence


def _not_attempted(stub: str, left: int) -> str:
    asked = _ellipses(ast.parse(stub))
    if 0 < left < asked:
        return f"Not finished yet: replace the other {_WORDS.get(left, '')}`...`."
    return f"Not attempted yet: replace the {_WORDS.get(asked, '')}`...`."


def _functions(cls: type) -> Iterator[FunctionType]:
    for value in vars(cls).values():
        function = inspect.unwrap(value) if callable(value) else getattr(value, "__func__", None)
        if isinstance(function, FunctionType):
            yield function


def _open_places(cls: type) -> int:
    """How many `...` still stand in the methods of a class; _MANY where their source cannot be read."""
    places = 0
    for function in _functions(cls):
        try:
            places += _ellipses(ast.parse(textwrap.dedent(inspect.getsource(function))))
        except (OSError, TypeError, SyntaxError):
            # No source to read: an `...` that is used stands among the constants.
            places += _MANY * (Ellipsis in function.__code__.co_consts)
    return places


def _ellipses(tree: ast.AST) -> int:
    """The `...` in code, without those in subscripts and annotations, where they have a meaning."""
    found = 0
    for name, field in ast.iter_fields(tree):
        if name in ("slice", "annotation", "returns"):
            continue
        for node in field if isinstance(field, list) else [field]:
            if isinstance(node, ast.Constant) and node.value is Ellipsis:
                found += 1
            elif isinstance(node, ast.AST):
                found += _ellipses(node)
    return found


def _named(error: BaseException) -> str:
    """The type and the message of an exception, on one line."""
    lines = str(error).strip().splitlines()
    message = lines[0] if lines else ""
    if len(message) > _LONGEST_MESSAGE:
        message = message[: _LONGEST_MESSAGE - 3] + "..."
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _what_happened(failed: Failed, cls: type) -> str:
    files = {function.__code__.co_filename for function in _functions(cls)}
    line = None
    trace = failed.error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in files:
            line = trace.tb_lineno
        trace = trace.tb_next
    place = f" in line {line}" if line is not None else ""
    return f"{failed.where}: your code stopped{place} with {_named(failed.error).removesuffix('.')}."
