"""PEP 3148 on any clock: an executor, its futures, and `wait` for them.

The standard ones wait on real locks, and a thread of a `VirtualClock` that waits on a real lock stops the world, since
it still holds the baton. These wait through their clock. Futures keep the standard class's methods and meaning.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, CancelledError, Executor, Future
from typing import Any, NamedTuple, NoReturn, ParamSpec, TypeVar

from lbcore.faults._checks import count, function_of, limit, seconds
from lbcore.faults.clocks.errors import Unwound
from lbcore.faults.clocks.interface import Clock, Ended, Event, Thread

__all__ = ["ClockExecutor", "ClockFuture", "PoolClock"]

T = TypeVar("T")
P = ParamSpec("P")
Watcher = Callable[["ClockFuture[Any]"], None]


class _NoWaiters(list[Any]):
    """Stands where `concurrent.futures.wait` would leave its real lock, so that it fails at once and does not hang."""

    def append(self, waiter: Any) -> NoReturn:
        raise RuntimeError("a clock's futures are waited for with clock.wait")


class ClockFuture(Future[T]):
    """A future whose `result` and `exception` wait through its clock."""

    def __init__(self, clock: Clock, number: int):
        super().__init__()
        self._clock, self._number = clock, number
        self._watchers: dict[int, Watcher] = {}
        self._ended, self._guard = False, threading.Lock()
        self._waiters = _NoWaiters()
        self.add_done_callback(self._announce)

    def __hash__(self) -> int:
        """Its number: a set of futures then has the same order in every run, which addresses would not give."""
        return self._number

    def _announce(self, _: Future[T]) -> None:
        with self._guard:
            self._ended = True
            watchers = list(self._watchers.values())
            self._watchers.clear()
        for watcher in watchers:
            watcher(self)

    def watch(self, key: int, watcher: Watcher) -> bool:
        """Call `watcher(self)` once it ends; False, and no call, where it has ended already."""
        with self._guard:
            if not self._ended:
                self._watchers[key] = watcher
            return not self._ended

    def unwatch(self, key: int) -> None:
        """Forget a watcher."""
        with self._guard:
            self._watchers.pop(key, None)

    def _await(self, timeout: float | None) -> None:
        timeout = limit("timeout", timeout)
        self._clock.hear()
        ended = self._clock.event()
        if self.watch(id(ended), lambda _: ended.set()):
            try:
                ended.wait(timeout)
            finally:
                self.unwatch(id(ended))
        # The future may have ended only because the run has: its worker was unwound first.
        self._clock.hear()

    def result(self, timeout: float | None = None) -> T:
        """What the call returned, or its exception raised. TimeoutError after `timeout` seconds of the clock."""
        self._await(timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The call's exception, or None. TimeoutError after `timeout` seconds of the clock."""
        self._await(timeout)
        return super().exception(0)


class _Task(NamedTuple):
    future: ClockFuture[Any]
    call: Callable[[], Any]


class ClockExecutor(Executor):
    """`ThreadPoolExecutor` on a clock: workers start as they are needed, and take tasks in the order of submission.

    Made by a clock's `executor`. What is still queued when the run ends is dropped.
    """

    def __init__(self, clock: Clock, max_workers: int, name: str = "worker"):
        self._clock, self._name = clock, name
        self._max_workers = count("max_workers", max_workers)
        # Held for a moment only, and never across a call in which a virtual thread could switch.
        self._guard = threading.Lock()
        self._tasks: deque[_Task] = deque()
        self._idle: deque[Event] = deque()
        self._workers: list[Thread] = []
        self._closed, self._submitted = False, 0

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> ClockFuture[T]:
        """Have `fn(*args, **kwargs)` run by a worker. RuntimeError after `shutdown`."""
        function_of("fn", fn)
        with self._guard:
            # Workers end with their run, and do not live on in the clock's next one.
            if self._closed or (self._workers and not self._workers[0].is_alive()):
                raise RuntimeError("cannot submit to an executor after its shutdown")
            idle = self._idle.popleft() if self._idle else None
            if idle is None and len(self._workers) < self._max_workers:
                name = f"{self._name}-{len(self._workers) + 1}"
                self._workers.append(self._clock.spawn(self._work, name=name))
            self._submitted += 1
            future: ClockFuture[T] = ClockFuture(self._clock, self._submitted)
            self._tasks.append(_Task(future, lambda: fn(*args, **kwargs)))
        if idle is not None:
            idle.set()
        return future

    def _next(self) -> _Task | Event | None:
        """A task, or an event to wait for, or None at the end."""
        with self._guard:
            if self._tasks:
                return self._tasks.popleft()
            if self._closed:
                return None
            idle = self._clock.event()
            self._idle.append(idle)
            return idle

    def _work(self) -> None:
        while (step := self._next()) is not None:
            if not isinstance(step, _Task):
                step.wait()
            elif step.future.set_running_or_notify_cancel():
                self._perform(step)

    def _perform(self, task: _Task) -> None:
        try:
            result = task.call()
        except Unwound:
            task.future.set_exception(CancelledError("the clock's run ended before the call did"))
            raise
        except BaseException as error:
            task.future.set_exception(error)
        else:
            task.future.set_result(result)

    def map(
        self, fn: Callable[..., T], *iterables: Iterable[Any], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[T]:
        """The results of `fn` for every set of arguments, in their order. `timeout` counts from this call."""
        count("chunksize", chunksize)
        end_s = None if timeout is None else self._clock.now() + seconds("timeout", timeout)
        return self._results(deque(self.submit(fn, *args) for args in zip(*iterables, strict=False)), end_s)

    def _results(self, futures: deque[ClockFuture[T]], end_s: float | None) -> Iterator[T]:
        try:
            while futures:
                yield futures[0].result(None if end_s is None else max(end_s - self._clock.now(), 0.0))
                futures.popleft()
        finally:
            for future in futures:
                future.cancel()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more; let the workers end once all is done, or at once with what has begun; wait for them."""
        with self._guard:
            self._closed = True
            dropped = list(self._tasks) if cancel_futures else []
            if cancel_futures:
                self._tasks.clear()
            idle = list(self._idle)
            self._idle.clear()
        for task in dropped:
            task.future.cancel()
        for event in idle:
            event.set()
        if wait:
            for worker in self._workers:
                worker.join()


class _Tally:
    """Watches futures, and sets `signal` once enough of them have ended."""

    def __init__(self, clock: Clock, futures: Iterable[Future[Any]], enough: Callable[["_Tally"], bool]):
        self.enough, self.signal = enough, clock.event()
        self.futures: list[ClockFuture[Any]] = []
        for future in dict.fromkeys(futures):
            if not isinstance(future, ClockFuture) or future._clock is not clock:
                raise TypeError(f"futures: expected futures of this clock's executors, got {future!r}")
            self.futures.append(future)
        self.failed, self.left = False, len(self.futures)
        self.guard = threading.Lock()
        for future in self.futures:
            if not future.watch(id(self), self.note):
                self.note(future)

    def note(self, future: ClockFuture[Any]) -> None:
        """One has ended."""
        with self.guard:
            self.left -= 1
            self.failed = self.failed or (not future.cancelled() and future.exception() is not None)
            enough = self.enough(self)
        if enough:
            self.signal.set()

    def close(self) -> None:
        """Watch no longer."""
        for future in self.futures:
            future.unwatch(id(self))


ENOUGH: dict[str, Callable[[_Tally], bool]] = {
    FIRST_COMPLETED: lambda tally: True,
    FIRST_EXCEPTION: lambda tally: tally.failed or not tally.left,
    ALL_COMPLETED: lambda tally: not tally.left,
}


class PoolClock(Clock):
    """A clock with executors, on threads and events of its own: what the real and the virtual one share."""

    def executor(self, max_workers: int, *, name: str = "worker") -> ClockExecutor:
        """A PEP 3148 executor whose workers are threads of this clock, called `name`-1, `name`-2, ..."""
        return ClockExecutor(self, max_workers, name)

    def wait(
        self, futures: Iterable[Future[T]], timeout_s: float | None = None, return_when: str = ALL_COMPLETED
    ) -> Ended[T]:
        """`concurrent.futures.wait` for this clock's futures: two sets, `done` and `not_done`."""
        if return_when not in ENOUGH:
            raise ValueError(f"return_when: {return_when!r} is none of {', '.join(ENOUGH)}")
        timeout_s = limit("timeout_s", timeout_s)
        tally = _Tally(self, futures, ENOUGH[return_when])
        try:
            if tally.left and not tally.signal.is_set():
                tally.signal.wait(timeout_s)
        finally:
            tally.close()
        self.hear()
        all_of_them: set[Future[T]] = set(tally.futures)
        done: set[Future[T]] = {future for future in tally.futures if future.done()}
        return Ended(done, all_of_them - done)
