"""Known wrong answers to 03-smooth-weighted; each docstring is the sentence that names the mistake.

Data, one short class a mistake, and so a long file. `Given` is right. Each of the others does one thing in another way.
"""

from math import prod

from lbcore.lab.student.match import forever, free


class Given:
    def __init__(self, weights):
        self.weights, self.current = weights, [0] * len(weights)
        self.nodes, self.total, self.counts = range(len(weights)), sum(weights), [0] * len(weights)

    def earn(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += weight

    def take(self):
        return self.first_by(self.current.__getitem__)

    def pay(self, node):
        self.current[node] -= self.total

    def select(self):
        self.earn()
        node = self.take()
        self.pay(node)
        self.counts[node] += 1
        return node

    def first_by(self, key):  # the one with the most; any of equals
        most = max(map(key, self.nodes))
        return free(i for i in self.nodes if key(i) == most)


class Heaviest(Given):
    """The heaviest node gets everything: a pick does not make it fall behind. Is enough paid, by this node alone, kept,
    and looked at?"""


class NeverPays(Heaviest):
    def pay(self, node):
        pass


class ForgetsWhatWasPaid(Heaviest):
    def earn(self):
        self.current = list(self.weights)


class RichestByWeight(Heaviest):
    def take(self):
        return self.first_by(self.weights.__getitem__)


class EarnsMoreForAPick(Heaviest):
    def pay(self, node):
        self.current[node] += self.total


class PaysItsOwn(Given):
    """The picked node pays only its own weight, so the credits grow for ever."""

    def pay(self, node):
        self.current[node] -= self.weights[node]


class PaysTheOthers(Given):
    """The picked node pays what the others have earned, not what all have: too little by its own weight."""

    def pay(self, node):
        self.current[node] -= self.total - self.weights[node]


class PaysTheLargest(Given):
    """The picked node pays the largest weight, not what all have earned, so the credits grow for ever."""

    def pay(self, node):
        self.current[node] -= max(self.weights)


class PaysTheSmallest(Given):
    """The picked node pays the smallest weight, not what all have earned."""

    def pay(self, node):
        self.current[node] -= min(self.weights)


class PaysTooLittle(Given):
    """The picked node pays half of what all earn before a pick."""


class PaysHalfTheSum(PaysTooLittle):
    def pay(self, node):
        self.current[node] -= self.total / 2


class PaysByItsWeight(Given):
    """The picked node falls behind the others by its own weight once for each node, not by what all have earned."""


class PaysItsOwnForAll(PaysByItsWeight):
    def pay(self, node):
        self.current[node] -= self.weights[node] * len(self.weights)


class PaysTheOthersItsWeight(Given):
    """The picked node's weight goes to the others. It should pay what all have earned, and nobody gets it."""

    def pay(self, node):
        weight = self.weights[node]
        self.current = [c + (weight if i != node else -weight) for i, c in enumerate(self.current)]


class PaysEachOfTheOthers(PaysByItsWeight):
    def pay(self, node):
        weight = self.weights[node]
        self.current = [
            c + (weight if i != node else -weight * (len(self.current) - 1)) for i, c in enumerate(self.current)
        ]


class PaysTheNumberOfNodes(Given):
    """The picked node pays the number of nodes, not what all have earned."""

    def pay(self, node):
        self.current[node] -= len(self.weights)


class PaysOne(Heaviest):
    def pay(self, node):
        self.current[node] -= 1


class PaysTheMean(Given):
    """The picked node pays the mean weight, not what all have earned."""

    def pay(self, node):
        self.current[node] -= self.total / len(self.weights)


class PaysTheMeanInWholes(PaysTheMean):
    def pay(self, node):
        self.current[node] -= self.total // len(self.weights)


class PaysWithoutTheLast(Given):
    """The picked node pays the sum without the last weight."""

    def pay(self, node):
        self.current[node] -= sum(self.weights[:-1])


class PaysTheProduct(Given):
    """The picked node pays the product of the weights, not their sum."""

    def pay(self, node):
        self.current[node] -= prod(self.weights)


class TheRichestBeforePays(Given):
    """The one that pays is the richest before all have earned, not the one that is picked."""

    def select(self):
        self.pay(self.current.index(max(self.current)))
        self.earn()
        return self.take()


class PaysTwice(Given):
    """The picked node pays twice what all have earned."""

    def pay(self, node):
        self.current[node] -= 2 * self.total


class PaysSeven(Given):
    """The picked node pays 7, which is right for the weights 5, 1, 1 only."""

    def pay(self, node):
        self.current[node] -= 7


class SetToZero(Given):
    """The picked node is set to nothing. It should pay what all have earned, and may owe: then it waits longer."""

    def pay(self, node):
        self.current[node] = 0


class SetToMinusTheSum(Given):
    """The picked node is set to what it should pay, below zero. It should pay from what it has, and keep the rest."""

    def pay(self, node):
        self.current[node] = -self.total


class SetToItsWeight(Given):
    """The picked node is set to its weight. It should pay what all have earned, and may owe: then it waits longer."""

    def pay(self, node):
        self.current[node] = self.weights[node]


class NeverOwes(Given):
    """The picked node pays only what it has. It may owe: then it waits longer."""

    def pay(self, node):
        self.current[node] = max(0, self.current[node] - self.total)


class Halves(Given):
    """The picked node pays half of what it has, not what all have earned."""

    def pay(self, node):
        self.current[node] /= 2


class HalvesInWholes(Halves):
    def pay(self, node):
        self.current[node] //= 2


class PaysFromTheWeights(Given):
    """The picked node pays with its weight, which gets less and less. The weights are given, and stay."""

    def pay(self, node):
        self.weights[node] -= 1


class PaysTheSumFromTheWeights(PaysFromTheWeights):
    def pay(self, node):
        self.weights[node] -= sum(self.weights)


class AllPay(Heaviest):
    def pay(self, node):
        self.current = [credit - self.total for credit in self.current]


class OthersPay(Heaviest):
    def pay(self, node):
        self.current = [credit - self.total * (i != node) for i, credit in enumerate(self.current)]


class AnotherPays(Heaviest):
    def pay(self, node):
        self.current[(node + 1) % len(self.current)] -= self.total


class TheRichestAfterPaying(Given):
    """You look for the richest again after it has paid, and pick another than the one that paid."""

    def select(self):
        self.earn()
        self.pay(self.current.index(max(self.current)))
        return self.take()


class EqualTurns(Given):
    """The nodes take equal turns: the weights change nothing. What does a node earn before each pick?"""


class AllEarnTheSame(EqualTurns):
    def earn(self):
        self.current = [credit + self.total for credit in self.current]


class InTurn(EqualTurns):
    turn = -1

    def select(self):
        self.turn = (self.turn + 1) % len(self.weights)
        return self.turn


class AllEarnOne(EqualTurns):
    def earn(self):
        self.current = [credit + 1 for credit in self.current]


class AllEarnOnePayTheirNumber(EqualTurns):
    def earn(self):
        self.current = [credit + 1 for credit in self.current]

    def pay(self, node):
        self.current[node] -= len(self.weights)


class EarnsOnce(Given):
    """Nobody earns after the first request: every node should, before each pick."""

    def __init__(self, weights):
        super().__init__(weights)
        self.current = list(weights)

    def earn(self):
        pass


class NobodyEarns(EqualTurns):
    def earn(self):
        pass


class EarnsTwiceAtFirst(Given):
    """The nodes have earned twice before the first pick: they start with nothing."""

    def __init__(self, weights):
        super().__init__(weights)
        self.current = list(weights)


class EarnsTwice(PaysTooLittle):
    def earn(self):
        super().earn()
        super().earn()


class EarnsAtLeastOne(Given):
    """A node of weight 0 earns something. It should never be picked."""

    def earn(self):
        self.current = [c + max(1, w) for c, w in zip(self.current, self.weights, strict=True)]


class Rounds(Given):
    """You round what a node earns, and what is rounded off is missing: then the credits no longer add up to nothing."""


class PerCent(Rounds):
    def earn(self):
        self.current = [c + 100 * w // self.total for c, w in zip(self.current, self.weights, strict=True)]

    def pay(self, node):
        self.current[node] -= 100


class PerCentRounded(PerCent):
    def earn(self):
        self.current = [c + round(100 * w / self.total) for c, w in zip(self.current, self.weights, strict=True)]


class Tenths(PerCent):
    def earn(self):
        self.current = [c + 10 * w // self.total for c, w in zip(self.current, self.weights, strict=True)]

    def pay(self, node):
        self.current[node] -= 10


class TwoDigits(PerCent):
    def earn(self):
        self.current = [c + round(w / self.total, 2) for c, w in zip(self.current, self.weights, strict=True)]

    def pay(self, node):
        self.current[node] -= 1


class OneDigit(TwoDigits):
    def earn(self):
        self.current = [c + round(w / self.total, 1) for c, w in zip(self.current, self.weights, strict=True)]


class OneListForTwo(Given):
    """`current` and `weights` are one and the same list: what a node earns and pays changes its weight."""

    def __init__(self, weights):
        super().__init__(weights)
        self.current = self.weights

    def pay(self, node):
        self.current[node] -= sum(self.weights)


class OneListForTwoPaysTheFirstSum(OneListForTwo):
    def pay(self, node):
        self.current[node] -= self.total


class ThePickedDoesNotEarn(Given):
    """The picked node does not earn in its own round, so its share comes out too small."""

    def select(self):
        node = self.take()
        self.current = [c + w * (i != node) for i, (c, w) in enumerate(zip(self.current, self.weights, strict=True))]
        self.pay(node)
        return node


class ThePickedMissesTheNext(Given):
    """The node that was picked does not earn before the next pick, so its share comes out too small."""

    last = None

    def earn(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += weight * (i != self.last)

    def pay(self, node):
        super().pay(node)
        self.last = node


class EarnsItsNumber(Given):
    """A node earns its number on top of its weight, so the nodes behind get more."""

    def earn(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += i + weight


class EarnsItsSavings(Given):
    """A node earns what it has, not its weight: nothing at first, and then it is its debt that grows."""

    def earn(self):
        self.current = [2 * credit for credit in self.current]


class PaysOneMore(Given):
    """The picked node pays one more than all have earned, so all fall into debt."""

    def pay(self, node):
        self.current[node] -= self.total + 1


class HeaviestWithSavings(Given):
    """You take the heaviest of those that have credit, not the richest."""

    def take(self):
        return self.first_by(lambda i: (self.current[i] > 0, self.weights[i]))


class OnlyThePickedEarns(Given):
    """Only the picked node earns. The others wait and save nothing."""

    def select(self):
        node = self.take()
        self.current[node] += self.weights[node]
        self.pay(node)
        return node


class PicksBeforeEarning(Given):
    """You pick before the nodes have earned: the first pick does not know the weights."""

    def select(self):
        node = self.take()
        self.earn()
        self.pay(node)
        return node


class PicksAfterTheFirstEarned(Given):
    """The pick stands inside the loop: when you pick, only the first node has earned."""

    def earn(self):
        self.current[0] += self.weights[0]


class PaysForEachThatEarns(Given):
    """The pick and its payment stand inside the loop: for one request, one node after the other is picked and pays."""

    def select(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += weight
            node = self.current.index(max(self.current))
            self.pay(node)
        return node


class PaysForEachWeight(Given):
    """The payment stands inside a loop: for one request it is made once for each node."""

    def pay(self, node):
        self.current[node] -= self.total * len(self.weights)


class ForgetsTheLast(Given):
    """The last node never earns: your loop ends one too early."""

    def earn(self):
        for i in self.nodes[:-1]:
            self.current[i] += self.weights[i]


class ForgetsTheFirst(Given):
    """The first node never earns: your loop begins one too late."""

    def earn(self):
        for i in self.nodes[1:]:
            self.current[i] += self.weights[i]


class ThreeNodes(Given):
    """You count on three nodes. How many there are is in the weights."""

    def earn(self):
        for i in range(3):
            self.current[i] += self.weights[i]


class AlwaysTheFirst(Given):
    """Node 0 gets every request. Are earning and paying written back into `self.current[i]`, and does each credit stay
    at its own node's place? Sorting moves it."""


class ChangesNothing(AlwaysTheFirst):
    def select(self):
        return 0


class SortsDown(AlwaysTheFirst):
    def take(self):
        self.current.sort(reverse=True)
        return 0


class SortsUp(Given):
    """Sorting moves the credits: afterwards a credit stands at another node's place."""

    def take(self):
        self.current.sort()
        return len(self.current) - 1


class Poorest(Given):
    """You are picking the poorest node."""

    def take(self):
        return self.first_by(lambda i: -self.current[i])


class FirstWithEnough(Given):
    """You take the first node that has enough, not the richest."""


class FirstThatCanPay(FirstWithEnough):
    def select(self):
        for i, weight in enumerate(self.weights):
            self.current[i] += weight
            if self.current[i] >= self.total:
                self.pay(i)
                return i
        node = self.take()
        self.pay(node)
        return node


class FirstWithSavings(FirstWithEnough):
    def take(self):
        return next(i for i in self.nodes if self.current[i] > 0)


class RichestOrMostInDebt(Given):
    """You take the amount without its sign: who owes most is not rich."""

    def take(self):
        return self.first_by(lambda i: abs(self.current[i]))


class PoorestEarns(Poorest):
    def pay(self, node):
        self.current[node] += self.total


class LastIsRich(Given):
    """The nodes do not start with nothing: one has a credit before it has earned any."""

    def __init__(self, weights):
        super().__init__(weights)
        self.current[-1] = 100


class RightShares(Given):
    """The shares are right, the order is not smooth."""


class Burst(RightShares):
    """This is the burst: a node's whole weight in a row. The shares are right, the order is not smooth."""

    left, node = (), 0

    def select(self):
        if not any(self.left):
            self.left = list(self.weights)
        if not self.left[self.node]:
            self.node = free(i for i in self.nodes if self.left[i])
        self.left[self.node] -= 1
        return self.node


class BurstInOrder(Burst):
    def __init__(self, weights):
        super().__init__(weights)
        self.order = [i for i in self.nodes for _ in range(weights[i])]

    def select(self):
        self.order.append(self.order.pop(0))
        return self.order[-1]


class OneEachRound(RightShares):
    """Each round gives one request to every node that has some left: the shares are right, but at a cycle's end the
    heaviest is alone. The order is not smooth."""

    left, turn = (), 0

    def select(self):
        if not any(self.left):
            self.left, self.turn = list(self.weights), 0
        while not self.left[self.turn % len(self.left)]:
            self.turn += 1
        node = self.turn % len(self.left)
        self.left[node] -= 1
        self.turn += 1
        return node


class HeaviestFirst(RightShares):
    """You take the heaviest, as long as most of its weight is left: the shares are right, but it comes first and often.
    The order is not smooth."""


class EvenPlaces(RightShares):
    """Each node's turns are spread evenly for itself alone. Where two want the same place, the order is not that of the
    credits."""

    def __init__(self, weights):
        super().__init__(weights)
        self.order = sorted(((k + 0.5) / w, i) for i, w in enumerate(weights) for k in range(w))

    def select(self):
        self.order.append(self.order.pop(0))
        return self.order[-1][1]


class NotTwice(Given):
    """You never pick the same node twice running, though it may be the richest again."""

    last = None

    def others(self):
        return [i for i in self.nodes if i != self.last]

    def take(self):
        most = max(self.current[i] for i in self.others())
        self.last = free(i for i in self.others() if self.current[i] == most)
        return self.last


class NotTwiceIfThereAreOthers(NotTwice):
    def others(self):
        return super().others() or [self.last]


class MostLeft(HeaviestFirst):
    left = ()

    def select(self):
        if not any(self.left):
            self.left = list(self.weights)
        node = self.first_by(self.left.__getitem__)
        self.left[node] -= 1
        return node


class LowestRatio(RightShares):
    """You take the node with the fewest picks for its weight: the shares are right, but at first all are equal, and
    the lightest comes too early. The order is not smooth."""

    def select(self):
        node = self.first_by(lambda i: -self.counts[i] / self.weights[i] if self.weights[i] else float("-inf"))
        self.counts[node] += 1
        return node


class LowestNextRatio(RightShares):
    """You take the node that would have the fewest picks for its weight afterwards: the shares are right, but the
    lightest comes too late. The order is not smooth."""

    def select(self):
        node = self.first_by(lambda i: -(self.counts[i] + 1) / self.weights[i] if self.weights[i] else float("-inf"))
        self.counts[node] += 1
        return node


class DividesByZero(RightShares):
    """You divide by a weight, and a weight may be 0."""

    def select(self):
        node = self.first_by(lambda i: -self.counts[i] / self.weights[i])
        self.counts[node] += 1
        return node


class DividesByZeroAfterwards(DividesByZero):
    def select(self):
        node = self.first_by(lambda i: -(self.counts[i] + 1) / self.weights[i])
        self.counts[node] += 1
        return node


class Levels(HeaviestFirst):
    at, level = -1, 0

    def select(self):
        while True:
            self.at = (self.at + 1) % len(self.weights)
            if self.at == 0:
                self.level = self.level - 1 or max(self.weights)
                self.level = max(self.weights) if self.level < 0 else self.level
            if self.weights[self.at] >= self.level:
                return self.at


class ReturnsTheCredit(Given):
    """That is how much the richest has, not which node it is."""

    def select(self):
        self.earn()
        return max(self.current)


class ReturnsTheCreditAndPays(ReturnsTheCredit):
    def select(self):
        self.earn()
        credit = max(self.current)
        self.pay(self.current.index(credit))
        return credit


class ReturnsTheWeight(Given):
    """That is a node's weight, not its number."""

    def select(self):
        self.earn()
        node = self.current.index(max(self.current))
        self.pay(node)
        return self.weights[node]


class LooksAmongTheWeights(Given):
    """You look for the largest credit among the weights."""

    def take(self):
        return self.weights.index(max(self.current))


class NumberInPlaceOfList(Given):
    """A number is no list: it cannot be gone through, nor be added to a list. Go from node to node."""

    def select(self):
        for _ in len(self.weights):
            pass


class NeverEnds(Given):
    """Does anything in the loop change what it waits for?"""


class NeverEndsAtFirst(NeverEnds):
    def select(self):
        forever()


class NeverEndsAfterAPick(NeverEnds):
    def select(self):
        if any(self.counts):
            forever()
        return super().select()
