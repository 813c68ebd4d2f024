"""What a change of nodes moved."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lbcore.selectors._selector import Selector


def moved(before: Selector, after: Selector, keys: Sequence[str | bytes | int] | NDArray[np.integer]) -> int:
    """How many of `keys` the selector `after` sends to another node than `before`, nodes being compared by name.

    Both are asked on a copy, so that neither changes. A key that only one of them finds a node for has moved.

    >>> from lbcore import ModuloHash
    >>> moved(ModuloHash(10), ModuloHash(11), list(range(11_000)))
    9944
    """
    new_index = {name: i for i, name in enumerate(after.nodes)}
    # One place more, for the -1 of a key without a node; a name that is gone matches nothing.
    same = np.array([new_index.get(name, -2) for name in before.nodes] + [-1], dtype=np.int32)
    return int(np.count_nonzero(same[before.copy().select_many(keys)] != after.copy().select_many(keys)))
