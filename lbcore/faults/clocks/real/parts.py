"""What the threads of a real clock share: the standard library's lock, event and queue, waited for in slices.

Each wait goes through `RealThreads.try_for`, which lets a thread hear that the run is over.
"""

import queue
import threading
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
    """A `queue.SimpleQueue`."""

    def __init__(self, clock: RealThreads):
        self._clock = clock
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def empty(self) -> bool:
        """Whether there is no item."""
        return self._queue.empty()

    def put(self, item: Any) -> None:
        """Add an item."""
        self._clock.hear()
        self._queue.put(item)

    def get(self, timeout_s: float | None = None) -> Any:
        """Take the oldest item, waiting for one. `queue.Empty` where `timeout_s` passed first."""
        items: list[Any] = []

        def attempt(seconds: float) -> bool:
            try:
                items.append(self._queue.get(timeout=seconds))
            except queue.Empty:
                return False
            return True

        if not self._clock.try_for(attempt, limit("timeout_s", timeout_s), "an item in an empty queue"):
            raise queue.Empty
        return items[0]
