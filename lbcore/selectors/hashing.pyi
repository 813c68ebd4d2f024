from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from lbcore.selectors._selector import Nodes, Selector

class ModuloHash(Selector):
    def __init__(self, nodes: Nodes) -> None: ...

class HashSlots(Selector):
    def __init__(self, nodes: Nodes, slots: SupportsIndex = 16384) -> None: ...
    @property
    def owners(self) -> NDArray[np.int32]: ...
