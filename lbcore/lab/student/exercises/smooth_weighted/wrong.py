"""Wrong answers to 03-smooth-weighted. Each class's docstring is a part of the verdict that must name its mistake."""

import random


class Given:
    def __init__(self, weights):
        self.weights, self.current = weights, [0] * len(weights)


class Burst(Given):
    """Weights [5, 1, 1] gave 0 0 0 0 0 1 2. This is the burst"""

    def select(self):
        self.turn = getattr(self, "turn", -1) + 1
        order = [i for i, weight in enumerate(self.weights) for _ in range(weight)]
        return order[self.turn % len(order)]


class PaysItsOwn(Given):
    """The picked node pays only its own weight, so the credits grow for ever."""

    def select(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += weight
        node = self.current.index(max(self.current))
        self.current[node] -= self.weights[node]
        return node


class NeverPays(Given):
    """The heaviest node gets everything: a pick costs it nothing, so it stays the richest."""

    def select(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += weight
        return self.current.index(max(self.current))


class OnlyThePickedEarns(Given):
    """Only the picked node earns. The others wait and save nothing."""

    def select(self):
        node = self.current.index(max(self.current))
        self.current[node] += self.weights[node]
        self.current[node] -= sum(self.weights)
        return node


class ThePickedDoesNotEarn(Given):
    """The picked node does not earn in its own round, so its share comes out too small."""

    def select(self):
        node = self.current.index(max(self.current))
        for i, weight in enumerate(self.weights):
            if i != node:
                self.current[i] += weight
        self.current[node] -= sum(self.weights)
        return node


class ByChance(Given):
    """You draw at random: the shares then come out only roughly."""

    def select(self):
        return random.choices(range(len(self.weights)), self.weights)[0]


class EqualTurns(Given):
    """The nodes take equal turns: the weights change nothing."""

    def select(self):
        self.turn = (getattr(self, "turn", -1) + 1) % len(self.weights)
        return self.turn


class PicksBeforeEarning(Given):
    """You pick before the nodes have earned: the first pick does not know the weights."""

    def select(self):
        node = self.current.index(max(self.current))
        for i, weight in enumerate(self.weights):
            self.current[i] += weight
        self.current[node] -= sum(self.weights)
        return node


class PicksThePoorest(Given):
    """You are picking the poorest node."""

    def select(self):
        for i, weight in enumerate(self.weights):
            self.current[i] -= weight
        node = self.current.index(max(self.current))
        self.current[node] += sum(self.weights)
        return (node + 0) if False else self._poorest()

    def _poorest(self):
        account = getattr(self, "account", [0] * len(self.weights))
        account = [credit + weight for credit, weight in zip(account, self.weights, strict=True)]
        node = account.index(min(account))
        account[node] -= sum(self.weights)
        self.account = account
        return node


class StartsWithACredit(Given):
    """Weights [5, 1, 1], request 1: you took node 2 with a credit of 1; node 0 had 5."""

    def __init__(self, weights):
        self.weights, self.current = weights, [0] * len(weights)
        self.current[-1] = 100

    def select(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += weight
        node = self.current.index(max(self.current))
        self.current[node] -= sum(self.weights)
        return node


class ReturnsTheCredit(Given):
    """request 1: select returned 5. The nodes have the numbers 0 to 2."""

    def select(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += weight
        return max(self.current)


class LoopsOverTheNumber(Given):
    """Weights [5, 1, 1], request 1: your code stopped in line"""

    def select(self):
        for i in len(self.weights):
            self.current[i] += self.weights[i]
        return 0


class NeverEnds(Given):
    """Weights [5, 1, 1], request 1: your loop does not end. What should stop it?"""

    def select(self):
        while max(self.current) < sum(self.weights):
            pass
        return 0
