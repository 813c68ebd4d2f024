"""Wrong answers to 06-fewest-in-flight. Each class's docstring is a part of the verdict that must name its mistake."""


class Given:
    def __init__(self, n, rng):
        self.in_flight, self.rng = [0] * n, rng

    def tied(self):
        return [i for i, held in enumerate(self.in_flight) if held == min(self.in_flight)]

    def count(self, node):
        self.in_flight[node] += 1
        return node

    def release(self, node):
        self.in_flight[node] -= 1


class NeverEnds(Given):
    """After release(3) your `in_flight` still has 1 for node 3. Those are requests so far"""

    def select(self):
        tied = self.tied()
        return self.count(tied[self.rng.below(len(tied))])

    def release(self, node):
        pass


class EndsAdd(Given):
    """It tells you that one has ended."""

    def select(self):
        tied = self.tied()
        return self.count(tied[self.rng.below(len(tied))])

    def release(self, node):
        self.in_flight[node] += 1


class EndsElsewhere(Given):
    """now your `in_flight` is ["""

    def select(self):
        tied = self.tied()
        return self.count(tied[self.rng.below(len(tied))])

    def release(self, node):
        self.in_flight[node - 1] -= 1


class EndsEverything(Given):
    """Your `in_flight` is wrong by now"""

    def select(self):
        tied = self.tied()
        return self.count(tied[self.rng.below(len(tied))])

    def release(self, node):
        self.in_flight[node] = 0


class CountsNothing(Given):
    """and your `in_flight` is [0, 0, 0, 0, 0], not"""

    def select(self):
        tied = self.tied()
        return tied[self.rng.below(len(tied))]


class CountsTwice(Given):
    """Request 1 went to node"""

    def select(self):
        tied = self.tied()
        return self.count(self.count(tied[self.rng.below(len(tied))]))


class AlwaysTheFirst(Given):
    """You always take the first of equals."""

    def select(self):
        return self.count(self.in_flight.index(min(self.in_flight)))


class AlwaysTheLast(Given):
    """You always take the last of equals."""

    def select(self):
        return self.count(self.tied()[-1])


class NeverTheLast(Given):
    """in an idle cluster node 4 gets none of 200 requests."""

    def select(self):
        tied = self.tied()
        return self.count(tied[self.rng.below(max(1, len(tied) - 1))])


class OneTooFew(Given):
    """below(0) has nothing to draw from"""

    def select(self):
        tied = self.tied()
        return self.count(tied[self.rng.below(len(tied) - 1)])


class TheMost(Given):
    """You look for the most, not the fewest."""

    def select(self):
        most = [i for i, held in enumerate(self.in_flight) if held == max(self.in_flight)]
        return self.count(most[self.rng.below(len(most))])


class Turns(Given):
    """These are turns: they do not look at the queues."""

    turn = -1

    def select(self):
        self.turn = (self.turn + 1) % len(self.in_flight)
        return self.count(self.turn)


class AnyNode(Given):
    """What you draw must be one of the tied nodes."""

    def select(self):
        return self.count(self.rng.below(len(self.in_flight)))


class PlaceForNode(Given):
    """You draw a place in the list of tied nodes, and take it for a node."""

    def select(self):
        return self.count(self.rng.below(len(self.tied())))


class TwoChoices(Given):
    """Two draws see two nodes. Here you may look at all of them."""

    def select(self):
        a, b = self.rng.below(len(self.in_flight)), self.rng.below(len(self.in_flight))
        return self.count(b if self.in_flight[b] < self.in_flight[a] else a)


class OneNode(Given):
    """All your requests go to one node."""

    def select(self):
        return self.count(2)


class HowManyForWhich(Given):
    """select returned a list, not the number of a node"""

    def select(self):
        node = self.tied()
        self.in_flight[node[0]] += 1
        return node


class ForgetsReturn(Given):
    """select returned nothing."""

    def select(self):
        self.count(self.tied()[0])


class TooFar(Given):
    """select returned 5. The nodes have the numbers 0 to 4."""

    def select(self):
        return len(self.in_flight)


class Endless(Given):
    """your loop does not end."""

    def select(self):
        node = self.rng.below(len(self.in_flight))
        while self.in_flight[node] >= min(self.in_flight):
            node = self.rng.below(len(self.in_flight))
        return self.count(node)


class NoRelease:
    """NoRelease has no `release` any more."""

    def __init__(self, n, rng):
        self.in_flight, self.rng = [0] * n, rng

    def select(self):
        tied = [i for i, held in enumerate(self.in_flight) if held == min(self.in_flight)]
        node = tied[self.rng.below(len(tied))]
        self.in_flight[node] += 1
        return node
