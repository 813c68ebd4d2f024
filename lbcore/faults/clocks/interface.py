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
  inside `run`. `run` may be called again: time goes on, what was timed for later is forgotten. It may not be called
  inside itself.
- Where a timeout is None there is none. Times are finite and not negative.
- A timed callback (`call_later`) stands for a message that arrives: it may set, put, spawn and time, and must not wait.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from types import TracebackType
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

__all__ = ["Clock", "Ended", "Event", "Lock", "Queue", "Thread", "Timer"]

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
    """First in, first out, between threads; it takes any number of items."""

    def put(self, item: T) -> None:
        """Add an item."""

    def get(self, timeout_s: float | None = None) -> T:
        """Take the oldest item, waiting for one. `queue.Empty`, the standard one, where `timeout_s` passed first."""

    def empty(self) -> bool:
        """Whether there is none."""


class Ended(NamedTuple, Generic[T]):
    """What `Clock.wait` returns: the futures that have ended or were cancelled, and the others."""

    done: set[Future[T]]
    not_done: set[Future[T]]


class Clock(ABC):
    """Time, and everything that waits for it. See the head of this file for the rules."""

    @abstractmethod
    def now(self) -> float:
        """Seconds since the clock was made. Never falls."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Wait. `seconds` is finite and >= 0."""

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
    def queue(self) -> Queue[Any]:
        """A new queue, empty."""

    @abstractmethod
    def run(self, main: Callable[..., T], /, *args: Any) -> T:
        """The result of `main(*args)`, run inside the clock, after every thread has ended or been unwound."""

    @abstractmethod
    def executor(self, max_workers: int, *, name: str = "worker") -> Executor:
        """A PEP 3148 executor whose workers are threads of this clock, called `name`-1, `name`-2, ..."""

    @abstractmethod
    def wait(
        self, futures: Iterable[Future[T]], timeout_s: float | None = None, return_when: str = "ALL_COMPLETED"
    ) -> Ended[T]:
        """`concurrent.futures.wait` for this clock's futures: two sets, `done` and `not_done`."""
