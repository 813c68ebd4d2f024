"""Threads that beat and threads that watch: every kind of fault is seen as it should be."""

import math

import numpy as np
import pytest

from lbcore.faults import (
    Beat,
    Change,
    Chen,
    Crash,
    Cut,
    Detector,
    Drift,
    ExponentialDelay,
    FixedTimeout,
    FreshnessPoints,
    Heartbeats,
    Pause,
    PhiAccrual,
    Rise,
    Slow,
    VirtualClock,
    partition,
)
from tests.faults.watching import verdicts, watched

NAN, INF = math.nan, math.inf
ABC = ["a", "b", "c"]


def test_nodes_beat_out_of_step_and_on_time() -> None:
    watch = watched(until_s=10.0, record=True)
    for at, node in enumerate(ABC):
        sent_s = [beat.sent_s for beat in watch.beats if beat.node == node]
        assert sent_s == pytest.approx(np.arange(len(sent_s)) + at / 3) and len(sent_s) in (10, 11)
        assert [beat.number for beat in watch.beats if beat.node == node] == list(range(len(sent_s)))
    assert all(beat.arrived_s == beat.sent_s and beat.receiver == "monitor" for beat in watch.beats)
    assert watch.changes == [] and not any(map(watch.failed, ABC))


def test_every_node_to_every_other() -> None:
    watch = watched(until_s=9.5, shape="all", record=True)
    links = {(beat.node, beat.receiver) for beat in watch.beats}
    assert links == {(one, other) for one in ABC for other in ABC if one != other}
    assert len(watch.beats) == 30 * 2 - 2  # c's tenth beat is due at 9.67
    assert watch.watchers == ("a", "b", "c") and watch.last_s("a", "b") == 9.0


def test_what_is_lost_is_recorded_as_lost_and_not_heard() -> None:
    watch = watched(loss=0.5, record=True, until_s=500.0)
    arrived = {node: [b.arrived_s for b in watch.beats if b.node == node and b.arrived_s < 500.0] for node in ABC}
    assert all(watch.last_s(node) == arrived[node][-1] for node in ABC)
    lost = sum(math.isnan(beat.arrived_s) for beat in watch.beats)
    assert abs(lost - 750) < 4 * math.sqrt(1500 / 4)


def test_no_beat_is_heard_before_the_first() -> None:
    clock = VirtualClock(1)
    watch = Heartbeats(clock, ["a"], FixedTimeout(3.0))
    assert watch.last_s("a") == -INF and not watch.failed("a") and watch.suspicion("a") == 0.0


# Each kind of fault


def test_a_crash_is_seen_and_so_is_the_return() -> None:
    watch = watched(Crash("b", at_s=10.0, back_s=20.25))
    assert verdicts(watch) == [(pytest.approx(9 + 1 / 3 + 3.0), "b", True), (20.25, "b", False)]


def test_a_node_that_never_spoke_counts_from_the_start_of_watching() -> None:
    watch = watched(Crash("b", at_s=0.0), until_s=10.0)
    assert verdicts(watch) == [(3.0, "b", True)] and watch.last_s("b") == -INF


def test_a_pause_looks_like_a_crash_until_it_is_over() -> None:
    beats = {}
    for fault in (Pause("b", at_s=10.0, for_s=10.25), Crash("b", at_s=10.0, back_s=20.25)):
        watch = watched(fault, record=True)
        beats[type(fault)] = [beat for beat in watch.beats if beat.node == "b"]
        assert verdicts(watch) == [(pytest.approx(9 + 1 / 3 + 3.0), "b", True), (20.25, "b", False)]
    assert beats[Pause] == beats[Crash]
    # The beat that came due last is sent late, the others before it never, and the timetable goes on.
    around = beats[Pause][9:13]
    assert [beat.number for beat in around] == [9, 19, 20, 21]
    assert [beat.sent_s for beat in around] == pytest.approx([9 + 1 / 3, 20.25, 20 + 1 / 3, 21 + 1 / 3])


def test_a_short_pause_is_forgiven() -> None:
    assert watched(Pause("b", at_s=10.0, for_s=2.0)).changes == []


def test_slow_work_does_not_slow_the_beats() -> None:
    assert watched(Slow("b", at_s=5.0, for_s=50.0, factor=100.0), detector=FixedTimeout(1.1)).changes == []


def test_a_cut_link_looks_the_same_but_the_node_beats_on() -> None:
    watch = watched(Cut("b", "monitor", at_s=10.0, for_s=10.25), record=True)
    assert verdicts(watch) == [(pytest.approx(9 + 1 / 3 + 3.0), "b", True), (pytest.approx(20 + 1 / 3), "b", False)]
    sent = [beat for beat in watch.beats if beat.node == "b"]
    assert [beat.number for beat in sent] == list(range(60))
    assert [beat.number for beat in sent if math.isnan(beat.arrived_s)] == list(range(10, 20))


def test_a_cut_the_other_way_is_not_noticed() -> None:
    assert watched(Cut("monitor", "b", at_s=10.0)).changes == []


def test_watchers_disagree_under_a_cut() -> None:
    """a cannot hear c any more; c hears a, and b hears both."""
    watch = watched(Cut("c", "a", at_s=10.0), shape="all")
    assert watch.changes == [Change(pytest.approx(9 + 2 / 3 + 3.0), "a", "c", True)]
    assert watch.failed("c", "a") and not watch.failed("c", "b") and not watch.failed("a", "c")


def test_each_side_of_a_partition_fails_the_other() -> None:
    watch = watched(*partition(["a", "b"], "c", 10.0, 20.0), shape="all")
    down, up = ({(c.watcher, c.node) for c in watch.changes if c.failed == failed} for failed in (True, False))
    assert down == up == {("a", "c"), ("b", "c"), ("c", "a"), ("c", "b")}
    assert all(12.0 <= c.time_s < 13.0 if c.failed else 30.0 <= c.time_s < 31.0 for c in watch.changes)


def test_a_drifting_clock_beats_at_its_own_pace() -> None:
    watch = watched(Drift("b", -0.6), Drift("c", 1.0), record=True, until_s=20.0)
    gaps = {node: np.diff([beat.sent_s for beat in watch.beats if beat.node == node]) for node in ABC}
    assert gaps["a"] == pytest.approx(1.0) and gaps["b"] == pytest.approx(2.5) and gaps["c"] == pytest.approx(0.5)
    assert watch.changes == []
    slow = watched(Drift("b", -0.6), detector=FixedTimeout(2.0), until_s=20.0)
    assert [(node, failed) for _, node, failed in verdicts(slow)] == [("b", True), ("b", False)] * 7 + [("b", True)]
    adaptive = watched(Drift("b", -0.6), detector=PhiAccrual(), until_s=200.0)
    assert adaptive.changes == []


def test_a_dead_or_paused_watcher_stands_still() -> None:
    paused = watched(Crash("b", at_s=10.0), Pause("monitor", at_s=11.0, for_s=20.0))
    assert verdicts(paused) == [(31.0, "b", True)]  # what arrived meanwhile counts, and it looks when it goes on
    dead = watched(Crash("b", at_s=10.0), Crash("monitor", at_s=11.0))
    assert dead.changes == []
    everyone = watched(Crash("b", at_s=10.0), shape="all")
    assert {(c.watcher, c.node) for c in everyone.changes} == {("a", "b"), ("c", "b")}


def test_a_watcher_that_comes_back_begins_anew() -> None:
    """It had failed b; back at 40 it trusts everybody, and fails b again after a whole timeout."""
    watch = watched(Crash("b", at_s=10.0), Crash("monitor", at_s=20.0, back_s=40.0))
    assert verdicts(watch) == [(pytest.approx(9 + 1 / 3 + 3.0), "b", True), (40.0, "b", False), (43.0, "b", True)]
    short = watched(Crash("monitor", at_s=20.0, back_s=20.5), detector=FixedTimeout(30.0), until_s=21.0)
    assert short.changes == [] and short.last_s("a") == 21.0


def test_a_watcher_begins_anew_when_it_is_back_and_not_at_its_next_deadline() -> None:
    watch = watched(Crash("b", 19.0), Crash("monitor", at_s=20.0, back_s=20.5), detector=FixedTimeout(30.0))
    assert verdicts(watch) == [(50.5, "b", True)]


def test_what_arrives_at_a_dead_watcher_is_gone() -> None:
    watch = watched(Crash("monitor", at_s=20.0), until_s=30.0)
    assert watch.last_s("a") == 19.0 and watch.last_s("b") == pytest.approx(19 + 1 / 3)


# Detectors and flapping


@pytest.mark.parametrize(
    ("detector", "least_s", "most_s"),
    [
        (FixedTimeout(3.0), 2.0, 3.0),
        (Chen(interval_s=1.0, margin_s=0.5), 0.5, 1.6),
        (FreshnessPoints(interval_s=1.0, margin_s=0.5), 0.5, 1.5),
        (PhiAccrual(), 3.5, 4.6),
        (PhiAccrual(form="exponential"), 17.0, 19.0),
        (Rise(Chen(interval_s=1.0, margin_s=0.5), rise=3), 0.5, 1.6),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, float) else "",
)
def test_every_detector_sees_a_crash_and_a_return(detector: Detector, least_s: float, most_s: float) -> None:
    crash, delay = Crash("a", 300.3, 400.0), ExponentialDelay(0.01)
    watch = watched(crash, detector=detector, nodes=["a"], delay=delay, until_s=450.0)
    assert [failed for _, _, failed in verdicts(watch)] == [True, False]
    assert least_s < watch.changes[0].time_s - 300.3 <= most_s
    rise = detector.rise if isinstance(detector, Rise) else 1
    assert rise - 1 <= watch.changes[1].time_s - 400.0 < rise + 0.5


def test_rise_damps_a_flapping_node() -> None:
    """Two seconds dead, one alive, again and again: out and in each time, or out once."""
    flaps = [Crash("b", at_s=10.0 + 3 * k, back_s=12.0 + 3 * k) for k in range(15)]
    plain = watched(*flaps, detector=FixedTimeout(1.5))
    damped = watched(*flaps, detector=Rise(FixedTimeout(1.5), rise=3))
    assert [failed for _, _, failed in verdicts(plain)] == [True, False] * 15
    assert [failed for _, _, failed in verdicts(damped)] == [True, False]
    assert 54.0 < damped.changes[1].time_s < 56.0


def test_a_deadline_that_moves_forward_wakes_the_watcher() -> None:
    """A rule whose deadline comes nearer with a beat: the watcher must not sleep on until the old one."""

    class Nearer(FixedTimeout):
        def heartbeat(self, now_s: float, number: int | None = None) -> None:
            super().heartbeat(now_s, number)
            if number == 5:
                self.timeout_s = 2.0

        def fresh(self) -> "Nearer":
            return Nearer(30.0)

    watch = watched(Crash("a", at_s=5.5), detector=Nearer(30.0), nodes=["a"], until_s=20.0)
    assert verdicts(watch) == [(7.0, "a", True)]


def test_a_hundred_nodes_for_ten_minutes() -> None:
    names = [f"node-{number}" for number in range(100)]
    watch = watched(Crash("node-50", 300.0), nodes=names, until_s=600.0, delay=0.02, record=True)
    assert verdicts(watch) == [(pytest.approx(299.5 + 3.02), "node-50", True)]
    assert 59_600 < len(watch.beats) <= 60_000


def test_a_beat_is_a_row() -> None:
    beat = watched(nodes=["a"], until_s=0.5, record=True, delay=0.25).beats[0]
    assert beat == Beat("a", 0, "monitor", 0.0, 0.25)
