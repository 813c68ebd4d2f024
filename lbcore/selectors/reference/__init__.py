"""The readable twin of each selector: the same picks in a few lines of plain Python.

A lesson shows them, and the tests hold the compiled selectors to them. Each has `up`, one bool a node, which you may
change; nothing is checked. `select()` is the index of the next request's node; LookupError where no node is left.
"""

from lbcore.selectors.reference._draws import GOLDEN, MASK, Draws, again, mix
from lbcore.selectors.reference._hashes import hash64
from lbcore.selectors.reference.consistent import BoundedRing, HashRing
from lbcore.selectors.reference.hashing import HashSlots, ModuloHash
from lbcore.selectors.reference.least_loaded import LeastConnections, PeakEwma
from lbcore.selectors.reference.randomized import Random, TwoChoices
from lbcore.selectors.reference.ringless import JumpHash, Maglev, Rendezvous
from lbcore.selectors.reference.round_robin import RoundRobin
from lbcore.selectors.reference.weighted import BurstRoundRobin, WeightedRandom, WeightedRoundRobin

__all__ = [
    "GOLDEN",
    "MASK",
    "BoundedRing",
    "BurstRoundRobin",
    "Draws",
    "HashRing",
    "HashSlots",
    "JumpHash",
    "LeastConnections",
    "Maglev",
    "ModuloHash",
    "PeakEwma",
    "Random",
    "Rendezvous",
    "RoundRobin",
    "TwoChoices",
    "WeightedRandom",
    "WeightedRoundRobin",
    "again",
    "hash64",
    "mix",
]
