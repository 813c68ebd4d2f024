from typing import SupportsIndex

from lbcore.selectors._selector import Nodes, Seed, Selector, Weights

class EarliestDeadline(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None, start: SupportsIndex = 0) -> None: ...

class LeastRequest(EarliestDeadline):
    def __init__(
        self, nodes: Nodes, weights: Weights | None = None, choices: SupportsIndex = 2, seed: Seed = None
    ) -> None: ...
