"""Wrong answers to 02-two-choices. Each class's docstring is a part of the verdict that must name its mistake."""

import random


class Given:
    def __init__(self, n, rng):
        self.counts, self.rng = [0] * n, rng

    def two(self):
        a = b = self.rng.below(len(self.counts))
        while a == b:
            b = self.rng.below(len(self.counts))
        return a, b

    def count(self, node):
        self.counts[node] += 1
        return node


class KeepsTheBusier(Given):
    """You are keeping the busier of the two."""

    def select(self):
        a, b = self.two()
        return self.count(a if self.counts[a] > self.counts[b] else b)


class MayDrawTheSame(Given):
    """two draws with replacement. It works almost as well; the lesson's version takes two different nodes."""

    def select(self):
        a, b = self.rng.below(len(self.counts)), self.rng.below(len(self.counts))
        return self.count(b if self.counts[b] < self.counts[a] else a)


class AlwaysTheFirst(Given):
    """You always keep the first draw: the second changes nothing."""

    def select(self):
        a, _ = self.two()
        return self.count(a)


class AlwaysTheSecond(Given):
    """You always keep the second draw: the first changes nothing."""

    def select(self):
        _, b = self.two()
        return self.count(b)


class ComparesNumbers(Given):
    """You compare the numbers of the nodes, not their counts."""

    def select(self):
        return self.count(min(self.two()))


class LeastOfAll(Given):
    """You took the emptiest of all 10 nodes, every time. That is least loaded"""

    def select(self):
        return self.count(self.counts.index(min(self.counts)))


class LeastOfAllInSpiteOfDrawing(Given):
    """You took the emptiest of all 10 nodes, every time. That is least loaded:"""

    def select(self):
        self.two()
        return self.count(min(range(len(self.counts)), key=self.counts.__getitem__))


class NeverTheLast(Given):
    """Node 9 was never drawn in 10,000 requests. below(9) ends at 8"""

    def select(self):
        n = len(self.counts)
        a = b = self.rng.below(n - 1)
        while a == b:
            b = self.rng.below(n - 1)
        return self.count(b if self.counts[b] < self.counts[a] else a)


class SecondNeverTheLast(Given):
    """Your second draw is never node 9: below(9) ends at 8."""

    def select(self):
        n = len(self.counts)
        a, b = self.rng.below(n), self.rng.below(n - 1)
        return self.count(b if self.counts[b] < self.counts[a] else a)


class OneTooFar(Given):
    """below(11) can draw node 10, and the last of 10 nodes is number 9."""

    def select(self):
        n = len(self.counts)
        a, b = self.rng.below(n + 1), self.rng.below(n + 1)
        return self.count(b if self.counts[b] < self.counts[a] else a)


class OneDraw(Given):
    """you drew one node only. With one draw there is no choice: this is plain random."""

    def select(self):
        return self.count(self.rng.below(len(self.counts)))


class ThreeDraws(Given):
    """different nodes. More than two help little; take two."""

    def select(self):
        drawn = [self.rng.below(len(self.counts)) for _ in range(3)]
        return self.count(min(drawn, key=self.counts.__getitem__))


class OwnDice(Given):
    """You drew nothing from `self.rng`. Without it the seed cannot repeat your picks."""

    def select(self):
        a, b = random.sample(range(len(self.counts)), 2)
        return self.count(b if self.counts[b] < self.counts[a] else a)


class CountsTwice(Given):
    """Your `self.counts` does not count every pick once."""

    def select(self):
        a, b = self.two()
        node = b if self.counts[b] < self.counts[a] else a
        if node % 2:
            self.counts[node] += 1
        return self.count(node)


class TakesTheNeighbour(Given):
    """Request 1: you drew nodes"""

    def select(self):
        a, b = self.two()
        node = b if self.counts[b] < self.counts[a] else a
        return self.count((node + 1) % len(self.counts))


class ReturnsTheCount(Given):
    """The nodes have the numbers 0 to 9."""

    def select(self):
        a, b = self.two()
        node = b if self.counts[b] < self.counts[a] else a
        self.counts[node] += 1
        return self.counts[node] + 9


class ReturnsNothing(Given):
    """Request 1: select returned nothing. Does every way through it end with `return`?"""

    def select(self):
        a, b = self.two()
        self.count(b if self.counts[b] < self.counts[a] else a)


class ReturnsTheComparison(Given):
    """not the number of a node (0 to 9)."""

    def select(self):
        a, b = self.two()
        node = self.counts[a] < self.counts[b]
        self.counts[node] += 1
        return node


class NeverEnds(Given):
    """Request 1: your loop does not end. What should stop it?"""

    def select(self):
        a, b = self.two()
        while a != -1:
            a = self.rng.below(len(self.counts))
        return b


class Misspelt(Given):
    """Request 1: your code stopped in line"""

    def select(self):
        a, b = self.two()
        return self.count(b if self.count[b] < self.count[a] else a)
