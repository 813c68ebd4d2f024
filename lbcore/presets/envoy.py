"""Envoy's load balancers:
https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers

A weight is 1 or more; Envoy refuses 0. `mark_down` is a failed health check: schedules, rings and tables are built anew
without the host. (Envoy goes on with all hosts when fewer than half are healthy: panic mode, which is left out here.)
`avoid` is a retry with the predicate previous_hosts. A key is the text of the header that the hash policy names. The
rules are those of 1.36 and 1.40. The same host may come twice, and counts twice; the second `a:80` is called `a:80#2`
here, and rings and tables refuse it.

attempts, of each: host_selection_retry_max_attempts, how many more times a retry looks when it meets a host already
tried. Then it goes to the last it met, so also where all have been tried. Envoy's default is 1.
"""

from collections.abc import Sequence
from functools import partial
from math import isqrt
from typing import SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lbcore.presets._checks import TextHash, Weights, choice, integer, texts, weights_of
from lbcore.presets._rings import RingPoints
from lbcore.selectors import HashRing, Selector
from lbcore.selectors.hash_functions import murmur2_64a, xxh64
from lbcore.selectors.maglev import fill_table
from lbcore.selectors.systems.envoy import AttemptRing, AttemptTable, BoundedAlternates, EarliestDeadline, LeastRequest

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
) -> Selector:
    """ROUND_ROBIN: plain turns for equal weights, else the host whose deadline is earliest.

    start: how many picks the schedule is ahead. Envoy draws it at random, for each worker and again for each change of
    the hosts.

    >>> round_robin(["a:80", "b:80", "c:80"], [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 0, 1, 2, 0]
    """
    names = texts(hosts, "hosts", twice=True)
    return EarliestDeadline(names, weights_of(weights, len(names), 1), start, attempts=attempts)


def ring_hash(
    hosts: Sequence[str],
    weights: Weights | None = None,
    function: str = "xx_hash",
    minimum_ring_size: SupportsIndex = 1024,
    maximum_ring_size: SupportsIndex = MOST_POINTS,
    balance_factor: SupportsIndex | None = None,
    attempts: SupportsIndex = MOST_ATTEMPTS,
) -> Selector:
    """RING_HASH: a ring of 64-bit points.

    function: "xx_hash" or "murmur_hash_2", of the points alone; the key's hash is xxHash64 always. balance_factor:
    hash_balance_factor, 100 or more: a host that holds more than this percentage of its share passes the request on,
    to the others in an order that the key decides. See `release`.
    """
    choice(function, "function", ("xx_hash", "murmur_hash_2"))
    least = integer(minimum_ring_size, "minimum_ring_size", 1, MOST_POINTS)
    most = integer(maximum_ring_size, "maximum_ring_size", 1, MOST_POINTS)
    if least > most:
        raise ValueError(f"minimum_ring_size: {least} is above the maximum_ring_size of {most}")
    points = RingPoints(xxh64 if function == "xx_hash" else murmur, least, most)
    names = texts(hosts, "hosts")
    numbers = weights_of(weights, len(names), 1)
    if balance_factor is None:
        return AttemptRing(names, numbers, points=points, key_hash=TextHash(xxh64), attempts=attempts)
    return _bounded(names, numbers, balance_factor, attempts, partial(HashRing, points=points))


def maglev(
    hosts: Sequence[str],
    weights: Weights | None = None,
    table_size: SupportsIndex = 65537,
    balance_factor: SupportsIndex | None = None,
    attempts: SupportsIndex = MOST_ATTEMPTS,
) -> Selector:
    """MAGLEV: a table that the hosts, sorted by name, fill by turns.

    table_size: a prime up to 5000011. balance_factor: as for ring_hash.
    """
    size = integer(table_size, "table_size", 2, MOST_ENTRIES)
    if any(size % i == 0 for i in range(2, isqrt(size) + 1)):
        raise ValueError(f"table_size: {size} is not a prime")
    names = texts(hosts, "hosts")
    if len(names) > size:
        raise ValueError(f"hosts: {len(names)} hosts are more than the {size} entries of the table")
    numbers, table = weights_of(weights, len(names), 1), partial(maglev_entries, table_size=size)
    if balance_factor is None:
        return AttemptTable(names, numbers, table=table, key_hash=TextHash(xxh64), attempts=attempts)
    return _bounded(names, numbers, balance_factor, attempts, partial(AttemptTable, table=table))


def least_request(
    hosts: Sequence[str],
    weights: Weights | None = None,
    choice_count: SupportsIndex = 2,
    seed: Seed = None,
    attempts: SupportsIndex = MOST_ATTEMPTS,
) -> Selector:
    """LEAST_REQUEST: for equal weights the emptiest of choice_count hosts drawn at random, maybe one of them twice.

    Unequal weights follow the schedule of round_robin, in which a host counts as its weight over 1 + its requests in
    flight. choice_count: 2 or more. seed: of the draws, and how many picks the schedule is ahead; Envoy draws both at
    random. See `release`.
    """
    names = texts(hosts, "hosts", twice=True)
    choices = integer(choice_count, "choice_count", 2, 1024)
    return LeastRequest(names, weights_of(weights, len(names), 1), choices, seed, attempts=attempts)


def _bounded(
    names: list[str],
    weights: list[int],
    balance_factor: SupportsIndex,
    attempts: SupportsIndex,
    inner: partial[HashRing] | partial[AttemptTable],
) -> Selector:
    factor = integer(balance_factor, "balance_factor", 100, 2**32 - 1)
    return BoundedAlternates(names, weights, factor, inner=inner, key_hash=TextHash(xxh64), attempts=attempts)


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
