from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from lbcore.selectors._selector import KeyHash, Nodes, Selector, Weights
from lbcore.selectors.hashing import HashTable

class JumpHash(Selector):
    def __init__(self, nodes: Nodes, *, key_hash: KeyHash | None = None) -> None: ...

class Rendezvous(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None, *, key_hash: KeyHash | None = None) -> None: ...

class Maglev(HashTable):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        table_size: SupportsIndex = 65537,
        *,
        key_hash: KeyHash | None = None,
    ) -> None: ...

def claimed(table_size: int, names: Sequence[str], weights: NDArray[np.integer]) -> NDArray[np.integer]: ...
def fill_table(
    offsets: Sequence[int] | NDArray[np.integer],
    skips: Sequence[int] | NDArray[np.integer],
    weights: Sequence[float] | NDArray[np.integer | np.floating],
    table_size: SupportsIndex,
) -> NDArray[np.int32]: ...
