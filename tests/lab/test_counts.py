"""Requests at each node, their order, their work and the luck in them, against closed forms and by hand."""

import math

import numpy as np
import pytest
from driven.counts import Mine
from matplotlib.figure import Figure
from scipy import stats

from lbcore import (
    BurstRoundRobin,
    HashSlots,
    ModuloHash,
    Random,
    RoundRobin,
    TwoChoices,
    WeightedRandom,
    WeightedRoundRobin,
)
from lbcore.lab import balance, choice, distinct_keys, growth, luck, sequence, slider, work
from lbcore.lab.exhibits.counts._binomial import binomial_band
from lbcore.lab.exhibits.counts.growth import expected_top
from lbcore.lab.frame.words import Guess
from lbcore.selectors import reference


def test_the_lines_that_the_lessons_show():
    panel = balance(Random, nodes=10, requests=slider(10, 1_000_000, start=1_000))
    assert panel.code == "balance(Random, nodes=10, requests=1_000)" and list(panel.controls) == ["requests"]
    panel = balance(ModuloHash, seed=slider(0, 9, start=3))
    assert panel.code == "balance(ModuloHash, seed=3)" and panel.sentence.startswith("Seed 3: ")
    panel = sequence([BurstRoundRobin, reference.WeightedRoundRobin], weights=[slider(1, 12, start=5), 1, 1])
    assert panel.code == "sequence([BurstRoundRobin, reference.WeightedRoundRobin], weights=[5, 1, 1])"


def test_controls_are_called_in_plain_words():
    panels = {
        "weight of node-1": balance(WeightedRandom, weights=[2, slider(1, 9)]),
        "algorithm": balance(choice(RoundRobin, Random)),
        "node that is down": balance(RoundRobin, down=choice("none", "node-1")),
        "one heavy request in": work(Random, every=slider(1, 9)),
        "cost of a heavy request": work(Random, heavy=slider(1, 9)),
        "requests": growth(Random, upto=slider(10, 100)),
    }
    assert [panel.controls.popitem()[1].label for panel in panels.values()] == list(panels)


def test_a_prediction_is_scored():
    percent = Guess(10.0, "%")
    for result, said, scored in (
        (balance(RoundRobin(10), 1003), Guess(100, ""), "You said 100: off by 1."),
        (balance(RoundRobin(4), 1_000), percent, "You said 10 %: off by 15.0."),
        (sequence(RoundRobin(3)), Guess(1, ""), "You said 1: exactly right."),
        (luck(RoundRobin, 10, 100, runs=2), percent, "You said 10 %: exactly right."),
        (work(RoundRobin(3)), Guess(1_200, ""), "You said 1,200: off by 1,800."),
        (growth(TwoChoices, 2, 10, runs=1), Guess(50, ""), "You said 50: off by 50."),
    ):
        assert result.sentence(said).endswith(scored)


# Theory


def test_the_binomial_band_is_scipys():
    draw = np.random.default_rng(1)
    for _ in range(500):
        n = int(10 ** draw.uniform(0, 6.2))
        p = float(10 ** draw.uniform(-7, 0)) if draw.random() < 0.7 else float(draw.random())
        low, high = binomial_band(n, [p])
        assert (low[0], high[0]) == (stats.binom.ppf(0.025, n, p), stats.binom.ppf(0.975, n, p)), (n, p)


@pytest.mark.parametrize(
    ("n", "p", "band"), [(0, 0.3, (0, 0)), (10, 0.0, (0, 0)), (10, 1.0, (10, 10)), (1, 0.5, (0, 1))]
)
def test_the_binomial_band_at_its_ends(n, p, band):
    low, high = binomial_band(n, [p])
    assert (low[0], high[0]) == band


def test_the_mean_of_the_highest_of_n_draws():
    assert expected_top(1) == pytest.approx(0, abs=1e-9)
    assert expected_top(2) == pytest.approx(1 / math.sqrt(math.pi), abs=1e-6)
    assert expected_top(10) == pytest.approx(1.538753, abs=1e-5)


# Balance


def test_balance_moves_nothing_of_its_callers():
    selector = Random(10, seed=7)
    assert balance(selector, 1000) == balance(selector, 1000)
    assert selector.select_many(5).tolist() == Random(10, seed=7).select_many(5).tolist()
    twin = reference.RoundRobin(3)
    balance(twin, 4)
    assert twin.select() == 0


@pytest.mark.parametrize("selector", [Random, Random(10, seed=7), reference.Random, reference.Random(10, 7)])
def test_a_class_is_made_as_its_selector(selector):
    result = balance(selector)
    assert result.counts.tolist() == np.bincount(Random(10, seed=7).select_many(1000), minlength=10).tolist()
    assert (result.seed, result.requests, result.asked) == (7, 1000, 1000)
    assert result.expected == pytest.approx(np.full(10, 100))
    assert result.low.tolist() == [stats.binom.ppf(0.025, 1000, 0.1)] * 10
    assert result.high.tolist() == [stats.binom.ppf(0.975, 1000, 0.1)] * 10
    assert result == balance(Random, nodes=10, requests=1000, seed=7)


def test_the_seed_is_the_selectors():
    assert balance(Random(10, seed=3)).seed == 3 and balance(Mine, seed=4).seed == 4
    assert balance(RoundRobin(3)).seed is None and "eed" not in balance(RoundRobin(3)).sentence()


@pytest.mark.parametrize("requests", [0, 1, 2, 3, 10, 1000, 1001])
def test_round_robins_band_is_the_mean_rounded_down_or_up(requests):
    result = balance(RoundRobin(3), requests)
    assert set(result.low.tolist()) == {requests // 3}
    assert set(result.high.tolist()) == {-(-requests // 3)}
    assert ((result.counts >= result.low) & (result.counts <= result.high)).all() and result.exact


@pytest.mark.parametrize("down", ["node-1", 1, ["node-1"], [1]])
@pytest.mark.parametrize("selector", [RoundRobin(4), reference.RoundRobin(4)])
def test_balance_with_a_node_down(selector, down):
    result = balance(selector, 900, down=down)
    assert result.counts.tolist() == [300, 0, 300, 300] == result.high.tolist()
    assert result.up.tolist() == [True, False, True, True]
    assert "The busiest of the 3 nodes that are up" in result.sentence() and "node-1 is down." in result.sentence()


@pytest.mark.parametrize(("requests", "rounded"), [(900, []), (901, ["rounded up", "rounded down"])])
@pytest.mark.parametrize("down", [[], [1]])
def test_a_whole_mean_is_not_said_to_be_rounded(requests, rounded, down):
    fig = Figure()
    balance(RoundRobin(4 - (down == [])), requests, down=down).draw(fig)
    ax = fig.axes[1]
    assert {label.get_text() for label in ax.texts} == {"mean", *rounded}
    assert (ax.get_ylim() == (-1, 1)) == (not rounded)


@pytest.mark.parametrize("down", ["none", "nobody", None, []])
def test_balance_with_nobody_down(down):
    assert balance(RoundRobin, 900, down=down).up.all()


def test_balance_with_all_down():
    nobody = balance(RoundRobin(2), 10, down=[0, 1])
    assert nobody.counts.tolist() == [0, 0] and nobody.low is None
    assert nobody.sentence() == "No node is up, so none of 10 requests was served."
    assert "5 nodes are down" in balance(RoundRobin(9), 10, down=[0, 1, 2, 3, 4]).sentence()


def test_a_weighted_band_is_each_nodes_own():
    result = balance(WeightedRandom, 700, weights=[5, 1, 1], seed=1)
    assert result.expected.tolist() == pytest.approx([500, 100, 100])
    assert result.low.tolist() == [stats.binom.ppf(0.025, 700, w / 7) for w in (5, 1, 1)]
    assert not result.even
    for cls in (WeightedRoundRobin, BurstRoundRobin):
        turns = balance(cls(3, [5, 1, 1]), 700)
        assert turns.counts.tolist() == [500, 100, 100] and turns.low is None


def test_keys_that_are_given_have_no_band():
    made = balance(ModuloHash(10), 1000, seed=3)
    assert made.low is not None and made.seed == 3
    assert made.counts.tolist() == np.bincount(ModuloHash(10).select_many(distinct_keys(1000, 3))).tolist()
    given = balance(ModuloHash(10), keys=["a"] * 50)
    assert given.low is None and given.busiest == 50 == given.requests


def test_the_share_of_slots_is_what_a_node_owns():
    result = balance(HashSlots(3, slots=4), 1000)
    assert sorted(result.expected.tolist()) == pytest.approx([250, 250, 500])
    assert result == balance(HashSlots, 1000, nodes=3, slots=4)


def test_distinct_keys_are_distinct_and_go_by_the_seed():
    keys = distinct_keys(100_000, 5)
    assert len(np.unique(keys)) == 100_000
    assert (keys == distinct_keys(100_000, 5)).all()
    assert not np.intersect1d(keys, distinct_keys(100_000, 6)).size


def test_ten_thousand_nodes_and_one():
    assert balance(Random(10_000, seed=1), 1_000_000).counts.sum() == 1_000_000
    one = balance(Random(1, seed=1), 1000)
    assert one.counts.tolist() == [1000] == one.low.tolist() == one.high.tolist()


def test_results_are_equal_by_value_and_frozen():
    first, second = (balance(RoundRobin(3), n) for n in (5, 6))
    assert first != second and first != 5 and first == balance(RoundRobin(3), 5)
    assert repr(first) == first.sentence()
    with pytest.raises(AttributeError):
        first.requests = 3


def test_a_wrong_class_is_told_in_the_sentence():
    class Beyond:
        def __init__(self, n, rng):
            self.n = n

        def select(self):
            return self.n

    panel = balance(Beyond, nodes=slider(2, 20))
    assert "Request 1: Beyond.select() returned 2; the nodes have the numbers 0 to 1" in panel.sentence
    panel.controls["nodes"].value = 5
    assert panel.redraws == 2 and panel.error is not None


# Order


@pytest.mark.parametrize("selectors", [[BurstRoundRobin, WeightedRoundRobin], None])
def test_burst_against_smooth(selectors):
    made = [BurstRoundRobin(3, [5, 1, 1]), WeightedRoundRobin(3, [5, 1, 1])]
    result = sequence(selectors, 7, weights=[5, 1, 1]) if selectors else sequence(made, 7)
    assert [row.tolist() for row in result.picks] == [[0, 0, 0, 0, 0, 1, 2], [0, 0, 1, 0, 2, 0, 0]]
    assert result.longest == (5, 2)
    assert "0 0 0 0 0 1 2" in result.sentence() and "0 0 1 0 2 0 0" in result.sentence()
    # Who sees the squares need not read them again.
    assert result.caption(result.sentence()).split("\n") == [
        "BurstRoundRobin: up to 5 in a row at one node.",
        "WeightedRoundRobin: up to 2 in a row at one node.",
    ]


def test_the_longest_run_of_nothing_and_at_the_ends():
    assert sequence({"mine": RoundRobin(3)}, 0).longest == (0,)
    assert sequence(RoundRobin(1), 5).longest == (5,)
    assert sequence(BurstRoundRobin(2, [1, 3]), 4).longest == (3,)


def test_a_class_in_a_sequence_is_made_for_three_nodes():
    assert sequence(RoundRobin).picks[0].tolist() == [i % 3 for i in range(14)]
    assert sequence(Random, 20, seed=4) == sequence(Random(3, seed=4), 20)


def test_sequences_of_one_class_are_told_apart():
    assert sequence([Random(3, seed=1), Random(3, seed=2)], 5).labels == ("Random 1", "Random 2")


# Luck


def test_luck_is_what_the_literature_says():
    result = luck([Random, TwoChoices, RoundRobin], 100, 100, runs=1000)
    # Mean of the maximum of 100 balls in 100 bins; two choices without replacement.
    assert result.means[0] == pytest.approx(4.23, abs=0.1)
    assert result.means[1] == pytest.approx(2.55, abs=0.1)
    assert result.means[2] == 1
    assert result.idle[0] == pytest.approx(100 * (1 - 1 / 100) ** 100, abs=0.5)
    big = luck(Random, runs=1000)
    assert big.means[0] == pytest.approx(116, abs=0.6)
    assert big.busiest[0][3] == np.bincount(Random(10, seed=3).select_many(1000)).max()


@pytest.mark.parametrize("picture", [luck, growth])
def test_who_waits_is_told_how_far_it_is(picture):
    seen = []
    picture([Random, TwoChoices], 3, 10, runs=5, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1 and len(seen) == 10


def test_a_plain_class_makes_fewer_runs():
    result = luck([Mine, Random], 10, 10_000, runs=30)
    assert [len(row) for row in result.busiest] == [20, 30]
    assert growth(Mine, runs=1).at[-1] == 10_000


def test_randoms_gap_grows_as_theory_says_and_two_choices_does_not():
    result = growth([Random, TwoChoices, RoundRobin], 10, 1_000_000, runs=20)
    random, two, turns = result.gaps
    assert random[-1] == pytest.approx(result.theory[-1], rel=0.25)
    assert random[-1] / random[len(random) // 2] > 10
    assert result.relative[0][-1] < 1
    assert two.max() < 4 and turns.max() < 1
    assert result.at[0] == 10 and result.at[-1] == 1_000_000
    assert growth(TwoChoices, 3, 100, runs=1).theory is None


# Work


def test_round_robin_resonates_with_a_periodic_cost():
    result = work([RoundRobin, Random])
    turns, random = result.rows
    assert turns.counts.tolist() == [300, 300, 300] and turns.work.tolist() == [3000, 300, 300]
    assert random.work.max() < 1.3 * result.mean
    assert turns.work.sum() == random.work.sum() == result.total == 3600
    assert result == work([RoundRobin(3), Random(3, seed=7)], [10, 1, 1], 900)
    assert work(RoundRobin(2), [1, 2, 3]).rows[0].work.tolist() == [4, 2]


def test_all_rows_of_work_have_the_same_requests():
    result = work([Mine, RoundRobin], requests=200_000, nodes=2)
    assert result.requests == 100_000 == result.rows[0].counts.sum() == result.rows[1].counts.sum()
