"""Right answers to 02-two-choices that are not the solution."""

import numpy as np


class Given:
    def __init__(self, n, rng):
        self.counts, self.rng = [0] * n, rng


class DrawsTheSecondAgain(Given):
    def select(self):
        a, b = self.rng.below(len(self.counts)), self.rng.below(len(self.counts))
        while a == b:
            b = self.rng.below(len(self.counts))
        node = b if self.counts[b] <= self.counts[a] else a
        self.counts[node] += 1
        return node


class DrawsBothAgain(Given):
    def select(self):
        a = b = 0
        while a == b:
            a, b = self.rng.below(len(self.counts)), self.rng.below(len(self.counts))
        node = min(a, b, key=lambda i: self.counts[i])
        self.counts[node] += 1
        return node


class StepsOn(Given):
    def select(self):
        n = len(self.counts)
        a = self.rng.below(n)
        b = (a + 1 + self.rng.below(n - 1)) % n
        node = a if self.counts[a] < self.counts[b] else b
        self.counts[node] += 1
        return node


class Numpy:
    def __init__(self, n, rng):
        self.counts, self.rng, self.history = np.zeros(n, dtype=np.int64), rng, []

    def select(self):
        n = len(self.counts)
        a, b = np.int64(self.rng.below(n)), np.int64(self.rng.below(n - 1))
        b = b + (b >= a)
        node = [a, b][int(np.argmin(self.counts[[a, b]]))]
        self.counts[node] += 1
        self.history.append(node)
        return node


class OneDrawOfAPair(Given):
    def select(self):
        n = len(self.counts)
        a, b = divmod(self.rng.below(n * (n - 1)), n - 1)
        b += b >= a
        node = b if self.counts[b] < self.counts[a] else a
        self.counts[node] += 1
        return node


class KeepsAnEllipsis(Given):
    def select(self) -> "tuple[int, ...]":
        ...
        a, b = self.rng.below(len(self.counts)), self.rng.below(len(self.counts) - 1)
        b += b >= a
        node = b if self.counts[b] < self.counts[a] else a
        self.counts[node] += 1
        return node


class Prints(Given):
    def select(self):
        a, b = self.rng.below(len(self.counts)), self.rng.below(len(self.counts) - 1)
        b += b >= a
        print("drew", a, b)
        node = b if self.counts[b] < self.counts[a] else a
        self.counts[node] += 1
        return node
