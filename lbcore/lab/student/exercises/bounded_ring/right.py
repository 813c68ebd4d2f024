"""Lesson 05, exercise 05-bounded-ring: the first node after the key that has room.

m counts this request too. A load is a whole number, so without `ceil` the comparison would be the same.
"""

from math import ceil

from lbcore.selectors import reference


class Bounded:
    def __init__(self, n, eps):
        self.n, self.eps = n, eps
        # load[node]: what it holds; no request ends here
        self.load = [0] * n
        self.ring = reference.HashRing([1] * n, 160)

    def select(self, key):
        # stub: bound = ...  # no node may hold more than this
        bound = ceil((1 + self.eps) * (sum(self.load) + 1) / self.n)
        # given
        # the nodes from the key on, one for each point
        for node in self.ring.walk(key):
            # stub: ...  # return the first that has room
            if self.load[node] < bound:
                self.load[node] += 1
                return node
