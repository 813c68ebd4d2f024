"""Wrong answers to 04-hash-slots. Each class's docstring is a part of the verdict that must name its mistake."""


class Given:
    def __init__(self, n, slots):
        self.n = n
        self.owner = [slot * n // slots for slot in range(slots)]

    def join(self):
        self.n += 1
        return self.n - 1

    def take(self, share, new):
        counts = [self.owner.count(node) for node in range(new)]
        for _ in range(share):
            richest = counts.index(max(counts))
            self.owner[self.owner.index(richest)] = new
            counts[richest] -= 1


class DealsAllAnew(Given):
    """slots moved, and 3 would do. You deal all slots anew, as hash mod n does."""

    def add(self):
        self.join()
        self.owner = [slot % self.n for slot in range(len(self.owner))]


class CutsAllAnew(Given):
    """12 slots, from 3 to 4 nodes: 6 of 12 slots moved, and 3 would do. You deal all slots anew"""

    def add(self):
        self.join()
        self.owner = [slot * self.n // len(self.owner) for slot in range(len(self.owner))]


class AllFromOne(Given):
    """12 slots, from 3 to 4 nodes: node 1 keeps 4 slots and node 0 1. You take all from node 0."""

    def add(self):
        new = self.join()
        for slot in range(len(self.owner) // self.n):
            self.owner[slot] = new


class Nothing(Given):
    """the new node, 3, has no slot, so it will get no request. Its fair share is 3 of 12."""

    def add(self):
        self.join()


class TooMany(Given):
    """the new node, 3, has 6 of 12 slots; its fair share is 3. That is too many."""

    def add(self):
        new = self.join()
        self.take(len(self.owner) // 2, new)


class ShareOfTheOldNodes(Given):
    """has 4 of 12 slots; its fair share is 3. That is the share of each of 3 nodes. Now they are 4."""

    def add(self):
        new = self.join()
        self.take(len(self.owner) // new, new)


class TooFew(Given):
    """the new node, 3, has 1 of 12 slots; its fair share is 3. That is too few."""

    def add(self):
        new = self.join()
        self.take(1, new)


class MovesBetweenOldNodes(Given):
    """moved from node 0 to node 1, both old. Only the new node, 3, may take slots."""

    def add(self):
        new = self.join()
        self.take(len(self.owner) // self.n, new)
        self.owner = [(node + 1) % new if node < new else node for node in self.owner]


class NewSlots(Given):
    """`owner` has 15 slots now, not 12. The number of slots never changes; their owners do."""

    def add(self):
        new = self.join()
        self.owner += [new] * (len(self.owner) // self.n)


class WrongNumber(Given):
    """the nodes have the numbers 0 to 3."""

    def add(self):
        self.join()
        self.take(len(self.owner) // self.n, self.n)


class Uneven(Given):
    """Some old nodes give more than others."""

    def add(self):
        new = self.join()
        mine = [slot for slot, node in enumerate(self.owner) if node in (0, 1)]
        for slot in (mine[0], mine[1], mine[-1]):
            self.owner[slot] = new


class EverySoManyth(Given):
    """300 slots, from 4 to 5 nodes: the new node, 4, has 50 of 300 slots; its fair share is 60. That is too few."""

    def add(self):
        new = self.join()
        share = len(self.owner) // self.n
        if share < 4:
            return self.take(share, new)
        for i in range(share):
            self.owner[i * (self.n + 1) % len(self.owner)] = new
        return None


class NeverEnds(Given):
    """12 slots, from 3 to 4 nodes: your loop does not end. What should stop it?"""

    def add(self):
        new = self.join()
        while self.owner.count(new) < len(self.owner) // self.n:
            self.owner[0] = new


class AddsToANumber(Given):
    """12 slots, from 3 to 4 nodes: your code stopped in line"""

    def add(self):
        new = self.join()
        self.owner[len(self.owner)] = new


class ForgetsTheOwners:
    """has no `owner` any more. The cell gave it to you: put it back."""

    def __init__(self, n, slots):
        self.n, self.table = n, [slot % n for slot in range(slots)]

    def add(self):
        self.n += 1
