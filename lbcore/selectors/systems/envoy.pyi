from collections.abc import Callable
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.selectors._selector import KeyHash, Nodes, Seed, Selector, Weights
from lbcore.selectors.hashing import HashTable
from lbcore.selectors.ring import HashRing, Points

class EarliestDeadline(Selector):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        start: SupportsIndex = 0,
        *,
        attempts: SupportsIndex = ...,
    ) -> None: ...

class LeastRequest(EarliestDeadline):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        choices: SupportsIndex = 2,
        seed: Seed = None,
        *,
        attempts: SupportsIndex = ...,
        bias: float = 1.0,
    ) -> None: ...

class AttemptTable(HashTable):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        *,
        table: Callable[[tuple[str, ...], NDArray[np.int64]], ArrayLike],
        key_hash: KeyHash | None = None,
        attempts: SupportsIndex = ...,
    ) -> None: ...

class AttemptRing(HashRing):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        virtual_nodes: SupportsIndex = 160,
        *,
        points: Points | None = None,
        key_hash: KeyHash | None = None,
        attempts: SupportsIndex = ...,
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
        attempts: SupportsIndex = ...,
    ) -> None: ...

def sown_order(n: int, seed: int) -> NDArray[np.int32]: ...
