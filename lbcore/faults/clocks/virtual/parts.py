"""What the threads of a virtual clock share: lock, event and queue.

Only the thread with the baton runs, so nothing here needs guarding. Whoever waits stands in a dict, which keeps the
order of arrival; a lock and an item are handed to the first of them, so that nobody can overtake.
"""

import queue
from collections import deque
from types import TracebackType
from typing import Any

from lbcore.faults._checks import limit, patience
from lbcore.faults.clocks.errors import Unwound
from lbcore.faults.clocks.virtual.baton import Baton, VirtualThread, Waiters

__all__ = ["VirtualEvent", "VirtualLock", "VirtualQueue"]


class VirtualLock:
    """One thread at a time, in order of arrival; not reentrant."""

    def __init__(self, clock: Baton):
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

    def __init__(self, clock: Baton):
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

    def __init__(self, clock: Baton):
        self._clock = clock
        self._items: deque[Any] = deque()
        self._getters: Waiters = {}

    def empty(self) -> bool:
        """Whether there is no item."""
        return not self._items

    def put(self, item: Any) -> None:
        """Add an item."""
        self._clock.switch("put")
        if getter := self._clock.wake_first(self._getters):
            getter.item = item
        else:
            self._items.append(item)

    def get(self, timeout_s: float | None = None) -> Any:
        """Take the oldest item, waiting for one. `queue.Empty` where `timeout_s` passed first."""
        timeout_s = limit("timeout_s", timeout_s)
        me = self._clock.switch("get")
        if self._items:
            return self._items.popleft()
        if timeout_s == 0.0:
            raise queue.Empty
        waiter = self._clock.waiter(me, what := "an item in an empty queue")
        if not self._clock.park_among(waiter, self._getters, timeout_s, "get", what):
            raise queue.Empty
        item, waiter.item = waiter.item, None
        return item
