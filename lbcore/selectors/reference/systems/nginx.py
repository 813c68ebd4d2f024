"""NGINX's own rules: failures noticed on the requests themselves, and its three hashes."""

from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator
from itertools import accumulate
from math import floor
from zlib import crc32

from lbcore.selectors.reference._hashes import key_bytes


class PassiveRoundRobin:
    """Smooth turns by weight; a failure costs weight, and max_fails of them cost fail_timeout_s of rest."""

    def __init__(self, weights: list[int], max_fails: int = 1, fail_timeout_s: int = 10, backup: Iterable[int] = ()):
        n = len(weights)
        self.weights, self.up, self.earning, self.credit = weights, [True] * n, weights.copy(), [0] * n
        self.fails, self.failed_s, self.checked_s, self.now_s = [0] * n, [0] * n, [0] * n, 0.0
        self.max_fails, self.fail_timeout_s, self.backup = max_fails, fail_timeout_s, set(backup)

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up

    def open(self, node: int, avoid: Container[int]) -> bool:
        if not self.up[node] or not self.weights[node] or node in avoid:
            return False
        if len(self.weights) == 1 or not self.max_fails or self.fails[node] < self.max_fails:
            return True
        return floor(self.now_s) - self.checked_s[node] > self.fail_timeout_s

    def serve(self, node: int) -> int:
        if floor(self.now_s) - self.checked_s[node] > self.fail_timeout_s:
            self.checked_s[node] = floor(self.now_s)
        return node

    def earn(self, node: int) -> int:
        earned = self.earning[node]
        self.credit[node] += earned
        self.earning[node] = min(self.weights[node], earned + 1)
        return earned

    def turn(self, avoid: Container[int]) -> int:
        for backup in (False, True):
            nodes = range(len(self.weights))
            left = [node for node in nodes if (node in self.backup) == backup and self.open(node, avoid)]
            if left:
                total = sum([self.earn(node) for node in left])
                best = max(left, key=lambda node: self.credit[node])  # the first of equals
                self.credit[best] -= total
                return self.serve(best)
        raise LookupError("no node is left")

    def select(self, avoid: Container[int] = ()) -> int:
        return self.turn(avoid)

    def release(self, node: int, ok: bool = True) -> None:
        if len(self.weights) == 1:
            return
        if not ok:
            self.fails[node] += 1
            self.failed_s[node] = self.checked_s[node] = floor(self.now_s)
            if self.max_fails:
                self.earning[node] = max(0, self.earning[node] - self.weights[node] // self.max_fails)
        elif self.failed_s[node] < self.checked_s[node]:
            self.fails[node] = 0


class PassiveLeastConnections(PassiveRoundRobin):
    """The least loaded node for its weight serves; equal ones take smooth turns."""

    def __init__(self, weights: list[int], max_fails: int = 1, fail_timeout_s: int = 10):
        super().__init__(weights, max_fails, fail_timeout_s)
        self.load = [0] * len(weights)

    def select(self, avoid: Container[int] = ()) -> int:
        left = [node for node in range(len(self.weights)) if self.open(node, avoid)]
        if not left:
            raise LookupError("no node is left")
        best = left[0]
        for node in left:
            if self.load[node] * self.weights[best] < self.load[best] * self.weights[node]:
                best = node
        equal = [
            n for n in left if n >= best and self.load[n] * self.weights[best] == self.load[best] * self.weights[n]
        ]
        if len(equal) > 1:
            total = sum([self.earn(node) for node in equal])
            best = max(equal, key=lambda node: self.credit[node])
            self.credit[best] -= total
        self.load[best] += 1
        return self.serve(best)

    def release(self, node: int, ok: bool = True) -> None:
        self.load[node] -= 1
        super().release(node, ok)


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
