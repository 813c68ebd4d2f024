"""Drawing nodes at random, and looking twice."""

from lbcore.selectors.reference._draws import Draws, again


class Random:
    """Each request goes to a random node; if that one is down, it draws again."""

    def __init__(self, n: int, seed: int):
        self.up, self.draws = [True] * n, Draws(seed)

    def select(self) -> int:
        live = [node for node, up in enumerate(self.up) if up]
        if not live:
            raise LookupError("no node is left")
        bits = self.draws.next()
        for _ in range(64):
            node = bits * len(self.up) >> 64
            if self.up[node]:
                return node
            bits = again(bits)
        return live[bits * len(live) >> 64]


class TwoChoices:
    """Each request goes to the less loaded of two different random nodes."""

    def __init__(self, n: int, seed: int):
        self.up, self.load, self.draws = [True] * n, [0] * n, Draws(seed)

    def select(self) -> int:
        live = [node for node, up in enumerate(self.up) if up]
        if not live:
            raise LookupError("no node is left")
        a, b = self.draws.below(len(live)), self.draws.below(len(live) - 1)
        if b >= a:
            b += 1  # the second is drawn among the others
        node = live[a]
        if b < len(live) and self.load[live[b]] < self.load[node]:
            node = live[b]
        self.load[node] += 1
        return node
