"""The readable twin of each selector: the same picks in a few lines of plain Python.

A lesson shows them, and the tests hold the compiled selectors to them. Each has `up`, one bool a node, which you may
change; nothing is checked. `select()` is the index of the next request's node; LookupError where no node is left.
"""

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio
MASK = 2**64 - 1


def mix(z: int) -> int:
    """64 bits in, 64 well-stirred bits out: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def again(bits: int) -> int:
    """Another 64 bits for the same request or key."""
    return mix(bits + GOLDEN & MASK)


class Draws:
    """A stream of random draws named by its seed: draw i is a hash of the seed and i."""

    def __init__(self, seed: int):
        self.seed, self.number = seed, 0

    def next(self) -> int:
        """64 random bits."""
        self.number += 1
        return mix(self.seed + self.number * GOLDEN & MASK)

    def below(self, n: int) -> int:
        """One draw from 0 to n - 1."""
        return self.next() * n >> 64


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


class Random:
    """Each request goes to a random node; if that one is down, it draws again."""

    def __init__(self, n: int, seed: int):
        self.up, self.draws = [True] * n, Draws(seed)

    def select(self) -> int:
        live = [node for node, up in enumerate(self.up) if up]
        if not live:
            raise LookupError("no node is left")
        bits = self.draws.next()
        for _ in range(64):
            node = bits * len(self.up) >> 64
            if self.up[node]:
                return node
            bits = again(bits)
        return live[bits * len(live) >> 64]


class TwoChoices:
    """Each request goes to the less loaded of two different random nodes."""

    def __init__(self, n: int, seed: int):
        self.up, self.load, self.draws = [True] * n, [0] * n, Draws(seed)

    def select(self) -> int:
        live = [node for node, up in enumerate(self.up) if up]
        if not live:
            raise LookupError("no node is left")
        a, b = self.draws.below(len(live)), self.draws.below(len(live) - 1)
        if b >= a:
            b += 1  # the second is drawn among the others
        node = live[a]
        if b < len(live) and self.load[live[b]] < self.load[node]:
            node = live[b]
        self.load[node] += 1
        return node


class WeightedRoundRobin:
    """Every node earns its weight; the richest serves the request and pays the sum."""

    def __init__(self, weights: list[int]):
        self.weights, self.up = weights, [True] * len(weights)
        self.credit = [0] * len(weights)

    def select(self) -> int:
        nodes = range(len(self.weights))
        live = [node for node in nodes if self.weights[node] and self.up[node]]
        if not live:
            raise LookupError("no node is left")
        for node in live:
            self.credit[node] += self.weights[node]
        best = max(live, key=lambda node: self.credit[node])  # the first of equals
        self.credit[best] -= sum(self.weights[node] for node in live)
        return best


class BurstRoundRobin:
    """Each node serves as many requests in a row as its weight says."""

    def __init__(self, weights: list[int]):
        self.weights, self.up, self.turn, self.left = weights, [True] * len(weights), 0, 0

    def select(self) -> int:
        if not any(weight and up for weight, up in zip(self.weights, self.up, strict=True)):
            raise LookupError("no node is left")
        if self.left == 0 or not self.up[self.turn]:
            while not (self.weights[self.turn] and self.up[self.turn]):
                self.turn = (self.turn + 1) % len(self.weights)
            self.left = self.weights[self.turn]
        node = self.turn
        self.left -= 1
        if self.left == 0:
            self.turn = (self.turn + 1) % len(self.weights)
        return node


class WeightedRandom:
    """Each request goes to a random node, with odds in proportion to the weights: the alias method (Vose 1991).

    n columns as high as the sum of the weights hold n times the weights; no column is shared by more than two nodes.
    """

    def __init__(self, weights: list[int], seed: int):
        n, self.total = len(weights), sum(weights)
        self.weights, self.up, self.draws = weights, [True] * n, Draws(seed)
        self.height, self.alias = [weight * n for weight in weights], list(range(n))
        rest = self.height.copy()
        small = [node for node in range(n) if rest[node] < self.total]
        large = [node for node in range(n) if rest[node] >= self.total]
        while small:
            poor, rich = small.pop(), large.pop()
            self.height[poor], self.alias[poor] = rest[poor], rich
            rest[rich] -= self.total - rest[poor]
            (small if rest[rich] < self.total else large).append(rich)

    def select(self) -> int:
        live = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
        if not live:
            raise LookupError("no node is left")
        bits = self.draws.next()
        for _ in range(64):
            column, point = divmod(bits * len(self.weights), 2**64)
            node = column if point < (self.height[column] << 64) // self.total else self.alias[column]
            if self.weights[node] and self.up[node]:
                return node
            bits = again(bits)
        point = bits * sum(self.weights[node] for node in live) >> 64
        for node in live:
            point -= self.weights[node]
            if point < 0:
                return node
        raise AssertionError("point is below the sum of the weights")


class ModuloHash:
    """Each key goes to node hash(key) mod n; if that is down, it is hashed again."""

    def __init__(self, n: int):
        self.up = [True] * n

    def select(self, key: str | bytes | int) -> int:
        if not any(self.up):
            raise LookupError("no node is left")
        bits, node = hash64(key), 0
        for _ in range(64):
            node = bits % len(self.up)
            if self.up[node]:
                return node
            bits = again(bits)
        while not self.up[node]:
            node = (node + 1) % len(self.up)
        return node


class HashSlots:
    """Each key goes to the owner of slot hash(key) mod slots."""

    def __init__(self, n: int, slots: int):
        self.up = [True] * n
        self.owner = [slot * n // slots for slot in range(slots)]

    def select(self, key: str | bytes | int) -> int:
        if not any(self.up):
            raise LookupError("no node is left")
        bits, slot = hash64(key), 0
        for _ in range(64):
            slot = bits % len(self.owner)
            if self.up[self.owner[slot]]:
                return self.owner[slot]
            bits = again(bits)
        while not self.up[self.owner[slot]]:
            slot = (slot + 1) % len(self.owner)
        return self.owner[slot]

    def add(self) -> None:
        """The new node takes slots one by one from whoever owns most, until it has its fair share."""
        new = len(self.up)
        self.up.append(True)
        for _ in range(len(self.owner) // len(self.up)):
            richest = max(range(new), key=self.owner.count)
            last = max(slot for slot, node in enumerate(self.owner) if node == richest)
            self.owner[last] = new

    def remove(self, node: int) -> None:
        """Its slots go one by one to whoever owns fewest."""
        del self.up[node]
        orphans = [slot for slot, owner in enumerate(self.owner) if owner == node]
        self.owner = [-1 if owner == node else owner - (owner > node) for owner in self.owner]
        for slot in orphans:
            self.owner[slot] = min(range(len(self.up)), key=self.owner.count)


def hash64(key: str | bytes | int) -> int:
    """xxHash64 with seed 0 (Collet's specification) of a str's UTF-8 bytes or an int's eight little-endian bytes."""
    key = (key & MASK).to_bytes(8, "little") if isinstance(key, int) else key
    data = key.encode() if isinstance(key, str) else key
    p1, p2, p3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
    p4, p5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5

    def rotate(x: int, bits: int) -> int:
        return (x << bits | x >> (64 - bits)) & MASK

    def lane(total: int, word: int) -> int:
        return rotate(total + word * p2 & MASK, 31) * p1 & MASK

    def words(size: int, start: int, stop: int) -> list[int]:
        return [int.from_bytes(data[at : at + size], "little") for at in range(start, stop, size)]

    stripes, eights, fours = len(data) // 32 * 32, len(data) // 8 * 8, len(data) // 4 * 4
    h = p5
    if stripes:
        lanes = [p1 + p2 & MASK, p2, 0, -p1 & MASK]
        for number, word in enumerate(words(8, 0, stripes)):
            lanes[number % 4] = lane(lanes[number % 4], word)
        h = sum(rotate(value, bits) for value, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & MASK
        for value in lanes:
            h = (h ^ lane(0, value)) * p1 + p4 & MASK
    h = h + len(data) & MASK
    for word in words(8, stripes, eights):
        h = rotate(h ^ lane(0, word), 27) * p1 + p4 & MASK
    for word in words(4, eights, fours):
        h = rotate(h ^ word * p1 & MASK, 23) * p2 + p3 & MASK
    for word in words(1, fours, len(data)):
        h = rotate(h ^ word * p5 & MASK, 11) * p1 & MASK
    h = (h ^ h >> 33) * p2 & MASK
    h = (h ^ h >> 29) * p3 & MASK
    return h ^ h >> 32
