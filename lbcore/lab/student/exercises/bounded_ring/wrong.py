"""Wrong answers to 05-bounded-ring. Each class's docstring is a part of the verdict that must name its mistake."""

import math

from lbcore.selectors import reference


class Given:
    def __init__(self, n, eps):
        self.n, self.eps = n, eps
        self.load = [0] * n
        self.ring = reference.HashRing([1] * n, virtual_nodes=160)

    def bound(self):
        return math.ceil((1 + self.eps) * (sum(self.load) + 1) / self.n)

    def select(self, key):
        bound = self.bound()
        for node in self.ring.walk(key):
            if self.load[node] < bound:
                self.load[node] += 1
                return node
        return None


class PlainRing(Given):
    """Node 3 holds 1, and you give it another. Nobody is passed over: that is the plain ring, and the hot key stays"""

    def select(self, key):
        node = next(self.ring.walk(key))
        self.load[node] += 1
        return node


class OneTooMany(Given):
    """for 'ann': the bound is 1.5 x 2 / 4 = 0.75, rounded up 1. Node 3 holds 1, and you give it another. A node that"""

    def select(self, key):
        bound = self.bound()
        for node in self.ring.walk(key):
            if self.load[node] <= bound:
                self.load[node] += 1
                return node
        return None


class ForgetsThisOne(Given):
    """but you pick node 0. Does your m count this request as well?"""

    def bound(self):
        return max(1, math.ceil((1 + self.eps) * sum(self.load) / self.n))


class NobodyMayHaveAny(Given):
    """request 1: select returned nothing, though nobody holds anything. With m = 1 the bound is above 0"""

    def bound(self):
        return math.ceil((1 + self.eps) * sum(self.load) / self.n)


class RoundedDown(Given):
    """The bound is rounded up."""

    def bound(self):
        return max(1, int((1 + self.eps) * (sum(self.load) + 1) / self.n))


class WithoutEps(Given):
    """Where is eps? Without it, you pick the least loaded node."""

    def bound(self):
        return math.ceil((sum(self.load) + 1) / self.n)


class LeastLoaded(Given):
    """The least loaded node is another rule: it forgets where the key lives."""

    def select(self, key):
        node = self.load.index(min(self.load))
        self.load[node] += 1
        return node


class DoesNotCount(Given):
    """4 nodes, eps 0.5, request 1: nobody's load has grown. The node that you return holds one request more."""

    def select(self, key):
        return next(self.ring.walk(key))


class CountsTwice(Given):
    """request 1: `load` is [0, 0, 0, 2], but your picks so far make it [0, 0, 0, 1]."""

    def select(self, key):
        node = super().select(key)
        self.load[node] += 1
        return node


class NoReturn(Given):
    """select returned nothing. Does every way through it end with `return`?"""

    def select(self, key):
        super().select(key)


class NextNumber(Given):
    """Node 1 comes first and holds 0, but you pick node 0."""

    def select(self, key):
        node, bound = next(self.ring.walk(key)), self.bound()
        while self.load[node] >= bound:
            node = (node + 1) % self.n
        self.load[node] += 1
        return node


class NeverEnds(Given):
    """4 nodes, eps 0.5, request 1: your loop does not end. What should stop it?"""

    def select(self, key):
        while True:
            for _ in self.ring.walk(key):
                pass


class AddsTheKey(Given):
    """4 nodes, eps 0.5, request 1: your code stopped in line"""

    def select(self, key):
        return self.load[key]


class ForgetsTheLoad:
    """has no `load` any more. The cell gave it to you: put it back."""

    def __init__(self, n, eps):
        self.n, self.eps, self.held = n, eps, [0] * n
        self.ring = reference.HashRing([1] * n, virtual_nodes=160)

    def select(self, key):
        return next(self.ring.walk(key))


class LoadAsText(Given):
    """`load` is no list of numbers any more."""

    def select(self, key):
        self.load = "full"
        return next(self.ring.walk(key))
