from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from lbcore.selectors._selector import Nodes, Selector, Weights

class StaticStride(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None, start: SupportsIndex = 0) -> None: ...
    @property
    def strides(self) -> NDArray[np.int64]: ...
