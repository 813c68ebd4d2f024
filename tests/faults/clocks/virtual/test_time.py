"""Simulated time: when threads go on, in which order they are served, and who may call."""

import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest

from lbcore.faults import VirtualClock


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


@pytest.mark.parametrize("what", ["sleep", "acquire", "wait", "put", "get"])
def test_where_another_thread_may_go_first(what: str) -> None:
    """Also where there is nothing to wait for: a seed decides, and seeds reach both orders."""

    def order(seed: int) -> str:
        clock, seen = VirtualClock(seed), []
        event, items = clock.event(), clock.queue()

        def main() -> str:
            event.set()
            items.put(1)
            other = clock.spawn(seen.append, "other")
            {
                "sleep": lambda: clock.sleep(0.0),
                "acquire": clock.lock().acquire,
                "wait": event.wait,
                "put": lambda: items.put(2),
                "get": items.get,
            }[what]()
            seen.append("main")
            other.join()
            return " ".join(seen)

        return clock.run(main)

    assert {order(seed) for seed in range(30)} == {"other main", "main other"}


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
    items, lock = clock.queue(), clock.lock()

    def main() -> None:
        lock.acquire()
        with pytest.raises(queue.Empty):
            items.get(timeout_s=1.0)
        assert not lock.acquire(timeout_s=1.0)
        items.put("kept")
        assert items.get() == "kept"
        lock.release()
        assert not lock.locked()

    clock.run(main)


def test_calls_from_outside_are_refused() -> None:
    clock = VirtualClock(1)
    lock, event, items = clock.lock(), clock.event(), clock.queue()
    calls: list[Callable[[], object]] = [
        lambda: clock.sleep(1.0),
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
