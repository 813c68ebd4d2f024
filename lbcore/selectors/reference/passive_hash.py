"""The same key to the same node, and on to another when that one has failed."""

from bisect import bisect_left
from collections.abc import Container, Iterator
from itertools import accumulate
from zlib import crc32

from lbcore.selectors.reference._hashes import key_bytes
from lbcore.selectors.reference.passive import PassiveRoundRobin


class PassiveHash(PassiveRoundRobin):
    """CRC32 of key, 1key, 2key, ... add up modulo the weights; after twenty nodes that cannot serve, turns decide."""

    spares = True  # a node that this request tried does not count among the twenty when it is met again

    def met(self, data: bytes) -> Iterator[int]:
        """The nodes that a key meets."""
        total, rehash = 0, 0
        while True:
            prefix = str(rehash).encode() if rehash else b""
            total, rehash = total + (crc32(prefix + data) >> 16 & 0x7FFF), rehash + 1
            yield self.at(total % 2**32)

    def at(self, point: int) -> int:
        ends = list(accumulate(self.weights))
        return next(node for node, end in enumerate(ends) if point % ends[-1] < end)

    def empty(self, data: bytes) -> bool:
        return not data

    def select(self, key: str | bytes | int, avoid: Container[int] = ()) -> int:  # type: ignore[override]
        data, tries, mine = key_bytes(key), 0, set()
        if not any(self.up[n] and weight and n not in avoid for n, weight in enumerate(self.weights)):
            raise LookupError("no node is left")
        if len(self.weights) == 1 or self.empty(data):
            return self.turn(avoid)
        for node in self.met(data):
            if self.open(node, avoid):
                return self.found(node)
            if self.up[node] and node in avoid and node not in mine and self.spares:
                mine.add(node)
            else:
                tries += 1
            if tries > 20:
                break
        return self.turn(avoid)

    def found(self, node: int) -> int:
        return self.serve(node)


class PassivePrefixHash(PassiveHash):
    """h = (113 h + byte) mod 6271 over the bytes, from 89, and again over them until a node serves."""

    def met(self, data: bytes) -> Iterator[int]:
        h = 89
        while True:
            for octet in data:
                h = (h * 113 + octet) % 6271
            yield self.at(h)

    def empty(self, data: bytes) -> bool:
        return False


class PassiveRing(PassiveHash):
    """A ring of CRC32, each point of a node made of the one before."""

    spares = False

    def __init__(self, weights: list[int]):
        super().__init__(weights)
        points: dict[int, int] = {}
        for node, weight in reversed(list(enumerate(weights))):
            base, value = crc32(f"node-{node}\0".encode()), 0
            for _ in range(160 * weight):
                value = crc32(value.to_bytes(4, "little"), base)
                points[value] = node  # of equal points, the first node's stays
        self.points = sorted(points.items())

    def met(self, data: bytes) -> Iterator[int]:
        place = bisect_left(self.points, (crc32(data), -1))
        while True:
            yield self.points[place % len(self.points)][1]
            place += 1

    def found(self, node: int) -> int:
        self.earning[node] = min(self.weights[node], self.earning[node] + 1)
        return self.serve(node)
