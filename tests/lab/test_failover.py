"""Lesson 08's exhibits: what they say is recounted from the attempts themselves."""

import math
import threading
import time
from collections import Counter

import numpy as np
import pytest
from driven.failover import Once, check_failover

from lbcore.faults import Attempt, Outcome, Report, VirtualClock
from lbcore.faults.report import Failure
from lbcore.lab import cascade, choice, deposits, failover, grey, live_failover, road, slider, survivors
from lbcore.lab.exhibits.failover._run import Fate
from lbcore.lab.exhibits.failover._setting import KINDS, POLICIES
from lbcore.lab.exhibits.failover._sketches import Trusting, beat, serve
from lbcore.lab.exhibits.failover._timeline import LOOKS
from lbcore.lab.exhibits.failover.failover import Failover
from lbcore.lab.frame import style
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.words import Guess
from tests.faults.account import check_account


@pytest.fixture(scope="module")
def crash():
    return failover()


# The timeline


def test_the_crash_of_the_lesson_recounted(crash):
    """Node-1 beats at 0.25, 1.25, ...; the last beat before 5 s is at 4.25, so it fails at 7.25 s."""
    check_account(crash.report)
    assert (crash.node, crash.noticed_s, crash.taken_back_s) == ("node-1", 7.25, 15.0)
    sent = [one for one in crash.report.attempts if one.node == "node-1" and 5.0 <= one.sent_s < 7.25]
    assert list(crash.caught) == sorted(one.request for one in sent) and len(sent) == 11
    assert crash.expected == 20 / 4 * 2.25 and crash.moved == 11
    assert crash.twice == crash.failed == frozenset()
    # The time to recover, looked for from the end: the last that took more than twice what is usual.
    took_s = crash.latencies_s
    assert crash.usual_s == np.median(took_s[:99]) == pytest.approx(0.1)
    hurt = [end_s for end_s, took in zip(crash.report.ended_s, took_s, strict=True) if took > 0.2000001]
    assert crash.recovery_s == pytest.approx(max(hurt) - 5.0) == pytest.approx(3.15)


@pytest.mark.parametrize("timeout_s", [1.5, 3.0, 5.0, 8.0])
def test_what_is_caught_is_what_theory_says(timeout_s):
    found = failover(timeout_s=timeout_s)
    assert found.noticed_s - 5.0 == timeout_s - 0.75
    assert abs(len(found.caught) - found.expected) <= 1
    assert found.report.failed == 0 and found.recovery_s > found.noticed_s - 5.0


def test_a_node_that_is_back_before_it_is_missed():
    found = failover(timeout_s=12.0)
    assert found.noticed_s is None and found.taken_back_s is None and found.expected is None
    assert len(found.caught) == 50 and found.moved == 0 and found.latencies_s.max() > 10.0


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("fault", KINDS)
def test_every_fault_and_policy_keeps_the_account(fault, policy):
    found = failover(4, 3.0, policy, fault=fault)
    check_account(found.report)
    assert found.report.submitted == 400
    # Of those that wait out a pause of 10 s, the first loses its patience of 10 s.
    assert (found.report.failed > 0) == (policy == "nothing")
    assert bool(found.twice) == (policy != "nothing" and fault in ("pause", "answers lost"))
    fates = Counter(visit.fate for visit in found.visits)
    assert fates[Fate.TWICE] == sum(one.executed and one.outcome is not Outcome.OK for one in found.report.attempts
                                    if one.request in found.twice)  # fmt: skip
    assert fates[Fate.FAILED] == found.report.failed
    assert fates[Fate.ANSWERED] + fates[Fate.CAME] == found.report.completed
    assert sum(fates.values()) == len(found.report.attempts)


def test_the_same_seed_gives_the_same_run_and_trace(crash):
    assert failover() == crash
    assert failover(seed=8) != crash
    seen = [failover(delay_s=0.3, nodes=3, seed=3).trace for _ in range(3)]
    for other in seen[1:]:
        for name in ("arrival_s", "node", "start_s", "end_s", "origin", "ok"):
            assert np.array_equal(getattr(other, name), getattr(seen[0], name), equal_nan=True), name


def test_each_attempt_has_its_own_fate(crash):
    """Lost on the way, then done without an answer, then answered; and one that was refused in the end."""
    nan, outcome = math.nan, Outcome
    attempts = (
        Attempt(0, 1, "node-1", 0.0, nan, nan, 1.0, outcome.TIMEOUT),
        Attempt(1, 1, "node-0", 0.0, nan, nan, 1.0, outcome.REASSIGNED),
        Attempt(0, 2, "node-2", 1.0, 1.0, 1.5, 2.0, outcome.TIMEOUT),
        Attempt(1, 2, "", 1.0, nan, nan, 1.0, outcome.REFUSED),
        Attempt(0, 3, "node-3", 2.0, 2.0, 2.5, 2.5, outcome.OK),
    )
    failures = (Failure(1, "attempts", "refused"),)
    report = Report(crash.nodes, (0.0, 0.0), (2.5, 1.0), attempts, failures, (), 3.0)
    found = Failover(report, crash.setting)
    assert [one.fate for one in found.visits] == [Fate.TIMED_OUT, Fate.FAILED, Fate.TWICE, Fate.CAME]
    assert found.failed == {1} and found.twice == {0}


def test_one_node_alone_has_nobody_to_take_over():
    found = failover(1, rate_per_s=2.0)
    check_account(found.report)
    assert found.node == "node-0" and found.report.failed > 0 and found.recovery_s is not None


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"nodes": 0}, "nodes"),
        ({"nodes": 2.0}, "nodes"),
        ({"timeout_s": math.nan}, "timeout_s"),
        ({"rate_per_s": 0}, "rate_per_s"),
        ({"rate_per_s": 1000, "seconds": 600.0}, "requests"),
        ({"seconds": -1.0}, "seconds"),
        ({"at_s": 9.0, "back_s": 9.0}, "back_s"),
        ({"at_s": -1.0}, "at_s"),
        ({"back_s": math.inf}, "back_s"),
        ({"delay_s": -0.1}, "delay_s"),
        ({"service_s": -1.0}, "service_s"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_parameters_are_refused_before_a_thread_starts(how, words):
    before = threading.active_count()
    with pytest.raises((ValueError, TypeError), match=words):
        failover(**how)
    assert threading.active_count() == before


# The others


@pytest.mark.parametrize("nodes", [2, 3, 4, 8])
def test_survivors_carry_n_over_n_minus_1_and_a_backup_spares_them(nodes):
    found = survivors(nodes)
    alone, backed = found.after
    assert found.before[0] == pytest.approx(20 / nodes)
    assert np.delete(alone, 1) == pytest.approx(20 / (nodes - 1)) and alone[1] == 0
    assert np.delete(backed, 1) == pytest.approx(20 / nodes) and backed[1] == 0
    assert found.busiest == pytest.approx((found.expected, 1.0)) and found.expected == nodes / (nodes - 1)


@pytest.mark.parametrize("load", [40, 65, 70, 75, 80, 95])
def test_the_cascade_comes_where_the_survivors_cannot(load):
    found = cascade(load=load)
    check_account(found.report)
    assert found.after == pytest.approx(load * 1.5)
    assert len(found.deaths) == (3 if load >= 70 else 1)
    deaths = dict(found.deaths)
    assert deaths["node-1"] == 5.0 and sorted(deaths.values()) == [at_s for _, at_s in found.deaths]
    for name, held in zip(found.nodes, found.held, strict=True):
        assert held.max() < found.limit and (held.min() >= 0)
        assert (held[-1] == 0) or name not in deaths
    assert (found.report.failed == 0) == (load < 70)


def test_the_cascade_is_played_with_all_its_deaths():
    found = cascade(load=90, delay_s=0.2)
    events = [(found.nodes[event.node], event.time_s) for event in found.trace.events]
    assert sorted(events) == sorted(found.deaths) and len(events) == 3
    assert len(found.trace) == found.report.submitted
    # Requests stop 3 s after the last death, and a further one would have been found before that.
    assert max(found.report.submitted_s) < found.deaths[-1][1] + 3.0 + 0.2


def test_a_beating_heart_hides_a_node_that_is_ill():
    """Least connections spares the slow node, and falls for one that fails at once; ejection finds both."""
    for fault, lost in (("slow", (73, 14, 0, 0)), ("fails at once", (50, 5, 75, 5))):
        found = grey(fault)
        assert found.beats_missed == 0 and tuple(one.failed for one in found.stages) == lost
        assert [one.submitted for one in found.stages] == [400] * 4
        plain, ejecting = found.ejected_s[::2], found.ejected_s[1::2]
        assert plain == (None, None) and (ejecting[1] is None) == (fault == "slow")
        # Who is out gets nothing more: what it was sent came before.
        assert found.shares[0] == 50 and found.shares[1] <= 5 * ejecting[0] + 1
    assert grey("slow") == grey("slow")


def test_silence_says_nothing_of_the_work():
    found = deposits([Trusting, Once])
    rows = {row.fault: row for row in found.rows}
    assert all(row.unanswered and row.failed == 0 for row in found.rows)
    assert rows["crash"].done == rows["requests lost"].done == 0
    assert (
        rows["pause"].done == rows["pause"].unanswered and rows["answers lost"].done == rows["answers lost"].unanswered
    )
    for row in found.rows:
        assert row.balances == (200 + row.done, 200)


def test_a_wrong_account_is_told_in_a_sentence():
    class Stub(Once):
        def handle(self, key, amount):
            return ...

    class Breaks(Once):
        def handle(self, key, amount):
            raise KeyError(key)

    class Nothing:
        pass

    class Odd(Once):
        def balance(self):
            return 3

        def __init__(self):
            self.answers = {}

    for cls, words in ((Stub, "not finished"), (Breaks, "KeyError"), (Nothing, "no handle"), (Odd, "failed with")):
        with pytest.raises((ValueError, TypeError), match=words):
            deposits(cls)


def test_the_road_loses_fewer_at_each_stage_and_does_some_twice_at_the_end():
    found = road(0.02)
    lost = [one.lost for one in found.stages]
    assert [one.submitted for one in found.stages] == [400] * 5
    assert lost == sorted(lost, reverse=True) == [290, 90, 27, 17, 0]
    assert [one.twice for one in found.stages] == [0, 0, 0, 0, 9]
    assert found.stages[0].hanging == 290 and found.stages[-1].late == 26
    quiet = road(0.0)
    assert quiet.stages[-2].lost == 0 and all(one.twice == 0 for one in quiet.stages)
    assert road(0.02) == found


def test_the_sketches_are_what_the_lesson_says():
    """Requests in turns; a handler that never comes back takes a thread with it; and beats that nobody reads."""
    clock, met, last_s = VirtualClock(1), [], {}

    def handler(request, node):
        met.append((request, node))
        if node == "b":
            clock.event().wait()

    def main():
        beat(clock, ["a", "b", "c"], last_s)
        clock.spawn(serve, clock, handler, ["a", "b", "c"], [i / 10 for i in range(60)])
        clock.sleep(20.0)

    clock.run(main)
    assert met[:6] == [(i, "abc"[i % 3]) for i in range(6)]
    # The eighth request that meets b takes the last thread: of 60 requests, those after it are never begun.
    assert len(met) == 3 * 7 + 2 and sum(node == "b" for _, node in met) == 8
    assert set(last_s) == {"a", "b", "c"} and set(last_s.values()) <= {19.0, 20.0}


# What is drawn and said


def test_every_fate_has_a_shape_of_its_own():
    assert set(LOOKS) == set(Fate)
    shapes = [(look["marker"], look.get("facecolor") == style.PAPER) for look in LOOKS.values()]
    assert len(set(shapes)) == len(Fate)


def test_a_prediction_is_drawn_at_its_time_and_scored(crash):
    fig = figure(crash, 2.0)
    (line,) = [line for line in fig.axes[1].lines if line.get_gid() == "prediction"]
    assert line.get_xdata()[0] == 7.0
    assert crash.sentence(Guess(2.0, "s")).endswith("Time to recover: 3.15 s. You said 2 s: off by 1.15.")
    assert "→" in [t.get_text() for t in figure(crash, 99.0).axes[1].texts][-1]
    alone = figure(survivors(), 1.5).axes[0]
    assert [line.get_ydata()[0] for line in alone.lines if line.get_gid() == "prediction"] == [7.5]


def test_the_lines_that_the_lesson_shows():
    panel = failover(timeout_s=slider(1.5, 12.0, start=3.0, step=0.5))
    assert panel.code == "failover(timeout_s=3.0)" and panel.controls["timeout_s"].label == "timeout, seconds"
    panel = cascade(load=slider(40, 95, start=80, step=5))
    assert panel.code == "cascade(load=80)" and panel.controls["load"].label == "load of a node, per cent"
    assert deposits([Trusting], requests=slider(1, 9)).code == "deposits([Trusting], requests=1)"
    assert failover(fault=choice(*KINDS), policy="backup").code == "failover(fault='crash', policy='backup')"


def test_the_live_demonstration_plays_to_its_end_and_can_be_stopped():
    before = threading.enumerate()
    live = live_failover()
    assert (
        repr(live)
        == "A live demonstration, 4 nodes on real threads, of which one dies: press Start. It takes 8 seconds."
    )
    live.start_button.click()
    assert live.join(60.0) and live.error is None
    result = live.result
    assert result.live and result.report.submitted == result.report.completed == 140
    check_account(result.report, late_s=30.0)
    assert result.noticed_s is not None and live.sentence.startswith(
        "Live: node-1 of 4 nodes crashes at 2 s; the balancer"
    )
    check_failover(live.figure, result)
    live.start()
    while live.board.progress < 0.05:
        time.sleep(0.01)
    live.stop()
    assert live.join(60.0) and live.sentence.startswith("Stopped.")
    assert [thread for thread in threading.enumerate() if thread not in before] == []


def test_a_live_run_shows_nothing_that_is_still_to_come(crash):
    """A picture while it runs, before the crash, between crash and verdict, and after it."""
    for now_s, words in ((4.0, set()), (6.0, {"not noticed yet"}), (9.0, {"not noticed: 2.25 s"})):
        cut = crash.report
        ended = tuple(one for one in cut.attempts if one.ended_s <= now_s)
        submitted = tuple(at_s for at_s in cut.submitted_s if at_s <= now_s)
        ended_s = tuple(at_s if at_s <= now_s else math.nan for at_s in cut.ended_s[: len(submitted)])
        changes = tuple(one for one in cut.changes if one.time_s <= now_s)
        part = Failover(Report(cut.nodes, submitted, ended_s, ended, (), changes, now_s), crash.setting, live=True)
        texts = {text.get_text() for text in figure(part).axes[0].texts}
        assert {text for text in texts if text.startswith(("not", "never"))} == words
        pending = len(submitted) - len([one for one in ended if one.outcome is Outcome.OK])
        assert ("under way" in part.sentence()) == (pending > 0)
        assert ("Time to recover" in part.sentence()) == (pending == 0)
