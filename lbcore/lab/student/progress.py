"""What a student has done, kept in one small file beside the lessons: predictions, quiz answers, exercises passed.

The file is written whole or not at all, under a lock, after what another notebook wrote there meanwhile was read: two
notebooks lose nothing of each other. It stays on this machine. `LBCORE_PROGRESS` names another file; empty, it says
that nothing is kept. Nothing here ever raises: a lesson goes on where its folder cannot be written.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lbcore.lab.frame import notebook
from lbcore.lab.frame.words import listed, spoken

__all__ = ["Done", "forget", "keep", "kept", "lesson", "place", "progress"]

FILE = ".lbcore-progress.json"
#: Another notebook writes for a millisecond; who holds the lock for longer is stuck.
PATIENCE_S = 2.0
#: Why the last thing could not be kept; empty where it was.
_trouble = ""


def place() -> Path | None:
    """The file; None where nothing is kept: outside of a notebook, and where LBCORE_PROGRESS is empty."""
    named = os.environ.get("LBCORE_PROGRESS")
    if named is not None:
        return Path(named) if named.strip() else None
    if notebook.shell() is None:
        return None
    lesson = notebook.path()
    return (Path.cwd() if lesson is None else lesson.parent) / FILE


def lesson() -> str:
    """The two digits of the lesson that this notebook is; empty where that is not known."""
    file = notebook.path()
    number = "" if file is None else file.name[:2]
    return number if number.isdigit() else ""


def kept(*where: str) -> Any:
    """What is kept under these names, one inside the other; None where nothing is."""
    file = place()
    found: Any = {} if file is None else _read(file)
    for name in where:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def keep(value: Any, *where: str, join: Callable[[Any, Any], Any] | None = None) -> None:
    """Keep a value (as JSON has them) under these names, one inside the other.

    join: is told what is kept there, or None, and the value, and returns what is to be kept: for a value of parts.
    """
    global _trouble
    file = place()
    if file is None or kept(*where) == value:
        return
    try:
        with _alone(file):
            everything = _read(file)
            inside = everything
            for name in where[:-1]:
                if not isinstance(inside.get(name), dict):
                    inside[name] = {}
                inside = inside[name]
            inside[where[-1]] = value if join is None else join(inside.get(where[-1]), value)
            _write(file, everything)
        _trouble = ""
    except (OSError, TimeoutError) as error:
        _trouble = f"{file}: {error.strerror or error}"


def forget() -> None:
    """Forget all that was kept, of every lesson. What a notebook shows already stays until its cells are run again."""
    file = place()
    if file is None:
        print("Nothing is kept here.")
        return
    try:
        with _alone(file):
            file.unlink(missing_ok=True)
        print("Forgotten: predictions, quiz answers and exercises of every lesson. Restart a lesson to begin it anew.")
    except (OSError, TimeoutError) as error:
        print(f"It could not be forgotten ({error.strerror or error}): delete the file {file}.")


class Done:
    """What is done so far, as text: a line for each lesson."""

    def __init__(self, lines: list[str]) -> None:
        """Hold these lines."""
        self.lines = lines

    def __repr__(self) -> str:
        return "\n".join(self.lines)


def progress() -> Done:
    """What is done so far: in each lesson the predictions, the exercises passed, and the quiz."""
    file = place()
    if file is None:
        return Done(["Nothing is kept here: what you do is forgotten when the kernel ends."])
    lines = [f"Lesson {number}: {listed(parts)}." for number, parts in sorted(_parts(_read(file)).items()) if parts]
    if _trouble:
        lines.append(f"The last of it could not be kept ({_trouble}).")
    return Done(lines or ["Nothing is done yet: lesson 01 is a good start."])


def _parts(everything: dict[str, Any]) -> dict[str, list[str]]:
    """What is done in each lesson, in words; what does not look as it was written is passed over."""
    from lbcore.lab.student.quiz import load

    parts: dict[str, list[str]] = {}
    for number, questions in _table(everything, "predictions").items():
        for question, said in questions.items() if isinstance(questions, dict) else ():
            with contextlib.suppress(TypeError, ValueError):
                value, unit = said
                parts.setdefault(number or "?", []).append(f"you predicted {spoken(value, unit)} ({question})")
    for name in _table(everything, "passed"):
        parts.setdefault(name[:2], []).append(f"the exercise {name[3:]!r} is passed")
    for number, answers in _table(everything, "quizzes").items():
        with contextlib.suppress(TypeError, ValueError):
            questions = load(number)
            right = sum(a == question.right for question, a in zip(questions, answers, strict=True))
            parts.setdefault(number, []).append(f"quiz {right} of {len(questions)} right")
    return parts


def _table(everything: dict[str, Any], name: str) -> dict[str, Any]:
    found = everything.get(name)
    return found if isinstance(found, dict) else {}


def _read(file: Path) -> dict[str, Any]:
    """All that is kept; nothing where the file is missing. One that cannot be read is put aside, not written over."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return {}
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    with contextlib.suppress(OSError):
        os.replace(file, file.with_name(f"{file.name}.unreadable"))
    return {}


def _write(file: Path, everything: dict[str, Any]) -> None:
    """Write the file whole or not at all."""
    new = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with new.open("w", encoding="utf-8") as opened:
            json.dump(everything, opened, ensure_ascii=False, indent=1)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(new, file)
    finally:
        new.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold the lock of the file, or TimeoutError. The system lets go of it when a kernel dies."""
    with file.with_name(f"{file.name}.lock").open("a") as lock:
        until = time.monotonic() + PATIENCE_S
        while not _locked(lock.fileno()):
            if time.monotonic() > until:
                raise TimeoutError("another notebook holds it")
            time.sleep(0.01)
        yield


def _locked(lock: int) -> bool:
    """Take the lock, if nobody holds it; where there are no locks, as in a web page, go on without."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except (ImportError, OSError):
        return True
    return True
