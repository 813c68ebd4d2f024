"""A ring whose points reach both ways, with and without a bound on the load."""

from bisect import bisect_left
from collections.abc import Container, Iterator

from lbcore.selectors.reference._hashes import hash64


class NearestRing:
    """Each key goes to the nearest point of a node that is up, and from one to avoid to the points behind."""

    def __init__(self, weights: list[int], virtual_nodes: int):
        self.weights, self.up = weights, [True] * len(weights)
        self.all_points = sorted(
            (hash64(f"node-{node}-{i}"), node)
            for node, weight in enumerate(weights)
            for i in range(weight * virtual_nodes)
        )
        self.points = self.all_points

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up
        self.points = [point for point in self.all_points if self.up[point[1]]]

    def walk(self, key: str | bytes | int) -> Iterator[int]:
        """The nodes of the points, once round the circle from the nearest."""
        points, h = self.points, hash64(key)
        if points:
            place = bisect_left(points, (h, -1)) % len(points)
            if (h - points[place - 1][0]) % 2**64 <= (points[place][0] - h) % 2**64:
                place -= 1
            for i in range(len(points)):
                yield points[(place + i) % len(points)][1]

    def select(self, key: str | bytes | int, avoid: Container[int] = ()) -> int:
        for node in self.walk(key):
            if node not in avoid:
                return node
        raise LookupError("no node is left")


class BoundedNearestRing(NearestRing):
    """A ring that passes a request on while its node holds its whole-number share of those in flight, or more."""

    def __init__(self, weights: list[int], virtual_nodes: int, factor: int):
        super().__init__(weights, virtual_nodes)
        self.load, self.factor = [0] * len(weights), factor

    def slots(self, node: int) -> int:
        scaled = [16 * weight * up for weight, up in zip(self.weights, self.up, strict=True)]
        whole, rest = divmod(((sum(self.load) + 1) * self.factor + 99) // 100, sum(scaled))
        before = sum(scaled[:node])
        more = (before + scaled[node]) * rest // sum(scaled) - before * rest // sum(scaled)
        return max(1, scaled[node] * whole + more)

    def select(self, key: str | bytes | int, avoid: Container[int] = ()) -> int:
        node = super().select(key, avoid)  # where those with room are to be avoided
        node = next(
            (other for other in self.walk(key) if other not in avoid and self.load[other] < self.slots(other)), node
        )
        self.load[node] += 1
        return node

    def release(self, node: int) -> None:
        self.load[node] -= 1
