from typing import SupportsIndex

from lbcore.selectors._selector import Nodes, Seed, Selector
from lbcore.selectors._view import Clock, LoadView

class Random(Selector):
    def __init__(self, nodes: Nodes, seed: Seed = None) -> None: ...

class TwoChoices(LoadView):
    def __init__(
        self,
        nodes: Nodes,
        seed: Seed = None,
        choices: SupportsIndex = 2,
        replacement: bool = False,
        *,
        stale_requests: int = 1,
        stale_s: float = 0.0,
        clock: Clock = ...,
    ) -> None: ...
