"""Real signals: Ctrl-C unwinds every thread, whenever it comes and whatever a thread does."""

import _thread
import signal
import threading
import time
from collections.abc import Callable

import pytest

from lbcore.faults import VirtualClock
from tests.faults.clocks.processes import in_process


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

    with pytest.raises(KeyboardInterrupt):
        clock.run(main)
    assert sorted(cleaned) == list(range(20))
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
    with pytest.raises(KeyboardInterrupt):
        clock.run(main)
    assert sorted(cleaned) == [0, 1, 2, 99]


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
