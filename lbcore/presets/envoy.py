"""Envoy's load balancers:
https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers

A weight is 1 or more; Envoy refuses 0. `mark_down` is a failed health check: schedules, rings and tables are built anew
without the host. `avoid` is a retry with the predicate previous_hosts. A key is the text of the header that the hash
policy names. The rules are those of 1.36 and 1.40. The same host may come twice, and counts twice; the second `a:80` is
called `a:80#2` here, and rings and tables refuse it.

attempts, of each: host_selection_retry_max_attempts, how many more times a retry looks when it meets a host already
tried. Then it goes to the last it met, so also where all have been tried. Envoy's default is 1.
healthy_panic_threshold, of each, in percent: where fewer hosts are healthy, all of them serve (panic); 0: never, and
where no host is healthy `select` raises LookupError.
priorities, of each: of each host, 0 first. A priority bears as many percent of the load as it has healthy hosts, times
overprovisioning_factor / 100; what it cannot bear goes to the next one. While all of them together bear everything
there is no panic. The key's hash says which priority serves, or without a key a draw: the rule is Envoy's, the draws
are those of `seed`. Such a selector is one of plain Python, to which no host comes and from which none goes.

localities, locality_weights, of round_robin and least_request: locality_weighted_lb_config. The locality of each host,
by any name, and the weights of the localities, `{"zone-a": 3, "zone-b": 1}`; one without a weight takes nothing. Within
a priority localities take turns by weight, less what their unhealthy hosts cannot bear. locality_start: as start.

Left out by name: slow_start_config, zone aware routing, subsets, and weights of localities on rings and tables.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from math import floor, isqrt
from typing import SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lbcore._checks import real, short
from lbcore.presets._checks import TextHash, Weights, choice, integer, seed_of, texts, weights_of
from lbcore.presets._panic import (
    Localities,
    Panicking,
    PanickingBounded,
    PanickingDeadline,
    PanickingLeast,
    PanickingRing,
    PanickingTable,
    Priorities,
)
from lbcore.presets._rings import RingPoints
from lbcore.selectors import HashRing, Selector
from lbcore.selectors.hash_functions import murmur2_64a, xxh64
from lbcore.selectors.maglev import fill_table
from lbcore.selectors.systems.envoy import AttemptTable

Seed: TypeAlias = SupportsIndex | np.random.Generator | None

MOST_POINTS = 8388608
MOST_ENTRIES = 5000011
MOST_ATTEMPTS = 65536
MURMUR_SEED = 0xC70F6907


def round_robin(
    hosts: Sequence[str],
    weights: Weights | None = None,
    start: SupportsIndex = 0,
    attempts: SupportsIndex = MOST_ATTEMPTS,
    *,
    priorities: Sequence[SupportsIndex] | None = None,
    healthy_panic_threshold: float = 50,
    overprovisioning_factor: SupportsIndex = 140,
    seed: Seed = None,
    localities: Sequence[str] | None = None,
    locality_weights: Mapping[str, SupportsIndex] | None = None,
    locality_start: SupportsIndex = 0,
) -> Selector:
    """ROUND_ROBIN: plain turns for equal weights, else the host whose deadline is earliest.

    start: how many picks the schedule is ahead. Envoy draws it at random, for each worker and again for each change of
    the hosts.

    >>> round_robin(["a:80", "b:80", "c:80"], [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 0, 1, 2, 0]
    """
    names = texts(hosts, "hosts", twice=True)
    make = partial(PanickingDeadline, start=start, attempts=attempts)
    levels = priorities, healthy_panic_threshold, overprovisioning_factor, attempts, seed
    zones = _zones(localities, locality_weights, locality_start, len(names))
    return _leveled(make, names, weights_of(weights, len(names), 1), *levels, zones=zones)


def ring_hash(
    hosts: Sequence[str],
    weights: Weights | None = None,
    function: str = "xx_hash",
    minimum_ring_size: SupportsIndex = 1024,
    maximum_ring_size: SupportsIndex = MOST_POINTS,
    balance_factor: SupportsIndex | None = None,
    attempts: SupportsIndex = MOST_ATTEMPTS,
    *,
    hashed: bool = False,
    priorities: Sequence[SupportsIndex] | None = None,
    healthy_panic_threshold: float = 50,
    overprovisioning_factor: SupportsIndex = 140,
    seed: Seed = None,
) -> Selector:
    """RING_HASH: a ring of 64-bit points.

    function: "xx_hash" or "murmur_hash_2", of the points alone; the key's hash is xxHash64 always. balance_factor:
    hash_balance_factor, 100 or more: a host that holds more than this percentage of its share passes the request on,
    to the others in an order that the key decides. See `release`. hashed: a key is what `policy_key` makes of the
    parts of several hash policies.
    """
    key_hash = TextHash(_flagged(hashed))
    choice(function, "function", ("xx_hash", "murmur_hash_2"))
    least = integer(minimum_ring_size, "minimum_ring_size", 1, MOST_POINTS)
    most = integer(maximum_ring_size, "maximum_ring_size", 1, MOST_POINTS)
    if least > most:
        raise ValueError(f"minimum_ring_size: {least} is above the maximum_ring_size of {most}")
    points = RingPoints(xxh64 if function == "xx_hash" else murmur, least, most)
    names = texts(hosts, "hosts")
    numbers = weights_of(weights, len(names), 1)
    make: Callable[..., Panicking] = partial(PanickingRing, points=points, key_hash=key_hash, attempts=attempts)
    levels = priorities, healthy_panic_threshold, overprovisioning_factor, attempts, seed
    if balance_factor is not None:
        make = _bounded(balance_factor, attempts, key_hash, partial(HashRing, points=points))
    return _leveled(make, names, numbers, *levels, key_hash)


def maglev(
    hosts: Sequence[str],
    weights: Weights | None = None,
    table_size: SupportsIndex = 65537,
    balance_factor: SupportsIndex | None = None,
    attempts: SupportsIndex = MOST_ATTEMPTS,
    *,
    hashed: bool = False,
    priorities: Sequence[SupportsIndex] | None = None,
    healthy_panic_threshold: float = 50,
    overprovisioning_factor: SupportsIndex = 140,
    seed: Seed = None,
) -> Selector:
    """MAGLEV: a table that the hosts, sorted by name, fill by turns.

    table_size: a prime up to 5000011. balance_factor, hashed: as for ring_hash.
    """
    key_hash = TextHash(_flagged(hashed))
    size = integer(table_size, "table_size", 2, MOST_ENTRIES)
    if any(size % i == 0 for i in range(2, isqrt(size) + 1)):
        raise ValueError(f"table_size: {size} is not a prime")
    names = texts(hosts, "hosts")
    if len(names) > size:
        raise ValueError(f"hosts: {len(names)} hosts are more than the {size} entries of the table")
    numbers, table = weights_of(weights, len(names), 1), partial(maglev_entries, table_size=size)
    make: Callable[..., Panicking] = partial(PanickingTable, table=table, key_hash=key_hash, attempts=attempts)
    levels = priorities, healthy_panic_threshold, overprovisioning_factor, attempts, seed
    if balance_factor is not None:
        make = _bounded(balance_factor, attempts, key_hash, partial(AttemptTable, table=table))
    return _leveled(make, names, numbers, *levels, key_hash)


def least_request(
    hosts: Sequence[str],
    weights: Weights | None = None,
    choice_count: SupportsIndex = 2,
    seed: Seed = None,
    attempts: SupportsIndex = MOST_ATTEMPTS,
    *,
    active_request_bias: float = 1,
    priorities: Sequence[SupportsIndex] | None = None,
    healthy_panic_threshold: float = 50,
    overprovisioning_factor: SupportsIndex = 140,
    localities: Sequence[str] | None = None,
    locality_weights: Mapping[str, SupportsIndex] | None = None,
    locality_start: SupportsIndex = 0,
) -> Selector:
    """LEAST_REQUEST: for equal weights the emptiest of choice_count hosts drawn at random, maybe one of them twice.

    Unequal weights follow the schedule of round_robin, in which a host counts as its weight over 1 + its requests in
    flight to the power active_request_bias, which is 0 or more. choice_count: 2 or more. seed: of the draws, and how
    many picks the schedule is ahead; Envoy draws both at random. See `release`.
    """
    names = texts(hosts, "hosts", twice=True)
    choices = integer(choice_count, "choice_count", 2, 1024)
    bias = real("active_request_bias", active_request_bias, 0, finite=True)
    make = partial(PanickingLeast, choices=choices, seed=seed, attempts=attempts, bias=bias)
    levels = priorities, healthy_panic_threshold, overprovisioning_factor, attempts, seed
    zones = _zones(localities, locality_weights, locality_start, len(names))
    return _leveled(make, names, weights_of(weights, len(names), 1), *levels, zones=zones)


def policy_key(*parts: str | bytes | Sequence[str] | None, terminal: Container[int] = ()) -> bytes:
    """The key that several hash policies make of a request, for `hashed=True`: eight bytes.

    parts: what each policy finds, in their order: a text, the values of a header that came more than once, or None.
    terminal: which of them, from 0, are terminal: the policies behind do not count where there is a hash by then.

    >>> policy_key("ann", None) == policy_key("ann") != policy_key("ann", "/cart")
    True
    >>> policy_key(None, "ann", "/cart", terminal=[0, 1]) == policy_key("ann")
    True
    """
    total: int | None = None
    for i, part in enumerate(parts):
        if part is not None:
            values = sorted(part) if isinstance(part, (list, tuple)) else [part]
            value = 0
            for text in values:
                if not isinstance(text, (str, bytes)):
                    raise TypeError(f"parts[{i}]: {short(text)} is of type {type(text).__name__}; give text")
                value = xxh64(text.encode() if isinstance(text, str) else text, value)
            total = value if total is None else (total << 1 | total >> 63) & 0xFFFFFFFFFFFFFFFF ^ value
        if total is not None and i in terminal:
            break
    if total is None:
        raise ValueError("parts: there is none to hash; Envoy draws")
    return total.to_bytes(8, "big")


def eight_bytes(data: bytes) -> int:
    """A hash that `policy_key` has written out."""
    if len(data) != 8:
        raise ValueError(f"key: {short(data)} is not what policy_key makes")
    return int.from_bytes(data, "big")


def _flagged(hashed: bool) -> Callable[[bytes], int]:
    if not isinstance(hashed, (bool, np.bool_)):
        raise TypeError(f"hashed: {short(hashed)} is of type {type(hashed).__name__}; give True or False")
    return eight_bytes if hashed else xxh64


def _bounded(
    balance_factor: SupportsIndex,
    attempts: SupportsIndex,
    key_hash: TextHash,
    inner: partial[HashRing] | partial[AttemptTable],
) -> Callable[..., Panicking]:
    factor = integer(balance_factor, "balance_factor", 100, 2**32 - 1)
    return partial(PanickingBounded, factor=factor, inner=inner, key_hash=key_hash, attempts=attempts)


def _leveled(
    make: Callable[..., Panicking],
    names: list[str],
    numbers: list[int],
    priorities: Sequence[SupportsIndex] | None,
    healthy_panic_threshold: float,
    overprovisioning_factor: SupportsIndex,
    attempts: SupportsIndex,
    seed: Seed,
    key_hash: Callable[[bytes], int] = xxh64,
    zones: tuple[list[int], list[int], int] | None = None,
) -> Selector:
    """The selector of a policy, or several, one for each priority."""
    threshold = floor(real("healthy_panic_threshold", healthy_panic_threshold, 0, 100) + 0.5)
    factor = integer(overprovisioning_factor, "overprovisioning_factor", 100, 2**32 - 1)
    if priorities is None and zones is not None:
        priorities = [0] * len(names)
    if priorities is None:
        selector = make(names, numbers)
        selector.panic_below(threshold, factor)
        return selector
    if isinstance(priorities, (str, bytes)) or not hasattr(priorities, "__len__"):
        raise TypeError(f"priorities: {short(priorities)} is of type {type(priorities).__name__}; give a list")
    if len(priorities) != len(names):
        raise ValueError(f"priorities: {len(priorities)} for {len(names)} hosts")
    levels = [integer(level, f"priorities[{i}]", 0, 128) for i, level in enumerate(priorities)]

    def calm(names: list[str], numbers: list[int]) -> Selector:
        inner = make(names, numbers)
        inner.panic_below(0, 100)  # the priorities together decide
        return inner

    def zoned(some: list[str], weights: list[int]) -> Selector:
        if zones is None:
            return calm(some, weights)
        where, shares, start = zones
        return Localities(some, weights, [where[names.index(name)] for name in some], shares, calm, factor, start)

    tries = integer(attempts, "attempts", 0, MOST_ATTEMPTS)
    return Priorities(names, numbers, levels, zoned, threshold, factor, tries, seed_of(seed), key_hash)


def _zones(
    localities: Sequence[str] | None, weights: Mapping[str, SupportsIndex] | None, start: SupportsIndex, n: int
) -> tuple[list[int], list[int], int] | None:
    """Of each host its locality, as an index; and of each locality its weight."""
    if localities is None:
        if weights is not None:
            raise ValueError("locality_weights: there are no localities")
        return None
    if isinstance(localities, (str, bytes)) or not hasattr(localities, "__len__"):
        raise TypeError(f"localities: {short(localities)} is of type {type(localities).__name__}; give a list")
    if len(localities) != n:
        raise ValueError(f"localities: {len(localities)} for {n} hosts")
    if weights is not None and not isinstance(weights, Mapping):
        raise TypeError(f"locality_weights: {short(weights)} is of type {type(weights).__name__}; give a dict")
    known = list(dict.fromkeys(localities))
    shares = [integer((weights or {}).get(name, 0), f"locality_weights[{name!r}]", 0, 2**20) for name in known]
    return [known.index(name) for name in localities], shares, integer(start, "locality_start", 0, 2**64 - 1)


def murmur(data: bytes) -> int:
    """MurmurHash64A as Envoy seeds it."""
    return murmur2_64a(data, MURMUR_SEED)


def maglev_entries(nodes: tuple[str, ...], weights: NDArray[np.int64], table_size: int) -> NDArray[np.int32]:
    """The host of each entry of a table."""
    turns = sorted(np.flatnonzero(weights).tolist(), key=lambda i: nodes[i].encode())
    names = [nodes[i].encode() for i in turns]
    offsets = [xxh64(name) % table_size for name in names]
    skips = [xxh64(name, 1) % (table_size - 1) + 1 for name in names]
    return np.array(turns, np.int32)[fill_table(offsets, skips, weights[turns] / weights.sum(), table_size)]
