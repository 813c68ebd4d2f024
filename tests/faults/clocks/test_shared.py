"""What threads share: lock, event and queue, on both clocks."""

import queue

import pytest

from lbcore.faults import Clock

MS = 0.001


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
                clock.sleep(0.0)
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
    items = clock.queue()
    got: list[int] = []

    def main() -> None:
        assert items.empty()
        with pytest.raises(queue.Empty):
            items.get(timeout_s=0.0)
        with pytest.raises(queue.Empty):
            items.get(timeout_s=5 * MS)
        items.put(1)
        items.put(2)
        assert not items.empty()
        assert (items.get(), items.get(timeout_s=0.0), items.empty()) == (1, 2, True)
        thread = clock.spawn(lambda: got.append(items.get(timeout_s=5.0)))
        clock.sleep(10 * MS)
        items.put(3)
        thread.join()
        assert (got, items.empty()) == ([3], True)

    clock.run(main)


def test_a_queue_loses_and_doubles_nothing(clock: Clock) -> None:
    items, sums = clock.queue(), clock.queue()

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
