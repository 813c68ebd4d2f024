"""Right answers to 06-fewest-in-flight, written in different ways."""

import numpy as np


class Given:
    def __init__(self, n, rng):
        self.in_flight, self.rng = [0] * n, rng

    def release(self, node):
        self.in_flight[node] -= 1


class Drawn(Given):
    def select(self):
        fewest = min(self.in_flight)
        tied = [i for i, held in enumerate(self.in_flight) if held == fewest]
        node = tied[self.rng.below(len(tied))]
        self.in_flight[node] += 1
        return node


class Turns(Given):
    turn = 0

    def select(self):
        while self.in_flight[self.turn] > min(self.in_flight):
            self.turn = (self.turn + 1) % len(self.in_flight)
        node = self.turn
        self.turn = (self.turn + 1) % len(self.in_flight)
        self.in_flight[node] += 1
        return node


class DrawnUntilBest(Given):
    def select(self):
        node = self.rng.below(len(self.in_flight))
        while self.in_flight[node] > min(self.in_flight):
            node = self.rng.below(len(self.in_flight))
        self.in_flight[node] += 1
        return node


class LongestIdle(Given):
    def __init__(self, n, rng):
        super().__init__(n, rng)
        self.last, self.now = [0] * n, 0

    def select(self):
        self.now += 1
        node = min(range(len(self.in_flight)), key=lambda i: (self.in_flight[i], self.last[i]))
        self.last[node] = self.now
        self.in_flight[node] += 1
        return node


class Numpy:
    def __init__(self, n, rng):
        self.in_flight, self.rng = np.zeros(n, dtype=np.int64), rng

    def select(self):
        tied = np.flatnonzero(self.in_flight == self.in_flight.min())
        node = tied[self.rng.below(len(tied))]
        self.in_flight[node] += 1
        return node

    def release(self, node):
        self.in_flight[node] -= 1


class Renamed:
    def __init__(self, n, rng):
        self.open, self.rng = dict.fromkeys(range(n), 0), rng

    def select(self):
        tied = [i for i in self.open if self.open[i] == min(self.open.values())]
        node = tied[self.rng.below(len(tied))]
        self.open[node] += 1
        return node

    def release(self, node):
        self.open[node] -= 1


class DrawnAsSecondKey(Given):
    def select(self):
        node = min(range(len(self.in_flight)), key=lambda i: (self.in_flight[i], self.rng.next()))
        self.in_flight[node] += 1
        return node


class FromARandomOne(Given):
    """Looks at the nodes in turn from a random one on."""

    def select(self):
        n = len(self.in_flight)
        start = self.rng.next() % n
        node = min(((start + i) % n for i in range(n)), key=self.in_flight.__getitem__)
        self.in_flight[node] += 1
        return node
