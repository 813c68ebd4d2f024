"""Lesson 02, exercise 02-two-choices: of two different nodes drawn at random, the one with fewer requests so far.

Drawing again while the two are equal is as good. Which one is taken when the counts are equal does not matter.
"""


class TwoChoices:
    def __init__(self, n, rng):
        # rng.below(n): one draw from 0 to n - 1
        self.counts, self.rng = [0] * n, rng

    def select(self):
        a, b = self.rng.below(len(self.counts)), self.rng.below(len(self.counts) - 1)
        b += b >= a  # b is drawn from the others: step over a
        node = b if self.counts[b] < self.counts[a] else a
        self.counts[node] += 1
        return node
