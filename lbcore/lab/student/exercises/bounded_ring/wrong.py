"""Known wrong answers to 05-bounded-ring; each docstring is the sentence that names the mistake.

Data, one short class a mistake, and so a long file. `Given` is right. Each of the others does one thing in another way.
"""

import math
from bisect import bisect_left
from functools import cache

from lbcore.lab.student.match import free
from lbcore.selectors import reference


@cache
def ring(n):
    return reference.HashRing([1] * n, virtual_nodes=160)


@cache
def walk(n, key):
    return tuple(dict.fromkeys(ring(n).walk(key)))


class Given:
    def __init__(self, n, eps):
        self.n, self.eps, self.load = n, eps, [0] * n

    def m(self):
        return sum(self.load) + 1

    def bound(self):
        return math.ceil((1 + self.eps) * self.m() / self.n)

    def walk(self, key):
        return walk(self.n, key)

    def room(self, node):
        return self.load[node] < self.bound()

    def otherwise(self, key):
        return None

    def choose(self, key):
        for node in self.walk(key):
            if self.room(node):
                return node
        return self.otherwise(key)

    def count(self, node, key):
        self.load[node] += 1

    def select(self, key):
        node = self.choose(key)
        if node is not None:
            self.count(node, key)
        return node


class PlainRing(Given):
    """Nobody is passed over: that is the plain ring. Is each request counted, and kept, and the bound looked at?"""

    def choose(self, key):
        return self.walk(key)[0]


class DoesNotCount(PlainRing):
    def count(self, node, key):
        pass

    choose = Given.choose


class TimesNodes(PlainRing):
    def bound(self):
        return math.ceil((1 + self.eps) * self.m() * self.n)

    choose = Given.choose


class NotDivided(PlainRing):
    def bound(self):
        return math.ceil((1 + self.eps) * self.m())

    choose = Given.choose


class KeepsItsNode(Given):
    """A key stays at the node that it got first, however full that is by now."""

    def choose(self, key):
        self.seen = getattr(self, "seen", {})
        if key not in self.seen:
            self.seen[key] = super().choose(key)
        return self.seen[key]


class NoNode(Given):
    """No node ever has room: is the bound rounded up, does m count this one, and has a node room that holds less?"""


class ForgetsTheFirst(NoNode):
    def m(self):
        return sum(self.load)


class RoundedDownToNothing(NoNode):
    def bound(self):
        return math.floor((1 + self.eps) * self.m() / self.n)


class RoundedDownWithoutThis(NoNode):
    def bound(self):
        return math.floor((1 + self.eps) * sum(self.load) / self.n)


class WrongWayRound(NoNode):
    def room(self, node):
        return self.load[node] > self.bound()


class NotReturned(Given):
    """A request is counted, but its node is not returned."""

    def select(self, key):
        super().select(key)


class CountsEverywhere(NotReturned):
    """Requests are counted at nodes that have room, one node after the other, and none is returned."""

    def select(self, key):
        bound = self.bound()
        for node in ring(self.n).walk(key):
            if self.load[node] < bound:
                self.load[node] += 1


class CountsEveryNodeOnce(CountsEverywhere):
    def select(self, key):
        for node in self.walk(key):
            if self.load[node] < self.bound():
                self.load[node] += 1


class OneTooMany(Given):
    """A node that holds the bound is full: one more would be above it."""

    def room(self, node):
        return self.load[node] <= self.bound()


class NextWhole(OneTooMany):
    """Where (1 + eps) m / n is a whole number, that is the bound, and a node that holds so many is full."""

    def bound(self):
        return math.floor((1 + self.eps) * self.m() / self.n) + 1

    room = Given.room


class NoMoreThanNotRounded(NextWhole):
    def bound(self):
        return (1 + self.eps) * self.m() / self.n

    def room(self, node):
        return self.load[node] <= self.bound()


class OneTooFew(Given):
    """You pass over a node that holds one less than the bound: it still has room."""

    def room(self, node):
        return self.load[node] + 1 < max(2, self.bound())


class ForgetsThisOne(Given):
    """Your m does not count this request."""

    def bound(self):
        return max(1, math.ceil((1 + self.eps) * sum(self.load) / self.n))


class OneAddedToTheBound(Given):
    """The 1 for this request belongs to m. You add it to the bound."""

    def bound(self):
        return math.ceil((1 + self.eps) * sum(self.load) / self.n) + 1


class OneAddedToTheLoad(OneAddedToTheBound):
    """The 1 for this request belongs to m. You add it after the multiplication."""

    def bound(self):
        return math.ceil(((1 + self.eps) * sum(self.load) + 1) / self.n)


class CountsThisTwice(Given):
    """Your m counts this request twice."""

    def m(self):
        return sum(self.load) + 2


class RoundedDown(Given):
    """The bound is rounded up; you round it down."""

    def bound(self):
        return max(1, int((1 + self.eps) * self.m() / self.n))


class RoundedToTheNearest(Given):
    """The bound is rounded up; you round it to the nearest whole number."""

    def bound(self):
        return max(1, round((1 + self.eps) * self.m() / self.n))


class RoundedToTheNearestOrNone(RoundedToTheNearest):
    def bound(self):
        return round((1 + self.eps) * self.m() / self.n)


class RoundedTooEarly(Given):
    """You round up the mean, and multiply it then. The product is what is rounded up."""

    def bound(self):
        return (1 + self.eps) * math.ceil(self.m() / self.n)


class RoundedTwice(RoundedTooEarly):
    def bound(self):
        return math.ceil((1 + self.eps) * math.ceil(self.m() / self.n))


class RoundedMeanDown(RoundedTooEarly):
    """You round the mean down before you multiply it. The product is what is rounded, and up."""

    def bound(self):
        return max(1, math.ceil((1 + self.eps) * (self.m() // self.n)))


class RoundedFactor(Given):
    """You round 1 + eps up to a whole number. It is the product that is rounded up."""

    def bound(self):
        return math.ceil(math.ceil(1 + self.eps) * self.m() / self.n)


class Even(Given):
    """You take the first of the least loaded nodes: is m all requests, and the bound above an even share?"""


class WithoutEps(Even):
    def bound(self):
        return math.ceil(self.m() / self.n)


class EpsAlone(Given):
    """Where is the 1 of 1 + eps? The bound is a part of the mean, not the mean and a part."""

    def bound(self):
        return math.ceil(self.eps * self.m() / self.n)


class LessEps(Given):
    """You take eps away, where the bound is above the mean by it."""

    def bound(self):
        return math.ceil((1 - self.eps) * self.m() / self.n)


class EpsAdded(Given):
    """You add eps to the mean. It is a part of it: the mean is multiplied by 1 + eps."""

    def bound(self):
        return math.ceil(self.m() / self.n + self.eps)


class EpsAddedAtTheEnd(EpsAdded):
    def bound(self):
        return math.ceil(self.m() / self.n) + self.eps


class OneAndMore(Given):
    """You add 1 to eps m / n: brackets are missing round 1 + eps."""

    def bound(self):
        return math.ceil(1 + self.eps * self.m() / self.n)


class EpsPercent(Given):
    """You divide eps by 100. It is a part, not per cent: 0.25 is a quarter."""

    def bound(self):
        return math.ceil((1 + self.eps / 100) * self.m() / self.n)


class EpsDivides(Even):
    def bound(self):
        return math.ceil(self.m() / (self.n * (1 + self.eps)))


class EpsAloneDivides(Given):
    """You divide by eps, so that less tolerance makes the bound larger."""

    def bound(self):
        return math.ceil(self.m() / (self.n * self.eps))


class EpsSquared(Given):
    """You multiply by 1 + eps twice."""

    def bound(self):
        return math.ceil((1 + self.eps) ** 2 * self.m() / self.n)


class OneNodeMore(Given):
    """You divide by n + 1: there are n nodes."""

    def bound(self):
        return math.ceil((1 + self.eps) * self.m() / (self.n + 1))


class OneNodeLess(Given):
    """You divide by n - 1: there are n nodes."""

    def bound(self):
        return math.ceil((1 + self.eps) * self.m() / max(1, self.n - 1))


class OtherM(Given):
    """Your m is not the number of all requests in flight and this one."""


class OfThisNode(Even):
    def room(self, node):
        return self.load[node] < math.ceil((1 + self.eps) * (self.load[node] + 1) / self.n)


class OfTheFullestAndThis(Even):
    def bound(self):
        return math.ceil((1 + self.eps) * (max(self.load) + 1) / self.n)


class OfTheFullest(OtherM):
    """Your m is what the fullest node holds. It counts all requests in flight."""

    def bound(self):
        return math.ceil((1 + self.eps) * max(self.load) / self.n) + 1


class OfTheKey(OtherM):
    """Your m counts the requests for this key. It counts all requests in flight."""

    def select(self, key):
        self.asked = getattr(self, "asked", {})
        self.key, self.asked[key] = key, self.asked.get(key, 0) + 1
        return super().select(key)

    def m(self):
        return self.asked[self.key]


class OfTheNodes(OtherM):
    """Your bound does not grow with the requests: m is the number of nodes in it."""

    def m(self):
        return self.n


class OfTheNodesAndOne(OfTheNodes):
    def m(self):
        return self.n + 1


class OfThisAlone(OtherM):
    """Your bound stays at 1: it should grow with the requests, for m counts them all."""

    def m(self):
        return 1


class OfTheFullestAlone(OfThisAlone):
    def bound(self):
        return max(1, math.ceil((1 + self.eps) * max(self.load) / self.n))


class LeastLoaded(Given):
    """That is the least loaded node. It forgets where the key lives."""

    def choose(self, key):
        return self.load.index(min(self.load))


class LastLeastLoaded(LeastLoaded):
    def choose(self, key):
        return max(node for node in range(self.n) if self.load[node] == min(self.load))


class LeastLoadedFirstMet(Even):
    def choose(self, key):
        return min(self.walk(key), key=self.load.__getitem__)


class EmptierOfTwo(Given):
    """You take the emptier of the first two nodes. The first gets the request as long as it has room."""

    def choose(self, key):
        return min(self.walk(key)[:2], key=self.load.__getitem__)


class EmptierOfThree(Given):
    """You take the emptiest of the first three nodes. The first gets the request as long as it has room."""

    def choose(self, key):
        return min(self.walk(key)[:3], key=self.load.__getitem__)


class LoadsOfEachKey(Given):
    """Each key has loads of its own. A node's load is what it holds for all keys together."""

    def select(self, key):
        self.of = getattr(self, "of", {})
        self.load = self.of.setdefault(key, [0] * self.n)
        return super().select(key)


class LastWithRoom(Given):
    """You take the last node with room that the key meets, not the first."""

    def choose(self, key):
        return [node for node in self.walk(key) if self.room(node)][-1]


class AnotherWhenFull(Given):
    """Where the first node is full you do not go on round the ring."""

    def choose(self, key):
        first = self.walk(key)[0]
        return first if self.room(first) else self.otherwise(key)


class NextNumber(AnotherWhenFull):
    """Where a node is full you try the next number. The next point is another node's."""

    def otherwise(self, key):
        first = self.walk(key)[0]
        return next(node for node in ((first + i) % self.n for i in range(self.n)) if self.room(node))


class NumberBefore(AnotherWhenFull):
    """Where a node is full you try the number before. The next point is another node's."""

    def otherwise(self, key):
        first = self.walk(key)[0]
        return next(node for node in ((first - i) % self.n for i in range(self.n)) if self.room(node))


class NextNumberUnseen(AnotherWhenFull):
    """Where a node is full you take the next number, full or not, not the next on the ring."""

    def otherwise(self, key):
        return (self.walk(key)[0] + 1) % self.n


class LowestNumber(AnotherWhenFull):
    """Where the first node is full you take the lowest number that has room, not the next on the ring."""

    def otherwise(self, key):
        return next(node for node in range(self.n) if self.room(node))


class AnyLowestNumber(Given):
    """You take the lowest number that has room: the key is not looked at."""

    def choose(self, key):
        return next(node for node in range(self.n) if self.room(node))


class LeastLoadedWhenFull(AnotherWhenFull):
    """Where the first node is full you take the least loaded one, not the next on the ring with room."""

    def otherwise(self, key):
        return free(node for node in range(self.n) if self.load[node] == min(self.load))


class LeastLoadedMetWhenFull(LeastLoadedWhenFull):
    def otherwise(self, key):
        return min(self.walk(key), key=self.load.__getitem__)


class GivesUp(AnotherWhenFull):
    """You give up where the first node is full: the next ones on the ring may have room."""


class GivesUpWithMinusOne(GivesUp):
    def select(self, key):
        node = super().select(key)
        return -1 if node is None else node


class SecondUnseen(AnotherWhenFull):
    """Where the first node is full you take the second on the ring, full or not."""

    def otherwise(self, key):
        return self.walk(key)[min(1, self.n - 1)]


class SecondPointUnseen(AnotherWhenFull):
    """Where the first node is full you take the next point, whose node may be the same, or full as well."""

    def otherwise(self, key):
        return [*ring(self.n).walk(key)][1]


class HashesAgain(AnotherWhenFull):
    """Where the first node is full you hash the key once more, which leads to any place on the ring."""

    def again(self, key, i):
        return f"{key}-{i}"

    def otherwise(self, key):
        nodes = (self.walk(self.again(key, i))[0] for i in range(1, 1000))
        return next((node for node in nodes if self.room(node)), None)


class HashesWithANumber(HashesAgain):
    def again(self, key, i):
        return f"{key}{i}"


class HashesWithAMark(HashesAgain):
    def again(self, key, i):
        return f"{key}#{i}"


class HashesLonger(HashesAgain):
    def again(self, key, i):
        return key * (i + 1)


class BackHome(AnotherWhenFull):
    """Where the first two nodes are full you go back to the first."""

    def otherwise(self, key):
        first, second = self.walk(key)[0], self.walk(key)[min(1, self.n - 1)]
        return second if self.room(second) else first


class Backwards(Given):
    """You take the last point whose node has room, as if you walked round the ring the other way."""

    def walk(self, key):
        points = ring(self.n).points
        start = bisect_left(points, (reference.hash64(key), 0))
        return tuple(dict.fromkeys(points[start - 1 - i][1] for i in range(len(points))))


class LastPointWithRoom(Backwards):
    walk = Given.walk

    def choose(self, key):
        return [node for node in ring(self.n).walk(key) if self.room(node)][-1]


class FromTheStart(Given):
    """You walk from the start of the ring, not from the key."""

    def walk(self, key):
        return tuple(dict.fromkeys(node for _, node in ring(self.n).points))


class PythonsHash(Given):
    """You hash the key with Python's `hash()`, which gives a text another number in every process."""

    def walk(self, key):
        points = ring(self.n).points
        start = bisect_left(points, (hash(key) % 2**64, 0))
        return tuple(dict.fromkeys(points[(start + i) % len(points)][1] for i in range(len(points))))


class NoWrap(Given):
    """Behind its last point the ring goes on with the first one: a key there finds no node with you."""

    def walk(self, key):
        points = ring(self.n).points
        start = bisect_left(points, (reference.hash64(key), 0))
        return tuple(dict.fromkeys(node for _, node in points[start:]))


class CountsTwice(Given):
    """Each request is counted twice."""

    def count(self, node, key):
        self.load[node] += 2


class CountsAtHome(Given):
    """You count the request at the first node of the walk, not at the one that gets it."""

    def count(self, node, key):
        self.load[self.walk(key)[0]] += 1


class CountsOnTheWay(Given):
    """You count the request at every node that you pass over as well: it is at one node."""

    def choose(self, key):
        bound = self.bound()
        for node in self.walk(key):
            if self.load[node] < bound:
                return node
            self.load[node] += 1
        return None


class CountsOnTheWayByPoints(CountsOnTheWay):
    def choose(self, key):
        bound = self.bound()
        for node in ring(self.n).walk(key):
            if self.load[node] < bound:
                return node
            self.load[node] += 1
        return None


class BoundOnTheWay(CountsOnTheWay):
    def choose(self, key):
        for node in self.walk(key):
            if self.load[node] < self.bound():
                return node
            self.load[node] += 1
        return None


class CountsDown(Given):
    """The load of the node that gets a request falls: it should grow by one."""

    def count(self, node, key):
        self.load[node] -= 1


class SetsToOne(Given):
    """The load of the node that gets a request is set to 1: it should grow by one."""

    def count(self, node, key):
        self.load[node] = 1
