"""The threads of a real clock: the standard library's, with an end.

Every wait is made of short slices, between which a thread hears that its run is over. Each run has a stop flag and a
list of its own, so that whoever is left behind by one can neither take part in the next nor end it.
"""

import contextvars
import math
import threading
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from time import monotonic
from typing import Any

from lbcore.faults._checks import limit
from lbcore.faults.clocks.errors import Unwound
from lbcore.faults.clocks.lives import Flag, begins, leave, lives, never, start

__all__ = ["RealRun", "RealThread", "RealThreads", "RealTimer"]

#: How long a thread that waits for another one may take to hear that the run is over.
SLICE_S = 0.05
#: After a second Ctrl-C, how long the end waits for threads that may hear of it yet.
GRACE_S = 0.5


class RealTimer:
    """A callback that `call_later` has timed."""

    def __init__(self, function: Callable[..., object], args: tuple[Any, ...]):
        self.function, self.args = function, args
        self.name = getattr(function, "__name__", "callback")
        self._taken = threading.Lock()

    def cancel(self) -> bool:
        """Forget it. False where it has been called, or cancelled, already."""
        return self._taken.acquire(False)


class RealThreads:
    """What a thread asks on its way: whether its run is over, and whether it may wait. `RealClock` is one."""

    def __init__(self) -> None:
        #: Of the calling thread: its `run`, its `thread` where it was spawned, and whether it is the `callback` thread.
        self._local = threading.local()

    def hear(self) -> None:
        """Raise `Unwound` in a thread of a run that is over; to one that has swallowed it too often, never return."""
        run: RealRun | None = getattr(self._local, "run", None)
        if run is None or not run.stopping.is_set():
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

    def perform(self, thread: "RealThread", function: Callable[[], object]) -> None:
        """What a thread does from its start to its end."""
        self._local.run, self._local.thread = thread.run, thread
        thread.began = True
        try:
            self.hear()  # one that begins late finds its run over
            function()
        except Unwound:
            pass
        except BaseException as error:
            thread.run.fail(thread.name, error)
        finally:
            thread.ended = True

    def call_timers(self, run: "RealRun") -> None:
        """What the one thread does that makes all timed calls of a run."""
        self._local.callback = True
        while (timer := run.next_timer()) is not None:
            if timer.cancel():
                try:
                    timer.function(*timer.args)
                except BaseException as error:
                    run.fail(timer.name, error)


class RealThread:
    """A thread of a real clock, as `spawn` returns it."""

    def __init__(
        self, clock: RealThreads, run: "RealRun", function: Callable[..., object], args: tuple[Any, ...], name: str
    ):
        self.name, self.run, self._clock = name, run, clock
        self.swallowed, self.lost, self.asked, self.began, self.ended = 0, False, False, False, False
        call = partial(contextvars.copy_context().run, function, *args)
        self.real = threading.Thread(target=clock.perform, args=(self, call), name=name, daemon=True)

    def __repr__(self) -> str:
        return f"<{self.name}, {'alive' if self.is_alive() else 'ended'}>"

    def begun(self) -> bool:
        """Whether it has begun to run."""
        return self.began

    def is_alive(self) -> bool:
        """Whether it has still to end."""
        return lives(self.real, self.ended)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it has ended. False where `timeout` seconds passed first."""
        if self.real is threading.current_thread():
            raise RuntimeError("join: a thread cannot wait for its own end")

        def attempt(seconds: float) -> bool:
            return not lives(self.real, self.ended, seconds)

        return self._clock.try_for(attempt, limit("timeout", timeout), f"{self.name!r} to end")


class RealRun:
    """One run of a real clock, from its start to the end of its last thread."""

    def __init__(self) -> None:
        #: Set once, when the run is to end: whoever belongs to it hears that.
        self.stopping = Flag()
        # A plain lock: Ctrl-C cannot come between taking it and the block that gives it back.
        self._guard = threading.Lock()
        self._due = threading.Condition(self._guard)
        self._threads: list[RealThread] = []
        self._failures: list[BaseException] = []
        self._timers: list[tuple[float, int, RealTimer]] = []
        self._has_timers = self._ended = False

    def start(self, thread: RealThread) -> bool:
        """Start a thread; False, and no thread, where the run is over."""
        with self._guard:
            return self._start(thread)

    def _start(self, thread: RealThread) -> bool:
        if self.stopping.is_set():
            return False
        if len(self._threads) > 64:
            self._threads = [one for one in self._threads if one.is_alive() or not one.began]
        # On the list first: whatever interrupts the start, `end` looks after the thread.
        self._threads.append(thread)
        try:
            start(thread)
        except RuntimeError:  # the system has no room for it
            if never(thread.real):
                self._threads.remove(thread)
            raise
        return True

    def call_later(self, at_s: float, number: int, timer: RealTimer, caller: Callable[[], RealThread]) -> None:
        """Have a callback called at `at_s` of the monotonic time, on a thread that `caller` makes for the first."""
        with self._guard:
            if not self._has_timers:
                self._has_timers = self._start(caller())
            heappush(self._timers, (at_s, number, timer))
            self._due.notify_all()

    def next_timer(self) -> RealTimer | None:
        """Wait for the next callback that is due; None where the run is over."""
        with self._guard:
            while not self.stopping.is_set():
                left_s = self._timers[0][0] - monotonic() if self._timers else SLICE_S
                if left_s <= 0.0:
                    return heappop(self._timers)[2]
                self._due.wait(min(left_s, SLICE_S))
        return None

    def fail(self, name: str, error: BaseException) -> None:
        """Keep an exception, and end."""
        if name:
            error.add_note(f"(in {name!r} of the clock)")
        self._failures.append(error)
        self.stopping.set()

    def end(self) -> None:
        """End every thread. Ctrl-C on the way is kept; a second one leaves behind who makes no clock call."""
        given_up_s = math.inf
        interrupted = False
        while not self._ended:
            try:
                self.stopping.set()
                with self._guard:
                    threads = list(self._threads)
                for thread in (one for one in threads if one.asked):
                    while begins(thread.begun) and not thread.lost and lives(thread.real, thread.ended, SLICE_S):
                        if monotonic() > given_up_s:
                            thread.lost = True
                leave(thread.real for thread in threads if thread.began and not thread.lost)
                self._ended = True
            except BaseException as error:
                if not interrupted:
                    self._failures.insert(0, error)
                elif given_up_s == math.inf:
                    given_up_s = monotonic() + GRACE_S
                interrupted = True

    def surface(self) -> None:
        """Raise what ended the run early, with notes of what else was raised."""
        for thread in self._threads:
            if thread.lost:
                how = (
                    f"swallowed Unwound {Unwound.BOUND} times (is there a bare except?)"
                    if thread.swallowed > Unwound.BOUND
                    else "makes no clock call"
                )
                self._failures.append(RuntimeError(f"thread {thread.name!r} {how}: it is left behind"))
        if self._failures:
            for other in self._failures[1:]:
                self._failures[0].add_note(f"(then also {type(other).__name__}: {other})")
            try:
                raise self._failures[0]
            finally:
                self._failures.clear()
