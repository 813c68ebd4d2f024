from typing import SupportsIndex

from lbcore.selectors._selector import KeyHash, Nodes, Weights
from lbcore.selectors.consistent import HashRing, Points

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
