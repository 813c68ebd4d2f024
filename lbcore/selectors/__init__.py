"""Which node gets this request? The compiled selectors, and beside them a readable twin of each in `reference`.

What one system alone does stands in `systems`; the presets are the door to it.
"""

from typing import TYPE_CHECKING, NoReturn

try:
    from lbcore.selectors._selector import Selector
except ModuleNotFoundError as _error:
    if _error.name != "lbcore.selectors._selector":
        raise
    raise ImportError("lbcore's core is not compiled. In lbcore's folder, run: python -m pip install -e .") from _error

from lbcore.selectors._moved import moved
from lbcore.selectors.bounded_ring import BoundedRing
from lbcore.selectors.errors import AllFull
from lbcore.selectors.hashing import HashSlots, ModuloHash
from lbcore.selectors.jump import JumpHash
from lbcore.selectors.least_loaded import LeastConnections, PeakEwma
from lbcore.selectors.maglev import Maglev
from lbcore.selectors.randomized import Random, TwoChoices
from lbcore.selectors.rendezvous import Rendezvous
from lbcore.selectors.ring import HashRing
from lbcore.selectors.round_robin import RoundRobin
from lbcore.selectors.weighted import BurstRoundRobin, WeightedRandom, WeightedRoundRobin

__all__ = [
    "AllFull",
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

_SYSTEMS = {
    "BoundedAlternates": "envoy",
    "BoundedNearestRing": "haproxy",
    "EarliestDeadline": "envoy",
    "FastLeastConnections": "haproxy",
    "FastWeightedRoundRobin": "haproxy",
    "LeastRequest": "envoy",
    "MapRoundRobin": "haproxy",
    "NearestRing": "haproxy",
    "PassiveHash": "nginx",
    "PassiveLeastConnections": "nginx",
    "PassivePrefixHash": "nginx",
    "PassiveRing": "nginx",
    "PassiveRoundRobin": "nginx",
    "StaticStride": "grpc",
}

if not TYPE_CHECKING:  # which would take every name for one that is there

    def __getattr__(name: str) -> NoReturn:
        if name in _SYSTEMS:  # an AttributeError's words would be lost on the way to `from lbcore import ...`
            system = _SYSTEMS[name]
            raise ImportError(
                f"{name} has moved to lbcore.selectors.systems.{system}, and lbcore.presets.{system} makes one"
            )
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
