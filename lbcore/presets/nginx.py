"""NGINX's upstream methods: https://nginx.org/en/docs/http/ngx_http_upstream_module.html

Every method notices failures on the requests themselves: `release(node, ok=False)` counts one. After `max_fails` of
them a server gets nothing for `fail_timeout_s` seconds, and each takes some of its weight away until it has served
again. The rules are those of 1.22 and of 1.31. The same server may come twice, and counts twice; the second `a:80` is
called `a:80#2` here, and of the ring alone it is refused. `mark_down` is the directive's `down`. A weight is 1 or more;
NGINX refuses 0.
"""

import time
from collections.abc import Callable, Sequence
from typing import SupportsIndex

from lbcore.presets._checks import TextHash, Weights, address, texts, weights_of
from lbcore.selectors import Selector
from lbcore.selectors.systems.nginx import (
    PassiveHash,
    PassiveLeastConnections,
    PassivePrefixHash,
    PassiveRing,
    PassiveRoundRobin,
    crc_and_length,
    octet_round,
)


def round_robin(
    servers: Sequence[str],
    weights: Weights | None = None,
    max_fails: SupportsIndex = 1,
    fail_timeout_s: SupportsIndex = 10,
    backup: Sequence[str | SupportsIndex] = (),
    clock: Callable[[], float] = time.time,
) -> Selector:
    """The default method: smooth turns by weight.

    max_fails, fail_timeout_s: for every server, in whole numbers. backup: which servers serve only when no other can,
    by name or index; a name that is not among `servers` is one more behind them, of weight 1 if it has none. clock: the
    time in seconds, of which NGINX reads whole ones.

    >>> round_robin(["a:80", "b:80"], [2, 1]).select_many(3).tolist()
    [0, 1, 0]
    """
    names = texts(servers, "servers", twice=True)
    if isinstance(backup, (str, bytes)) or not hasattr(backup, "__iter__"):
        raise TypeError(f"backup: {backup!r} is of type {type(backup).__name__}; give a list of servers")
    extra = [name for name in backup if isinstance(name, str) and name not in names]
    if weights is not None and hasattr(weights, "__len__") and len(weights) == len(names):
        weights = [*weights, *[1] * len(extra)]
    names += texts(extra, "backup") if extra else []
    return PassiveRoundRobin(names, weights_of(weights, len(names), 1), max_fails, fail_timeout_s, backup, clock)


def hash(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """`hash key`: 15 bits of the key's CRC32 modulo the weights, added up over up to 20 tries; then turns by weight.

    The key is what the directive's variables make of a request. An empty one takes turns.
    """
    names = texts(servers, "servers", twice=True)
    return PassiveHash(names, weights_of(weights, len(names), 1), key_hash=TextHash(crc_and_length))


def hash_consistent(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """`hash key consistent`: a ring of CRC32, 160 points for each unit of weight, named by the text of the directive.

    A server that cannot serve hands its keys to the points behind, up to 20; then turns by weight decide. An empty key
    takes turns.
    """
    names = texts(servers, "servers")
    return PassiveRing(names, weights_of(weights, len(names), 1), key_hash=TextHash(crc_and_length))


def ip_hash(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """`ip_hash`: the first three bytes of an IPv4 address, or all 16 of an IPv6 address, modulo the weights.

    The key is the client's address in text.
    """
    names = texts(servers, "servers", twice=True)
    return PassivePrefixHash(names, weights_of(weights, len(names), 1), key_hash=TextHash(client_round))


def least_conn(servers: Sequence[str], weights: Weights | None = None) -> Selector:
    """`least_conn`: fewest requests in flight over the weight; of equal servers by smooth turns. See `release`."""
    names = texts(servers, "servers", twice=True)
    return PassiveLeastConnections(names, weights_of(weights, len(names), 1))


def client_round(data: bytes) -> int:
    """One round of ip_hash over the bytes that count of an address in text."""
    packed = address(data)
    return octet_round(packed[:3] if len(packed) == 4 else packed)
