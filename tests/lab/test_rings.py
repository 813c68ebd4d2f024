"""Lesson 05's exhibits against closed forms and twins."""

import tracemalloc
from bisect import bisect_left
from math import ceil

import numpy as np
import pytest
from driven.rings import Bound, check_costs

import lbcore
from lbcore import BoundedRing, HashRing, HashSlots, JumpHash, Maglev, ModuloHash, Rendezvous
from lbcore.lab import (
    bounded,
    changes,
    choice,
    deal_again,
    evenness,
    hot_keys,
    live_costs,
    maglev,
    misses,
    moves,
    ring,
    slider,
    walk,
)
from lbcore.lab.exhibits.rings._circle import Circle, peak, spread
from lbcore.lab.exhibits.rings.changes import ALGORITHMS
from lbcore.lab.exhibits.rings.live_costs import Costs, measured
from lbcore.lab.frame.inputs import distinct_keys, uniform_bits, zipf_ranks
from lbcore.lab.frame.live import Live
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.words import Guess, significant
from lbcore.selectors import reference


def test_the_lines_that_the_lesson_shows():
    panel = ring(choice(1, 2, 160), seed=deal_again(24))
    assert list(panel.controls) == ["virtual_nodes", "seed"] and panel.code == "ring(1, seed=24)"
    assert panel.controls["virtual_nodes"].label == "virtual nodes of each node"
    assert changes(slider(2, 40, start=10)).code == "changes(10)"
    assert maglev(choice(4, 0), table_size=31).code == "maglev(4, table_size=31)"
    panel = bounded(choice(Bound, BoundedRing), eps=0.25, requests=20)
    assert panel.code == "bounded(Bound, eps=0.25, requests=20)"


def test_captions_leave_out_what_is_drawn():
    found = evenness([1, 10, 100], rings=5)
    first, *_, last = found.sentence().split("\n")[1:]
    told = found.caption(found.sentence(Guess(3, ""))).split("\n")
    assert told[0] == "Seeds 7 to 11, 5 rings of 10 nodes." and len(told) == 3 and "variation" not in "".join(told)
    assert told[1] == first.partition(", variation")[0] + "." and told[2].startswith(last.partition(", variation")[0])
    assert told[2].endswith(found.sentence(Guess(3, "")).partition("You said")[2])
    found = changes(4)
    assert found.caption(found.sentence()) == (
        "From 4 to 5 nodes an even share is 20.0 %.\nFrom 4 to 3 nodes an even share is 25.0 %."
    )
    panel = ring(prediction=12)
    assert "Of 200 such rings" in panel.sentence and panel.board.caption.count("29.1") == 1
    assert "Of 200 such rings" in ring().caption(ring().sentence())


def test_a_prediction_is_scored():
    said = ring(prediction=12)
    # Of 200 rings: recomputed with plain Python, 29.1 in the mean; in this one it is 35.4.
    assert (
        "You said 12. To expect: 29.1 on average, and 19.9 to 43.1" in said.sentence and "you: 12" in said.board.picture
    )
    said = changes(prediction=9)
    assert "You said 9: off by 0.5." in said.sentence and "you: 9" in said.board.picture
    said = bounded(prediction=1_000)
    assert "You said 1,000. To expect: 219 on average" in said.sentence and "you: 1,000" in said.board.picture
    assert "You said 3: off by" in evenness([1], rings=5).sentence(Guess(3, ""))
    figure(evenness([1], rings=5), 30)


class Stub:
    def __init__(self, n, eps):
        pass

    def select(self, key):
        bound = ...  # noqa: F841
        ...


def test_a_students_stub_and_a_students_mistake():
    assert "Stub is not finished yet" in bounded(choice(Stub), eps=0.25).sentence
    nowhere = type("Nowhere", (Stub,), {"select": lambda self, key: 10})
    assert "returned 10; the nodes have the numbers 0 to 9" in bounded(choice(nowhere)).sentence


# The ring


def names_of(nodes, seed):
    return [f"{seed}-{node}" for node in range(nodes)]


@pytest.mark.parametrize(("nodes", "virtual_nodes"), [(1, 1), (3, 1), (10, 1), (10, 40), (24, 7)])
def test_the_circle_is_the_twins(nodes, virtual_nodes):
    result = ring(virtual_nodes, nodes, keys=200, seed=3)
    points = sorted(
        (reference.hash64(f"{name}-{i}"), node)
        for node, name in enumerate(names_of(nodes, 3))
        for i in range(virtual_nodes)
    )
    assert result.before.owner.tolist() == [node for _, node in points]
    assert result.before.at == pytest.approx([point / 2**64 for point, _ in points])
    shares, last = [0] * nodes, points[-1][0] - 2**64
    for point, node in points:
        shares[node] += point - last
        last = point
    assert result.before.shares == pytest.approx([share / 2**64 for share in shares])
    places = uniform_bits(200, 3)
    wanted = [points[bisect_left(points, (int(p), 0)) % len(points)][1] for p in places]
    assert result.before.owners_of(result.keys).tolist() == wanted


@pytest.mark.parametrize("weights", [[1, 1, 1], [1, 3, 2]])
def test_who_walks_where(weights):
    keys = [f"key {i}" for i in range(12)]
    made, twin = HashRing(3, weights, virtual_nodes=2), reference.HashRing(weights, 2)
    for walked in (0, 10, 100):
        result = walk(made, keys, walked)
        assert result.owners.tolist() == [twin.select(key) for key in keys]
        ways = [min((point - reference.hash64(key)) % 2**64 for point, _ in twin.points) / 2**64 for key in keys]
        assert result.ways == pytest.approx(ways)
        assert result.home.tolist() == [way <= walked / 100 for way in ways]
    assert result.home.all() and "Still walking" not in result.sentence()
    assert result.sentence().endswith(result.caption(result.sentence()))


def test_a_moved_key_misses_once():
    result = misses([ModuloHash, HashRing], 10, 11, keys=500, seed=3)
    keys, rank = distinct_keys(500, 3), zipf_ranks(30_000, 1.0, 500, 3)
    for cls, row in zip((ModuloHash, HashRing), result.misses, strict=True):
        homes = [{int(key) for key, node in zip(keys, cls(10).select_many(keys), strict=True) if node == n}
                 for n in range(11)]  # fmt: skip
        wanted = [0] * 30
        after = cls(11)
        for i, key in enumerate(keys[rank].tolist()):
            cache = homes[after.select(key)]
            wanted[i // 1000] += key not in cache
            cache.add(key)
        assert row.tolist() == wanted


@pytest.mark.parametrize(("nodes", "after"), [(10, 11), (10, 9), (3, 4), (5, 5), (2, 8), (8, 1)])
@pytest.mark.parametrize("virtual_nodes", [1, 30])
def test_what_changes_hands(nodes, after, virtual_nodes):
    result = ring(virtual_nodes, nodes, after, keys=1_000)
    before, later = (HashRing(names_of(n, 24), virtual_nodes=virtual_nodes) for n in (nodes, after))
    keys = distinct_keys(40_000, 5)
    share = lbcore.moved(before, later, keys) / len(keys)
    assert abs(share - result.share) < 5 * np.sqrt(max(share * (1 - share), 1e-6) / len(keys))
    changed = np.zeros(1_000, bool)
    for start, end in result.changed:
        changed |= ((result.keys > start) & (result.keys <= end)) | (result.keys > start + 1)
    assert (changed == result.moved).all()
    moved = before.select_many(keys) != later.select_many(keys)
    assert result.heirs == len(set(later.select_many(keys)[moved].tolist()))
    assert result.givers == len(set(before.select_many(keys)[moved].tolist()))


def test_theory_of_the_ring():
    for nodes in (1, 2, 10, 100):
        assert peak(nodes, 1) == pytest.approx(sum(1 / k for k in range(1, nodes + 1)), rel=1e-4)
    rng = np.random.default_rng(1)
    for nodes, virtual_nodes in ((10, 2), (10, 10), (10, 100), (50, 7), (10, 1_000)):
        draws = rng.dirichlet([virtual_nodes] * nodes, 20_000)
        highest = nodes * draws.max(axis=1)
        assert abs(peak(nodes, virtual_nodes) - highest.mean()) < 5 * highest.std() / np.sqrt(len(highest))
        uneven = nodes * np.sqrt(((draws - 1 / nodes) ** 2).mean())
        assert spread(nodes, virtual_nodes) == pytest.approx(uneven, rel=0.02)
    figures = [round(peak(10, v), 2) for v in (1, 10, 100)]
    assert figures == [2.93, 1.54, 1.16]


def test_rings_are_as_uneven_as_theory_says():
    result = evenness([1, 10, 100], rings=300, seed=11)
    for count, peaks, spreads in zip(result.virtual_nodes, result.peaks, result.spreads, strict=True):
        error = peaks.std() / np.sqrt(len(peaks))
        assert abs(peaks.mean() - peak(10, int(count))) < 4 * error
        squares = spreads**2
        assert abs(squares.mean() - spread(10, int(count)) ** 2) < 4 * squares.std() / np.sqrt(len(peaks))
    one = Circle(("a", "b"), np.array([0.25, 0.5]), np.array([0, 1]))
    assert one.shares.tolist() == [0.75, 0.25] and one.peak == 1.5 and one.spread == 0.5


# What moves


@pytest.mark.parametrize("nodes", [2, 10, 31])
def test_six_ways(nodes):
    result = changes(nodes, keys=20_000)
    for found, after in ((result.added, nodes + 1), (result.removed, nodes - 1)):
        assert [row.label for row in found.rows] == list(ALGORITHMS)
        for row, cls in zip(found.rows, ALGORITHMS.values(), strict=True):
            keys = distinct_keys(20_000, 7)
            later = cls(nodes)
            later.add(f"node-{nodes}") if after > nodes else later.remove(nodes - 1)
            same = (cls(nodes).select_many(keys) == later.select_many(keys)).sum()
            assert row.moved == 20_000 - same
            assert abs(row.moved / 20_000 - row.theory) < 5 * np.sqrt(row.theory * (1 - row.theory) / 20_000)
        shares = {row.label: row.theory for row in found.rows}
        least = 1 / max(nodes, after)
        assert shares["jump"] == pytest.approx(least) and shares["rendezvous"] == pytest.approx(least)
        assert shares["hash mod N"] == pytest.approx(1 - 1 / max(nodes, after))
        assert shares["slots"] == pytest.approx(least, rel=0.01)
        if after < nodes:
            assert shares["Maglev"] >= least * 0.999


def test_theory_of_weights_and_names():
    weighted = Rendezvous(["a", "b", "c"], [1, 2, 3])
    for after, share in (
        (Rendezvous(["a", "b", "c", "d"], [1, 2, 3, 4]), 0.4),
        (Rendezvous(["c", "a"], [3, 1]), 2 / 6),
        (Rendezvous(["a", "b", "x"], [1, 2, 3]), 6 / 9),
    ):
        row = moves(weighted, after, keys=20_000).rows[0]
        assert row.theory == pytest.approx(share)
        assert abs(row.moved / 20_000 - share) < 5 * np.sqrt(share * (1 - share) / 20_000)
    ring = moves(HashRing(["a", "b"], [1, 3]), HashRing(["b", "c"], [3, 2]), keys=20_000).rows[0]
    assert abs(ring.moved / 20_000 - ring.theory) < 0.02
    swapped = moves(Maglev(["a", "b", "c"]), Maglev(["c", "b", "a"]), keys=1_000).rows[0]
    assert swapped.theory == swapped.moved == 0


def test_where_there_is_no_law():
    down = HashRing(10)
    down.mark_down(3)
    for before, after in (
        (HashRing(10), down),
        (HashRing(10), HashRing(11, rule="after")),
        (HashRing(10), ModuloHash(10)),
        (Maglev(10), Maglev(10, table_size=31)),
        (HashSlots(10), HashSlots(10, 100)),
        (JumpHash(["a", "b"]), JumpHash(["b", "a", "c"])),
        (Rendezvous(["a", "b"], [1, 2]), Rendezvous(["a", "b"], [2, 1])),
        (BoundedRing(3), BoundedRing(4)),
    ):
        assert moves(before, after, keys=100).rows[0].theory is None


@pytest.mark.parametrize(("nodes", "size"), [(2, 2), (3, 13), (5, 31), (16, 251)])
def test_the_table_is_the_twins(nodes, size):
    for removed in {0, nodes // 2, nodes - 1}:
        result = maglev(removed, size, nodes)
        weights = [1] * nodes
        assert result.before.tolist() == reference.Maglev(weights, size).owner
        weights[removed] = 0  # a node of weight zero has no turn
        assert result.after.tolist() == reference.Maglev(weights, size).owner
        assert result.lost.sum() + result.disturbed.sum() == (result.before != result.after).sum()


def test_a_larger_maglev_is_disturbed_less():
    shares = [maglev(4, size).disturbed.mean() for size in (31, 251, 1_021)]
    assert shares[0] > shares[1] > shares[2] > 0


# A hot key


@pytest.mark.parametrize("eps", [0.05, 0.25, 1.0])
def test_bounded_loads_against_the_twin(eps):
    result = bounded(eps=eps, requests=500)
    assert result.counts.max() <= result.bound == ceil(round((1 + eps) * 500 / 10, 9))
    twin, plain = reference.BoundedRing([1] * 10, 160, eps), reference.HashRing([1] * 10, 160)
    rng_free = hot_keys(HashRing(10), requests=500, seed=7)
    assert (result.ring == rng_free.counts).all() and (result.ring_hot == rng_free.hottest).all()
    assert (result.counts == hot_keys(BoundedRing(10, eps=eps), requests=500, seed=7).counts).all()
    keys = distinct_keys(1_000, 7)[experiments_ranks(500)].tolist()
    picks = [twin.select(key) for key in keys]
    assert np.bincount(picks, minlength=10).tolist() == result.counts.tolist()
    homes = {key: plain.select(key) for key in set(keys)}
    assert sum(pick != homes[key] for pick, key in zip(picks, keys, strict=True)) == result.elsewhere


def experiments_ranks(requests):
    """The k-th key is asked for like 1/k: the inverse of the distribution function, by search."""
    share = 1 / np.arange(1, 1_001)
    edges = np.cumsum(share) / share.sum()
    return np.searchsorted(edges, (uniform_bits(requests, 7 + 0x5EED) >> np.uint64(11)) * 2.0**-53, side="right")


def test_a_students_class_stands_where_lbcores_stands():
    theirs, ours = bounded(Bound, requests=300), bounded(requests=300)
    assert (theirs.counts == ours.counts).all() and (theirs.hot == ours.hot).all()
    assert theirs.elsewhere == ours.elsewhere and theirs.name == "Bound"


# What it costs


def test_costs_are_measured():
    told = []
    result = measured(None, told.append, nodes=50)
    assert result.labels == tuple(ALGORITHMS) and told == pytest.approx(np.arange(1, 7) / 6)
    assert not tracemalloc.is_tracing()
    for row in (result.build_ms, result.lookup_ns, result.memory_kb):
        assert row.shape == (6,) and (row > 0).all() and np.isfinite(row).all()
    kept = dict(zip(result.labels, result.memory_kb, strict=True))
    assert kept["ring"] > 50 * 160 * 12 / 1e3 and kept["Maglev"] > 65_537 * 4 / 1e3 and kept["slots"] > 16_384 * 4 / 1e3
    assert kept["jump"] < kept["slots"]
    check_costs(figure(result), result)
    assert str(result).count("\n") == 6 and "ring: " in str(result)


def test_costs_live():
    live = live_costs(nodes=10)
    assert isinstance(live, Live) and "press Start" in repr(live)
    live.start()
    assert live.join(120) and live.error is None
    assert isinstance(live.result, Costs) and live.sentence.startswith("Measured now, on this machine, with 10 nodes.")
    with pytest.raises(ValueError, match="nodes: 1 is not between"):
        live_costs(nodes=1)


def test_significant():
    assert [significant(value) for value in (0, 0.01234, 0.5, 3.44, 47.2, 1_412.0, 9.96)] == [
        "0",
        "0.012",
        "0.50",
        "3.4",
        "47",
        "1,400",
        "10.0",
    ]
