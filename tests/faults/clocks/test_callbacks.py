"""Timed callbacks on both clocks: what `call_later` calls, when, and what it may do."""

import queue
from typing import Any

import pytest

from lbcore.faults import Clock

MS = 0.001


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


@pytest.mark.parametrize("what", ["sleep", "wait", "get", "join", "acquire"])
def test_a_callback_must_not_wait(clock: Clock, what: str) -> None:
    lock, thread = clock.lock(), []
    call = {
        "sleep": lambda: clock.sleep(1.0),
        "wait": clock.event().wait,
        "get": clock.queue().get,
        "join": lambda: thread[0].join(),
        "acquire": lock.acquire,
    }[what]

    def main() -> None:
        lock.acquire()
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
            items.get(timeout_s=0.0)
        seen.set()

    def main() -> None:
        items.put("there")
        clock.call_later(MS, arrives)
        assert seen.wait(5.0)

    clock.run(main)
    assert items_got == ["there"]
