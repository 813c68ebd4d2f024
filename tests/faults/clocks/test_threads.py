"""Time, threads and how a run ends, on both clocks."""

import contextvars
from collections.abc import Callable
from typing import Any

import pytest

from lbcore.faults import Clock, RealClock, Unwound

MS = 0.001


def test_run_gives_mains_result_and_its_arguments(clock: Clock) -> None:
    assert clock.run(lambda *args: args, 1, "two") == (1, "two")


def test_sleepers_wake_in_order_of_time(clock: Clock) -> None:
    """On wall time a thread may be late, and none is early."""
    woken: list[tuple[float, int]] = []

    def sleeper(number: int) -> None:
        begun_s = clock.now()
        clock.sleep(number * 30 * MS)
        woken.append((clock.now() - begun_s, number))

    def main() -> None:
        threads = [clock.spawn(sleeper, number) for number in (3, 1, 2)]
        assert all(thread.join() for thread in threads)
        assert not any(thread.is_alive() for thread in threads)

    clock.run(main)
    assert all(slept_s >= number * 29.9 * MS for slept_s, number in woken)
    assert sorted(number for _, number in woken) == [1, 2, 3]
    assert isinstance(clock, RealClock) or woken == sorted(woken)


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
    lock, event, empty = clock.lock(), clock.event(), clock.queue()
    cleaned: list[str] = []

    def blocked(call: Callable[[], object], name: str) -> None:
        try:
            call()
            cleaned.append("went on")
        finally:
            cleaned.append(name)

    def main() -> str:
        lock.acquire()
        sleeper = clock.spawn(blocked, lambda: clock.sleep(1000.0), "sleep")
        for name, call in {
            "acquire": lock.acquire,
            "with a timeout": lambda: lock.acquire(timeout_s=1000.0),
            "wait": event.wait,
            "get": empty.get,
            "join": sleeper.join,
            "result": lambda: clock.executor(1).submit(clock.sleep, 1000.0).result(),
        }.items():
            clock.spawn(blocked, call, name)
        clock.sleep(20 * MS)
        return "done"

    assert clock.run(main) == "done"
    assert sorted(cleaned) == sorted(["sleep", "acquire", "with a timeout", "wait", "get", "join", "result"])


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
