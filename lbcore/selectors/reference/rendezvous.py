"""Consistent hashing by a draw of every node: rendezvous."""

from math import frexp

from lbcore.selectors.reference._draws import again
from lbcore.selectors.reference._hashes import hash64


class Rendezvous:
    """Every node draws a number for the key; the least -ln(u) / weight wins."""

    def __init__(self, weights: list[int]):
        self.weights, self.up = weights, [True] * len(weights)
        self.seeds = [hash64(f"node-{node}") for node in range(len(weights))]
        self.even = len(set(weights) - {0}) == 1

    def select(self, key: str | bytes | int) -> int:
        live = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
        if not live:
            raise LookupError("no node is left")
        bits = hash64(key)
        draws = {node: 2 * (again(bits ^ self.seeds[node]) >> 12) + 1 for node in live}  # u is draw / 2^53
        if self.even:
            return max(live, key=lambda node: draws[node])
        return min(live, key=lambda node: self.minus_log(draws[node]) / self.weights[node])

    def minus_log(self, draw: int) -> float:
        """-ln(draw / 2^53) by arithmetic that is the same on every machine: 2 (s + s^3/3 + s^5/5 + ...) and twos."""
        m, exponent = frexp(draw)
        if m < 0.5**0.5:
            m, exponent = 2 * m, exponent - 1
        s = (1 - m) / (1 + m)
        series = 1 / 11
        for odd in (9, 7, 5, 3, 1):
            series = 1 / odd + s * s * series
        return 2 * s * series + (53 - exponent) * 0.6931471805599453
