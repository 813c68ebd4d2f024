"""ns per request of the selectors, in a batch and one by one, beside numpy's way of doing the same in the same run.

Consistent hashing has a benchmark of its own, lookups.py.

    python tests/benchmarks/picks.py [requests] [nodes]

Each figure is the best of several repetitions; the ratios are what to compare between machines.
"""

import itertools
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lbcore

REPETITIONS = 9


def ns(call: Callable[[], Any], requests: int) -> float:
    """The fastest of some calls, in ns per request."""
    best = float("inf")
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best / requests * 1e9


def each(call: Callable[..., Any], *arguments: Any) -> float:
    """The ns that one call takes in a loop."""
    calls = range(20_000)
    return ns(lambda: [call(*arguments) for _ in calls], len(calls))


def xxh64(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """xxHash64 of 8-byte keys in vector operations."""
    p1, p2, p3, p4, p5 = (
        np.uint64(p)
        for p in (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
    )
    h = words * p2
    h = (p5 + np.uint64(8)) ^ ((h << np.uint64(31)) | (h >> np.uint64(33))) * p1
    h = ((h << np.uint64(27)) | (h >> np.uint64(37))) * p1 + p4
    h = (h ^ (h >> np.uint64(33))) * p2
    h = (h ^ (h >> np.uint64(29))) * p3
    return h ^ (h >> np.uint64(32))


def main(requests: int = 1 << 20, nodes: int = 10) -> None:
    """Print the table."""
    rng = np.random.default_rng(1)
    out = np.empty(requests, np.int32)
    keys = rng.integers(0, 2**63, requests)
    weights = [1 + i % 10 for i in range(nodes)]
    shares = np.array(weights) / sum(weights)
    cycle = np.repeat(np.arange(nodes, dtype=np.int32), weights)
    words = keys.view(np.uint64)
    slots = np.arange(16384, dtype=np.int64) * nodes // 16384
    turns = itertools.cycle(range(nodes)).__next__

    def two_choices() -> None:
        """What numpy can do of it: the draws. The loads depend on each other, so no vector operation picks."""
        a, b = rng.integers(0, nodes, requests), rng.integers(0, nodes - 1, requests)
        b += b >= a

    numpy_way: dict[str, tuple[str, Callable[[], Any], Callable[[], Any]]] = {
        "RoundRobin": ("arange % n; itertools.cycle", lambda: np.arange(requests) % nodes, turns),
        "Random": ("integers", lambda: rng.integers(0, nodes, requests), lambda: rng.integers(nodes)),
        "TwoChoices": ("the draws alone", two_choices, lambda: rng.choice(nodes, 2, replace=False)),
        "WeightedRoundRobin": ("a cycle, resized", lambda: np.resize(cycle, requests), turns),
        "BurstRoundRobin": ("a cycle, resized", lambda: np.resize(cycle, requests), turns),
        "WeightedRandom": (
            "choice(p=)",
            lambda: rng.choice(nodes, requests, p=shares),
            lambda: rng.choice(nodes, p=shares),
        ),
        "ModuloHash": ("xxh64(keys) % n", lambda: xxh64(words) % np.uint64(nodes), lambda: hash("user:1000") % nodes),
        "LeastConnections": ("a cycle, resized", lambda: np.resize(cycle, requests), turns),
        "PeakEwma": ("the draws alone", two_choices, lambda: rng.choice(nodes, 2, replace=False)),
        "HashSlots": (
            "table[xxh64(keys) % slots]",
            lambda: slots[xxh64(words) % np.uint64(16384)],
            lambda: slots[hash("user:1000") % 16384],
        ),
    }
    selectors: list[lbcore.Selector] = [
        lbcore.RoundRobin(nodes),
        lbcore.Random(nodes, seed=1),
        lbcore.TwoChoices(nodes, seed=1),
        lbcore.WeightedRoundRobin(nodes, weights),
        lbcore.BurstRoundRobin(nodes, weights),
        lbcore.WeightedRandom(nodes, weights, seed=1),
        lbcore.LeastConnections(nodes, weights),
        lbcore.PeakEwma(nodes, seed=1),
        lbcore.ModuloHash(nodes),
        lbcore.HashSlots(nodes),
    ]
    assert np.array_equal(lbcore.ModuloHash(nodes).select_many(keys), xxh64(words) % np.uint64(nodes))
    print(f"{requests:,} requests, {nodes} nodes; ns per request, best of {REPETITIONS}")
    print(f"{'':19} {'batch':>7} {'numpy':>7} {'ratio':>6}   {'select':>7} {'numpy':>7} {'ratio':>6}   numpy's way")
    for selector in selectors:
        name = type(selector).__name__
        what, batch, single = numpy_way[name]
        asked: Any = keys if selector.keyed else requests
        ours = ns(lambda s=selector, r=asked: s.select_many(r, out=out), requests)
        theirs = ns(batch, requests)
        one = each(selector.select, "user:1000") if selector.keyed else each(selector.select)
        their_one = each(single)
        print(
            f"{name:19} {ours:7.2f} {theirs:7.2f} {theirs / ours:5.1f}x   "
            f"{one:7.1f} {their_one:7.1f} {their_one / one:5.1f}x   {what}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
