"""The readable twin of each selector: the same picks in a few lines of plain Python.

A lesson shows them, and the tests hold the compiled selectors to them. Each has `up`, one bool a node, which you may
change; nothing is checked. `select()` is the index of the next request's node; LookupError where no node is left.
"""

from lbcore.selectors.reference._draws import GOLDEN, MASK, Draws, again, mix
from lbcore.selectors.reference._hashes import hash64
from lbcore.selectors.reference.alternates import BoundedAlternates
from lbcore.selectors.reference.consistent import BoundedRing, HashRing
from lbcore.selectors.reference.deadlines import EarliestDeadline, LeastRequest
from lbcore.selectors.reference.fast_least import FastLeastConnections
from lbcore.selectors.reference.fast_turns import FastWeightedRoundRobin, MapRoundRobin
from lbcore.selectors.reference.hashing import HashSlots, ModuloHash
from lbcore.selectors.reference.least_loaded import LeastConnections, PeakEwma
from lbcore.selectors.reference.nearest import BoundedNearestRing, NearestRing
from lbcore.selectors.reference.passive import PassiveLeastConnections, PassiveRoundRobin
from lbcore.selectors.reference.passive_hash import PassiveHash, PassivePrefixHash, PassiveRing
from lbcore.selectors.reference.randomized import Random, TwoChoices
from lbcore.selectors.reference.ringless import JumpHash, Maglev, Rendezvous
from lbcore.selectors.reference.round_robin import RoundRobin
from lbcore.selectors.reference.strides import StaticStride
from lbcore.selectors.reference.weighted import BurstRoundRobin, WeightedRandom, WeightedRoundRobin

__all__ = [
    "GOLDEN",
    "MASK",
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
    "MapRoundRobin",
    "ModuloHash",
    "NearestRing",
    "PassiveHash",
    "PassiveLeastConnections",
    "PassivePrefixHash",
    "PassiveRing",
    "PassiveRoundRobin",
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
