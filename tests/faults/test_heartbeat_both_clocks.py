"""Heartbeats on wall time and on simulated time alike, and what comes out of a run that breaks."""

import math
import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from lbcore.faults import (
    Change,
    Clock,
    Crash,
    Cut,
    FaultPlan,
    FixedTimeout,
    Heartbeats,
    RealClock,
    VirtualClock,
)

NAN, INF = math.nan, math.inf
ABC = ["a", "b", "c"]


@pytest.fixture(params=["real", "virtual"])
def clock(request: pytest.FixtureRequest) -> Clock:
    return RealClock() if request.param == "real" else VirtualClock(1)


def until(clock: Clock, condition: Callable[[], object]) -> None:
    """Wait for what must come: on a slow machine late, and after false alarms."""
    while not condition():
        clock.sleep(0.02)
        assert clock.now() < 60.0


def test_a_crash_and_a_return_on_both_clocks(clock: Clock) -> None:
    """On wall time a false alarm may come in between; the death, the return and the others' lives are all seen."""
    told: list[Change] = []
    plan = FaultPlan(Crash("b", at_s=0.5, back_s=3.0))
    watch = Heartbeats(clock, ABC, FixedTimeout(0.4), interval_s=0.05, plan=plan, on_change=told.append)

    def main() -> None:
        watch.start()
        until(clock, lambda: clock.now() > 1.0 and watch.failed("b"))
        assert watch.last_s("b") < 1.0
        until(clock, lambda: not any(map(watch.failed, "ac")) and watch.failed("b"))
        until(clock, lambda: not any(map(watch.failed, ABC)))
        watch.stop()

    clock.run(main)
    assert told == watch.changes and {change.watcher for change in told} == {"monitor"}
    assert [change.failed for change in told if change.node == "b"][:2] == [True, False]
    assert watch.last_s("b") >= 3.0 and all(watch.last_s(node) > 1.0 for node in ABC)


def test_every_node_to_every_other_on_both_clocks(clock: Clock) -> None:
    plan = FaultPlan(Cut("c", "a", at_s=0.3))
    watch = Heartbeats(clock, ABC, FixedTimeout(0.4), interval_s=0.05, shape="all", plan=plan)
    pairs = {(one, other) for one in ABC for other in ABC if one != other}

    def main() -> None:
        watch.start()
        until(clock, lambda: {pair for pair in pairs if watch.failed(*pair)} == {("c", "a")} and clock.now() > 1.0)
        watch.stop()

    clock.run(main)
    assert watch.last_s("c", "a") < 0.4 and watch.last_s("c", "b") > 0.4 and watch.last_s("a", "c") > 0.4


def test_a_report_may_wait_and_the_watcher_then_stands_still(clock: Clock) -> None:
    def slowly(change: Change) -> None:
        clock.sleep(0.3)

    plan = FaultPlan(Crash("a", at_s=0.2), Crash("b", at_s=0.3))
    watch = Heartbeats(clock, ABC, FixedTimeout(0.3), interval_s=0.05, plan=plan, on_change=slowly)

    def main() -> None:
        watch.start()
        until(clock, lambda: watch.failed("a") and watch.failed("b") and clock.now() > 1.0)
        watch.stop()

    clock.run(main)
    times_s = [change.time_s for change in watch.changes]
    # Two that were found in one look are told one after the other, and bear the time of the look.
    assert all(later_s == before_s or later_s >= before_s + 0.3 for before_s, later_s in pairwise(times_s))
    assert {"a", "b"} <= {change.node for change in watch.changes if change.failed}


def test_an_exception_in_on_change_comes_out_of_run(clock: Clock) -> None:
    def fails(change: Change) -> None:
        raise ZeroDivisionError(f"planted for {change.node}")

    plan = FaultPlan(Crash("a", at_s=0.1))
    watch = Heartbeats(clock, ABC, FixedTimeout(0.3), interval_s=0.05, plan=plan, on_change=fails)

    def main() -> None:
        watch.start()
        clock.sleep(60.0)

    with pytest.raises(ZeroDivisionError, match="planted for a"):
        clock.run(main)


def test_an_exception_in_a_detector_comes_out_of_run(clock: Clock) -> None:
    class Broken(FixedTimeout):
        def heartbeat(self, now_s: float, number: int | None = None) -> None:
            if number is not None and number >= 2:  # a thread that is late skips some
                raise ZeroDivisionError("planted")
            super().heartbeat(now_s, number)

        def fresh(self) -> "Broken":
            return Broken(self.timeout_s)

    def main() -> None:
        Heartbeats(clock, ABC, Broken(0.3), interval_s=0.05).start()
        clock.sleep(60.0)

    with pytest.raises(ZeroDivisionError, match="planted"):
        clock.run(main)


def test_the_run_may_end_without_a_stop(clock: Clock) -> None:
    watch = Heartbeats(clock, ABC, FixedTimeout(0.3), interval_s=0.05, shape="all")

    def main() -> str:
        watch.start()
        clock.sleep(0.1)
        return "done"

    assert clock.run(main) == "done"


def test_they_start_once_and_stop_at_once() -> None:
    clock = VirtualClock(1)
    watch = Heartbeats(clock, ABC, FixedTimeout(3000.0), interval_s=1000.0)

    def main() -> float:
        watch.start()
        with pytest.raises(RuntimeError, match="start"):
            watch.start()
        clock.sleep(1.0)
        watch.stop()
        watch.stop()
        return clock.now()

    assert clock.run(main) == 1.0


def test_a_stop_just_before_the_watcher_looks_is_heard() -> None:
    """The watcher has seen that nothing is over, and has not looked yet: the bell that rings now must still wake it."""
    clock, reached, go = RealClock(), threading.Event(), threading.Event()

    class Stalls(FaultPlan):
        def acts_s(self, node: str, now_s: float) -> float:
            if node == "monitor":
                reached.set()
                go.wait(10.0)
            return super().acts_s(node, now_s)

    watch = Heartbeats(clock, ["a"], FixedTimeout(1e6), interval_s=1000.0, plan=Stalls())

    def main() -> bool:
        watch.start()
        assert reached.wait(10.0)
        stopper = clock.spawn(watch.stop)
        until(clock, lambda: watch._over.is_set() and watch._views["monitor"].bell.is_set())
        go.set()
        return stopper.join(10.0)

    assert clock.run(main)


def test_start_belongs_inside_run(clock: Clock) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        Heartbeats(clock, ABC, FixedTimeout(3.0)).start()
