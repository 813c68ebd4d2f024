"""A measured mean beside the one that theory gives."""

import math

import numpy as np


def near(sample: np.ndarray, expected: float) -> bool:
    """Whether the mean lies within four standard errors of what is expected."""
    return abs(sample.mean() - expected) < 4 * sample.std(ddof=1) / math.sqrt(len(sample))
