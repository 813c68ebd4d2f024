"""Batches of keys, beside numpy and the packages that do the same. One unit is one key; ours include its hash."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import lbcore
from lbcore.simulate.queueing import key_hashes
from tests.benchmarks.jobs.peers import MISSING, integer_keys, names, package, version_of, xxh64
from tests.benchmarks.measure import Job, Maker, Work

VIRTUAL_NODES = 160


def keys_of(quick: bool, part: int = 1) -> Any:
    """A batch of integers."""
    return integer_keys((1 << 16 if quick else 1 << 20) // part)


def batch(selector: lbcore.Selector, keys: Any) -> Work:
    out = np.empty(len(keys), np.int32)
    return Work(lambda: selector.select_many(keys, out=out), len(keys))


def floor(keys: Any) -> Work:
    """Reads the keys and writes as many nodes."""
    out = np.empty(len(keys), np.int32)
    return Work(lambda: (keys.sum(), out.fill(1)), len(keys))


def by_hash(make: Callable[[], lbcore.Selector], quick: bool) -> Job:
    """Beside the hash alone, in the same compiled loop, and hash mod N in numpy."""
    keys, selector, words = keys_of(quick), make(), keys_of(quick).view(np.uint64)
    peers: dict[str, Work | str] = {
        "the hash alone": Work(lambda: key_hashes(selector, keys), len(keys)),
        "numpy xxh64(keys) % n": Work(lambda: xxh64(words) % np.uint64(10), len(keys)),
    }
    return Job(batch(selector, keys), peers, floor=floor(keys), marks={"the hash alone": 1 / 2})


def on_a_ring(nodes: int, quick: bool) -> Job:
    """Beside a search of the same points, whose hashes are made beforehand."""
    keys, ring = keys_of(quick), lbcore.HashRing(names(nodes), virtual_nodes=VIRTUAL_NODES)
    hashes, (points, owners) = xxh64(keys.view(np.uint64)), ring.ring
    found = owners[np.searchsorted(points, hashes) % len(points)]
    assert np.array_equal(ring.select_many(keys), found), "numpy and the ring must agree"
    peers: dict[str, Work | str] = {"numpy searchsorted": Work(lambda: np.searchsorted(points, hashes), len(keys))}
    mark = {"numpy searchsorted": 10.0 if version_of(np) < (2, 5) else 4.0} if nodes == 1000 else {}
    return Job(batch(ring, keys), peers, floor=floor(keys), marks=mark)


def texts_on_a_ring(quick: bool) -> Job:
    """A list of str, 100 nodes."""
    texts = [f"user:{i}" for i in range(2_000 if quick else 20_000)]
    ring, fastring, uhashring = lbcore.HashRing(names(100)), package("fastring"), package("uhashring")
    peers: dict[str, Work | str] = {"fastring": MISSING, "uhashring": MISSING}
    if fastring:
        other = fastring.HashRing(virtual_nodes=VIRTUAL_NODES)
        for name in names(100):
            other.add_node(name)
        peers["fastring"] = Work(lambda: other.get_node_batch(texts), len(texts))
    if uhashring:
        plain = uhashring.HashRing(nodes=names(100), vnodes=VIRTUAL_NODES)
        peers["uhashring"] = Work(lambda: [plain.get_node(text) for text in texts], len(texts))
    return Job(Work(lambda: ring.select_many(texts), len(texts)), peers, marks={"fastring": 4.0, "uhashring": 50.0})


def by_jump(nodes: int, quick: bool) -> Job:
    """Beside jump-consistent-hash, called one by one on hashes that are made beforehand."""
    keys, jump = keys_of(quick, 4), package("jump")
    name = "jump-consistent-hash"
    peers: dict[str, Work | str] = {name: MISSING}
    if jump:
        whole = xxh64(keys[:2_000].view(np.uint64)).tolist()
        peers[name] = Work(lambda: [jump.hash(h, nodes) for h in whole], len(whole))
    return Job(batch(lbcore.JumpHash(nodes), keys), peers, floor=floor(keys), marks={name: 2.5})


def alone(make: Callable[[], lbcore.Selector], part: int, marks: dict[str, float], quick: bool) -> Job:
    """Nobody else has it; part: of a batch, where a key costs much."""
    keys = keys_of(quick, part)
    return Job(batch(make(), keys), floor=floor(keys), marks=marks)


WEIGHTS = [1 + i % 7 for i in range(100)]

JOBS: dict[str, Maker] = {
    "hash mod N": partial(by_hash, lambda: lbcore.ModuloHash(10)),
    "hash slots": partial(by_hash, lambda: lbcore.HashSlots(10)),
    "maglev": partial(by_hash, lambda: lbcore.Maglev(names(10))),
    "ring, 10 nodes": partial(on_a_ring, 10),
    "ring, 100 nodes": partial(on_a_ring, 100),
    "ring, 1,000 nodes": partial(on_a_ring, 1000),
    "ring, 100 nodes, texts": texts_on_a_ring,
    "bounded ring, 100 nodes": partial(alone, lambda: lbcore.BoundedRing(names(100)), 8, {}),
    "jump, 100 nodes": partial(by_jump, 100),
    "jump, 1,000 nodes": partial(by_jump, 1000),
    "rendezvous, 100 nodes": partial(alone, lambda: lbcore.Rendezvous(names(100)), 64, {"before": 3.0}),
    "rendezvous, 100 nodes, weights": partial(
        alone, lambda: lbcore.Rendezvous(names(100), WEIGHTS), 64, {"before": 3.0}
    ),
}
