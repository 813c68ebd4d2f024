"""Known wrong answers to 06-fewest-in-flight; each docstring is the sentence that names the mistake.

Data, one short class a mistake, and so a long file. `Given` is right. Each of the others does one thing in another way.
`any_of` takes one of equals, in whatever way the student's class does; `drawn` one that chance decides on.
"""

from lbcore.lab.student.match import forever, free


class Given:
    def __init__(self, n, rng):
        self.in_flight, self.rng, self.n = [0] * n, rng, n

    def any_of(self, options):
        options = sorted(set(options))
        self.rng.between(dict.fromkeys(options, 1 / len(options)), by_chance=False)
        return free([options[self.rng.below(len(options))], *options])

    def drawn(self, options):
        options = list(options)
        node = free([options[self.rng.below(len(options))], *options])
        self.rng.between({one: options.count(one) / len(options) for one in options}, by_chance=True)
        return node

    def tied(self):
        return [i for i, held in enumerate(self.in_flight) if held == min(self.in_flight)]

    def choose(self):
        return self.any_of(self.tied())

    def count(self, node):
        self.in_flight[node] += 1

    def select(self):
        node = self.choose()
        self.count(node)
        return node

    def release(self, node):
        self.in_flight[node] -= 1


class CountsWrong(Given):
    """You take the node with the fewest, but by wrong counts: a request is one more until it ends."""


class SoFar(CountsWrong):
    """Requests that have ended still matter: you take the node with the fewest so far, not in flight."""

    def release(self, node):
        pass


class EndsAdd(CountsWrong):
    """An end makes the count of its node larger. One request less is in flight there."""

    def release(self, node):
        self.in_flight[node] += 1


class EndsToZero(CountsWrong):
    """An end sets the count of its node to 0, but only one request has ended there."""

    def release(self, node):
        self.in_flight[node] = 0


class EndsAllToZero(CountsWrong):
    """An end sets the counts of all nodes to 0, but only one request has ended."""

    def release(self, node):
        self.in_flight = [0] * self.n


class EndsBefore(CountsWrong):
    """An end is counted at the node before the one where it happened."""

    def release(self, node):
        self.in_flight[node - 1] -= 1


class EndsEverywhere(SoFar):
    def release(self, node):
        self.in_flight = [held - 1 for held in self.in_flight]


class EndsEverywhereAboveZero(CountsWrong):
    """An end is counted at every busy node, but only one request has ended."""

    def release(self, node):
        self.in_flight = [max(0, held - 1) for held in self.in_flight]


class EndsTwice(CountsWrong):
    """An end is counted twice."""

    def release(self, node):
        self.in_flight[node] -= 2


class EndsTwiceAboveZero(EndsTwice):
    def release(self, node):
        self.in_flight[node] = max(0, self.in_flight[node] - 2)


class EndsAtZero(CountsWrong):
    """Every end is counted at node 0, wherever it happened."""

    def release(self, node):
        self.in_flight[0] -= 1


class EndsAtTheLatest(CountsWrong):
    """An end is counted at the node that was picked last, wherever it happened."""

    def count(self, node):
        super().count(node)
        self.latest = node

    def release(self, node):
        self.in_flight[self.latest] -= 1


class EndsAtTheFewest(CountsWrong):
    """An end is counted at the node with the fewest in flight, wherever it happened."""

    def release(self, node):
        self.in_flight[self.in_flight.index(min(self.in_flight))] -= 1


class EndsAtTheMost(CountsWrong):
    """An end is counted at the node with the most in flight, wherever it happened."""

    def release(self, node):
        self.in_flight[self.in_flight.index(max(self.in_flight))] -= 1


class EndsOnlyAboveOne(CountsWrong):
    """The last request at a node never ends with you: its count stays at 1."""

    def release(self, node):
        self.in_flight[node] = max(1, self.in_flight[node] - 1)


class EndsHalf(CountsWrong):
    """An end halves the count of its node: one request less is in flight there."""

    def release(self, node):
        self.in_flight[node] //= 2


class EndsLeave(CountsWrong):
    """An end takes an entry out of the list, so all others change their places."""

    def release(self, node):
        self.in_flight.remove(self.in_flight[node])


class EndsPop(EndsLeave):
    def release(self, node):
        self.in_flight.pop(node)


class CountsNoBegin(CountsWrong):
    """A request is counted where it ends and not where it begins."""

    def count(self, node):
        pass


class CountsBeginTwice(CountsWrong):
    """A request is counted twice where it begins, and once where it ends."""

    def count(self, node):
        self.in_flight[node] += 2


class CountsOne(CountsWrong):
    """A node that gets a request has a count of 1 then, however many it had."""

    def count(self, node):
        self.in_flight[node] = 1


class CountsAnother(CountsWrong):
    """A request is counted at the first of the tied nodes, and goes to another."""

    def count(self, node):
        self.in_flight[self.tied()[0]] += 1


class TheMost(Given):
    """You take the node with the most in flight, not one with the fewest."""


class ByMost(TheMost):
    def tied(self):
        return [i for i, held in enumerate(self.in_flight) if held == max(self.in_flight)]


class CountsDown(TheMost):
    def count(self, node):
        self.in_flight[node] -= 1

    def release(self, node):
        self.in_flight[node] += 1


class TheSecondFewest(TheMost):
    def tied(self):
        counts = sorted(set(self.in_flight))
        return [i for i, held in enumerate(self.in_flight) if held == counts[min(1, len(counts) - 1)]]


class Turns(Given):
    """These are turns: they do not look at what is in flight."""

    turn = -1

    def choose(self):
        self.turn = (self.turn + 1) % self.n
        return self.turn


class TurnsBackwards(Turns):
    def choose(self):
        self.turn = (self.turn - 1) % self.n
        return self.turn


class OneNode(Given):
    """All requests go to one node: is it one of the tied nodes, or how many requests they hold?"""


class NodeZero(OneNode):
    def choose(self):
        return 0


class OneOfMany(OneNode):
    def choose(self):
        self.only = getattr(self, "only", None)
        if self.only is None:
            self.only = self.any_of(range(self.n))
        return self.only


class StaysWhileItMay(Given):
    """You stay at a node as long as others do not have fewer by more than one."""

    only = 0

    def choose(self):
        if self.in_flight[self.only] > min(self.in_flight) + 1:
            self.only = self.any_of(self.tied())
        return self.only


class AnyNode(Given):
    """You draw among all nodes, whatever they hold."""

    def choose(self):
        return self.drawn(range(self.n))


class AnyButTheLast(Given):
    """You draw among all nodes but the last, whatever they hold."""

    def choose(self):
        return self.drawn(range(max(1, self.n - 1)))


class PlaceForNode(Given):
    """You draw a place in the list of tied nodes, and take it for a node."""

    def choose(self):
        return self.drawn(range(len(self.tied())))


class HowManyForNode(Given):
    """You take the number of tied nodes for a node."""

    def choose(self):
        return len(self.tied()) % self.n


class HowManyForNodeLessOne(Given):
    """You take the number of tied nodes, less one, for a node."""

    def choose(self):
        return len(self.tied()) - 1


class HeldForNode(OneNode):
    def choose(self):
        return min(self.in_flight)


class MostHeldForNode(Given):
    """You take the most that a node holds for the number of a node."""

    def choose(self):
        return max(self.in_flight)


class TheList(Given):
    """You return the list of tied nodes: one of them is wanted."""

    def select(self):
        tied = self.tied()
        self.count(self.any_of(tied))
        return tied


class NoReturn(Given):
    """The node is counted, but not returned."""

    def select(self):
        super().select()


class FewestOfSome(Given):
    draws = 2

    def some(self):
        return [self.rng.below(self.n) for _ in range(self.draws)]

    def ways(self, nodes):
        return nodes**self.draws

    def choose(self):
        drawn = self.some()
        fewest = min(self.in_flight[node] for node in drawn)
        pick = free([*(node for node in drawn if self.in_flight[node] == fewest), *range(self.n)])
        chances = {}
        for node, held in enumerate(self.in_flight):
            fuller = sum(other > held for other in self.in_flight)
            tied = self.in_flight.count(held)
            chances[node] = (self.ways(fuller + tied) - self.ways(fuller)) / tied / max(1, self.ways(self.n))
        self.rng.between({node: chance for node, chance in chances.items() if chance}, by_chance=True)
        return pick


class TwoChoices(FewestOfSome):
    """You take the emptier of two that you draw. Here you may look at all of them."""


class TwoDifferentChoices(FewestOfSome):
    """You take the emptier of two that you draw. Here you may look at all of them."""

    def some(self):
        one, other = self.rng.below(self.n), self.rng.below(self.n - 1)
        return one, other + (other >= one)

    def ways(self, nodes):
        return nodes * (nodes - 1)


class FewestOfThree(FewestOfSome):
    """You take the emptiest of three that you draw. Here you may look at all of them."""

    draws = 3


class NotTheMost(Given):
    """You draw among all nodes that do not hold the most."""

    def choose(self):
        most = max(self.in_flight)
        return self.drawn([i for i in range(self.n) if self.in_flight[i] < most] or range(self.n))


class UpToTheMean(Given):
    """You draw among all nodes with no more than the mean. Only those with the fewest are tied."""

    def choose(self):
        return self.drawn(i for i in range(self.n) if self.in_flight[i] * self.n <= sum(self.in_flight))


class BelowTheMean(Given):
    """You draw among the nodes below the mean. Only those with the fewest are tied."""

    def choose(self):
        below = [i for i in range(self.n) if self.in_flight[i] * self.n < sum(self.in_flight)]
        return self.drawn(below or range(self.n))


class UpToOneMore(Given):
    """You draw among the nodes with the fewest and those with one more."""

    def choose(self):
        return self.drawn(i for i in range(self.n) if self.in_flight[i] <= min(self.in_flight) + 1)


class OneIsAsGoodAsIdle(Given):
    """Nodes with one request in flight are as good as idle ones for you."""

    def choose(self):
        few = [i for i in range(self.n) if self.in_flight[i] <= 1]
        return self.drawn(few or range(self.n))


class OneIsAsGoodAsIdleElseTied(OneIsAsGoodAsIdle):
    def choose(self):
        few = [i for i in range(self.n) if self.in_flight[i] <= 1]
        return self.drawn(few or self.tied())


class HalfOfTheNodes(Given):
    """You draw among the emptier half of the nodes. Only those with the fewest are tied."""

    def choose(self):
        return self.drawn(sorted(range(self.n), key=self.in_flight.__getitem__)[: max(1, self.n // 2)])


class TwoEmptiest(Given):
    """You draw among the two emptiest nodes. The second may hold more than the first."""

    def choose(self):
        return self.drawn(sorted(range(self.n), key=self.in_flight.__getitem__)[:2])


class AnyWhenTied(Given):
    """Where several nodes are tied you draw among all nodes. What you draw must be one of the tied."""

    def choose(self):
        tied = self.tied()
        return tied[0] if len(tied) == 1 else self.drawn(range(self.n))


class LocalMinimum(Given):
    """You go on from a node to emptier neighbours, and end where the next one is not emptier. Others may be."""

    step = 1

    def end_from(self, node):
        while self.in_flight[(node + self.step) % self.n] < self.in_flight[node]:
            node = (node + self.step) % self.n
        return node

    def choose(self):
        return self.drawn(map(self.end_from, range(self.n)))


class LocalMinimumBackwards(LocalMinimum):
    step = -1


class WithoutTheFirst(Given):
    """Node 0 gets nothing: it is left out where you look for the fewest."""

    def tied(self):
        rest = range(min(1, self.n - 1), self.n)
        fewest = min(self.in_flight[i] for i in rest)
        return [i for i in rest if self.in_flight[i] == fewest]


class WithoutTheLast(Given):
    """The last node gets nothing: it is left out where you look for the fewest."""

    def tied(self):
        rest = range(max(1, self.n - 1))
        fewest = min(self.in_flight[i] for i in rest)
        return [i for i in rest if self.in_flight[i] == fewest]


class LooksAtEverySecond(Given):
    """You look at what is in flight only at every second request: it has changed since."""

    asked = 0

    def tied(self):
        if self.asked % 2 == 0:
            self.looked = super().tied()
        self.asked += 1
        return self.looked


class IdleElseTurns(Given):
    """Where no node is idle you take turns: the fewest in flight may be more than 0."""

    turn = -1

    def choose(self):
        idle = [i for i, held in enumerate(self.in_flight) if held == 0]
        if idle:
            return self.any_of(idle)
        self.turn = (self.turn + 1) % self.n
        return self.turn


class OnlyIdle(Given):
    """Only idle nodes are tied with you, so the list is empty when none is idle: the fewest may be more than 0."""

    def tied(self):
        return [i for i, held in enumerate(self.in_flight) if held == 0]


class OnlyIdleTheFirst(OnlyIdle):
    def choose(self):
        return free([self.tied()[0], *self.tied()])


class OnlyIdleElseAny(Given):
    """Where no node is idle you draw among all of them: the fewest in flight may be more than 0."""

    def choose(self):
        idle = [i for i, held in enumerate(self.in_flight) if held == 0]
        return self.any_of(idle) if idle else self.drawn(range(self.n))


class OnlyIdleElseTheFirst(Given):
    """Where no node is idle you take node 0: the fewest in flight may be more than 0."""

    def choose(self):
        idle = [i for i, held in enumerate(self.in_flight) if held == 0]
        return self.any_of(idle) if idle else 0


class OnlyIdleForEver(OnlyIdle):
    """You draw until a node is idle, and do not end when none is: the fewest in flight may be more than 0."""

    def choose(self):
        if not self.tied():
            forever()
        return super().choose()


class OneTooMany(Given):
    """You draw a place behind the end of the list: the places are 0 to len(tied) - 1."""

    def choose(self):
        tied = self.tied()
        return free([tied[self.rng.below(len(tied) + 1)], *tied])


class TheSameOfEquals(Given):
    """You always take the same of equals."""


class TheFirstOfEquals(TheSameOfEquals):
    """You always take the first of equals."""

    def choose(self):
        return self.in_flight.index(min(self.in_flight))


class TheLastOfEquals(TheSameOfEquals):
    """You always take the last of equals."""

    def choose(self):
        return self.tied()[-1]


class TheMiddleOfEquals(TheSameOfEquals):
    """You always take the middle one of equals."""

    def choose(self):
        tied = self.tied()
        return tied[len(tied) // 2]


class TheSecondOfEquals(TheSameOfEquals):
    """You always take the second of equals."""

    def choose(self):
        tied = self.tied()
        return tied[1 % len(tied)]


class TheSecondOrLastOfEquals(TheSecondOfEquals):
    def choose(self):
        return self.tied()[:2][-1]


class TheFirstIdle(Given):
    """You always take the first of the idle nodes: they are equals, too."""

    def choose(self):
        tied = self.tied()
        return tied[0] if min(self.in_flight) == 0 else self.any_of(tied)


class FixedOrder(TheSameOfEquals):
    """Between the same equals you always take the same one, in an order that does not change."""

    def choose(self):
        self.before = getattr(self, "before", set())  # (a, b): b was tied, and a was taken
        tied = self.tied()
        node = self.any_of([i for i in tied if not any((other, i) in self.before for other in tied)] or tied)
        self.before |= {(node, other) for other in tied if other != node}
        return node


class StaysWhileTied(Given):
    """You stay at your last node as long as it is among the tied: the others get nothing while all are idle."""

    last = None

    def choose(self):
        tied = self.tied()
        if self.last not in tied:
            self.last = self.any_of(tied)
        return self.last


class StaysWhileTiedFromZero(StaysWhileTied):
    last = 0


class PlaceUpToHeld(Given):
    """The place that you draw depends on how many are in flight, not on how many nodes are tied."""

    def choose(self):
        tied = self.tied()
        return self.drawn(tied[i % len(tied)] for i in range(min(self.in_flight) + 1))


class NeverTheLast(Given):
    """Where several nodes are tied you never take the last of them."""

    def choose(self):
        tied = self.tied()
        return self.any_of(tied[: max(1, len(tied) - 1)])


class NeverTheFirst(Given):
    """Where several nodes are tied you never take the first of them."""

    def choose(self):
        tied = self.tied()
        return self.any_of(tied[1:] or tied)


class OneOfTheFirstTwo(NeverTheLast):
    """Of the tied nodes you take only the first two."""

    def choose(self):
        return self.any_of(self.tied()[:2])


class FirstOrLast(Given):
    """You take the first or the last of the tied nodes, none between them."""

    def choose(self):
        tied = self.tied()
        return self.any_of((tied[0], tied[-1]))
