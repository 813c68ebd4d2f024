from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.selectors._selector import KeyHash, Limits, Nodes, Selector, Weights
from lbcore.selectors.ring import HashRing, Points

class Limited(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None, max_conns: Limits = 0) -> None: ...
    def accept(self, node: str | SupportsIndex) -> bool: ...

class FastWeightedRoundRobin(Limited): ...
class MapRoundRobin(Limited): ...

class MapHash(MapRoundRobin):
    def __init__(self, nodes: Nodes, weights: Weights | None = None, *, key_hash: KeyHash | None = None) -> None: ...

class FastLeastConnections(Limited): ...

class NearestRing(HashRing):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        virtual_nodes: SupportsIndex = 160,
        *,
        points: Points | None = None,
        bits: SupportsIndex = 64,
        key_hash: KeyHash | None = None,
    ) -> None: ...

class BoundedNearestRing(NearestRing):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        virtual_nodes: SupportsIndex = 160,
        factor: SupportsIndex = 125,
        *,
        points: Points | None = None,
        bits: SupportsIndex = 64,
        key_hash: KeyHash | None = None,
    ) -> None: ...

def smooth_round(weights: ArrayLike, divisor: int = 0) -> NDArray[np.int32]: ...
