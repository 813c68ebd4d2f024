"""Real signals: Ctrl-C unwinds every thread, whenever it comes and whatever a thread does."""

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from lbcore.faults import Clock, RealClock, VirtualClock
from tests.faults.clocks.processes import in_process


def sleepers(clock: Clock, cleaned: list[int], count: int = 20) -> None:
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


def interrupted(clock: Clock, main: Callable[[], object], delay_s: float) -> bool:
    """A run of `main` with a real signal after `delay_s`; whether Ctrl-C came out of it."""
    try:
        signal.setitimer(signal.ITIMER_REAL, delay_s)
        clock.run(main)
        time.sleep(0.1)
        return False  # the signal came where Python swallows what is raised: in a finaliser
    except (KeyboardInterrupt, RuntimeError):  # a lock of Python's own may say so: "release unlocked lock"
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.fixture
def alarm() -> Iterator[None]:
    """A timer's signal is Ctrl-C."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("make", [lambda: VirtualClock(1), RealClock], ids=["virtual", "real"])
@pytest.mark.parametrize("step_us", [100, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.usefixtures("alarm")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # where it lands in a finaliser
def test_ctrl_c_at_any_moment_of_a_short_run(make: Callable[[], Clock], step_us: int) -> None:
    """Before the start, in the middle, while unwinding."""
    before = threading.enumerate()
    delays_us = range(50, 6_050, step_us)
    caught = 0
    for delay_us in delays_us:
        clock, cleaned = make(), []

        def main(clock: Clock = clock, cleaned: list[int] = cleaned) -> None:
            sleepers(clock, cleaned, 5)
            clock.sleep(0.1)

        caught += interrupted(clock, main, delay_us * 1e-6)
        assert [thread for thread in threading.enumerate() if thread not in before] == []
        assert len(set(cleaned)) == len(cleaned) <= 5
        assert clock.run(lambda: "again") == "again"
    assert caught > len(delays_us) / 2


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
