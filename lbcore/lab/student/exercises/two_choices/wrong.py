"""Known wrong answers to 02-two-choices; each docstring is the sentence that names the mistake.

Data, one short class a mistake, and so a long file. `Given` is right. Each of the others does one thing in another way.
"""

import random

from lbcore.lab.student.match import forever


class Given:
    def __init__(self, n, rng):
        self.counts, self.rng, self.n = [0] * n, rng, n

    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n - 1)
        return a, b + (b >= a)

    def better(self, a, b):
        return b if self.counts[b] < self.counts[a] else a

    def count(self, node):
        self.counts[node] += 1

    def select(self):
        node = self.better(*self.pair())
        self.count(node)
        return node

    def emptiest(self):
        return [i for i in range(self.n) if self.counts[i] == min(self.counts)]


class Busier(Given):
    """You are keeping the busier of the two."""


class KeepsTheBusier(Busier):
    def better(self, a, b):
        return b if self.counts[b] > self.counts[a] else a


class CountsDown(Busier):
    """A pick makes the count less, so the node with the lowest count is the busier of the two."""

    def count(self, node):
        self.counts[node] -= 1


class MayDrawTheSame(Given):
    """You can draw the same node twice: two draws with replacement. It works almost as well; the two should differ."""

    def pair(self):
        return self.rng.below(self.n), self.rng.below(self.n)


class DrawsAgainOnce(Given):
    """When both draws are the same you draw again, but only once: they can be the same again."""

    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n)
        return a, self.rng.below(self.n) if a == b else b


class DrawsBothAgainOnce(DrawsAgainOnce):
    def pair(self):
        pair = self.rng.below(self.n), self.rng.below(self.n)
        return (self.rng.below(self.n), self.rng.below(self.n)) if pair[0] == pair[1] else pair


class OneFurther(Given):
    """When both draws are the same you take the neighbour, so neighbours meet more often than other pairs."""


class TheNext(OneFurther):
    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n)
        return a, (b + 1) % self.n if a == b else b


class TheOneBefore(OneFurther):
    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n)
        return a, (b - 1) % self.n if a == b else b


class TheNextWithoutEnd(OneFurther):
    """When both draws are the same you take the next number, and the last node has none."""

    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n)
        return a, b + (a == b)


class TheOneBeforeWithoutEnd(OneFurther):
    """When both draws are the same you take the number before, and node 0 has none."""

    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n)
        return a, b - (a == b)


class FarOff(Given):
    """When both draws are the same you take a node in a fixed place, so some pairs meet more often than others."""


class ZeroOrLast(FarOff):
    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n)
        return a, (0 if a else self.n - 1) if a == b else b


class ZeroOrTheSame(FarOff):
    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n)
        return a, b if a != b else 0


class ZeroOrOne(FarOff):
    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n)
        return a, (0 if a else 1) if a == b else b


class OneNeverTheLast(Given):
    """One of your two draws is never the last node, and both can be the same. Who steps over the first draw?"""


class SecondNeverTheLast(OneNeverTheLast):
    def pair(self):
        return self.rng.below(self.n), self.rng.below(self.n - 1)


class FirstNeverTheLast(OneNeverTheLast):
    def pair(self):
        return self.rng.below(self.n - 1), self.rng.below(self.n)


class StepsOneTooLate(Given):
    """You step over the first draw one too late: the second can be the same node, and is never the one after it."""

    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n - 1)
        return a, b + (b > a)


class StepsBelow(Given):
    """You step on where the second draw is below the first, and need not: then it can become the first draw."""

    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n - 1)
        return a, b + (b <= a)


class StepsBack(Given):
    """You step back from the first draw, not over it: then a second draw of 0 becomes -1."""

    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n - 1)
        return a, b - (b >= a)


class StepsAlways(Given):
    """Your second draw is never node 0, and it can be the first draw again: you step on whether or not you must."""

    def pair(self):
        return self.rng.below(self.n), self.rng.below(self.n - 1) + 1


class NeverTheLast(Given):
    """One of your draws, or each of them, is never the last node."""


class BothFromOneLess(NeverTheLast):
    """The last node is never drawn, and both draws can be the same."""

    def pair(self):
        return self.rng.below(self.n - 1), self.rng.below(self.n - 1)


class BothFromOneLessAndDifferent(NeverTheLast):
    def pair(self):
        a = b = self.rng.below(self.n - 1)
        if self.n == 2:
            forever()
        while a == b:
            b = self.rng.below(self.n - 1)
        return a, b


class SecondNeverTheLastButOther(NeverTheLast):
    def pair(self):
        a = b = self.rng.below(self.n)
        if self.n == 2 and a == 0:
            forever()
        while a == b:
            b = self.rng.below(self.n - 1)
        return a, b


class NeverTheFirst(Given):
    """Node 0 is never drawn."""

    def pair(self):
        return self.rng.below(self.n - 1) + 1, self.rng.below(self.n - 1) + 1


class NeverTheFirstButOther(NeverTheFirst):
    def pair(self):
        a = b = self.rng.below(self.n - 1) + 1
        if self.n == 2:
            forever()
        while a == b:
            b = self.rng.below(self.n - 1) + 1
        return a, b


class Neighbour(Given):
    """Your second node is always a neighbour of the first, so most pairs never meet. Draw it too."""


class NodeAfter(Neighbour):
    def pair(self):
        a = self.rng.below(self.n)
        return a, (a + 1) % self.n


class NodeAfterWithoutEnd(Neighbour):
    """Your second node is always the one after the first, and the last has none. Draw it too."""

    def pair(self):
        a = self.rng.below(self.n)
        return a, a + 1


class NodeBeforeOrAfter(Neighbour):
    def pair(self):
        a = self.rng.below(self.n)
        return a, a + 1 if a + 1 < self.n else a - 1


class NodeAfterFromOneLess(Neighbour):
    def pair(self):
        a = self.rng.below(self.n - 1)
        return a, a + 1


class NodeAfterOrZero(Neighbour):
    def pair(self):
        a = self.rng.below(self.n)
        return a, a + 1 if a + 1 < self.n else self.n - 1


class Opposite(Given):
    """Your second node follows from the first, so most pairs never meet. Draw it too."""


class HalfRound(Opposite):
    def pair(self):
        a = self.rng.below(self.n)
        return a, (a + self.n // 2) % self.n


class Mirrored(Opposite):
    def pair(self):
        a = self.rng.below(self.n)
        return a, self.n - 1 - a


class TwoGroups(Given):
    """Your two nodes come from two groups, so two of one group never meet. Draw both from all nodes."""


class TwoHalves(TwoGroups):
    def pair(self):
        half = self.n // 2
        return self.rng.below(half), half + self.rng.below(self.n - half)


class EvenAndOdd(TwoGroups):
    def pair(self):
        return 2 * self.rng.below((self.n + 1) // 2), 2 * self.rng.below(self.n // 2) + 1


class FixedPairs(Opposite):
    def pair(self):
        a = self.rng.below(self.n)
        return a, min(a ^ 1, self.n - 1)


class OffsetFromZero(Given):
    """Your second node is some steps on from the first, or none: so it can be the same, and never the one before."""

    def pair(self):
        a = self.rng.below(self.n)
        return a, (a + self.rng.below(self.n - 1)) % self.n


class OffsetTooShort(Given):
    """Your second node is some steps on from the first, but never so many that it is the one before."""

    def pair(self):
        a = self.rng.below(self.n)
        return a, (a + 1 + self.rng.below(max(1, self.n - 2))) % self.n


class OffsetTooShortForTwo(OffsetTooShort):
    def pair(self):
        a = self.rng.below(self.n)
        return a, (a + 1 + self.rng.below(self.n - 2)) % self.n


class SecondLower(Given):
    """Your second draw depends on the first: not every pair is as likely."""


class SecondBelowTheFirst(SecondLower):
    def pair(self):
        a = self.rng.below(self.n)
        return a, self.rng.below(a)


class SecondUpToTheFirst(SecondLower):
    def pair(self):
        a = self.rng.below(self.n)
        return a, self.rng.below(a + 1)


class SecondNotBelowTheFirst(SecondLower):
    def pair(self):
        a = self.rng.below(self.n)
        return a, a + self.rng.below(self.n - a)


class SecondAboveTheFirst(SecondLower):
    def pair(self):
        a = self.rng.below(self.n - 1)
        return a, a + 1 + self.rng.below(self.n - 1 - a)


class PlainRandom(Given):
    """Every node is picked as often, whatever its count: the counts change nothing, so this is plain random."""


class OneDraw(PlainRandom):
    """You draw one node only, and take it. With one there is no choice: this is plain random."""

    def select(self):
        node = self.rng.below(self.n)
        self.count(node)
        return node


class ADrawTakenTwice(OneDraw):
    def pair(self):
        a = self.rng.below(self.n)
        return a, a

    select = Given.select


class AlwaysOne(PlainRandom):
    """Which node you take does not depend on the counts, whatever you compare: this is plain random."""


class AlwaysTheFirst(AlwaysOne):
    def better(self, a, b):
        return a


class AlwaysTheSecond(AlwaysOne):
    def better(self, a, b):
        return b


class ThirdDraw(AlwaysOne):
    def better(self, a, b):
        return (a, b)[self.rng.below(2)]


class DrawsAnew(AlwaysOne):
    def better(self, a, b):
        return self.rng.below(self.n)


class NoCounts(PlainRandom):
    """No pick is counted for the next one: `counts` is as before, so this is plain random."""


class CountsNothing(NoCounts):
    def count(self, node):
        pass


class CountsNothingWithTheSame(NoCounts):
    def pair(self):
        return self.rng.below(self.n), self.rng.below(self.n)

    def count(self, node):
        pass


class ForgetsTheCounts(NoCounts):
    def select(self):
        self.counts = [0] * self.n
        return super().select()


class Numbers(Given):
    """You compare the numbers of the nodes, not their counts: what has been picked changes nothing."""


class LowerNumber(Numbers):
    def better(self, a, b):
        return min(a, b)


class HigherNumber(Numbers):
    def better(self, a, b):
        return max(a, b)


class LowerNumberOfTheSame(LowerNumber):
    def pair(self):
        return self.rng.below(self.n), self.rng.below(self.n)


class HigherNumberOfTheSame(HigherNumber):
    def pair(self):
        return self.rng.below(self.n), self.rng.below(self.n)


class CountAgainstNumber(Given):
    """You compare the count of one node with the number of the other."""


class FirstCountSecondNumber(CountAgainstNumber):
    def better(self, a, b):
        return a if self.counts[a] < b else b


class FirstNumberSecondCount(CountAgainstNumber):
    def better(self, a, b):
        return a if a < self.counts[b] else b


class EmptiestOfAll(Given):
    """Every pick is one of the emptiest of all nodes. Here you may look at two."""


class LeastOfAll(EmptiestOfAll):
    """You take the emptiest of all nodes: that is least loaded, which has to look at every node. Look at two."""

    def select(self):
        node = self.emptiest()[0]
        self.count(node)
        return node


class LeastOfAllInSpiteOfDrawing(LeastOfAll):
    def select(self):
        self.pair()
        return super().select()


class LeastOfAllLast(LeastOfAll):
    def select(self):
        node = self.emptiest()[-1]
        self.count(node)
        return node


class LeastOfAllDrawn(LeastOfAll):
    def select(self):
        node = self.emptiest()[self.rng.below(len(self.emptiest()))]
        self.count(node)
        return node


class Turns(EmptiestOfAll):
    """These are turns: one node after the other, nothing is drawn."""

    turn = -1

    def select(self):
        self.turn = (self.turn + 1) % self.n
        return self.turn


class FirstInTurn(EmptiestOfAll):
    """Your first node goes in turn, so it is one of the emptiest, and only the second is drawn. Draw both."""

    turn = -1

    def pair(self):
        self.turn = (self.turn + 1) % self.n
        return self.turn, self.rng.below(self.n)


class FirstInTurnSecondAnother(FirstInTurn):
    def pair(self):
        self.turn = (self.turn + 1) % self.n
        b = self.rng.below(self.n - 1)
        return self.turn, b + (b >= self.turn)


class TwoEmptiest(Given):
    """Your two nodes are the two emptiest of all: to find them you have to look at every node. Draw them."""

    def select(self):
        two = sorted(range(self.n), key=self.counts.__getitem__)[:2]
        node = two[self.rng.below(2)]
        self.count(node)
        return node


class BelowTheMean(Given):
    """You draw until you meet a node with fewer requests than the mean. The rule draws two, and takes the emptier."""

    def select(self):
        while True:
            node = self.rng.below(self.n)
            if self.counts[node] * self.n <= sum(self.counts):
                self.count(node)
                return node


class LooksAtAll(Given):
    """You compare the first with all nodes, not with the second. Here you may look at two."""


class FirstIfEmptiestOfAll(LooksAtAll):
    def better(self, a, b):
        return a if self.counts[a] == min(self.counts) else b


class FirstUnlessAboveTheMean(LooksAtAll):
    def better(self, a, b):
        return a if self.counts[a] * self.n <= sum(self.counts) else b


class FirstIfBelowTheMean(LooksAtAll):
    def better(self, a, b):
        return a if self.counts[a] * self.n < sum(self.counts) else b


class FirstUnlessBusiestOfAll(LooksAtAll):
    def better(self, a, b):
        return b if self.counts[a] == max(self.counts) else a


class NowAndThen(Given):
    """Now and then you take the busier of the two: whether you do is drawn too."""

    chances, of = 3, 4

    def better(self, a, b):
        low, high = (b, a) if self.counts[b] < self.counts[a] else (a, b)
        return low if self.rng.below(self.of) < self.chances else high


class NineOfTen(NowAndThen):
    chances, of = 9, 10


class TwoOfThree(NowAndThen):
    chances, of = 2, 3


class FourOfFive(NowAndThen):
    chances, of = 4, 5


class EqualsToZero(Given):
    """Where both have the same count you take a node that need not be one of the two."""

    def better(self, a, b):
        return super().better(a, b) if self.counts[a] != self.counts[b] else 0


class EqualsToAThird(EqualsToZero):
    def better(self, a, b):
        third = self.rng.below(self.n)
        return super(EqualsToZero, self).better(a, b) if self.counts[a] != self.counts[b] else third


class ByTwo(Given):
    """You take the second node only where it is emptier by two requests or more."""

    def better(self, a, b):
        return b if self.counts[b] + 1 < self.counts[a] else a


class ThreeDraws(Given):
    """You draw three nodes. More than two help little; take two."""

    def select(self):
        nodes = list(range(self.n))
        drawn = [nodes.pop(self.rng.below(len(nodes))) for _ in range(min(3, self.n))]
        node = min(drawn, key=self.counts.__getitem__)
        self.count(node)
        return node


class ThreeDrawsWithReplacement(ThreeDraws):
    def select(self):
        node = min([self.rng.below(self.n) for _ in range(3)], key=self.counts.__getitem__)
        self.count(node)
        return node


class OwnDice(Given):
    """You draw with something else than `self.rng`, so the seed cannot repeat your picks."""

    def pair(self):
        return random.sample(range(self.n), 2)


class TheSamePairAlways(Given):
    """Your two nodes are drawn once, and every request goes to one of the two. Draw anew for each request."""


class DrawnOnce(TheSamePairAlways):
    def __init__(self, n, rng):
        super().__init__(n, rng)
        self.drawn = super().pair()

    def pair(self):
        return self.drawn


class DrawnOnceWithNeighbour(DrawnOnce):
    def __init__(self, n, rng):
        super().__init__(n, rng)
        a = rng.below(n)
        self.drawn = a, (a + 1) % n


class DrawnOnceWithReplacement(DrawnOnce):
    def __init__(self, n, rng):
        super().__init__(n, rng)
        self.drawn = rng.below(n), rng.below(n)


class FirstTwo(TheSamePairAlways):
    """Your two nodes are always the same, whatever the seed: nothing is drawn."""

    def pair(self):
        return 0, 1


class OneDrawnOnce(Given):
    """All requests of one seed go to one node: it is drawn once, and never again."""

    def __init__(self, n, rng):
        super().__init__(n, rng)
        self.drawn = rng.below(n)

    def select(self):
        return self.drawn


class FirstIsKept(Given):
    """One of your two nodes is the one that you picked before. Draw two anew for each request."""

    before = None

    def pair(self):
        if self.before is None:
            self.before = self.rng.below(self.n)
        b = self.rng.below(self.n - 1)
        return self.before, b + (b >= self.before)

    def count(self, node):
        self.counts[node] += 1
        self.before = node


class SecondWasPicked(FirstIsKept):
    before = 0

    def pair(self):
        return self.rng.below(self.n), self.before


class FirstWasPicked(FirstIsKept):
    before = 0

    def pair(self):
        return self.before, self.rng.below(self.n)


class SecondWasDrawn(Given):
    """One of your two nodes is the draw of the request before. Draw two anew for each request."""

    before = 0

    def pair(self):
        self.before, before = self.rng.below(self.n), self.before
        return self.before, before


class CountsOneDraw(Given):
    """You count always the same one of the two draws, whichever you take."""


class CountsTheFirst(CountsOneDraw):
    def select(self):
        a, b = self.pair()
        node = self.better(a, b)
        self.counts[a] += 1
        return node


class CountsTheSecond(CountsOneDraw):
    def select(self):
        a, b = self.pair()
        node = self.better(a, b)
        self.counts[b] += 1
        return node


class CountsBoth(Given):
    """You count both draws, not the one that you take."""

    def select(self):
        a, b = self.pair()
        node = self.better(a, b)
        self.counts[a] += 1
        self.counts[b] += 1
        return node


class CountsTheOther(Given):
    """You count the draw that you do not take."""

    def select(self):
        a, b = self.pair()
        node = self.better(a, b)
        self.counts[b if node == a else a] += 1
        return node


class ReturnsTheOther(Given):
    """You count the one node, and return the other."""

    def select(self):
        a, b = self.pair()
        node = self.better(a, b)
        self.count(node)
        return b if node == a else a


class SortsTheCounts(Given):
    """You sort the counts. Then a count stands at another node's place."""

    def select(self):
        a, b = self.pair()
        sums = sorted(self.counts)
        node = b if sums[b] < sums[a] else a
        self.count(node)
        return node


class SortsTheCountsTakesTheSecond(SortsTheCounts):
    def select(self):
        a, b = self.pair()
        sums = sorted(self.counts)
        node = a if sums[a] < sums[b] else b
        self.count(node)
        return node


class FirstWithThisCount(Given):
    """You look up the lower count among all nodes, and take the first that has as many: that is none of your two."""

    def better(self, a, b):
        return self.counts.index(min(self.counts[a], self.counts[b]))


class CountsTheFirstNode(Given):
    """Every pick is counted for the same node."""

    def count(self, node):
        self.counts[0] += 1


class SetsToOne(Given):
    """A node's count is 1 however often it is picked: add to it."""

    def count(self, node):
        self.counts[node] = 1


class OnlyTheLastPick(Given):
    """`counts` knows the last pick only: add to what was there."""

    def count(self, node):
        self.counts = [0] * self.n
        self.counts[node] = 1


class ReturnsTheCount(Given):
    """You return how many requests a node has had, not which node it is."""


class ReturnsTheLowerCount(ReturnsTheCount):
    def better(self, a, b):
        return min(self.counts[a], self.counts[b])


class ReturnsTheHigherCount(ReturnsTheCount):
    def better(self, a, b):
        return max(self.counts[a], self.counts[b])


class ReturnsTheNewCount(ReturnsTheCount):
    def select(self):
        return self.counts[super().select()]


class TakesTheNeighbour(Given):
    """You take the node after the emptier one."""

    def better(self, a, b):
        return (super().better(a, b) + 1) % self.n


class ReturnsTheComparison(Given):
    """A comparison is true or false, not one of the two nodes."""

    def select(self):
        a, b = self.pair()
        return self.counts[a] < self.counts[b]


class OneTooFar(Given):
    """You can draw a node that does not exist: the last of ten has the number 9."""

    def pair(self):
        return self.rng.below(self.n + 1), self.rng.below(self.n + 1)


class SecondTooFar(OneTooFar):
    def pair(self):
        a, b = self.rng.below(self.n), self.rng.below(self.n)
        return a, b + (b >= a)


class FromOne(OneTooFar):
    def pair(self):
        return self.rng.below(self.n) + 1, self.rng.below(self.n) + 1


class TenNodes(Given):
    """You count on ten nodes. How many there are is told when the balancer is made."""


class TenNodesDrawnAgain(TenNodes):
    def pair(self):
        a = b = self.rng.below(10)
        while a == b:
            b = self.rng.below(10)
        return a, b


class TenNodesStepped(TenNodes):
    def pair(self):
        a, b = self.rng.below(10), self.rng.below(9)
        return a, b + (b >= a)


class NeverEnds(Given):
    """Is anything drawn in the loop, and can it ever be what the loop waits for?"""

    def select(self):
        forever()
