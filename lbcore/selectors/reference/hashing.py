"""The same key to the same node."""

from lbcore.selectors.reference._draws import again
from lbcore.selectors.reference._hashes import hash64


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
