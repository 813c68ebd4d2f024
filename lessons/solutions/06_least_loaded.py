"""Lesson 06: a request goes to a node with the fewest requests in flight, one of them drawn where several are equal."""


class FewestInFlight:
    def __init__(self, n, rng):
        self.in_flight = [0] * n
        self.rng = rng  # below(k): one from 0 to k - 1

    def select(self):
        fewest = min(self.in_flight)
        tied = [i for i, held in enumerate(self.in_flight) if held == fewest]
        node = tied[self.rng.below(len(tied))]
        self.in_flight[node] += 1
        return node

    def release(self, node):
        self.in_flight[node] -= 1
