"""A student's code with a limit in time, and its prints muted: for `check` and for every picture of a student's class.

The code runs on a thread of its own; the caller waits, and looks now and then how far it has come. Where it stands
still for too long, an exception is raised in it, so a loop ends wherever it is. A call that stays in C (a sleep, a
lock) cannot be ended: it is left behind on its thread. The limit costs a call nothing, for nobody reads a clock. Where
there are no threads (a browser), the code runs without it.
"""

import inspect
import io
import linecache
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TextIO, cast

__all__ = [
    "ALL_S",
    "CALL_S",
    "Late",
    "Over",
    "Printed",
    "Stopped",
    "TooLate",
    "functions",
    "landed",
    "line_of",
    "within",
]

#: The longest call, and the longest check or run of a picture.
CALL_S, ALL_S = 2.0, 10.0
_LOOK_S = 0.05  # how often the caller looks. It counts its looks, so a machine that sleeps ends nothing
_TRIES, _AGAIN_S = 500, 0.002  # how often it tries to end a call
_OURS = str(Path(__file__).parent)  # where no student's code stands


class Late(BaseException):
    """Raised in the student's code, where it is. No Exception, so that `except Exception` lets it out."""


class Over(Late):
    """The same, where all the calls together took too long: nothing more is to be tried."""


class _Sent(BaseException):
    """A Late that is raised once more, at the next line, where the student's code catches it."""

    def __init__(self) -> None:
        # It is made in the thread that it is sent to, in the frame where it is raised.
        super().__init__()
        frame: FrameType | None = sys._getframe(1)
        sys.settrace(lambda frame, event, argument: None)
        while frame is not None and not frame.f_code.co_filename.startswith(_OURS):
            frame.f_trace = _again
            frame = frame.f_back


class _SentLate(_Sent, Late):
    pass


class _SentOver(_Sent, Over):
    pass


def _again(frame: FrameType, event: str, argument: Any) -> Any:
    """A trace function: raises Late at a line, so also in an `except` that has just caught it."""
    if event == "line":
        raise Late
    return _again


def landed() -> None:
    """To be called where a Late has come out of the student's code: it is raised no more."""
    sys.settrace(threading.gettrace())  # a debugger's, if there is one


class TooLate(Exception):
    """The student's code has taken too long: all of it, or else one call."""

    def __init__(self, all_of_it: bool, at: TracebackType | FrameType | None, stays: bool = False) -> None:
        """Remember where it was; `stays`: it could not be ended, and is left behind on its thread."""
        super().__init__(f"{ALL_S if all_of_it else CALL_S:g} s are over")
        self.all_of_it, self.at, self.stays = all_of_it, at, stays


class Stopped(KeyboardInterrupt):
    """The user has pressed Stop. A notebook shows the sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Printed:
    """How much the student's code has printed."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.lines = self.characters = 0
        self.thread = threading.current_thread()

    def __str__(self) -> str:
        """A sentence after a space, or nothing."""
        if not self.characters:
            return ""
        amount = f"{self.lines:,} line" if self.lines else f"{self.characters:,} character"
        many, are = ("", "is") if amount.startswith("1 ") else ("s", "are")
        return f" It printed {amount}{many}, which {are} not shown."

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Count and drop what `thread` prints."""
        before = sys.stdout, sys.stderr
        mine = tuple(cast(TextIO, _Muted(stream, self)) for stream in before)
        sys.stdout, sys.stderr = mine
        try:
            yield
        finally:
            # After Stop a limit within a limit may end later than the one around it, which has put all back.
            now: Any = sys.stdout
            while isinstance(now, _Muted) and now is not mine[0]:
                now = now.stream
            if now is mine[0]:
                sys.stdout, sys.stderr = before
            if isinstance(before[0], _Muted):  # a limit within a limit
                before[0].printed.lines += self.lines
                before[0].printed.characters += self.characters


class _Muted(io.TextIOBase):
    """Prints of other threads go on their way."""

    def __init__(self, stream: TextIO, printed: Printed) -> None:
        self.stream, self.printed = stream, printed

    def write(self, text: str) -> int:
        if threading.get_ident() != self.printed.thread.ident:
            return self.stream.write(text)
        self.printed.lines += text.count("\n")
        self.printed.characters += len(text)
        return len(text)

    def flush(self) -> None:
        if threading.get_ident() != self.printed.thread.ident:
            self.stream.flush()


class _Runner:
    """Runs `work` on a thread, and keeps what came out."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work: Callable[[], Any] | None = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.over, self.ended = threading.Event(), False
        self.door = threading.Lock()  # held while an exception is sent, and while `ended` is set: none is sent after it
        self.thread = threading.Thread(target=self._run, daemon=True, name="a student's class")

    def _run(self) -> None:
        while not self.over.is_set():  # once more where an exception lands after the work's end
            try:
                self._once()
                with self.door:
                    self.ended = True
                time.sleep(0)  # what has just been sent lands here
                self.over.set()
            except Late as late:
                self.error = self.error or late
            landed()

    def _once(self) -> None:
        work, self.work = self.work, None
        try:
            self.result = work() if work else self.result
        except BaseException as error:
            self.error = error

    def end(self, kind: type[Late], stands_still: Callable[[], bool]) -> bool:
        """Raise an exception in the thread until it moves on; False where it does not.

        Once may be too little where one `try` stands in another, and the loop around both: then one lands elsewhere.
        """
        from lbcore.faults.clocks.virtual.runaway import interrupt

        for _ in range(_TRIES if self.thread.ident else 0):
            with self.door:
                if self.ended or not stands_still():
                    return True
                interrupt(cast(int, self.thread.ident), _SentOver if kind is Over else _SentLate)
            self.over.wait(_AGAIN_S)
        return self.ended or not stands_still()

    def frame(self) -> FrameType | None:
        """Where the thread is now."""
        return sys._current_frames().get(cast(int, self.thread.ident))


def within(work: Callable[[], Any], progress: Callable[[], Any], printed: Printed, what: str) -> Any:
    """What `work()` returns or raises; TooLate where a call of the student's code takes 2 s, or all of it 10 s.

    progress: a value that each call changes, None while no student's code runs. `what` begins the text of Stopped.
    A call that is too late is met by Late, where it is; if `work` catches that, it goes on.
    """
    runner = _Runner(work)
    printed.thread = runner.thread
    try:
        with printed.muted():
            try:
                runner.thread.start()
            except RuntimeError:  # no threads here
                printed.thread = threading.current_thread()
                return work()
            _watch(runner, progress)
            runner.thread.join()
            if runner.error is not None:
                raise runner.error
    except Late as late:
        raise TooLate(isinstance(late, Over), late.__traceback__) from None
    except KeyboardInterrupt:
        with suppress(KeyboardInterrupt):  # pressed again
            if runner.end(Over, lambda: True):
                runner.thread.join()
        raise Stopped(f"{what} was stopped before its end.") from None
    return runner.result


def _watch(runner: _Runner, progress: Callable[[], Any]) -> None:
    looks = still = 0
    seen: Any = None
    while not runner.over.wait(_LOOK_S):
        last, seen = seen, progress()
        looks += 1
        still = still + 1 if seen is not None and seen == last else 0
        if looks * _LOOK_S >= ALL_S:
            # While our own code runs, there is nothing to wait for, and no progress to see.
            if not runner.end(Over, lambda: True):
                raise TooLate(True, runner.frame(), stays=True)
        elif still * _LOOK_S >= CALL_S:
            at, still = seen, 0
            if not runner.end(Late, lambda at=at: progress() == at):  # type: ignore[misc]
                raise TooLate(False, runner.frame(), stays=True)


def functions(cls: type) -> Iterator[Any]:
    """The functions that a class and its own bases define."""
    for base in cls.__mro__:
        for value in vars(base).values():
            function = inspect.unwrap(value) if callable(value) else getattr(value, "__func__", None)
            if inspect.isfunction(function):
                yield function


def line_of(cls: type, at: TracebackType | FrameType | None) -> tuple[int, str] | None:
    """The student's own line, number and text, that is nearest to where the code was."""
    files = {function.__code__.co_filename for function in functions(cls)}
    for code_file, number in _frames(at):
        if code_file in files:
            return number, linecache.getline(code_file, number).strip()
    return None


def _frames(at: TracebackType | FrameType | None) -> list[tuple[str, int]]:
    """File and line of each frame, the innermost first."""
    found = []
    if isinstance(at, FrameType):
        while at is not None:
            found.append(_place(at, at.f_lasti))
            at = at.f_back
        return found
    while at is not None:
        found.append(_place(at.tb_frame, at.tb_lasti))
        at = at.tb_next
    return found[::-1]


def _place(frame: FrameType, instruction: int) -> tuple[str, int]:
    """A jump that Python has added, where an exception may land too, has no line: then the one before it."""
    lines = [line for start, _, line in frame.f_code.co_lines() if start <= instruction and line is not None]
    return frame.f_code.co_filename, lines[-1] if lines else frame.f_code.co_firstlineno
