from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbcore.simulate.nodes import Nodes

class Counting(Nodes):
    opened_s: float
    closed_s: float
    refused: int
    def open(self) -> None: ...
    def close(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    def totals(self) -> dict[str, Any]: ...
