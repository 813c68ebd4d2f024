"""Simulated time: one seed is one trace, seeds explore, and however a run ends no thread is left."""

import _thread
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import DeadlockError, Unwound, VirtualClock

Step = tuple[float, str, str]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.enumerate()
    yield
    assert threading.enumerate() == before


def crowd(clock: VirtualClock) -> Callable[[], list[str]]:
    """Six threads that sleep, lock, queue, submit and time callbacks at the same few moments."""
    lock, items, pool = clock.lock(), clock.queue(2), clock.executor(2)
    seen: list[str] = []

    def node(number: int) -> None:
        for beat in range(4):
            clock.sleep(beat % 2 * 0.5)
            with lock:
                seen.append(f"{number} has the lock")
                clock.checkpoint()
            items.put(number)
            clock.call_later(0.5, seen.append, f"message from {number}")

    def monitor() -> None:
        while True:
            seen.append(f"{items.get()} got at {clock.now()}")

    def task(number: int) -> int:
        clock.sleep(0.5)
        seen.append(f"task {number}")
        return number

    def main() -> list[str]:
        clock.spawn(monitor)
        threads = [clock.spawn(node, number) for number in range(4)]
        futures = {pool.submit(task, number) for number in range(5)}
        seen.append(str([future.result() for future in clock.wait(futures, 0.5).done]))
        for thread in threads:
            thread.join()
        clock.sleep(1.0)
        return seen

    return main


def traced(seed: int) -> tuple[list[Step], list[str]]:
    trace: list[Step] = []
    clock = VirtualClock(seed, trace=lambda *step: trace.append(step))
    return trace, clock.run(crowd(clock))


# Determinism and exploration


def test_one_seed_is_one_trace_over_100_runs() -> None:
    first = traced(7)
    assert len(first[0]) > 100
    assert all(traced(7) == first for _ in range(99))


def test_other_seeds_are_other_traces() -> None:
    traces = [traced(seed) for seed in range(20)]
    assert len({str(trace) for trace, _ in traces}) == 20
    assert len({str(seen) for _, seen in traces}) == 20
    for _, seen in traces:
        assert sum("lock" in line for line in seen) == 16
        assert sum("got" in line for line in seen) == 16
        assert sum("message" in line for line in seen) == 16
        assert sum(line.startswith("task") for line in seen) == 5


def test_the_trace_does_not_depend_on_hash_seed_or_process() -> None:
    """A set of futures, in another process with other addresses and other string hashes."""
    code = "from tests.faults.test_virtual_clock import traced; print(hash_of(traced(3)))"
    code = f"import zlib\ndef hash_of(x): return zlib.crc32(repr(x).encode())\n{code}"
    got = {in_process(code, PYTHONHASHSEED=str(seed)).stdout for seed in (0, 1)}
    assert len(got) == 1 and got != {""}


def test_seeds() -> None:
    assert VirtualClock(5).seed == 5
    assert VirtualClock(np.random.default_rng(1)).seed == VirtualClock(np.random.default_rng(1)).seed
    assert VirtualClock().seed != VirtualClock().seed
    assert repr(VirtualClock(5)) == "VirtualClock(seed=5, now=0)"
    for bad in (1.5, "1", True):
        with pytest.raises(TypeError, match=r"^seed: "):
            VirtualClock(bad)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^trace: "):
        VirtualClock(1, trace=3)  # type: ignore[arg-type]


def lost_update(seed: int, locked: bool = False) -> int:
    """Two threads that read, let others run, and write: 2 where nothing was lost."""
    clock, total = VirtualClock(seed), 0
    lock = clock.lock()

    def add() -> None:
        nonlocal total
        if locked:
            lock.acquire()
        clock.checkpoint()
        before = total
        clock.checkpoint()
        total = before + 1
        if locked:
            lock.release()

    def main() -> int:
        for thread in [clock.spawn(add), clock.spawn(add)]:
            thread.join()
        return total

    return clock.run(main)


def test_a_planted_lost_update_is_found_and_replayed_from_its_seed() -> None:
    totals = {seed: lost_update(seed) for seed in range(60)}
    assert set(totals.values()) == {1, 2}
    bad = next(seed for seed, total in totals.items() if total == 1)
    assert [lost_update(bad) for _ in range(20)] == [1] * 20
    assert {lost_update(seed, locked=True) for seed in range(60)} == {2}


def test_seeds_reach_every_order_of_three_threads() -> None:
    def order(seed: int) -> str:
        clock, seen = VirtualClock(seed), []

        def main() -> str:
            for thread in [clock.spawn(seen.append, name) for name in "abc"]:
                thread.join()
            return "".join(seen)

        return clock.run(main)

    assert len({order(seed) for seed in range(100)}) == 6


def test_messages_due_at_the_same_time_come_in_any_order() -> None:
    def order(seed: int) -> str:
        clock, seen = VirtualClock(seed), []

        def main() -> str:
            for name in "abc":
                clock.call_later(1.0, seen.append, name)
            clock.sleep(2.0)
            return "".join(seen)

        return clock.run(main)

    assert len({order(seed) for seed in range(100)}) == 6


# Time


def test_ten_minutes_take_a_moment() -> None:
    clock = VirtualClock(1)
    start_s = time.monotonic()
    clock.run(clock.sleep, 600.0)
    assert (clock.now(), time.monotonic() - start_s < 1.0) == (600.0, True)


def test_timeouts_end_at_their_time_to_the_bit() -> None:
    clock = VirtualClock(1)

    def main() -> list[float]:
        times = []
        clock.event().wait(0.25)
        times.append(clock.now())
        lock = clock.lock()
        lock.acquire()
        lock.acquire(timeout_s=0.5)
        times.append(clock.now())
        thread = clock.spawn(clock.sleep, 100.0)
        thread.join(1.0)
        times.append(clock.now())
        thread.join()
        return [*times, clock.now()]

    assert clock.run(main) == [0.25, 0.75, 1.75, 100.75]


def test_what_was_timed_for_later_is_forgotten_by_the_next_run() -> None:
    clock, seen = VirtualClock(1), []
    clock.run(lambda: clock.call_later(1.0, seen.append, "stale"))
    clock.run(clock.sleep, 5.0)
    assert (seen, clock.now()) == ([], 5.0)


def test_void_entries_do_not_pile_up() -> None:
    """A wait that is served long before its timeout, ten thousand times."""
    clock, items = VirtualClock(1), None
    items = clock.queue()

    def server() -> None:
        while True:
            clock.sleep(0.001)
            items.put(1)

    def main() -> int:
        clock.spawn(server)
        for _ in range(10_000):
            items.get(timeout_s=1e6)
            clock.call_later(1e6, print).cancel()
        return len(clock._heap)

    assert clock.run(main) < 2_000


# Locks and queues hand over in order of arrival


def test_a_lock_goes_to_whoever_has_waited_longest() -> None:
    for seed in range(10):
        clock, order = VirtualClock(seed), []
        lock = clock.lock()

        def waiter(number: int, clock: VirtualClock = clock, lock: Any = lock, order: list[int] = order) -> None:
            clock.sleep(number * 0.1)
            for _ in range(3):
                with lock:
                    order.append(number)
                    clock.sleep(1.0)

        def main(clock: VirtualClock = clock, waiter: Any = waiter) -> None:
            for thread in [clock.spawn(waiter, number) for number in range(4)]:
                thread.join()

        clock.run(main)
        assert order == [0, 1, 2, 3] * 3


def test_a_waiter_that_timed_out_is_not_served() -> None:
    clock = VirtualClock(1)
    items, full, lock = clock.queue(), clock.queue(1), clock.lock()

    def main() -> None:
        lock.acquire()
        full.put("first")
        for call in (
            lambda: items.get(timeout_s=1.0),
            lambda: full.put("late", timeout_s=1.0),
        ):
            with pytest.raises(Exception, match=r"^$"):
                call()
        assert not lock.acquire(timeout_s=1.0)
        items.put("kept")
        assert (items.get(), full.get(), full.qsize()) == ("kept", "first", 0)
        lock.release()
        assert not lock.locked()

    clock.run(main)


# Endings


def test_a_deadlock_names_the_threads_and_what_they_wait_for() -> None:
    clock = VirtualClock(1)
    a, b, cleaned = clock.lock(), clock.lock(), []

    def takes(first: Any, second: Any) -> None:
        try:
            with first:
                clock.sleep(1.0)
                with second:
                    pass
        finally:
            cleaned.append(1)

    def main() -> None:
        clock.spawn(takes, a, b, name="ada")
        clock.spawn(takes, b, a, name="bob")
        clock.spawn(clock.queue().get, name="cyd")
        clock.spawn(clock.event().wait, name="dan").join()

    with pytest.raises(DeadlockError, match="deadlock at 1 s") as caught:
        clock.run(main)
    assert dict(caught.value.waiting) == {
        "main": "'dan' to end",
        "ada": "a lock held by 'bob'",
        "bob": "a lock held by 'ada'",
        "cyd": "an item in an empty queue",
        "dan": "an event",
    }
    assert "ada waits for a lock held by 'bob'" in str(caught.value)
    assert cleaned == [1, 1]
    assert not a.locked() and not b.locked()


def test_a_deadlock_with_oneself() -> None:
    clock = VirtualClock(1)
    lock = clock.lock()
    with pytest.raises(DeadlockError, match="main waits for a lock held by 'main'"):
        clock.run(lambda: (lock.acquire(), lock.acquire()))


def sleepers(clock: VirtualClock, cleaned: list[int], count: int = 20) -> None:
    def body(number: int) -> None:
        try:
            while True:
                clock.sleep(1.0)
        finally:
            cleaned.append(number)

    for number in range(count):
        clock.spawn(body, number)


@pytest.mark.parametrize("stop", [lambda: signal.raise_signal(signal.SIGINT), _thread.interrupt_main])
def test_ctrl_c_unwinds_every_thread(stop: Callable[[], None]) -> None:
    clock, cleaned = VirtualClock(1), []

    def main() -> None:
        sleepers(clock, cleaned)
        clock.call_later(100.5, stop)
        clock.sleep(1e9)

    start_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        clock.run(main)
    assert sorted(cleaned) == list(range(20))
    assert time.monotonic() - start_s < 5.0
    assert clock.run(lambda: "again") == "again"


def test_ctrl_c_at_any_moment_of_a_short_run() -> None:
    """A real timer that fires at another moment each time: before the start, in the middle, while unwinding."""
    caught = 0
    for delay_us in range(50, 6_050, 100):
        clock, cleaned = VirtualClock(1), []

        def main(clock: VirtualClock = clock, cleaned: list[int] = cleaned) -> None:
            sleepers(clock, cleaned, 5)
            clock.sleep(60.0)

        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, delay_us * 1e-6)
            clock.run(main)
            time.sleep(0.1)
        except KeyboardInterrupt:
            caught += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert threading.active_count() == len(threading.enumerate())
        assert [t.name for t in threading.enumerate() if t.name.startswith(("main-", "body"))] == []
        assert len(set(cleaned)) == len(cleaned) <= 5
        assert clock.run(lambda: "again") == "again"
    assert caught > 30


def test_ctrl_c_stops_a_thread_that_makes_no_clock_call() -> None:
    clock, cleaned = VirtualClock(1), []

    def busy() -> None:
        try:
            while True:
                pass
        finally:
            cleaned.append(99)

    def main() -> None:
        sleepers(clock, cleaned, 3)
        clock.sleep(5.5)
        clock.spawn(busy).join()

    threading.Timer(0.2, _thread.interrupt_main).start()
    start_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        clock.run(main)
    assert sorted(cleaned) == [0, 1, 2, 99]
    assert time.monotonic() - start_s < 5.0


def test_a_thread_that_fails_while_others_have_not_begun() -> None:
    clock, began = VirtualClock(1), []

    def main() -> None:
        for _ in range(10):
            clock.spawn(began.append, 1)
        raise ValueError("at once")

    with pytest.raises(ValueError, match="at once"):
        clock.run(main)
    assert began == []


def test_an_exception_in_a_callback_and_in_the_trace_hook() -> None:
    clock = VirtualClock(1)

    def broken() -> None:
        raise ZeroDivisionError("in a callback")

    def main() -> None:
        clock.call_later(2.0, broken)
        clock.sleep(1000.0)

    with pytest.raises(ZeroDivisionError, match="in a callback") as caught:
        clock.run(main)
    assert (clock.now(), caught.value.__notes__) == (2.0, ["(in 'broken' of the clock, at 2 s)"])

    clock = VirtualClock(1, trace=lambda *step: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        clock.run(clock.sleep, 1.0)


def test_cleaning_up_may_set_release_and_ask_but_not_wait() -> None:
    clock = VirtualClock(1)
    event, lock, log = clock.event(), clock.lock(), []

    def body() -> None:
        try:
            with lock:
                clock.sleep(1000.0)
        finally:
            event.set()
            log.append((clock.now(), lock.locked(), event.is_set()))
            for call in (clock.checkpoint, lock.acquire, event.wait, lambda: clock.spawn(print)):
                with pytest.raises(Unwound):
                    call()

    def main() -> None:
        clock.spawn(body)
        clock.sleep(3.0)

    clock.run(main)
    assert log == [(3.0, False, True)]


def test_short_threads_by_the_thousand() -> None:
    clock, seen = VirtualClock(1), []

    def main() -> None:
        for number in range(1_000):
            clock.spawn(seen.append, number)
            clock.sleep(0.1)
            assert threading.active_count() < 40

    clock.run(main)
    assert seen == list(range(1_000))


# Who may call


def test_calls_from_outside_are_refused() -> None:
    clock = VirtualClock(1)
    lock, event, items = clock.lock(), clock.event(), clock.queue()
    calls: list[Callable[[], object]] = [
        lambda: clock.sleep(1.0),
        clock.checkpoint,
        lambda: clock.spawn(print),
        lambda: clock.call_later(1.0, print),
        lock.acquire,
        lock.release,
        event.set,
        event.clear,
        event.wait,
        lambda: items.put(1),
        items.get,
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="outside run"):
            call()

    errors = []

    def stranger() -> None:
        for call in calls:
            try:
                call()
            except RuntimeError as error:
                errors.append(str(error))

    def main() -> None:
        thread = threading.Thread(target=stranger)
        thread.start()
        thread.join()
        clock.sleep(1.0)

    clock.run(main)
    assert len(errors) == len(calls)
    assert all("not spawned" in error for error in errors)
    assert clock.now() == 1.0


# In a process of their own, since they are about signals from outside or leave a thread behind


def in_process(code: str, interrupt_after: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new Python. With `interrupt_after`, send SIGINT once that line has been printed."""
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), **variables}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    seen = ""
    while interrupt_after is not None and interrupt_after not in seen:
        seen = process.stdout.readline()
        assert seen, "it ended before the interruption"
    if interrupt_after is not None:
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.mark.parametrize("clock", ["VirtualClock(1)", "RealClock()"])
def test_a_real_sigint(clock: str) -> None:
    done = in_process(
        f"""
        import threading
        from lbcore.faults import RealClock, VirtualClock
        clock, cleaned = {clock}, []
        def body(number):
            try:
                while True:
                    clock.sleep(0.01)
            finally:
                cleaned.append(number)
        def main():
            for number in range(20):
                clock.spawn(body, number)
            print("ready", flush=True)
            clock.sleep(1e9 if "Virtual" in repr(clock) else 60.0)
        try:
            clock.run(main)
        except KeyboardInterrupt:
            print("interrupted", len(cleaned), threading.active_count())
        """,
        interrupt_after="ready",
    )
    assert (done.stdout, done.stderr) == ("interrupted 20 1\n", "")


@pytest.mark.parametrize("clock", ["VirtualClock(1)", "RealClock()"])
def test_who_swallows_the_end_for_ever_is_left_behind_and_named(clock: str) -> None:
    done = in_process(
        f"""
        from lbcore.faults import RealClock, VirtualClock
        clock, cleaned = {clock}, []
        def deaf():
            while True:
                try:
                    clock.sleep(0.001)
                except BaseException:
                    pass
        def polite():
            try:
                clock.sleep(1000.0)
            finally:
                cleaned.append(1)
        def main():
            clock.spawn(polite)
            clock.spawn(deaf, name="deaf")
            clock.spawn(polite)
            clock.sleep(0.005)
        try:
            clock.run(main)
        except RuntimeError as error:
            print(error, cleaned)
        print(clock.run(lambda: "again"))
        """
    )
    first, second = done.stdout.splitlines()
    assert first == ("thread 'deaf' swallowed Unwound 100 times (is there a bare except?): it is left behind [1, 1]")
    assert (second, done.returncode, done.stderr) == ("again", 0, "")


# Any program

COMMAND = st.one_of(
    st.tuples(st.just("sleep"), st.sampled_from([0.0, 0.1, 0.1, 0.3, 1.0])),
    st.tuples(st.just("lock"), st.integers(0, 1)),
    st.tuples(st.just("put"), st.integers(0, 1)),
    st.tuples(st.just("get"), st.integers(0, 1)),
    st.tuples(st.just("later"), st.sampled_from([0.0, 0.1, 0.5])),
    st.tuples(st.just("checkpoint"), st.just(0)),
    st.tuples(st.just("submit"), st.sampled_from([0.0, 0.2])),
)
Program = list[list[tuple[str, Any]]]


def run_program(program: Program, seed: int) -> tuple[list[Step], list[Any]]:
    trace: list[Step] = []
    clock = VirtualClock(seed, trace=lambda *step: trace.append(step))
    locks, queues, pool = [clock.lock(), clock.lock()], [clock.queue(), clock.queue(1)], clock.executor(2)
    log: list[Any] = []
    inside = [0, 0]

    def body(number: int, commands: list[tuple[str, Any]]) -> None:
        for what, value in commands:
            if what == "sleep":
                due_s = clock.now() + value
                clock.sleep(value)
                assert clock.now() == due_s
            elif what == "lock":
                with locks[value]:
                    inside[value] += 1
                    assert inside[value] == 1
                    clock.sleep(0.1)
                    inside[value] -= 1
            elif what == "put":
                queues[value].put((number, clock.now()))
            elif what == "get":
                log.append(queues[value].get())
            elif what == "later":
                clock.call_later(value, log.append, number)
            elif what == "submit":
                log.append(pool.submit(lambda value=value: (clock.sleep(value), value)[1]).result(0.3))
            else:
                clock.checkpoint()
            log.append((number, what, clock.now()))

    def main() -> None:
        for thread in [clock.spawn(body, i, commands) for i, commands in enumerate(program)]:
            thread.join()

    try:
        clock.run(main)
    except (DeadlockError, TimeoutError) as error:
        log.append(str(error))
    return trace, log


@settings(max_examples=60, deadline=None)
@given(program=st.lists(st.lists(COMMAND, max_size=6), min_size=1, max_size=5), seed=st.integers(0, 2**64 - 1))
def test_any_program_has_one_trace_per_seed_and_time_never_goes_back(program: Program, seed: int) -> None:
    before = threading.active_count()
    trace, log = run_program(program, seed)
    assert (trace, log) == run_program(program, seed)
    times = [at_s for at_s, _, _ in trace]
    assert times == sorted(times)
    assert threading.active_count() == before
