"""The least loaded node, kept at the head of a queue."""

from collections.abc import Container


class FastLeastConnections:
    """Nodes queue by (load + 1) / weight, empty ones first; a node whose quotient changes goes behind its equals."""

    def __init__(self, weights: list[int]):
        self.weights, self.up, self.load, self.moves = weights, [True] * len(weights), [0] * len(weights), 0
        self.queue: dict[int, tuple[int, int]] = {}
        for node in range(len(weights)):
            self.move(node)

    def move(self, node: int) -> None:
        if self.up[node] and self.weights[node]:
            key = (self.load[node] + 1) * 4096 // (16 * self.weights[node]) if self.load[node] else 0
            if node not in self.queue or self.queue[node][0] != key:
                self.queue[node] = key, self.moves
                self.moves += 1

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up
        if up:
            self.move(node)
        else:
            self.queue.pop(node, None)

    def select(self, avoid: Container[int] = ()) -> int:
        left = [node for node in self.queue if node not in avoid]
        if not left:
            raise LookupError("no node is left")
        node = min(left, key=self.queue.__getitem__)
        self.load[node] += 1
        self.move(node)
        return node

    def release(self, node: int) -> None:
        self.load[node] -= 1
        self.move(node)
