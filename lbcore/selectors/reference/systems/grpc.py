"""gRPC's own rule: turns by weight, decided from a sequence number alone."""

from collections.abc import Container
from math import floor

import numpy as np


class StaticStride:
    """The nodes take turns; a node that is half as heavy as the heaviest passes every other time."""

    def __init__(self, weights: list[int], start: int = 0):
        self.weights, self.up, self.sequence = weights, [True] * len(weights), start
        self.scale()

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up
        self.scale()

    def scale(self) -> None:
        self.nodes = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
        self.strides = [65535] * len(self.nodes)
        if len(self.nodes) > 1:
            known = [np.float32(self.weights[node]) for node in self.nodes]
            mean = sum(map(float, known)) / len(known)
            most = min(max(known), np.float32(10 * mean))
            factor = float(np.float32(65535) / most)
            least = max(1, floor(floor(factor * mean + 0.5) * 0.01 + 0.5))
            self.strides = [max(least, floor(float(min(weight, most)) * factor + 0.5)) for weight in known]

    def select(self, avoid: Container[int] = ()) -> int:
        if all(node in avoid for node in self.nodes):
            raise LookupError("no node is left")
        while True:
            turn, place = divmod(self.sequence, len(self.nodes))
            self.sequence = (self.sequence + 1) % 2**32
            node, stride = self.nodes[place], self.strides[place]
            if (stride * turn + place * 32767) % 65535 >= 65535 - stride and node not in avoid:
                return node
