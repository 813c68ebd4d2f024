"""Wall time: the clock's interface on the standard library's threads, locks, events and queues.

The only thing added is an end: every wait is made of short slices, between which a thread hears that the run is over.
A deadlock is not noticed here (a `VirtualClock` names it), but Ctrl-C ends it.
"""

import math
import threading
import time
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from time import monotonic
from typing import Any, TypeVar, cast

from lbcore.faults import _checks
from lbcore.faults.clock import Clock, duration, function_of, thread_name
from lbcore.faults.errors import Unwound
from lbcore.faults.real_parts import RealEvent, RealLock, RealQueue, RealThread, RealTimer

__all__ = ["RealClock"]

T = TypeVar("T")

#: How long a thread that waits for another one may take to hear that the run is over.
SLICE_S = 0.05
#: A sleeper hears that at once. Where the system lets no signal interrupt a wait, Ctrl-C is heard between two of these.
SLEEP_SLICE_S = 0.25


class RealClock(Clock):
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
        self._start_s = monotonic()
        self._names = count(1)
        self._local = threading.local()
        self._guard = threading.Condition()
        self._stopping = threading.Event()
        self._running = False
        self._threads: list[RealThread] = []
        self._failures: list[BaseException] = []
        self._timers: list[tuple[float, int, RealTimer]] = []
        self._timer_thread: RealThread | None = None

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
        if not getattr(self._local, "inside", False):
            time.sleep(seconds)
            return
        end_s = monotonic() + seconds
        while (left_s := end_s - monotonic()) > 0.0:
            if self._stopping.wait(min(left_s, SLEEP_SLICE_S)):
                self.hear()

    def checkpoint(self) -> None:
        """Let another thread run, if the system wants to."""
        self.may_wait("checkpoint")
        self.hear()
        time.sleep(0)

    def spawn(self, function: Callable[..., object], /, *args: Any, name: str | None = None) -> RealThread:
        """Start `function(*args)` on a thread of its own."""
        function_of("function", function)
        name = thread_name(function, name, next(self._names))
        self.hear()
        return self._start(function, args, name)

    def call_later(self, delay_s: float, function: Callable[..., object], /, *args: Any) -> RealTimer:
        """Call `function(*args)` after `delay_s`, on the one thread that makes all such calls."""
        delay_s = duration("delay_s", delay_s)
        function_of("function", function)
        timer = RealTimer(function, args)
        with self._guard:
            if self._stopping.is_set():
                return timer
            if self._timer_thread is None:
                self._timer_thread = self._start(self._call_timers, (), "callbacks")
            heappush(self._timers, (monotonic() + delay_s, next(self._names), timer))
            self._guard.notify_all()
        return timer

    def lock(self) -> RealLock:
        """A new lock."""
        return RealLock(self)

    def event(self) -> RealEvent:
        """A new event, not set."""
        return RealEvent(self)

    def queue(self, maxsize: int = 0) -> RealQueue:
        """A new queue."""
        return RealQueue(self, _checks.count("maxsize", maxsize, 0))

    def run(self, main: Callable[..., T], /, *args: Any) -> T:
        """The result of `main(*args)`, once every thread has ended or been unwound."""
        function_of("main", main)
        with self._guard:
            if self._running:
                raise RuntimeError("run: the clock is running already; inside it, call spawn")
            self._running = True
        result: T | None = None
        try:
            self._local.inside = True
            result = main(*args)
        except Unwound:
            pass
        except BaseException as error:
            self.fail("", error)
        finally:
            self._local.inside = False
            self._finish()
            failures, self._failures, self._running = self._failures, [], False
            self._stopping.clear()
        self._surface(failures)
        return cast(T, result)

    def _start(self, function: Callable[..., object], args: tuple[Any, ...], name: str) -> RealThread:
        with self._guard:
            if self._running and not self._stopping.is_set():
                if len(self._threads) > 64:
                    self._threads = [thread for thread in self._threads if thread.is_alive()]
                thread = RealThread(self, function, args, name)
                thread.real.start()
                self._threads.append(thread)
                return thread
        # The run may have ended since the caller last heard of it.
        self.hear()
        raise RuntimeError("spawn: called outside run; a clock's threads belong inside clock.run(main)")

    def perform(self, thread: RealThread, function: Callable[[], object]) -> None:
        """What a thread does from its start to its end."""
        self._local.inside, self._local.thread = True, thread
        try:
            function()
        except Unwound:
            pass
        except BaseException as error:
            self.fail(thread.name, error)

    def hear(self) -> None:
        """Raise `Unwound` in a thread of a run that is over; to one that has swallowed it too often, never return."""
        if not self._stopping.is_set() or not getattr(self._local, "inside", False):
            return
        thread: RealThread | None = getattr(self._local, "thread", None)
        if thread is not None:
            thread.swallowed += 1
            if thread.swallowed > Unwound.BOUND:
                thread.lost = True
                threading.Event().wait()
        raise Unwound("the clock's run is over")

    def may_wait(self, what: str) -> None:
        """A RuntimeError inside a timed callback."""
        if getattr(self._local, "callback", False):
            raise RuntimeError(f"a timed callback cannot wait for {what}: spawn a thread that does")

    def try_for(self, attempt: Callable[[float], bool], timeout_s: float | None, what: str) -> bool:
        """Call `attempt(seconds)`, which waits for no longer than that, until it succeeds; False after `timeout_s`."""
        self.hear()
        if attempt(0.0):
            return True
        end_s = math.inf if timeout_s is None else monotonic() + timeout_s
        if timeout_s != 0.0:
            self.may_wait(what)
        while (left_s := end_s - monotonic()) > 0.0:
            done = attempt(min(left_s, SLICE_S))
            # Also where it is done: perhaps only because the run is over, and the other thread was unwound first.
            self.hear()
            if done:
                return True
        return False

    def fail(self, name: str, error: BaseException) -> None:
        """Keep an exception for `run`, which ends."""
        if name:
            error.add_note(f"(in {name!r} of the clock)")
        self._failures.append(error)
        self._stopping.set()

    def _call_timers(self) -> None:
        self._local.callback = True
        while not self._stopping.is_set():
            with self._guard:
                left_s = self._timers[0][0] - monotonic() if self._timers else SLICE_S
                if left_s > 0.0:
                    self._guard.wait(min(left_s, SLICE_S))
                    continue
                timer = heappop(self._timers)[2]
            if timer.cancel():
                try:
                    timer.function(*timer.args)
                except BaseException as error:
                    self.fail(timer.name, error)

    def _finish(self) -> None:
        """End every thread. Ctrl-C on the way is kept; a second one leaves behind who makes no clock call."""
        interrupted = False
        while True:
            try:
                self._stopping.set()
                while alive := [thread for thread in self._threads if thread.is_alive() and not thread.lost]:
                    alive[0].real.join(SLICE_S)
                break
            except BaseException as error:
                if interrupted:
                    for thread in self._threads:
                        thread.lost = thread.is_alive()
                else:
                    self._failures.insert(0, error)
                interrupted = True
        for thread in self._threads:
            if thread.lost:
                how = (
                    f"swallowed Unwound {Unwound.BOUND} times (is there a bare except?)"
                    if thread.swallowed > Unwound.BOUND
                    else "makes no clock call"
                )
                self._failures.append(RuntimeError(f"thread {thread.name!r} {how}: it is left behind"))
        self._threads, self._timers, self._timer_thread = [], [], None

    def _surface(self, failures: list[BaseException]) -> None:
        """Raise what ended the run early, with notes of what else was raised."""
        if failures:
            for other in failures[1:]:
                failures[0].add_note(f"(then also {type(other).__name__}: {other})")
            try:
                raise failures[0]
            finally:
                failures.clear()
