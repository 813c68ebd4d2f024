"""numpy's counts as they are asked for anywhere: where an index has 32 bits, numpy takes no int64 for one.

numpy casts what counts or is counted by the rule "safe", which int64 to a smaller index is not. What is counted here
(requests, nodes, points of a ring) is far below 2^31.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["bincount", "repeat"]


def bincount(values: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0) -> NDArray[Any]:
    """`numpy.bincount`: how often each value occurs, or the sum of its weights."""
    return np.bincount(np.asarray(values, dtype=np.intp), weights, minlength)


def repeat(values: ArrayLike, times: ArrayLike) -> NDArray[Any]:
    """`numpy.repeat`: each value so many times."""
    return np.repeat(values, np.asarray(times, dtype=np.intp))
