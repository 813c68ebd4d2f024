"""What a clock offers: time, waiting, threads and what they share, on wall time or on simulated time.

Code that takes a `Clock` and waits through nothing else runs unchanged on both: `RealClock` is wall time and threads
that truly run side by side; `VirtualClock(seed)` runs the same threads one at a time and jumps over the waiting.

    def main(clock):
        beats = clock.queue()
        def node(name):
            while True:
                clock.sleep(1.0)
                beats.put(name)
        for name in ("a", "b"):
            clock.spawn(node, name)
        return [beats.get() for _ in range(6)]

    clock = VirtualClock(seed=1)
    clock.run(main, clock)          # three simulated seconds, no real one

The rules, the same on both:

- `run(main, *args)` is the door. When `main` returns, whatever still runs is unwound: `Unwound` is raised inside the
  clock call that each thread waits in (or makes next), so that `with` and `finally` do their work, and then `run`
  returns main's result. Who needs a thread's work to be complete joins it. An exception in any thread, and Ctrl-C,
  end the run in the same way and come out of `run`. No thread outlives it.
- Never catch `Unwound` for good (a bare `except:` does). A thread that swallows it gets it again from its next call
  that could wait, `Unwound.BOUND` times; then it is left blocked and `run` says so.
- Locks, events, queues and executors may be made at any time, and so may `now()` be read; everything else belongs
  inside `run`. The queue hands out the standard `queue.Full` and `queue.Empty`. `run` may be called again: time goes
  on, what was timed for later is forgotten. It may not be called inside itself.
- Where a timeout is None there is none. Times are finite and not negative.
- A timed callback (`call_later`) stands for a message that arrives: it may set, put, spawn and time, and must not wait.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, TypeVar

from lbcore.faults import _checks
from lbcore.faults.errors import DeadlockError, Unwound
from lbcore.faults.executor import ClockExecutor, ClockFuture, Ended, as_completed, wait

__all__ = ["Clock", "DeadlockError", "Event", "Lock", "Queue", "Thread", "Timer", "Unwound"]

T = TypeVar("T")


class Thread(Protocol):
    """A thread that `spawn` has started."""

    @property
    def name(self) -> str:
        """As given to `spawn`, or the function's name and a number."""

    def is_alive(self) -> bool:
        """Whether it has still to end."""

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it has ended. False where `timeout` seconds passed first."""


class Timer(Protocol):
    """A callback that `call_later` has timed."""

    def cancel(self) -> bool:
        """Forget it. False where it has been called, or cancelled, already."""


class Lock(Protocol):
    """One thread at a time; not reentrant."""

    def acquire(self, blocking: bool = True, timeout_s: float | None = None) -> bool:
        """Take it, waiting where another has it. False where that may not be, or took too long."""

    def release(self) -> None:
        """Give it back. RuntimeError where nobody has it."""

    def locked(self) -> bool:
        """Whether somebody has it."""

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Event(Protocol):
    """A flag to wait for."""

    def set(self) -> None:
        """Raise the flag, and wake whoever waits for it."""

    def clear(self) -> None:
        """Lower the flag."""

    def is_set(self) -> bool:
        """Whether the flag is up."""

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the flag. False where `timeout_s` passed first."""


class Queue(Protocol[T]):
    """First in, first out, between threads."""

    def put(self, item: T, block: bool = True, timeout_s: float | None = None) -> None:
        """Add an item, waiting for a free place. `queue.Full` where that may not be, or took too long."""

    def get(self, block: bool = True, timeout_s: float | None = None) -> T:
        """Take the oldest item, waiting for one. `queue.Empty` where that may not be, or took too long."""

    def put_nowait(self, item: T) -> None:
        """`put` without waiting."""

    def get_nowait(self) -> T:
        """`get` without waiting."""

    def qsize(self) -> int:
        """How many items are in it."""

    def empty(self) -> bool:
        """Whether there is none."""

    def full(self) -> bool:
        """Whether there is no free place."""


class Clock(ABC):
    """Time, and everything that waits for it. See the head of this file for the rules."""

    @abstractmethod
    def now(self) -> float:
        """Seconds since the clock was made. Never falls."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Wait. `seconds` is finite and >= 0."""

    @abstractmethod
    def checkpoint(self) -> None:
        """A point at which another thread may run first."""

    @abstractmethod
    def hear(self) -> None:
        """Raise `Unwound` where the calling thread's run is over; on any other thread, and outside, do nothing."""

    @abstractmethod
    def spawn(self, function: Callable[..., object], /, *args: Any, name: str | None = None) -> Thread:
        """Start `function(*args)` on a thread of its own."""

    @abstractmethod
    def call_later(self, delay_s: float, function: Callable[..., object], /, *args: Any) -> Timer:
        """Call `function(*args)` after `delay_s` seconds, on no thread of its own: it must not wait."""

    @abstractmethod
    def lock(self) -> Lock:
        """A new lock."""

    @abstractmethod
    def event(self) -> Event:
        """A new event, not set."""

    @abstractmethod
    def queue(self, maxsize: int = 0) -> Queue[Any]:
        """A new queue with `maxsize` places, or any number of them for 0."""

    @abstractmethod
    def run(self, main: Callable[..., T], /, *args: Any) -> T:
        """The result of `main(*args)`, run inside the clock, after every thread has ended or been unwound."""

    def executor(self, max_workers: int, *, name: str = "worker") -> ClockExecutor:
        """A PEP 3148 executor whose workers are threads of this clock, called `name`-1, `name`-2, ..."""
        return ClockExecutor(self, max_workers, name)

    def wait(
        self,
        futures: Iterable[ClockFuture[T]],
        timeout_s: float | None = None,
        return_when: str = "ALL_COMPLETED",
    ) -> Ended[T]:
        """`concurrent.futures.wait` for this clock's futures: two sets, `done` and `not_done`."""
        return wait(self, futures, timeout_s, return_when)

    def as_completed(
        self, futures: Iterable[ClockFuture[T]], timeout_s: float | None = None
    ) -> Iterator[ClockFuture[T]]:
        """`concurrent.futures.as_completed` for this clock's futures. TimeoutError after `timeout_s` in all."""
        return as_completed(self, futures, timeout_s)


def duration(name: str, value: float) -> float:
    """`value` as a number of seconds, or an error that names the argument."""
    if type(value) is float and 0.0 <= value < 1e300:
        return value
    return _checks.seconds(name, value)


def limit(name: str, value: float | None) -> float | None:
    """`value` as a timeout."""
    return None if value is None else duration(name, value)


def patience(blocking: bool, timeout_s: float | None) -> float | None:
    """How long a call may wait: None for ever, 0 not at all."""
    left_s = limit("timeout_s", timeout_s)
    if blocking:
        return left_s
    if left_s is not None:
        raise ValueError("timeout_s: a call that does not wait takes none")
    return 0.0


def function_of(name: str, function: object) -> None:
    """A TypeError where `function` cannot be called."""
    if not callable(function):
        raise TypeError(f"{name}: expected something to call, got {function!r}")


def thread_name(function: object, name: str | None, number: int) -> str:
    """The name of a new thread."""
    if name is None:
        return f"{getattr(function, '__name__', 'thread')}-{number}"
    if not isinstance(name, str) or not name:
        raise TypeError(f"name: expected a name, got {name!r}")
    return name
