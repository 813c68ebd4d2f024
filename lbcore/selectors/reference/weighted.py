"""Giving a bigger node more."""

from lbcore.selectors.reference._draws import Draws, again


class WeightedRoundRobin:
    """Every node earns its weight; the richest serves the request and pays the sum."""

    def __init__(self, weights: list[int]):
        self.weights, self.up = weights, [True] * len(weights)
        self.credit = [0] * len(weights)

    def select(self) -> int:
        nodes = range(len(self.weights))
        live = [node for node in nodes if self.weights[node] and self.up[node]]
        if not live:
            raise LookupError("no node is left")
        for node in live:
            self.credit[node] += self.weights[node]
        best = max(live, key=lambda node: self.credit[node])  # the first of equals
        self.credit[best] -= sum(self.weights[node] for node in live)
        return best


class BurstRoundRobin:
    """Each node serves as many requests in a row as its weight says."""

    def __init__(self, weights: list[int]):
        self.weights, self.up, self.turn, self.left = weights, [True] * len(weights), 0, 0

    def select(self) -> int:
        if not any(weight and up for weight, up in zip(self.weights, self.up, strict=True)):
            raise LookupError("no node is left")
        if self.left == 0 or not self.up[self.turn]:
            while not (self.weights[self.turn] and self.up[self.turn]):
                self.turn = (self.turn + 1) % len(self.weights)
            self.left = self.weights[self.turn]
        node = self.turn
        self.left -= 1
        if self.left == 0:
            self.turn = (self.turn + 1) % len(self.weights)
        return node


class WeightedRandom:
    """Each request goes to a random node, with odds in proportion to the weights: the alias method (Vose 1991).

    n columns as high as the sum of the weights hold n times the weights; no column is shared by more than two nodes.
    """

    def __init__(self, weights: list[int], seed: int):
        n, self.total = len(weights), sum(weights)
        self.weights, self.up, self.draws = weights, [True] * n, Draws(seed)
        self.height, self.alias = [weight * n for weight in weights], list(range(n))
        rest = self.height.copy()
        small = [node for node in range(n) if rest[node] < self.total]
        large = [node for node in range(n) if rest[node] >= self.total]
        while small:
            poor, rich = small.pop(), large.pop()
            self.height[poor], self.alias[poor] = rest[poor], rich
            rest[rich] -= self.total - rest[poor]
            (small if rest[rich] < self.total else large).append(rich)

    def select(self) -> int:
        live = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
        if not live:
            raise LookupError("no node is left")
        bits = self.draws.next()
        for _ in range(64):
            column, point = divmod(bits * len(self.weights), 2**64)
            node = column if point < (self.height[column] << 64) // self.total else self.alias[column]
            if self.weights[node] and self.up[node]:
                return node
            bits = again(bits)
        point = bits * sum(self.weights[node] for node in live) >> 64
        for node in live:
            point -= self.weights[node]
            if point < 0:
                return node
        raise AssertionError("point is below the sum of the weights")
