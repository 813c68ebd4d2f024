"""Right answers to 03-smooth-weighted that are not the solution."""

import numpy as np


class Given:
    def __init__(self, weights):
        self.weights, self.current = weights, [0] * len(weights)


class LastOfEquals(Given):
    def select(self):
        for i in range(len(self.weights)):
            self.current[i] += self.weights[i]
        node = max(reversed(range(len(self.weights))), key=lambda i: self.current[i])
        self.current[node] -= sum(self.weights)
        return node


class Numpy:
    def __init__(self, weights):
        self.weights, self.current = np.array(weights), np.zeros(len(weights), dtype=np.int64)

    def select(self):
        self.current += self.weights
        node = self.current.argmax()
        self.current[node] -= self.weights.sum()
        return node


class FurthestBehindItsShare:
    """Another formula: the node that is furthest behind its ideal share."""

    def __init__(self, weights):
        self.weights, self.total = weights, sum(weights)
        self.got, self.requests = [0] * len(weights), 0

    def select(self):
        self.requests += 1
        behind = [w * self.requests - got * self.total for w, got in zip(self.weights, self.got, strict=True)]
        node = behind.index(max(behind))
        self.got[node] += 1
        return node


class EarnsAfterwards:
    """The same account, with the first earning done in the constructor."""

    def __init__(self, weights):
        self.weights, self.current = weights, list(weights)

    def select(self):
        node = self.current.index(max(self.current))
        self.current[node] -= sum(self.weights)
        self.current = [credit + weight for credit, weight in zip(self.current, self.weights, strict=True)]
        return node
