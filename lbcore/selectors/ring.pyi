from collections.abc import Callable
from typing import Literal, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.selectors._selector import Key, KeyHash, Nodes, Selector, Weights

Points: TypeAlias = Callable[[tuple[str, ...], NDArray[np.int64]], tuple[ArrayLike, ArrayLike]]
Rule: TypeAlias = Literal["first", "after"]

class HashRing(Selector):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        virtual_nodes: SupportsIndex = 160,
        *,
        points: Points | None = None,
        rule: Rule = "first",
        bits: SupportsIndex = 64,
        rebuild: bool = False,
        key_hash: KeyHash | None = None,
    ) -> None: ...
    @property
    def ring(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]: ...
    def replicas(self, key: Key, k: SupportsIndex) -> NDArray[np.int32]: ...
