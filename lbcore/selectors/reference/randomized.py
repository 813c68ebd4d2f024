"""Drawing nodes at random, and looking twice."""

from lbcore.selectors.reference._draws import MASK, Draws, again


class Random:
    """Each request goes to a random node; if that one is down, it draws again. Two requests share a draw."""

    def __init__(self, n: int, seed: int):
        self.up, self.draws, self.left = [True] * n, Draws(seed), 0

    def select(self) -> int:
        live = [node for node, up in enumerate(self.up) if up]
        if not live:
            raise LookupError("no node is left")
        bits = self.left or self.draws.next()
        self.left = 0 if self.left else bits << 32 & MASK | bits >> 32  # the other half first, for the next request
        for _ in range(64):
            node = (bits >> 32) * len(self.up) >> 32
            if self.up[node]:
                return node
            bits = again(bits)
        return live[(bits >> 32) * len(live) >> 32]


class TwoChoices:
    """Each request goes to the least loaded of two (or more) different random nodes."""

    def __init__(self, n: int, seed: int, choices: int = 2, replacement: bool = False):
        self.up, self.load, self.draws = [True] * n, [0] * n, Draws(seed)
        self.choices, self.replacement = choices, replacement
        self.view = self.load  # what a pick looks at

    def select(self) -> int:
        live = [node for node, up in enumerate(self.up) if up]
        if not live:
            raise LookupError("no node is left")
        drawn = []
        for _ in range(self.choices):
            at = self.draws.below(len(live))
            if live:
                drawn.append(live[at] if self.replacement else live.pop(at))
        node = min(drawn, key=lambda node: self.view[node])  # the first of equals
        self.load[node] += 1
        return node

    def release(self, node: int) -> None:
        """A request at the node has ended."""
        self.load[node] -= 1
