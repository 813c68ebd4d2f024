"""Experiments with keys: what moves when the nodes change, and where the hottest key lands."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lbcore import selectors
from lbcore.lab import students, theory
from lbcore.lab.inputs import distinct_keys, labelled, number, uniform_bits
from lbcore.lab.results import HotKeys, Moves, MovesRow
from lbcore.lab.results_rings import Circle, Ring

__all__ = ["circle", "hot_keys", "moves", "zipf_ranks"]


def moves(before: Any, after: Any, keys: Any = 10_000, *, seed: int = 0) -> Moves:
    """How many keys change their node from `before` to `after`, and from where to where; nodes are compared by name.

    before, after: selectors, or lists of them to compare algorithms. Where `after` is a number, it is `before` with
    nodes added, or the last ones removed, until it has so many. keys: how many distinct keys (made from `seed`), or
    the keys themselves.
    """
    old = labelled(before)
    later = list(after) if isinstance(after, (list, tuple)) else [after] * (len(old) if _is_number(after) else 1)
    if len(old) != len(later):
        raise ValueError(f"after: {len(later)} selectors, but {len(old)} before")
    later = [_resized(a, b) if _is_number(b) else b for (_, a), b in zip(old, later, strict=True)]
    counted = isinstance(keys, (int, np.integer))
    given = distinct_keys(number("keys", keys, 1), seed) if counted else keys
    if not isinstance(given, np.ndarray):
        given = list(given)
    if not len(given):
        raise ValueError("keys: give at least one")
    if any(students.is_plain(one) for one in [a for _, a in old] + later):
        given = given[: students.MOST_PICKS]
    rows = []
    for (label, a), b in zip(old, later, strict=True):
        for one in (a, b):
            if not students.is_keyed(one):
                raise TypeError(f"before: {students.name_of(one)} picks without a key, so no key can move")
        was, now = students.run(a, given), students.run(b, given)
        placed = (was.picks >= 0) & (now.picks >= 0)
        flow = np.bincount(
            was.picks[placed].astype(np.int64) * len(now.names) + now.picks[placed],
            minlength=len(was.names) * len(now.names),
        ).reshape(len(was.names), len(now.names))
        moved = (
            int(selectors.moved(a, b, given))
            if not students.is_plain(a) and not students.is_plain(b)
            else len(given)
            - sum(int(flow[i, now.names.index(name)]) for i, name in enumerate(was.names) if name in now.names)
        )
        rows.append(MovesRow(label, was.names, now.names, flow, moved, _theory(a, b)))
    return Moves(tuple(rows), len(given))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _resized(selector: Any, count: Any) -> Any:
    """A copy with `count` nodes: the new ones are called as the old ones are, by the first number that is free."""
    count = number("after", count, 1, 100_000)
    have = len(students.names_of(selector))
    verb = "add" if count > have else "remove"
    if count != have and not callable(getattr(selector, verb, None)):
        raise TypeError(
            f"after: {students.name_of(selector)} has no {verb}(), which {have} to {count} nodes needs; "
            "give the selector after the change"
        )
    resized = students.duplicate(selector)
    free = (f"node-{i}" for i in range(have + count) if f"node-{i}" not in students.names_of(selector))
    for _ in range(count - have):
        # A twin's add() and a student's take no name: their nodes are numbers.
        resized.add() if students.is_plain(resized) else resized.add(next(free))
    for last in range(have - 1, count - 1, -1):
        resized.remove(last)
    return resized


def _theory(before: Any, after: Any) -> float | None:
    """The share of keys that should move; None where there is no law, as for a student's own class.

    Where a table or a ring says who owns what, it is the part of it that changes hands, which is exact.
    """
    kind = type(before)
    if type(after) is not kind or kind not in _LAWS:
        return None  # a twin's or a student's `up` may be anything
    if not (before.up.all() and after.up.all()):
        return None
    return _LAWS[kind](before, after)


def _modulo(before: Any, after: Any) -> float:
    return 1 - theory.kept_share(before.nodes, after.nodes)


def _table(before: Any, after: Any) -> float | None:
    """A key moves when its slot does."""
    if len(before.owners) != len(after.owners):
        return None
    names = np.array(before.nodes)[before.owners], np.array(after.nodes)[after.owners]
    return float(np.mean(names[0] != names[1]))


def _ring(before: Any, after: Any) -> float | None:
    """A key moves when its part of the circle does."""
    for state in (before.__getstate__(), after.__getstate__()):
        if state["rule"] != "first" or state["bits"] != 64:
            return None
    return Ring(0, circle(before), circle(after), np.empty(0), 0.0, 0).share


def circle(ring: selectors.HashRing) -> Circle:
    """The points of a ring as places on a circle."""
    point, owner = ring.ring
    return Circle(ring.nodes, point.astype(np.float64) / 2.0**64, owner.astype(np.int64))


def _jump(before: Any, after: Any) -> float | None:
    """Jump hash sees numbers of nodes only, so their names must be in the same order."""
    few, many = sorted((before.nodes, after.nodes), key=len)
    return 1 - len(few) / len(many) if many[: len(few)] == few else None


def _rendezvous(before: Any, after: Any) -> float | None:
    """A key stays if its node would win among all nodes, old and new."""
    old, new = (dict(zip(one.nodes, one.weights.tolist(), strict=True)) for one in (before, after))
    if any(old[name] != new[name] for name in old.keys() & new.keys()):
        return None
    return 1 - float(sum(old[name] for name in old.keys() & new.keys()) / sum((old | new).values()))


_LAWS: dict[type, Callable[[Any, Any], float | None]] = {
    selectors.ModuloHash: _modulo,
    selectors.HashSlots: _table,
    selectors.Maglev: _table,
    selectors.HashRing: _ring,
    selectors.JumpHash: _jump,
    selectors.Rendezvous: _rendezvous,
}


def hot_keys(
    selector: Any,
    requests: int = 100_000,
    exponent: float = 1.0,
    keys: int = 1_000,
    *,
    seed: int = 0,
    nodes: int | Sequence[str] | None = None,
) -> HotKeys:
    """Requests at each node when keys follow Zipf's law: the k-th of `keys` is asked for like k^-exponent."""
    requests, keys = number("requests", requests), number("keys", keys, 1, 1_000_000)
    exponent = float(exponent)
    rank = zipf_ranks(requests, exponent, keys, seed)
    asked = distinct_keys(keys, seed)[rank] if students.is_keyed(selector) else requests
    run = students.run(selector, asked, (), nodes)
    hot = rank[: len(run.picks)] == 0
    return HotKeys(
        students.name_of(selector),
        run.names,
        run.counts(),
        run.counts(hot),
        len(run.picks),
        run.asked,
        keys,
        exponent,
        seed,
    )


def zipf_ranks(requests: int, exponent: float, keys: int, seed: int) -> np.ndarray:
    """Which key each request asks for: the k-th of `keys` as often as k^-exponent says, k - 1 being its number."""
    if not 0 <= exponent <= 10:
        raise ValueError(f"exponent: {exponent:g} is not between 0 and 10")
    share = np.arange(1, keys + 1, dtype=np.float64) ** -exponent
    return _ranks(np.cumsum(share) / share.sum(), requests, seed)


def _ranks(edges: np.ndarray, requests: int, seed: int) -> np.ndarray:
    """Which key each request asks for: the first whose edge is beyond a uniform draw."""
    bits = uniform_bits(requests, seed + 0x5EED)
    # A table over the highest 12 bits answers most draws; the few in a cell with an edge are searched.
    cells = np.searchsorted(edges, np.arange((1 << 12) + 1) / (1 << 12), side="right").clip(max=len(edges) - 1)
    cell = (bits >> np.uint64(52)).astype(np.int64)
    rank = cells[cell]
    unsure = np.flatnonzero(cells[cell + 1] != rank)
    draws = (bits[unsure] >> np.uint64(11)).astype(np.float64) * 2.0**-53
    rank[unsure] = np.searchsorted(edges, draws, side="right").clip(max=len(edges) - 1)
    return rank
