"""Turns by weight, in the order in which they fall due."""

from collections.abc import Container
from heapq import heapify, heapreplace

from lbcore.selectors.reference._draws import Draws


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
