"""The readable twin of each selector: the same picks in a few lines of plain Python.

A lesson shows them, and the tests hold the compiled selectors to them. Each has `up`, one bool a node, which you may
change; nothing is checked. `select()` is the index of the next request's node; LookupError where no node is left.
"""

from lbcore.selectors.reference._draws import GOLDEN, MASK, Draws, again, mix
from lbcore.selectors.reference._hashes import hash64
from lbcore.selectors.reference.bounded_ring import BoundedRing
from lbcore.selectors.reference.hashing import HashSlots, ModuloHash
from lbcore.selectors.reference.jump import JumpHash
from lbcore.selectors.reference.least_loaded import LeastConnections, PeakEwma
from lbcore.selectors.reference.maglev import Maglev
from lbcore.selectors.reference.randomized import Random, TwoChoices
from lbcore.selectors.reference.rendezvous import Rendezvous
from lbcore.selectors.reference.ring import HashRing
from lbcore.selectors.reference.round_robin import RoundRobin
from lbcore.selectors.reference.systems.envoy import AttemptRing, BoundedAlternates, EarliestDeadline, LeastRequest
from lbcore.selectors.reference.systems.grpc import StaticStride
from lbcore.selectors.reference.systems.haproxy import (
    BoundedNearestRing,
    FastLeastConnections,
    FastWeightedRoundRobin,
    MapHash,
    MapRoundRobin,
    NearestRing,
)
from lbcore.selectors.reference.systems.nginx import (
    PassiveHash,
    PassiveLeastConnections,
    PassivePrefixHash,
    PassiveRandom,
    PassiveRing,
    PassiveRoundRobin,
    PassiveTwoRandom,
)
from lbcore.selectors.reference.weighted import BurstRoundRobin, WeightedRandom, WeightedRoundRobin

__all__ = [
    "GOLDEN",
    "MASK",
    "AttemptRing",
    "BoundedAlternates",
    "BoundedNearestRing",
    "BoundedRing",
    "BurstRoundRobin",
    "Draws",
    "EarliestDeadline",
    "FastLeastConnections",
    "FastWeightedRoundRobin",
    "HashRing",
    "HashSlots",
    "JumpHash",
    "LeastConnections",
    "LeastRequest",
    "Maglev",
    "MapHash",
    "MapRoundRobin",
    "ModuloHash",
    "NearestRing",
    "PassiveHash",
    "PassiveLeastConnections",
    "PassivePrefixHash",
    "PassiveRandom",
    "PassiveRing",
    "PassiveRoundRobin",
    "PassiveTwoRandom",
    "PeakEwma",
    "Random",
    "Rendezvous",
    "RoundRobin",
    "StaticStride",
    "TwoChoices",
    "WeightedRandom",
    "WeightedRoundRobin",
    "again",
    "hash64",
    "mix",
]
