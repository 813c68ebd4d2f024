"""A ring on which a hot key cannot overload its node."""

from fractions import Fraction
from math import ceil

from lbcore.selectors.reference.ring import HashRing


class BoundedRing(HashRing):
    """A ring that passes a request on while its node holds (1 + eps) times its share of those in flight, or more."""

    def __init__(self, weights: list[int], virtual_nodes: int, eps: float):
        super().__init__(weights, virtual_nodes)
        self.load, self.factor = [0] * len(weights), 1 + Fraction(round(eps * 10**6), 10**6)

    def select(self, key: str | bytes | int) -> int:
        live_weight = sum(weight for weight, up in zip(self.weights, self.up, strict=True) if up)
        requests = sum(self.load) + 1  # this one counts
        for node in self.walk(key):
            if self.load[node] < ceil(self.factor * requests * self.weights[node] / live_weight):
                self.load[node] += 1
                return node
        raise LookupError("no node is left")
