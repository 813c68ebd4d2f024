"""Lesson 09's exhibits against closed forms and twins."""

import math
import subprocess
import sys
import threading

import numpy as np
import pytest
from driven.retries import CHECKS, Budget, check_stampede

from lbcore import RoundRobin
from lbcore.faults import (
    ErrorThreshold,
    FixedWait,
    RealClock,
    RetryPolicy,
    Stop,
    VirtualClock,
    amplification,
    pick,
)  # fmt: skip
from lbcore.faults import reference as twins
from lbcore.lab import amplified, brownout, choice, crowd, live_retries, slider, stampede
from lbcore.lab.exhibits.retries._contention import contention
from lbcore.lab.exhibits.retries.amplified import expected_attempts
from lbcore.lab.exhibits.retries.brownout import POLICIES
from lbcore.lab.exhibits.retries.crowd import RULES
from lbcore.lab.exhibits.retries.stampede import Stampede, calling
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.words import guess


def test_the_lines_that_the_lesson_shows():
    panel = brownout(choice(Budget, "retry budget"), budget=slider(0, 50, start=10))
    assert panel.code == "brownout(Budget, budget=10)"
    assert [one.label for one in panel.controls.values()] == ["policy", "retry budget, % of the requests"]
    assert crowd(clients=slider(2, 9)).code == "crowd(clients=2)"
    panel = amplified(retries=slider(0, 10, start=3), layers=[1, 3])
    assert panel.code == "amplified(retries=3, layers=[1, 3])"
    assert panel.controls["retries"].label == "retries allowed"


def test_a_prediction_is_scored():
    said = brownout(choice(*POLICIES, start="retry at once"), prediction=200)
    assert said.sentence.endswith("You said 200: off by 200.") and "you: 200" in said.board.picture
    said.controls["policy"].value = "give up"
    assert said.sentence.endswith("Your prediction, 200, was made with “policy” at retry at once.")


def test_the_models_load_nothing_of_jupyter():
    room = "lbcore.lab.exhibits.retries"
    code = f"import sys, {room}._contention, {room}._metastable; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert f"{room}._metastable" in found
    assert not {"IPython", "ipywidgets", "anywidget", "traitlets", "matplotlib"}.intersection(found)


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
    panel = brownout(choice(cls, "give up"))
    assert words in panel.sentence and panel.error is not None
    panel.controls["policy"].value = "give up"
    assert panel.error is None


def test_a_students_budget_stands_where_lbcores_stands():
    mine, ours = brownout(Budget), brownout("retry budget")
    assert mine.policy == "Budget" and (mine.offered == ours.offered).all() and mine.asked == ours.asked == 264
    retries = mine.attempts.sum() - mine.offered.sum()
    assert 0 < retries <= 0.1 * mine.offered.sum()
    assert math.isfinite(mine.recovery_s)  # as the grader's sentence says


# What the lesson says


def reassigned(requests, nodes, down, threshold):
    """As the twin, with the rules that lbcore has for it."""
    policy = RetryPolicy(Stop(), FixedWait(), errors=ErrorThreshold(threshold), seed=0)
    balancer, paths = RoundRobin(nodes), []
    for request in range(requests):
        tries, path = policy.start(0.0, request), [balancer.select()]
        while path[-1] in down:
            retry = tries.failed(path[-1], 0.0)
            path.append(pick(balancer, tried=retry.avoid) if retry.node is None else path[-1])
        paths.append(path)
    return paths


@pytest.mark.parametrize("nodes", [2, 3, 5])
@pytest.mark.parametrize("threshold", [1, 2, 3, 4])
def test_the_twin_is_what_the_policy_does(threshold, nodes):
    assert twins.reassign(12, nodes, {1}, threshold) == reassigned(12, nodes, {1}, threshold)


def test_the_table_by_hand():
    paths = twins.reassign(6, 3, {1}, threshold=2)
    assert paths == [[0], [1, 1, 2], [0], [1, 2], [0], [1, 2]]
    assert np.bincount(np.concatenate(paths)).tolist() == [3, 4, 3]


def test_amplification_by_formula():
    result = amplified(3, [1, 2, 3])
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
    found = {policy: brownout(policy) for policy in POLICIES}
    for policy in ("retry at once", "backoff", "backoff and jitter"):
        assert math.isinf(found[policy].recovery_s) and found[policy].last_good == 0 and found[policy].asked == 960
    assert (found["give up"].attempts == found["give up"].offered).all()
    assert [found[p].recovery_s for p in ("give up", "retry budget", "circuit breaker")] == [7, 15, 2]


def test_the_budgets_of_the_lesson():
    """Below 25 % it comes back, at 20 % late; from there on it does not."""
    after_s = {b: brownout("retry budget", budget=b, seconds=120).recovery_s for b in (0, 10, 20, 25, 30)}
    assert after_s[0] < after_s[10] < 20 < 35 < after_s[20] < 70
    assert math.isinf(after_s[25]) and math.isinf(after_s[30])


def test_a_crowd_is_contention():
    result = crowd(["full jitter"], 20, runs=3, seed=4)
    runs = [contention(20, RULES["full jitter"], seed=4 + i) for i in range(3)]
    assert result.calls[0].tolist() == [run.calls for run in runs]
    assert result.time_s[0].tolist() == [run.time_s for run in runs]
    assert result.calls_s[0].tolist() == list(runs[0].calls_s)


def test_the_numbers_on_jitter():
    result = crowd(["no wait", "exponential", "full jitter"], runs=20)
    none, doubling, jitter = result.calls
    assert 12 < result.time_s[1].mean() / result.time_s[2].mean() < 14  # 'a thirteenth of the time'
    assert jitter.mean() < doubling.mean() / 2 and 2.8 < none.mean() / jitter.mean() < 3.2


def test_a_stampede_without_jitter_stays_together():
    result = stampede()
    assert {round(float(call_s), 6) for call_s in result.again_s[0]} == {0.4, 1.2, 2.8}
    assert result.busiest[0] == 40 and result.busiest[1] < 20 and result.served == (40, 40)
    assert result == stampede() != stampede(seed=8)
    # A bin begins at its own time, though 0.3 / 0.05 is a little less than 6.
    assert result.bins(np.array([0.0, 0.29, 0.3]))[[0, 5, 6]].tolist() == [1, 1, 1]
    assert not result.live and "Simulated time" in result.sentence()


def test_the_same_threads_on_wall_time():
    before, told, clock = threading.enumerate(), [], RealClock()
    result = clock.run(calling, clock, lambda *done: told.append(done), 10, 0.2)
    assert [thread for thread in threading.enumerate() if thread not in before] == []
    assert result.live and result.served == (10, 10) and "this machine" in result.sentence()
    twin = stampede(10, 0.2)
    # Who calls when is the same; a slow machine only calls later, and may find the service up one call earlier.
    assert len(result.again_s[0]) <= len(twin.again_s[0]) == 30
    assert all(len(first) == 10 for first in result.first_s)
    assert told and all(0 <= share <= 1 and isinstance(part, Stampede) for share, part in told)
    assert sorted(share for share, _ in told) == [share for share, _ in told]


def test_the_live_demonstration():
    live = live_retries(clients=5, down_s=0.2)
    assert repr(live) == (
        "A live demonstration, 10 client threads and a service that is down: press Start. It takes 0.4 seconds."
    )
    before = threading.enumerate()
    live.start()
    assert live.join(30) and live.error is None and live.result.served == (5, 5)
    check_stampede(live.figure, live.result)
    assert live.sentence == live.result.sentence()
    assert [thread for thread in threading.enumerate() if thread not in before] == []
    assert live_retries().seconds == 4


@pytest.mark.parametrize(("clients", "down_s", "name"), [(0, 2.0, "clients"), (5, 0.0, "down_s"), (5, 9.0, "down_s")])
def test_bad_demonstrations(clients, down_s, name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        stampede(clients, down_s)
    with pytest.raises(ValueError, match=f"^{name}: "):
        VirtualClock(1).run(calling, VirtualClock(1), print, clients, down_s)


@pytest.mark.parametrize("prediction", [None, 0, 3, 1_000_000])
@pytest.mark.parametrize(
    "make",
    [
        lambda: brownout("circuit breaker", rate=1_000, retries=1, seconds=30),
        lambda: brownout("retry at once", rate=1, retries=0, seconds=30),
        lambda: amplified(10, [3, 1], requests=1),
        lambda: crowd("no wait", 1),
        lambda: stampede(1, 0.1),
    ],
)
def test_extremes_with_any_prediction(make, prediction):
    result = make()
    CHECKS[type(result)](figure(result, prediction), result)
    assert result.sentence(guess(prediction)).endswith(".")
