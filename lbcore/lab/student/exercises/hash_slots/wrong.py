"""Known wrong answers to 04-hash-slots; each docstring is the sentence that names the mistake.

Data, one short class a mistake, and so a long file. `Given` is right. Each of the others does one thing in another way.
"""

from lbcore.selectors import reference


class Given:
    def __init__(self, n, slots):
        self.n = n
        self.owner = [slot * n // slots for slot in range(slots)]

    def slot(self, key):
        return reference.hash64(key) % len(self.owner)

    def select(self, key):
        return self.owner[self.slot(key)]

    def add(self):
        new, self.n = self.n, self.n + 1
        self.join(new)

    def share(self):
        return len(self.owner) // self.n

    def join(self, new):
        self.take(self.share(), new)

    def take(self, share, new):
        counts = [self.owner.count(node) for node in range(new)]
        for _ in range(share):
            richest = counts.index(max(counts))
            self.give(richest, new)
            counts[richest] -= 1

    def give(self, node, new):
        self.owner[self.owner.index(node)] = new


class DealsAnew(Given):
    """You deal all slots anew, as hash mod n does."""


class DealsAsCards(DealsAnew):
    def join(self, new):
        self.owner = [slot % self.n for slot in range(len(self.owner))]


class CutsAnew(DealsAnew):
    def join(self, new):
        self.owner = [slot * self.n // len(self.owner) for slot in range(len(self.owner))]


class DealsByHash(DealsAnew):
    def join(self, new):
        self.owner = [reference.hash64(slot) % self.n for slot in range(len(self.owner))]


class CutsInPieces(DealsAnew):
    def join(self, new):
        piece = max(1, len(self.owner) // self.n)
        self.owner = [min(slot // piece, new) for slot in range(len(self.owner))]


class MovesAll(Given):
    """Every slot moves on by a node."""

    def join(self, new):
        self.owner = [(node + 1) % self.n for node in self.owner]


class NothingMoves(Given):
    """After `add` the owners are as they were before it: what you work out must end up in `self.owner`."""

    def join(self, new):
        pass


class AllFromOne(Given):
    """You take them all from one node, while the others give nothing."""


class TheFirst(AllFromOne):
    """You take the first slots, and they belong to one node: the others give nothing."""

    def join(self, new):
        for slot in range(self.share()):
            self.owner[slot] = new


class TheFirstRoundedUp(TheFirst):
    def join(self, new):
        for slot in range(-(-len(self.owner) // self.n)):
            self.owner[slot] = new


class TheLast(AllFromOne):
    """You take all from the last of the old nodes, while the others give nothing."""

    def join(self, new):
        for slot in range(self.share()):
            self.owner[-1 - slot] = new


class TheRichestAlone(AllFromOne):
    """You look for the richest node once, and take all from it. After each slot another one may be the richest."""

    def join(self, new):
        counts = [self.owner.count(node) for node in range(new)]
        for _ in range(self.share()):
            self.give(counts.index(max(counts)), new)


class ThePoorest(AllFromOne):
    """You take from the node that has fewest, where it should be the one that has most."""

    def join(self, new):
        for _ in range(self.share()):
            counts = [self.owner.count(node) or len(self.owner) for node in range(new)]
            self.give(counts.index(min(counts)), new)


class ThePoorestToNothing(ThePoorest):
    def join(self, new):
        counts = [self.owner.count(node) for node in range(new)]
        for _ in range(self.share()):
            poorest = counts.index(min(counts))
            self.give(poorest, new)
            counts[poorest] -= 1


class FromNodeZero(AllFromOne):
    """You take all from node 0, as long as it has any."""

    def join(self, new):
        for _ in range(self.share()):
            if 0 in self.owner:
                self.give(0, new)


class FromNodeZeroToTheEnd(FromNodeZero):
    def join(self, new):
        for _ in range(self.share()):
            self.give(0, new)


class FromTheNodeBefore(TheLast):
    def join(self, new):
        for _ in range(self.share()):
            if new - 1 in self.owner:
                self.give(new - 1, new)


class HalfOfTheRichest(AllFromOne):
    """The new node gets half of the slots of one node. Each old node should give some."""

    def join(self, new):
        counts = [self.owner.count(node) for node in range(new)]
        richest = counts.index(max(counts))
        for _ in range(max(counts) // 2):
            self.give(richest, new)


class HalfOfTheLast(HalfOfTheRichest):
    def join(self, new):
        for _ in range(self.owner.count(new - 1) // 2):
            self.give(new - 1, new)


class InTurn(Given):
    """The old nodes give in turn, always from the same one on, though another has more."""

    def join(self, new):
        for i in range(self.share()):
            while i % new not in self.owner:
                i += 1
            self.give(i % new, new)


class InTurnFromTheLast(InTurn):
    def join(self, new):
        for i in range(self.share()):
            while (new - 1 - i) % new not in self.owner:
                i += 1
            self.give((new - 1 - i) % new, new)


class EverySoManyth(Given):
    """You take every so-manyth slot, whoever has it. That need not be the richest node, nor the fair share."""


class EveryNth(EverySoManyth):
    def join(self, new):
        for slot in range(0, len(self.owner), self.n):
            self.owner[slot] = new


class EveryNthFromTheNew(EverySoManyth):
    def join(self, new):
        for slot in range(new, len(self.owner), self.n):
            self.owner[slot] = new


class EveryNthFromOne(EverySoManyth):
    def join(self, new):
        for slot in range(1, len(self.owner), self.n):
            self.owner[slot] = new


class InSteps(EverySoManyth):
    def join(self, new):
        share = self.share()
        for i in range(share):
            self.owner[i * (len(self.owner) // share)] = new


class InEvenSteps(EverySoManyth):
    def join(self, new):
        share = self.share()
        for i in range(share):
            self.owner[i * len(self.owner) // share] = new


class EveryOldNth(Given):
    """You take every n-th slot, where n is the number of nodes without the new one: so it gets too many."""

    def join(self, new):
        for slot in range(0, len(self.owner), new):
            self.owner[slot] = new


class InARow(Given):
    """You take slots that stand side by side in the table. They belong to one node or two: all should give some."""

    def join(self, new):
        share = self.share()
        start = (len(self.owner) - share) // 2
        self.owner[start : start + share] = [new] * share


class ShareFromEach(Given):
    """You take the fair share from each old node: it is what the new node gets from all of them together."""

    def join(self, new):
        share = self.share()
        for node in range(new):
            for _ in range(min(share, self.owner.count(node))):
                self.give(node, new)


class SameFromEach(Given):
    """You take the same number from each old node, rounded down: what is left over is not taken from anybody."""

    def join(self, new):
        for node in range(new):
            for _ in range(min(self.share() // new, self.owner.count(node))):
                self.give(node, new)


class PartOfEach(Given):
    """You take the same part of each old node's slots, each rounded down: together they are less than the share."""

    def join(self, new):
        for node in range(new):
            for _ in range(self.owner.count(node) // self.n):
                self.give(node, new)


class PartOfEachRoundedUp(Given):
    """You take the same part of each old node's slots, each rounded up: together they are more than the share."""

    def join(self, new):
        for node in range(new):
            for _ in range(-(-self.owner.count(node) // self.n)):
                self.give(node, new)


class OneFromEach(Given):
    """You take one slot from each old node, however many it has."""

    def join(self, new):
        for node in range(new):
            if node in self.owner:
                self.give(node, new)


class PartAmongTheOld(Given):
    """Each old node gives a part as if there were one node less: too much, for the new node keeps a part as well."""

    def join(self, new):
        for node in range(new):
            for _ in range(self.owner.count(node) // new):
                self.give(node, new)


class ChangesPlaces(Given):
    """The share is right, but slots change places in the table, where a slot's place is its number."""


class Sorts(ChangesPlaces):
    def join(self, new):
        self.take(self.share(), new)
        self.owner.sort()


class SortsBackwards(ChangesPlaces):
    def join(self, new):
        self.take(self.share(), new)
        self.owner.sort(reverse=True)


class MovesToTheEnd(ChangesPlaces):
    def give(self, node, new):
        self.owner.remove(node)
        self.owner.append(new)


class MovesToTheFront(ChangesPlaces):
    def give(self, node, new):
        self.owner.remove(node)
        self.owner.insert(0, new)


class NodeForSlot(Given):
    """You take the number of the richest node for that of a slot: `owner` wants the slot in its brackets."""

    def join(self, new):
        for _ in range(self.share()):
            self.owner[max(range(new), key=self.owner.count)] = new


class NodeForSlotByCounts(NodeForSlot):
    def take(self, share, new):
        counts = [self.owner.count(node) for node in range(new)]
        for _ in range(share):
            richest = counts.index(max(counts))
            self.owner[richest] = new
            counts[richest] -= 1


class TakesTooMany(Given):
    """That is too many: an n-th part is fair, with the new node counted in n."""


class TakesAll(TakesTooMany):
    """The new node takes every slot, and the old ones have none."""

    def join(self, new):
        self.owner = [new] * len(self.owner)


class ShareOfTheOld(TakesTooMany):
    """That is the share as it was before: now there is one node more."""

    def share(self):
        return len(self.owner) // (self.n - 1)


class ShareOfTheOldRoundedUp(ShareOfTheOld):
    def share(self):
        return -(-len(self.owner) // (self.n - 1))


class OneMore(TakesTooMany):
    """That is the fair share and one more."""

    def share(self):
        return len(self.owner) // self.n + 1


class OneMoreFromTheFront(OneMore):
    def join(self, new):
        for slot in range(self.share()):
            self.owner[slot % len(self.owner)] = new


class Half(TakesTooMany):
    """The new node takes half of all slots. An n-th part is fair."""

    def share(self):
        return len(self.owner) // 2


class UntilItHasMost(TakesTooMany):
    """You go on until the new node has more than any other."""

    def join(self, new):
        while self.owner.count(new) <= max(self.owner.count(node) for node in range(new)):
            counts = [self.owner.count(node) for node in range(new)]
            self.give(counts.index(max(counts)), new)


class TakesTooFew(Given):
    """That is too few: an n-th part is fair, with the new node counted in n."""


class OneSlot(TakesTooFew):
    """The new node takes one slot. An n-th part is fair."""

    def share(self):
        return 1


class TheFirstSlot(OneSlot):
    def join(self, new):
        self.owner[0] = new


class TheLastSlot(OneSlot):
    def join(self, new):
        self.owner[-1] = new


class SlotOfItsNumber(OneSlot):
    def join(self, new):
        self.owner[new % len(self.owner)] = new


class OneLess(TakesTooFew):
    """That is the fair share less one."""

    def share(self):
        return max(0, len(self.owner) // self.n - 1)


class ForOneNodeMore(TakesTooFew):
    """That is the share among one node more than there are: `self.n` counts the new one already."""

    def share(self):
        return len(self.owner) // (self.n + 1)


class CountsTheNewTwice(TakesTooFew):
    """`self.n` has counted the new node already, and you count it again."""

    def join(self, new):
        self.n += 1
        self.take(self.share(), new)


class AsManyAsNodes(Given):
    """The new node takes as many slots as there are nodes. It should be slots / nodes."""

    def share(self):
        return min(self.n, len(self.owner))


class AsManyAsOldNodes(AsManyAsNodes):
    """The new node takes as many slots as there are old nodes. It should be slots / nodes."""

    def share(self):
        return min(self.n - 1, len(self.owner))


class NewSlots(Given):
    """You make new slots for the new node. It takes over slots that were others'."""

    def join(self, new):
        self.owner = self.owner + [new] * self.share()


class NewSlotsOfTheOldShare(NewSlots):
    def join(self, new):
        self.owner = self.owner + [new] * (len(self.owner) // new)


class OneNewSlot(NewSlots):
    """You make a new slot for the new node. It takes over slots that were others'."""

    def join(self, new):
        self.owner.append(new)


class DropsSlots(Given):
    """Slots that the old nodes give get lost: the new node should be their owner."""

    def take(self, share, new):
        for _ in range(share):
            richest = max(range(new), key=self.owner.count)
            self.owner.remove(richest)


class NumberTooHigh(Given):
    """The new node's number is `new`; `self.n`, one more, is how many nodes there are."""

    def join(self, new):
        self.take(self.share(), new)
        self.owner = [self.n if node == new else node for node in self.owner]


class PythonsHash(Given):
    """You hash the key with Python's `hash()`, which gives a text another number in every process."""

    def slot(self, key):
        return hash(key) % len(self.owner)


class ModuloNodes(Given):
    """You look up slot hash(key) mod n, so only the first n slots are ever used: there are more slots than nodes."""

    def slot(self, key):
        return reference.hash64(key) % self.n


class ModuloNodesAlone(Given):
    """That is hash(key) mod n: `owner` is not looked at."""

    def select(self, key):
        return reference.hash64(key) % self.n


class SlotForNode(Given):
    """You return the slot. The node is its owner."""

    def select(self, key):
        return self.slot(key)


class BySize(Given):
    """The slot is hash(key) mod the number of slots; you cut the hash into ranges."""

    def slot(self, key):
        return reference.hash64(key) * len(self.owner) >> 64


class ByLength(Given):
    """You count the letters of the key: keys of one length all have the same slot."""

    def slot(self, key):
        return len(key) % len(self.owner)


class AsksTheFirstTable(Given):
    """`select` looks at owners as they were before `add`."""

    def __init__(self, n, slots):
        super().__init__(n, slots)
        self.before = list(self.owner)

    def select(self, key):
        return self.before[self.slot(key)]


class ByShare(AsksTheFirstTable):
    """`select` works out the owner by the number of nodes. It has to look at `owner`."""

    def select(self, key):
        return self.slot(key) * self.n // len(self.owner)
