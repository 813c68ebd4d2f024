"""Simulated time: a deadlock names its threads, and however a run ends every thread is unwound."""

import threading
from typing import Any

import pytest

from lbcore.faults import DeadlockError, Unwound, VirtualClock


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
            for call in (lambda: clock.sleep(0.0), lock.acquire, event.wait, lambda: clock.spawn(print)):
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

        assert len(clock._ending) < 40

    clock.run(main)
    assert seen == list(range(1_000))
