"""HAProxy's balance methods: https://docs.haproxy.org/2.6/configuration.html#4.2-balance

The rules hold for 2.0 to 2.9 and for later versions where nothing else is said. Two servers may have one address; the
second `a:80` is called `a:80#2` here. A weight is 0 to 256; a server of weight 0 gets nothing. `mark_down` is what a
failed health check does: the server leaves its queue, map or ring, and takes its place again later. `avoid` is `option
redispatch`: HAProxy avoids the server that was tried last, the last of `avoid`, and hands it out again where it is the
only one, or where a map's key is its.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, SupportsIndex
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from lbcore._counting import repeat
from lbcore.presets._checks import TextHash, Weights, address, choice, integer, texts, weights_of
from lbcore.selectors import Selector
from lbcore.selectors.hash_functions import avalanche as stirred
from lbcore.selectors.hash_functions import djb2, sdbm, wt6
from lbcore.selectors.systems.haproxy import (
    BoundedNearestRing,
    FastLeastConnections,
    FastWeightedRoundRobin,
    MapHash,
    MapRoundRobin,
    NearestRing,
)

FUNCTIONS: dict[str, Callable[[bytes], int]] = {"sdbm": sdbm, "djb2": djb2, "wt6": wt6, "crc32": crc32}
METHODS = ("map-based", "consistent")
RINGS = ("2.x", "3.0")
NO_KEY = 2**64 - 1  # a hash that says so to the selector
ELEMENT = re.compile(rb'(?:[^",]|"(?:[^"\\]|\\.?)*"?)*', re.DOTALL)
POINTS_PER_WEIGHT = 16
POINTS_PER_ID = 4096


def roundrobin(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """`balance roundrobin`: fast weighted round robin.

    From 3.2 on each thread group has turns of its own, and they begin at different servers; one group alone is as here.

    >>> roundrobin(["a:80", "b:80", "c:80"], [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 1, 0, 0, 2]
    """
    names = texts(servers, "servers", twice=True)
    return FastWeightedRoundRobin(names, weights_of(weights, len(names), 0, 256))


def static_rr(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """`balance static-rr`: turns that are written down when a server comes or goes."""
    names = texts(servers, "servers", twice=True)
    return MapRoundRobin(names, weights_of(weights, len(names), 0, 256))


def leastconn(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """`balance leastconn`: fewest requests in flight over the weight; the one that moved last comes last.

    For versions below 3.2. From there on servers of one load stand in four lists, and which list serves is drawn.
    """
    names = texts(servers, "servers", twice=True)
    return FastLeastConnections(names, weights_of(weights, len(names), 0, 256))


def hash(
    servers: Sequence[str],
    weights: Weights | None = None,
    method: str = "map-based",
    function: str = "sdbm",
    avalanche: bool | None = None,
    ids: Sequence[SupportsIndex | None] | None = None,
    balance_factor: SupportsIndex | None = None,
    ring: str = "2.x",
    header: bool = False,
) -> Selector:
    """`balance hdr(...)` and other hashes of text, with `hash-type METHOD FUNCTION [avalanche]`.

    avalanche: whether the hash is stirred once more. None is what `hash-type METHOD` does when nothing follows it:
    sdbm, stirred for `consistent`; another function is stirred only if you say so. `hash-type consistent sdbm`, in
    full, is not: that is avalanche=False. ids: the servers' `id`, which name their points on the ring; None is the
    number of the server's place, or the next free one, from which the count goes on. balance_factor:
    `hash-balance-factor`, 101 to 65535, for `consistent` alone; see `release`.

    ring: "2.x", also from October 2025 on; or "3.0", for 3.0 and for 3.1 and 3.2 before they were mended then: without
    `hash-key` these have other points. header: the key is a header as it stands, of which `balance hdr(name)` takes the
    first element, up to a comma that is not within double quotes, without blanks around it; an empty one takes turns.
    What `use_domain_only`, or `uri` with `len` or `depth`, cut off a key is yours to cut.

    A map is written anew when a server comes up or goes down; the server to avoid keeps its keys there. Without
    header=True a key is hashed as it is, also an empty one.
    """
    choice(function, "function", FUNCTIONS)
    if not isinstance(header, (bool, np.bool_)):
        raise TypeError(f"header: {header!r} is of type {type(header).__name__}; give True or False")
    key_hash = TextHash(FUNCTIONS[function], _stirring(method, function, avalanche))
    return _hashed(servers, weights, method, ids, balance_factor, ring, HeaderHash(key_hash) if header else key_hash)


def source(
    servers: Sequence[str],
    weights: Weights | None = None,
    method: str = "map-based",
    function: str = "sdbm",
    avalanche: bool | None = None,
    ids: Sequence[SupportsIndex | None] | None = None,
    balance_factor: SupportsIndex | None = None,
    ring: str = "2.x",
) -> Selector:
    """`balance source`: the 32-bit words of an IP address, xored. The key is the client's address in text.

    The arguments are those of `hash`. No function is applied to an address, so `function` only decides, as there,
    what avalanche=None means.
    """
    choice(function, "function", FUNCTIONS)
    key_hash = TextHash(folded, _stirring(method, function, avalanche))
    return _hashed(servers, weights, method, ids, balance_factor, ring, key_hash)


@dataclass(frozen=True)
class HeaderHash:
    """A hash of the first element of a header; of an empty one, what says that there is no key."""

    hash: TextHash
    text_only: ClassVar[bool] = True

    def __call__(self, data: bytes) -> int:
        element = first_element(data)
        return self.hash(element) if element else NO_KEY


def first_element(header: bytes) -> bytes:
    """What stands before the first comma that is not within double quotes, without blanks around it.

    >>> first_element(b' "a, b" , c')
    b'"a, b"'
    """
    found = ELEMENT.match(header)
    return found[0].strip(b" \t\r\n") if found else b""


def folded(data: bytes) -> int:
    """The big-endian 32-bit words of an address in text, xored."""
    words = np.frombuffer(address(data), ">u4")
    return int(np.bitwise_xor.reduce(words))


def _stirring(method: str, function: str, avalanche: bool | None) -> Callable[[int], int] | None:
    choice(method, "method", METHODS)
    if avalanche is None:
        avalanche = method == "consistent" and function == "sdbm"
    elif not isinstance(avalanche, (bool, np.bool_)):
        raise TypeError(f"avalanche: {avalanche!r} is of type {type(avalanche).__name__}; give True, False or None")
    return stirred if avalanche else None


def _hashed(
    servers: Sequence[str],
    weights: Weights | None,
    method: str,
    ids: Sequence[SupportsIndex | None] | None,
    balance_factor: SupportsIndex | None,
    ring: str,
    key_hash: TextHash | HeaderHash,
) -> Selector:
    names = texts(servers, "servers", twice=True)
    numbers = weights_of(weights, len(names), 0, 256)
    choice(ring, "ring", RINGS)
    points = partial(ring_points, ids=dict(zip(names, _ids(ids, len(names)), strict=True)), ring=ring)
    if method == "map-based":
        if balance_factor is not None:
            raise ValueError("balance_factor: only a ring has one; give method='consistent'")
        return MapHash(names, numbers, key_hash=key_hash)
    if balance_factor is None:
        return NearestRing(names, numbers, points=points, bits=32, key_hash=key_hash)
    factor = integer(balance_factor, "balance_factor", 101, 65535)
    return BoundedNearestRing(names, numbers, factor=factor, points=points, bits=32, key_hash=key_hash)


def _ids(ids: Sequence[SupportsIndex | None] | None, n: int) -> list[int]:
    if ids is None:
        return list(range(1, n + 1))
    if isinstance(ids, (str, bytes)) or not hasattr(ids, "__len__"):
        raise TypeError(f"ids: {ids!r} is of type {type(ids).__name__}; give a list of integers")
    if len(ids) != n:
        raise ValueError(f"ids: {len(ids)} ids for {n} servers")
    given = [None if number is None else integer(number, f"ids[{i}]", 1, 2**31 - 1) for i, number in enumerate(ids)]
    taken = {number for number in given if number is not None}
    if len(taken) < n - given.count(None):
        raise ValueError("ids: two servers have the same id")
    numbers, free = [], 1
    for number in given:
        if number is None:
            while free in taken:
                free += 1
            taken.add(free)
        numbers.append(free if number is None else number)
        free += 1
    return numbers


def ring_points(
    nodes: tuple[str, ...], weights: NDArray[np.int64], ids: dict[str, int], ring: str = "2.x"
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """16 points of 32 bits for each unit of weight, made of the server's id; a new server gets the next free one."""
    ids = dict(ids)
    for name in nodes:
        ids.setdefault(name, max(ids.values()) + 1)
    counts = weights * POINTS_PER_WEIGHT
    first = {name: ids[name] * POINTS_PER_ID if ring == "2.x" else stirred(ids[name]) for name in nodes}
    points = [
        stirred((first[name] + i) & 0xFFFFFFFF)
        for name, count in zip(nodes, counts.tolist(), strict=True)
        for i in range(count)
    ]
    return np.array(points, np.uint64), repeat(np.arange(len(nodes), dtype=np.int32), counts)
