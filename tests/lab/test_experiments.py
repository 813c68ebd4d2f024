"""The experiments against closed forms, and their extremes."""

import math
import time

import numpy as np
import pytest

from lbcore import (
    BurstRoundRobin,
    HashSlots,
    ModuloHash,
    Random,
    RoundRobin,
    TwoChoices,
    WeightedRandom,
    WeightedRoundRobin,
    moved,
    presets,
)
from lbcore.lab import experiments, theory
from lbcore.lab.summaries import summary
from lbcore.selectors import reference


def test_the_binomial_band_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    draw = np.random.default_rng(1)
    for _ in range(1500):
        n = int(10 ** draw.uniform(0, 6.2))
        p = float(10 ** draw.uniform(-7, 0)) if draw.random() < 0.7 else float(draw.random())
        low, high = theory.binomial_band(n, [p])
        assert (low[0], high[0]) == (stats.binom.ppf(0.025, n, p), stats.binom.ppf(0.975, n, p)), (n, p)


@pytest.mark.parametrize(
    ("n", "p", "band"), [(0, 0.3, (0, 0)), (10, 0.0, (0, 0)), (10, 1.0, (10, 10)), (1, 0.5, (0, 1))]
)
def test_the_binomial_band_at_its_ends(n, p, band):
    low, high = theory.binomial_band(n, [p])
    assert (low[0], high[0]) == band


def test_the_binomial_band_of_200_different_nodes_is_quick():
    weights = np.arange(1, 201)
    times = []
    for _ in range(5):
        begun = time.process_time()
        theory.binomial_band(1_000_000, weights / weights.sum())
        times.append(time.process_time() - begun)
    assert min(times) < 0.05  # 6 ms where this was written


def test_the_mean_of_the_highest_of_n_draws():
    assert theory.expected_top(1) == pytest.approx(0, abs=1e-9)
    assert theory.expected_top(2) == pytest.approx(1 / math.sqrt(math.pi), abs=1e-6)
    assert theory.expected_top(10) == pytest.approx(1.538753, abs=1e-5)


def test_balance_moves_nothing_of_its_callers():
    selector = Random(10, seed=7)
    first = experiments.balance(selector, 1000)
    assert first == experiments.balance(selector, 1000)
    assert selector.select_many(5).tolist() == Random(10, seed=7).select_many(5).tolist()
    twin = reference.RoundRobin(3)
    experiments.balance(twin, 4)
    assert twin.select() == 0


def test_balance_counts_what_the_selector_picks():
    result = experiments.balance(Random(10, seed=7), 1000)
    assert result.counts.tolist() == np.bincount(Random(10, seed=7).select_many(1000), minlength=10).tolist()
    assert (result.seed, result.requests, result.asked) == (7, 1000, 1000)
    assert result.expected == pytest.approx(np.full(10, 100))
    stats = pytest.importorskip("scipy.stats")
    assert result.low.tolist() == [stats.binom.ppf(0.025, 1000, 0.1)] * 10
    assert result.high.tolist() == [stats.binom.ppf(0.975, 1000, 0.1)] * 10


@pytest.mark.parametrize("requests", [0, 1, 2, 3, 10, 1000, 1001])
def test_round_robins_band_is_the_mean_rounded_down_or_up(requests):
    result = experiments.balance(RoundRobin(3), requests)
    assert set(result.low.tolist()) == {requests // 3}
    assert set(result.high.tolist()) == {-(-requests // 3)}
    assert ((result.counts >= result.low) & (result.counts <= result.high)).all()
    assert result.exact and result.seed is None
    assert "Seed" not in summary(result)


def test_balance_with_nodes_down():
    result = experiments.balance(RoundRobin(4), 900, down=["node-1"])
    assert result.counts.tolist() == [300, 0, 300, 300]
    assert result.up.tolist() == [True, False, True, True]
    assert result.high.tolist() == [300, 0, 300, 300]
    assert "node-1 is down" in summary(result)
    nobody = experiments.balance(RoundRobin(2), 10, down=[0, 1])
    assert nobody.counts.tolist() == [0, 0] and nobody.low is None
    assert summary(nobody) == "No node is up, so none of 10 requests was served."
    twin = experiments.balance(reference.RoundRobin(4), 900, down=["node-1"])
    assert twin.counts.tolist() == [300, 0, 300, 300]


def test_a_weighted_band_is_each_nodes_own():
    stats = pytest.importorskip("scipy.stats")
    result = experiments.balance(WeightedRandom(3, [5, 1, 1], seed=1), 700)
    assert result.expected.tolist() == pytest.approx([500, 100, 100])
    assert result.low.tolist() == [stats.binom.ppf(0.025, 700, w / 7) for w in (5, 1, 1)]
    assert not result.even
    for cls in (WeightedRoundRobin, BurstRoundRobin):
        turns = experiments.balance(cls(3, [5, 1, 1]), 700)
        assert turns.counts.tolist() == [500, 100, 100] and turns.low is None


def test_keys_that_are_given_have_no_band():
    made = experiments.balance(ModuloHash(10), 1000, seed=3)
    assert made.low is not None and made.seed == 3
    assert made.counts.tolist() == np.bincount(ModuloHash(10).select_many(experiments.distinct_keys(1000, 3))).tolist()
    given = experiments.balance(ModuloHash(10), keys=["a"] * 50)
    assert given.low is None and given.busiest == 50 and given.requests == 50


def test_the_share_of_slots_is_what_a_node_owns():
    result = experiments.balance(HashSlots(3, slots=4), 1000)
    assert sorted(result.expected.tolist()) == pytest.approx([250, 250, 500])


def test_distinct_keys_are_distinct_and_go_by_the_seed():
    keys = experiments.distinct_keys(100_000, 5)
    assert len(np.unique(keys)) == 100_000
    assert (keys == experiments.distinct_keys(100_000, 5)).all()
    assert not np.intersect1d(keys, experiments.distinct_keys(100_000, 6)).size


def test_ten_thousand_nodes_and_one():
    assert experiments.balance(Random(10_000, seed=1), 1_000_000).counts.sum() == 1_000_000
    one = experiments.balance(Random(1, seed=1), 1000)
    assert one.counts.tolist() == [1000] and one.low.tolist() == one.high.tolist() == [1000]


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (ValueError, "requests", lambda: experiments.balance(RoundRobin(3), -1)),
        (TypeError, "requests", lambda: experiments.balance(RoundRobin(3), 1.5)),
        (TypeError, "requests", lambda: experiments.balance(RoundRobin(3), True)),
        (TypeError, "requests", lambda: experiments.balance(RoundRobin(3))),
        (TypeError, "keys", lambda: experiments.balance(RoundRobin(3), 2, keys=["a", "b"])),
        (ValueError, "requests", lambda: experiments.balance(ModuloHash(3), 3, keys=["a", "b"])),
        (ValueError, "requests", lambda: experiments.sequence(RoundRobin(3), 121)),
        (TypeError, "selectors: RoundRobin", lambda: experiments.agreement([ModuloHash(3), RoundRobin(3)])),
        (ValueError, "selectors", lambda: experiments.agreement([ModuloHash(3), HashSlots(4)])),
        (ValueError, "selectors", lambda: experiments.agreement(all_down(ModuloHash(3)))),
        (ValueError, "keys", lambda: experiments.agreement(ModuloHash(3), 0)),
        (ValueError, "costs", lambda: experiments.work(RoundRobin(3), [])),
        (ValueError, "costs", lambda: experiments.work(RoundRobin(3), [1, -1])),
        (ValueError, "costs", lambda: experiments.work(RoundRobin(3), [1, float("nan")])),
        (TypeError, "before", lambda: experiments.moves(RoundRobin(3), RoundRobin(4))),
        (ValueError, "keys", lambda: experiments.moves(ModuloHash(3), 4, keys=0)),
        (ValueError, "keys", lambda: experiments.moves(ModuloHash(3), 4, keys=[])),
        (ValueError, "after", lambda: experiments.moves([ModuloHash(3), HashSlots(3)], [ModuloHash(4)])),
        (ValueError, "after", lambda: experiments.moves(ModuloHash(3), 0)),
        (ValueError, "exponent", lambda: experiments.hot_keys(ModuloHash(3), exponent=-1)),
        (ValueError, "nodes", lambda: experiments.luck(Random, 0)),
        (ValueError, "upto", lambda: experiments.growth(Random, upto=9)),
    ],
)
def test_bad_input_names_the_argument(error, words, call):
    with pytest.raises(error, match=words):
        call()


def test_burst_against_smooth():
    result = experiments.sequence([BurstRoundRobin(3, [5, 1, 1]), WeightedRoundRobin(3, [5, 1, 1])], 7)
    assert [row.tolist() for row in result.picks] == [[0, 0, 0, 0, 0, 1, 2], [0, 0, 1, 0, 2, 0, 0]]
    assert result.longest == (5, 2)
    assert "0 0 0 0 0 1 2" in summary(result) and "0 0 1 0 2 0 0" in summary(result)
    assert experiments.sequence({"mine": RoundRobin(3)}, 0).longest == (0,)


def test_sequences_of_one_class_are_told_apart():
    assert experiments.sequence([Random(3, seed=1), Random(3, seed=2)], 5).labels == ("Random 1", "Random 2")


def all_down(selector):
    for node in selector.nodes:
        selector.mark_down(node)
    return selector


def test_agreement_is_counted_by_hand():
    keys = [f"user:{i}" for i in range(300)]
    rows = {"mod": ModuloHash(5), "slots": HashSlots(5), "mod again": ModuloHash(5)}
    result = experiments.agreement(rows, 300)
    picks = [[one.select(key) for key in keys] for one in rows.values()]
    assert [row.tolist() for row in result.picks] == picks
    same = sum(a == b for a, b in zip(picks[0], picks[1], strict=True))
    assert result.as_first == (100, pytest.approx(same / 3), 100)
    assert result.busiest[1] == pytest.approx(max(picks[1].count(node) for node in range(5)) / 3)
    assert f"slots: {same / 3:.0f} % of the keys where mod puts them" in summary(result)


def test_a_hash_of_15_bits_is_before_every_point_of_a_ring():
    servers = [f"10.0.0.{i}:11211" for i in range(1, 6)]
    result = experiments.agreement(presets.ketama.twemproxy(servers, hash="crc32"))
    assert result.busiest == (100,)
    assert "100 % at the busiest node" in summary(result)


def test_luck_is_what_the_literature_says():
    result = experiments.luck([Random, TwoChoices, RoundRobin], 100, 100, runs=1000, seed=0)
    # Mean of the maximum of 100 balls in 100 bins; two choices without replacement.
    assert result.means[0] == pytest.approx(4.23, abs=0.1)
    assert result.means[1] == pytest.approx(2.55, abs=0.1)
    assert result.means[2] == 1
    assert result.idle[0] == pytest.approx(100 * (1 - 1 / 100) ** 100, abs=0.5)
    big = experiments.luck(Random, 10, 1000, runs=1000, seed=0)
    assert big.means[0] == pytest.approx(116, abs=0.6)
    assert big.busiest[0][3] == np.bincount(Random(10, seed=3).select_many(1000)).max()


def test_luck_reports_how_far_it_is():
    seen = []
    experiments.luck([Random, TwoChoices], 3, 10, runs=5, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1 and len(seen) == 10


def test_round_robin_resonates_with_a_periodic_cost():
    result = experiments.work([RoundRobin(3), Random(3, seed=7)], [10, 1, 1], 900)
    turns, random = result.rows
    assert turns.counts.tolist() == [300, 300, 300] and turns.work.tolist() == [3000, 300, 300]
    assert random.work.max() < 1.3 * result.mean
    assert turns.work.sum() == random.work.sum() == result.total == 3600
    assert experiments.work(RoundRobin(2), [1, 2, 3]).rows[0].work.tolist() == [4, 2]


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [(10, 11, 10 / 11), (10, 9, 9 / 10), (2, 1, 1 / 2), (1, 2, 1 / 2), (4, 4, 0), (4, 8, 1 / 2)],
)
def test_what_hash_mod_n_moves(before, after, share):
    result = experiments.moves(ModuloHash(before), after, 20_000)
    row = result.rows[0]
    assert row.theory == pytest.approx(share)
    assert row.moved / 20_000 == pytest.approx(share, abs=0.015)
    assert row.flow.sum() == 20_000 and row.arrived.sum() == row.moved


@pytest.mark.parametrize("nodes", [1, 2, 3, 10, 63])
def test_slots_move_only_what_the_new_node_gets(nodes):
    row = experiments.moves(HashSlots(nodes), nodes + 1, 20_000).rows[0]
    assert row.theory == pytest.approx((16384 // (nodes + 1)) / 16384)
    assert row.moved / 20_000 == pytest.approx(1 / (nodes + 1), abs=0.015)
    assert row.arrived[:, :-1].sum() == 0
    back = experiments.moves(HashSlots(nodes + 1), nodes, 20_000).rows[0]
    assert back.arrived[:-1].sum() == 0 and back.arrived[-1].sum() == back.moved


def test_moves_counts_as_moved_does():
    keys = [f"user-{i}" for i in range(3000)]
    after = ModuloHash(["c", "a", "b", "d"])
    result = experiments.moves(ModuloHash(["a", "b", "c"]), after, keys)
    assert result.rows[0].moved == moved(ModuloHash(["a", "b", "c"]), after, keys)
    assert result.rows[0].moved == result.rows[0].arrived.sum()
    assert result.rows[0].theory == pytest.approx(result.rows[0].moved / 3000, abs=0.03)


def test_kept_share_in_the_middle_and_by_name():
    names = tuple("abcde")
    assert theory.kept_share(names, ("a", "b", "d", "e")) == pytest.approx(1 / 5)
    assert theory.kept_share(names, names[::-1]) == pytest.approx(1 / 5)
    assert theory.kept_share(names, ("x", "y")) == 0


def test_the_hottest_key_has_its_share_and_one_node():
    result = experiments.hot_keys(ModuloHash(10), 100_000, 1.0, keys=1000, seed=7)
    harmonic = sum(1 / k for k in range(1, 1001))
    assert result.hottest.sum() / 100_000 == pytest.approx(1 / harmonic, abs=0.005)
    assert np.count_nonzero(result.hottest) == 1
    assert result.counts.sum() == 100_000
    turns = experiments.hot_keys(RoundRobin(10), 100_000, 1.0, seed=7)
    assert turns.counts.tolist() == [10_000] * 10 and np.count_nonzero(turns.hottest) == 10


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.0, 2.5, 10.0])
def test_zipfs_law(exponent):
    result = experiments.hot_keys(ModuloHash(1), 50_000, exponent, keys=20, seed=1)
    share = 1 / sum(k**-exponent for k in range(1, 21))
    assert result.hottest.sum() / 50_000 == pytest.approx(share, abs=0.01)
    assert experiments.hot_keys(ModuloHash(3), 100, exponent, keys=1).hottest.sum() == 100
    assert experiments.hot_keys(ModuloHash(3), 0, exponent).counts.sum() == 0


def test_ranks_are_those_of_a_plain_search():
    from lbcore.lab.flows import _ranks
    from lbcore.lab.inputs import uniform_bits

    share = np.arange(1, 1001) ** -1.1
    edges = np.cumsum(share) / share.sum()
    draws = (uniform_bits(20_000, 4 + 0x5EED) >> np.uint64(11)).astype(float) * 2.0**-53
    assert (_ranks(edges, 20_000, 4) == np.searchsorted(edges, draws, side="right")).all()


def test_the_gap_grows_like_a_root_and_shrinks_like_one():
    result = experiments.growth([Random, TwoChoices, RoundRobin], 10, 1_000_000, runs=20)
    random, two, turns = result.gaps
    assert random[-1] == pytest.approx(result.theory[-1], rel=0.25)
    assert random[-1] / random[len(random) // 2] > 10
    assert result.relative[0][-1] < 1
    assert two.max() < 4 and turns.max() < 1
    assert result.at[0] == 10 and result.at[-1] == 1_000_000


def test_results_are_equal_by_value_and_frozen():
    first, second = (experiments.balance(RoundRobin(3), n) for n in (5, 6))
    assert first != second and first != 5
    assert first == experiments.balance(RoundRobin(3), 5)
    assert repr(first) == summary(first)
    with pytest.raises(AttributeError):
        first.requests = 3
