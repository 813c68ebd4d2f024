"""`check(name, answer)`: looks at a student's class and prints one sentence about it.

The rule of an exercise (`exercises/`, one folder each) tries the class, and `match` finds the known mistake that does
the same. Here every end becomes a sentence: right, wrong, a stub that is still a stub, an exception in the student's
code, a call that takes too long. Stop (KeyboardInterrupt) alone is raised again, as one sentence without a traceback.
"""

import ast
import inspect
import textwrap
from typing import Any

from lbcore.lab.student import limits, progress
from lbcore.lab.student.exercises import Exercise, known
from lbcore.lab.student.limits import Late, Printed, TooLate
from lbcore.lab.student.match import examine
from lbcore.lab.student.trial import Failed, NotAttempted, Progress, Wrong

__all__ = ["check", "verdict"]

_WORDS = {1: "", 2: "two ", 3: "three ", 4: "four "}
_LONGEST_MESSAGE = 120
_MANY = 1000


def check(name: str, answer: Any) -> None:
    """Try the class `answer` on the exercise `name` and print one sentence about it.

    What the class itself prints meanwhile is counted, not shown: it would be thousands of lines.
    """
    print(verdict(name, answer))


def verdict(name: str, answer: Any) -> str:
    """The sentence that `check` prints."""
    exercise = known().get(name)
    if exercise is None:
        return f"There is no exercise {name!r}. The exercises are {', '.join(known())}."
    if not inspect.isclass(answer):
        return f'check wants the class itself, without brackets or quotes: check("{name}", {exercise.right.__name__}).'
    printed = Printed()
    return f"{_said(exercise, answer, printed)}{printed}"


def _said(exercise: Exercise, cls: type, printed: Printed) -> str:
    watched = Progress()

    def judged() -> str:
        Progress.now.set(watched)
        return _judged(exercise, cls)

    try:
        sentence = str(limits.within(judged, watched, printed, "check"))
        progress.keep(True, "passed", exercise.name)
        return sentence
    except NotAttempted:
        return _not_attempted(exercise.stub, _open_places(cls))
    except Wrong as wrong:
        sentence = f"{wrong} {wrong.name}".rstrip()
    except Failed as failed:
        sentence = f"{_what_happened(failed, cls)} {failed.name}".rstrip()
    except TooLate as late:
        sentence = _too_late(late, watched, cls)
    except Exception as error:
        sentence = f"check could not judge this class. It met {_named(error)}."
    # A `...` left behind matters only where the answer is not right without it.
    left = _open_places(cls)
    return _not_attempted(exercise.stub, left) if left else sentence


def _judged(exercise: Exercise, cls: type) -> str:
    """The sentence for a right answer; `Wrong` or `Failed` for another."""
    examine(exercise.rule.STAGES, cls, exercise.wrong)
    return str(exercise.rule.RIGHT)


def _not_attempted(stub: str, left: int) -> str:
    asked = _ellipses(ast.parse(stub))
    if 0 < left < asked:
        return f"Not finished yet: replace the other {_WORDS.get(left, '')}`...`."
    return f"Not attempted yet: replace the {_WORDS.get(asked, '')}`...`."


def _open_places(cls: type) -> int:
    """How many `...` still stand in the methods of a class; _MANY where their source cannot be read."""
    places = 0
    for function in limits.functions(cls):
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
    line = limits.line_of(cls, failed.error.__traceback__)
    place = f" in line {line[0]}" if line else ""
    if isinstance(failed.error, Late):
        return f"{failed.where}: {_ended(place)}{'' if failed.name else ' Does its loop end?'}"
    return f"{failed.where}: your code stopped{place} with {_named(failed.error).removesuffix('.')}."


def _too_late(late: TooLate, progress: Progress, cls: type) -> str:
    line = limits.line_of(cls, late.at)
    if late.stays:
        what = f"line {line[0]}, `{line[1]}`," if line and line[1] else f"line {line[0]}" if line else "a call"
        return f"{progress.where}: {what} had not come back after {limits.CALL_S:g} s, and was left alone."
    if late.all_of_it:
        each = limits.ALL_S / max(1, progress.calls)
        return (
            f"{progress.where}: check has stopped after {limits.ALL_S:g} s and {progress.calls:,} calls of your code, "
            f"{each * 1000:.2g} ms each. It is too slow for so many."
        )
    place = f" in line {line[0]}" if line else ""
    return f"{progress.where}: {_ended(place)} Does its loop end?"


def _ended(place: str) -> str:
    return f"your code had not come back after {limits.CALL_S:g} s, and was stopped{place}."
