"""Envoy's own rules: turns in the order in which they fall due, and a bound on a key's node.

Where a pick meets a node to avoid, it looks for another so many times as `attempts` says; then it takes the last.
"""

from bisect import bisect_left
from collections.abc import Container, Sequence
from heapq import heapify, heapreplace
from math import ceil

import numpy as np

from lbcore.selectors.reference._draws import Draws
from lbcore.selectors.reference._hashes import hash64
from lbcore.selectors.reference.ring import HashRing


class EarliestDeadline:
    """The node that is due first serves, and is due again 1 / its weight later."""

    def __init__(self, weights: Sequence[float], start: int = 0, attempts: int = 65536):
        self.weights, self.up, self.start, self.turn = weights, [True] * len(weights), start, start
        self.attempts = attempts
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
        if not self.nodes:
            raise LookupError("no node is left")
        for _ in range(self.attempts + 1):
            if (node := self.next()) not in avoid:
                break
        return node


class LeastRequest(EarliestDeadline):
    """The emptiest of a few drawn nodes; of unequal weights, the first due, where a full node is due less often."""

    def __init__(self, weights: list[int], choices: int, seed: int, attempts: int = 65536, bias: float = 1.0):
        self.load, self.choices, self.draws, self.bias = [0] * len(weights), choices, Draws(seed), bias
        super().__init__(weights, seed, attempts)

    def rate(self, node: int) -> float:
        return self.weights[node] / float((self.load[node] + 1) ** self.bias)

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


class AttemptRing(HashRing):
    """Each key goes to the first point of a node that is up; from one to avoid, so many points on at most."""

    def __init__(self, weights: list[int], virtual_nodes: int, attempts: int = 65536):
        super().__init__(weights, virtual_nodes)
        self.all_points, self.attempts = self.points, attempts

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up
        self.points = [point for point in self.all_points if self.up[point[1]]]

    def select(self, key: str | bytes | int, avoid: Container[int] = ()) -> int:
        if not self.points:
            raise LookupError("no node is left")
        place = bisect_left(self.points, (hash64(key), -1))
        for attempt in range(self.attempts + 1):
            node = self.points[(place + attempt) % len(self.points)][1]
            if node not in avoid:
                break
        return node


class BoundedAlternates:
    """Each key goes to its node of a ring, or if that is overloaded to the first in an order shuffled by the key."""

    def __init__(self, weights: list[int], factor: int, attempts: int = 65536):
        self.weights, self.up, self.load, self.factor = weights, [True] * len(weights), [0] * len(weights), factor
        self.attempts = attempts
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
        if not self.nodes:
            raise LookupError("no node is left")
        h = hash64(key)
        place = bisect_left(self.points, (h, -1))
        for attempt in range(self.attempts + 1):
            node = self.alternate(h, self.points[(place + attempt) % len(self.points)][1])
            if node not in avoid:
                break
        self.load[node] += 1
        return node

    def release(self, node: int) -> None:
        self.load[node] -= 1
