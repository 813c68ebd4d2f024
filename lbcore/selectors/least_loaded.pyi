import numpy as np
from numpy.typing import NDArray

from lbcore.selectors._selector import Nodes, Seed, Selector, Weights
from lbcore.selectors._view import Clock, LoadView

class LeastConnections(LoadView):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        *,
        stale_requests: int = 1,
        stale_s: float = 0.0,
        clock: Clock = ...,
    ) -> None: ...

class PeakEwma(Selector):
    def __init__(self, nodes: Nodes, seed: Seed = None, *, decay_s: float = 10.0, clock: Clock = ...) -> None: ...
    @property
    def latencies_s(self) -> NDArray[np.float64]: ...
