"""Lesson 09's experiments against closed forms and twins; its widgets at their ends; its figures are its numbers."""

import math
import threading

import numpy as np
import pytest
import states
from matplotlib.patches import StepPatch

from lbcore.faults import RealClock, VirtualClock, amplification
from lbcore.faults import reference as twins
from lbcore.faults.contention import contention
from lbcore.lab import choice, experiments, figure, slider, summary, widgets
from lbcore.lab.experiments_retries import POLICIES, RULES, calling, expected_attempts
from lbcore.lab.results_retries import Amplified, BrownOut, Crowd, Reassigned, Stampede


class Budget:
    """What a student may write in lesson 09."""

    def __init__(self, share):
        self.share, self.requests, self.retries = share, 0, 0

    def sent(self):
        self.requests += 1

    def take(self):
        may = self.retries + 1 <= self.share * self.requests
        self.retries += may
        return may


# What a figure shows, read back


def steps(ax, gid):
    """Heights and edges of an outline, above its baseline."""
    patch = next(patch for patch in ax.patches if isinstance(patch, StepPatch) and patch.get_gid() == gid)
    values, edges, baseline = patch.get_data()
    return values - (0 if baseline is None else baseline), edges


def check_reassigned(fig, result):
    ax = fig.axes[0]
    squares = next(one for one in ax.collections if one.get_gid() == "squares")
    assert len(squares.get_paths()) == result.attempts == len(squares.get_facecolor())
    numbers = [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    if numbers:
        assert numbers == [str(node) for path in result.paths for node in path]


def check_brownout(fig, result):
    load, good = fig.axes
    assert (steps(load, "first")[0] == result.attempts - result.again).all()
    assert (steps(load, "again")[0] == result.again).all() and (steps(load, "refused")[0] == result.refused).all()
    assert (steps(good, "good")[0] == result.good).all()
    marks = [line.get_xdata()[0] for line in good.lines if line.get_gid() == "recovery"]
    assert marks == ([] if math.isinf(result.recovery_s) else [result.back_s + result.recovery_s])
    shaded = next(patch for patch in load.patches if patch.get_gid() == "shaded")
    assert (shaded.get_x(), shaded.get_x() + shaded.get_width()) == (result.from_s, result.back_s)
    assert float(result.capacity) in {float(line.get_ydata()[0]) for line in load.lines}
    assert float(result.rate) in {float(line.get_ydata()[0]) for line in good.lines}


def check_amplified(fig, result):
    lines = fig.axes[0].lines
    for gid, rows in (("measured", result.attempts), ("theory", result.theory)):
        drawn = [line.get_ydata() for line in lines if line.get_gid() == gid]
        assert len(drawn) == len(rows) and all((a == b).all() for a, b in zip(drawn, rows, strict=True))


def check_crowd(fig, result):
    assert len(fig.axes) == len(result.rules)
    for ax, calls_s, calls in zip(fig.axes, result.calls_s, result.calls, strict=True):
        values, edges, _ = next(patch for patch in ax.patches if isinstance(patch, StepPatch)).get_data()
        assert len(calls_s) == calls[0] and values.sum() == (calls_s <= edges[-1]).sum()
        assert ((calls_s > edges[-1]).any()) == ("→" in ax.get_title(loc="left"))
        assert len(values) <= 130


def check_stampede(fig, result):
    for row, ax in enumerate(fig.axes):
        for gid, calls_s in (("first", result.first_s[row]), ("again", result.again_s[row])):
            assert steps(ax, gid)[0].sum() == len(calls_s)


CHECKS = {
    Reassigned: check_reassigned,
    BrownOut: check_brownout,
    Amplified: check_amplified,
    Crowd: check_crowd,
    Stampede: check_stampede,
}

# Widgets

NAMES = {"experiments": experiments, "Budget": Budget}
WIDGETS = {
    "reassign": lambda: widgets.reassign(
        slider(1, 6, start=2), retries=slider(0, 10, start=3), requests=slider(1, 100), per=choice("node", "request")
    ),
    "reassign among many": lambda: widgets.reassign(2, nodes=slider(2, 60, start=3), requests=40),
    "brownout": lambda: widgets.brownout(),
    "brownout of a budget": lambda: widgets.brownout(
        choice("retry budget", Budget), budget=slider(0, 100, start=10, step=5), seconds=slider(30, 120, start=60)
    ),
    "brownout by rate": lambda: widgets.brownout(
        "retry at once", rate=slider(1, 400, start=240), retries=slider(0, 4, start=1), seconds=30, seed=slider(0, 99)
    ),
    "amplified": lambda: widgets.amplified(retries=slider(0, 10, start=3), seed=slider(0, 99, start=7)),
    "amplified by layers": lambda: widgets.amplified(slider(0, 3, start=2), layers=[1, 2, 3]),
    "amplified in one of them": lambda: widgets.amplified(10, layers=choice(1, 2, 3)),
    "crowd": lambda: widgets.crowd(clients=slider(1, 200, start=100)),
    "crowd under a rule": lambda: widgets.crowd(choice(*RULES), clients=20, seed=slider(0, 99, start=7)),
}


def look(panel, redraws):
    states.look(panel, redraws, CHECKS, NAMES)


@pytest.mark.parametrize("name", WIDGETS)
def test_every_control_at_every_end(name):
    states.every_end(WIDGETS[name](), look)


@pytest.mark.parametrize("count", states.COUNTS)
@pytest.mark.parametrize("name", WIDGETS)
def test_random_states(name, count):
    states.random_states(WIDGETS[name](), name, count, look)


def test_the_lines_that_the_lesson_shows():
    assert widgets.brownout().code == "experiments.brownout('retry at once')"
    assert list(widgets.brownout().controls) == ["policy"]
    assert widgets.brownout().controls["policy"].label == "policy"
    panel = widgets.brownout(choice(Budget, "retry budget"), budget=slider(0, 50, start=10))
    assert panel.code == "experiments.brownout(Budget, budget=10)"
    assert widgets.crowd(clients=slider(2, 9)).code == "experiments.crowd(['exponential', 'full jitter'], clients=2)"
    assert widgets.amplified(layers=[1, 3]).code == "experiments.amplified(3, layers=[1, 3])"


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: widgets.brownout("pray"), "policy"),
        (lambda: widgets.brownout(rate=0), "rate"),
        (lambda: widgets.brownout(retries=-1), "retries"),
        (lambda: widgets.brownout("retry budget", budget=101), "budget"),
        (lambda: widgets.brownout(seconds=20), "seconds"),
        (lambda: widgets.amplified(11), "retries"),
        (lambda: widgets.amplified(layers=[0]), "layers"),
        (lambda: widgets.crowd("more jitter"), "rules"),
        (lambda: widgets.crowd([]), "rules"),
        (lambda: widgets.crowd(clients=0), "clients"),
        (lambda: widgets.reassign(0), "threshold"),
        (lambda: widgets.reassign(per="cluster"), "per"),
        (lambda: widgets.reassign(nodes=1), "down"),
        (lambda: widgets.reassign(2.5), "threshold"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_traceback(make, name, capsys):
    panel = make()
    assert panel.sentence.startswith(f"This cannot be drawn: {name}: ") and panel.board.picture == ""
    assert capsys.readouterr() == ("", "")


def test_a_prediction_is_scored():
    said = widgets.brownout(prediction=200)
    assert said.sentence.endswith("You said 200: off by 200.")
    said.controls["policy"].value = "give up"
    assert said.sentence.endswith("Your prediction of 200 was for policy retry at once.")
    assert "you: 200" in said.board.picture


# A student's budget


class Stub:
    def __init__(self, share):
        self.share = share

    def sent(self):
        pass

    def take(self):
        may = ...
        return may


class Silent(Stub):
    def take(self): ...


class Seven(Stub):
    def take(self):
        return 7


class Broken(Stub):
    def take(self):
        return self.tokens > 0


class Shy:
    def __init__(self):
        pass


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (Stub, "Stub is not finished yet: replace its `...`, run that cell, then this one."),
        (Silent, "Silent is not finished yet"),
        (Seven, "Seven.take() returned 7; it must return True or False."),
        (Broken, "Broken.take() failed with AttributeError: "),
        (Shy, "Shy(0.1) failed with TypeError: "),
        (int, "int.sent() failed with AttributeError: "),
    ],
)
def test_a_students_mistake_is_told_in_the_sentence(cls, words):
    panel = widgets.brownout(choice(cls, "give up"))
    assert words in panel.sentence and panel.error is not None
    panel.controls["policy"].value = "give up"
    assert panel.error is None


def test_a_students_budget_stands_where_lbcores_stands():
    mine, ours = experiments.brownout(Budget), experiments.brownout("retry budget")
    assert mine.policy == "Budget" and (mine.offered == ours.offered).all() and mine.asked == ours.asked == 264
    retries = mine.attempts.sum() - mine.offered.sum()
    assert 0 < retries <= 0.1 * mine.offered.sum()
    assert math.isfinite(mine.recovery_s)  # as the grader's sentence says


# What the lesson says


def test_the_twin_is_what_the_policy_does():
    for threshold in (1, 2, 3, 4):
        for nodes in (2, 3, 5):
            result = experiments.reassign(threshold, 9, requests=12, nodes=nodes)
            assert all(result.served)
            assert [list(path) for path in result.paths] == twins.reassign(12, nodes, lambda node: node != 1, threshold)


def test_the_table_by_hand():
    result = experiments.reassign(2, 3)
    assert result.paths == ((0,), (1, 1, 2), (0,), (1, 2), (0,), (1, 2)) and result.attempts == 10


@pytest.mark.parametrize("threshold", range(1, 7))
@pytest.mark.parametrize("retries", range(6))
def test_how_many_nodes_a_request_reaches(threshold, retries):
    """With every node down, and enough of them: (retries + 1) / threshold, rounded up."""
    result = experiments.reassign(threshold, retries, requests=1, nodes=10, down=range(10), per="request")
    assert len(set(result.paths[0])) == result.reach == math.ceil((retries + 1) / threshold)
    assert not any(result.served) and result.attempts == retries + 1


def test_amplification_by_formula():
    result = experiments.amplified(3, [1, 2, 3])
    assert expected_attempts(0.1, 3) == pytest.approx(1.111) and expected_attempts(0.5, 3) == 1.875
    assert [expected_attempts(1.0, 3, layers) for layers in (1, 2, 3)] == [4, 16, 64]
    # Two layers by hand: a call of the lower one fails with chance f^4, after 1.875 attempts.
    assert expected_attempts(0.5, 3, 2) == pytest.approx(1.875 * amplification(0.5**4, 3))
    for layers, measured, theory in zip(result.layers, result.attempts, result.theory, strict=True):
        assert measured[-1] == 4**layers and measured[0] == 1
        # At 90 % a few requests of three layers make most of the attempts.
        assert measured[:9] == pytest.approx(theory[:180:20], rel=0.1)
        assert measured[9] == pytest.approx(theory[180], rel=0.2)


def test_the_policies_of_the_lesson():
    found = {policy: experiments.brownout(policy) for policy in POLICIES}
    for policy in ("retry at once", "backoff", "backoff and jitter"):
        assert math.isinf(found[policy].recovery_s) and found[policy].last_good == 0 and found[policy].asked == 960
    assert (found["give up"].attempts == found["give up"].offered).all()
    assert [found[p].recovery_s for p in ("give up", "retry budget", "circuit breaker")] == [8, 15, 2]


def test_the_budgets_of_the_lesson():
    """Below 25 % it comes back, at 20 % a minute late; from there on it does not."""
    after_s = {b: experiments.brownout("retry budget", budget=b, seconds=120).recovery_s for b in (0, 10, 20, 25, 30)}
    assert after_s[0] < after_s[10] < 20 < 50 < after_s[20] < 70
    assert math.isinf(after_s[25]) and math.isinf(after_s[30])


def test_a_crowd_is_contention():
    result = experiments.crowd(["full jitter"], 20, runs=3, seed=4)
    runs = [contention(20, RULES["full jitter"], seed=4 + i) for i in range(3)]
    assert result.calls[0].tolist() == [run.calls for run in runs]
    assert result.time_s[0].tolist() == [run.time_s for run in runs]
    assert result.calls_s[0].tolist() == list(runs[0].calls_s)


def test_the_numbers_on_jitter():
    result = experiments.crowd(["no wait", "exponential", "full jitter"], runs=20)
    none, doubling, jitter = result.calls
    assert 12 < result.time_s[1].mean() / result.time_s[2].mean() < 14  # 'a thirteenth of the time'
    assert jitter.mean() < doubling.mean() / 2 and 2.8 < none.mean() / jitter.mean() < 3.2


def test_a_stampede_without_jitter_stays_together():
    result = experiments.stampede()
    assert {round(float(call_s), 6) for call_s in result.again_s[0]} == {0.4, 1.2, 2.8}
    assert result.busiest[0] == 40 and result.busiest[1] < 20 and result.served == (40, 40)
    assert result == experiments.stampede() != experiments.stampede(seed=8)
    assert not result.live and "Simulated time" in summary(result)


def test_the_same_threads_on_wall_time():
    before, told, clock = threading.enumerate(), [], RealClock()
    result = clock.run(calling, clock, lambda *done: told.append(done), 10, 0.2)
    assert threading.enumerate() == before
    assert result.live and result.served == (10, 10) and "this machine" in summary(result)
    twin = experiments.stampede(10, 0.2)
    # Who calls when is the same; a slow machine only calls later, and may find the service up one call earlier.
    assert len(result.again_s[0]) <= len(twin.again_s[0]) == 30
    assert all(len(first) == 10 for first in result.first_s)
    assert told and all(0 <= share <= 1 and isinstance(part, Stampede) for share, part in told)
    assert sorted(share for share, _ in told) == [share for share, _ in told]


def test_the_live_demonstration():
    live = widgets.live_retries(clients=5, down_s=0.2)
    assert repr(live) == (
        "A live demonstration, 10 client threads and a service that is down: press Start. It takes 0.4 seconds."
    )
    before = threading.enumerate()
    live.start()
    assert live.join(30) and live.error is None and live.result.served == (5, 5)
    check_stampede(live.figure, live.result)
    assert live.sentence == summary(live.result) and threading.enumerate() == before
    assert widgets.live_retries().seconds == 4


@pytest.mark.parametrize(("clients", "down_s", "name"), [(0, 2.0, "clients"), (5, 0.0, "down_s"), (5, 9.0, "down_s")])
def test_bad_demonstrations(clients, down_s, name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        experiments.stampede(clients, down_s)
    with pytest.raises(ValueError, match=f"^{name}: "):
        VirtualClock(1).run(calling, VirtualClock(1), print, clients, down_s)


@pytest.mark.parametrize("prediction", [None, 0, 3, 1_000_000])
@pytest.mark.parametrize(
    "make",
    [
        lambda: experiments.reassign(3, 10, requests=100, down=(0, 1, 2)),
        lambda: experiments.reassign(1, 0, requests=1),
        lambda: experiments.brownout("circuit breaker", rate=1_000, retries=1, seconds=30),
        lambda: experiments.brownout("retry at once", rate=1, retries=0, seconds=30),
        lambda: experiments.amplified(10, [3, 1], requests=1),
        lambda: experiments.crowd("no wait", 1),
        lambda: experiments.stampede(1, 0.1),
    ],
)
def test_extremes_with_any_prediction(make, prediction):
    result = make()
    CHECKS[type(result)](figure(result, prediction), result)
    assert summary(result, prediction).endswith(".")


def test_results_are_equal_when_all_of_them_is():
    assert np.isfinite(experiments.brownout("give up").offered).all()
    assert experiments.brownout("give up") == experiments.brownout("give up") != experiments.brownout("backoff")
