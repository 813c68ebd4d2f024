"""Lesson 05's numbers: those of its text are those of its pictures, on the lesson's seed; luck keeps to its range.

What can be had without lbcore's own selectors is recomputed here in plain Python.
"""

from bisect import bisect_left
from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lbcore import HashRing, JumpHash, Maglev, ModuloHash, moved, presets
from lbcore.lab import bounded, changes, evenness, hot_keys, maglev, misses, ring, walk
from lbcore.lab.exhibits.keys.moves import moves
from lbcore.lab.player import race
from lbcore.selectors import reference

LESSON = Path(__file__).parents[2] / "lessons" / "05_consistent_hashing.ipynb"
TEXT = " ".join(
    " ".join(cell.source for cell in nbformat.read(LESSON, as_version=4).cells if cell.cell_type == "markdown").split()
)
NAMES = ["finn", "uma", "quin", "bob", "cat", "amy"]


def says(*phrases):
    for phrase in phrases:
        assert phrase in TEXT, phrase


def plain_shares(names, points):
    """Each node's share of a ring, by bisection over the sorted hashes."""
    ring = sorted((reference.hash64(f"{name}-{i}"), node) for node, name in enumerate(names) for i in range(points))
    shares = [0] * len(names)
    for (before, _), (place, node) in pairwise([(ring[-1][0] - 2**64, 0), *ring]):
        shares[node] += place - before
    return [share / 2**64 for share in shares]


def test_by_hand():
    says("Now node 3 joins, at 31.6 %. It takes over what lies between 15.7 and 31.6 %, which was node 2's")
    points = {node: reference.hash64(f"node-{node}-0") / 2**64 for node in range(4)}
    assert {node: f"{place:.1%}" for node, place in points.items()} == {0: "15.7%", 1: "3.2%", 2: "93.0%", 3: "31.6%"}
    homes = []
    for n in (3, 4):
        order = sorted((points[node], node) for node in range(n))
        at = [bisect_left(order, (reference.hash64(name) / 2**64, 0)) for name in NAMES]
        homes.append([order[i % n][1] for i in at])
        assert HashRing(n, virtual_nodes=1).select_many(NAMES).tolist() == homes[-1]
        assert walk(HashRing(n, virtual_nodes=1), NAMES, 70).home.all()
    assert [name for name, a, b in zip(NAMES, *homes, strict=True) if a != b] == ["uma"] and homes[1][1] == 3
    past_0 = [name for name in NAMES if reference.hash64(name) / 2**64 > points[2]]
    assert past_0 == ["amy"]
    assert (ModuloHash(3).select_many(NAMES) != ModuloHash(4).select_many(NAMES)).sum() == 5


def test_how_even():
    says("**2.93** mean gaps: the 29 %", "29 % on average, and 20 to 43 % in nine of ten of 200 rings")
    says("(in the long run 19 to 44.5 %); with 160 each 11 %")
    cuts = np.sort(np.random.default_rng(1).random((20_000, 10)), axis=1)
    gaps = np.diff(cuts, axis=1, append=cuts[:, :1] + 1)
    assert np.percentile(100 * gaps.max(axis=1), [5, 95]) == pytest.approx([19.0, 44.5], abs=0.5)
    assert round(float(sum(Fraction(1, k) for k in range(1, 11))), 2) == 2.93
    largest = {v: [max(plain_shares([f"{seed}-{n}" for n in range(10)], v)) for seed in range(100)] for v in (1, 160)}
    assert 0.27 < np.mean(largest[1]) < 0.32 and 0.11 < np.mean(largest[160]) < 0.115
    for points, (mean, low, high) in {1: (29.1, 20, 43), 160: (11.3, 11, 12)}.items():
        result = ring(points)
        assert result.largest[:100] == pytest.approx(100 * np.array(largest[points]))
        assert result.largest.mean() == pytest.approx(mean, abs=0.05)
        assert np.percentile(result.largest, [5, 95]).round().tolist() == [low, high]
    shares = [float(ring(v).last.shares.max()) for v in (1, 2, 5, 10, 20, 50, 160)]
    assert shares == sorted(shares, reverse=True), "on the lesson's seed more points are more even"
    says("1.54 times the mean with 10 points each, and 1.16 with 100")
    for seed in (7, 1001, 2002, 3003):
        found = evenness([10, 100], rings=100, seed=seed)
        assert [row.mean() for row in found.peaks] == pytest.approx([1.54, 1.16], abs=0.06)


@pytest.mark.parametrize("seed", [24, 1, 2, 3])
def test_only_the_newcomer_receives(seed):
    says("every diamond has the newcomer's colour")
    result = ring(10, nodes=5, after=6, keys=500, seed=seed)
    assert result.heirs == 1 and (result.last.owners_of(result.keys)[result.moved] == 5).all()
    assert ring(10, nodes=5, after=4, seed=seed).givers == 1


def test_the_race():
    keys = [f"user:{i}" for i in range(16)] * 10
    traces = race.run((ModuloHash(4), HashRing(4)), keys=keys, uneven=False, changes=[(5, "add")]).traces
    assert [trace.moved_keys for trace in traces] == [(11,), (3,)]


def test_a_dead_nodes_keys_and_weights():
    says("With one point, one neighbour gets them all. With 160 everybody gets some")
    numbers = np.arange(10_000)
    for points, heirs in ((1, 1), (160, 9)):
        ten = HashRing(10, virtual_nodes=points)
        orphans = numbers[ten.select_many(numbers) == 9]
        ten.remove(9)
        assert np.count_nonzero(np.bincount(ten.select_many(orphans), minlength=9)) == heirs
    says("A node of weight 2 has twice as many, and so about twice the share")
    counts = np.bincount(HashRing(["small-a", "small-b", "big"], [1, 1, 2]).select_many(numbers))
    assert 0.45 < counts[2] / 10_000 < 0.55


@pytest.mark.parametrize("seed", [7, 8, 9, 10])
def test_the_database(seed):
    says(
        "nearly half of the requests of the first second",
        "On the ring it is 4 in a hundred, and 3 to 6 with other seeds",
    )
    mod, on_ring = misses([ModuloHash, HashRing], seed=seed).misses
    assert 440 <= mod[0] <= 500 and 35 <= on_ring[0] <= 60
    says("nine keys in ten have moved", "a popular key misses once, and then its new cache has it")
    # By hand: keys by Zipf's law, nine and more in ten of them moved, each missed at its first request.
    weights = 1 / np.arange(1, 10_001)
    first = len(set(np.random.default_rng(seed).choice(10_000, 1_000, p=weights / weights.sum()).tolist()))
    assert mod[0] == pytest.approx(first * 10 / 11, rel=0.08)


@pytest.mark.parametrize("seed", [7, 8, 9, 10])
def test_six_ways(seed):
    result = changes(10, seed=seed)
    for found, least in ((result.added, 100 / 11), (result.removed, 100 / 10)):
        nearly_all, *others = found.percent
        assert nearly_all > 89 and all(abs(share - least) < 1.7 for share in others)


def test_the_hot_key():
    says(
        "one key of 1,000 makes 13 % of the requests",
        "2.5 times the mean here (1.8 to 2.9 in nine of ten sets of keys)",
    )
    result = hot_keys(HashRing(10), requests=100_000, exponent=1.0, seed=8)
    assert result.counts.argmax() == result.hottest.argmax() and round(result.counts.max() / result.mean, 1) == 2.5
    assert round(100 / sum(1 / k for k in range(1, 1001))) == 13
    runs = [hot_keys(HashRing(10), requests=20_000, seed=seed) for seed in range(60)]
    low, high = np.percentile([one.counts.max() / one.mean for one in runs], [5, 95])
    assert 1.7 < low < 1.95 and 2.7 < high < 3.1
    assert np.mean([one.counts.argmax() == one.hottest.argmax() for one in runs]) > 0.85


def test_bounded_loads():
    says("the bound, 125, and the hot key is at three nodes", "215 of 1,000 requests are not at home (109 to 237")
    result = bounded(eps=0.25, seed=8)
    assert (result.bound, result.elsewhere, np.count_nonzero(result.hot)) == (ceil(1.25 * 100), 215, 3)
    low, high = np.percentile([bounded(seed=seed).elsewhere for seed in range(100)], [5, 95])
    assert 95 < low < 125 and 220 < high < 255


def test_the_last_part():
    says("From 3 to 8 of 31 entries change without need", "10.2 % of the table changes where 10 % must")
    disturbed = [int(maglev(node, 31).disturbed.sum()) for node in range(5)]
    assert (min(disturbed), max(disturbed)) == (3, 8)
    assert round(100 * moves(Maglev(10), 9, keys=10).rows[0].theory, 1) == 10.2
    rows = [JumpHash(n).select_many(np.arange(16)) for n in range(1, 9)]
    assert all(((a == b) | (b == n)).all() for n, (a, b) in enumerate(pairwise(rows), 1))


def test_real_systems():
    says("Envoy moved more than a tenth", "103 for each of ten hosts and 114 for each of nine")
    assert [ceil(1024 / n) for n in (10, 9)] == [103, 114]
    ten, users = [f"10.0.0.{i}:80" for i in range(1, 11)], [f"user:{i}" for i in range(10_000)]
    nginx, haproxy, envoy = presets.nginx.hash_consistent, presets.haproxy.hash, presets.envoy.ring_hash
    before = haproxy(ten, method="consistent")
    assert 800 < moved(nginx(ten), nginx(ten[1:]), users) < 1_200 < moved(envoy(ten), envoy(ten[1:]), users) < 2_000
    assert moved(before, haproxy(ten[1:], method="consistent"), users) > 8_000
    assert moved(before, haproxy(ten[1:], method="consistent", ids=range(2, 11)), users) < 1_500
