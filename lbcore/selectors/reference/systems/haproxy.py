"""HAProxy's own rules: two kinds of turns, the least loaded at the head of a queue, and the ring of nearest points.

Of the nodes to avoid, the last alone is avoided, and where it is the only one it serves again.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import gcd

from lbcore.selectors.errors import AllFull
from lbcore.selectors.reference._hashes import hash64


class Capped:
    """A node that holds as many requests as its limit is full; a limit of 0 is none."""

    weights: list[int]
    up: list[bool]

    def __init__(self, n: int, max_conns: int | Sequence[int]):
        self.max_conns = [max_conns] * n if isinstance(max_conns, int) else list(max_conns)
        self.load = [0] * n

    def full(self, node: int) -> bool:
        return 0 < self.max_conns[node] <= self.load[node]

    def release(self, node: int) -> None:
        self.load[node] -= 1

    def accept(self, node: int) -> bool:
        """A request that waited because all were full goes to the node, if that one is up and has room."""
        if not self.up[node] or not self.weights[node] or self.full(node):
            return False
        self.load[node] += 1
        return True


class FastWeightedRoundRobin(Capped):
    """Each node has a place in the round; the one whose place has come serves, else the heaviest that waits."""

    def __init__(self, weights: list[int], max_conns: int | Sequence[int] = 0):
        super().__init__(len(weights), max_conns)
        self.weights, self.up, self.inserted = [16 * weight for weight in weights], [True] * len(weights), 0
        self.place, self.rest = [0] * len(weights), [0] * len(weights)
        self.now: dict[int, tuple[int, int]] = {}  # each group: node to sorting key and order of insertion
        self.waiting: dict[int, tuple[int, int]] = {}
        self.later: dict[int, tuple[int, int]] = {}
        for node, weight in enumerate(self.weights):
            if weight:
                self.put(self.waiting, node, -weight)
        self.position = self.size = self.next_size = sum(self.weights)

    def put(self, group: dict[int, tuple[int, int]], node: int, key: int) -> None:
        group[node] = key, self.inserted
        self.inserted += 1

    def queue(self, node: int) -> None:
        if self.place[node] >= self.size + min(self.size, self.next_size):
            self.place[node] -= self.size
            self.put(self.later, node, -self.weights[node])
        else:
            key = 256 * self.place[node] + (4096 + self.rest[node] - self.weights[node]) // 16
            self.put(self.now, node, key)

    def mark(self, node: int, up: bool) -> None:
        weight, was, self.up[node] = self.weights[node], self.up[node], up
        if up and not was and weight:
            self.next_size += weight
            self.place[node] = self.position + (self.next_size + self.size - self.position) // weight
            self.queue(node)
        elif was and not up:
            self.next_size -= weight
            for group in (self.now, self.waiting, self.later):
                group.pop(node, None)

    def foremost(self) -> int:
        """The node whose turn it is; -1: the round is over."""
        node = min(self.now, key=self.now.__getitem__, default=-1)
        if self.waiting and (node < 0 or self.place[node] > self.position):
            node = min(self.waiting, key=self.waiting.__getitem__)
            self.place[node] = self.rest[node] = 0
        return node

    def advance(self, node: int) -> None:
        for group in (self.now, self.waiting):
            group.pop(node, None)
        self.place[node] = self.place[node] or self.position
        turns, rest = divmod(self.next_size, self.weights[node])
        more, self.rest[node] = divmod(self.rest[node] + rest, self.weights[node])
        self.place[node] += turns + more
        self.position += 1

    def select(self, avoid: Sequence[int] = ()) -> int:
        if not self.next_size:
            raise LookupError("no node is left")
        if not self.size:
            self.position = self.size = self.next_size
        avoided, begun, passed = -1, False, []
        while True:
            node = self.foremost()
            if node < 0 and not begun:
                self.waiting, self.later, begun = self.later, self.waiting, True
                self.position = self.size = self.next_size
                node = self.foremost()
            if node < 0:
                node = avoided
                break
            self.advance(node)
            if not self.full(node):
                if node not in avoid[-1:]:
                    break
                avoided = node
            passed.append(node)
        if node >= 0:
            self.queue(node)
        for other in reversed([other for other in passed if other != node]):
            if begun:  # its place was in the round that is over
                self.put(self.waiting, other, -self.weights[other])
            else:
                self.queue(other)
        if node < 0:
            raise AllFull("all are full")
        self.load[node] += 1
        return node


class MapRoundRobin(Capped):
    """The whole round stands written down, and each request takes the next entry."""

    def __init__(self, weights: list[int], max_conns: int | Sequence[int] = 0):
        super().__init__(len(weights), max_conns)
        divisor = gcd(*weights)
        self.weights, self.up, self.at = [weight // divisor for weight in weights], [True] * len(weights), 0
        self.clear()

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up
        self.clear()

    def clear(self) -> None:
        if any(weight and up for weight, up in zip(self.weights, self.up, strict=True)):
            self.entries: list[int] = []
            self.live = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
            self.score = dict.fromkeys(self.live, 0)

    def entry(self, at: int) -> int:
        """Every node earns its weight; one of the richest, in whole sums, serves and pays the sum."""
        total = sum(self.weights[node] for node in self.live)
        while len(self.entries) <= at:
            for node in self.live:
                self.score[node] += self.weights[node]
            best = max(self.live, key=lambda node: (self.score[node] + total) // total)  # the first of equals
            self.score[best] -= total
            self.entries.append(best)
        return self.entries[at]

    def size(self) -> int:
        """Of the map; of one in which nobody is up, an error."""
        if not any(self.up[node] for node in self.live):
            raise LookupError("no node is left")
        return sum(self.weights[node] for node in self.live)

    def select(self, avoid: Sequence[int] = ()) -> int:
        size = self.size()
        start = self.at = self.at if self.at < size else 0
        places = [place for place in (*range(start, size), *range(start)) if not self.full(self.entry(place))]
        if not places:
            raise AllFull("all are full")
        # Once round, only the node to avoid is left: its last entry.
        place = next((place for place in places if self.entry(place) not in avoid[-1:]), places[-1])
        node, self.at = self.entry(place), place + 1
        self.load[node] += 1
        return node


class MapHash(MapRoundRobin):
    """Each key goes to the entry `hash(key) mod entries` of a round that stands written down."""

    def select(self, key: str | bytes | int, avoid: Sequence[int] = ()) -> int:  # type: ignore[override]
        node = self.entry(hash64(key) % self.size())
        self.load[node] += 1
        return node


class FastLeastConnections(Capped):
    """Nodes queue by (load + 1) / weight, empty ones first; a node whose quotient changes goes behind its equals."""

    def __init__(self, weights: list[int], max_conns: int | Sequence[int] = 0):
        super().__init__(len(weights), max_conns)
        self.weights, self.up, self.moves = weights, [True] * len(weights), 0
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

    def select(self, avoid: Sequence[int] = ()) -> int:
        if not self.queue:
            raise LookupError("no node is left")
        free = [node for node in self.queue if not self.full(node)]
        if not free:
            raise AllFull("all are full")
        node = min([node for node in free if node not in avoid[-1:]] or free, key=self.queue.__getitem__)
        self.load[node] += 1
        self.move(node)
        return node

    def release(self, node: int) -> None:
        super().release(node)
        self.move(node)

    def accept(self, node: int) -> bool:
        taken = super().accept(node)
        self.move(node)
        return taken


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

    def select(self, key: str | bytes | int, avoid: Sequence[int] = ()) -> int:
        node = -1
        for node in self.walk(key):
            if node not in avoid[-1:]:
                return node
        if node < 0:
            raise LookupError("no node is left")
        return node


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

    def select(self, key: str | bytes | int, avoid: Sequence[int] = ()) -> int:
        if not self.points:
            raise LookupError("no node is left")
        node = self.points[-1][1]  # at the end of the ring, where only the node to avoid has room
        node = next((n for n in self.walk(key) if n not in avoid[-1:] and self.load[n] < self.slots(n)), node)
        self.load[node] += 1
        return node

    def release(self, node: int) -> None:
        self.load[node] -= 1
