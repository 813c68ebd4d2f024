"""What the threads of a virtual clock are and share: thread, timer, lock, event and queue.

Only the thread with the baton runs, so nothing here needs guarding. Whoever waits stands in a dict, which keeps the
order of arrival; a lock and an item are handed to the first of them, so that nobody can overtake.
"""

import queue
import threading
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lbcore.faults.clock import limit, patience
from lbcore.faults.errors import Unwound

if TYPE_CHECKING:
    from lbcore.faults.baton import Baton

__all__ = ["VirtualEvent", "VirtualLock", "VirtualQueue", "VirtualThread", "VirtualTimer"]

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
        self.swallowed = 0
        self.joiners: Waiters = {}
        #: Handed over by the thread that wakes this one, or waiting to be put.
        self.item: Any = None
        self.result: Any = None

    def __hash__(self) -> int:
        """Its number: a set of threads then has the same order in every run."""
        return self._number

    def __repr__(self) -> str:
        return f"<{self.name}, {'ended' if self.ended else 'alive'}>"

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


class VirtualLock:
    """One thread at a time, in order of arrival; not reentrant."""

    def __init__(self, clock: "Baton"):
        self._clock = clock
        self._holder: VirtualThread | str | None = None
        self._waiters: Waiters = {}

    def __str__(self) -> str:
        holder = self._holder.name if isinstance(self._holder, VirtualThread) else self._holder
        return f"a lock held by {holder!r}" if holder else "a free lock"

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._holder is not None

    def acquire(self, blocking: bool = True, timeout_s: float | None = None) -> bool:
        """Take it, waiting where another has it. False where that may not be, or took too long."""
        left_s = patience(blocking, timeout_s)
        me = self._clock.switch("acquire")
        if self._holder is None:
            self._holder = me or "a timed callback"
            return True
        if left_s == 0.0:
            return False
        waiter = self._clock.waiter(me, self)
        try:
            return self._clock.park_among(waiter, self._waiters, left_s, "acquire", self)
        except Unwound:
            # It may have been handed over just before the end.
            if self._holder is waiter:
                self.release()
            raise

    def release(self) -> None:
        """Give it to whoever has waited longest. RuntimeError where nobody has it."""
        self._clock.enter("release")
        if self._holder is None:
            raise RuntimeError("release: nobody holds the lock")
        self._holder = self._clock.wake_first(self._waiters)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class VirtualEvent:
    """A flag to wait for."""

    def __init__(self, clock: "Baton"):
        self._clock = clock
        self._up = False
        self._waiters: Waiters = {}

    def is_set(self) -> bool:
        """Whether the flag is up."""
        return self._up

    def set(self) -> None:
        """Raise the flag, and make whoever waits for it ready to run."""
        self._clock.enter("set")
        self._up = True
        while self._clock.wake_first(self._waiters):
            pass

    def clear(self) -> None:
        """Lower the flag."""
        self._clock.enter("clear")
        self._up = False

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the flag. False where `timeout_s` passed first."""
        timeout_s = limit("timeout_s", timeout_s)
        me = self._clock.switch("wait")
        if self._up:
            return True
        return self._clock.park_among(self._clock.waiter(me, "an event"), self._waiters, timeout_s, "wait", "an event")


class VirtualQueue:
    """First in, first out, for the items and for the threads that wait."""

    def __init__(self, clock: "Baton", maxsize: int):
        self._clock = clock
        self.maxsize = maxsize
        self._items: deque[Any] = deque()
        self._getters: Waiters = {}
        self._putters: Waiters = {}

    def qsize(self) -> int:
        """How many items are in it."""
        return len(self._items)

    def empty(self) -> bool:
        """Whether there is none."""
        return not self._items

    def full(self) -> bool:
        """Whether there is no free place."""
        return 0 < self.maxsize <= len(self._items)

    def put(self, item: Any, block: bool = True, timeout_s: float | None = None) -> None:
        """Add an item, waiting for a free place. `queue.Full` where that may not be, or took too long."""
        left_s = patience(block, timeout_s)
        me = self._clock.switch("put")
        if getter := self._clock.wake_first(self._getters):
            getter.item = item
        elif not self.full():
            self._items.append(item)
        elif left_s == 0.0:
            raise queue.Full
        else:
            waiter = self._clock.waiter(me, what := "a place in a full queue")
            waiter.item = item
            if not self._clock.park_among(waiter, self._putters, left_s, "put", what):
                waiter.item = None
                raise queue.Full

    def get(self, block: bool = True, timeout_s: float | None = None) -> Any:
        """Take the oldest item, waiting for one. `queue.Empty` where that may not be, or took too long."""
        left_s = patience(block, timeout_s)
        me = self._clock.switch("get")
        if self._items:
            item = self._items.popleft()
            if putter := self._clock.wake_first(self._putters):
                self._items.append(putter.item)
                putter.item = None
            return item
        if left_s == 0.0:
            raise queue.Empty
        waiter = self._clock.waiter(me, what := "an item in an empty queue")
        if not self._clock.park_among(waiter, self._getters, left_s, "get", what):
            raise queue.Empty
        item, waiter.item = waiter.item, None
        return item

    def put_nowait(self, item: Any) -> None:
        """`put` without waiting."""
        self.put(item, False)

    def get_nowait(self) -> Any:
        """`get` without waiting."""
        return self.get(False)
