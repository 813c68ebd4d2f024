"""Lesson 08's experiments, pictures, widgets and traces: what they say is recounted from the attempts themselves."""

import math
import random
import threading
import time
from collections import Counter

import numpy as np
import pytest
import states

import lbcore
from lbcore.faults import (
    Attempt,
    Cluster,
    Crash,
    FaultPlan,
    FixedWait,
    Hedge,
    Outcome,
    Report,
    RetryPolicy,
    Stop,
    VirtualClock,
)
from lbcore.faults.report import Failure
from lbcore.lab import choice, experiments, figure, slider, style, summary, widgets
from lbcore.lab.controls import ChoiceSpec
from lbcore.lab.results_failover import (
    KINDS,
    LATE_S,
    POLICIES,
    Cascade,
    Deposits,
    Failover,
    Fate,
    Road,
    Survivors,
)
from lbcore.lab.sketches_failover import Trusting, beat, serve
from lbcore.lab.trace import moment, sentence
from lbcore.lab.trace_failover import trace
from tests.faults.account import check_account


class Once:
    """What a student may write in lesson 08."""

    def __init__(self):
        self.balance, self.answers = 0, {}

    def handle(self, key, amount):
        if key not in self.answers:
            self.balance += amount
            self.answers[key] = self.balance
        return self.answers[key]


@pytest.fixture(scope="module")
def crash():
    return experiments.failover()


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
    assert crash.usual_s == took_s[:99].max() == pytest.approx(0.1)
    hurt = [end_s for end_s, took in zip(crash.report.ended_s, took_s, strict=True) if took > 0.2000001]
    assert crash.recovery_s == pytest.approx(max(hurt) - 5.0) == pytest.approx(3.15)


@pytest.mark.parametrize("timeout_s", [1.5, 3.0, 5.0, 8.0])
def test_what_is_caught_is_what_theory_says(timeout_s):
    found = experiments.failover(timeout_s=timeout_s)
    assert found.noticed_s - 5.0 == timeout_s - 0.75
    assert abs(len(found.caught) - found.expected) <= 1
    assert found.report.failed == 0 and found.recovery_s > found.noticed_s - 5.0


def test_a_node_that_is_back_before_it_is_missed():
    found = experiments.failover(timeout_s=12.0)
    assert found.noticed_s is None and found.taken_back_s is None and found.expected is None
    assert len(found.caught) == 50 and found.moved == 0 and found.latencies_s.max() > 10.0


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("fault", KINDS)
def test_every_fault_and_policy_keeps_the_account(fault, policy):
    found = experiments.failover(4, 3.0, policy, fault=fault)
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
    assert experiments.failover() == crash
    assert experiments.failover(seed=8) != crash
    seen = [experiments.failover(delay_s=0.3, nodes=3, seed=3).trace for _ in range(3)]
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
    found = experiments.failover(1, rate_per_s=2.0)
    check_account(found.report)
    assert found.node == "node-0" and found.report.failed > 0 and found.recovery_s is not None


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"nodes": 0}, "nodes"),
        ({"nodes": 2.0}, "nodes"),
        ({"policy": "hope"}, "policy: 'hope' is none of reassign, backup, nothing"),
        ({"fault": "flood"}, "fault: 'flood' is none of"),
        ({"timeout_s": 0.5}, "interval_s"),
        ({"timeout_s": math.nan}, "timeout_s"),
        ({"rate_per_s": 0}, "rate_per_s"),
        ({"rate_per_s": 1000, "seconds": 600.0}, "requests"),
        ({"seconds": -1.0}, "seconds"),
        ({"at_s": 9.0, "back_s": 9.0}, "back_s"),
        ({"at_s": -1.0}, "at_s"),
        ({"back_s": math.inf}, "back_s"),
        ({"delay_s": -0.1}, "delay_s"),
        ({"patience_s": 0.0}, "timeout_s"),
        ({"service_s": -1.0}, "service_s"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_parameters_are_refused_before_a_thread_starts(how, words):
    before = threading.active_count()
    with pytest.raises((ValueError, TypeError), match=words):
        experiments.failover(**how)
    assert threading.active_count() == before


# The others


@pytest.mark.parametrize("nodes", [2, 3, 4, 8])
def test_survivors_carry_n_over_n_minus_1_and_a_backup_spares_them(nodes):
    found = experiments.survivors(nodes)
    alone, backed = found.after
    assert found.before[0] == pytest.approx(20 / nodes)
    assert np.delete(alone, 1) == pytest.approx(20 / (nodes - 1)) and alone[1] == 0
    assert np.delete(backed, 1) == pytest.approx(20 / nodes) and backed[1] == 0
    assert found.busiest == pytest.approx((nodes / (nodes - 1), 1.0))


@pytest.mark.parametrize("load", [40, 65, 70, 75, 80, 95])
def test_the_cascade_comes_where_the_survivors_cannot(load):
    found = experiments.cascade(load=load)
    assert found.submitted == found.completed + found.failed
    assert found.after == pytest.approx(load * 1.5)
    assert len(found.deaths) == (3 if load >= 75 else 1)
    deaths = dict(found.deaths)
    assert deaths["node-1"] == 5.0 and sorted(deaths.values()) == [at_s for _, at_s in found.deaths]
    for name, held in zip(found.nodes, found.held, strict=True):
        assert held.max() < found.limit and (held.min() >= 0)
        assert (held[-1] == 0) or name not in deaths
    assert (found.failed == 0) == (load < 75)


def test_silence_says_nothing_of_the_work():
    found = experiments.deposits([Trusting, Once])
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
            experiments.deposits(cls)
    with pytest.raises(TypeError, match="class"):
        experiments.deposits(Trusting())
    with pytest.raises(ValueError, match="flood"):
        experiments.deposits(Trusting, "flood")
    with pytest.raises(ValueError, match="at least one"):
        experiments.deposits(Trusting, [])


def test_the_road_loses_fewer_at_each_stage_and_does_some_twice_at_the_end():
    found = experiments.road(0.02)
    lost = [one.lost for one in found.stages]
    assert [one.submitted for one in found.stages] == [400] * 5
    assert lost == sorted(lost, reverse=True) == [290, 90, 27, 17, 0]
    assert [one.twice for one in found.stages] == [0, 0, 0, 0, 9]
    assert found.stages[0].hanging == 290 and found.stages[-1].late == 26
    quiet = experiments.road(0.0)
    assert quiet.stages[-2].lost == 0 and all(one.twice == 0 for one in quiet.stages)
    assert experiments.road(0.02) == found


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


# What is drawn


def points(ax, name):
    """The places of the marks with a name."""
    found = [c.get_offsets() for c in ax.collections if c.get_gid() == name]
    return np.concatenate(found) if found else np.empty((0, 2))


def check_failover(fig, result):
    upper, lower = fig.axes
    assert len(upper.get_yticks()) == len(result.nodes)
    for fate in Fate:
        mine = sorted((one.sent_s, one.node) for one in result.visits if one.fate is fate)
        drawn = sorted((float(x), math.floor(y)) for x, y in points(upper, str(fate)))
        assert drawn == mine, fate
    took = np.concatenate([points(lower, f"took: {fate}") for fate in Fate])
    want = np.column_stack([result.report.submitted_s, result.latencies_s])
    assert np.allclose(sorted(took.tolist()), sorted(want.tolist()))
    windows = [p for p in upper.patches if p.get_gid() == "window"]
    until_s = result.setting.back_s if result.noticed_s is None else result.noticed_s
    assert [(p.get_x(), p.get_x() + p.get_width()) for p in windows] == [
        (result.setting.at_s, pytest.approx(min(until_s, upper.get_xlim()[1])))
    ]
    ends = [line.get_xdata()[0] for line in lower.lines if line.get_gid() == "recovered"]
    if result.recovery_s:
        assert ends == [pytest.approx(result.setting.at_s + result.recovery_s)]
    # The shapes alone tell the fates apart.
    assert all(ax.get_xlim() == upper.get_xlim() for ax in fig.axes)


def check_survivors(fig, result):
    for ax, after, before in zip(fig.axes, result.after, result.before, strict=True):
        assert [bar.get_height() for bar in ax.containers[0]] == pytest.approx(list(after))
        lines = [line.get_ydata()[0] for line in ax.lines if line.get_gid() == "before"]
        assert lines == pytest.approx([*before[:1], *before[2:]])


def check_cascade(fig, result):
    for ax, name, at_s, held in zip(fig.axes, result.nodes, result.at_s, result.held, strict=True):
        (steps,) = [p for p in ax.patches if p.get_gid() == f"held: {name}"]
        values, edges, _ = steps.get_data()
        assert (values == held).all() and edges[:-1] == pytest.approx(np.minimum(at_s, result.seconds))
        down = [p.get_x() for p in ax.patches if p.get_gid() == "down"]
        assert down == [at for one, at in result.deaths if one == name]


def widths(ax, name):
    return [bar.get_width() for c in ax.containers for bar in c if bar.get_gid() == name]


def check_deposits(fig, result):
    first, *others = fig.axes
    assert widths(first, "done") == [row.done for row in result.rows]
    assert widths(first, "not done") == [row.unanswered - row.done for row in result.rows]
    for k, (ax, label) in enumerate(zip(others, result.labels, strict=True)):
        assert widths(ax, f"extra: {label}") == [row.balances[k] - result.requests for row in result.rows]


def check_road(fig, result):
    for name in ("in_time", "late", "lost"):
        assert widths(fig.axes[0], name) == [getattr(one, name) for one in result.stages]


CHECKS = {
    Failover: check_failover,
    Survivors: check_survivors,
    Cascade: check_cascade,
    Deposits: check_deposits,
    Road: check_road,
}


def check_drawn(fig, result):
    CHECKS[type(result)](fig, result)


def test_the_road_is_drawn_and_said():
    found = experiments.road()
    check_drawn(figure(found), found)
    assert summary(found).count("\n") == 5 and all(f"= {one.submitted}" in summary(found) for one in found.stages)


def test_every_fate_has_a_shape_of_its_own():
    from lbcore.lab.figures_failover import LOOKS

    assert set(LOOKS) == set(Fate)
    shapes = [(look["marker"], look.get("facecolor") == "white") for look in LOOKS.values()]
    assert len(set(shapes)) == len(Fate)


def test_a_prediction_is_drawn_at_its_time_and_scored(crash):
    fig = figure(crash, 2.0)
    (line,) = [line for line in fig.axes[1].lines if line.get_gid() == "prediction"]
    assert line.get_xdata()[0] == 7.0
    assert summary(crash, 2.0).endswith("Time to recover: 3.15 s. You said 2: off by 1.15.")
    assert "→" in [t.get_text() for t in figure(crash, 99.0).axes[1].texts][-1]
    assert figure(experiments.survivors(), 1.5) is not None
    svg = style.svg(figure(crash, 2.0, figure(experiments.cascade())))
    assert svg == style.svg(figure(crash, 2.0)) and svg.startswith("<svg")


# The widgets


WIDGETS = {
    "timeout": lambda: widgets.failover(timeout_s=slider(1.5, 12.0, start=3.0, step=0.5)),
    "policy": lambda: widgets.failover(policy=choice(*POLICIES)),
    "fault": lambda: widgets.failover(fault=choice(*KINDS)),
    "nodes": lambda: widgets.failover(nodes=slider(1, 16, start=4), rate_per_s=8.0, seed=slider(0, 9)),
    "survivors": lambda: widgets.survivors(slider(2, 8, start=4)),
    "cascade": lambda: widgets.cascade(slider(40, 95, start=80, step=5)),
    "cascade of nodes": lambda: widgets.cascade(90, nodes=slider(2, 5, start=2), limit=slider(4, 30, start=20)),
    "deposits": lambda: widgets.deposits([Trusting, Once], requests=slider(50, 100, start=50, step=50)),
    "deposits of one": lambda: widgets.deposits(choice(Trusting, Once), choice(*KINDS)),
}
NAMES = {"experiments": experiments, "Trusting": Trusting, "Once": Once}


def look(panel, redraws, again=True):
    assert panel.error is None, f"{panel.values}: {panel.error!r}"
    assert panel.redraws == redraws, panel.values
    check_drawn(panel.figure, panel.result)
    assert not again or eval(panel.code, NAMES) == panel.result, panel.code
    assert panel.board.picture.startswith("<svg") and panel.sentence == panel.board.sentence != ""
    assert len(panel.sentence) < 1200


@pytest.mark.parametrize("name", WIDGETS)
def test_every_control_at_every_end(name):
    panel = WIDGETS[name]()
    redraws = 1
    look(panel, redraws)
    for control in panel.controls.values():
        spec, start = control.spec, control.value
        for value in [*(spec.options if isinstance(spec, ChoiceSpec) else (spec.low, spec.high)), start]:
            redraws += control.value is not value and control.value != value
            control.value = value
            look(panel, redraws)


@pytest.mark.parametrize("count", states.COUNTS)
@pytest.mark.parametrize("name", ["timeout", "fault", "nodes", "survivors"])
def test_random_states(name, count):
    panel, draw = WIDGETS[name](), random.Random(name)
    redraws, controls = panel.redraws, list(panel.controls.values())
    for _ in range(count):
        control = draw.choice(controls)
        spec = control.spec
        value = (
            draw.choice(spec.options)
            if isinstance(spec, ChoiceSpec)
            else spec.value_at(draw.randint(0, spec.positions))
        )
        redraws += control.value is not value and control.value != value
        control.value = value
        look(panel, redraws, again=False)


def test_the_lines_that_the_lesson_shows():
    assert (
        widgets.failover(timeout_s=slider(1.5, 12.0, start=3.0, step=0.5)).code == "experiments.failover(timeout_s=3.0)"
    )
    assert widgets.survivors(slider(2, 8, start=4)).code == "experiments.survivors(4)"
    assert widgets.cascade(load=slider(40, 95, start=80, step=5)).code == "experiments.cascade(load=80)"
    assert widgets.deposits([Trusting]).code == "experiments.deposits([Trusting])"
    assert [c.label for c in widgets.failover(timeout_s=slider(1.5, 12.0, step=0.5)).controls.values()] == [
        "timeout, seconds"
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: widgets.failover(timeout_s=0.2),
        lambda: widgets.failover(policy="hope"),
        lambda: widgets.survivors(1),
        lambda: widgets.cascade(0),
        lambda: widgets.deposits(int),
        lambda: widgets.deposits([]),
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_traceback(make, capsys):
    panel = make()
    assert panel.error is not None and panel.sentence.startswith("This cannot be drawn: ")
    assert capsys.readouterr() == ("", "")


def test_the_live_demonstration_plays_to_its_end_and_can_be_stopped():
    before = threading.enumerate()
    live = widgets.live_failover()
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
    check_drawn(live.figure, result)
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
        assert ("under way" in summary(part)) == (pending > 0)
        assert ("Time to recover" in summary(part)) == (pending == 0)


# The trace


def places(report, delay_s):
    """For each request: the visits it makes, in order, as (node, arrival, end); a slow twin of `trace`."""
    rows = {}
    for one in report.attempts:
        if one.node:
            end_s = one.done_s if one.outcome is Outcome.OK else max(one.ended_s, one.sent_s + delay_s)
            rows.setdefault(one.request, []).append((one.node, one.sent_s + delay_s, end_s))
    return rows


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("delay_s", [0.0, 0.3])
def test_a_trace_equals_a_slow_twin(policy, delay_s):
    found = experiments.failover(4, 3.0, policy, delay_s=delay_s, rate_per_s=10.0, patience_s=4.0)
    seen, rows = found.trace, places(found.report, delay_s)
    entries = {}
    for i, origin in enumerate(seen.origin.tolist()):
        chain = entries.pop(origin, ()) if origin >= 0 else ()
        entries[i] = (*chain, (seen.nodes[seen.node[i]], float(seen.arrival_s[i]), float(seen.end_s[i])))
    assert sorted(entries.values()) == sorted(tuple(row) for row in rows.values())
    assert len(seen) == found.report.submitted == 200
    assert seen.noticed == tuple((c.time_s, seen.nodes.index(c.node), not c.failed) for c in found.report.changes)
    assert [tuple(event) for event in seen.events] == [(5.0, 1, False), (15.0, 1, True)]
    assert seen.travel_s == 2 * delay_s and int((~seen.ok).sum()) == found.report.failed
    for t in np.linspace(0, seen.duration_s, 60):
        now = moment(seen, t)
        assert now.sent == now.on_way + sum(now.waiting) + sum(now.serving) + now.done + now.refused
        sent = sum(row[0][1] - 2 * delay_s <= t for row in rows.values())
        moved = sum(end_s <= t for row in rows.values() for _, _, end_s in row[:-1])
        over = sum(row[-1][2] <= t for row in rows.values())
        assert (now.sent, now.moved, now.done) == (sent, moved, over)
        assert sentence(seen, t).endswith(".")
    last = moment(seen, seen.duration_s)
    assert last.done == 200 and last.failed == found.report.failed


def test_the_words_of_a_trace_through_a_crash():
    seen = experiments.failover(rate_per_s=8.0, service_s=0.3, at_s=4.0, back_s=11.0, seconds=14.0, delay_s=0.4).trace
    assert "node-1 is down, not noticed yet" in sentence(seen, 5.5) and "moved" not in sentence(seen, 5.5)
    assert "node-1 is down; 6 moved to another node" in sentence(seen, 6.7)
    assert "node-1 is up, but counts as down" in sentence(seen, 11.2)
    assert "down" not in sentence(seen, 12.0)
    assert summary(seen).startswith("Failover sent 112 requests to 4 nodes in 15.1 s: 34, 19, 33, 33. 7 were moved to")
    (ax,) = figure(seen).axes
    lines = [line.get_xdata()[0] for line in ax.lines if line.get_gid() == "noticed"]
    assert lines == [event.time_s for event in seen.noticed]


def test_refused_requests_and_those_refused_for_a_while():
    """Both nodes die: what comes then is refused, and tried again until one is back or the attempts are used up."""
    plan = FaultPlan(Crash("node-0", 2.0, 8.0), Crash("node-1", 2.0))
    policy = RetryPolicy(Stop(attempts=3), FixedWait(1.0), seed=1)
    cluster = Cluster(VirtualClock(1), lbcore.RoundRobin(2), service_s=0.1, plan=plan, retries=policy)
    report = cluster.run(50, rate_per_s=5)
    check_account(report)
    seen = trace(report, plan)
    refused = {one.request for one in report.attempts} - {one.request for one in report.attempts if one.node}
    assert int((seen.node < 0).sum()) == len(refused) > 0 and len(seen) == 50
    assert moment(seen, seen.duration_s).refused == len(refused)
    assert moment(seen, seen.duration_s).done == 50 - len(refused)


def test_what_cannot_be_played_is_refused(crash):
    plan = crash.setting.plan
    cut = Report(crash.nodes, (0.0, 1.0), (0.1, math.nan), crash.report.attempts[:1], (), (), 1.0)
    with pytest.raises(ValueError, match="not ended yet"):
        trace(cut, plan)
    hedged = Cluster(VirtualClock(1), lbcore.RoundRobin(2), service_s=1.0, hedge=Hedge(delay_s=0.5)).run(2)
    with pytest.raises(ValueError, match="copies of request"):
        trace(hedged, FaultPlan())
    with pytest.raises(TypeError, match="report"):
        trace(crash, plan)
    with pytest.raises(ValueError, match="delay_s"):
        trace(crash.report, plan, delay_s=-1.0)
    empty = Report(("a",), (), (), (), (), (), 0.0)
    assert len(trace(empty, FaultPlan())) == 0


def test_late_is_what_the_lesson_calls_late():
    assert LATE_S == 1.0
