"""Wall time alone: who is late at the end of a run, and calls outside of one."""

import contextlib
import queue
import sys
import threading
import time

import pytest

from lbcore.faults import RealClock, Unwound
from lbcore.faults.clocks.real.threads import RealRun


def test_a_thread_that_spawns_just_as_the_run_ends_is_unwound(monkeypatch: pytest.MonkeyPatch) -> None:
    """On wall time the run may end between the moment a thread hears that it goes on, and the start of the new one."""
    clock, reached, unwound = RealClock(), threading.Event(), []
    here = clock._here

    def stalls(what: str) -> RealRun:
        run = here(what)
        if threading.current_thread().name == "late":
            reached.set()
            run.stopping.wait(10.0)
        return run

    def late() -> None:
        try:
            clock.spawn(print)
        except Unwound:
            unwound.append(True)
            raise

    def main() -> str:
        clock.spawn(late, name="late")
        assert reached.wait(10.0)
        return "done"

    monkeypatch.setattr(clock, "_here", stalls)
    assert clock.run(main) == "done"
    assert unwound == [True]


def test_many_threads_that_wait_and_many_that_have_ended() -> None:
    """Threads that have ended are taken off the run's list, and none that waits is."""
    clock, cleaned = RealClock(), []

    def waits() -> None:
        try:
            clock.sleep(1000.0)
        finally:
            cleaned.append(1)

    def main() -> int:
        for _ in range(40):
            clock.spawn(waits)
            clock.spawn(int).join()
        for _ in range(100):
            clock.spawn(int).join()
        assert clock._run is not None
        return len(clock._run._threads)

    assert clock.run(main) <= 64 + 1 and cleaned == [1] * 40


def test_a_lock_taken_at_the_very_end_is_given_back() -> None:
    """Its turn comes only because the run is over: the thread is unwound, and must not keep it."""
    clock = RealClock()
    lock = clock.lock()

    def waits() -> None:
        with lock:
            raise AssertionError("it went on")

    def holds() -> None:
        with lock:
            clock.sleep(1000.0)

    def main() -> None:
        clock.spawn(holds)
        while not lock.locked():
            time.sleep(0.001)
        for _ in range(3):
            clock.spawn(waits)
        clock.sleep(0.02)

    clock.run(main)
    assert not lock.locked()


def test_a_real_clock_may_be_slept_on_anywhere() -> None:
    clock = RealClock()
    clock.sleep(0.005)
    assert clock.now() >= 0.005
    assert clock.lock().acquire() and not clock.event().wait(0.001)


@pytest.mark.parametrize("burst", range(4))
def test_nobody_who_waits_for_a_moment_waits_for_ever(burst: int) -> None:
    """Sixteen who take what comes, and look at the time at each turn: an item may go to another while one wakes."""
    clock = RealClock()
    items = clock.queue()
    over = threading.Event()
    taken = [0] * 16

    def take(i: int) -> None:
        while not over.is_set():
            with contextlib.suppress(queue.Empty):
                items.get(timeout_s=200e-6)
                taken[i] += 1

    def main() -> tuple[int, list[bool]]:
        threads = [clock.spawn(take, i) for i in range(16)]
        until_s, put = time.monotonic() + 0.5, 0
        while time.monotonic() < until_s:
            items.put(None)
            put += 1
        over.set()
        ended = [thread.join(2.0) for thread in threads]
        while not all(thread.join(0.01) for thread in threads):  # else the run would wait for them
            items.put(None)
            put += 1
        while not items.empty():
            items.get()
            put -= 1
        return put, ended

    before = sys.getswitchinterval()
    sys.setswitchinterval(100e-6)
    try:
        left, ended = clock.run(main)
    finally:
        sys.setswitchinterval(before)
    assert all(ended) and left == sum(taken)
