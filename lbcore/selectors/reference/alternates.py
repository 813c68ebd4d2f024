"""Where a key goes when its own node has too much to do."""

from collections.abc import Container
from math import ceil

import numpy as np

from lbcore.selectors.reference._hashes import hash64
from lbcore.selectors.reference.consistent import HashRing


class BoundedAlternates:
    """Each key goes to its node of a ring, or if that is overloaded to the first in an order shuffled by the key."""

    def __init__(self, weights: list[int], factor: int):
        self.weights, self.up, self.load, self.factor = weights, [True] * len(weights), [0] * len(weights), factor
        self.lay()

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up
        self.lay()

    def lay(self) -> None:
        self.nodes = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
        ring = HashRing([weight * up for weight, up in zip(self.weights, self.up, strict=True)], 160)
        self.points = ring.points

    def fullness(self, node: int) -> float:
        slots = ((sum(self.load) + 1) * self.factor + 99) // 100
        share = self.weights[node] / sum(self.weights[other] for other in self.nodes)
        return self.load[node] / max(1, ceil(slots * share))

    def alternate(self, h: int, node: int) -> int:
        if self.fullness(node) <= 1:
            return node
        twister = np.random.RandomState(h % 2**32)  # seeds MT19937 as C++ does
        order, best = self.nodes.copy(), node
        for i in range(len(order)):
            left = len(order) - i
            while (j := int.from_bytes(twister.bytes(4), "little") // (2**32 // left)) >= left:
                pass
            order[i], order[i + j] = order[i + j], order[i]
            if order[i] != node:
                if self.fullness(order[i]) <= 1:
                    return order[i]
                best = min(best, order[i], key=self.fullness)
        return best

    def select(self, key: str | bytes | int, avoid: Container[int] = ()) -> int:
        left = [node for node in self.nodes if node not in avoid]
        if not left:
            raise LookupError("no node is left")
        h = hash64(key)
        place = next((i for i, (point, _) in enumerate(self.points) if point >= h), 0)
        for attempt in range(64):
            node = self.alternate(h, self.points[(place + attempt) % len(self.points)][1])
            if node not in avoid:
                break
        else:
            node = min(left, key=self.fullness)
        self.load[node] += 1
        return node

    def release(self, node: int) -> None:
        self.load[node] -= 1
