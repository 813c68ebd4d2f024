"""Which node gets this request? The compiled selectors, and beside them a readable twin of each in `reference`."""

try:
    from lbcore.selectors._selector import Selector
except ModuleNotFoundError as _error:
    if _error.name != "lbcore.selectors._selector":
        raise
    raise ImportError("lbcore's core is not compiled. In lbcore's folder, run: python -m pip install -e .") from _error

from lbcore.selectors._moved import moved
from lbcore.selectors.consistent import BoundedRing, HashRing
from lbcore.selectors.hashing import HashSlots, ModuloHash
from lbcore.selectors.least_loaded import LeastConnections, PeakEwma
from lbcore.selectors.randomized import Random, TwoChoices
from lbcore.selectors.ringless import JumpHash, Maglev, Rendezvous
from lbcore.selectors.round_robin import RoundRobin
from lbcore.selectors.weighted import BurstRoundRobin, WeightedRandom, WeightedRoundRobin

__all__ = [
    "BoundedRing",
    "BurstRoundRobin",
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
    "Selector",
    "TwoChoices",
    "WeightedRandom",
    "WeightedRoundRobin",
    "moved",
]
