"""Envoy's own rules: turns in the order in which they fall due, and a bound on a key's node."""

from collections.abc import Container
from heapq import heapify, heapreplace
from math import ceil

import numpy as np

from lbcore.selectors.reference._draws import Draws
from lbcore.selectors.reference._hashes import hash64
from lbcore.selectors.reference.ring import HashRing


class EarliestDeadline:
    """The node that is due first serves, and is due again 1 / its weight later."""

    def __init__(self, weights: list[int], start: int = 0):
        self.weights, self.up, self.start, self.turn = weights, [True] * len(weights), start, start
        self.lay()

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up
        self.lay()

    def rate(self, node: int) -> float:
        return self.weights[node]

    def lay(self) -> None:
        """A new schedule, as it is after `start` picks."""
        self.nodes = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
        self.equal = len({self.weights[node] for node in self.nodes}) < 2
        if self.equal:
            return
        rates, total, ahead = [self.rate(node) + 1e-13 for node in self.nodes], 0.0, self.start % 429496729
        for rate in rates:
            total += rate
        done = [int(rate * ahead / total) for rate in rates]  # whole turns, all at once
        done = [turns - (turns > 0 and turns / rate >= ahead / total) for turns, rate in zip(done, rates, strict=True)]
        self.heap = [((done[i] + 1) / rates[i], i, node) for i, node in enumerate(self.nodes)]
        heapify(self.heap)
        self.order = len(rates)
        for _ in range(ahead - sum(done)):
            self.next()

    def next(self) -> int:
        if self.equal:
            self.turn += 1
            return self.nodes[(self.turn - 1) % len(self.nodes)]
        now, _, node = self.heap[0]
        heapreplace(self.heap, (now + 1 / self.rate(node), self.order, node))
        self.order += 1
        return node

    def select(self, avoid: Container[int] = ()) -> int:
        if all(node in avoid for node in self.nodes):
            raise LookupError("no node is left")
        while (node := self.next()) in avoid:
            pass
        return node


class LeastRequest(EarliestDeadline):
    """The emptiest of a few drawn nodes; of unequal weights, the first due, where a full node is due less often."""

    def __init__(self, weights: list[int], choices: int, seed: int):
        self.load, self.choices, self.draws = [0] * len(weights), choices, Draws(seed)
        super().__init__(weights, seed)

    def rate(self, node: int) -> float:
        return self.weights[node] / (self.load[node] + 1)

    def next(self) -> int:
        if self.equal:
            drawn = [self.nodes[self.draws.below(len(self.nodes))] for _ in range(self.choices)]
            return min(drawn, key=lambda node: self.load[node])
        return super().next()

    def select(self, avoid: Container[int] = ()) -> int:
        node = super().select(avoid)
        self.load[node] += 1
        return node

    def release(self, node: int) -> None:
        self.load[node] -= 1


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
