"""NGINX's own rules: failures noticed on the requests themselves, its three hashes, and its draws."""

from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator
from itertools import accumulate
from math import floor
from zlib import crc32

from lbcore.selectors.reference._draws import Draws
from lbcore.selectors.reference._hashes import key_bytes

Limit = int | list[int]  # one for all, or one for each node


class PassiveRoundRobin:
    """Smooth turns by weight; a failure costs weight, and max_fails of them cost fail_timeout_s of rest."""

    load: list[int]  # where it is kept

    def __init__(
        self,
        weights: list[int],
        max_fails: Limit = 1,
        fail_timeout_s: Limit = 10,
        backup: Iterable[int] = (),
        max_conns: Limit = 0,
    ):
        n = len(weights)
        self.weights, self.up, self.earning, self.credit = weights, [True] * n, weights.copy(), [0] * n
        self.fails, self.failed_s, self.checked_s, self.now_s = [0] * n, [0] * n, [0] * n, 0.0
        self.max_fails, self.fail_timeout_s, self.max_conns = (
            [limit] * n if isinstance(limit, int) else limit for limit in (max_fails, fail_timeout_s, max_conns)
        )
        self.backup = set(backup)
        if any(self.max_conns):
            self.load = [0] * n

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up

    def open(self, node: int, avoid: Container[int]) -> bool:
        if not self.up[node] or not self.weights[node] or node in avoid:
            return False
        if self.max_conns[node] and self.load[node] >= self.max_conns[node]:
            return False
        if len(self.weights) == 1 or not self.max_fails[node] or self.fails[node] < self.max_fails[node]:
            return True
        return floor(self.now_s) - self.checked_s[node] > self.fail_timeout_s[node]

    def serve(self, node: int) -> int:
        if floor(self.now_s) - self.checked_s[node] > self.fail_timeout_s[node]:
            self.checked_s[node] = floor(self.now_s)
        if hasattr(self, "load"):
            self.load[node] += 1
        return node

    def earn(self, node: int) -> int:
        earned = self.earning[node]
        self.credit[node] += earned
        self.earning[node] = min(self.weights[node], earned + 1)
        return earned

    def left(self, avoid: Container[int]) -> list[int]:
        """Who can serve: the backups where no other can."""
        able = [node for node in range(len(self.weights)) if self.open(node, avoid)]
        return [node for node in able if node not in self.backup] or able

    def among(self, nodes: list[int]) -> int:
        """A smooth turn of these nodes."""
        total = sum([self.earn(node) for node in nodes])
        best = max(nodes, key=lambda node: self.credit[node])  # the first of equals
        self.credit[best] -= total
        return best

    def turn(self, avoid: Container[int]) -> int:
        left = self.left(avoid)
        if not left:
            raise LookupError("no node is left")
        return self.serve(self.among(left))

    def select(self, avoid: Container[int] = ()) -> int:
        return self.turn(avoid)

    def release(self, node: int, ok: bool = True) -> None:
        if hasattr(self, "load"):
            self.load[node] -= 1
        if len(self.weights) == 1:
            return
        if not ok:
            self.fails[node] += 1
            self.failed_s[node] = self.checked_s[node] = floor(self.now_s)
            if self.max_fails[node]:
                self.earning[node] = max(0, self.earning[node] - self.weights[node] // self.max_fails[node])
        elif self.failed_s[node] < self.checked_s[node]:
            self.fails[node] = 0


class PassiveLeastConnections(PassiveRoundRobin):
    """The least loaded node for its weight serves; equal ones take smooth turns."""

    def __init__(
        self,
        weights: list[int],
        max_fails: Limit = 1,
        fail_timeout_s: Limit = 10,
        backup: Iterable[int] = (),
        max_conns: Limit = 0,
    ):
        super().__init__(weights, max_fails, fail_timeout_s, backup, max_conns)
        self.load = [0] * len(weights)

    def select(self, avoid: Container[int] = ()) -> int:
        left = self.left(avoid)
        if not left:
            raise LookupError("no node is left")
        best = left[0]
        for node in left:
            if self.load[node] * self.weights[best] < self.load[best] * self.weights[node]:
                best = node
        equal = [
            n for n in left if n >= best and self.load[n] * self.weights[best] == self.load[best] * self.weights[n]
        ]
        return self.serve(self.among(equal) if len(equal) > 1 else best)


class PassiveRandom(PassiveRoundRobin):
    """A node drawn by weight; after twenty draws of nodes that cannot serve, turns decide."""

    def __init__(
        self,
        weights: list[int],
        max_fails: Limit = 1,
        fail_timeout_s: Limit = 10,
        max_conns: Limit = 0,
        seed: int = 0,
    ):
        super().__init__(weights, max_fails, fail_timeout_s, (), max_conns)
        self.draws = Draws(seed)

    def drawn(self, avoid: Container[int]) -> Iterator[int]:
        """Nodes by weight, those that can serve."""
        if not any(self.up[n] and weight and n not in avoid for n, weight in enumerate(self.weights)):
            raise LookupError("no node is left")
        ends, before = list(accumulate(self.weights)), self.draws.number
        for _ in range(21 if len(self.weights) > 1 else 0):
            point = self.draws.below(ends[-1])
            node = next(node for node, end in enumerate(ends) if point < end)
            if self.open(node, avoid):
                yield node
        if not self.left(avoid):  # a refusal leaves the draws as they were
            self.draws.number = before

    def select(self, avoid: Container[int] = ()) -> int:
        for node in self.drawn(avoid):
            return self.serve(node)
        return self.turn(avoid)


class PassiveTwoRandom(PassiveRandom):
    """The less loaded of two different nodes drawn by weight."""

    def __init__(
        self,
        weights: list[int],
        max_fails: Limit = 1,
        fail_timeout_s: Limit = 10,
        max_conns: Limit = 0,
        seed: int = 0,
    ):
        super().__init__(weights, max_fails, fail_timeout_s, max_conns, seed)
        self.load = [0] * len(weights)

    def select(self, avoid: Container[int] = ()) -> int:
        first = None
        for node in self.drawn(avoid):
            if first is None:
                first = node
            elif node != first:
                worse = self.load[node] * self.weights[first] > self.load[first] * self.weights[node]
                return self.serve(first if worse else node)
        return self.turn(avoid)


class PassiveHash(PassiveRoundRobin):
    """CRC32 of key, 1key, 2key, ... add up modulo the weights; after twenty nodes that cannot serve, turns decide."""

    shares = False  # those at one place take smooth turns
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
            able = [one for one in self.at_place(node) if self.open(one, avoid)]
            if able:
                return self.serve(self.among(able) if self.shares else able[0])
            if self.up[node] and node in avoid and node not in mine and self.spares:
                mine.add(node)
            else:
                tries += 1
            if tries > 20:
                break
        return self.turn(avoid)

    def at_place(self, node: int) -> list[int]:
        """Who serves where a key meets this node."""
        return [node]


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

    spares, shares = False, True

    def __init__(
        self,
        weights: list[int],
        max_fails: Limit = 1,
        fail_timeout_s: Limit = 10,
        max_conns: Limit = 0,
        servers: list[str] | None = None,
    ):
        super().__init__(weights, max_fails, fail_timeout_s, (), max_conns)
        self.servers = servers or [f"node-{node}" for node in range(len(weights))]
        points: dict[int, int] = {}
        for node, weight in reversed(list(enumerate(weights))):
            base, value = crc32(f"{self.servers[node]}\0".encode()), 0
            for _ in range(160 * weight):
                value = crc32(value.to_bytes(4, "little"), base)
                points[value] = node  # of equal points, the first node's stays
        self.points = sorted(points.items())

    def met(self, data: bytes) -> Iterator[int]:
        place = bisect_left(self.points, (crc32(data), -1))
        while True:
            yield self.points[place % len(self.points)][1]
            place += 1

    def at_place(self, node: int) -> list[int]:
        return [one for one, server in enumerate(self.servers) if server == self.servers[node]]
