"""One row for every selector: how to make it, and how to make its twin. A new selector adds its row here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import lbcore
from lbcore import Selector
from lbcore.selectors import reference
from lbcore.selectors.systems import envoy, grpc, haproxy, nginx

SEED = 20_24


def weights(n: int) -> list[int]:
    """Weights from 0 to 6 with a zero among every seven; never all zero."""
    return [(5 * i + 3) % 7 for i in range(n)]


def stopped() -> float:
    """A clock that stands still, so that asking a selector changes nothing but its picks."""
    return 0.0


@dataclass(frozen=True)
class Row:
    """A selector of n nodes, its twin, and what kind of selector it is."""

    make: Callable[[int], Selector]
    twin: Callable[[int], Any]
    twin_picks: int = 1_000_000  # how many picks of the twin at 10 nodes a test can wait for
    weighted: bool = False
    seeded: bool = False
    own_pick: bool = False  # request i, or a key, has a pick that no other request can shift
    share_power: float = 1  # while nothing is released, the shares are as the weights to this power
    share_cv: float = 0  # how far a node's share may be from its weight by design: the coefficient of variation
    most_weight: int = 2**31 - 1  # what the weights may add up to
    last_only: bool = False  # no other node can be removed


ROWS = {
    "RoundRobin": Row(lbcore.RoundRobin, reference.RoundRobin),
    "Random": Row(
        lambda n: lbcore.Random(n, seed=SEED), lambda n: reference.Random(n, SEED), seeded=True, own_pick=True
    ),
    "TwoChoices": Row(lambda n: lbcore.TwoChoices(n, seed=SEED), lambda n: reference.TwoChoices(n, SEED), seeded=True),
    "WeightedRoundRobin": Row(
        lambda n: lbcore.WeightedRoundRobin(n, weights(n)),
        lambda n: reference.WeightedRoundRobin(weights(n)),
        weighted=True,
    ),
    "BurstRoundRobin": Row(
        lambda n: lbcore.BurstRoundRobin(n, weights(n)), lambda n: reference.BurstRoundRobin(weights(n)), weighted=True
    ),
    "WeightedRandom": Row(
        lambda n: lbcore.WeightedRandom(n, weights(n), seed=SEED),
        lambda n: reference.WeightedRandom(weights(n), SEED),
        weighted=True,
        seeded=True,
        own_pick=True,
    ),
    "EarliestDeadline": Row(
        lambda n: envoy.EarliestDeadline(n, weights(n), start=5),
        lambda n: reference.EarliestDeadline(weights(n), 5),
        twin_picks=200_000,
        weighted=True,
    ),
    "LeastRequest": Row(
        lambda n: envoy.LeastRequest(n, weights(n), choices=3, seed=SEED),
        lambda n: reference.LeastRequest(weights(n), 3, SEED),
        twin_picks=200_000,
        weighted=True,
        seeded=True,
        share_power=0.5,
    ),
    "StaticStride": Row(
        lambda n: grpc.StaticStride(n, weights(n), start=5),
        lambda n: reference.StaticStride(weights(n), 5),
        twin_picks=200_000,
        weighted=True,
    ),
    "FastWeightedRoundRobin": Row(
        lambda n: haproxy.FastWeightedRoundRobin(n, weights(n)),
        lambda n: reference.FastWeightedRoundRobin(weights(n)),
        twin_picks=200_000,
        weighted=True,
    ),
    "MapRoundRobin": Row(
        lambda n: haproxy.MapRoundRobin(n, weights(n)),
        lambda n: reference.MapRoundRobin(weights(n)),
        twin_picks=200_000,
        weighted=True,
        most_weight=2**24,
    ),
    "FastLeastConnections": Row(
        lambda n: haproxy.FastLeastConnections(n, weights(n)),
        lambda n: reference.FastLeastConnections(weights(n)),
        twin_picks=200_000,
        weighted=True,
    ),
    "PassiveRoundRobin": Row(
        lambda n: nginx.PassiveRoundRobin(n, weights(n), clock=stopped),
        lambda n: reference.PassiveRoundRobin(weights(n)),
        twin_picks=100_000,
        weighted=True,
    ),
    "PassiveLeastConnections": Row(
        lambda n: nginx.PassiveLeastConnections(n, weights(n), clock=stopped),
        lambda n: reference.PassiveLeastConnections(weights(n)),
        twin_picks=100_000,
        weighted=True,
    ),
    "PassiveHash": Row(
        lambda n: nginx.PassiveHash(n, weights(n), clock=stopped),
        lambda n: reference.PassiveHash(weights(n)),
        twin_picks=100_000,
        weighted=True,
        own_pick=True,
    ),
    "PassivePrefixHash": Row(
        lambda n: nginx.PassivePrefixHash(n, weights(n), clock=stopped),
        lambda n: reference.PassivePrefixHash(weights(n)),
        twin_picks=50_000,
        weighted=True,
        own_pick=True,
    ),
    "PassiveRing": Row(
        lambda n: nginx.PassiveRing(n, weights(n), clock=stopped),
        lambda n: reference.PassiveRing(weights(n)),
        twin_picks=50_000,
        weighted=True,
        own_pick=True,
        share_cv=0.1,
        most_weight=2**24 // 160,
    ),
    "ModuloHash": Row(lbcore.ModuloHash, reference.ModuloHash, twin_picks=200_000, own_pick=True),
    "HashSlots": Row(
        lambda n: lbcore.HashSlots(n, slots=10_007),
        lambda n: reference.HashSlots(n, 10_007),
        twin_picks=200_000,
        own_pick=True,
    ),
    # At 10 nodes and 20 points for each unit of weight, the lightest node has 20 of 600: a cv of 0.22.
    "HashRing": Row(
        lambda n: lbcore.HashRing(n, weights(n), virtual_nodes=20),
        lambda n: reference.HashRing(weights(n), 20),
        twin_picks=100_000,
        weighted=True,
        own_pick=True,
        share_cv=0.22,
        most_weight=2**24 // 20,
    ),
    "BoundedRing": Row(
        lambda n: lbcore.BoundedRing(n, weights(n), virtual_nodes=20, eps=0.3),
        lambda n: reference.BoundedRing(weights(n), 20, 0.3),
        twin_picks=20_000,
        weighted=True,
        share_cv=0.22,
        most_weight=2**24 // 20,
    ),
    "NearestRing": Row(
        lambda n: haproxy.NearestRing(n, weights(n), virtual_nodes=20),
        lambda n: reference.NearestRing(weights(n), 20),
        twin_picks=500,
        weighted=True,
        own_pick=True,
        share_cv=0.22,
        most_weight=2**24 // 20,
    ),
    "BoundedNearestRing": Row(
        lambda n: haproxy.BoundedNearestRing(n, weights(n), virtual_nodes=20, factor=130),
        lambda n: reference.BoundedNearestRing(weights(n), 20, 130),
        twin_picks=500,
        weighted=True,
        share_cv=0.22,
        most_weight=2**24 // 20,
    ),
    "BoundedAlternates": Row(
        lambda n: envoy.BoundedAlternates(n, weights(n), factor=130),
        lambda n: reference.BoundedAlternates(weights(n), 130),
        twin_picks=1_000,
        weighted=True,
        share_cv=0.22,
        most_weight=2**24 // 160,
    ),
    "JumpHash": Row(lbcore.JumpHash, reference.JumpHash, twin_picks=100_000, own_pick=True, last_only=True),
    "Rendezvous": Row(
        lambda n: lbcore.Rendezvous(n, weights(n)),
        lambda n: reference.Rendezvous(weights(n)),
        twin_picks=50_000,
        weighted=True,
        own_pick=True,
    ),
    "Maglev": Row(
        lambda n: lbcore.Maglev(n, weights(n), table_size=10_007),
        lambda n: reference.Maglev(weights(n), 10_007),
        twin_picks=200_000,
        weighted=True,
        own_pick=True,
    ),
    "LeastConnections": Row(
        lambda n: lbcore.LeastConnections(n, weights(n)),
        lambda n: reference.LeastConnections(weights(n)),
        twin_picks=200_000,
        weighted=True,
    ),
    "PeakEwma": Row(
        lambda n: lbcore.PeakEwma(n, seed=SEED, clock=stopped),
        lambda n: reference.PeakEwma(n, SEED, 10.0, stopped),
        twin_picks=200_000,
        seeded=True,
    ),
}


def keys(m: int, start: int = 0) -> list[int]:
    """m keys that differ, spread over the whole range of 64 bits."""
    return [(start + i) * 0x9E3779B97F4A7C15 % 2**64 - 2**63 for i in range(m)]


every = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


def requests_of(selector: Selector, m: int, start: int = 0) -> Any:
    return keys(m, start) if selector.keyed else m


def ask(selector: Any, keyed: bool, m: int, start: int) -> list[int]:
    """m picks one by one, -1 for a LookupError."""
    picks = []
    for key in keys(m, start):
        try:
            picks.append(selector.select(key) if keyed else selector.select())
        except LookupError:
            picks.append(-1)
    return picks
