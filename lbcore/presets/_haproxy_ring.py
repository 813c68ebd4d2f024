"""Where the points of HAProxy's ring come from: the servers' ids, or from 3.0 on their addresses (`hash-key`)."""

from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import IPv4Address, ip_address
from typing import SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lbcore._checks import short
from lbcore._counting import repeat
from lbcore.presets._checks import choice, integer
from lbcore.selectors.hash_functions import avalanche as stirred

Ids: TypeAlias = Sequence[SupportsIndex | None] | None
HashKey: TypeAlias = str | Sequence[str | None]
Points: TypeAlias = Callable[[tuple[str, ...], NDArray[np.int64]], tuple[NDArray[np.uint64], NDArray[np.int32]]]
RINGS = ("2.x", "3.0")
HASH_KEYS = ("id", "addr", "addr-port")
POINTS_PER_WEIGHT = 16
POINTS_PER_ID = 4096


def ring_of(names: list[str], ids: Ids, ring: str, hash_key: HashKey) -> Points:
    """A function that places the points of these servers, and of those that come later, on a ring of 32 bits."""
    choice(ring, "ring", RINGS)
    known: dict[str, int | tuple[int]] = {**known_ids(ids, names)}
    if isinstance(hash_key, str):
        rule = choice(hash_key, "hash_key", HASH_KEYS)
        if rule != "id":
            known |= {name: address_key(name, rule == "addr-port", "servers") for name in names}
        return partial(ring_points, firsts=known, ring=ring, rule=rule)
    if not hasattr(hash_key, "__len__") or isinstance(hash_key, (bytes, dict)):
        raise TypeError(f"hash_key: {short(hash_key)} is of type {type(hash_key).__name__}; give one for each server")
    if len(hash_key) != len(names):
        raise ValueError(f"hash_key: {len(hash_key)} values for {len(names)} servers")
    for i, (name, text) in enumerate(zip(names, hash_key, strict=True)):
        if text is not None:
            known[name] = address_key(text, None, f"hash_key[{i}]")
    return partial(ring_points, firsts=known, ring=ring, rule="id")


def ring_points(
    nodes: tuple[str, ...], weights: NDArray[np.int64], firsts: dict[str, int | tuple[int]], ring: str, rule: str
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """16 points of 32 bits for each unit of weight: the server's first number, and those behind it, stirred.

    firsts: the id of each server, or in a tuple the number of its address. A new server gets the next free id, or
    where all go by their addresses, that of its own.
    """
    firsts = dict(firsts)
    for name in nodes:
        if name not in firsts and rule != "id":
            firsts[name] = address_key(name, rule == "addr-port", "node")
        elif name not in firsts:
            firsts[name] = max([0, *(first for first in firsts.values() if isinstance(first, int))]) + 1
    counts = weights * POINTS_PER_WEIGHT
    points = [
        stirred((first_number(firsts[name], ring) + i) & 0xFFFFFFFF)
        for name, count in zip(nodes, counts.tolist(), strict=True)
        for i in range(count)
    ]
    return np.array(points, np.uint64), repeat(np.arange(len(nodes), dtype=np.int32), counts)


def first_number(first: int | tuple[int], ring: str) -> int:
    if isinstance(first, tuple):
        return first[0]
    return first * POINTS_PER_ID if ring == "2.x" else stirred(first)


def address_key(text: object, with_port: bool | None, argument: str) -> tuple[int]:
    """What HAProxy 3.0 and later make of a server's address. with_port: of its port too; None: if there is one."""
    host, port = host_and_port(text) if isinstance(text, str) else ("", "")
    try:
        address = ip_address(host)
    except ValueError:
        raise ValueError(f"{argument}: {short(text)} is no IP address, which hash-key would hash") from None
    if (port and not (port.isascii() and port.isdigit() and int(port) < 1 << 16)) or (with_port and not port):
        raise ValueError(f"{argument}: {short(text)} has no port from 0 to 65535, which hash-key would hash")
    seed = stirred(int(port)) if port and with_port is not False else 0
    if isinstance(address, IPv4Address):
        return (stirred((int.from_bytes(address.packed, "little") + seed) & 0xFFFFFFFF),)
    return (xxh32(address.packed, seed),)


def host_and_port(text: str) -> tuple[str, str]:
    """Of `10.0.0.1:80` or `[::1]:80`; the port is empty where there is none, as in `10.0.0.1`, `[::1]` and `::1`."""
    host, colon, port = text.rpartition(":")
    if not colon or "]" in port or (":" in host and not host.startswith("[")):
        host, port = text, ""
    return host.removeprefix("[").removesuffix("]"), port


def xxh32(data: bytes, seed: int) -> int:
    """xxHash of 32 bits, of 16 bytes exactly: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md."""
    one, two, three = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D

    def turned(x: int, bits: int) -> int:
        x &= 0xFFFFFFFF
        return (x << bits | x >> (32 - bits)) & 0xFFFFFFFF

    h = 16
    for i, start in enumerate((seed + one + two, seed + two, seed, seed - one)):
        lane = int.from_bytes(data[4 * i : 4 * i + 4], "little")
        h += turned(turned(start + lane * two, 13) * one, (1, 7, 12, 18)[i])
    h &= 0xFFFFFFFF
    h = (h ^ h >> 15) * two & 0xFFFFFFFF
    h = (h ^ h >> 13) * three & 0xFFFFFFFF
    return h ^ h >> 16


def known_ids(ids: Ids, names: list[str]) -> dict[str, int]:
    """The id of each server, given or counted."""
    return dict(zip(names, _ids(ids, len(names)), strict=True))


def _ids(ids: Ids, n: int) -> list[int]:
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
