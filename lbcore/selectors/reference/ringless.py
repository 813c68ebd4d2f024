"""Consistent hashing without a ring: jump, rendezvous and Maglev."""

from math import frexp

from lbcore.selectors.reference._draws import MASK, again
from lbcore.selectors.reference._hashes import hash64


class JumpHash:
    """Each key jumps ahead, ever further, and belongs to the last node before it leaps over the end."""

    def __init__(self, n: int):
        self.up = [True] * n

    def select(self, key: str | bytes | int) -> int:
        live = [node for node, up in enumerate(self.up) if up]
        if not live:
            raise LookupError("no node is left")
        bits = hash64(key)
        for _ in range(64):
            node = self.jump(bits, len(self.up))
            if self.up[node]:
                return node
            bits = again(bits)
        return live[self.jump(bits, len(live))]

    def jump(self, bits: int, n: int) -> int:
        """Lamping and Veach 2014: the walk depends on the key alone; n only says where it ends."""
        node, after = -1, 0
        while after < n:
            node, bits = after, (bits * 2862933555777941757 + 1) & MASK
            after = int((node + 1) * (2**31 / ((bits >> 33) + 1)))
        return node


class Rendezvous:
    """Every node draws a number for the key; the least -ln(u) / weight wins."""

    def __init__(self, weights: list[int]):
        self.weights, self.up = weights, [True] * len(weights)
        self.seeds = [hash64(f"node-{node}") for node in range(len(weights))]
        self.even = len(set(weights) - {0}) == 1

    def select(self, key: str | bytes | int) -> int:
        live = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
        if not live:
            raise LookupError("no node is left")
        bits = hash64(key)
        draws = {node: 2 * (again(bits ^ self.seeds[node]) >> 12) + 1 for node in live}  # u is draw / 2^53
        if self.even:
            return max(live, key=lambda node: draws[node])
        return min(live, key=lambda node: self.minus_log(draws[node]) / self.weights[node])

    def minus_log(self, draw: int) -> float:
        """-ln(draw / 2^53) by arithmetic that is the same on every machine: 2 (s + s^3/3 + s^5/5 + ...) and twos."""
        m, exponent = frexp(draw)
        if m < 0.5**0.5:
            m, exponent = 2 * m, exponent - 1
        s = (1 - m) / (1 + m)
        series = 1 / 11
        for odd in (9, 7, 5, 3, 1):
            series = 1 / odd + s * s * series
        return 2 * s * series + (53 - exponent) * 0.6931471805599453


class Maglev:
    """Nodes take turns to claim entries of a table, each in its own order; a key goes to its entry's owner."""

    def __init__(self, weights: list[int], table_size: int):
        self.weights, self.up, self.owner = weights, [True] * len(weights), [-1] * table_size
        nodes = sorted((node for node, weight in enumerate(weights) if weight), key=lambda node: f"node-{node}")
        at = {node: hash64(f"node-{node}") % table_size for node in nodes}
        skip = {node: hash64(f"node-{node}", 1) % (table_size - 1) + 1 for node in nodes}
        target, turn, free = dict.fromkeys(nodes, 0), 0, table_size
        while free:
            turn += 1
            for node in nodes:
                if not free or turn * weights[node] < target[node]:
                    continue  # a light node waits for its turn
                target[node] += max(weights)
                while self.owner[at[node]] >= 0:
                    at[node] = (at[node] + skip[node]) % table_size
                self.owner[at[node]], free = node, free - 1

    def select(self, key: str | bytes | int) -> int:
        if not any(weight and up for weight, up in zip(self.weights, self.up, strict=True)):
            raise LookupError("no node is left")
        bits, entry = hash64(key), 0
        for _ in range(64):
            entry = bits % len(self.owner)
            if self.up[self.owner[entry]]:
                return self.owner[entry]
            bits = again(bits)
        while not self.up[self.owner[entry]]:
            entry = (entry + 1) % len(self.owner)
        return self.owner[entry]
