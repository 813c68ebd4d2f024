"""One row for every selector: how to make it, and how to make its twin. A new selector adds its row here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lbcore
from lbcore import Selector
from lbcore.selectors import reference

SEED = 20_24


def weights(n: int) -> list[int]:
    """Weights from 0 to 6 with a zero among every seven; never all zero."""
    return [(5 * i + 3) % 7 for i in range(n)]


@dataclass(frozen=True)
class Row:
    """A selector of n nodes, its twin, and what kind of selector it is."""

    make: Callable[[int], Selector]
    twin: Callable[[int], Any]
    twin_picks: int = 1_000_000  # how many picks of the twin at 10 nodes a test can wait for
    weighted: bool = False
    seeded: bool = False
    own_pick: bool = False  # request i, or a key, has a pick that no other request can shift


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
    "ModuloHash": Row(lbcore.ModuloHash, reference.ModuloHash, twin_picks=200_000, own_pick=True),
    "HashSlots": Row(
        lambda n: lbcore.HashSlots(n, slots=10_007),
        lambda n: reference.HashSlots(n, 10_007),
        twin_picks=200_000,
        own_pick=True,
    ),
}


def keys(m: int, start: int = 0) -> list[int]:
    """m keys that differ, spread over the whole range of 64 bits."""
    return [(start + i) * 0x9E3779B97F4A7C15 % 2**64 - 2**63 for i in range(m)]
