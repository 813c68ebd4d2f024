"""One row for every selector: how to make it, and how to make its twin. A new selector adds its row here.

Longer than 300 lines, because there is a row for each.
"""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import lbcore
from lbcore import Selector
from lbcore.selectors import reference
from lbcore.selectors.systems import envoy, grpc, haproxy, nginx

SEED = 20_24


def weights(n: int, seed: int = SEED) -> list[int]:
    """Weights from 0 to 6 with a zero among every seven; never all zero."""
    return [(5 * i + 3 + seed - SEED) % 7 for i in range(n)]


def stopped() -> float:
    """A clock that stands still, so that asking a selector changes nothing but its picks."""
    return 0.0


@dataclass(frozen=True)
class Row:
    """A selector of n nodes, its twin, and what kind of selector it is. A seed gives other draws, or other weights."""

    compiled: Callable[[int, int], Selector]
    plain: Callable[[int, int], Any]
    twin_cost: int = 1  # how many times as long as others the twin takes to be made, or to pick
    weighted: bool = False
    seeded: bool = False
    own_pick: bool = False  # request i, or a key, has a pick that no other request can shift
    share_power: float = 1  # while nothing is released, the shares are as the weights to this power
    share_cv: float = 0  # how far a node's share may be from its weight by design: the coefficient of variation
    most_weight: int = 2**31 - 1  # what the weights may add up to
    avoids: int | None = None  # how many of the nodes to avoid it does, the last ones; None: all
    comes_back: bool = False  # to a node to avoid, where nobody else is up
    last_only: bool = False  # no other node can be removed

    def make(self, n: int, seed: int = SEED) -> Selector:
        return self.compiled(n, seed)

    def twin(self, n: int, seed: int = SEED) -> Any:
        return self.plain(n, seed)

    def dressed(self, n: int, seed: int = SEED) -> "Dressed":
        """The twin as the tests of the contract want it."""
        return Dressed(self, n, seed)


class Dressed:
    """A twin in the contract's clothes: its picks, who is up, what to avoid, requests in flight, and copies.

    A twin claims no more than these. Names, arguments and their errors, `out`, pickles, clocks and nodes that come and
    go are the compiled class's alone, and a batch here is picks one by one.
    """

    def __init__(self, row: Row, n: int, seed: int):
        self.row, self.seed, self.n = row, seed, n
        self.keyed = row.make(1).keyed
        self.weights = np.array(weights(n, seed) if row.weighted else [1] * n)
        self.reset()

    def reset(self) -> None:
        self.twin = self.row.twin(self.n, self.seed)
        self.keeps_load = hasattr(self.twin, "load")

    @property
    def up(self) -> np.ndarray:
        return np.array(self.twin.up)

    @property
    def in_flight(self) -> np.ndarray:
        return np.array(self.twin.load)

    def mark_down(self, node: int) -> None:
        self._mark(node, False)

    def mark_up(self, node: int) -> None:
        self._mark(node, True)

    def _mark(self, node: int, up: bool) -> None:
        """A twin that must do more than remember who is up says so."""
        if hasattr(self.twin, "mark"):
            self.twin.mark(node, up)
        else:
            self.twin.up[node] = up

    def select(self, key: Any = None, *, avoid: Iterable[int] = ()) -> int:
        """Nodes to avoid are down for it, unless it knows the difference."""
        asked, avoid = [key] if self.keyed else [], list(avoid)
        if not avoid or hasattr(self.twin, "mark"):
            return int(self.twin.select(*asked, **{"avoid": avoid} if avoid else {}))
        kept = self.twin.up.copy()
        self.twin.up[:] = [up and node not in avoid for node, up in enumerate(kept)]
        try:
            return int(self.twin.select(*asked))
        finally:
            self.twin.up[:] = kept

    def select_many(self, requests: Any) -> np.ndarray:
        given = [[key] for key in requests] if self.keyed else [[]] * requests
        return np.array([one(self, *key) for key in given], np.int32)

    def release(self, node: Any, ok: bool = True, latency_s: float = 0.1) -> None:
        for ended in np.atleast_1d(node).tolist() if self.keeps_load or hasattr(self.twin, "release") else []:
            if not hasattr(self.twin, "release"):
                self.twin.load[ended] -= 1
            elif isinstance(self.twin, reference.PeakEwma):
                self.twin.release(ended, latency_s)
            elif isinstance(self.twin, reference.PassiveRoundRobin):
                self.twin.release(ended, ok)
            else:
                self.twin.release(ended)

    def copy(self) -> "Dressed":
        return copy.deepcopy(self)


ROWS = {
    "RoundRobin": Row(lambda n, seed: lbcore.RoundRobin(n), lambda n, seed: reference.RoundRobin(n)),
    "Random": Row(
        lambda n, seed: lbcore.Random(n, seed=seed),
        lambda n, seed: reference.Random(n, seed),
        seeded=True,
        own_pick=True,
    ),
    "TwoChoices": Row(
        lambda n, seed: lbcore.TwoChoices(n, seed=seed),
        lambda n, seed: reference.TwoChoices(n, seed),
        seeded=True,
    ),
    "WeightedRoundRobin": Row(
        lambda n, seed: lbcore.WeightedRoundRobin(n, weights(n, seed)),
        lambda n, seed: reference.WeightedRoundRobin(weights(n, seed)),
        weighted=True,
    ),
    "BurstRoundRobin": Row(
        lambda n, seed: lbcore.BurstRoundRobin(n, weights(n, seed)),
        lambda n, seed: reference.BurstRoundRobin(weights(n, seed)),
        weighted=True,
    ),
    "WeightedRandom": Row(
        lambda n, seed: lbcore.WeightedRandom(n, weights(n, seed), seed=seed),
        lambda n, seed: reference.WeightedRandom(weights(n, seed), seed),
        weighted=True,
        seeded=True,
        own_pick=True,
    ),
    "EarliestDeadline": Row(
        lambda n, seed: envoy.EarliestDeadline(n, weights(n, seed), start=5, attempts=200),
        lambda n, seed: reference.EarliestDeadline(weights(n, seed), 5, 200),
        weighted=True,
        comes_back=True,
    ),
    "LeastRequest": Row(
        lambda n, seed: envoy.LeastRequest(n, weights(n, seed), choices=3, seed=seed, attempts=200),
        lambda n, seed: reference.LeastRequest(weights(n, seed), 3, seed, 200),
        weighted=True,
        seeded=True,
        share_power=0.5,
        comes_back=True,
    ),
    "StaticStride": Row(
        lambda n, seed: grpc.StaticStride(n, weights(n, seed), start=5),
        lambda n, seed: reference.StaticStride(weights(n, seed), 5),
        weighted=True,
    ),
    "FastWeightedRoundRobin": Row(
        lambda n, seed: haproxy.FastWeightedRoundRobin(n, weights(n, seed)),
        lambda n, seed: reference.FastWeightedRoundRobin(weights(n, seed)),
        weighted=True,
        avoids=1,
        comes_back=True,
    ),
    "MapRoundRobin": Row(
        lambda n, seed: haproxy.MapRoundRobin(n, weights(n, seed)),
        lambda n, seed: reference.MapRoundRobin(weights(n, seed)),
        weighted=True,
        most_weight=2**24,
        avoids=1,
        comes_back=True,
    ),
    "MapHash": Row(
        lambda n, seed: haproxy.MapHash(n, weights(n, seed)),
        lambda n, seed: reference.MapHash(weights(n, seed)),
        weighted=True,
        most_weight=2**24,
        avoids=0,
        comes_back=True,
    ),
    "AttemptRing": Row(
        lambda n, seed: envoy.AttemptRing(n, weights(n, seed), virtual_nodes=20, attempts=200),
        lambda n, seed: reference.AttemptRing(weights(n, seed), 20, 200),
        twin_cost=3,
        weighted=True,
        own_pick=True,
        share_cv=0.22,
        most_weight=2**24 // 20,
        comes_back=True,
    ),
    "FastLeastConnections": Row(
        lambda n, seed: haproxy.FastLeastConnections(n, weights(n, seed)),
        lambda n, seed: reference.FastLeastConnections(weights(n, seed)),
        weighted=True,
        avoids=1,
        comes_back=True,
    ),
    "PassiveRoundRobin": Row(
        lambda n, seed: nginx.PassiveRoundRobin(n, weights(n, seed), clock=stopped),
        lambda n, seed: reference.PassiveRoundRobin(weights(n, seed)),
        weighted=True,
    ),
    "PassiveLeastConnections": Row(
        lambda n, seed: nginx.PassiveLeastConnections(n, weights(n, seed), clock=stopped),
        lambda n, seed: reference.PassiveLeastConnections(weights(n, seed)),
        weighted=True,
    ),
    "PassiveRandom": Row(
        lambda n, seed: nginx.PassiveRandom(n, weights(n, seed), clock=stopped, seed=seed),
        lambda n, seed: reference.PassiveRandom(weights(n, seed), seed=seed),
        weighted=True,
        seeded=True,
    ),
    "PassiveTwoRandom": Row(
        lambda n, seed: nginx.PassiveTwoRandom(n, weights(n, seed), clock=stopped, seed=seed),
        lambda n, seed: reference.PassiveTwoRandom(weights(n, seed), seed=seed),
        weighted=True,
        seeded=True,
    ),
    "PassiveHash": Row(
        lambda n, seed: nginx.PassiveHash(n, weights(n, seed), clock=stopped),
        lambda n, seed: reference.PassiveHash(weights(n, seed)),
        weighted=True,
        own_pick=True,
    ),
    "PassivePrefixHash": Row(
        lambda n, seed: nginx.PassivePrefixHash(n, weights(n, seed), clock=stopped),
        lambda n, seed: reference.PassivePrefixHash(weights(n, seed)),
        weighted=True,
        own_pick=True,
    ),
    "PassiveRing": Row(
        lambda n, seed: nginx.PassiveRing(n, weights(n, seed), clock=stopped),
        lambda n, seed: reference.PassiveRing(weights(n, seed)),
        twin_cost=3,
        weighted=True,
        own_pick=True,
        share_cv=0.1,
        most_weight=2**24 // 160,
    ),
    "ModuloHash": Row(lambda n, seed: lbcore.ModuloHash(n), lambda n, seed: reference.ModuloHash(n), own_pick=True),
    "HashSlots": Row(
        lambda n, seed: lbcore.HashSlots(n, slots=10_007),
        lambda n, seed: reference.HashSlots(n, 10_007),
        own_pick=True,
    ),
    # At 10 nodes and 20 points for each unit of weight, the lightest node has 20 of 600: a cv of 0.22.
    "HashRing": Row(
        lambda n, seed: lbcore.HashRing(n, weights(n, seed), virtual_nodes=20),
        lambda n, seed: reference.HashRing(weights(n, seed), 20),
        twin_cost=3,
        weighted=True,
        own_pick=True,
        share_cv=0.22,
        most_weight=2**24 // 20,
    ),
    "BoundedRing": Row(
        lambda n, seed: lbcore.BoundedRing(n, weights(n, seed), virtual_nodes=20, eps=0.3),
        lambda n, seed: reference.BoundedRing(weights(n, seed), 20, 0.3),
        twin_cost=3,
        weighted=True,
        share_cv=0.22,
        most_weight=2**24 // 20,
    ),
    "NearestRing": Row(
        lambda n, seed: haproxy.NearestRing(n, weights(n, seed), virtual_nodes=20),
        lambda n, seed: reference.NearestRing(weights(n, seed), 20),
        twin_cost=3,
        weighted=True,
        own_pick=True,
        share_cv=0.22,
        most_weight=2**24 // 20,
        avoids=1,
        comes_back=True,
    ),
    "BoundedNearestRing": Row(
        lambda n, seed: haproxy.BoundedNearestRing(n, weights(n, seed), virtual_nodes=20, factor=130),
        lambda n, seed: reference.BoundedNearestRing(weights(n, seed), 20, 130),
        twin_cost=3,
        weighted=True,
        share_cv=0.22,
        most_weight=2**24 // 20,
        avoids=1,
        comes_back=True,
    ),
    "BoundedAlternates": Row(
        lambda n, seed: envoy.BoundedAlternates(n, weights(n, seed), factor=130, attempts=2000),
        lambda n, seed: reference.BoundedAlternates(weights(n, seed), 130, 2000),
        twin_cost=20,
        weighted=True,
        share_cv=0.22,
        most_weight=2**24 // 160,
        avoids=0,  # where all but those to avoid are overloaded, every attempt may end at the same one of them
        comes_back=True,
    ),
    "JumpHash": Row(
        lambda n, seed: lbcore.JumpHash(n),
        lambda n, seed: reference.JumpHash(n),
        own_pick=True,
        last_only=True,
    ),
    "Rendezvous": Row(
        lambda n, seed: lbcore.Rendezvous(n, weights(n, seed)),
        lambda n, seed: reference.Rendezvous(weights(n, seed)),
        twin_cost=3,
        weighted=True,
        own_pick=True,
    ),
    "Maglev": Row(
        lambda n, seed: lbcore.Maglev(n, weights(n, seed), table_size=10_007),
        lambda n, seed: reference.Maglev(weights(n, seed), 10_007),
        twin_cost=3,
        weighted=True,
        own_pick=True,
    ),
    "LeastConnections": Row(
        lambda n, seed: lbcore.LeastConnections(n, weights(n, seed)),
        lambda n, seed: reference.LeastConnections(weights(n, seed)),
        weighted=True,
    ),
    "PeakEwma": Row(
        lambda n, seed: lbcore.PeakEwma(n, seed=seed, clock=stopped),
        lambda n, seed: reference.PeakEwma(n, seed, 10.0, stopped),
        seeded=True,
    ),
}


def keys(m: int, start: int = 0) -> list[int]:
    """m keys that differ, spread over the whole range of 64 bits."""
    return [(start + i) * 0x9E3779B97F4A7C15 % 2**64 - 2**63 for i in range(m)]


every = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


def requests_of(selector: Any, m: int, start: int = 0) -> Any:
    return keys(m, start) if selector.keyed else m


def one(selector: Any, *key: Any, **avoid: Any) -> int:
    """One pick, -1 for a LookupError."""
    try:
        return int(selector.select(*key, **avoid))
    except LookupError:
        return -1


def ask(selector: Any, keyed: bool, m: int, start: int) -> list[int]:
    """m picks one by one, -1 for a LookupError."""
    return [one(selector, *([key] if keyed else [])) for key in keys(m, start)]
