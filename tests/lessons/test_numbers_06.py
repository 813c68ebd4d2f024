"""Lesson 06: the numbers in its text are those of its pictures, on the seed shown and on three others."""

import math
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lbcore import LeastConnections, Random, RoundRobin, TwoChoices
from lbcore.lab import FirstOfEquals, by_age, by_load, latency, shares, tipping
from lbcore.lab.player import race as races

LESSON = Path(__file__).parents[2] / "lessons" / "06_least_loaded.ipynb"
SEEDS = (7, 1, 2, 3)


@pytest.fixture(scope="module")
def text():
    cells = nbformat.read(LESSON, as_version=4).cells
    return " ".join(" ".join(cell.source.split()) for cell in cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("seed", SEEDS)
def test_four_p99(text, seed):
    assert "the p99 is 23 at random, 13 in turns, 8 with two choices, 6 with all queues" in text
    assert "by a factor of four" in text and "Random's is 23.0 in the long run" in text
    rows = latency(requests=200_000, seed=seed).rows
    assert [row.p99 for row in rows] == pytest.approx([23, 13.4, 8, 6], rel=0.09)
    assert rows[0].p99 / rows[3].p99 == pytest.approx(4, abs=0.5) and rows[0].theory[2] == pytest.approx(
        23.03, abs=0.01
    )
    assert all(np.ptp(row.picked) < 0.035 * row.picked.mean() for row in rows)  # 'a tenth of the requests'


@pytest.mark.parametrize("seed", SEEDS)
def test_where_the_curves_cross(text, seed):
    assert (
        "falls behind two choices before half a service time, behind turns soon after one, behind random before" in text
    )
    assert "Two choices beat turns up to an age of about seven" in text
    result = by_age(seed=seed)
    ages = result.at.tolist()
    luck, _, two, least = result.values[0]
    turns, chance = 13.4, 23.0  # in the long run
    assert luck == pytest.approx(chance, abs=3) and "shorter runs below come within 3 of it" in text
    assert least[0] < two[0] and two[ages.index(0.5)] < least[ages.index(0.5)]
    assert least[ages.index(1)] < turns < least[ages.index(2)]
    assert least[ages.index(2)] < chance < least[ages.index(3)]
    assert two[ages.index(5)] < turns < two[ages.index(10)] and 0.9 * chance < two[ages.index(20)] < chance


def herd(seed):
    """The race of the lesson, with the seed in its two places."""
    pair = LeastConnections(6, stale_s=5), TwoChoices(6, seed=seed, stale_s=5)
    return races.run(pair, requests=100, rate_per_s=4.8, seed=seed).traces


def test_the_herd_that_is_told(text):
    assert "all of the next 27 requests" in text and "node 0 gets 21 in a row" in text
    least, two = herd(3)
    looks = [*least.looks_s, np.inf]
    shares = [
        np.bincount(least.node[(least.picked_s >= a) & (least.picked_s < b)], minlength=6).tolist()
        for a, b in pairwise(looks)
    ]
    assert shares[1] == [0, 27, 0, 0, 0, 0] and shares[3] == [21, 0, 0, 0, 0, 0]
    assert shares[2][1] == 0 and min(shares[2][:1] + shares[2][2:]) >= 3  # 'five nodes look alike and share'
    assert (
        "if it is not done 5.7 s after it was sent. Here 36 are late with least connections and 14 with two choices"
        in text
        and least.late_s == 5.7
    )
    assert [len(trace.turned_late_s) for trace in (least, two)] == [36, 14]


def test_the_herd_over_twenty_deals(text):
    assert "over twenty seeds it is 19 against 12, and with five of them two choices did worse" in text
    late = [[len(trace.turned_late_s) for trace in herd(seed)] for seed in range(20)]
    assert np.mean(late, axis=0).round().tolist() == [19, 12] and sum(two > one for one, two in late) == 5


@pytest.mark.parametrize("seed", SEEDS)
def test_the_slow_node(text, seed):
    assert "keep node 3 busy for 94 % of the time" in text and "about ten times" in text
    assert "From 58 % on it gets more than it can do" in text
    turns, least = latency([RoundRobin, LeastConnections], 54, speeds=[1, 1, 1, 0.5], requests=300_000, seed=seed).rows
    assert 100 * turns.utilisation[3] == pytest.approx(94.5, abs=1.5) and 8 < turns.p99 / least.p99 < 12.5
    for load, floods in ((57, False), (58, True)):
        found = latency(RoundRobin, load, speeds=[1, 1, 1, 0.5], requests=10_000, seed=seed)
        assert (found.flooded(found.rows[0]) is not None) == floods


@pytest.mark.parametrize("seed", SEEDS)
def test_the_black_hole(text, seed):
    assert "Turns lose a quarter. Least connections loses **four fifths**" in text
    found = shares(nodes=4, broken=3, workers=10, requests=20_000, seed=seed)
    assert [found.told(row) for row in range(3)] == pytest.approx([25, 50, 80], abs=1.5)
    lost = [
        shares(LeastConnections, nodes=4, broken=3, workers=workers, requests=10_000, seed=seed).told(0)
        for workers in (1, 5, 10, 20)
    ]
    assert (np.diff(lost) > 0).all()  # 'the more workers, the worse'


@pytest.mark.parametrize("seed", SEEDS)
def test_ties(text, seed):
    assert "the first of equals sends half of all requests to node 0" in text
    pair = [FirstOfEquals, LeastConnections]
    found = shares(pair, 10, requests=20_000, seed=seed)
    assert found.percent(0, 0) == pytest.approx(50, abs=1.5) and found.told(1) == pytest.approx(10, abs=0.5)
    found = latency(pair, 80, requests=20_000, seed=seed)
    assert found.rows[0].p99 == pytest.approx(found.rows[1].p99, rel=0.1)  # 'Waiting hardly differs'


@pytest.mark.parametrize("seed", SEEDS)
def test_tipping(text, seed):
    assert (
        "at 7 requests" in text
        and "at 28, its **tipping point**" in text
        and "8 here, 4 to 17 of 20 with other seeds" in text
    )
    found = tipping(burst=20, seed=seed)
    assert found.load == 70 and round(found.point) == 28 and 5 <= found.lost <= 15
    assert 0 < tipping(burst=0, seed=seed).lost < 6  # 'some tip without any'
    assert tipping(burst=40, seed=seed).lost == 20
    limited = tipping(burst=40, limit=25, seed=seed)
    assert limited.lost == 0 and limited.refused < 5  # 'a few'


def test_how_many_runs_tip():
    lost = [tipping(burst=20, seed=seed).lost for seed in range(20)]
    assert (min(lost), max(lost), tipping(burst=20).lost) == (4, 17, 8) and 9 <= np.mean(lost) <= 11  # 'about half'


def test_the_formulas(text):
    """What two choices leave, and random: shares of nodes with at least i requests at 80 %, and the means."""
    one = [0.8**i for i in range(1, 6)]
    two = [0.8 ** (2**i - 1) for i in range(1, 6)]
    for row in (one, two):
        assert " | ".join(f"{100 * share:.{0 if share > 0.1 else 1}f} %" for share in row) in text
    assert round(sum(0.8 ** (2**i - 2) for i in range(1, 9)), 2) == 1.95 and "= 1.95" in text
    assert [round(1 / (1 - load)) for load in (0.5, 0.8, 0.95)] == [
        2,
        5,
        20,
    ] and "2 at 50 %, 5 at 80 %, 20 at 95 %" in text


def test_one_run_at_95_percent_says_little(text):
    assert "with other seeds it is 58 to 111 in nine of ten. Two choices lie above theirs at any seed" in text
    p99 = [[row[-1] for row in by_load([Random, TwoChoices], what="p99", seed=seed).values[0]] for seed in range(20)]
    random, two = np.array(p99).T
    assert 50 < np.percentile(random, 5) < 68 and 85 < np.percentile(random, 95) < 125
    assert random[7] < math.log(100) / 0.05 == pytest.approx(92.1, abs=0.05) and two.min() > 10.2
