"""What the threads of a real clock are and share: the standard library's own, waited for in slices.

Each wait goes through `RealClock.try_for`, which lets a thread hear that the run is over.
"""

import contextvars
import queue
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lbcore.faults.clock import limit, patience
from lbcore.faults.errors import Unwound

if TYPE_CHECKING:
    from lbcore.faults.real_clock import RealClock

__all__ = ["RealEvent", "RealLock", "RealQueue", "RealThread", "RealTimer"]


class RealThread:
    """A thread of a real clock, as `spawn` returns it."""

    def __init__(self, clock: "RealClock", function: Callable[..., object], args: tuple[Any, ...], name: str):
        self.name, self._clock = name, clock
        self.swallowed, self.lost = 0, False
        call = partial(contextvars.copy_context().run, function, *args)
        self.real = threading.Thread(target=clock.perform, args=(self, call), name=name, daemon=True)

    def __repr__(self) -> str:
        return f"<{self.name}, {'alive' if self.is_alive() else 'ended'}>"

    def is_alive(self) -> bool:
        """Whether it has still to end."""
        return self.real.is_alive()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it has ended. False where `timeout` seconds passed first."""
        if self.real is threading.current_thread():
            raise RuntimeError("join: a thread cannot wait for its own end")

        def attempt(seconds: float) -> bool:
            self.real.join(seconds)
            return not self.real.is_alive()

        return self._clock.try_for(attempt, limit("timeout", timeout), f"{self.name!r} to end")


class RealTimer:
    """A callback that `call_later` has timed."""

    def __init__(self, function: Callable[..., object], args: tuple[Any, ...]):
        self.function, self.args = function, args
        self.name = getattr(function, "__name__", "callback")
        self._taken = threading.Lock()

    def cancel(self) -> bool:
        """Forget it. False where it has been called, or cancelled, already."""
        return self._taken.acquire(False)


class RealLock:
    """A `threading.Lock`."""

    def __init__(self, clock: "RealClock"):
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
        except Unwound:
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

    def __init__(self, clock: "RealClock"):
        self._clock, self._event = clock, threading.Event()

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
    """A `queue.Queue`."""

    def __init__(self, clock: "RealClock", maxsize: int):
        self._clock, self.maxsize = clock, maxsize
        self._queue: queue.Queue[Any] = queue.Queue(maxsize)

    def qsize(self) -> int:
        """How many items are in it."""
        return self._queue.qsize()

    def empty(self) -> bool:
        """Whether there is none."""
        return self._queue.empty()

    def full(self) -> bool:
        """Whether there is no free place."""
        return self._queue.full()

    def put(self, item: Any, block: bool = True, timeout_s: float | None = None) -> None:
        """Add an item, waiting for a free place. `queue.Full` where that may not be, or took too long."""

        def attempt(seconds: float) -> bool:
            try:
                self._queue.put(item, timeout=seconds)
            except queue.Full:
                return False
            return True

        if not self._clock.try_for(attempt, patience(block, timeout_s), "a place in a full queue"):
            raise queue.Full

    def get(self, block: bool = True, timeout_s: float | None = None) -> Any:
        """Take the oldest item, waiting for one. `queue.Empty` where that may not be, or took too long."""
        items: list[Any] = []

        def attempt(seconds: float) -> bool:
            try:
                items.append(self._queue.get(timeout=seconds))
            except queue.Empty:
                return False
            return True

        if not self._clock.try_for(attempt, patience(block, timeout_s), "an item in an empty queue"):
            raise queue.Empty
        return items[0]

    def put_nowait(self, item: Any) -> None:
        """`put` without waiting."""
        self.put(item, False)

    def get_nowait(self) -> Any:
        """`get` without waiting."""
        return self.get(False)
