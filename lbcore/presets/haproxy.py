"""HAProxy's balance methods: https://docs.haproxy.org/2.6/configuration.html#4.2-balance (All in one file, over 300
lines: the methods share what they check.)

The rules hold for 2.0 to 2.9 and for later versions where nothing else is said. Two servers may have one address; the
second `a:80` is called `a:80#2` here. A weight is 0 to 256; a server of weight 0 gets nothing. `mark_down` is what a
failed health check does: the server leaves its queue, map or ring, and takes its place again later. `avoid` is `option
redispatch`: HAProxy avoids the server that was tried last, the last of `avoid`, and hands it out again where it is the
only one, or where a map's key is its.

backup, of every method: servers, by name or index, that serve only while no other is up; then the first of them that is
up, or with allbackups=True (`option allbackups`) all of them by the method. With backups a selector is one of plain
Python, to which no server comes and from which none goes.

Left out by name: `balance rdp-cookie`, whose key is inside a protocol that is not HTTP, cookies and stick tables.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, SupportsIndex, TypeAlias
from zlib import crc32

import numpy as np

from lbcore._checks import short
from lbcore.presets._backups import Backed, BackedMap, Drawn, FirstFree, Maker
from lbcore.presets._checks import TextHash, Weights, address, choice, indices, integer, seed_of, texts, weights_of
from lbcore.presets._haproxy_ring import HashKey, Ids, known_ids, ring_of
from lbcore.presets._keys import Parameter, PartHash, UriPart, domain, first_element, number_of
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

FUNCTIONS: dict[str, Callable[[bytes], int]] = {
    "sdbm": sdbm, "djb2": djb2, "wt6": wt6, "crc32": crc32, "none": number_of,
}  # fmt: skip
METHODS = ("map-based", "consistent")
Servers: TypeAlias = Sequence[str | SupportsIndex]
Limit: TypeAlias = SupportsIndex | Sequence[SupportsIndex]
Seed: TypeAlias = SupportsIndex | np.random.Generator | None


def roundrobin(
    servers: Sequence[str],
    weights: Weights | None = None,
    maxconn: Limit = 0,
    *,
    backup: Servers = (),
    allbackups: bool = False,
) -> Selector:
    """`balance roundrobin`: fast weighted round robin. maxconn: as for `first`.

    From 3.2 on each thread group has turns of its own, and they begin at different servers; one group alone is as here.

    >>> roundrobin(["a:80", "b:80", "c:80"], [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 1, 0, 0, 2]
    """
    return _grouped(servers, weights, backup, allbackups, _limited(FastWeightedRoundRobin, servers, maxconn))


def static_rr(
    servers: Sequence[str],
    weights: Weights | None = None,
    maxconn: Limit = 0,
    *,
    backup: Servers = (),
    allbackups: bool = False,
) -> Selector:
    """`balance static-rr`: turns that are written down when a server comes or goes. maxconn: as for `first`."""
    limits = _limits(maxconn, texts(servers, "servers", twice=True))
    backed = partial(BackedMap, key_hash=None, limits=list(limits.values()))
    return _grouped(servers, weights, backup, allbackups, _limited(MapRoundRobin, servers, maxconn), backed)


def leastconn(
    servers: Sequence[str],
    weights: Weights | None = None,
    maxconn: Limit = 0,
    *,
    backup: Servers = (),
    allbackups: bool = False,
) -> Selector:
    """`balance leastconn`: fewest requests in flight over the weight; the one that moved last comes last.

    For versions below 3.2. From there on servers of one load stand in four lists, and which list serves is drawn.
    maxconn: as for `first`.
    """
    return _grouped(servers, weights, backup, allbackups, _limited(FastLeastConnections, servers, maxconn))


def first(
    servers: Sequence[str],
    weights: Weights | None = None,
    maxconn: Limit = 0,
    ids: Ids = None,
    *,
    backup: Servers = (),
    allbackups: bool = False,
) -> Selector:
    """`balance first`: the server with the lowest `id` that has fewer than `maxconn` requests in flight.

    maxconn: one for all or one for each, 0: no limit. Where all are full, `select` raises AllFull, a LookupError, and
    the request waits, also in `simulate.queue`: the first server that has room again takes it (`accept`), whoever would
    be next. A request that comes while others wait is not picked for; it waits behind them. ids: as for `hash`. Of the
    weights only 0 counts. See `release`.
    """
    names = texts(servers, "servers", twice=True)
    make = partial(FirstFree, ids=known_ids(ids, names), limits=_limits(maxconn, names))
    return _grouped(servers, weights, backup, allbackups, make)


def random(
    servers: Sequence[str],
    weights: Weights | None = None,
    draws: SupportsIndex = 2,
    seed: Seed = None,
    maxconn: Limit = 0,
    ids: Ids = None,
    *,
    ring: str = "2.x",
    hash_key: HashKey = "id",
    backup: Servers = (),
    allbackups: bool = False,
) -> Selector:
    """`balance random(DRAWS)`: of as many points drawn on the ring of `hash-type consistent`, the least loaded server.

    The rule is HAProxy's, the draws are those of `seed`. Two draws may meet one server. maxconn: as for `first`, but
    that a request waits as soon as the server so found is full, and is picked for also while others wait. From 3.4 on
    HAProxy looks at the rate of requests too where loads are equal. ids, ring, hash_key: as for `hash`. See `release`.
    """
    names = texts(servers, "servers", twice=True)
    many = integer(draws, "draws", 1, 2**31 - 1)
    points = ring_of(names, ids, ring, hash_key)
    make = partial(_drawn, points=points, draws=many, seed=seed_of(seed), limits=_limits(maxconn, names))
    return _grouped(servers, weights, backup, allbackups, make)


def hash(
    servers: Sequence[str],
    weights: Weights | None = None,
    method: str = "map-based",
    function: str = "sdbm",
    avalanche: bool | None = None,
    ids: Ids = None,
    balance_factor: SupportsIndex | None = None,
    ring: str = "2.x",
    header: bool = False,
    *,
    use_domain_only: bool = False,
    hash_key: HashKey = "id",
    backup: Servers = (),
    allbackups: bool = False,
) -> Selector:
    """`balance hdr(...)` and other hashes of text, with `hash-type METHOD FUNCTION [avalanche]`.

    function: "sdbm", "djb2", "wt6", "crc32", or from 2.9 on "none", for keys that are numbers already. avalanche:
    whether the hash is stirred once more. None is what `hash-type METHOD` does when nothing follows it: sdbm, stirred
    for `consistent`; another function is stirred only if you say so. `hash-type consistent sdbm`, in full, is not: that
    is avalanche=False. ids: the servers' `id`, which name their points on the ring (`hash-key id`, the only one there
    is here); None is the number of the server's place, or the next free one, from which the count goes on.
    balance_factor: `hash-balance-factor`, 101 to 65535, for `consistent` alone, or 0: off; see `release`.

    ring: "2.x", also from October 2025 on; or "3.0", for 3.0 and for 3.1 and 3.2 before they were mended then: without
    `hash-key` these have other points. header: the key is a header as it stands, of which `balance hdr(name)` takes the
    first element, up to a comma that is not within double quotes, without blanks around it; an empty one takes turns.
    use_domain_only: of that, only what stands between the last two dots.

    A map is written anew when a server comes up or goes down; the server to avoid keeps its keys there. Without
    header=True a key is hashed as it is, also an empty one.
    """
    for name, value in (("header", header), ("use_domain_only", use_domain_only)):
        _flag(value, name)
    if use_domain_only and not header:
        raise ValueError("use_domain_only: only a header has a domain; give header=True")
    cut = (domain if use_domain_only else first_element) if header else None
    key_hash = _key_hash(method, function, avalanche, cut)
    return _hashed(servers, weights, method, ids, balance_factor, ring, hash_key, key_hash, backup, allbackups)


def uri(
    servers: Sequence[str],
    weights: Weights | None = None,
    method: str = "map-based",
    function: str = "sdbm",
    avalanche: bool | None = None,
    ids: Ids = None,
    balance_factor: SupportsIndex | None = None,
    ring: str = "2.x",
    *,
    len: SupportsIndex = 0,
    depth: SupportsIndex = 0,
    whole: bool = False,
    path_only: bool = False,
    hash_key: HashKey = "id",
    backup: Servers = (),
    allbackups: bool = False,
) -> Selector:
    """`balance uri`: the key is the URI as the request's first line has it, of which what stands before `?` counts.

    len: only so many bytes of it. depth: only so many directories. whole: with the query. path_only: without the
    scheme and the host that a proxy's clients send. 0: all. The other arguments are those of `hash`.
    """
    for name, value in (("whole", whole), ("path_only", path_only)):
        _flag(value, name)
    length, levels = integer(len, "len", 0, 2**31 - 1), integer(depth, "depth", 0, 2**31 - 2)
    key_hash = _key_hash(method, function, avalanche, UriPart(length, levels, bool(whole), bool(path_only)))
    return _hashed(servers, weights, method, ids, balance_factor, ring, hash_key, key_hash, backup, allbackups)


def url_param(
    servers: Sequence[str],
    weights: Weights | None = None,
    name: str = "",
    method: str = "map-based",
    function: str = "sdbm",
    avalanche: bool | None = None,
    ids: Ids = None,
    balance_factor: SupportsIndex | None = None,
    ring: str = "2.x",
    *,
    hash_key: HashKey = "id",
    backup: Servers = (),
    allbackups: bool = False,
) -> Selector:
    """`balance url_param NAME`: the key is the URI, of which the value of this parameter counts; without it, turns.

    `check_post`, which looks into bodies, is left out. The other arguments are those of `hash`.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"name: {short(name)} is not the name of a parameter")
    key_hash = _key_hash(method, function, avalanche, Parameter(name.encode()))
    return _hashed(servers, weights, method, ids, balance_factor, ring, hash_key, key_hash, backup, allbackups)


def source(
    servers: Sequence[str],
    weights: Weights | None = None,
    method: str = "map-based",
    function: str = "sdbm",
    avalanche: bool | None = None,
    ids: Ids = None,
    balance_factor: SupportsIndex | None = None,
    ring: str = "2.x",
    *,
    hash_key: HashKey = "id",
    backup: Servers = (),
    allbackups: bool = False,
) -> Selector:
    """`balance source`: the 32-bit words of an IP address, xored. The key is the client's address in text.

    The arguments are those of `hash`. No function is applied to an address, so `function` only decides, as there,
    what avalanche=None means.
    """
    choice(function, "function", FUNCTIONS)
    key_hash = TextHash(folded, _stirring(method, function, avalanche))
    return _hashed(servers, weights, method, ids, balance_factor, ring, hash_key, key_hash, backup, allbackups)


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


def _key_hash(
    method: str, function: str, avalanche: bool | None, cut: Callable[[bytes], bytes | None] | None
) -> TextHash | PartHash:
    whole = TextHash(FUNCTIONS[choice(function, "function", FUNCTIONS)], _stirring(method, function, avalanche))
    return whole if cut is None else PartHash(whole, cut)


def _hashed(
    servers: Sequence[str],
    weights: Weights | None,
    method: str,
    ids: Ids,
    balance_factor: SupportsIndex | None,
    ring: str,
    hash_key: HashKey,
    key_hash: TextHash | PartHash,
    backup: Servers,
    allbackups: bool,
) -> Selector:
    names = texts(servers, "servers", twice=True)
    points = ring_of(names, ids, ring, hash_key)
    if balance_factor is not None and integer(balance_factor, "balance_factor", 0, 65535) == 0:
        balance_factor = None
    if method == "map-based":
        if balance_factor is not None:
            raise ValueError("balance_factor: only a ring has one; give method='consistent'")
        backed = partial(BackedMap, key_hash=key_hash)
        return _grouped(servers, weights, backup, allbackups, partial(MapHash, key_hash=key_hash), backed)
    make: Maker = partial(NearestRing, points=points, bits=32, key_hash=key_hash)
    if balance_factor is not None:
        factor = integer(balance_factor, "balance_factor", 101, 65535)
        make = partial(BoundedNearestRing, factor=factor, points=points, bits=32, key_hash=key_hash)
    return _grouped(servers, weights, backup, allbackups, make)


def _grouped(
    servers: Sequence[str],
    weights: Weights | None,
    backup: Servers,
    allbackups: bool,
    make: Maker,
    backed: Callable[..., Selector] | None = None,
) -> Selector:
    """The selector of a method, or where there are backups, one that knows when they serve."""
    names = texts(servers, "servers", twice=True)
    numbers = weights_of(weights, len(names), 0, 256)
    resting = indices(backup, names, "backup")
    _flag(allbackups, "allbackups")
    if not resting:
        return make(names, numbers)
    return (backed or partial(Backed, make=make))(names, numbers, resting, bool(allbackups))


def _limited(cls: Callable[..., Selector], servers: Sequence[str], maxconn: Limit) -> Maker:
    """Makes a selector of some of the servers, each with its limit."""
    limits = _limits(maxconn, texts(servers, "servers", twice=True))
    return lambda names, numbers: cls(names, numbers, [limits[name] for name in names])


def _drawn(names: list[str], numbers: list[int], points: Any, **how: Any) -> Selector:
    ring = NearestRing(names, numbers, points=points, bits=32, key_hash=int_of_bytes)
    return Drawn(names, numbers, ring, **how)


def int_of_bytes(data: bytes) -> int:
    """A hash that is written out as bytes."""
    return int.from_bytes(data, "big")


def _flag(value: bool, argument: str) -> None:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{argument}: {short(value)} is of type {type(value).__name__}; give True or False")


def _limits(maxconn: Limit, names: list[str]) -> dict[str, int]:
    """Of each server, by name."""
    if isinstance(maxconn, (str, bytes)):
        raise TypeError(f"maxconn: {short(maxconn)} is of type {type(maxconn).__name__}; give integers")
    if not isinstance(maxconn, (Sequence, np.ndarray)):
        return dict.fromkeys(names, integer(maxconn, "maxconn", 0, 2**31 - 1))
    if len(maxconn) != len(names):
        raise ValueError(f"maxconn: {len(maxconn)} values for {len(names)} servers")
    each = [integer(value, f"maxconn[{i}]", 0, 2**31 - 1) for i, value in enumerate(maxconn)]
    return dict(zip(names, each, strict=True))
