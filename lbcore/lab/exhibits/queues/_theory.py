"""What a queue does in the long run, where theory knows: nodes of speed 1, exponential services of mean 1, Poisson.

`choices` nodes are drawn for each request, which joins the shortest of these queues. With one it is M/M/1 and exact;
with more it is the limit of many nodes (Mitzenmacher, 'The Power of Two Choices in Randomized Load Balancing', 2001).
"""

import math
from typing import Any

from lbcore import selectors

__all__ = ["choices_of", "expected", "mean_latency", "quantile", "slower"]


def choices_of(cls: Any, age: float = 0.0) -> int | None:
    """How many nodes a class looks at for each request, where theory knows its latencies; else None."""
    if cls is selectors.Random:
        return 1
    return 2 if cls is selectors.TwoChoices and not age else None


def expected(what: str, load: float, choices: int) -> float:
    """The mean of the latencies, or one of their quantiles; what: "mean", "p50", "p99"."""
    return mean_latency(load, choices) if what == "mean" else quantile(float(what[1:]), load, choices)


def _holding(load: float, choices: int) -> list[float]:
    """The share of nodes that hold at least 0, 1, 2, ... requests: load^((d^i - 1) / (d - 1)), down to 1e-15."""
    shares, power, step = [1.0], 1.0, 1.0
    while shares[-1] > 1e-15:
        shares.append(load**power)
        step *= choices
        power += step
    return shares


def slower(time: float, load: float, choices: int = 1) -> float:
    """The share of requests that take longer than `time`.

    A request that joins a queue as its k-th takes the sum of k services, which is longer than t if fewer than k end
    within t: Poisson. Its k is above j if all d nodes that were looked at hold at least j.
    """
    if choices == 1:
        return math.exp(-time * (1 - load))
    total, term = 0.0, math.exp(-time)
    for j, share in enumerate(_holding(load, choices)):
        total += term * share**choices
        term *= time / (j + 1)
    return total


def mean_latency(load: float, choices: int = 1) -> float:
    """1 / (1 - load) for one choice; else the sum over i of load^((d^i - d) / (d - 1))."""
    if choices == 1:
        return 1 / (1 - load)
    return math.fsum(share**choices for share in _holding(load, choices))


def quantile(q: float, load: float, choices: int = 1) -> float:
    """The time that q per cent of the requests do not exceed: ln(100) / (1 - load) for 99 and one choice."""
    rest = 1 - q / 100
    if choices == 1:
        return -math.log(rest) / (1 - load)
    low, high = 0.0, 1.0
    while slower(high, load, choices) > rest:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slower(middle, load, choices) > rest else (low, middle)
    return high
