"""Wall time: the clock's interface on the standard library's threads, locks, events and queues.

The only thing added is an end (see `threads`). A deadlock is not noticed here (a `VirtualClock` names it), but Ctrl-C
ends it.
"""

import threading
import time
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Any, TypeVar, cast

from lbcore.faults._checks import duration, function_of, thread_name
from lbcore.faults.clocks.errors import Unwound
from lbcore.faults.clocks.executor import PoolClock
from lbcore.faults.clocks.real.parts import RealEvent, RealLock, RealQueue
from lbcore.faults.clocks.real.threads import RealRun, RealThread, RealThreads, RealTimer

__all__ = ["RealClock"]

T = TypeVar("T")

#: A sleeper hears at once that the run is over. Where the system lets no signal interrupt a wait, Ctrl-C is heard
#: between two of these.
SLEEP_SLICE_S = 0.25


class RealClock(RealThreads, PoolClock):
    """A clock on wall time. `run` calls main on the caller's own thread; spawned threads truly run beside it.

    Outside `run`, and on threads of the caller's own, everything works but `spawn`, `call_later` and the executor.

    >>> clock = RealClock()
    >>> def main():
    ...     thread = clock.spawn(clock.sleep, 0.01)
    ...     return thread.join()
    >>> clock.run(main)
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self._start_s = monotonic()
        self._names = count(1)
        self._door = threading.Lock()
        self._run: RealRun | None = None

    def __repr__(self) -> str:
        return f"RealClock(now={self.now():.3f})"

    def now(self) -> float:
        """Seconds since the clock was made, by `time.monotonic`."""
        return monotonic() - self._start_s

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        seconds = duration("seconds", seconds)
        self.may_wait("sleep")
        self.hear()
        run: RealRun | None = getattr(self._local, "run", None)
        if run is None:
            time.sleep(seconds)
            return
        end_s = monotonic() + seconds
        while (left_s := end_s - monotonic()) > 0.0:
            if run.stopping.wait(min(left_s, SLEEP_SLICE_S)):
                self.hear()

    def _here(self, what: str) -> RealRun:
        """The run that a new thread belongs to: that of the calling thread, which may be over."""
        run: RealRun | None = getattr(self._local, "run", None) or self._run
        if run is None:
            raise RuntimeError(f"{what}: called outside run; a clock's threads belong inside clock.run(main)")
        return run

    def spawn(self, function: Callable[..., object], /, *args: Any, name: str | None = None) -> RealThread:
        """Start `function(*args)` on a thread of its own."""
        function_of("function", function)
        name = thread_name(function, name, next(self._names))
        self.hear()
        run = self._here("spawn")
        thread = RealThread(self, run, function, args, name)
        if not run.start(thread):
            # It has ended since the caller last heard of it.
            self.hear()
            raise RuntimeError("spawn: the clock's run is over")
        return thread

    def call_later(self, delay_s: float, function: Callable[..., object], /, *args: Any) -> RealTimer:
        """Call `function(*args)` after `delay_s`, on the one thread that makes all such calls."""
        delay_s = duration("delay_s", delay_s)
        function_of("function", function)
        timer, run = RealTimer(function, args), self._here("call_later")
        run.call_later(
            monotonic() + delay_s,
            next(self._names),
            timer,
            lambda: RealThread(self, run, self.call_timers, (run,), "callbacks"),
        )
        return timer

    def lock(self) -> RealLock:
        """A new lock."""
        return RealLock(self)

    def event(self) -> RealEvent:
        """A new event, not set."""
        return RealEvent(self)

    def queue(self) -> RealQueue:
        """A new queue, empty."""
        return RealQueue(self)

    def run(self, main: Callable[..., T], /, *args: Any) -> T:
        """The result of `main(*args)`, once every thread has ended or been unwound."""
        function_of("main", main)
        run = RealRun()
        result: T | None = None
        try:
            with self._door:
                if self._run is not None:
                    raise RuntimeError("run: the clock is running already; inside it, call spawn")
                self._run = run
            self._local.run = run
            try:
                result = main(*args)
            except Unwound:
                pass
            except BaseException as error:
                run.fail("", error)
        finally:
            if self._run is run:
                self._local.run = None
                try:
                    run.end()
                finally:
                    try:  # Ctrl-C can come before `end` is ready for it
                        run.end()
                    finally:
                        self._run = None
        run.surface()
        return cast(T, result)
