"""Right answers to 04-hash-slots that are not the solution."""

import numpy as np

from lbcore.selectors import reference


class Given:
    def __init__(self, n, slots):
        self.n = n
        self.owner = [slot * n // slots for slot in range(slots)]

    def select(self, key):
        return self.owner[reference.hash64(key) % len(self.owner)]


class SlowButRight(Given):
    def add(self):
        new, self.n = self.n, self.n + 1
        while self.owner.count(new) < len(self.owner) // self.n:
            richest = max(range(new), key=self.owner.count)
            self.owner[self.owner.index(richest)] = new


class RoundedUp(Given):
    def add(self):
        new, self.n = self.n, self.n + 1
        for _ in range(-(-len(self.owner) // self.n)):
            richest = max(range(new), key=self.owner.count)
            last = max(slot for slot, node in enumerate(self.owner) if node == richest)
            self.owner[last] = new


class Numpy(Given):
    def __init__(self, n, slots):
        self.n = n
        self.owner = np.arange(slots) * n // slots

    def add(self):
        new, self.n = self.n, self.n + 1
        for _ in range(len(self.owner) // self.n):
            richest = np.bincount(self.owner, minlength=new)[:new].argmax()
            self.owner[np.flatnonzero(self.owner == richest)[0]] = new


class Dealt(Given):
    """Every node at its turn gives one slot; the table starts dealt like cards."""

    def __init__(self, n, slots):
        self.n = n
        self.owner = [slot % n for slot in range(slots)]

    def add(self):
        new, self.n = self.n, self.n + 1
        richest_first = sorted(range(new), key=self.owner.count, reverse=True)
        for i in range(len(self.owner) // self.n):
            self.owner[self.owner.index(richest_first[i % new])] = new


class Quotas(Given):
    """Each old node keeps its quota, the first of its slots; the new one has the rest."""

    def add(self):
        new, self.n = self.n, self.n + 1
        low, more = divmod(len(self.owner), self.n)
        richest_first = sorted(range(new), key=self.owner.count, reverse=True)
        left = {node: low + (place < more) for place, node in enumerate(richest_first)}
        table = []
        for node in self.owner:
            left[node] -= 1
            table.append(node if left[node] >= 0 else new)
        self.owner = table


class UntilEven(Given):
    """Takes from the richest until nobody has two more than the new node."""

    def add(self):
        new, self.n = self.n, self.n + 1
        while max(map(self.owner.count, range(new))) > self.owner.count(new) + 1:
            self.owner[self.owner.index(max(range(new), key=self.owner.count))] = new


class InADict(Given):
    """The table by slot; those that go are found by how far their owner is above its new quota."""

    def __init__(self, n, slots):
        self.n = n
        self.owner = {slot: slot * n // slots for slot in range(slots)}

    def add(self):
        new, self.n = self.n, self.n + 1
        mine = [[slot for slot, node in self.owner.items() if node == old] for old in range(new)]
        for _ in range(len(self.owner) // self.n):
            self.owner[max(mine, key=len).pop()] = new
