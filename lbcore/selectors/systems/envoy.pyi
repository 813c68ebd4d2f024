from collections.abc import Callable
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.selectors._selector import KeyHash, Nodes, Seed, Selector, Weights
from lbcore.selectors.hashing import HashTable
from lbcore.selectors.ring import HashRing

class EarliestDeadline(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None, start: SupportsIndex = 0) -> None: ...

class LeastRequest(EarliestDeadline):
    def __init__(
        self, nodes: Nodes, weights: Weights | None = None, choices: SupportsIndex = 2, seed: Seed = None
    ) -> None: ...

class AttemptTable(HashTable):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        *,
        table: Callable[[tuple[str, ...], NDArray[np.int64]], ArrayLike],
        key_hash: KeyHash | None = None,
    ) -> None: ...

class BoundedAlternates(Selector):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        factor: SupportsIndex = 125,
        *,
        inner: Callable[[tuple[str, ...], NDArray[np.int64]], HashRing | HashTable] = ...,
        key_hash: KeyHash | None = None,
    ) -> None: ...

def sown_order(n: int, seed: int) -> NDArray[np.int32]: ...
