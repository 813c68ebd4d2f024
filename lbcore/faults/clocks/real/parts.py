"""What the threads of a real clock share: a lock, an event and a queue, waited for in slices.

Each wait goes through `RealThreads.try_for`, which lets a thread hear that the run is over.
"""

import queue
import threading
from _thread import LockType, allocate_lock
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Any

from lbcore.faults._checks import limit, patience
from lbcore.faults.clocks.lives import Flag
from lbcore.faults.clocks.real.threads import RealThreads

__all__ = ["RealEvent", "RealLock", "RealQueue"]


class RealLock:
    """A `threading.Lock`."""

    def __init__(self, clock: RealThreads):
        self._clock, self._lock = clock, threading.Lock()

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._lock.locked()

    def acquire(self, blocking: bool = True, timeout_s: float | None = None) -> bool:
        """Take it, waiting where another has it. False where that may not be, or took too long."""
        left_s, taken = patience(blocking, timeout_s), False

        def attempt(seconds: float) -> bool:
            nonlocal taken
            taken = self._lock.acquire(timeout=seconds)
            return taken

        try:
            return self._clock.try_for(attempt, left_s, "a lock")
        except BaseException:  # the run is over, or Ctrl-C
            if taken:
                self._lock.release()
            raise

    def release(self) -> None:
        """Give it back. RuntimeError where nobody has it."""
        if not self._lock.locked():
            raise RuntimeError("release: nobody holds the lock")
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class RealEvent:
    """A `threading.Event`."""

    def __init__(self, clock: RealThreads):
        self._clock, self._event = clock, Flag()

    def is_set(self) -> bool:
        """Whether the flag is up."""
        return self._event.is_set()

    def set(self) -> None:
        """Raise the flag, and wake whoever waits for it."""
        self._event.set()

    def clear(self) -> None:
        """Lower the flag."""
        self._event.clear()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the flag. False where `timeout_s` passed first."""
        return self._clock.try_for(self._event.wait, limit("timeout_s", timeout_s), "an event")


class RealQueue:
    """First in, first out.

    Not a `queue.SimpleQueue`: one that is woken in it for an item which another took just before, and finds its time
    over, waits for ever (`_queuemodule.c` of CPython 3.11: what is left of the timeout is then below zero, which means
    without end).
    """

    def __init__(self, clock: RealThreads):
        self._clock = clock
        self._items: deque[Any] = deque()
        self._waiters: list[LockType] = []  # a lock for each who waits, taken until an item comes

    def empty(self) -> bool:
        """Whether there is no item."""
        return not self._items

    def put(self, item: Any) -> None:
        """Add an item."""
        self._clock.hear()
        self._items.append(item)
        for waiter in list(self._waiters):
            with suppress(RuntimeError):  # this one has been woken already
                waiter.release()
                break

    def get(self, timeout_s: float | None = None) -> Any:
        """Take the oldest item, waiting for one. `queue.Empty` where `timeout_s` passed first."""
        taken: list[Any] = []

        def take() -> bool:
            with suppress(IndexError):  # nothing is there, or another was faster
                taken.append(self._items.popleft())
            return bool(taken)

        def attempt(seconds: float) -> bool:
            if take() or seconds <= 0.0:
                return bool(taken)
            waiter = allocate_lock()
            waiter.acquire()
            self._waiters.append(waiter)
            try:
                # An item may have come before this one was known to wait.
                if not self._items:
                    waiter.acquire(timeout=seconds)
            finally:
                self._waiters.remove(waiter)
            return take()

        if not self._clock.try_for(attempt, limit("timeout_s", timeout_s), "an item in an empty queue"):
            raise queue.Empty
        return taken[0]
