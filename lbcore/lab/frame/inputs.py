"""What the experiments are given: checks at the door, and keys and draws that a seed fixes on every platform."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbcore._checks import whole
from lbcore.lab.student import classes

__all__ = ["distinct_keys", "labelled", "legible", "number", "uniform_bits", "zipf_ranks"]

MOST_REQUESTS = 100_000_000


def number(name: str, value: Any, least: int = 0, most: int = MOST_REQUESTS) -> int:
    """`value` as an int from `least` to `most`, or an error that names the argument."""
    return whole(name, value, least, most)


def legible(name: str, value: Any) -> None:
    """ValueError where a name that is to be drawn has half of a surrogate pair: no page and no picture takes it.

    Looked at are texts, the nodes of a selector, and what stands in a list or a dict.
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name}: {value!r} has half of a surrogate pair, which is no letter") from None
    elif isinstance(value, Mapping):
        legible(name, [*value.keys(), *value.values()])
    elif isinstance(value, (list, tuple)):
        for one in value:
            legible(name, one)
    elif not isinstance(value, (type, np.ndarray)) and isinstance(
        nodes := getattr(value, "nodes", None), (list, tuple)
    ):
        legible(name, nodes)


def uniform_bits(count: int, seed: int) -> NDArray[np.uint64]:
    """`count` draws of 64 bits, all different: SplitMix64, which turns a counter around until nothing shows of it."""
    start = np.uint64((seed * 0xD1342543DE82EF95 + 0x2545F4914F6CDD1D) % 2**64)
    z = np.arange(1, count + 1, dtype=np.uint64)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z += start
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def distinct_keys(count: int, seed: int = 0) -> NDArray[np.uint64]:
    """`count` keys, no two the same: as good as any to see how a hash spreads keys."""
    return uniform_bits(number("count", count), seed)


def labelled(given: Any) -> list[tuple[str, Any]]:
    """One thing, a list of them, or a dict with a label for each, as (label, thing); names that repeat are numbered."""
    if isinstance(given, Mapping):
        rows = [(str(label), one) for label, one in given.items()]
    else:
        several = list(given) if isinstance(given, (list, tuple)) else [given]
        names = [classes.name_of(one[0] if isinstance(one, tuple) else one) for one in several]
        rows = [
            (name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}", one)
            for i, (name, one) in enumerate(zip(names, several, strict=True))
        ]
    if not rows:
        raise ValueError("selector: give at least one")
    return rows


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
