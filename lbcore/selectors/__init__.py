"""Which node gets this request? The compiled selectors, and beside them a readable twin of each in `reference`."""

try:
    from lbcore.selectors._selector import Selector
except ModuleNotFoundError as _error:
    if _error.name != "lbcore.selectors._selector":
        raise
    raise ImportError("lbcore's core is not compiled. In lbcore's folder, run: python -m pip install -e .") from _error

from lbcore.selectors._moved import moved
from lbcore.selectors.alternates import BoundedAlternates
from lbcore.selectors.bounded import BoundedRing
from lbcore.selectors.consistent import HashRing
from lbcore.selectors.deadlines import EarliestDeadline, LeastRequest
from lbcore.selectors.fast_least import FastLeastConnections
from lbcore.selectors.fast_turns import FastWeightedRoundRobin, MapRoundRobin
from lbcore.selectors.hashing import HashSlots, ModuloHash
from lbcore.selectors.least_loaded import LeastConnections, PeakEwma
from lbcore.selectors.nearest import BoundedNearestRing, NearestRing
from lbcore.selectors.passive import PassiveLeastConnections, PassiveRoundRobin
from lbcore.selectors.passive_hash import PassiveHash, PassivePrefixHash, PassiveRing
from lbcore.selectors.randomized import Random, TwoChoices
from lbcore.selectors.ringless import JumpHash, Maglev, Rendezvous
from lbcore.selectors.round_robin import RoundRobin
from lbcore.selectors.strides import StaticStride
from lbcore.selectors.weighted import BurstRoundRobin, WeightedRandom, WeightedRoundRobin

__all__ = [
    "BoundedAlternates",
    "BoundedNearestRing",
    "BoundedRing",
    "BurstRoundRobin",
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
    "Selector",
    "StaticStride",
    "TwoChoices",
    "WeightedRandom",
    "WeightedRoundRobin",
    "moved",
]
