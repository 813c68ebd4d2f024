"""The experiments on waiting against closed forms, the simulation and the lessons' figures; their widgets."""

import math

import numpy as np
import pytest
import states

from lbcore import (
    BurstRoundRobin,
    LeastConnections,
    ModuloHash,
    PeakEwma,
    Random,
    RoundRobin,
    TwoChoices,
    WeightedRoundRobin,
)
from lbcore.lab import choice, experiments, figure, slider, summary, widgets
from lbcore.lab.results_queues import Curve, Latency, QueueLengths
from lbcore.lab.theory_queues import mean_latency, quantile, slower
from lbcore.lab.trace import Trace
from lbcore.selectors import reference
from lbcore.simulate import queue


class Fewest:
    """What a student may write in lesson 06."""

    def __init__(self, n, rng):
        self.in_flight, self.rng = [0] * n, rng

    def select(self):
        tied = [i for i, held in enumerate(self.in_flight) if held == min(self.in_flight)]
        node = tied[self.rng.below(len(tied))]
        self.in_flight[node] += 1
        return node

    def release(self, node):
        self.in_flight[node] -= 1


# What a figure shows, read back


def check_latency(fig, result):
    ax = fig.axes[0]
    for gid, wanted in (("p50", [row.p50 for row in result.rows]), ("p99", [row.p99 for row in result.rows])):
        assert [patch.get_width() for patch in ax.patches if patch.get_gid() == gid] == wanted
    lines = [float(line.get_xdata()[0]) for line in ax.lines if line.get_gid() == "theory"]
    assert lines == [time for row in result.rows if row.theory for time in row.theory[1:]]
    assert len(fig.axes) == 1 + (min(4, len(result.rows)) if result.uneven else 0)
    for small, row in zip(fig.axes[1:], result.rows, strict=False):
        if result.nodes <= 24:
            assert [bar.get_height() for bar in small.patches] == (100 * row.utilisation).tolist()


def check_curve(fig, result):
    assert len(fig.axes) == len(result.whats)
    for ax, rows, lines in zip(fig.axes, result.values, result.theory, strict=True):
        for gid, wanted in (("measured", rows), ("theory", [line for line in lines if line is not None])):
            drawn = [line.get_ydata() for line in ax.lines if line.get_gid() == gid]
            assert len(drawn) == len(wanted) and all((a == b).all() for a, b in zip(drawn, wanted, strict=True))


def check_lengths(fig, result):
    for ax, lengths in zip(fig.axes, result.lengths, strict=True):
        drawn = [line.get_ydata() for line in ax.lines if line.get_gid() != "prediction"]
        assert np.array_equal(np.array(drawn[: lengths.shape[1]]).T, lengths)


CHECKS = {Latency: check_latency, Curve: check_curve, QueueLengths: check_lengths}

# Widgets

CLASSES = (BurstRoundRobin, LeastConnections, ModuloHash, PeakEwma, Random, RoundRobin, TwoChoices, WeightedRoundRobin)
NAMES = {"experiments": experiments, "reference": reference, **{c.__name__: c for c in (*CLASSES, Fewest)}}
FEW = 2_000
WIDGETS = {
    "latency": lambda: widgets.latency(load=slider(1, 99, start=80), requests=FEW, seed=slider(0, 99, start=7)),
    "latency by age": lambda: widgets.latency(
        [LeastConnections, TwoChoices, Random], age=slider(0, 20, start=10), requests=FEW
    ),
    "latency of a slow node": lambda: widgets.latency(
        [RoundRobin, LeastConnections], load=slider(30, 70, start=54), speeds=[1, 1, 1, 0.5], requests=FEW
    ),
    "latency of a student": lambda: widgets.latency(
        choice([LeastConnections, Fewest], Fewest, PeakEwma, ModuloHash), load=slider(10, 95, start=80), requests=FEW
    ),
    "latency of weights": lambda: widgets.latency(
        [BurstRoundRobin, WeightedRoundRobin], weights=[slider(1, 20, start=20), 20], requests=FEW
    ),
    "latency of many nodes": lambda: widgets.latency([Random, RoundRobin], nodes=slider(1, 1000), requests=FEW),
    "by choices": lambda: widgets.by_choices(slider(1, 99, start=90), what=choice("p99", "p50", "mean")),
    "queue lengths": lambda: widgets.queue_lengths(age=slider(0, 20, start=5), nodes=slider(1, 64, start=10)),
    "queue lengths in time": lambda: widgets.queue_lengths(
        [Fewest], load=slider(1, 99, start=80), until=slider(5, 100, start=60)
    ),
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
    panel = widgets.latency([LeastConnections, TwoChoices], age=slider(0, 20, start=10), requests=FEW)
    assert panel.code == "experiments.latency([LeastConnections, TwoChoices], load=80, age=10, requests=2_000)"
    assert [control.label for control in panel.controls.values()] == ["age of the view, mean service times"]
    assert widgets.queue_lengths().code == "experiments.queue_lengths(age=0)"
    assert widgets.by_choices(50).code == "experiments.by_choices(50, requests=40_000)"


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: widgets.latency(load=0), "load"),
        (lambda: widgets.latency(load=100), "load"),
        (lambda: widgets.latency(load=0.5), "load"),
        (lambda: widgets.latency(nodes=0), "nodes"),
        (lambda: widgets.latency(nodes=1001), "nodes"),
        (lambda: widgets.latency(age=-1), "age"),
        (lambda: widgets.latency(age=1e9), "age"),
        (lambda: widgets.latency(age="old"), "age"),
        (lambda: widgets.latency(speeds=[1, 0]), "speeds"),
        (lambda: widgets.latency(speeds=["fast"]), "speeds"),
        (lambda: widgets.latency(nodes=3, speeds=[1, 1]), "speeds"),
        (lambda: widgets.latency(WeightedRoundRobin, nodes=3, weights=[1, 1]), "weights"),
        (lambda: widgets.latency(requests=10), "requests"),
        (lambda: widgets.latency(seed=-1), "seed"),
        (lambda: widgets.latency([]), "selector"),
        (lambda: widgets.latency(3), "cls"),
        (lambda: widgets.by_choices(0), "load"),
        (lambda: widgets.by_choices(what="p98"), "what"),
        (lambda: widgets.by_choices(nodes=2), "most"),
        (lambda: widgets.queue_lengths(until=1), "until"),
        (lambda: widgets.queue_lengths(nodes=65), "nodes"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_traceback(make, name, capsys):
    panel = make()
    assert panel.sentence.startswith(f"This cannot be drawn: {name}: "), panel.sentence
    assert panel.board.picture == "" and capsys.readouterr() == ("", "")


def test_a_prediction_is_scored():
    said = widgets.latency([LeastConnections, Random], age=slider(0, 20, start=10), requests=FEW, prediction=50)
    gap = abs(round(50 - said.result.rows[0].p99, 1))
    assert said.sentence.endswith(f"You said 50: off by {gap:,.1f}.") and "you: 50" in said.board.picture


@pytest.mark.parametrize("prediction", [None, 0, 3, 1_000_000])
@pytest.mark.parametrize(
    "make",
    [
        lambda: experiments.latency(Random, 1, nodes=1, requests=1_000),
        lambda: experiments.latency([RoundRobin, Random], 99, speeds=[1, 1000], requests=1_000),
        lambda: experiments.latency(CLASSES, 50, speeds=[2] * 100 + [1], requests=1_000),
        lambda: experiments.by_load([Random], "mean", nodes=1, requests=1_000),
        lambda: experiments.by_age(99, ["mean", "p99"], requests=1_000),
        lambda: experiments.queue_lengths(RoundRobin, load=1, nodes=1, until=5),
    ],
)
def test_extremes_with_any_prediction(make, prediction):
    result = make()
    CHECKS[type(result)](figure(result, prediction), result)
    assert summary(result, prediction).endswith(".")


# Theory


@pytest.mark.parametrize(
    ("load", "choices", "mean"),
    [(0.5, 2, 1.2657), (0.8, 2, 1.9474), (0.9, 2, 2.6141), (0.99, 2, 5.4320), (0.8, 3, 1.5809), (0.99, 3, 3.8578)],
)
def test_mitzenmachers_sum(load, choices, mean):
    """The predictions of his table."""
    assert mean_latency(load, choices) == pytest.approx(mean, abs=6e-5)


@pytest.mark.parametrize("load", [0.1, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("choices", [1, 2, 5])
def test_the_tail_belongs_to_the_mean(load, choices):
    """The integral of P(T > t) is the mean of T; the quantile is where it crosses."""
    t = np.linspace(0, 40 / (1 - load) if choices == 1 else 80, 20_001)
    tail = np.array([slower(float(x), load, choices) for x in t])
    assert np.trapezoid(tail, t) == pytest.approx(mean_latency(load, choices), rel=1e-3)
    assert (np.diff(tail) <= 0).all() and tail[0] == pytest.approx(1)
    for q in (50, 99):
        assert slower(quantile(q, load, choices), load, choices) == pytest.approx(1 - q / 100)


def test_one_choice_is_mm1():
    assert mean_latency(0.8) == pytest.approx(5) and quantile(99, 0.8) == pytest.approx(math.log(100) / 0.2)
    assert round(quantile(99, 0.8), 1) == 23.0


def test_two_choices_by_theory_and_by_simulation():
    [row] = experiments.latency(TwoChoices, 80, nodes=100, requests=300_000).rows
    assert row.times == pytest.approx(row.theory, rel=0.03) and not row.exact
    [row] = experiments.latency(Random, 50, requests=300_000).rows
    assert row.times == pytest.approx(row.theory, rel=0.03) and row.exact


# What the lessons say


def test_latency_is_the_simulation():
    result = experiments.latency([RoundRobin, Random], 70, nodes=5, requests=5_000, seed=3)
    for row, selector in zip(result.rows, (RoundRobin(5), Random(5, seed=3)), strict=True):
        run = queue(selector, 5_000, load=0.7, seed=3, warm_up=250)
        assert row.times == pytest.approx((run.mean_s, run.p50_s, run.p99_s), rel=3e-3)
        assert (row.picked == run.picked).all() and (row.utilisation == run.utilisation).all()


def test_the_four_of_lesson_02():
    """CURRICULUM: 23.0 (exact), 13.4, 8.0, 5.9."""
    p99 = {row.label: row.p99 for row in experiments.latency(requests=1_000_000).rows}
    wanted = {"Random": 23.0, "RoundRobin": 13.4, "TwoChoices": 8.0, "LeastConnections": 5.9}
    assert p99 == pytest.approx(wanted, rel=0.05)


def test_the_slow_node_of_lesson_01():
    result = experiments.latency([RoundRobin, LeastConnections], 54, speeds=[1, 1, 1, 0.5], requests=1_000_000)
    turns, least = result.rows
    assert np.ptp(turns.picked) == 0 and turns.utilisation[3] == pytest.approx(0.54 * 3.5 / 4 / 0.5, abs=0.01)
    assert turns.utilisation[:3] == pytest.approx(np.full(3, 0.54 * 3.5 / 4), abs=0.01)
    assert turns.p99 > 9 * least.p99 and least.utilisation[3] == pytest.approx(0.67, abs=0.01)


def test_the_bursts_of_lesson_03():
    pair = [BurstRoundRobin, WeightedRoundRobin]
    burst, smooth = experiments.latency(pair, weights=[20, 20], requests=400_000).rows
    assert (burst.picked == smooth.picked).all()
    assert burst.p50 == pytest.approx(2 * smooth.p50, rel=0.06) and burst.p99 > 1.15 * smooth.p99
    burst, smooth = experiments.latency(pair, weights=[5, 1, 1], speeds=[5, 1, 1], requests=400_000).rows
    assert burst.p99 == pytest.approx(smooth.p99, rel=0.03)


def test_old_news_makes_a_herd_and_two_choices_survive_it():
    result = experiments.by_age(requests=200_000)
    chance, two, least = result.values[0]
    fresh, old = 0, len(result.at) - 1
    assert np.ptp(chance) == 0 and least[fresh] < two[fresh] < chance[fresh]
    assert two[old] < chance[old] < least[old] / 5
    at_3 = int((result.at == 3).argmax())
    assert least[at_3 - 1] < chance[0] < least[at_3]  # 'from an age of about 3 on'
    assert (np.diff(least) > 0).all() and (np.diff(two) > 0).all()


def test_the_herd_is_seen():
    herd, two = experiments.queue_lengths(age=5).lengths
    calm, _ = experiments.queue_lengths(age=0).lengths
    assert herd.max() > 3 * two.max() > 3 * calm.max()


def test_a_fast_node_gets_half():
    [row] = experiments.latency(LeastConnections, 3, speeds=[1, 1, 1, 100]).rows
    assert (100 * row.picked / row.picked.sum()).round().tolist() == [17, 17, 17, 49]


def test_the_table_by_hand():
    service = [6, 1.5, 0.5, 3, 1.5, 1]
    trace = experiments.served(LeastConnections, range(6), service)
    assert isinstance(trace, Trace) and trace.node.tolist() == [0, 1, 2, 2, 1, 1]
    assert (trace.start_s - trace.arrival_s).tolist() == [0, 0, 0, 0, 0, 0.5]
    turns = experiments.served(RoundRobin, range(6), service)
    assert (turns.start_s - turns.arrival_s).tolist() == [0, 0, 0, 3, 0, 0]


# Request by request


def test_a_class_and_its_twin_are_the_same_request_by_request():
    result = experiments.latency([LeastConnections, reference.LeastConnections], requests=3_000)
    assert result.pair.first is None and result.pair.same == 3_000
    assert "the two are the same" in summary(result)


def test_two_that_differ_are_counted():
    result = experiments.latency([RoundRobin, LeastConnections], requests=3_000)
    runs = [queue(one, 3_000, load=0.8, seed=7, keep=True).requests for one in (RoundRobin(10), LeastConnections(10))]
    gap = runs[1].ended_s - runs[0].ended_s
    assert result.pair.sooner == (gap < -1e-9).sum() and result.pair.later == (gap > 1e-9).sum()
    assert result.pair.same + result.pair.sooner + result.pair.later == 3_000
    assert result.pair.first == 1 + int((runs[0].node != runs[1].node).argmax())


def test_a_students_class_stands_where_lbcores_stands():
    result = experiments.latency([LeastConnections, Fewest])
    assert (result.requests, result.asked) == (20_000, 100_000)
    ours, mine = result.rows
    assert mine.times == pytest.approx(ours.times, rel=0.05) and result.pair.first is not None


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
    panel = widgets.latency(choice([Random, cls], Random))
    assert words in panel.sentence and panel.error is not None
    panel.controls["cls"].value = Random
    assert panel.error is None


def test_results_are_equal_when_all_of_them_is():
    one = experiments.latency(requests=1_000)
    assert one == experiments.latency(requests=1_000) != experiments.latency(requests=1_000, seed=8)
