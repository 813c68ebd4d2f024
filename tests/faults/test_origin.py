"""One origin of time: plans, messages and reports count from the start of the run, on any clock, in any of its runs."""

import warnings
from dataclasses import astuple

import pytest

from lbcore import RoundRobin
from lbcore.faults import (
    Beat,
    CircuitBreaker,
    Clock,
    Cluster,
    Crash,
    Cut,
    Drift,
    FaultPlan,
    FixedTimeout,
    Heartbeats,
    Network,
    Pause,
    RealClock,
    Report,
    Slow,
    VirtualClock,
    partition,
)

PLAN = FaultPlan(
    Crash("node-1", at_s=2.0, back_s=8.0),
    Pause("node-2", at_s=1.0, for_s=2.0),
    Slow("node-0", at_s=4.0, for_s=2.0, factor=3.0),
    *partition("balancer", "node-2", at_s=12.0, for_s=1.0),
)


def run(clock: Clock) -> Report:
    cluster = Cluster(clock, RoundRobin(3), service_s=0.125, plan=PLAN, breaker=CircuitBreaker(), seed=1)
    report = cluster.run(160, rate_per_s=8)
    clock.run(clock.sleep, 3.0)
    assert repr(astuple(cluster.report())) == repr(astuple(report))  # a later run changes nothing
    return report


def test_every_time_of_a_report_counts_from_its_run() -> None:
    clock = VirtualClock(1)
    clock.run(clock.sleep, 16.0)
    found, expected = [run(clock) for clock in (clock, VirtualClock(1))]
    assert found.changes and expected.changes and found.retried
    assert [attempt[:3] for attempt in found.attempts] == [attempt[:3] for attempt in expected.attempts]
    for attempt, other in zip(found.attempts, expected.attempts, strict=True):
        assert attempt[3:7] == pytest.approx(other[3:7], abs=1e-9, nan_ok=True)
    assert [change.time_s for change in found.changes] == pytest.approx([change.time_s for change in expected.changes])
    assert [change[1:] for change in found.changes] == [change[1:] for change in expected.changes]
    assert found.submitted_s == pytest.approx(expected.submitted_s) and found.submitted_s[0] == 0.0
    assert found.ended_s == pytest.approx(expected.ended_s)
    assert found.finished_s == pytest.approx(expected.finished_s)


def test_a_crash_of_a_second_run() -> None:
    """The plan's first second is the run's, though the clock is older."""
    clock = VirtualClock(seed=1)
    clock.run(clock.sleep, 10.0)
    plan = FaultPlan(Crash("node-1", at_s=1.0, back_s=6.0))
    report = Cluster(clock, RoundRobin(3), service_s=0.1, plan=plan).run(100, rate_per_s=10)
    assert [(change.node, change.failed) for change in report.changes] == [("node-1", True), ("node-1", False)]
    assert 3.0 < report.changes[0].time_s < 5.0 and report.changes[1].time_s == pytest.approx(6.0)
    assert report.retried and report.finished_s == pytest.approx(10.0)


def test_beats_and_cuts_of_a_second_run() -> None:
    clock = VirtualClock(1)
    clock.run(clock.sleep, 64.0)
    plan = FaultPlan(Cut("a", "monitor", at_s=2.0, for_s=2.0))
    watch = Heartbeats(clock, ["a"], FixedTimeout(1.5), plan=plan, record=True)

    def main() -> None:
        watch.start()
        clock.sleep(5.5)
        assert watch.last_s("a") == 5.0 and watch.suspicion("a") == pytest.approx(1 / 3)
        watch.stop()

    clock.run(main)
    assert [beat for beat in watch.beats if beat.arrived_s != beat.arrived_s] == [
        Beat("a", 2, "monitor", 2.0, pytest.approx(float("nan"), nan_ok=True)),
        Beat("a", 3, "monitor", 3.0, pytest.approx(float("nan"), nan_ok=True)),
    ]
    assert [(change.time_s, change.failed) for change in watch.changes] == [(2.5, True), (4.0, False)]


@pytest.mark.parametrize("clock", [VirtualClock(1), RealClock()], ids=["virtual", "real"])
def test_elapsed_begins_anew_with_each_run(clock: Clock) -> None:
    for _ in range(2):
        before_s = clock.now()

        def main() -> tuple[float, float]:
            began_s = clock.elapsed()
            clock.sleep(0.01)
            return began_s, clock.elapsed()

        began_s, ended_s = clock.run(main)
        assert 0.0 <= began_s < ended_s and ended_s >= 0.01
        assert clock.began_s >= before_s and clock.elapsed() == pytest.approx(clock.now() - clock.began_s, abs=0.1)


def test_the_time_of_a_message_is_the_runs() -> None:
    clock = VirtualClock(1)
    clock.run(clock.sleep, 16.0)
    assert clock.run(lambda: Network(clock, delay=0.25).send("a", "b", print)) == 0.25


@pytest.mark.parametrize(
    ("fault", "over_s"),
    [
        (Crash("node-1", 1.0, 5.0), 5.0),
        (Pause("node-1", 1.0, 2.0), 3.0),
        (Slow("node-1", 1.0, 3.0, 2.0), 4.0),
        (Cut("node-1", "balancer", 1.0, 7.0), 8.0),
    ],
)
@pytest.mark.parametrize("detector", [None, FixedTimeout(3.0)])
def test_a_fault_that_can_no_longer_happen_is_said(fault: Crash | Cut, over_s: float, detector: object) -> None:
    """Once, where its time is over before the start, and not where some of it is left."""
    for late_s, said in ((over_s, 1), (over_s - 0.5, 0)):
        clock = VirtualClock(1)
        plan = FaultPlan(fault, Drift("node-0", 0.01), Crash("node-2", 0.5))
        cluster = Cluster(clock, RoundRobin(3), plan=plan, detector=detector)  # type: ignore[arg-type]

        def main(clock: Clock = clock, cluster: Cluster = cluster, late_s: float = late_s) -> None:
            clock.sleep(late_s)
            cluster.start()

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            clock.run(main)
        assert len(caught) == said
        for one in caught:
            assert str(one.message) == (
                f"plan: {fault} can no longer happen: it was over 0 s before the start, "
                f"{over_s:g} s after the clock's run began"
            )
