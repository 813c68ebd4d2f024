"""Turns by weight whose cost hardly grows with the nodes."""

from collections.abc import Container
from math import gcd


class FastWeightedRoundRobin:
    """Each node has a place in the round; the one whose place has come serves, else the heaviest that waits."""

    def __init__(self, weights: list[int]):
        self.weights, self.up, self.inserted = [16 * weight for weight in weights], [True] * len(weights), 0
        self.place, self.rest = [0] * len(weights), [0] * len(weights)
        self.now: dict[int, tuple[int, int]] = {}  # each group: node to sorting key and order of insertion
        self.waiting: dict[int, tuple[int, int]] = {}
        self.later: dict[int, tuple[int, int]] = {}
        for node, weight in enumerate(self.weights):
            if weight:
                self.put(self.waiting, node, -weight)
        self.position = self.size = self.next_size = sum(self.weights)

    def put(self, group: dict[int, tuple[int, int]], node: int, key: int) -> None:
        group[node] = key, self.inserted
        self.inserted += 1

    def queue(self, node: int) -> None:
        if self.place[node] >= self.size + min(self.size, self.next_size):
            self.place[node] -= self.size
            self.put(self.later, node, -self.weights[node])
        else:
            key = 256 * self.place[node] + (4096 + self.rest[node] - self.weights[node]) // 16
            self.put(self.now, node, key)

    def mark(self, node: int, up: bool) -> None:
        weight, was, self.up[node] = self.weights[node], self.up[node], up
        if up and not was and weight:
            self.next_size += weight
            self.place[node] = self.position + (self.next_size + self.size - self.position) // weight
            self.queue(node)
        elif was and not up:
            self.next_size -= weight
            for group in (self.now, self.waiting, self.later):
                group.pop(node, None)

    def next(self) -> int:
        while not self.now and not self.waiting:
            self.waiting, self.later = self.later, self.waiting
            self.position = self.size = self.next_size
        node = min(self.now, key=self.now.__getitem__, default=-1)
        if self.waiting and (node < 0 or self.place[node] > self.position):
            node = min(self.waiting, key=self.waiting.__getitem__)
            self.place[node] = self.rest[node] = 0
        for group in (self.now, self.waiting):
            group.pop(node, None)
        self.place[node] = self.place[node] or self.position
        turns, rest = divmod(self.next_size, self.weights[node])
        more, self.rest[node] = divmod(self.rest[node] + rest, self.weights[node])
        self.place[node] += turns + more
        self.position += 1
        return node

    def select(self, avoid: Container[int] = ()) -> int:
        live = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
        if all(node in avoid for node in live):
            raise LookupError("no node is left")
        if not self.size:
            self.position = self.size = self.next_size
        passed = []
        while (node := self.next()) in avoid:
            passed.append(node)
        for taken in [node, *reversed(passed)]:
            self.queue(taken)
        return node


class MapRoundRobin:
    """The whole round stands written down, and each request takes the next entry."""

    def __init__(self, weights: list[int]):
        divisor = gcd(*weights)
        self.weights, self.up, self.at = [weight // divisor for weight in weights], [True] * len(weights), 0
        self.clear()

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up
        self.clear()

    def clear(self) -> None:
        if any(weight and up for weight, up in zip(self.weights, self.up, strict=True)):
            self.entries: list[int] = []
            self.live = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
            self.score = dict.fromkeys(self.live, 0)

    def entry(self, at: int) -> int:
        """Every node earns its weight; one of the richest, in whole sums, serves and pays the sum."""
        total = sum(self.weights[node] for node in self.live)
        while len(self.entries) <= at:
            for node in self.live:
                self.score[node] += self.weights[node]
            best = max(self.live, key=lambda node: (self.score[node] + total) // total)  # the first of equals
            self.score[best] -= total
            self.entries.append(best)
        return self.entries[at]

    def select(self, avoid: Container[int] = ()) -> int:
        if not any(self.up[node] and node not in avoid for node in self.live):
            raise LookupError("no node is left")
        size = sum(self.weights[node] for node in self.live)
        while True:
            self.at = self.at if self.at < size else 0
            node, self.at = self.entry(self.at), self.at + 1
            if node not in avoid:
                return node
