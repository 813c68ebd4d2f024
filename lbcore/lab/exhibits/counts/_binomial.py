"""How a count at random is spread: the central band of a binomial distribution, exactly, in plain numpy."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["binomial_band"]


def binomial_band(n: int, p: ArrayLike, level: float = 0.95) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The central band of Binomial(n, p): lowest and highest count, both inside, for each p.

    Exact: the quantiles at (1 - level) / 2 and (1 + level) / 2, as `scipy.stats.binom.ppf` gives them. The chance to
    be inside is at least `level`.
    """
    shares, where = np.unique(np.asarray(p, dtype=np.float64), return_inverse=True)
    tail = (1 - level) / 2
    found = np.array([_quantiles(n, float(share), (tail, 1 - tail)) for share in shares], dtype=np.int64).reshape(-1, 2)
    return found[where, 0], found[where, 1]


def _quantiles(n: int, p: float, levels: tuple[float, ...]) -> list[int]:
    """The smallest k with P(X <= k) >= level, for X ~ Binomial(n, p) and each level."""
    if p <= 0 or n == 0:
        return [0] * len(levels)
    if p >= 1:
        return [n] * len(levels)
    # Seven deviations and a dozen more: what lies outside is below 1e-9, however small the mean is.
    reach = 7 * math.sqrt(n * p * (1 - p)) + 12
    mode = min(n, int((n + 1) * p))
    first, last = max(0, math.floor(mode - reach)), min(n, math.ceil(mode + reach))
    k = np.arange(first, last, dtype=np.float64)
    # P(k + 1) / P(k), summed outwards from the mode: no factorial, nothing that overflows.
    steps = np.log((n - k) / (k + 1.0)) + (math.log(p) - math.log1p(-p))
    logs = np.concatenate(([0.0], np.cumsum(steps)))
    mass = np.exp(logs - logs[mode - first])
    below = np.cumsum(mass)
    found = np.searchsorted(below, np.array(levels) * below[-1])
    return [int(first + min(i, len(below) - 1)) for i in found]
