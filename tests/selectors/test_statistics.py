"""Is it random? Each test states how often it would go red by chance; the seeds are fixed, so it does not flake."""

import numpy as np
import pytest
from scipy import stats

import lbcore

ALPHA = 1e-4  # of a fair sampler going red, for each test, over the choice of its seeds


def p_value(picks: np.ndarray, shares: np.ndarray) -> float:
    """Pearson's chi-square against the given shares."""
    return float(stats.chisquare(np.bincount(picks, minlength=len(shares)), len(picks) * shares).pvalue)


def kinds(seed: int) -> dict[str, tuple[lbcore.Selector, np.ndarray]]:
    weights = np.array([5, 1, 1, 0, 3, 10])
    live = np.array([1, 1, 0, 1, 0, 1, 1])
    random, weighted = lbcore.Random(7, seed=seed), lbcore.WeightedRandom(6, weights, seed=seed)
    random.mark_down(2)
    random.mark_down(4)
    weighted.mark_down(5)
    return {
        "random": (lbcore.Random(10, seed=seed), np.full(10, 0.1)),
        "random, two down": (random, live / live.sum()),
        "weighted": (lbcore.WeightedRandom(6, weights, seed=seed), weights / 20),
        "weighted, heaviest down": (weighted, weights * [1, 1, 1, 1, 1, 0] / 10),
    }


def test_the_heaviest_down_leaves_its_nodes_shares() -> None:
    for selector, shares in kinds(1).values():
        assert set(np.unique(selector.select_many(100_000))) == set(np.flatnonzero(shares))


@pytest.mark.parametrize("kind", kinds(0))
def test_shares_over_many_seeds(kind: str) -> None:
    """The p-values of 400 seeds are themselves uniform: neither too far from the shares nor too close to them."""
    values = []
    for seed in range(400):
        selector, shares = kinds(seed)[kind]
        keep = shares > 0
        index = np.cumsum(keep) - 1
        values.append(p_value(index[selector.select_many(20_000)], shares[keep]))
    assert stats.kstest(values, "uniform").pvalue > ALPHA


@pytest.mark.parametrize("kind", kinds(0))
def test_one_pick_tells_nothing_of_the_next(kind: str) -> None:
    selector, shares = kinds(11)[kind]
    keep = shares > 0
    picks = (np.cumsum(keep) - 1)[selector.select_many(1_000_000)]
    shares, n = shares[keep], int(keep.sum())
    for lag in (1, 2, 7):
        pairs = picks[:-lag:2] * n + picks[lag::2][: len(picks[:-lag:2])]
        assert p_value(pairs, np.outer(shares, shares).ravel()) > ALPHA


def test_neighbouring_seeds_have_nothing_in_common() -> None:
    picks = np.array([lbcore.Random(10, seed=seed).select_many(3) for seed in range(20_000)])
    for column in range(3):
        assert p_value(picks[:, column], np.full(10, 0.1)) > ALPHA
        assert p_value(picks[:-1:2, column] * 10 + picks[1::2, column], np.full(100, 0.01)) > ALPHA


def test_a_node_of_many_thousands_is_as_likely_as_any() -> None:
    picks = lbcore.Random(10_000, seed=3).select_many(2_000_000)
    assert p_value(picks, np.full(10_000, 1e-4)) > ALPHA


def test_the_last_survivor_of_many_is_found() -> None:
    """So few are up that redrawing gives up and draws among the live ones: still the right odds."""
    for selector, shares in (
        (lbcore.Random(1_000, seed=5), [1, 1, 1]),
        (lbcore.WeightedRandom(1_000, [1] * 997 + [1, 2, 3], seed=5), [1, 2, 3]),
    ):
        for node in range(997):
            selector.mark_down(node)
        assert p_value(selector.select_many(30_000) - 997, np.array(shares) / sum(shares)) > ALPHA


def test_tiny_odds_are_exact() -> None:
    """One in a million, as a binomial count: two-sided and exact."""
    picks = lbcore.WeightedRandom(2, [999_999, 1], seed=2).select_many(20_000_000)
    assert stats.binomtest(int((picks == 1).sum()), 20_000_000, 1e-6).pvalue > ALPHA


@pytest.mark.parametrize("kind", [lbcore.ModuloHash, lbcore.HashSlots])
def test_keys_spread_evenly(kind: type[lbcore.Selector]) -> None:
    """Consecutive numbers and similar names, which a poor hash would leave in step."""
    shares = np.full(16, 1 / 16)  # 16384 slots share out evenly over 16
    assert p_value(kind(16).select_many(np.arange(1_000_000)), shares) > ALPHA
    assert p_value(kind(16).select_many([f"user:{i}" for i in range(200_000)]), shares) > ALPHA


def test_a_dead_nodes_keys_spread_evenly() -> None:
    selector = lbcore.ModuloHash(10)
    keys = np.flatnonzero(selector.select_many(np.arange(1_000_000)) == 4)
    selector.mark_down(4)
    picks = selector.select_many(keys)
    assert p_value(picks - (picks > 4), np.full(9, 1 / 9)) > ALPHA


def test_two_choices_against_an_independent_simulation() -> None:
    """The busiest of 100 nodes after 100 requests, against numpy's own draws: the same law, 2,000 runs each."""
    ours = [np.bincount(lbcore.TwoChoices(100, seed=seed).select_many(100)).max() for seed in range(2_000)]
    rng = np.random.default_rng(8)
    theirs = []
    for _ in range(2_000):
        load = np.zeros(100, int)
        for _ in range(100):
            a, b = rng.choice(100, 2, replace=False)
            load[a if load[a] <= load[b] else b] += 1
        theirs.append(load.max())
    table = np.array([[np.sum(np.array(x) == k) for k in (2, 3, 4)] for x in (ours, theirs)])
    assert table.sum() >= 3_990
    assert stats.chi2_contingency(table[:, table.sum(axis=0) > 10]).pvalue > ALPHA


@pytest.mark.parametrize("bias", [0.01, 0.02])
def test_these_tests_would_see_a_bias(bias: float) -> None:
    """A sampler that gives one node of ten 1 % more than its share is refused on a million picks."""
    shares = np.full(10, 0.1)
    biased = shares + np.array([bias / 10, *[-bias / 90] * 9])
    picks = np.random.default_rng(4).choice(10, 4_000_000, p=biased)
    assert p_value(picks, shares) < ALPHA
