"""The same key to the same node, and little moves when a node comes or goes: the ring."""

from bisect import bisect_left
from collections.abc import Iterator

from lbcore.selectors.reference._hashes import hash64


class HashRing:
    """Each key goes to the first point of a live node at or after its hash."""

    def __init__(self, weights: list[int], virtual_nodes: int):
        self.weights, self.virtual_nodes = weights, virtual_nodes
        self.up = [True] * len(weights)
        self.points = sorted(
            (hash64(f"node-{node}-{i}"), node)
            for node, weight in enumerate(weights)
            for i in range(weight * virtual_nodes)
        )

    def walk(self, key: str | bytes | int) -> Iterator[int]:
        """The live nodes that the key meets, once round the circle."""
        start = bisect_left(self.points, (hash64(key), 0))
        for i in range(len(self.points)):
            _, node = self.points[(start + i) % len(self.points)]
            if self.up[node]:
                yield node

    def select(self, key: str | bytes | int) -> int:
        for node in self.walk(key):
            return node
        raise LookupError("no node is left")

    def replicas(self, key: str | bytes | int, k: int) -> list[int]:
        """The first k different nodes that the key meets."""
        return list(dict.fromkeys(self.walk(key)))[:k]
