"""Right answers to 05-bounded-ring that are not the solution."""

import math
from collections import Counter

import numpy as np

from lbcore.selectors import reference


class Given:
    def __init__(self, n, eps):
        self.n, self.eps = n, eps
        self.load = [0] * n
        self.ring = reference.HashRing([1] * n, virtual_nodes=160)


class NotRounded(Given):
    def select(self, key):
        m = sum(self.load) + 1
        for node in self.ring.walk(key):
            if self.load[node] < (1 + self.eps) * m / self.n:
                self.load[node] += 1
                return node


class NoMoreThan(Given):
    def select(self, key):
        bound = math.ceil((1 + self.eps) / self.n * (1 + sum(self.load)))
        for node in self.ring.walk(key):
            if self.load[node] + 1 <= bound:
                self.load[node] += 1
                break
        return node


class AllAtOnce(Given):
    def select(self, key):
        bound = math.ceil((1 + self.eps) * (sum(self.load) + 1) / self.n)
        node = next(node for node in dict.fromkeys(self.ring.walk(key)) if self.load[node] < bound)
        self.load[node] += 1
        return node


class CountsAhead(Given):
    """Puts the request at a node first, and takes it away again where that is too much."""

    def select(self, key):
        m = sum(self.load) + 1
        for node in self.ring.walk(key):
            self.load[node] += 1
            if self.load[node] <= math.ceil((1 + self.eps) * m / self.n):
                return node
            self.load[node] -= 1


class Numpy(Given):
    def __init__(self, n, eps):
        super().__init__(n, eps)
        self.load = np.zeros(n, dtype=np.int64)

    def select(self, key):
        room = self.load < np.ceil((1 + self.eps) * (self.load.sum() + 1) / self.n)
        walk = np.fromiter(self.ring.walk(key), dtype=np.int64)
        node = walk[room[walk]][0]
        self.load[node] += 1
        return node


class OwnRing:
    """A ring and a walk of its own, the same circle."""

    def __init__(self, n, eps):
        self.n, self.eps = n, eps
        self.load, self.ring = [0] * n, reference.HashRing([1] * n, virtual_nodes=160).points
        self.held = Counter()

    def select(self, key):
        bound = math.ceil((1 + self.eps) * (self.held.total() + 1) / self.n)
        place = reference.hash64(key)
        for _, node in sorted(self.ring, key=lambda point: (point[0] < place, point[0])):
            if self.held[node] < bound:
                self.held[node] += 1
                self.load[node] = self.held[node]
                return node


class OwnTotal(Given):
    """Counts all requests by itself, before it looks."""

    total = 0

    def select(self, key):
        self.total += 1
        walk = iter(self.ring.walk(key))
        node = next(walk)
        while self.load[node] >= (1 + self.eps) * self.total / self.n:
            node = next(walk)
        self.load[node] += 1
        return node


class OwnBooks(Given):
    """`load` is not used; the first with room is the least of those that have room, by their place in the walk."""

    def __init__(self, n, eps):
        super().__init__(n, eps)
        self.picks = []

    def select(self, key):
        bound = math.ceil((1 + self.eps) * (len(self.picks) + 1) / self.n)
        met = self.ring.replicas(key, self.n)
        self.picks.append(min(met, key=lambda node: (self.picks.count(node) >= bound, met.index(node))))
        return self.picks[-1]
