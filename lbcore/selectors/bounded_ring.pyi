from typing import SupportsFloat, SupportsIndex

from lbcore.selectors._selector import KeyHash, Nodes, Weights
from lbcore.selectors.ring import HashRing, Points, Rule

class BoundedRing(HashRing):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        virtual_nodes: SupportsIndex = 160,
        eps: SupportsFloat = 0.25,
        *,
        points: Points | None = None,
        rule: Rule = "first",
        bits: SupportsIndex = 64,
        rebuild: bool = False,
        key_hash: KeyHash | None = None,
    ) -> None: ...
