"""The exhibits on waiting against closed forms, the simulation itself and twins."""

import math

import numpy as np
import pytest
from driven.queues import CHECKS, FEW, Fewest

from lbcore import BurstRoundRobin, LeastConnections, ModuloHash, Random, RoundRobin, TwoChoices, WeightedRoundRobin
from lbcore.lab import FirstOfEquals, by_age, by_choices, by_load, choice, latency, served, shares, slider, tipping
from lbcore.lab.exhibits.queues._theory import mean_latency, quantile, slower
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.words import guess
from lbcore.selectors import reference
from lbcore.simulate import queue


def test_the_lines_that_the_lesson_shows():
    panel = latency([LeastConnections, TwoChoices], age=slider(0, 20, start=10), requests=FEW)
    assert panel.code == "latency([LeastConnections, TwoChoices], age=10, requests=2_000)"
    assert [control.label for control in panel.controls.values()] == ["age of the view, mean service times"]
    panel = by_choices(slider(50, 95, start=90, step=5), requests=FEW)
    assert panel.code == "by_choices(90, requests=2_000)"
    assert [control.label for control in panel.controls.values()] == ["load, % of what all nodes can do"]
    panel = latency([BurstRoundRobin], weights=[slider(1, 9), slider(1, 9)], requests=FEW)
    assert [control.label for control in panel.controls.values()] == ["weight of node-0", "weight of node-1"]


def test_a_prediction_is_scored():
    said = latency([LeastConnections, Random], age=slider(0, 20, start=10), requests=FEW, prediction=50)
    each = [latency([LeastConnections], age=10, requests=FEW, seed=seed).rows[0].p99 for seed in range(10)]
    assert f"You said 50. To expect: {np.mean(each):.1f} on average" in said.sentence
    assert said.sentence.endswith("(10 seeds). You are inside.") or "that range." in said.sentence
    assert "you: 50" in said.board.picture


@pytest.mark.parametrize("prediction", [None, 0, 1_000_000])
@pytest.mark.parametrize(
    "make",
    [
        lambda: latency(Random, 1, nodes=1, requests=1_000),
        lambda: latency([RoundRobin, Random], 99, speeds=[1, 1000], requests=1_000),
        lambda: latency([LeastConnections, ModuloHash], 50, speeds=[2] * 100 + [1], requests=1_000),
        lambda: by_load([Random], "mean", nodes=1, requests=1_000),
        lambda: by_age(99, ["mean", "p99"], requests=1_000),
        lambda: shares([RoundRobin, Random], 1, nodes=1, requests=1_000),
        lambda: shares(LeastConnections, 99, nodes=70, workers=100, broken=0, requests=1_000),
        lambda: served(RoundRobin, [0], [1], nodes=1),
    ],
)
def test_extremes_with_any_prediction(make, prediction):
    result = make()
    CHECKS[type(result)](figure(result, prediction), result)
    assert result.sentence(guess(prediction)).endswith(".") and result == make()


# Theory


@pytest.mark.parametrize(
    ("load", "choices", "mean"),
    [(0.5, 2, 1.2657), (0.8, 2, 1.9474), (0.9, 2, 2.6141), (0.99, 2, 5.4320), (0.8, 3, 1.5809), (0.99, 3, 3.8578)],
)
def test_mitzenmachers_sum(load, choices, mean):
    """The predictions of his table."""
    assert mean_latency(load, choices) == pytest.approx(mean, abs=6e-5)


@pytest.mark.parametrize("load", [0.1, 0.8, 0.95])
@pytest.mark.parametrize("choices", [1, 2, 5])
def test_the_tail_belongs_to_the_mean(load, choices):
    """The integral of P(T > t) is the mean of T; the quantile is where it crosses."""
    t = np.linspace(0, 40 / (1 - load) if choices == 1 else 80, 10_001)
    tail = np.array([slower(float(x), load, choices) for x in t])
    assert ((tail[1:] + tail[:-1]) / 2).sum() * t[1] == pytest.approx(mean_latency(load, choices), rel=1e-3)
    assert (np.diff(tail) <= 0).all() and tail[0] == pytest.approx(1)
    for q in (50, 99):
        assert slower(quantile(q, load, choices), load, choices) == pytest.approx(1 - q / 100)


def test_one_choice_is_mm1():
    assert mean_latency(0.8) == pytest.approx(5) and quantile(99, 0.8) == pytest.approx(math.log(100) / 0.2)
    assert round(quantile(99, 0.8), 1) == 23.0


def test_theory_and_simulation():
    [row] = latency(TwoChoices, 80, nodes=100, requests=300_000).rows
    assert row.times == pytest.approx(row.theory, rel=0.03) and not row.exact
    [row] = latency(Random, 50, requests=300_000).rows
    assert row.times == pytest.approx(row.theory, rel=0.03) and row.exact
    found = by_choices(70, ["mean", "p99"], most=3, requests=300_000)
    for [measured], [theory] in zip(found.values, found.theory, strict=True):
        assert measured == pytest.approx(theory, rel=0.04)
    found = by_load([Random, LeastConnections], "mean", requests=200_000)
    assert found.theory[0][1] is None and (found.values[0][1] < found.values[0][0]).all()
    assert found.values[0][0][:8] == pytest.approx(100 / (100 - found.at[:8]), rel=0.04)


# What the lessons say


def test_latency_is_the_simulation():
    result = latency([RoundRobin, Random], 70, nodes=5, requests=5_000, seed=3)
    for row, selector in zip(result.rows, (RoundRobin(5), Random(5, seed=3)), strict=True):
        run = queue(selector, 5_000, load=0.7, seed=3, warm_up=250)
        assert row.times == pytest.approx((run.mean_s, run.p50_s, run.p99_s), rel=3e-3)
        assert (row.picked == run.picked).all() and (row.utilisation == run.utilisation).all()


def test_the_four_of_lesson_02():
    p99 = {row.label: row.p99 for row in latency(requests=1_000_000).rows}
    wanted = {"Random": 23.0, "RoundRobin": 13.4, "TwoChoices": 8.0, "LeastConnections": 5.9}
    assert p99 == pytest.approx(wanted, rel=0.05)


def test_the_slow_node_of_lesson_01():
    turns, least = latency([RoundRobin, LeastConnections], 54, speeds=[1, 1, 1, 0.5], requests=1_000_000).rows
    assert np.ptp(turns.picked) == 0 and turns.utilisation[3] == pytest.approx(0.54 * 3.5 / 4 / 0.5, abs=0.01)
    assert turns.utilisation[:3] == pytest.approx(np.full(3, 0.54 * 3.5 / 4), abs=0.01)
    assert turns.p99 > 9 * least.p99 and least.utilisation[3] == pytest.approx(0.67, abs=0.01)


def test_the_bursts_of_lesson_03():
    pair = [BurstRoundRobin, WeightedRoundRobin]
    burst, smooth = latency(pair, weights=[20, 20], requests=400_000).rows
    assert (burst.picked == smooth.picked).all()
    assert burst.p50 == pytest.approx(2 * smooth.p50, rel=0.06) and burst.p99 > 1.15 * smooth.p99
    burst, smooth = latency(pair, weights=[5, 1, 1], speeds=[5, 1, 1], requests=400_000).rows
    assert burst.p99 == pytest.approx(smooth.p99, rel=0.03)


def test_old_news_makes_a_herd_and_two_choices_survive_it():
    result = by_age(requests=200_000)
    chance, turns, two, least = result.values[0]
    fresh, old = 0, len(result.at) - 1
    assert np.ptp(chance) == np.ptp(turns) == 0 and least[fresh] < two[fresh] < turns[fresh] < chance[fresh]
    assert two[old] < chance[old] < least[old] / 5
    assert (np.diff(least) > 0).all() and (np.diff(two) > 0).all()


def test_small_ages_and_latencies_have_room():
    """Each age has as much as the next, and twice the latency is one mark up."""
    ax = figure(by_age(requests=1_000)).axes[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "0.5", "1", "2", "3", "5", "10", "20"]
    assert ax.get_yscale() == "log" and np.diff(ax.get_xticks()) == pytest.approx(1)
    marks = ax.get_yticks()
    assert marks[1:] == pytest.approx(2 * marks[:-1])


def test_a_prediction_on_ages_is_scored_where_it_was_asked():
    each = [by_age(cls=[LeastConnections], requests=FEW, seed=seed).values[0][0][6] for seed in range(6)]
    said = by_age(cls=[LeastConnections], requests=FEW, prediction=50)
    assert f"You said 50. To expect: {np.mean(each):.1f}".removesuffix(".0") in said.sentence


def test_what_never_settles_hides_nothing():
    pair, speeds = [RoundRobin, LeastConnections], [1, 1, 1, 0.5]
    over, under = (latency(pair, load, speeds=speeds, requests=20_000) for load in (58, 57))
    assert over.flooded(over.rows[0]) == 3 and over.flooded(over.rows[1]) is None
    assert "It gets more than it can do" in over.sentence() and "more than it can" not in under.sentence()
    ax = figure(over).axes[0]
    assert ax.get_xlim()[1] < 2 * over.rows[1].p99 < over.rows[0].p99
    assert "→ no end" in [text.get_text() for text in ax.texts]
    assert figure(under).axes[0].get_xlim()[1] > under.rows[0].p99


def test_shares_are_those_of_the_simulation():
    result = shares([LeastConnections], 60, nodes=4, workers=5, broken=1, requests=4_000)
    speeds, rate = [1, 100, 1, 1], 0.6 * 3 * 5
    run = queue(LeastConnections(4), 4_000, rate_per_s=rate, speeds=speeds, servers=5, seed=7)
    assert (result.picked[0] == run.picked).all()
    assert f"It gets {100 * run.picked[1] / 4_000:.0f} % under LeastConnections" in result.sentence()
    even = shares([RoundRobin], 60, nodes=4, requests=4_000)
    assert even.picked[0].tolist() == [1_000] * 4 and even.told(0) == 25


def test_a_node_tips_as_its_chain_says():
    """Without a burst and below its workers' number the mean is Erlang's; beyond the point it only grows."""
    calm = tipping(30, 0).held[200:].mean()
    assert calm == pytest.approx(3.0, abs=0.3)  # ten workers at 30 %: three are at work
    assert tipping(70, 0).point == pytest.approx(10 + math.log(0.7) / math.log(0.98))
    over = tipping(burst=40)
    assert over.lost == 20 and (over.held[-1] > 100).all()
    held = tipping(burst=40, limit=25)
    assert held.held.max() == 25 and held.lost == 0 and 0 < held.refused < 10


def test_the_table_by_hand():
    service = [6, 1.5, 0.5, 3, 1.5, 1]
    trace = served(LeastConnections, range(6), service)
    assert trace.node.tolist() == [0, 1, 2, 2, 1, 1]
    assert (trace.start_s - trace.arrival_s).tolist() == [0, 0, 0, 0, 0, 0.5]
    first = served(FirstOfEquals, range(6), service)
    assert first.node.tolist() == [0, 1, 2, 1, 2, 0]
    assert (first.start_s - first.arrival_s).tolist() == [0, 0, 0, 0, 0, 1]
    assert first.end_s.max() == 7 and first.end_s[4] == 5.5
    turns = served(RoundRobin, range(6), service)
    assert (turns.start_s - turns.arrival_s).tolist() == [0, 0, 0, 3, 0, 0]
    assert served(Fewest, range(6), service, nodes=2).counts.sum() == 6


# Request by request


def test_a_class_and_its_twin_are_the_same_request_by_request():
    result = latency([LeastConnections, reference.LeastConnections], requests=3_000)
    assert result.pair.first is None and result.pair.same == 3_000
    assert "the two are the same" in result.sentence()
    assert "Request by request" not in latency([RoundRobin, LeastConnections], requests=3_000).sentence()


def test_two_that_differ_are_counted():
    result = latency([RoundRobin, LeastConnections], requests=3_000)
    runs = [queue(one, 3_000, load=0.8, seed=7, keep=True).requests for one in (RoundRobin(10), LeastConnections(10))]
    gap = runs[1].ended_s - runs[0].ended_s
    assert result.pair.sooner == (gap < -1e-9).sum() and result.pair.later == (gap > 1e-9).sum()
    assert result.pair.same + result.pair.sooner + result.pair.later == 3_000
    assert result.pair.first == 1 + int((runs[0].node != runs[1].node).argmax())


def test_a_students_class_stands_where_lbcores_stands():
    result = latency([LeastConnections, Fewest])
    assert (result.requests, result.asked) == (20_000, 100_000)
    ours, mine = result.rows
    assert mine.times == pytest.approx(ours.times, rel=0.05) and result.pair.first is not None
    assert by_load(Fewest, "mean", requests=1_000).requests == 1_000


class Stub:
    def __init__(self, n, rng):
        self.in_flight, self.rng = [0] * n, rng

    def select(self):
        node = ...
        self.in_flight[node] += 1
        return node


class Silent(Stub):
    def select(self): ...


class Far(Stub):
    def select(self):
        return 99


class Broken(Stub):
    def select(self):
        return self.tokens


class BadEnd(Stub):
    def select(self):
        return 0

    def release(self, node):
        raise KeyError(node)


class Nobody(Stub):
    def select(self):
        raise LookupError


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (Stub, "Stub is not finished yet: replace its `...`, run that cell, then this one."),
        (Silent, "Silent is not finished yet"),
        (Far, "ValueError: Far.select() returned 99; the nodes have the indices 0 to 9."),
        (Broken, "Request 1: Broken.select() failed with AttributeError: "),
        (BadEnd, "BadEnd.release() failed with KeyError: "),
        (Nobody, "cls: Nobody served none of 20,000 requests."),
        (int, "cls: int has no select()"),
    ],
)
def test_a_students_mistake_is_told_in_the_sentence(cls, words):
    panel = latency(choice([Random, cls], Random))
    assert words in panel.sentence and panel.error is not None
    panel.controls["cls"].value = Random
    assert panel.error is None
