"""The experiments of lessons 00 to 04: parameters in, a small record out; nothing is drawn, printed or changed.

Each works on a copy of the selectors it is given, and on lbcore's classes, their twins and a student's own alike.
"""

from collections.abc import Iterable
from collections.abc import Sequence as SequenceOf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbcore import selectors
from lbcore.lab import students, theory
from lbcore.lab.deposits_failover import deposits
from lbcore.lab.experiments_failover import cascade, failover, survivors
from lbcore.lab.experiments_heartbeats import detection, raster, silences, tradeoff, weather
from lbcore.lab.experiments_queues import by_age, by_choices, by_load, latency, queue_lengths, served
from lbcore.lab.experiments_retries import amplified, brownout, crowd, reassign, stampede
from lbcore.lab.experiments_rings import bounded, changes, evenness, maglev, ring
from lbcore.lab.flows import hot_keys, moves
from lbcore.lab.inputs import distinct_keys, labelled, number
from lbcore.lab.results import Agreement, Balance, Sequence, Work, WorkRow
from lbcore.lab.road_failover import road
from lbcore.lab.runs import growth, luck
from lbcore.selectors import reference

__all__ = [
    "agreement",
    "amplified",
    "balance",
    "bounded",
    "brownout",
    "by_age",
    "by_choices",
    "by_load",
    "cascade",
    "changes",
    "crowd",
    "deposits",
    "detection",
    "distinct_keys",
    "evenness",
    "failover",
    "growth",
    "hot_keys",
    "latency",
    "luck",
    "maglev",
    "moves",
    "queue_lengths",
    "raster",
    "reassign",
    "ring",
    "road",
    "sequence",
    "served",
    "silences",
    "stampede",
    "survivors",
    "tradeoff",
    "weather",
    "work",
]

#: A row of a sequence has room for so many.
MOST_IN_SEQUENCE = 120
MOST_KEYS = 100_000


def _share(selector: Any, up: NDArray[np.bool_], keyed_at_random: bool) -> tuple[NDArray[np.float64] | None, str]:
    """The share of the requests that theory gives each node, and its law: "turns", "binomial" or "" for none."""
    live = up.astype(np.float64)
    kind, law = type(selector), ""
    if kind in (selectors.RoundRobin, reference.RoundRobin):
        law = "turns"
    elif kind in (selectors.Random, reference.Random) or (kind is selectors.ModuloHash and keyed_at_random):
        law = "binomial"
    elif kind is selectors.HashSlots and keyed_at_random:
        live = live * np.bincount(selector.owners, minlength=len(up))
        law = "binomial"
    else:
        weights = getattr(selector, "weights", None)
        if weights is not None and len(weights) == len(up):
            live = live * np.asarray(weights, dtype=np.float64)
        law = "binomial" if kind in (selectors.WeightedRandom, reference.WeightedRandom) else ""
    return (live / live.sum() if live.sum() > 0 else None), law


def balance(
    selector: Any,
    requests: int | None = None,
    keys: Any = None,
    *,
    seed: int | None = None,
    down: Iterable[Any] = (),
    nodes: int | SequenceOf[str] | None = None,
) -> Balance:
    """Requests at each node, beside what each should get.

    keys: for a selector that picks by key, the keys of the requests; left out, distinct keys made from `seed`.
    down: nodes, by name or index, that go down before the first request. nodes: only for a plain class that does not
    know its own. The band, where a law is known: the two whole numbers around the mean for round robin, the central
    95 % of the exact binomial for random picks and for distinct keys.
    """
    keyed = students.is_keyed(selector)
    if keys is not None and not keyed:
        raise TypeError(f"keys: {students.name_of(selector)} takes no keys")
    if keys is not None and not isinstance(keys, np.ndarray):
        keys = list(keys)
    if requests is None and keys is None:
        raise TypeError("requests: how many?")
    count = number("requests", len(keys) if requests is None else requests)
    if keys is not None and count > len(keys):
        raise ValueError(f"requests: {count} requests, but only {len(keys)} keys")
    made = keyed and keys is None
    asked = distinct_keys(count, seed or 0) if made else keys[:count] if keyed else count
    run = students.run(selector, asked, down, nodes)
    picked, n = len(run.picks), len(run.names)
    share, law = _share(selector, run.up, made)
    low = high = None
    if share is None:
        share, law = np.zeros(n), ""
    if law == "turns":
        low, high = np.floor(share * picked + 1e-9).astype(np.int64), np.ceil(share * picked - 1e-9).astype(np.int64)
    elif law == "binomial":
        low, high = theory.binomial_band(picked, share)
    return Balance(
        students.name_of(selector),
        run.names,
        run.counts(),
        share * picked,
        low,
        high,
        law == "turns",
        run.up,
        picked,
        run.asked,
        (seed or 0) if made else students.seed_of(selector) if seed is None else seed,
    )


def sequence(selector: Any, requests: int = 14, *, nodes: int | SequenceOf[str] | None = None) -> Sequence:
    """The order in which nodes are picked, by one selector or by several (a list, or a dict with a label for each)."""
    count = number("requests", requests, most=MOST_IN_SEQUENCE)
    rows = labelled(selector)
    found = [
        students.run(one, distinct_keys(count, 0) if students.is_keyed(one) else count, (), nodes) for _, one in rows
    ]
    names = max((run.names for run in found), key=len)
    return Sequence(tuple(label for label, _ in rows), names, tuple(run.picks for run in found))


def agreement(selectors: Any, keys: int = 1_000) -> Agreement:
    """Where the keys user:0, user:1, ... go, by several selectors that pick by key.

    selectors: a list, or a dict with a label for each; all of the same nodes, in the same order.
    """
    texts = [f"user:{i}" for i in range(number("keys", keys, 1, MOST_KEYS))]
    rows = labelled(selectors)
    for label, one in rows:
        if not students.is_keyed(one):
            raise TypeError(f"selectors: {label} does not pick by key")
    found = [students.run(one, texts) for _, one in rows]
    if len({run.names for run in found}) > 1:
        raise ValueError("selectors: they do not have the same nodes")
    if any((run.picks < 0).any() for run in found):
        raise ValueError("selectors: one has no node left to pick")
    return Agreement(tuple(label for label, _ in rows), found[0].names, tuple(run.picks for run in found))


def work(selector: Any, costs: Any, requests: int | None = None, *, nodes: int | SequenceOf[str] | None = None) -> Work:
    """Requests and work at each node, where each request has a cost; the costs repeat until `requests` are over."""
    given = np.asarray(costs, dtype=np.float64)
    if given.ndim != 1 or not given.size:
        raise ValueError("costs: give a list of numbers, one for each request")
    if not np.isfinite(given).all() or (given < 0).any():
        raise ValueError("costs: every cost must be a number of 0 or more")
    count = number("requests", len(given) if requests is None else requests)
    rows = labelled(selector)
    found = [
        students.run(one, distinct_keys(count, 0) if students.is_keyed(one) else count, (), nodes) for _, one in rows
    ]
    names = max((run.names for run in found), key=len)
    # Every row is judged by the same requests: those that the slowest (a plain class) has picked.
    count = min(len(run.picks) for run in found)
    each = np.resize(given, count)
    made = []
    for (label, _), run in zip(rows, found, strict=True):
        picks = run.picks[:count]
        served = picks >= 0
        loads: NDArray[Any] = np.bincount(picks[served], weights=each[served], minlength=len(names))
        made.append(WorkRow(label, np.bincount(picks[served], minlength=len(names)), loads))
    return Work(names, tuple(made), count, float(each.sum()))
