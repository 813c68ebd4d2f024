"""Real threads, one at a time: whoever holds the baton runs, and hands it to the thread that is due next.

Every thread waits on a raw lock of its own, which makes a switch as cheap as the system allows. What is due when stands
on one heap, threads and timed callbacks alike. `VirtualClock` is this with a clock's interface and `run`.
"""

import contextvars
import random
import threading
from _thread import allocate_lock, get_ident
from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any

from lbcore.faults._checks import limit
from lbcore.faults.clocks.errors import DeadlockError, Unwound
from lbcore.faults.clocks.lives import never, start

__all__ = ["Baton", "Trace", "VirtualThread", "VirtualTimer", "Waiters"]

Trace = Callable[[float, str, str], object]

#: This many void entries are let lie on the heap.
STALE = 512

Waiters = dict["VirtualThread", None]


class VirtualThread:
    """A thread of a virtual clock, as `spawn` returns it."""

    def __init__(self, clock: "Baton", name: str, number: int):
        self.name = name
        self._clock, self._number = clock, number
        self.real: threading.Thread
        self.ident = 0
        self.baton = allocate_lock()
        self.baton.acquire()
        #: Void unless a heap entry carries the same number.
        self.ticket = 0
        self.doing = "start"
        self.waits_for: object = None
        self.woken = self.timed = self.ended = self.unwinding = self.lost = False
        #: Its real thread is being started, or an exception came out of that: perhaps it runs, perhaps not.
        self.asked = self.starting = False
        self.swallowed = 0
        self.joiners: Waiters = {}
        #: Handed over by the thread that wakes this one.
        self.item: Any = None
        self.result: Any = None

    def __hash__(self) -> int:
        """Its number: a set of threads then has the same order in every run."""
        return self._number

    def __repr__(self) -> str:
        return f"<{self.name}, {'ended' if self.ended else 'alive'}>"

    def begun(self) -> bool:
        """Whether its real thread has begun."""
        return self.ident != 0

    def is_alive(self) -> bool:
        """Whether it has still to end."""
        return not self.ended

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it has ended. False where `timeout` seconds of the clock passed first."""
        timeout = limit("timeout", timeout)
        me = self._clock.switch("join")
        if self.ended:
            return True
        if me is self:
            raise RuntimeError("join: a thread cannot wait for its own end")
        what = f"{self.name!r} to end"
        return self._clock.park_among(self._clock.waiter(me, what), self.joiners, timeout, "join", what)

    def unwind(self) -> None:
        """Raise `Unwound`; to a thread that has swallowed it too often, never return."""
        self.swallowed += 1
        if self.swallowed > Unwound.BOUND:
            self.lost = True
            never = allocate_lock()
            never.acquire()
            never.acquire()
        raise Unwound("the clock's run is over")


class VirtualTimer:
    """A callback that `call_later` has timed."""

    def __init__(self, clock: "Baton", function: Callable[..., object], args: tuple[Any, ...], ticket: int):
        self._clock, self.function, self.args, self.ticket = clock, function, args, ticket
        self.name, self.doing = getattr(function, "__name__", "callback"), "callback"

    def __repr__(self) -> str:
        return f"<{self.name}, {'due' if self.ticket else 'called or cancelled'}>"

    def cancel(self) -> bool:
        """Forget it. False where it has been called, or cancelled, already."""
        if not self.ticket:
            return False
        self._clock.enter("cancel")
        self.ticket = 0
        self._clock.forget()
        return True


class Baton:
    """The heap, the threads, and who runs. All of it may be called only by the thread with the baton."""

    def __init__(self, seed: int, trace: Trace | None):
        self._trace = trace
        self._random = random.Random(seed).random
        self._now = 0.0
        #: When, drawn from the seed, a number that makes entries unequal, who, and the ticket it must still have then.
        self._heap: list[tuple[float, float, int, VirtualThread | VirtualTimer, int]] = []
        self._numbers = count(1)
        self._stale = 0
        #: Those that have still to end, in the order in which they were spawned.
        self._threads: dict[VirtualThread, None] = {}
        self._ending: deque[threading.Thread] = deque()
        #: Whose, when, what.
        self._failures: list[tuple[str, float, BaseException]] = []
        self._current: VirtualThread | None = None
        self._main: VirtualThread | None = None
        self._callback: VirtualTimer | None = None
        self._caller_baton = allocate_lock()
        #: The run is to end; the caller of `run` has the baton.
        self._stop = self._over = False

    def enter(self, what: str) -> VirtualThread | None:
        """The thread that calls, or None inside a timed callback. RuntimeError where it is none of this clock's."""
        me = self._current
        if me is None or me.ident != get_ident():
            where = "outside run" if me is None else "on a thread that the clock has not spawned"
            raise RuntimeError(f"{what}: called {where}; a virtual clock's calls belong inside clock.run(main)")
        return None if self._callback is not None else me

    def switch(self, what: str) -> VirtualThread | None:
        """`enter`, and a point at which another thread may go first."""
        me = self.enter(what)
        if me is not None:
            if me.unwinding:
                me.unwind()
            heap = self._heap
            if self._stop or (heap and heap[0][0] <= self._now):
                self.park(me, self._now, what)
        return me

    def waiter(self, me: VirtualThread | None, what: object) -> VirtualThread:
        """`me`, or a RuntimeError where a timed callback is about to wait."""
        if me is None:
            raise RuntimeError(f"timed callback {self._callback} cannot wait for {what}: spawn a thread that does")
        return me

    def park(self, me: VirtualThread, at_s: float | None, what: str, waits_for: object = None) -> None:
        """Hand the baton on, until `me` is woken or the time is `at_s`."""
        if me.unwinding:
            me.unwind()
        me.doing, me.waits_for, me.woken = what, waits_for, False
        me.ticket = next(self._numbers)
        if at_s is not None:
            self._push(at_s, me)
        me.timed = at_s is not None
        chosen = self._choose()
        if chosen is not me:
            self._hand_to(chosen)
            me.baton.acquire()
        me.ticket = 0
        if me.unwinding:
            me.unwind()

    def park_among(
        self,
        me: VirtualThread,
        waiters: dict[VirtualThread, None],
        timeout_s: float | None,
        what: str,
        waits_for: object,
    ) -> bool:
        """`park` as one of `waiters`. False where `timeout_s` passed before somebody woke it."""
        waiters[me] = None
        try:
            self.park(me, None if timeout_s is None else self._now + timeout_s, what, waits_for)
        finally:
            waiters.pop(me, None)
        return me.woken

    def wake_first(self, waiters: dict[VirtualThread, None]) -> VirtualThread | None:
        """Make whoever has waited longest ready to run; None where nobody waits."""
        for thread in waiters:
            del waiters[thread]
            thread.woken = True
            self._push(self._now, thread)
            if thread.timed:
                self.forget()
            return thread
        return None

    def forget(self) -> None:
        """An entry of the heap has become void. Once most are, they are thrown out."""
        self._stale += 1
        if self._stale > STALE and self._stale * 2 > len(self._heap):
            self._heap[:] = [entry for entry in self._heap if entry[3].ticket == entry[4]]
            heapify(self._heap)
            self._stale = 0

    def _push(self, at_s: float, target: VirtualThread | VirtualTimer) -> None:
        heappush(self._heap, (at_s, self._random(), next(self._numbers), target, target.ticket))

    def _choose(self) -> VirtualThread | None:
        """Run the callbacks that are due first, then give the thread that is; None where the run has to end."""
        heap, trace = self._heap, self._trace
        while heap and not self._stop and not self._failures:
            at_s, _, _, target, ticket = heappop(heap)
            if target.ticket != ticket:
                continue
            self._now = at_s
            try:
                if trace is not None:
                    trace(at_s, target.name, target.doing)
                if isinstance(target, VirtualThread):
                    return target
                target.ticket = 0
                self._callback = target
                target.function(*target.args)
            except Unwound:
                self._stop = True
            except BaseException as error:
                self._failures.append((target.name, at_s, error))
            finally:
                self._callback = None
        if not self._stop and not self._failures:
            waiting = [(thread.name, str(thread.waits_for or thread.doing)) for thread in self._threads]
            self._failures.append(("", self._now, DeadlockError(self._now, waiting)))
        return None

    def _hand_to(self, thread: VirtualThread | None) -> None:
        """Give the baton away: to the caller of `run` for None."""
        if thread is not None:
            self._current = thread
            thread.baton.release()
            return
        self._over = True
        if self._caller_baton.locked():
            self._caller_baton.release()

    def _thread(self, function: Callable[..., object], args: tuple[Any, ...], name: str) -> VirtualThread:
        thread = VirtualThread(self, name, next(self._numbers))
        context = contextvars.copy_context()
        thread.real = threading.Thread(
            target=self._body, args=(thread, context, function, args), name=name, daemon=True
        )
        self._threads[thread] = None
        return thread

    def _start(self, thread: VirtualThread) -> None:
        """Start its real thread. It is on the list already, so that it is unwound whatever interrupts this."""
        thread.starting = True
        try:
            start(thread)
        except RuntimeError:  # the system has no room for it
            if never(thread.real):
                del self._threads[thread]
            raise
        thread.starting = False

    def _body(
        self, me: VirtualThread, context: contextvars.Context, function: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        """What a real thread does from its start to its end."""
        me.ident = get_ident()
        me.baton.acquire()
        ends_run = me is self._main
        try:
            if not me.unwinding:
                me.ticket = 0
                me.result = context.run(function, *args)
        except Unwound:
            ends_run = True
        except BaseException as error:
            if not me.lost:
                self._failures.append((me.name, self._now, error))
        if me.lost:
            return
        me.ended = True
        while self.wake_first(me.joiners):
            pass
        if me.unwinding or self._threads.pop(me, me) is me:
            return  # its run is over
        # The last few to end may still be on their last lines; the ones before them are gone, or nearly.
        self._ending.append(me.real)
        if len(self._ending) > 16:
            self._ending.popleft().join()
        self._hand_to(None if ends_run else self._choose())
