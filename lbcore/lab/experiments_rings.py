"""The experiments of lesson 05: who owns the ring, what a change moves, what it costs, and a hot key."""

import inspect
import time
import tracemalloc
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from lbcore import selectors
from lbcore.faults import Clock
from lbcore.lab import students, theory
from lbcore.lab.flows import circle, moves, zipf_ranks
from lbcore.lab.inputs import distinct_keys, number, uniform_bits
from lbcore.lab.results_rings import Bounded, Changes, Costs, Evenness, Ring, Table

__all__ = ["ALGORITHMS", "bounded", "changes", "evenness", "maglev", "measured", "ring"]

#: The ways to give a key to a node, in the order of the lesson.
ALGORITHMS: dict[str, Callable[[int], Any]] = {
    "hash mod N": selectors.ModuloHash,
    "slots": selectors.HashSlots,
    "ring": selectors.HashRing,
    "jump": selectors.JumpHash,
    "rendezvous": selectors.Rendezvous,
    "Maglev": selectors.Maglev,
}
MOST_NODES, MOST_VIRTUAL, MOST_ENTRIES = 24, 1_000, 1_024

#: Keys that are looked up to see how long it takes, and how often; the quickest counts.
LOOKUPS, TIMES = 20_000, 7


def ring(virtual_nodes: int = 1, nodes: int = 10, after: int | None = None, *, keys: int = 60, seed: int = 7) -> Ring:
    """The ring of so many nodes with so many virtual nodes each, and what changes when there are `after` nodes.

    keys: how many distinct keys, made from `seed`, are put on it. The ring itself depends on the nodes' names alone.
    """
    virtual_nodes = number("virtual_nodes", virtual_nodes, 1, MOST_VIRTUAL)
    nodes, keys = number("nodes", nodes, 1, MOST_NODES), number("keys", keys, 0, 1_000)
    seed = number("seed", seed, 0, 2**63)
    later = None if after is None else number("after", after, 1, MOST_NODES)
    return Ring(
        virtual_nodes,
        circle(selectors.HashRing(nodes, virtual_nodes=virtual_nodes)),
        None if later is None else circle(selectors.HashRing(later, virtual_nodes=virtual_nodes)),
        uniform_bits(keys, seed).astype(np.float64) / 2.0**64,
        theory.ring_peak(nodes if later is None else later, virtual_nodes),
        seed,
    )


def evenness(
    virtual_nodes: Iterable[int] = (1, 3, 10, 30, 100, 300), nodes: int = 10, *, rings: int = 200, seed: int = 7
) -> Evenness:
    """How uneven rings are: so many of them for each number of virtual nodes, each with nodes of other names."""
    given = [virtual_nodes] if isinstance(virtual_nodes, (int, np.integer)) else list(virtual_nodes)
    each = sorted({number("virtual_nodes", one, 1, MOST_VIRTUAL) for one in given})
    if not each:
        raise ValueError("virtual_nodes: give at least one number")
    nodes, rings = number("nodes", nodes, 2, 1_000), number("rings", rings, 1, 10_000)
    seed = number("seed", seed, 0, 2**63)
    if nodes * rings * sum(each) > 20_000_000:
        raise ValueError(f"rings: {rings:,} rings of so many points take too long; give fewer")
    peaks, spreads = [], []
    for count in each:
        names = ([f"{seed + i}-{node}" for node in range(nodes)] for i in range(rings))
        made = [circle(selectors.HashRing(some, virtual_nodes=count)) for some in names]
        peaks.append(np.array([one.peak for one in made]))
        spreads.append(np.array([one.spread for one in made]))
    curve = np.union1d(np.geomspace(1, max(10, each[-1]), 40).round().astype(np.int64), each)
    return Evenness(
        nodes,
        np.array(each),
        tuple(peaks),
        tuple(spreads),
        curve,
        np.array([theory.ring_peak(nodes, int(count)) for count in curve]),
        np.array([theory.ring_spread(nodes, int(count)) for count in curve]),
        seed,
    )


def changes(nodes: int = 10, *, keys: int = 10_000, seed: int = 7) -> Changes:
    """How many keys move when one node comes, and when the last one goes, for each of ALGORITHMS."""
    nodes = number("nodes", nodes, 2, 1_000)
    made = {label: cls(nodes) for label, cls in ALGORITHMS.items()}
    up, down = (moves(made, [after] * len(made), keys, seed=seed) for after in (nodes + 1, nodes - 1))
    return Changes(nodes, up, down)


def maglev(removed: int = 4, table_size: int = 31, nodes: int = 5) -> Table:
    """The table of Maglev for so many nodes, and the one without node `removed`. table_size: a prime."""
    nodes = number("nodes", nodes, 2, 16)
    removed, table_size = number("removed", removed, 0, nodes - 1), number("table_size", table_size, 2, MOST_ENTRIES)
    made = selectors.Maglev(nodes, table_size=table_size)
    names, before = tuple(made.nodes), made.owners.astype(np.int64)
    made.remove(removed)
    # Who comes after the removed node has moved up by one: back to the number it had.
    after = made.owners.astype(np.int64)
    return Table(names, removed, before, after + (after >= removed))


def bounded(
    cls: Any = selectors.BoundedRing,
    eps: float = 0.25,
    *,
    nodes: int = 10,
    requests: int = 1_000,
    exponent: float = 1.0,
    keys: int = 1_000,
    seed: int = 7,
) -> Bounded:
    """Requests that are all in flight at once, whose keys follow Zipf's law, on a ring and on one with bounded loads.

    cls: `BoundedRing`, or a student's class that is made with (nodes, eps). requests: none has ended when the last
    one comes.
    """
    nodes, requests = number("nodes", nodes, 1, 64), number("requests", requests, 1, 20_000)
    seed, eps = number("seed", seed, 0, 2**63), float(eps)
    if not 0.01 <= eps <= 10:
        raise ValueError(f"eps: {eps:g} is not between 0.01 and 10")
    if not callable(getattr(cls, "select", None)) or not inspect.isclass(cls):
        raise TypeError(f"cls: {cls!r} is no class with select(key)")
    if not (students.is_plain(cls) or issubclass(cls, selectors.BoundedRing)):
        raise TypeError(f"cls: {students.name_of(cls)} has no bound; give BoundedRing or a class of your own")
    keys, exponent = number("keys", keys, 1, 1_000_000), float(exponent)
    rank = zipf_ranks(requests, exponent, keys, seed)
    asked = distinct_keys(keys, seed)[rank]
    make: Callable[..., Any] = cls
    selector = make(nodes, eps) if students.is_plain(cls) else make(nodes, eps=eps)
    plain, run = students.run(selectors.HashRing(nodes), asked), students.run(selector, asked, (), nodes)
    hot = rank == 0
    return Bounded(
        students.name_of(cls),
        plain.names,
        eps,
        plain.counts(),
        plain.counts(hot),
        run.counts(),
        run.counts(hot),
        int(np.count_nonzero(plain.picks != run.picks)),
        requests,
        keys,
        exponent,
        seed,
    )


def measured(clock: Clock, report: Callable[..., None], *, nodes: int) -> Costs:
    """What each of ALGORITHMS costs with so many nodes, on this machine and now. `clock` is not asked: nobody waits."""
    keys = distinct_keys(LOOKUPS, 7)
    build_ms, lookup_ns, memory_kb = [], [], []
    for done, cls in enumerate(ALGORITHMS.values()):
        build_ms.append(1e3 * _quickest(partial(cls, nodes)))
        lookup_ns.append(1e9 / LOOKUPS * _quickest(partial(cls(nodes).select_many, keys)))
        memory_kb.append(_held_kb(partial(cls, nodes)))
        report((done + 1) / len(ALGORITHMS))
    return Costs(nodes, tuple(ALGORITHMS), np.array(build_ms), np.array(lookup_ns), np.array(memory_kb))


def _quickest(call: Callable[[], Any]) -> float:
    """The seconds that a call takes: the shortest of some, since all that disturbs makes it longer."""
    found = []
    for _ in range(TIMES):
        begun_s = time.perf_counter()
        call()
        found.append(time.perf_counter() - begun_s)
    return min(found)


def _held_kb(make: Callable[[], Any]) -> float:
    """The kilobytes that what `make` returns keeps allocated, as `tracemalloc` counts them."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        held = make()
        after = tracemalloc.get_traced_memory()[0]
        del held
    finally:
        if not tracing:
            tracemalloc.stop()
    return max(0, after - before) / 1e3
