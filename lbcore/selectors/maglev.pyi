from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from lbcore.selectors._selector import KeyHash, Nodes, Weights
from lbcore.selectors.hashing import HashTable

class Maglev(HashTable):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        table_size: SupportsIndex = 65537,
        *,
        key_hash: KeyHash | None = None,
    ) -> None: ...

def fill_table(
    offsets: Sequence[int] | NDArray[np.integer],
    skips: Sequence[int] | NDArray[np.integer],
    weights: Sequence[float] | NDArray[np.integer | np.floating],
    table_size: SupportsIndex,
) -> NDArray[np.int32]: ...
