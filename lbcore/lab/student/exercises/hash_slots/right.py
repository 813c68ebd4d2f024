"""Lesson 04, exercise 04-hash-slots: a new node takes over its fair share of the slots, and nothing else moves.

One slot at a time from the node that has most: so the old nodes stay even. Which of its slots it gives does not matter.
"""

from lbcore.selectors import reference


class Slots:
    def __init__(self, n, slots):
        self.n = n
        # owner[slot]: the node that has this slot
        each = range(slots)
        self.owner = [i * n // slots for i in each]

    def select(self, key):
        slot = reference.hash64(key) % len(self.owner)
        return self.owner[slot]

    def add(self):
        # new: the new node's number
        new, self.n = self.n, self.n + 1
        # stub: ...  # it takes over its fair share of the slots
        counts = [self.owner.count(node) for node in range(new)]
        for _ in range(len(self.owner) // self.n):  # its fair share, rounded down
            richest = counts.index(max(counts))
            self.owner[self.owner.index(richest)] = new
            counts[richest] -= 1
