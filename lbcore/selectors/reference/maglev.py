"""Consistent hashing by a table that fills by turns: Maglev."""

from lbcore.selectors.reference._draws import again
from lbcore.selectors.reference._hashes import hash64


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
