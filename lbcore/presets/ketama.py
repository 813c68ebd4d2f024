"""Programs that call their ring ketama or build one like it, and do not agree on where a key goes.

libketama (https://github.com/RJ/ketama), twemproxy (https://github.com/twitter/twemproxy), libmemcached
(https://libmemcached.org), uhashring (https://github.com/ultrabug/uhashring) and Python's hash_ring
(https://pypi.org/project/hash-ring, 1.3). A weight is 1 or more. `mark_down` is
an ejected or removed server: the ring is built anew without it.
"""

import re
from binascii import crc_hqx
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import md5
from math import floor
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from lbcore._checks import short
from lbcore._counting import repeat
from lbcore.presets._checks import TextHash, Weights, choice, texts, weights_of
from lbcore.selectors import HashRing, Selector
from lbcore.selectors import hash_functions as functions
from lbcore.selectors.hashing import HashTable

MOST_ENTRIES = 1 << 24
Placed = tuple[NDArray[np.uint64], NDArray[np.int32]]


def md5_word(data: bytes) -> int:
    """The first four bytes of the MD5, little-endian."""
    return int.from_bytes(md5(data, usedforsecurity=False).digest()[:4], "little")


def crc16(data: bytes) -> int:
    """CRC16/XMODEM whose register is 32 bits wide and never cut: three crc16 of the last three prefixes, overlaid."""
    before = crc_hqx(data[:-2], 0) if len(data) > 1 else 0
    last = crc_hqx(data[:-1], 0) if data else 0
    return (before >> 8) << 24 | (last >> 8) << 16 | crc_hqx(data, 0)


def crc32_15(data: bytes) -> int:
    """15 bits of the CRC32."""
    return crc32(data) >> 16 & 0x7FFF


def murmur(data: bytes) -> int:
    """MurmurHash2 with a seed made of the length."""
    return functions.murmur2(data, 0xDEADBEEF * len(data) & 0xFFFFFFFF)


def jenkins(data: bytes) -> int:
    """Lookup3 from 13 on."""
    return functions.jenkins(data, 13)


FUNCTIONS: dict[str, Callable[[bytes], int]] = {
    "one_at_a_time": functions.one_at_a_time,
    "md5": md5_word,
    "crc16": crc16,
    "crc32": crc32_15,
    "crc32a": crc32,
    "fnv1_64": functions.fnv1_64,
    "fnv1a_64": functions.fnv1a_64,
    "fnv1_32": functions.fnv1_32,
    "fnv1a_32": functions.fnv1a_32,
    "hsieh": functions.hsieh,
    "murmur": murmur,
    "jenkins": jenkins,
}
MEMCACHED: dict[str, Callable[[bytes], int]] = {
    "default": functions.one_at_a_time,
    "md5": md5_word,
    "crc": crc32_15,
    **{name: FUNCTIONS[name] for name in ("fnv1_64", "fnv1a_64", "fnv1_32", "fnv1a_32", "hsieh", "murmur", "jenkins")},
}


@dataclass(frozen=True)
class Md5Points:
    """Groups of points: the MD5 of `name-0`, `name-1`, ..., each cut into four 32-bit words, little-endian."""

    groups: Callable[[NDArray[np.int64]], list[int]]
    names: dict[str, str] | None = None  # what a server is called on the ring
    words: int = 4  # how many of the four count

    def __call__(self, nodes: tuple[str, ...], weights: NDArray[np.int64]) -> Placed:
        counts = self.groups(weights)
        known = self.names or {}
        digests = b"".join(
            md5(f"{known.get(node, node)}-{group}".encode(), usedforsecurity=False).digest()[: 4 * self.words]
            for node, count in zip(nodes, counts, strict=True)
            for group in range(count)
        )
        owners = repeat(np.arange(len(nodes), dtype=np.int32), np.multiply(counts, self.words))
        return np.frombuffer(digests, "<u4").astype(np.uint64), owners


@dataclass(frozen=True)
class HundredPoints:
    """A hundred points for each server, whatever it weighs: a hash of `name-0` to `name-99`."""

    function: Callable[[bytes], int]

    def __call__(self, nodes: tuple[str, ...], weights: NDArray[np.int64]) -> Placed:
        alive = np.flatnonzero(weights).astype(np.int32)
        points = [self.function(f"{without_port(nodes[i])}-{j}".encode()) for i in alive for j in range(100)]
        return np.array(points, np.uint64), repeat(alive, 100)


@dataclass(frozen=True)
class Tagged:
    """A hash of what stands between the two characters of a tag, where a key has them and something in between."""

    function: Callable[[bytes], int]
    tag: bytes | None

    def __call__(self, data: bytes) -> int:
        if self.tag:
            inner, end, _ = data.partition(self.tag[:1])[2].partition(self.tag[1:])
            data = inner if inner and end else data
        return self.function(data) if data else 0


def float64_groups(weights: NDArray[np.int64]) -> list[int]:
    """40 groups a server on average: a share in float32, its product in float64, rounded to float32 and down."""
    n, total = np.count_nonzero(weights), np.float32(weights.sum())
    return [floor(np.float32(float(np.float32(weight) / total) * 40.0 * n)) for weight in weights.tolist()]


def float32_groups(weights: NDArray[np.int64]) -> list[int]:
    """40 groups a server on average, in float32 throughout but for the little that is added before rounding down."""
    n, total = np.float32(np.count_nonzero(weights)), np.float32(weights.sum())
    shares = [np.float32(weight) / total * np.float32(160) / np.float32(4) * n for weight in weights.tolist()]
    return [floor(np.float32(float(share) + 1e-10)) for share in shares]


def integer_groups(weights: NDArray[np.int64]) -> list[int]:
    """40 groups a server on average, rounded down."""
    n, total = int(np.count_nonzero(weights)), int(weights.sum())
    return [40 * n * weight // total for weight in weights.tolist()]


def map_by_weight(nodes: tuple[str, ...], weights: NDArray[np.int64], names: dict[str, str]) -> NDArray[np.int64]:
    """As many entries in a row as a server weighs; servers with short names first, those of one length by their bytes.

    That is the order in which twemproxy keeps them, whatever its configuration says.
    """
    known = [names.get(node, node).encode() for node in nodes]
    order = sorted(range(len(nodes)), key=lambda i: (len(known[i]), known[i]))
    return repeat(order, weights[order])


def in_order(nodes: tuple[str, ...], weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """One entry for each server that is up."""
    return np.flatnonzero(weights)


def without_port(name: str) -> str:
    """memcached's port is not part of a name."""
    return name.removesuffix(":11211")


def libketama(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """The original: four points of each MD5 of `host:port-i`, MD5 of the key, the first point at or after it."""
    return _ring(texts(servers, "servers"), weights, Md5Points(float64_groups), TextHash(md5_word))


def twemproxy(
    servers: Sequence[str],
    weights: Weights | None = None,
    hash: str = "fnv1a_64",
    hash_tag: str | None = None,
    distribution: str = "ketama",
) -> Selector:
    """twemproxy's pools, with `hash`, `hash_tag` and `distribution` as in its configuration.

    servers: `host:port`, or an entry as the configuration has it: `host:port:weight` and maybe a name behind a space,
    which then stands for the server on the ring. Port 11211 does not count there. hash_tag: two characters. crc32 has
    15 bits, so with the ketama ring, whose points have 32, all keys go to the server of one point. modula is the hash
    mod the sum of the weights, over the servers in the order of their names: by length, then by bytes.
    """
    choice(distribution, "distribution", ("ketama", "modula"))
    choice(hash, "hash", FUNCTIONS)
    if hash_tag is not None and not isinstance(hash_tag, str):
        raise TypeError(f"hash_tag: {short(hash_tag)} is of type {type(hash_tag).__name__}; give two characters")
    tag = hash_tag.encode() if hash_tag is not None else None
    if tag is not None and len(tag) != 2:
        raise ValueError(f"hash_tag: {hash_tag!r} is not two characters of ASCII")
    entries, names, given = texts(servers, "servers"), [], []
    for entry in entries:
        address, _, alias = entry.partition(" ")
        plain = re.fullmatch(r"(.*:\d+):(\d+)|(/.*):(\d+)", address)
        address, weight = (plain[1] or plain[3], int(plain[2] or plain[4])) if plain else (address, 1)
        names.append(alias.strip() or without_port(address))
        given.append(weight)
    if len(set(names)) < len(names):
        raise ValueError("servers: two have the same name on the ring")
    if weights is None:
        weights = given
    elif any(weight != 1 for weight in given) and weights_of(weights, len(names), 1) != given:
        raise ValueError("weights: the servers' entries have other weights of their own")
    key_hash = TextHash(Tagged(FUNCTIONS[hash], tag))
    known = dict(zip(entries, names, strict=True))
    if distribution == "modula":
        numbers = weights_of(weights, len(names), 1)
        if sum(numbers) > MOST_ENTRIES:
            raise ValueError(f"weights: they add up to {sum(numbers)}, more than the 2^24 entries of a map")
        table = partial(map_by_weight, names=known)
        return HashTable(entries, numbers, table=table, rebuild=True, key_hash=key_hash)
    points = Md5Points(float32_groups, known)
    return _ring(entries, weights, points, key_hash)


def libmemcached(
    servers: Sequence[str], hash: str = "default", weighted: bool = False, distribution: str = "consistent"
) -> Selector:
    """libmemcached's consistent distribution (MEMCACHED_BEHAVIOR_KETAMA), or with weighted=True KETAMA_WEIGHTED.

    distribution: or "modula", which is libmemcached's default: the hash modulo the servers, in the order given. hash:
    of the keys, and of a hundred points a server; "default" is one-at-a-time. weighted: the ring of libketama instead,
    of servers of equal weight, with keys hashed by MD5 whatever `hash` says, as libmemcached does it; that a client may
    set another hash afterwards, for the keys alone, is left out. memcached's port, 11211, is not part of a name.
    """
    choice(hash, "hash", MEMCACHED)
    if not isinstance(weighted, (bool, np.bool_)):
        raise TypeError(f"weighted: {weighted!r} is of type {type(weighted).__name__}; give True or False")
    choice(distribution, "distribution", ("consistent", "modula"))
    names = texts(servers, "servers")
    if distribution == "modula":
        if weighted:
            raise ValueError("weighted: only the consistent distribution has weights")
        return HashTable(names, table=in_order, rebuild=True, key_hash=TextHash(MEMCACHED[hash]))
    if not weighted:
        return _ring(names, None, HundredPoints(MEMCACHED[hash]), TextHash(MEMCACHED[hash]))
    points = Md5Points(float32_groups, {name: without_port(name) for name in names})
    return _ring(names, None, points, TextHash(md5_word))


def uhashring(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """uhashring's `hash_fn="ketama"`: libketama's points, but the first one strictly after the key."""
    return _ring(texts(servers, "servers"), weights, Md5Points(integer_groups), TextHash(md5_word), "after")


def hash_ring(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """Python's hash_ring: uhashring's groups, but of each MD5 three points, without its last four bytes."""
    return _ring(texts(servers, "servers"), weights, Md5Points(integer_groups, words=3), TextHash(md5_word), "after")


def _ring(
    names: list[str],
    weights: Weights | None,
    points: Callable[[tuple[str, ...], NDArray[np.int64]], Placed],
    key_hash: TextHash,
    rule: Literal["first", "after"] = "first",
) -> Selector:
    numbers = weights_of(weights, len(names), 1)
    return HashRing(names, numbers, points=points, rule=rule, bits=32, rebuild=True, key_hash=key_hash)
