"""Consistent hashing: ns per lookup and build times, beside numpy and the packages that do the same, in one run.

    pip install -e '.[bench]'
    python tests/benchmarks/lookups.py [requests] [nodes ...]

Peers: np.searchsorted over the same ring's points with hashes made beforehand, uhashring, jump-consistent-hash, and
where Python is 3.13 or newer fastring. A peer that is not installed is left out. Ours include the hash of the key. Each
figure is the best of several repetitions; the ratios are what to compare between machines.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from picks import each, ns, xxh64

import lbcore

VIRTUAL_NODES = 160


def package(name: str) -> Any:
    """A peer, or None where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        return None


def seconds(call: Callable[[], Any]) -> float:
    """The fastest of some calls, in seconds."""
    return ns(call, 1) / 1e9


def row(name: str, ours: float, unit: str, peers: dict[str, float]) -> None:
    """One line: our figure, and each peer's with its ratio to ours."""
    beside = "  ".join(f"{peer} {value:,.1f} ({value / ours:.1f}x)" for peer, value in peers.items())
    print(f"  {name:34} {ours:10,.1f} {unit:3}  {beside}")


def together(nodes: int, requests: int) -> None:
    """The lookups and the builds at one number of nodes."""
    uhashring, jump, fastring = package("uhashring"), package("jump"), package("fastring")
    names = [f"node-{i}" for i in range(nodes)]
    keys = np.random.default_rng(1).integers(0, 2**63, requests)
    hashes = xxh64(keys.view(np.uint64))
    out = np.empty(requests, np.int32)
    texts = [f"user:{i}" for i in range(min(requests, 20_000))]
    ring = lbcore.HashRing(names, virtual_nodes=VIRTUAL_NODES)
    points, owners = ring.ring
    searched = owners[np.searchsorted(points, hashes) % len(points)]
    assert np.array_equal(ring.select_many(keys), searched), "numpy and the ring must agree"
    theirs: dict[str, Any] = {}
    if uhashring:
        theirs["uhashring"] = uhashring.HashRing(nodes=names, vnodes=VIRTUAL_NODES)
    if fastring:
        theirs["fastring"] = fastring.HashRing(virtual_nodes=VIRTUAL_NODES)
        for name in names:
            theirs["fastring"].add_node(name)

    print(f"{nodes} nodes")
    batch = {"searchsorted": ns(lambda: np.searchsorted(points, hashes), requests)}
    row("HashRing, integers in a batch", ns(lambda: ring.select_many(keys, out=out), requests), "ns", batch)
    batch = {name: ns(lambda r=peer: r.get_node_batch(texts), len(texts)) for name, peer in theirs.items()
             if hasattr(peer, "get_node_batch")}  # fmt: skip
    row("HashRing, texts in a batch", ns(lambda: ring.select_many(texts), len(texts)), "ns", batch)
    single = {name: each(peer.get_node, "user:1000") for name, peer in theirs.items()}
    row("HashRing, one text", each(ring.select, "user:1000"), "ns", single)
    others: list[lbcore.Selector] = [
        lbcore.BoundedRing(names),
        lbcore.JumpHash(names),
        lbcore.Maglev(names),
        lbcore.Rendezvous(names),
        lbcore.Rendezvous(names, [1 + i % 7 for i in range(nodes)]),
    ]
    for selector in others:
        name = type(selector).__name__ + (", weighted" if len(set(selector.weights.tolist())) > 1 else "")
        some = keys[: max(1, requests // nodes)] if isinstance(selector, lbcore.Rendezvous) else keys
        batch = {}
        if jump and isinstance(selector, lbcore.JumpHash):
            whole = hashes[:20_000].tolist()
            each_call = ns(lambda w=whole: [jump.hash(h, nodes) for h in w], len(whole))
            batch["jump-consistent-hash, one by one"] = each_call
        row(f"{name}, integers in a batch", ns(lambda s=selector, k=some: s.select_many(k), len(some)), "ns", batch)

    built: dict[str, float] = {}
    if uhashring:
        built["uhashring"] = 1e3 * seconds(lambda: uhashring.HashRing(nodes=names, vnodes=VIRTUAL_NODES))
    row("HashRing, built", 1e3 * seconds(lambda: lbcore.HashRing(names, virtual_nodes=VIRTUAL_NODES)), "ms", built)

    def come_and_go(peer: Any) -> None:
        (peer.add if hasattr(peer, "add") else peer.add_node)("new")
        (peer.remove if hasattr(peer, "remove") else peer.remove_node)("new")

    changed = {name: 1e6 * seconds(lambda r=peer: come_and_go(r)) for name, peer in theirs.items()}
    row("HashRing, a node added and removed", 1e6 * seconds(lambda: come_and_go(ring)), "us", changed)
    for kind in (lbcore.Maglev, lbcore.Rendezvous, lbcore.JumpHash):
        row(f"{kind.__name__}, built", 1e3 * seconds(lambda k=kind: k(names)), "ms", {})


def main(requests: int = 1 << 20, *nodes: int) -> None:
    """Print the tables."""
    for n in nodes or (10, 100, 1000):
        together(n, requests)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
