"""NGINX's upstream methods: https://nginx.org/en/docs/http/ngx_http_upstream_module.html

Every method notices failures on the requests themselves: `release(node, ok=False)` counts one. After `max_fails` of
them a server gets nothing for `fail_timeout_s` seconds, and each takes some of its weight away until it has served
again. The rules are those of 1.22 and of 1.31. The same server may come twice, and counts twice; the second `a:80` is
called `a:80#2` here. A weight is 1 or more; NGINX refuses 0.

Without a `zone` each worker process counts for itself: a selector is what one worker picks, and several workers are as
many copies (`selector.copy()`), between which the kernel shares the connections out.

What all methods take, as the `server` directive does:

max_fails, fail_timeout_s, max_conns: whole numbers, one for all servers or a list of one for each. max_fails 0: no
failure counts. max_conns: how many requests a server may have in flight, each until its `release`; 0: any number. Where
nobody can serve, `select` raises LookupError; NGINX answers 502.
down: servers, by name or index, that are marked down from the start, until `mark_up` or `reset`.
addresses: what a name stands for, `{"app:80": ["10.0.0.1:80", "10.0.0.2:80"]}`. Each address is a node then, with the
weight and the limits of its server; on a ring they share the name's points and take turns at them. (From 1.23.3 on
NGINX counts equal addresses of one name once.)
clock: the time in seconds, of which NGINX reads whole ones.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, SupportsIndex, TypeAlias

import numpy as np

from lbcore._checks import short
from lbcore.presets._checks import TextHash, Weights, address, indices, texts, weights_of
from lbcore.selectors import Selector
from lbcore.selectors.systems.nginx import (
    PassiveHash,
    PassiveLeastConnections,
    PassivePrefixHash,
    PassiveRandom,
    PassiveRing,
    PassiveRoundRobin,
    PassiveTwoRandom,
    crc_and_length,
    octet_round,
)

Limit: TypeAlias = SupportsIndex | Sequence[SupportsIndex]
Servers: TypeAlias = Sequence[str | SupportsIndex]
Addresses: TypeAlias = Mapping[str, Sequence[str]]
Clock: TypeAlias = Callable[[], float]
Seed: TypeAlias = SupportsIndex | np.random.Generator | None


def round_robin(
    servers: Sequence[str],
    weights: Weights | None = None,
    max_fails: Limit = 1,
    fail_timeout_s: Limit = 10,
    backup: Servers = (),
    clock: Clock = time.time,
    *,
    max_conns: Limit = 0,
    down: Servers = (),
    addresses: Addresses | None = None,
) -> Selector:
    """The default method: smooth turns by weight.

    backup: which servers serve only when no other can, by name or index; a name that is not among `servers` is one more
    behind them, of weight 1 if it has none.

    >>> round_robin(["a:80", "b:80"], [2, 1]).select_many(3).tolist()
    [0, 1, 0]
    """
    limits = {"max_fails": max_fails, "fail_timeout_s": fail_timeout_s, "max_conns": max_conns}
    return _made(PassiveRoundRobin, servers, weights, limits, down, addresses, backup, clock=clock)


def least_conn(
    servers: Sequence[str],
    weights: Weights | None = None,
    *,
    max_fails: Limit = 1,
    fail_timeout_s: Limit = 10,
    max_conns: Limit = 0,
    backup: Servers = (),
    down: Servers = (),
    addresses: Addresses | None = None,
    clock: Clock = time.time,
) -> Selector:
    """`least_conn`: fewest requests in flight over the weight; of equal servers by smooth turns. See `release`.

    backup: as for round_robin.
    """
    limits = {"max_fails": max_fails, "fail_timeout_s": fail_timeout_s, "max_conns": max_conns}
    return _made(PassiveLeastConnections, servers, weights, limits, down, addresses, backup, clock=clock)


def random(
    servers: Sequence[str],
    weights: Weights | None = None,
    *,
    two: bool = False,
    seed: Seed = None,
    max_fails: Limit = 1,
    fail_timeout_s: Limit = 10,
    max_conns: Limit = 0,
    down: Servers = (),
    addresses: Addresses | None = None,
    clock: Clock = time.time,
) -> Selector:
    """`random`: a server drawn by weight; with two=True `random two least_conn`, the less loaded of two different ones.

    After twenty draws of servers that cannot serve, turns by weight decide. The rule is NGINX's, the draws are those of
    `seed`. With two, see `release`.
    """
    limits = {"max_fails": max_fails, "fail_timeout_s": fail_timeout_s, "max_conns": max_conns}
    if not isinstance(two, (bool, np.bool_)):
        raise TypeError(f"two: {short(two)} is of type {type(two).__name__}; give True or False")
    kind = PassiveTwoRandom if two else PassiveRandom
    return _made(kind, servers, weights, limits, down, addresses, clock=clock, seed=seed)


def hash(
    servers: Sequence[str],
    weights: Weights | None = None,
    *,
    max_fails: Limit = 1,
    fail_timeout_s: Limit = 10,
    max_conns: Limit = 0,
    down: Servers = (),
    addresses: Addresses | None = None,
    clock: Clock = time.time,
) -> Selector:
    """`hash key`: 15 bits of the key's CRC32 modulo the weights, added up over up to 20 tries; then turns by weight.

    The key is what the directive's variables make of a request. An empty one takes turns.
    """
    limits = {"max_fails": max_fails, "fail_timeout_s": fail_timeout_s, "max_conns": max_conns}
    key_hash = TextHash(crc_and_length)
    return _made(PassiveHash, servers, weights, limits, down, addresses, clock=clock, key_hash=key_hash)


def hash_consistent(
    servers: Sequence[str],
    weights: Weights | None = None,
    *,
    max_fails: Limit = 1,
    fail_timeout_s: Limit = 10,
    max_conns: Limit = 0,
    down: Servers = (),
    addresses: Addresses | None = None,
    clock: Clock = time.time,
) -> Selector:
    """`hash key consistent`: a ring of CRC32, 160 points for each unit of weight, named by the text of the directive.

    A server that cannot serve hands its keys to the points behind, up to 20; then turns by weight decide. An empty key
    takes turns.
    """
    limits = {"max_fails": max_fails, "fail_timeout_s": fail_timeout_s, "max_conns": max_conns}
    key_hash = TextHash(crc_and_length)
    return _made(PassiveRing, servers, weights, limits, down, addresses, clock=clock, key_hash=key_hash)


def ip_hash(
    servers: Sequence[str],
    weights: Weights | None = None,
    *,
    max_fails: Limit = 1,
    fail_timeout_s: Limit = 10,
    max_conns: Limit = 0,
    down: Servers = (),
    addresses: Addresses | None = None,
    clock: Clock = time.time,
) -> Selector:
    """`ip_hash`: the first three bytes of an IPv4 address, or all 16 of an IPv6 address, modulo the weights.

    The key is the client's address in text.
    """
    limits = {"max_fails": max_fails, "fail_timeout_s": fail_timeout_s, "max_conns": max_conns}
    key_hash = TextHash(client_round)
    return _made(PassivePrefixHash, servers, weights, limits, down, addresses, clock=clock, key_hash=key_hash)


def _made(
    kind: Callable[..., Selector],
    servers: Sequence[str],
    weights: Weights | None,
    limits: dict[str, Limit],
    down: Servers,
    addresses: Addresses | None,
    backup: Servers | None = None,
    **more: Any,
) -> Selector:
    """The selector over the addresses of the servers. backup: None where the method has none."""
    names, given = texts(servers, "servers", twice=True), [*servers]
    if isinstance(backup, (str, bytes)) or (backup is not None and not hasattr(backup, "__iter__")):
        raise TypeError(f"backup: {backup!r} is of type {type(backup).__name__}; give a list of servers")
    extra = [name for name in backup or () if isinstance(name, str) and name not in names]
    if weights is not None and hasattr(weights, "__len__") and len(weights) == len(names):
        weights = [*weights, *[1] * len(extra)]
    names += texts(extra, "backup") if extra else []
    given += extra
    owner, nodes = _expanded(names, given, addresses)
    numbers = weights_of(weights, len(names), 1)
    each = {name: _for_each(limit, name, len(names), owner) for name, limit in limits.items()}
    if backup is not None:
        chosen = indices(backup, names, "backup")
        more["backup"] = [i for i, server in enumerate(owner) if server in chosen]
    if kind is PassiveRing:
        more["servers"] = {node: given[server] for node, server in zip(nodes, owner, strict=True)}
    closed = indices(down, names, "down")
    selector = kind(nodes, [numbers[server] for server in owner], **each, **more)
    for i, server in enumerate(owner):
        if server in closed:
            selector.mark_down(i)
    return selector


def _expanded(names: list[str], given: list[str], addresses: Addresses | None) -> tuple[list[int], list[str]]:
    """Which server each node is of, and the nodes' names: the servers' addresses, or the servers."""
    if addresses is not None and not isinstance(addresses, Mapping):
        raise TypeError(f"addresses: {short(addresses)} is of type {type(addresses).__name__}; give a dict of lists")
    known = dict(addresses or {})
    for name, behind in known.items():
        texts(behind, f"addresses[{short(name)}]", twice=True)
        if name not in given:
            raise ValueError(f"addresses: {short(name)} is none of the servers")
    behind_each = [known.get(text, [name]) for name, text in zip(names, given, strict=True)]
    owner = [i for i, behind in enumerate(behind_each) for _ in behind]
    return owner, texts([one for behind in behind_each for one in behind], "addresses", twice=True)


def _for_each(limit: Limit, argument: str, n: int, owner: list[int]) -> Limit:
    """One for all stays so; one for each server becomes one for each node."""
    if isinstance(limit, (str, bytes)) or not isinstance(limit, (Sequence, np.ndarray)):
        return limit
    if len(limit) != n:
        raise ValueError(f"{argument}: {len(limit)} values for {n} servers")
    return [limit[server] for server in owner]


def client_round(data: bytes) -> int:
    """One round of ip_hash over the bytes that count of an address in text."""
    packed = address(data)
    return octet_round(packed[:3] if len(packed) == 4 else packed)
