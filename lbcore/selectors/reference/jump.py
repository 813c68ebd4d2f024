"""Consistent hashing that keeps nothing at all: jump."""

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
        """Lamping and Veach 2014. The walk is the key's own; n says where it ends."""
        node, after = -1, 0
        while after < n:
            node, bits = after, (bits * 2862933555777941757 + 1) & MASK
            after = int((node + 1) * (2**31 / ((bits >> 33) + 1)))
        return node
