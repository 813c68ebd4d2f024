"""Other systems' rings and tables, built by parameters: published values, and lookup rules against a plain search."""

import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest

import lbcore
from lbcore.selectors import reference
from lbcore.selectors.hashing import HashTable
from lbcore.selectors.maglev import fill_table
from lbcore.selectors.ring import HashRing
from lbcore.selectors.systems.haproxy import NearestRing, smooth_round

from .rows import keys
from .test_bad_input import refused

HOSTS = [f"127.0.0.1:{port}" for port in range(90, 96)]


# The PyPI package jump-consistent-hash 3.6.0: keys 0, 1, 2, 10, 256, 0xdeadbeef, 2^63 and 2^64 - 1.
JUMPS: dict[int, list[int]] = {
    1: [0, 0, 0, 0, 0, 0, 0, 0],
    2: [0, 0, 0, 1, 1, 1, 1, 1],
    7: [0, 6, 6, 6, 3, 5, 5, 2],
    10: [0, 6, 6, 7, 3, 5, 5, 9],
    100: [0, 55, 62, 73, 16, 87, 84, 92],
    1000: [0, 549, 338, 751, 520, 285, 453, 313],
    65536: [0, 21134, 3927, 32509, 8799, 64244, 53854, 18311],
}


def integer(key: bytes) -> int:
    """An integer key as its own hash."""
    return int.from_bytes(key, "little")


def envoy(nodes: tuple[str, ...], weights: np.ndarray) -> tuple[list[int], list[int]]:
    """Two points a host: the ring of Envoy's own test."""
    pairs = [(reference.hash64(f"{name}_{i}"), owner) for owner, name in enumerate(nodes) for i in range(2)]
    return [point for point, _ in pairs], [owner for _, owner in pairs]


def few(nodes: tuple[str, ...], weights: np.ndarray, bits: int = 8) -> tuple[list[int], list[int]]:
    """So few different points that many are equal, and every distance occurs."""
    pairs = [
        (reference.hash64(f"{name}/{i}") % 2**bits, owner)
        for owner, name in enumerate(nodes)
        for i in range(int(weights[owner]) * 5)
    ]
    return [point for point, _ in pairs], [owner for _, owner in pairs]


def plain(points: list[tuple[int, int]], up: list[bool], rule: str, bits: int, h: int) -> int:
    """The lookup rules, by looking at every point of a live node; equal points in the order they were given."""
    live = sorted((point, i, owner) for i, (point, owner) in enumerate(points) if up[owner])
    ahead = lambda point: (point - h - (rule == "after")) % 2**bits  # noqa: E731
    following = min(live, key=lambda entry: (ahead(entry[0]), entry[1]))
    if rule == "nearest":
        before = min(live, key=lambda entry: ((h - entry[0] - 1) % 2**bits, -entry[1]))
        if (h - before[0]) % 2**bits <= (following[0] - h) % 2**bits:
            return before[2]
    return following[2]


def test_envoys_published_ring_and_picks() -> None:
    """ring_hash_lb_test.cc, 'Basic'."""
    ring = HashRing(HOSTS, points=envoy, key_hash=integer)
    points, owners = ring.ring
    assert list(zip(points.tolist(), (owners + 90).tolist(), strict=True)) == [
        (833437586790550860, 94), (928266305478181108, 92), (1033482794131418490, 90), (3551244743356806947, 95),
        (3851675632748031481, 93), (5583722120771150861, 91), (6311230543546372928, 91), (7700377290971790572, 93),
        (13144177310400110813, 95), (13444792449719432967, 92), (15516499411664133160, 94), (16117243373044804889, 90),
    ]  # fmt: skip
    asked = [0, 2**64 - 1, 3551244743356806947, 3551244743356806948, 16117243373044804880]
    assert ring.select_many(asked).tolist() == [4, 4, 5, 3, 0]
    assert ring.select(0, avoid=[4]) == 2


def test_envoys_published_maglev_tables() -> None:
    """maglev_lb_test.cc, 'Basic' and 'Weighted'."""
    assert lbcore.Maglev(HOSTS, table_size=7).owners.tolist() == [2, 4, 0, 1, 5, 0, 3]
    weighted = lbcore.Maglev(HOSTS[:2], [1, 2], table_size=17)
    assert weighted.owners.tolist() == [1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1]


def test_a_maglev_table_does_not_depend_on_the_order_of_the_nodes() -> None:
    one, other = lbcore.Maglev(HOSTS, table_size=101), lbcore.Maglev(HOSTS[::-1], table_size=101)
    assert [one.nodes[i] for i in one.owners] == [other.nodes[i] for i in other.owners]


def test_jump_is_the_published_function() -> None:
    asked = [0, 1, 2, 10, 256, 0xDEADBEEF, 2**63, 2**64 - 1]
    for n, picks in JUMPS.items():
        assert lbcore.JumpHash(n, key_hash=integer).select_many(asked).tolist() == picks


@pytest.mark.parametrize("rule", ["first", "after", "nearest"])
@pytest.mark.parametrize("bits", [8, 32, 64])
def test_lookup_rules(rule: Any, bits: int) -> None:
    def points(nodes: tuple[str, ...], weights: np.ndarray) -> tuple[list[int], list[int]]:
        return few(nodes, weights, bits)

    make: Any = NearestRing if rule == "nearest" else partial(HashRing, rule=rule)
    ring = make(6, [1, 2, 0, 3, 1, 4], points=points, bits=bits, key_hash=integer)
    given = list(zip(*points(ring.nodes, ring.weights), strict=True))
    edges = [point + d for point, _ in given for d in (-1, 0, 1)]
    # To NearestRing the last number of 64 bits says that there is no key.
    last = 2**bits - (2 if rule == "nearest" and bits == 64 else 1)
    asked = [h % 2**bits for h in [*edges, *range(256), last, *keys(200)]]
    for dead in ([], [3], [0, 1, 5]):
        for node in dead:
            ring.mark_down(node)
        wanted = [plain(given, ring.up.tolist(), rule, bits, h) for h in asked]
        assert ring.select_many(asked).tolist() == wanted
        assert [ring.select(h) for h in asked] == wanted
        assert pickle.loads(pickle.dumps(make(3))).select_many(asked).min() >= 0
    longer = [h + 2**bits for h in asked] if bits < 64 else asked
    assert ring.select_many(longer).tolist() == wanted  # the low bits count


def test_replicas_are_the_nodes_met_from_the_key_onwards() -> None:
    ring, twin = lbcore.HashRing(7, [1, 2, 0, 1, 1, 3, 1], 5), reference.HashRing([1, 2, 0, 1, 1, 3, 1], 5)
    for dead in (None, 5, 0):
        if dead is not None:
            ring.mark_down(dead)
            twin.up[dead] = False
        for key in keys(300):
            for k in (1, 3, 7):
                assert ring.replicas(key, k).tolist() == twin.replicas(key, k)
            assert ring.replicas(key, 1)[0] == ring.select(key)
    for k, error in ((0, ValueError), (8, ValueError), (1.0, TypeError), (True, TypeError)):
        refused("k", error, lambda k=k: ring.replicas("a", k), ring)


@pytest.mark.parametrize("kind", [lbcore.HashRing, lbcore.Maglev])
def test_nodes_that_come_and_go_leave_what_is_built_at_once(kind: Any) -> None:
    changed, weights = kind(["a", "b", "c"], [1, 2, 3]), [2, 3, 4]
    changed.add("d", 4)
    changed.remove("a")
    fresh = kind(["b", "c", "d"], weights)
    both = ("ring",) if kind is lbcore.HashRing else ("owners",)
    for name in both:
        for one, other in zip(np.atleast_2d(getattr(changed, name)), np.atleast_2d(getattr(fresh, name)), strict=True):
            assert one.tolist() == other.tolist()


def test_rebuild_asks_for_the_nodes_that_are_up() -> None:
    def turns(nodes: tuple[str, ...], weights: np.ndarray) -> list[int]:
        return np.repeat(np.arange(len(nodes)), weights).tolist()

    table = HashTable(3, [2, 1, 1], table=turns, rebuild=True, key_hash=integer)
    assert table.owners.tolist() == [0, 0, 1, 2]
    table.mark_down(0)
    assert table.owners.tolist() == [1, 2]
    assert table.select_many(list(range(4))).tolist() == [1, 2, 1, 2]
    table.mark_down(1)
    table.mark_down(2)
    assert table.select_many([5]).tolist() == [-1]
    table.mark_up(1)
    assert table.select_many(list(range(3))).tolist() == [1, 1, 1]
    table.reset()
    assert table.owners.tolist() == [0, 0, 1, 2]
    ring = HashRing(3, points=few, bits=8, rebuild=True)
    ring.mark_down(1)
    assert 1 not in ring.ring[1]


def test_a_function_that_fails_changes_nothing() -> None:
    def only_three(nodes: tuple[str, ...], weights: np.ndarray) -> list[int]:
        if len(nodes) != 3 or 0 in weights:
            raise RuntimeError("three, I said")
        return [0, 1, 2]

    table = HashTable(3, table=only_three, rebuild=True)
    for change in (lambda: table.add("d"), lambda: table.remove(0), lambda: table.mark_down(1)):
        with pytest.raises(RuntimeError, match="three"):
            change()
    assert table.nodes == ("node-0", "node-1", "node-2") and table.up.all()
    assert table.owners.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "made",
    [
        None, 5, [1, 2], ([1, 2], [0]), ([], []), ([1.5], [0]), ([1], [0.0]), ([-1], [0]), ([256], [0]), ([1], [2]),
        ([1], [-1]), ([[1]], [[0]]), ([1], [1]), (["a"], [0]),
    ],
)  # fmt: skip
def test_points_of_a_function_are_checked(made: Any) -> None:
    call = lambda: HashRing(2, [1, 0], points=lambda nodes, weights: made, bits=8)  # noqa: E731
    refused("points", (TypeError, ValueError), call)


@pytest.mark.parametrize("made", [None, [], [0.5], [2], [-1], [[0]], [1], "ab", object()])
def test_owners_of_a_function_are_checked(made: Any) -> None:
    refused("table", (TypeError, ValueError), lambda: HashTable(2, [1, 0], table=lambda nodes, weights: made))


@pytest.mark.parametrize("hashed", [None, 1.5, -1, 2**64, True, "1"])
def test_hashes_of_a_function_are_checked(hashed: Any) -> None:
    ring = lbcore.HashRing(3, key_hash=lambda key: hashed)
    for call in (lambda: ring.select("a"), lambda: ring.select_many(["a"]), lambda: ring.select_many(np.arange(3))):
        refused("key_hash", (TypeError, ValueError), call, ring)


def test_a_key_hash_is_given_the_keys_bytes() -> None:
    seen: list[bytes] = []
    table = lbcore.ModuloHash(10, key_hash=lambda key: seen.append(key) or 7)  # type: ignore[func-returns-value]
    assert table.select_many(["é", b"xy", 258]).tolist() == [7, 7, 7]
    assert table.select_many(np.array([-1], np.int8)).tolist() == [7]
    assert seen == ["é".encode(), b"xy", (258).to_bytes(8, "little"), b"\xff" * 8]


def test_fill_table_refuses_what_cannot_fill_a_table() -> None:
    refused("skips", ValueError, lambda: fill_table([0, 0], [2, 2], [1, 1], 4))
    for bad in (([0], [1, 1], [1]), ([4], [1], [1]), ([0], [0], [1]), ([0, 0, 0], [1] * 3, [1] * 3), ([], [], [])):
        refused("offsets", (TypeError, ValueError), lambda bad=bad: fill_table(*bad, 2))
    for weights in ([0.0], [float("nan")], [float("inf")], [-1]):
        refused("weights", ValueError, lambda weights=weights: fill_table([0], [1], weights, 2))


BAD: dict[str, tuple[Any, list[Any]]] = {
    "virtual_nodes": (lbcore.HashRing, [0, -1, 2**24 + 1, 1.0, None, True, "1", [1]]),
    "rule": (lbcore.HashRing, ["", "last", None, 1, ["first"], object()]),
    "bits": (lbcore.HashRing, [7, 65, 32.0, None, True, "32"]),
    "points": (lbcore.HashRing, [5, "points", [1, 2], ([1], [0])]),
    "eps": (lbcore.BoundedRing, [0, -0.1, 1001, float("nan"), float("inf"), None, True, "1", [1], 1j]),
    "table_size": (lbcore.Maglev, [0, 1, 4, -7, 65536, 2**24 + 43, 7.0, None, True, "7"]),
    "table": (lambda n, table: HashTable(n, table=table), [None, 5, [0, 1, 2]]),
}


@pytest.mark.parametrize("argument", BAD)
def test_parameters(argument: str) -> None:
    make, values = BAD[argument]
    for value in values:
        refused(argument, (TypeError, ValueError), lambda value=value: make(3, **{argument: value}))


@pytest.mark.parametrize(
    "kind", [lbcore.HashRing, lbcore.BoundedRing, lbcore.JumpHash, lbcore.Rendezvous, lbcore.Maglev]
)
def test_key_hash_must_be_a_function(kind: Any) -> None:
    for value in (5, "crc32", b"x", [1]):
        refused("key_hash", TypeError, lambda value=value: kind(3, key_hash=value))


def test_sizes_that_do_not_fit() -> None:
    refused("nodes", ValueError, lambda: lbcore.HashRing(2**20))
    refused("weights", ValueError, lambda: lbcore.HashRing(2, [1, 2**20]))
    refused("nodes", ValueError, lambda: lbcore.Maglev(8, table_size=7))
    full = lbcore.Maglev(7, table_size=7)
    refused("node", ValueError, lambda: full.add("one more"), full)
    jump = lbcore.JumpHash(4)
    refused("node", ValueError, lambda: jump.remove(2), jump)
    jump.remove(3)
    assert jump.nodes == ("node-0", "node-1", "node-2")


def test_a_round_is_as_long_as_its_weights_whatever_they_say() -> None:
    class Long(list):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return 10**7

    assert smooth_round(Long([5, 1, 1])).tolist() == [0, 0, 0, 1, 0, 0, 2]
