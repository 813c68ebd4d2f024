"""One body, two clocks: whatever code may rely on holds on wall time and on simulated time alike."""

import concurrent.futures
import contextvars
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lbcore.faults import Clock, RealClock, Unwound, VirtualClock

MS = 0.001
MAKERS: dict[str, Callable[[], Clock]] = {
    "real": RealClock,
    "virtual-1": lambda: VirtualClock(1),
    "virtual-2": lambda: VirtualClock(2),
}


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.enumerate()
    yield
    assert threading.enumerate() == before


@pytest.fixture(params=MAKERS)
def clock(request: pytest.FixtureRequest) -> Clock:
    return MAKERS[request.param]()


# Time and threads


def test_run_gives_mains_result_and_its_arguments(clock: Clock) -> None:
    assert clock.run(lambda *args: args, 1, "two") == (1, "two")


def test_sleepers_wake_in_order_of_time(clock: Clock) -> None:
    order: list[int] = []

    def sleeper(number: int) -> None:
        clock.sleep(number * 30 * MS)
        order.append(number)

    def main() -> float:
        start_s = clock.now()
        threads = [clock.spawn(sleeper, number) for number in (3, 1, 2)]
        assert all(thread.join() for thread in threads)
        assert not any(thread.is_alive() for thread in threads)
        return clock.now() - start_s

    assert clock.run(main) >= 90 * MS
    assert order == [1, 2, 3]


def test_time_starts_near_zero_and_goes_on_over_runs(clock: Clock) -> None:
    assert 0 <= clock.now() < 0.5
    clock.run(clock.sleep, 20 * MS)
    between_s = clock.now()
    assert between_s >= 20 * MS
    clock.run(clock.sleep, 20 * MS)
    assert clock.now() >= between_s + 20 * MS


def test_join_with_a_timeout(clock: Clock) -> None:
    def main() -> tuple[bool, bool]:
        thread = clock.spawn(clock.sleep, 60 * MS, name="slow")
        assert thread.name == "slow"
        early = thread.join(timeout=5 * MS)
        return early, thread.join(5.0)

    assert clock.run(main) == (False, True)


def test_main_ends_and_the_rest_is_unwound(clock: Clock) -> None:
    """The `finally` of every blocked thread runs, newest last or not, and nothing after the blocked call does."""
    lock, event, full, empty = clock.lock(), clock.event(), clock.queue(1), clock.queue()
    cleaned: list[str] = []

    def blocked(call: Callable[[], object], name: str) -> None:
        try:
            call()
            cleaned.append("went on")
        finally:
            cleaned.append(name)

    def main() -> str:
        lock.acquire()
        full.put(1)
        sleeper = clock.spawn(blocked, lambda: clock.sleep(1000.0), "sleep")
        for name, call in {
            "acquire": lock.acquire,
            "with a timeout": lambda: lock.acquire(timeout_s=1000.0),
            "wait": event.wait,
            "put": lambda: full.put(2),
            "get": empty.get,
            "join": sleeper.join,
            "result": lambda: clock.executor(1).submit(clock.sleep, 1000.0).result(),
        }.items():
            clock.spawn(blocked, call, name)
        clock.sleep(20 * MS)
        return "done"

    start_s = time.monotonic()
    assert clock.run(main) == "done"
    assert time.monotonic() - start_s < 2.0
    assert sorted(cleaned) == sorted(["sleep", "acquire", "with a timeout", "wait", "put", "get", "join", "result"])


def test_a_thread_that_spawns_just_as_the_run_ends_is_unwound(monkeypatch: pytest.MonkeyPatch) -> None:
    """On wall time the run may end between the moment a thread hears that it goes on, and the start of the new one."""
    clock = RealClock()
    hear, heard = clock.hear, [lambda: clock._stopping.wait(10.0)]
    monkeypatch.setattr(clock, "hear", lambda: heard.pop()() if heard else hear())
    unwound = []

    def late() -> None:
        try:
            clock.spawn(print)
        except Unwound:
            unwound.append(True)
            raise

    def main() -> str:
        clock._start(late, (), "late")
        while heard:
            time.sleep(MS)
        return "done"

    assert clock.run(main) == "done"
    assert unwound == [True]


def test_an_exception_in_a_thread_comes_out_of_run(clock: Clock) -> None:
    cleaned = []

    def fails() -> None:
        clock.sleep(5 * MS)
        raise ZeroDivisionError("planted")

    def waits() -> None:
        try:
            clock.sleep(1000.0)
        finally:
            cleaned.append(1)

    def main() -> None:
        clock.spawn(waits)
        clock.spawn(fails, name="culprit")
        clock.sleep(1000.0)

    with pytest.raises(ZeroDivisionError, match="planted") as caught:
        clock.run(main)
    assert cleaned == [1]
    assert "fails" in [entry.name for entry in caught.traceback]
    assert "culprit" in caught.value.__notes__[0]
    assert clock.run(lambda: "again") == "again"


def test_mains_own_exception_and_one_raised_while_unwinding(clock: Clock) -> None:
    def stubborn() -> None:
        try:
            clock.sleep(1000.0)
        finally:
            raise KeyError("on the way out")

    def main() -> None:
        clock.spawn(stubborn, name="stubborn")
        clock.sleep(5 * MS)
        raise ValueError("first")

    with pytest.raises(ValueError, match="first") as caught:
        clock.run(main)
    assert "on the way out" in str(caught.value.__notes__)

    def well() -> None:
        clock.spawn(stubborn)
        clock.sleep(5 * MS)

    with pytest.raises(KeyError, match="on the way out"):
        clock.run(well)


def test_who_swallows_the_end_hears_it_again(clock: Clock) -> None:
    swallowed = []

    def deaf() -> None:
        for _ in range(50):
            try:
                clock.sleep(1000.0)
            except Unwound:
                swallowed.append(1)

    def main() -> None:
        clock.spawn(deaf)
        clock.sleep(5 * MS)

    clock.run(main)
    assert len(swallowed) == 50


def test_context_variables_reach_the_threads(clock: Clock) -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("set")
    seen = []
    clock.run(lambda: clock.spawn(lambda: seen.append(variable.get())).join())
    assert seen == ["set"]


def test_run_inside_run_is_refused(clock: Clock) -> None:
    with pytest.raises(RuntimeError, match="running already"):
        clock.run(lambda: clock.run(print))


def test_a_thread_cannot_join_itself(clock: Clock) -> None:
    threads: list[Any] = []

    def main() -> None:
        threads.append(clock.spawn(lambda: (clock.sleep(MS), threads[0].join())))
        threads[0].join()

    with pytest.raises(RuntimeError, match="own end"):
        clock.run(main)


# Timed callbacks


def test_callbacks_come_in_order_of_time_and_can_be_cancelled(clock: Clock) -> None:
    arrived = clock.queue()

    def main() -> list[str]:
        clock.call_later(40 * MS, arrived.put, "late")
        clock.call_later(10 * MS, arrived.put, "early")
        never = clock.call_later(20 * MS, arrived.put, "never")
        assert never.cancel()
        assert not never.cancel()
        got = [arrived.get(), arrived.get()]
        with pytest.raises(queue.Empty):
            arrived.get(timeout_s=10 * MS)
        return got

    assert clock.run(main) == ["early", "late"]


def test_a_callback_may_set_put_spawn_and_time(clock: Clock) -> None:
    event, items = clock.event(), clock.queue()

    def arrives() -> None:
        event.set()
        items.put("put")
        clock.spawn(items.put, "spawned")
        timer.append(clock.call_later(5 * MS, items.put, "timed"))

    timer: list[Any] = []

    def main() -> list[str]:
        clock.call_later(5 * MS, arrives)
        assert event.wait(5.0)
        got = [items.get(timeout_s=5.0) for _ in range(3)]
        assert not timer[0].cancel()
        return got

    assert sorted(clock.run(main)) == ["put", "spawned", "timed"]


@pytest.mark.parametrize("what", ["sleep", "wait", "get", "join", "acquire", "put", "checkpoint"])
def test_a_callback_must_not_wait(clock: Clock, what: str) -> None:
    lock, full, thread = clock.lock(), clock.queue(1), []
    call = {
        "sleep": lambda: clock.sleep(1.0),
        "wait": clock.event().wait,
        "get": clock.queue().get,
        "join": lambda: thread[0].join(),
        "acquire": lock.acquire,
        "put": lambda: full.put(2),
        "checkpoint": clock.checkpoint,
    }[what]

    def main() -> None:
        lock.acquire()
        full.put(1)
        thread.append(clock.spawn(clock.sleep, 1000.0))
        clock.call_later(MS, call)
        clock.sleep(1000.0)

    with pytest.raises(RuntimeError, match="callback"):
        clock.run(main)


def test_a_callback_takes_what_is_free(clock: Clock) -> None:
    lock, items, seen = clock.lock(), clock.queue(), clock.event()
    items_got = []

    def arrives() -> None:
        with lock:
            items_got.append(items.get())
        with pytest.raises(queue.Empty):
            items.get_nowait()
        seen.set()

    def main() -> None:
        items.put("there")
        clock.call_later(MS, arrives)
        assert seen.wait(5.0)

    clock.run(main)
    assert items_got == ["there"]


# Lock, event, queue


def test_a_lock_lets_one_in_at_a_time(clock: Clock) -> None:
    lock = clock.lock()
    inside, most, total = 0, 0, 0

    def body() -> None:
        nonlocal inside, most, total
        for _ in range(20):
            with lock:
                inside += 1
                most = max(most, inside)
                before = total
                clock.checkpoint()
                total = before + 1
                inside -= 1

    def main() -> None:
        for thread in [clock.spawn(body) for _ in range(5)]:
            thread.join()

    clock.run(main)
    assert (most, total) == (1, 100)


def test_lock_semantics(clock: Clock) -> None:
    lock = clock.lock()

    def holder() -> None:
        with lock:
            clock.sleep(60 * MS)

    def main() -> list[object]:
        with pytest.raises(RuntimeError, match="nobody holds"):
            lock.release()
        thread = clock.spawn(holder)
        clock.sleep(10 * MS)
        seen: list[object] = [lock.locked(), lock.acquire(False), lock.acquire(timeout_s=5 * MS)]
        seen += [lock.acquire(timeout_s=5.0), lock.acquire(False), lock.acquire(timeout_s=0)]
        lock.release()
        thread.join()
        return [*seen, lock.locked()]

    assert clock.run(main) == [True, False, False, True, False, False, False]


def test_event_semantics(clock: Clock) -> None:
    event = clock.event()
    woken = clock.queue()

    def waiter() -> None:
        woken.put(event.wait(5.0))

    def main() -> list[object]:
        seen: list[object] = [event.is_set(), event.wait(0), event.wait(5 * MS)]
        for _ in range(3):
            clock.spawn(waiter)
        clock.sleep(10 * MS)
        event.set()
        seen += [woken.get(), woken.get(), woken.get(), event.is_set(), event.wait()]
        event.clear()
        return [*seen, event.is_set(), event.wait(0)]

    assert clock.run(main) == [False, False, False, True, True, True, True, True, False, False]


def test_queue_semantics(clock: Clock) -> None:
    items = clock.queue(2)

    def consumer() -> None:
        clock.sleep(30 * MS)
        got.append(items.get())

    got: list[int] = []

    def main() -> None:
        with pytest.raises(queue.Empty):
            items.get_nowait()
        with pytest.raises(queue.Empty):
            items.get(timeout_s=5 * MS)
        items.put(1)
        items.put_nowait(2)
        assert items.full() and not items.empty() and items.qsize() == 2
        with pytest.raises(queue.Full):
            items.put_nowait(3)
        with pytest.raises(queue.Full):
            items.put(3, timeout_s=5 * MS)
        thread = clock.spawn(consumer)
        items.put(4)
        thread.join()
        assert (got, items.get(), items.get(False), items.empty()) == ([1], 2, 4, True)

    clock.run(main)


def test_a_queue_loses_and_doubles_nothing(clock: Clock) -> None:
    items, sums = clock.queue(3), clock.queue()

    def producer(base: int) -> None:
        for i in range(20):
            items.put(base + i)

    def consumer() -> None:
        taken = []
        while (item := items.get()) is not None:
            taken.append(item)
        sums.put(taken)

    def main() -> list[int]:
        consumers = [clock.spawn(consumer) for _ in range(3)]
        for thread in [clock.spawn(producer, 100 * i) for i in range(4)]:
            thread.join()
        for _ in consumers:
            items.put(None)
        return sorted(item for _ in consumers for item in sums.get())

    assert clock.run(main) == sorted(100 * i + j for i in range(4) for j in range(20))


# Executor, futures, wait


def test_submit_map_and_exceptions(clock: Clock) -> None:
    def slow_square(x: int, *, plus: int = 0) -> int:
        clock.sleep((5 - x) * 4 * MS)
        return x * x + plus

    def main() -> None:
        with clock.executor(3) as pool:
            assert isinstance(pool, concurrent.futures.Executor)
            future = pool.submit(slow_square, 3, plus=1)
            failing = pool.submit(lambda: 1 // 0)
            assert list(pool.map(slow_square, range(5))) == [0, 1, 4, 9, 16]
            assert list(pool.map(max, [1, 5], [4, 2])) == [4, 5]
            assert (future.result(), future.exception(), future.done()) == (10, None, True)
            with pytest.raises(ZeroDivisionError):
                failing.result()
            assert isinstance(failing.exception(), ZeroDivisionError)
            with pytest.raises(TimeoutError):
                pool.submit(clock.sleep, 40 * MS).result(timeout=5 * MS)
            with pytest.raises(TimeoutError):
                list(pool.map(clock.sleep, [MS, 60 * MS], timeout=20 * MS))
        with pytest.raises(RuntimeError, match="shutdown"):
            pool.submit(print)

    clock.run(main)


def test_no_more_than_max_workers_run(clock: Clock) -> None:
    running, most, names = 0, 0, set()
    lock = clock.lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            names.add(threading.current_thread().name)
        clock.sleep(5 * MS)
        with lock:
            running -= 1

    def main() -> None:
        with clock.executor(3, name="node") as pool:
            for future in [pool.submit(work) for _ in range(9)]:
                future.result()

    clock.run(main)
    assert most == 3
    assert names == {"node-1", "node-2", "node-3"}


def test_cancel(clock: Clock) -> None:
    called: list[object] = []

    def main() -> None:
        with clock.executor(1) as pool:
            running = pool.submit(clock.sleep, 30 * MS)
            queued = pool.submit(called.append, "queued")
            queued.add_done_callback(lambda future: called.append(future.cancelled()))
            clock.sleep(10 * MS)
            assert running.running() and not running.cancel()
            assert queued.cancel() and queued.cancelled()
            with pytest.raises(concurrent.futures.CancelledError):
                queued.result()
        assert running.result() is None

    clock.run(main)
    assert called == [True]


def test_shutdown(clock: Clock) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        clock.sleep(20 * MS)
        done.append(number)

    def main() -> None:
        pool = clock.executor(1)
        futures = [pool.submit(work, i) for i in range(3)]
        clock.sleep(5 * MS)
        pool.shutdown(wait=False, cancel_futures=True)
        assert [future.cancelled() for future in futures] == [False, True, True]
        assert done == []
        pool.shutdown(wait=True)
        assert done == [0]
        pool = clock.executor(1)
        for i in (3, 4):
            pool.submit(work, i)
        pool.shutdown()
        assert done == [0, 3, 4]
        clock.executor(2).shutdown()

    clock.run(main)


def test_wait(clock: Clock) -> None:
    def fails_after(seconds: float) -> None:
        clock.sleep(seconds)
        raise KeyError

    def main() -> None:
        with clock.executor(4) as pool:
            short, middle, long = [pool.submit(clock.sleep, s * MS) for s in (20, 60, 100)]
            ended = clock.wait([long, short, middle], return_when="FIRST_COMPLETED")
            assert (ended.done, ended.not_done) == ({short}, {middle, long})
            assert clock.wait([short, long], return_when=concurrent.futures.FIRST_COMPLETED).done == {short}
            assert clock.wait([short, long], 5 * MS) == ({short}, {long})
            failing = pool.submit(fails_after, 10 * MS)
            assert clock.wait([long, failing], 5.0, "FIRST_EXCEPTION") == ({failing}, {long})
            assert clock.wait([failing, long], 5.0, "FIRST_EXCEPTION") == ({failing}, {long})
            assert clock.wait([short, long], 5.0, "FIRST_EXCEPTION") == ({short, long}, set())
            assert clock.wait([short, middle, long, long]).done == {short, middle, long}
            assert clock.wait([]) == (set(), set())

    clock.run(main)


def test_as_completed(clock: Clock) -> None:
    def main() -> None:
        with clock.executor(4) as pool:
            futures = [pool.submit(lambda ms=ms: (clock.sleep(ms * MS), ms)[1]) for ms in (90, 5, 45)]
            assert [future.result() for future in clock.as_completed(futures)] == [5, 45, 90]
            assert set(clock.as_completed(futures)) == set(futures)
            with pytest.raises(TimeoutError, match="1 of 1"):
                list(clock.as_completed([pool.submit(clock.sleep, 60 * MS)], 5 * MS))

    clock.run(main)


def test_an_executor_ends_with_its_run(clock: Clock) -> None:
    pool = clock.executor(2)
    futures: list[Any] = []

    def main() -> None:
        futures.append(pool.submit(clock.sleep, 1000.0))
        clock.sleep(5 * MS)

    clock.run(main)
    with pytest.raises(concurrent.futures.CancelledError, match="run ended"):
        futures[0].result()
    with pytest.raises(RuntimeError, match="shutdown"):
        clock.run(lambda: pool.submit(print))


def test_the_standard_wait_says_so_and_does_not_hang(clock: Clock) -> None:
    def main() -> None:
        with clock.executor(1) as pool:
            future = pool.submit(clock.sleep, 20 * MS)
            for call in (concurrent.futures.wait, lambda fs: list(concurrent.futures.as_completed(fs))):
                with pytest.raises(RuntimeError, match=r"clock\.wait"):
                    call([future])
            future.result()
            assert concurrent.futures.wait([future]).done == {future}

    clock.run(main)


# Bad input

nan, inf = float("nan"), float("inf")
BAD_CALLS: dict[str, tuple[type[Exception], str, Callable[[Clock], object]]] = {
    "sleep -1": (ValueError, "seconds", lambda c: c.sleep(-1)),
    "sleep nan": (ValueError, "seconds", lambda c: c.sleep(nan)),
    "sleep inf": (ValueError, "seconds", lambda c: c.sleep(inf)),
    "sleep str": (TypeError, "seconds", lambda c: c.sleep("1")),  # type: ignore[arg-type]
    "sleep True": (TypeError, "seconds", lambda c: c.sleep(True)),
    "sleep None": (TypeError, "seconds", lambda c: c.sleep(None)),  # type: ignore[arg-type]
    "spawn": (TypeError, "function", lambda c: c.spawn(3)),  # type: ignore[arg-type]
    "spawn name": (TypeError, "name", lambda c: c.spawn(print, name=3)),  # type: ignore[arg-type]
    "spawn empty name": (TypeError, "name", lambda c: c.spawn(print, name="")),
    "call_later": (TypeError, "function", lambda c: c.call_later(1, None)),  # type: ignore[arg-type]
    "call_later -1": (ValueError, "delay_s", lambda c: c.call_later(-1, print)),
    "run": (TypeError, "main", lambda c: c.run("main")),  # type: ignore[arg-type]
    "max_workers 0": (ValueError, "max_workers", lambda c: c.executor(0)),
    "max_workers 1.5": (TypeError, "max_workers", lambda c: c.executor(1.5)),  # type: ignore[arg-type]
    "maxsize": (ValueError, "maxsize", lambda c: c.queue(-1)),
    "submit": (TypeError, "fn", lambda c: c.executor(1).submit(1)),  # type: ignore[arg-type]
    "event": (ValueError, "timeout_s", lambda c: c.event().wait(inf)),
    "lock": (ValueError, "timeout_s", lambda c: c.lock().acquire(timeout_s=-1)),
    "lock, no waiting": (ValueError, "timeout_s", lambda c: c.lock().acquire(False, 1.0)),
    "put": (ValueError, "timeout_s", lambda c: c.queue().put(1, timeout_s=nan)),
    "get": (ValueError, "timeout_s", lambda c: c.queue().get(timeout_s=-1)),
    "join": (ValueError, "timeout", lambda c: c.spawn(print).join(-1)),
    "wait": (ValueError, "timeout_s", lambda c: c.wait([], -1)),
    "return_when": (ValueError, "return_when", lambda c: c.wait([], return_when="SOON")),
    "futures": (TypeError, "futures", lambda c: c.wait([concurrent.futures.Future()])),  # type: ignore[list-item]
    "as_completed": (ValueError, "timeout_s", lambda c: c.as_completed([], nan)),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_input(clock: Clock, name: str) -> None:
    error, argument, call = BAD_CALLS[name]
    if name == "run":
        with pytest.raises(error, match=f"^{argument}: "):
            call(clock)
        return

    def main() -> None:
        with pytest.raises(error, match=f"^{argument}: "):
            call(clock)

    clock.run(main)


def test_threads_and_callbacks_belong_inside_run(clock: Clock) -> None:
    calls = (lambda: clock.spawn(print), lambda: clock.call_later(1.0, print), lambda: clock.executor(1).submit(print))
    for call in calls:
        with pytest.raises(RuntimeError, match="run"):
            call()


def test_a_real_clock_may_be_slept_on_anywhere() -> None:
    clock = RealClock()
    clock.sleep(5 * MS)
    clock.checkpoint()
    assert clock.now() >= 5 * MS
    assert clock.lock().acquire() and not clock.event().wait(MS)
