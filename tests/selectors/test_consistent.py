"""The published figures of consistent hashing. A statistical test says how far it may be off; the seeds are fixed."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

import lbcore
from lbcore import Selector

KEYS = np.arange(200_000)


def arcs(ring: lbcore.HashRing) -> np.ndarray:
    """The exact share of the circle that each node owns."""
    points, owners = ring.ring
    lengths = np.diff(points, prepend=points[-1:])  # modulo 2^64, as the circle closes
    return np.bincount(owners, weights=lengths.astype(float), minlength=len(ring.nodes)) / 2.0**64


def rings(count: int, n: int, virtual_nodes: int) -> np.ndarray:
    """The shares of many rings whose nodes have names of their own."""
    names = [[f"{number}:{i}" for i in range(n)] for number in range(count)]
    return np.array([arcs(lbcore.HashRing(given, virtual_nodes=virtual_nodes)) for given in names])


@pytest.mark.parametrize("virtual_nodes", [1, 10, 160])
def test_the_shares_of_a_ring_vary_as_published(virtual_nodes: int) -> None:
    """Coefficient of variation sqrt((n - 1) / (n V + 1)), to five standard errors over 600 rings."""
    n = 10
    squares = ((rings(600, n, virtual_nodes) * n - 1) ** 2).mean(axis=1)
    error = squares.std() / np.sqrt(len(squares))
    assert abs(squares.mean() - (n - 1) / (n * virtual_nodes + 1)) < 5 * error


def test_the_largest_of_single_points_is_the_harmonic_number() -> None:
    peaks = rings(2_000, 10, 1).max(axis=1) * 10
    assert abs(peaks.mean() - sum(1 / k for k in range(1, 11))) < 5 * peaks.std() / np.sqrt(2_000)


def test_keys_fall_as_the_arcs_say() -> None:
    ring = lbcore.HashRing(10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    assert stats.chisquare(np.bincount(ring.select_many(KEYS)), len(KEYS) * arcs(ring)).pvalue > 1e-4


MAKERS: dict[str, Callable[[int], Selector]] = {
    "ring": lbcore.HashRing,
    "jump": lbcore.JumpHash,
    "rendezvous": lbcore.Rendezvous,
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("n", [1, 3, 10, 100])
def test_a_new_node_only_takes(kind: str, n: int) -> None:
    before = MAKERS[kind](n)
    after = before.copy()
    after.add("new")
    old, now = before.select_many(KEYS), after.select_many(KEYS)
    assert (now[now != old] == n).all()
    gone = int((now != old).sum())
    assert lbcore.moved(before, after, KEYS) == gone
    if kind != "ring":  # a ring's new node gets its arcs, which vary
        assert stats.binomtest(gone, len(KEYS), 1 / (n + 1)).pvalue > 1e-4
    after.remove("new")
    assert lbcore.moved(before, after, KEYS) == 0


@pytest.mark.parametrize("kind", ["ring", "rendezvous"])
def test_a_node_that_leaves_only_gives(kind: str) -> None:
    before = MAKERS[kind](10)
    after, down = before.copy(), before.copy()
    after.remove("node-4")
    down.mark_down("node-4")
    old = before.select_many(KEYS)
    assert lbcore.moved(before, after, KEYS) == (old == 4).sum()
    assert lbcore.moved(after, down, KEYS) == 0  # a dead node's keys go where a removed one's would


def test_weighted_rendezvous_is_as_weighted() -> None:
    weights = np.array([5, 1, 1, 0, 3, 10])
    selector = lbcore.Rendezvous(6, weights)
    counts = np.bincount(selector.select_many(np.arange(1_000_000)), minlength=6)
    keep = weights > 0
    assert counts[3] == 0
    assert stats.chisquare(counts[keep], 1_000_000 * weights[keep] / 20).pvalue > 1e-4
    heavier = lbcore.Rendezvous(6, [5, 1, 1, 0, 4, 10])
    old, now = selector.select_many(KEYS), heavier.select_many(KEYS)
    assert (now[now != old] == 4).all()  # more weight only takes


def test_equal_weights_need_no_logarithm() -> None:
    """The short cut for equal weights picks what the weighted rule picks: a node of weight 0 beside changes nothing."""
    plain = lbcore.Rendezvous(["a", "b", "c"], [7, 7, 7])
    mixed = lbcore.Rendezvous(["a", "b", "c", "d"], [7, 7, 7, 1])
    mixed.mark_down("d")
    assert plain.select_many(KEYS).tolist() == mixed.select_many(KEYS).tolist()


@pytest.mark.parametrize(("n", "peak"), [(3, 1.0001), (10, 1.0001), (100, 1.001), (1000, 1.0071)])
def test_a_maglev_table_is_balanced(n: int, peak: float) -> None:
    """No node owns an entry more than another that is as heavy: max/mean about 1.007 at 1000 nodes."""
    counts = np.bincount(lbcore.Maglev(n).owners, minlength=n)
    assert counts.max() - counts.min() == 1
    assert counts.max() / counts.mean() < peak
    weights = 1 + np.arange(n) % 4
    counts = np.bincount(lbcore.Maglev(n, weights).owners, minlength=n)
    assert np.abs(counts - 65537 * weights / weights.sum()).max() <= 4


@pytest.mark.parametrize(("n", "extra"), [(3, 0.0003), (10, 0.002), (100, 0.006), (300, 0.009), (1000, 0.006)])
def test_maglev_moves_a_little_more_than_it_must(n: int, extra: float) -> None:
    """The table's entries that change hands though their owner stays: the figure of FACTS, within a half of it."""
    shares = []
    for run in range(12):
        table = lbcore.Maglev([f"{run}:{i}" for i in range(n)])
        before, victim = table.owners, run % n
        table.remove(victim)
        after = table.owners
        after += after >= victim
        shares.append(np.mean((before != victim) & (before != after)))
    assert 0.5 * extra < np.mean(shares) < 1.5 * extra
    assert min(shares) > 0


@pytest.mark.parametrize("weights", [None, [1, 2, 0, 3, 1]])
@pytest.mark.parametrize("eps", [0.01, 0.25, 1.0])
def test_no_node_is_picked_beyond_its_bound(weights: list[int] | None, eps: float) -> None:
    """After every pick and release, by the definition in exact arithmetic: ceil((1 + eps) m w / W)."""
    rng = np.random.default_rng(5)
    selector = lbcore.BoundedRing(5, weights, virtual_nodes=20, eps=eps)
    ring = lbcore.HashRing(5, weights, virtual_nodes=20)
    flying: list[int] = []
    hot = passed_on = 0
    for _ in range(3_000):
        if flying and rng.random() < 0.45:
            selector.release(flying.pop(rng.integers(len(flying))))
            continue
        if rng.random() < 0.01:
            dead = int(rng.integers(5))
            (selector.mark_down if selector.up[dead] and selector.up.sum() > 2 else selector.mark_up)(dead)
            if not (selector.up & (selector.weights > 0)).any():
                selector.mark_up(0)
        held, m = selector.in_flight, len(flying) + 1
        key = "hot" if rng.random() < 0.5 else int(rng.integers(1000))
        node = selector.select(key)
        share = selector.weights[selector.up].sum()
        bound = -(-round((1 + eps) * 10**6) * m * int(selector.weights[node]) // (10**6 * int(share)))
        assert held[node] < bound
        assert selector.up[node]
        hot, passed_on = hot + (key == "hot"), passed_on + (key == "hot" and node != ring.select("hot"))
        flying.append(node)
    assert hot > 500 and passed_on > hot / 4  # the bound was felt
    assert sorted(flying) == np.repeat(np.arange(5), selector.in_flight).tolist()


@pytest.mark.parametrize("virtual_nodes", [1, 2, 13, 160])
def test_a_ring_that_was_changed_is_that_ring_built_at_once(virtual_nodes: int) -> None:
    """Also where keys are looked up in a batch, which reads buckets that were mended."""
    rng, many = np.random.default_rng(virtual_nodes), np.arange(50_000)
    ring = lbcore.HashRing(["a", "b", "c"], [1, 2, 3], virtual_nodes=virtual_nodes)
    for step in range(40):
        nodes, weights = list(ring.nodes), ring.weights.tolist()
        if len(nodes) < 3 or rng.random() < 0.55:
            ring.add(f"new-{step}", int(rng.integers(0, 4)))
        else:
            index = int(rng.integers(len(nodes)))
            if sum(weights) == weights[index]:
                continue
            ring.remove(index)
        fresh = lbcore.HashRing(list(ring.nodes), ring.weights.tolist(), virtual_nodes=virtual_nodes)
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(ring.ring, fresh.ring, strict=True))
        assert np.array_equal(ring.select_many(many), fresh.select_many(many))
        assert ring.replicas("key", 2).tolist() == fresh.replicas("key", 2).tolist()


def test_a_bounded_ring_with_room_is_a_ring() -> None:
    ring, bounded = lbcore.HashRing(10), lbcore.BoundedRing(10, eps=1000)
    for key in range(2_000):
        node = bounded.select(key)
        assert node == ring.select(key)
        bounded.release(node)


@pytest.mark.parametrize(
    "kind",
    [lbcore.HashRing, lbcore.BoundedRing, lbcore.JumpHash, lbcore.Rendezvous, lbcore.Maglev, lbcore.HashSlots],
)
def test_moved_is_for_every_keyed_selector(kind: Callable[[int], Selector]) -> None:
    before = kind(10)
    after = before.copy()
    after.add("new")
    gone = lbcore.moved(before, after, KEYS[:20_000])
    assert 20_000 / 22 < gone < 20_000 / 4  # a bounded ring that fills moves more than a ring
    assert lbcore.moved(before, before, KEYS[:2_000]) == 0
