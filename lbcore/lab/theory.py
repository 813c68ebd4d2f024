"""What should happen: the exact laws that the pictures draw over the data, in plain numpy."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["binomial_band", "expected_top", "growth_line", "kept_share", "ring_peak", "ring_spread"]


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


def binomial_band(n: int, p: ArrayLike, level: float = 0.95) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The central band of Binomial(n, p): lowest and highest count, both inside, for each p.

    Exact: the quantiles at (1 - level) / 2 and (1 + level) / 2, as `scipy.stats.binom.ppf` gives them. The chance to
    be inside is at least `level`.
    """
    shares, where = np.unique(np.asarray(p, dtype=np.float64), return_inverse=True)
    tail = (1 - level) / 2
    found = np.array([_quantiles(n, float(share), (tail, 1 - tail)) for share in shares], dtype=np.int64).reshape(-1, 2)
    return found[where, 0], found[where, 1]


def expected_top(nodes: int) -> float:
    """The mean of the highest of `nodes` standard normal draws: 1.54 for ten."""
    # E[max] is the integral of 1 - F above zero less that of F below it; the two halves as one, by the trapezium rule.
    x = np.linspace(0.0, 9.0, 1801)
    above = 0.5 * np.array([math.erfc(v / math.sqrt(2)) for v in x])
    rest = 1 - (1 - above) ** nodes - above**nodes
    return float((x[1] - x[0]) * (rest.sum() - 0.5 * (rest[0] + rest[-1])))


def growth_line(nodes: int, requests: NDArray[Any]) -> NDArray[np.float64]:
    """How far random's busiest node stands above the mean, for many requests: expected_top * sqrt(R / N)."""
    return expected_top(nodes) * np.sqrt(np.asarray(requests, dtype=np.float64) / nodes)


def kept_share(before: tuple[str, ...], after: tuple[str, ...]) -> float:
    """The share of keys that hash mod N leaves where they are, when the nodes change from `before` to `after`.

    A hash is i modulo len(before) and j modulo len(after) once in their least common multiple, if it can be at all.
    """
    n, m = len(before), len(after)
    place = {name: j for j, name in enumerate(after)}
    divisor = math.gcd(n, m)
    kept = sum(1 for i, name in enumerate(before) if name in place and (place[name] - i) % divisor == 0)
    return kept / math.lcm(n, m)


def ring_peak(nodes: int, virtual_nodes: int) -> float:
    """The mean of the largest share of a random ring, as a multiple of the mean share: H_nodes at 1 virtual node.

    The gaps between points at random are exponential draws over their sum (Pyke 1965), so a node's share is a gamma
    draw over the sum of all, and what is wanted is E[max of `nodes` draws of Gamma(virtual_nodes)] / virtual_nodes.
    """
    x = np.linspace(0.0, virtual_nodes + 14 * math.sqrt(virtual_nodes) + 30, 20_001)
    with np.errstate(divide="ignore"):
        logs = -x if virtual_nodes == 1 else (virtual_nodes - 1) * np.log(x) - x - math.lgamma(virtual_nodes)
    mass = np.exp(logs)
    below = np.concatenate(([0.0], np.cumsum((mass[1:] + mass[:-1]) / 2)))
    above = 1 - (below / below[-1]) ** nodes
    return float((x[1] - x[0]) * (above.sum() - 0.5 * (above[0] + above[-1])) / virtual_nodes)


def ring_spread(nodes: int, virtual_nodes: int) -> float:
    """The coefficient of variation of a node's share of a random ring: sqrt((n - 1) / (n V + 1))."""
    return math.sqrt((nodes - 1) / (nodes * virtual_nodes + 1))
