import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.selectors._selector import Nodes, Selector, Weights

class FastWeightedRoundRobin(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None) -> None: ...

class MapRoundRobin(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None) -> None: ...

def smooth_round(weights: ArrayLike, divisor: int = 0) -> NDArray[np.int32]: ...
