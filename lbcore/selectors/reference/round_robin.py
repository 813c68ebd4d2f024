"""Taking turns."""


class RoundRobin:
    """Each request goes to the next node that is up, in turn."""

    def __init__(self, n: int):
        self.up, self.turn = [True] * n, 0

    def select(self) -> int:
        for _ in self.up:
            node, self.turn = self.turn, (self.turn + 1) % len(self.up)
            if self.up[node]:
                return node
        raise LookupError("no node is left")
