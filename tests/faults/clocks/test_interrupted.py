"""Ctrl-C at the worst moments, planted: no thread is left, and the next run pays for nothing."""

import threading
import time
from collections.abc import Callable

import pytest

from lbcore.faults import Clock, RealClock, VirtualClock
from lbcore.faults.clocks.virtual import clock as virtual_clock

Start = Callable[[threading.Thread], None]
How = Callable[[Start, threading.Thread], None]


@pytest.fixture(params=["real", "virtual"])
def clock(request: pytest.FixtureRequest) -> Clock:
    return RealClock() if request.param == "real" else VirtualClock(1)


@pytest.fixture
def interrupt_start(monkeypatch: pytest.MonkeyPatch) -> Callable[[How], None]:
    """Have the start of the thread called "left" go as told."""
    start = threading.Thread.start

    def plant(how: How) -> None:
        monkeypatch.setattr(
            threading.Thread, "start", lambda thread: how(start, thread) if thread.name == "left" else start(thread)
        )

    return plant


def after_it_began(start: Start, thread: threading.Thread) -> None:
    start(thread)
    raise KeyboardInterrupt


def before_it_began(start: Start, thread: threading.Thread) -> None:
    threading.Timer(0.1, start, [thread]).start()
    raise KeyboardInterrupt


def and_it_never_begins(start: Start, thread: threading.Thread) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("how", [after_it_began, before_it_began, and_it_never_begins])
def test_a_start_that_is_interrupted(clock: Clock, interrupt_start: Callable[[How], None], how: How) -> None:
    """`Thread.start` waits for the new thread's first sign of life, so Ctrl-C lands there readily."""
    left: list[threading.Thread] = []

    def noted(start: Start, thread: threading.Thread) -> None:
        left.append(thread)
        how(start, thread)

    interrupt_start(noted)
    began, went_on = [], []

    def node() -> None:
        began.append(1)
        while True:
            clock.sleep(0.01)
            clock.spawn(went_on.append, clock.now())

    with pytest.raises(KeyboardInterrupt):
        clock.run(lambda: clock.spawn(node, name="left"))
    assert (left[0].ident is None) == (how is and_it_never_begins) and not left[0].is_alive()
    # Timers are threads too: the fixture that counts threads is to see none of them.
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()
    assert len(began) <= (how is after_it_began)
    ended = len(went_on)
    assert clock.run(lambda: (clock.sleep(0.05), 7)[1]) == 7
    assert len(went_on) == ended


def test_a_system_without_room_for_a_thread(clock: Clock, interrupt_start: Callable[[How], None]) -> None:
    def full(start: Start, thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    interrupt_start(full)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        clock.run(lambda: clock.spawn(print, name="left"))
    assert clock.run(lambda: "again") == "again"


class InterruptedDoor:
    """A lock that is left by Ctrl-C, once."""

    def __init__(self) -> None:
        self.lock, self.planted = threading.Lock(), True

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *error: object) -> None:
        self.lock.release()
        planted, self.planted = self.planted, False
        if planted:
            raise KeyboardInterrupt


def test_a_run_that_is_interrupted_before_it_has_begun(clock: Clock) -> None:
    clock._door = InterruptedDoor()  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        clock.run(lambda: "never")
    assert clock.run(lambda: "again") == "again"


def test_a_join_that_is_interrupted(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception out of `Thread.join` can make `is_alive` say no at once: the thread is waited for all the same."""
    join, cleaned, planted = threading.Thread.join, [], [KeyboardInterrupt()]

    def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
        if thread.name == "node" and planted:
            monkeypatch.setattr(thread, "is_alive", lambda: False)
            raise planted.pop()
        join(thread, timeout)

    def node() -> None:
        try:
            clock.sleep(1000.0)
        finally:
            time.sleep(0.1)
            cleaned.append(1)

    def main() -> None:
        clock.spawn(node, name="node")
        clock.sleep(0.01)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        clock.run(main)
    assert cleaned == [1]


def test_a_join_that_is_interrupted_while_the_thread_computes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is interrupted where it is all the same, half a second later."""
    clock, went_on, planted = VirtualClock(1), [], [KeyboardInterrupt()]
    join = threading.Thread.join

    def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
        if thread.name == "busy" and planted:
            monkeypatch.setattr(thread, "is_alive", lambda: False)
            raise planted.pop()
        join(thread, timeout)

    def busy() -> None:
        try:
            clock.sleep(1000.0)
        finally:
            end_s = time.monotonic() + 20.0
            while time.monotonic() < end_s:
                pass
            went_on.append(1)

    def main() -> None:
        clock.spawn(busy, name="busy")
        clock.sleep(1.0)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        clock.run(main)
    assert went_on == []


def test_who_is_left_behind_by_one_run_has_no_part_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two Ctrl-C leave a thread that makes no clock call. Once it makes one, its own run is over, whichever is on."""
    clock, go, heard = RealClock(), threading.Event(), []
    join = threading.Thread.join
    interruptions = [KeyboardInterrupt(), KeyboardInterrupt()]

    def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
        if thread.name == "deaf" and interruptions:
            raise interruptions.pop()
        join(thread, timeout)

    def deaf() -> None:
        go.wait(10.0)
        clock.call_later(0.0, heard.append, "called")
        try:
            clock.spawn(heard.append, "spawned")
        except BaseException as error:
            heard.append(type(error).__name__)
            raise

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        clock.run(lambda: clock.spawn(deaf, name="deaf"))
    assert "thread 'deaf' makes no clock call: it is left behind" in caught.value.__notes__[0]

    def main() -> str:
        go.set()
        while not heard:
            clock.sleep(0.01)
        clock.sleep(0.1)
        return "done"

    assert clock.run(main) == "done"
    assert heard == ["Unwound"]


def test_ctrl_c_while_ctrl_c_is_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two signals in a row: the second comes where the first is being noted down."""
    clock, cleaned, planted = VirtualClock(1), [], [KeyboardInterrupt("second")]

    def interrupted() -> float:
        if clock._stop and planted:
            raise planted.pop()
        return time.monotonic()

    def node() -> None:
        try:
            clock.sleep(1e6)
        finally:
            cleaned.append(1)

    def main() -> None:
        for _ in range(5):
            clock.spawn(node)
        clock.call_later(1.0, lambda: drive.append(KeyboardInterrupt("first")))
        while True:
            clock.sleep(0.01)

    chase, drive = clock._chase, []

    def chased(thread: object) -> None:
        if drive:
            raise drive.pop()
        chase(thread)  # type: ignore[arg-type]

    monkeypatch.setattr(virtual_clock, "monotonic", interrupted)
    monkeypatch.setattr(clock, "_chase", chased)
    with pytest.raises(KeyboardInterrupt):
        clock.run(main)
    assert not planted and cleaned == [1] * 5
    assert clock.run(lambda: "again") == "again"


def test_a_thread_that_ends_after_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a run breaks off all the same, a thread of it ends without a word, and leaves the next run its baton."""
    clock, waits, go = VirtualClock(1), threading.Event(), threading.Event()

    def broken(first: virtual_clock.VirtualThread) -> None:
        if not waits.is_set():
            clock._current = first
            first.baton.release()
            first.real.start()
            assert waits.wait(10.0)
        raise KeyboardInterrupt

    def main() -> None:
        waits.set()
        go.wait(10.0)

    with monkeypatch.context() as planted:
        planted.setattr(clock, "_drive_on", broken)
        with pytest.raises(KeyboardInterrupt):
            clock.run(main)
    left = [thread for thread in threading.enumerate() if thread.name == "main"]

    def second() -> str:
        go.set()
        left[0].join()
        clock.sleep(1.0)
        return "done"

    assert len(left) == 1 and clock.run(second) == "done"
