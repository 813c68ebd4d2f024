"""Simulated time: real threads that run one at a time, so that one seed is one trace and nobody really waits.

A thread that has to wait notes when it is due on a heap, takes the earliest entry off it, sets the time to that, and
hands the baton over (see `baton`). Entries that are due at the same time come in an order drawn from the seed, so that
seeds explore the interleavings at the clock's calls.

A thread can be switched at: sleep, join, acquire, wait, put, get, a future's result and exception. Every
other call (now, set, clear, release, spawn, submit, call_later, ...) leaves the baton where it is. A loop that makes
none of the former never lets time go on. What draws its order from elsewhere (sets of strings, `id`, the real clock)
is not fixed by the seed.

The caller of `run` only waits, in short slices, so that Ctrl-C arrives there and never in the middle of a switch. To
unwind, it gives the baton to each thread in turn, the newest first, and waits until that one has ended.
"""

import math
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Any, TypeVar, cast

from lbcore.faults._checks import Seed, duration, function_of, seed_bits, thread_name
from lbcore.faults.clocks.errors import Unwound
from lbcore.faults.clocks.executor import PoolClock
from lbcore.faults.clocks.lives import begins, leave, lives
from lbcore.faults.clocks.virtual.baton import Baton, Trace, VirtualThread, VirtualTimer
from lbcore.faults.clocks.virtual.parts import VirtualEvent, VirtualLock, VirtualQueue
from lbcore.faults.clocks.virtual.runaway import interrupt

__all__ = ["VirtualClock"]

T = TypeVar("T")

#: How often the caller of `run` looks up.
SLICE_S = 0.05
#: After Ctrl-C, how long a thread may compute on before it is interrupted where it is, and before it is given up.
GRACE_S, GIVE_UP_S = 0.5, 5.0


class VirtualClock(Baton, PoolClock):
    """A clock whose time jumps from one event to the next. Ten simulated minutes take a moment.

    seed: an integer, a numpy Generator, or None for fresh entropy; `seed` is then what to give for the same run again.
    trace: called as `trace(time, thread, what)` whenever a thread goes on and whenever a timed callback runs.

    >>> clock = VirtualClock(seed=1)
    >>> def main():
    ...     clock.sleep(600.0)
    ...     return clock.now()
    >>> clock.run(main)
    600.0
    """

    def __init__(self, seed: Seed = None, *, trace: Trace | None = None):
        self.seed = seed_bits(seed)
        if trace is not None:
            function_of("trace", trace)
        self._names = count(1)
        self._door = allocate_lock()
        self._run: object = None
        self._unwinding = self._done = False
        self._interruption: BaseException | None = None
        self._interrupted_at_s = self._chased_at_s = math.inf
        super().__init__(self.seed, trace)

    def __repr__(self) -> str:
        return f"VirtualClock(seed={self.seed}, now={self._now:g})"

    def now(self) -> float:
        """Seconds since the clock was made; may be read from anywhere."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let `seconds` go by."""
        seconds = duration("seconds", seconds)
        self.park(self.waiter(self.enter("sleep"), "sleep"), self._now + seconds, "sleep")

    def hear(self) -> None:
        """Raise `Unwound` in a thread that is being unwound. No switch, and no error anywhere else."""
        me = self._current
        if me is not None and me.unwinding and me.ident == get_ident():
            me.unwind()

    def spawn(self, function: Callable[..., object], /, *args: Any, name: str | None = None) -> VirtualThread:
        """Start `function(*args)` on a thread of its own; it runs when this one waits."""
        function_of("function", function)
        name = thread_name(function, name, next(self._names))
        me = self.enter("spawn")
        if me is not None and me.unwinding:
            me.unwind()
        thread = self._thread(function, args, name)
        self._start(thread)
        thread.ticket = next(self._numbers)
        self._push(self._now, thread)
        return thread

    def call_later(self, delay_s: float, function: Callable[..., object], /, *args: Any) -> VirtualTimer:
        """Call `function(*args)` after `delay_s`, on whatever thread is about to wait then."""
        delay_s = duration("delay_s", delay_s)
        function_of("function", function)
        self.enter("call_later")
        timer = VirtualTimer(self, function, args, next(self._numbers))
        self._push(self._now + delay_s, timer)
        return timer

    def lock(self) -> VirtualLock:
        """A new lock. Whoever has waited longest gets it next."""
        return VirtualLock(self)

    def event(self) -> VirtualEvent:
        """A new event, not set."""
        return VirtualEvent(self)

    def queue(self) -> VirtualQueue:
        """A new queue, empty. Whoever has waited longest is served next."""
        return VirtualQueue(self)

    def run(self, main: Callable[..., T], /, *args: Any) -> T:
        """The result of `main(*args)`, run as the thread "main", once every thread has ended or been unwound."""
        function_of("main", main)
        run = object()
        try:
            with self._door:
                if self._run is not None:
                    raise RuntimeError("run: the clock is running already; inside it, call spawn")
                self._run = run
            self.began_s = self._now
            self._stop = self._over = self._unwinding = self._done = False
            self._caller_baton = allocate_lock()
            self._caller_baton.acquire()
            self._interrupted_at_s = self._chased_at_s = math.inf
            first = self._main = self._thread(main, args, "main")
            try:
                self._drive_on(first)
            finally:  # Ctrl-C can come between two rounds, where nothing catches it
                self._drive_on(first)
            self._surface()
            return cast(T, first.result)
        finally:
            if self._run is run:
                # No call from here on: Ctrl-C comes only with one, and would leave the clock running.
                self._current = self._interruption = None
                self._heap, self._threads, self._failures, self._stale = [], {}, [], 0
                self._run = None

    def _drive_on(self, first: VirtualThread) -> None:
        """`_drive` to its end, whatever interrupts it: every step can be taken again."""
        while not self._done:
            try:
                self._drive(first)
                self._done = True
            except BaseException as error:  # Ctrl-C, or what another signal raises
                self._stop = True
                self._interruption = self._interruption or error
                self._interrupted_at_s = self._chased_at_s = monotonic()

    def _drive(self, first: VirtualThread) -> None:
        """From the start of a run to the end of its last thread."""
        if self._current is None and not self._stop:
            self._current = first
            first.baton.release()
            self._start(first)
        if self._stop and not first.asked:
            self._over = True  # interrupted before it began
        while not self._over:
            self._caller_baton.acquire(timeout=SLICE_S)
            self._chase(self._current)
        if not self._unwinding:
            self._unwinding = True
            self._interrupted_at_s = self._chased_at_s = math.inf
        for thread in reversed(list(self._threads)):
            self._current = thread
            thread.unwinding = True
            if thread.baton.locked():
                thread.baton.release()
            if thread.starting and not (thread.asked and begins(thread.begun)):
                continue
            while not thread.lost and lives(thread.real, thread.ended, SLICE_S):
                self._chase(thread)
        leave([*self._ending, *(thread.real for thread in self._threads if thread.begun() and not thread.lost)])
        self._ending.clear()

    def _chase(self, thread: VirtualThread | None) -> None:
        """After Ctrl-C, interrupt a thread that makes no clock call, and in the end leave it."""
        now_s = monotonic()
        if now_s - self._chased_at_s < GRACE_S:
            return
        if thread is None or (thread is self._current and not lives(thread.real, thread.ended)):
            self._over = True  # interrupted before it began, or on its very last line
        elif now_s - self._interrupted_at_s > GIVE_UP_S:
            thread.lost = self._over = True
        else:
            self._chased_at_s = now_s
            interrupt(thread.ident, Unwound)

    def _surface(self) -> None:
        """Raise what ended the run early, with notes of what else was raised."""
        for thread in self._threads:
            if thread.lost:
                how = (
                    f"swallowed Unwound {Unwound.BOUND} times (is there a bare except?)"
                    if thread.swallowed > Unwound.BOUND
                    else "makes no clock call and could not be interrupted"
                )
                self._failures.append(("", self._now, RuntimeError(f"thread {thread.name!r} {how}: it is left behind")))
        errors = [error for _, _, error in self._failures]
        for name, at_s, error in self._failures:
            if name and name != "main":
                error.add_note(f"(in {name!r} of the clock, at {at_s:g} s)")
        if self._interruption is not None:
            errors.insert(0, self._interruption)
        if errors:
            for other in errors[1:]:
                errors[0].add_note(f"(then also {type(other).__name__}: {other})")
            try:
                raise errors[0]
            finally:
                errors.clear()
