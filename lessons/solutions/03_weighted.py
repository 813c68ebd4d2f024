"""Lesson 03, exercise 03-smooth-weighted: every node earns its weight, the richest is picked and pays the sum.

The credits add up to zero after every pick. Which of two equally rich nodes is picked does not matter.
"""


class Smooth:
    def __init__(self, weights):
        self.weights = weights
        self.current = [0] * len(weights)  # the credits

    def select(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += weight
        node = self.current.index(max(self.current))  # the first of equals
        self.current[node] -= sum(self.weights)  # one node pays what all have earned
        return node
