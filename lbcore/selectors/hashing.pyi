from collections.abc import Callable
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.selectors._selector import KeyHash, Nodes, Selector, Weights

class ModuloHash(Selector):
    def __init__(self, nodes: Nodes, *, key_hash: KeyHash | None = None) -> None: ...

class HashTable(Selector):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        *,
        table: Callable[[tuple[str, ...], NDArray[np.int64]], ArrayLike],
        rebuild: bool = False,
        key_hash: KeyHash | None = None,
    ) -> None: ...
    @property
    def owners(self) -> NDArray[np.int32]: ...

class HashSlots(HashTable):
    def __init__(self, nodes: Nodes, slots: SupportsIndex = 16384, *, key_hash: KeyHash | None = None) -> None: ...
