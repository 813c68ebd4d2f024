"""Known wrong answers to 01-skip-the-dead; each docstring is the sentence that names the mistake.

Data, one short class a mistake, and so a long file.
"""

from collections import deque

from lbcore.lab.student.match import forever, free


class Given:
    _turn = None

    def __init__(self, n):
        self.n, self.up = n, [True] * n

    @property
    def turn(self):  # which node is first is free
        if self._turn is None:
            self._turn = free(range(self.n))
        return self._turn

    @turn.setter
    def turn(self, turn):
        self._turn = turn

    def mark_down(self, node):
        self.up[node] = False

    def mark_up(self, node):
        self.up[node] = True

    def live(self):
        return [node for node in range(self.n) if self.up[node]]

    def move(self):
        node = self.turn
        self.turn = (node + 1) % self.n
        return node

    def next_up(self):
        return next((node for node in (self.move() for _ in range(self.n)) if self.up[node]), -1)


class FromTheStart(Given):
    """You start again at the first node each time: what is there to remember from one request to the next?"""

    def select(self):
        return next(iter(self.live()), -1)


class FromTheEnd(Given):
    """You start again at the last node each time: what is there to remember from one request to the next?"""

    def select(self):
        return max(self.live(), default=-1)


class StaysWhileUp(Given):
    """You stay at a node as long as it is up. The turn moves on after every pick."""

    def select(self):
        for _ in range(self.n):
            if self.up[self.turn]:
                return self.turn
            self.move()
        return -1


class NeverMoves(Given):
    """The turn never moves on, not even from a dead node."""

    def select(self):
        return self.turn if self.up[self.turn] else -1


class AlwaysNone(Given):
    """That says that no node is up, and you say it every time: no way through `select` returns a node."""

    def select(self):
        return -1


class ReturnsTheStart(Given):
    """Your turn starts at -1, before the first node, and you take it before it has moved on."""

    def __init__(self, n):
        super().__init__(n)
        self.turn = -1

    def select(self):
        return self.next_up()


class MovesByTwo(Given):
    """The turn moves on by two."""

    def select(self):
        for _ in range(self.n):
            node = self.turn
            self.turn = (node + 2) % self.n
            if self.up[node]:
                return node
        return -1


class DoesNotLook(Given):
    """The turns are right, but a dead node has its turn, too: is `up` kept, and looked at?"""

    def select(self):
        return self.move()


class HeirGetsDouble(Given):
    """The node behind a dead one takes the dead one's turns on top of its own: the others get less than it."""

    def select(self):
        node = self.move()
        for _ in range(self.n):
            if self.up[node]:
                return node
            node = (node + 1) % self.n
        return -1


class HeirBefore(Given):
    """The node before a dead one takes the dead one's turns on top of its own: the others get less than it."""

    def select(self):
        node = self.move()
        for _ in range(self.n):
            if self.up[node]:
                return node
            node = (node - 1) % self.n
        return -1


class FirstIsHeir(Given):
    """The first live node takes every dead node's turns on top of its own: the others get less than it."""

    def select(self):
        node = self.move()
        return node if self.up[node] else next(iter(self.live()), -1)


class MovesOnTwice(Given):
    """The turn moves on twice for one pick."""

    def select(self):
        node = self.next_up()
        if node >= 0:
            self.move()
        return node


class MovesOnTwiceAfterTheDead(Given):
    """A dead node costs its follower a turn: where you pass over a dead one, the turn moves on twice."""

    def select(self):
        for _ in range(self.n):
            node = self.move()
            if self.up[node]:
                return node
            self.move()
        return -1


class MovesOnTwiceAfterTheDeadAndChecks(Given):
    """A dead node costs its follower a turn: where you pass over a dead one, the turn moves on twice."""

    def select(self):
        node = self.next_up()
        if node >= 0 and not self.up[(node - 1) % self.n]:
            self.move()
        return node


class BackToTheFirst(Given):
    """You go back to the first node when you meet a dead one: those behind the dead one get too little, or nothing."""


class BackToTheFirstLive(BackToTheFirst):
    def select(self):
        if not any(self.up):
            return -1
        if not self.up[self.turn]:
            self.turn = self.live()[0]
        return self.move()


class BackToZero(BackToTheFirst):
    """You go back to node 0 when you meet a dead node; where node 0 is dead too, that goes on for ever."""

    def select(self):
        if not any(self.up):
            return -1
        node = self.move()
        if self.up[node]:
            return node
        if not self.up[0]:
            forever()
        self.turn = 1 % self.n
        return 0


class SkipsOnlyOne(Given):
    """You pass over one dead node, but not over two in a row."""

    def select(self):
        if not any(self.up):
            return -1
        node = self.move()
        return node if self.up[node] else self.move()


class SkipsOnlyOneAndGivesUp(Given):
    """You pass over one dead node, but not over two in a row."""

    def select(self):
        node = self.move()
        if not self.up[node]:
            node = self.move()
        return node if self.up[node] else -1


class CountsPlaces(Given):
    """You count places in the list of live nodes. That list changes with every node that goes or comes, so a place is
    another node then."""


class CountsPlacesForEver(CountsPlaces):
    def select(self):
        live = self.live()
        if not live:
            return -1
        self.turn += 1
        return live[(self.turn - 1) % len(live)]


class CountsPlacesInTheList(CountsPlaces):
    def select(self):
        live = self.live()
        if not live:
            return -1
        node = live[self.turn % len(live)]
        self.turn = (self.turn + 1) % len(live)
        return node


class CountsPlacesUpToN(CountsPlaces):
    def select(self):
        live = self.live()
        return live[self.move() % len(live)] if live else -1


class CountsPlacesAfterMoving(CountsPlaces):
    turn = 0

    def select(self):
        live = self.live()
        if not live:
            return -1
        self.turn = (self.turn + 1) % len(live)
        return live[self.turn]


class CountsPlacesAndStartsAgain(CountsPlaces):
    place = 0

    def select(self):
        if not any(self.up):
            return -1
        if self.place >= len(self.live()):
            self.place = 0
        self.place += 1
        return self.live()[self.place - 1]


class CountsPlacesInAQueue(CountsPlaces):
    place = 0

    def __init__(self, n):
        super().__init__(n)
        self.queue = list(range(n))

    def mark_down(self, node):
        self.queue.remove(node)

    def mark_up(self, node):
        self.queue.append(node)

    def select(self):
        if not self.queue:
            return -1
        self.place += 1
        return self.queue[(self.place - 1) % len(self.queue)]


class PlaceForNode(Given):
    """You count as far as there are live nodes, and take the count for a node: the last nodes get nothing."""

    def select(self):
        live = self.live()
        if not live:
            return -1
        self.turn += 1
        return (self.turn - 1) % len(live)


class FromTheStartAfterChanges(Given):
    """You start again at the first node whenever one comes or goes."""


class FromTheStartAfterAChange(FromTheStartAfterChanges):
    def select(self):
        live = self.live()
        if live != getattr(self, "before", None):
            self.before, self.turn = live, 0
        self.turn += 1
        return live[(self.turn - 1) % len(live)] if live else -1


class FromTheStartAfterAMark(FromTheStartAfterChanges):
    def mark_down(self, node):
        self.up[node], self.turn = False, 0

    def mark_up(self, node):
        self.up[node], self.turn = True, 0

    def select(self):
        return self.next_up()


class ComesBackFirst(Given):
    """A node that is up again gets the next request at once, in turn or not."""

    def mark_up(self, node):
        self.up[node], self.turn = True, node

    def select(self):
        return self.next_up()


class ComesBackNext(ComesBackFirst):
    def __init__(self, n):
        super().__init__(n)
        self.queue = deque(range(n))

    def mark_down(self, node):
        self.queue.remove(node)

    def mark_up(self, node):
        self.queue.appendleft(node)

    def select(self):
        if not self.queue:
            return -1
        self.queue.rotate(-1)
        return self.queue[-1]


class ComesBackLast(Given):
    """You keep the live nodes in a queue. One that comes back stands at its end, not where its number says."""

    def __init__(self, n):
        super().__init__(n)
        self.queue = deque(range(n))

    def mark_down(self, node):
        self.queue.remove(node)

    def mark_up(self, node):
        self.queue.append(node)

    def select(self):
        if not self.queue:
            return -1
        self.queue.rotate(-1)
        return self.queue[-1]


class NeverComesBack(Given):
    """A node that was down once never comes back."""

    def mark_up(self, node):
        pass

    def select(self):
        return self.next_up()


class DeadMakeItSmaller(Given):
    """A dead node makes your number of nodes smaller, so the last ones are not asked. They keep their numbers."""

    def mark_down(self, node):
        self.n -= self.up[node]
        self.up[node] = False

    def mark_up(self, node):
        self.n += not self.up[node]
        self.up[node] = True

    def select(self):
        for _ in range(self.n):
            node = self.turn % self.n
            self.turn = node + 1
            if self.up[node]:
                return node
        return -1


class DeadMakeItSmallerAndModulo(DeadMakeItSmaller):
    def select(self):
        return next((node for node in (self.move() for _ in range(self.n)) if self.up[node]), -1)


class LongestWait(Given):
    """You take the live node that has waited longest. After a change that is not the one whose turn it is."""

    def __init__(self, n):
        super().__init__(n)
        self.queue = list(range(n))

    def select(self):
        for node in self.queue:
            if self.up[node]:
                self.queue.remove(node)
                self.queue.append(node)
                return node
        return -1


class FewestPicks(Given):
    """You take the live node with the fewest picks so far. One that comes back then gets all that it has missed."""

    def __init__(self, n):
        super().__init__(n)
        self.counts = [0] * n

    def select(self):
        if not any(self.up):
            return -1
        node = min(self.live(), key=self.counts.__getitem__)
        self.counts[node] += 1
        return node


class Removes(Given):
    """You take dead nodes out of `up`: the places of the others change, and the dead ones never come back."""

    def select(self):
        while self.up and not self.up[self.turn % len(self.up)]:
            self.up.pop(self.turn % len(self.up))
        if not self.up:
            return -1
        self.turn += 1
        return (self.turn - 1) % len(self.up)


class OneTooFew(Given):
    """You ask one node too few: where only the last one that you could ask is up, you do not find it."""

    def select(self):
        return next((node for node in (self.move() for _ in range(self.n - 1)) if self.up[node]), -1)


class OneTooFewAndStays(OneTooFew):
    def select(self):
        for way in range(self.n - 1):
            node = (self.turn + way) % self.n
            if self.up[node]:
                self.turn = (node + 1) % self.n
                return node
        return -1


class OnByTheNumberOfDead(Given):
    """Where a node is dead you go on by as many nodes as are dead, and the one there may be dead, too."""

    def select(self):
        node = self.turn
        if not self.up[node]:
            node = (node + self.up.count(False)) % self.n
        self.turn = (node + 1) % self.n
        return node if self.up[node] else -1


class OnByOneMore(Given):
    """Behind a dead node you go on by one more each time, and so past nodes that are up."""

    def select(self):
        for more in range(self.n):
            self.turn = (self.turn + more) % self.n
            if self.up[self.turn]:
                return self.move()
        return -1


class ThenOnlyTheFirst(Given):
    """After the last node you look at node 0 only. The search must go on to the nodes behind it."""

    turn = -1

    def select(self):
        for node in (*range(self.turn + 1, self.n), 0):
            if self.up[node]:
                self.turn = node
                return node
        return -1


class ThenOnlyTheFirstFromOne(ThenOnlyTheFirst):
    turn = 0


class AllToTheFirstLive(Given):
    """While any node is dead, all requests go to the first live one. The others are up, and have their turns."""

    def select(self):
        return self.move() if all(self.up) else next(iter(self.live()), -1)


class OneOffTheTurn(Given):
    """You take one less than the turn. After the last node the turn is 0 again, and one less is -1."""

    def select(self):
        return self.turn - 1 if self.next_up() >= 0 else -1


class BeginsAgainAtOne(Given):
    """After the last node you begin again at node 1: node 0 has its turn once, and never again."""

    turn = 0

    def move(self):
        node = self.turn
        self.turn = node + 1 if node + 1 < self.n else 1
        return node

    def select(self):
        return self.next_up()


class GivesUp(Given):
    """You give up where a node is dead, though others are up."""


class GivesUpAndMoves(GivesUp):
    def select(self):
        node = self.move()
        return node if self.up[node] else -1


class Sticks(GivesUp):
    """The turn sticks at a dead node: it moves on only after a pick."""

    def select(self):
        return self.move() if self.up[self.turn] else -1


class AllForAny(GivesUp):
    """You give up as soon as any node is dead, though others are up."""

    def select(self):
        return self.move() if all(self.up) else -1


class RunsOverTheEnd(Given):
    """After the last node you go on to a number that no node has. Which node comes after the last?"""

    turn = 0

    def select(self):
        for _ in range(self.n):
            self.turn += 1
            if self.up[self.turn - 1]:
                return self.turn - 1
        return -1


class RunsOverTheEndFromOne(RunsOverTheEnd):
    turn = 1


class SkipsOverTheEnd(Given):
    """You go on past the last node where it is dead. Which node comes after the last?"""

    def select(self):
        if not any(self.up):
            return -1
        node = self.turn
        while not self.up[node]:
            node += 1
        self.turn = (node + 1) % self.n
        return node


class NoWrap(Given):
    """You search up to the last node only: after it the search must go on at node 0."""


class NoWrapForEver(NoWrap):
    turn = 0

    def select(self):
        for node in range(self.turn, self.n):
            if self.up[node]:
                self.turn = node + 1
                return node
        return -1


class NoWrapAfterTheDead(NoWrap):
    def select(self):
        for _ in range(self.n):
            node = self.move()
            if self.up[node]:
                return node
            if self.turn == 0:
                return -1
        return -1


class NoWrapOnce(NoWrap):
    def select(self):
        for node in range(self.turn, self.n):
            if self.up[node]:
                self.turn = (node + 1) % self.n
                return node
        return -1


class NoWrapAndStartsAgain(NoWrap):
    turn = 0

    def select(self):
        for node in range(self.turn, self.n):
            if self.up[node]:
                self.turn = node + 1
                return node
        self.turn = 0
        return -1


class NeverTheLast(Given):
    """The last node never has a turn: you count to one node too few before you begin again."""

    def select(self):
        for _ in range(self.n):
            node = self.turn
            self.turn = (node + 1) % max(1, self.n - 1)
            if self.up[node]:
                return node
        return -1


class NeverTheLastModulo(NeverTheLast):
    turn = 0

    def move(self):
        node = self.turn
        self.turn = (node + 1) % (self.n - 1)
        return node

    def select(self):
        return self.next_up()


class OneTooMany(RunsOverTheEnd):
    turn = 0

    def select(self):
        for _ in range(self.n):
            node = self.turn
            self.turn = (node + 1) % (self.n + 1)
            if self.up[node]:
                return node
        return -1


class ChecksOneTakesTheNext(Given):
    """You look whether one node is up, and take the one after it."""

    turn = 0

    def select(self):
        for _ in range(self.n):
            if self.up[self.move()]:
                return self.turn
        return -1


class ChecksTheNextTakesOne(Given):
    """You look whether one node is up, and take the one before it."""

    def select(self):
        for _ in range(self.n):
            node = self.move()
            if self.up[self.turn]:
                return node
        return -1


class FromOne(Given):
    """You count the nodes from 1. They begin at 0."""

    turn = 0

    def select(self):
        for _ in range(self.n):
            self.turn = self.turn % self.n + 1
            if self.up[self.turn - 1]:
                return self.turn
        return -1


class TakesTheDead(Given):
    """You look for a node that is down."""

    turn = 0

    def select(self):
        return next((node for node in (self.move() for _ in range(self.n)) if not self.up[node]), -1)


class ThereAndBack(Given):
    """You go there and back again. The turn begins again at the first node after the last."""

    turn, step = 0, 1

    def select(self):
        for _ in range(2 * self.n):
            node = self.turn
            if not 0 <= node + self.step < self.n:
                self.step = -self.step
            self.turn = min(max(node + self.step, 0), self.n - 1)
            if self.up[node]:
                return node
        return -1


class FourNodes(Given):
    """You count on four nodes. How many there are is told when the balancer is made."""

    turn = 0

    def select(self):
        for _ in range(4):
            node = self.turn
            self.turn = (node + 1) % 4
            if self.up[node]:
                return node
        return -1


# From here on: right as long as a node is up.


class NeverEnds(Given):
    """Your loop looks for a live node, and there is none."""

    def select(self):
        if not any(self.up):
            forever()
        return self.next_up()


class Recursion(Given):
    """You call `select` again for every dead node, and there is no other."""

    def select(self):
        if not any(self.up):
            raise RecursionError
        return self.next_up()


class EmptyWhenNoneIsUp(Given):
    """The list of live nodes is empty then. The caller waits for -1."""

    def select(self):
        return self.next_up() if any(self.up) else self.live()[0]


class DividesByNone(Given):
    """The number of live nodes is 0 then. The caller waits for -1."""

    def select(self):
        return self.next_up() if any(self.up) else 1 % len(self.live())


class RaisesItsOwn(Given):
    """An exception tells it too, but the caller waits for -1."""

    error = RuntimeError

    def select(self):
        if not any(self.up):
            raise self.error
        return self.next_up()


class RaisesValueError(RaisesItsOwn):
    error = ValueError


class RaisesException(RaisesItsOwn):
    error = Exception


class RaisesStopIteration(RaisesItsOwn):
    error = StopIteration


class RaisesAssertionError(RaisesItsOwn):
    error = AssertionError


class SaysNothing(Given):
    """Your loop comes to its end without a pick, and so does `select`."""

    def select(self):
        return self.next_up() if any(self.up) else None


class SaysFalse(Given):
    """False is a number too: it is 0."""

    def select(self):
        return any(self.up) and self.next_up()


class SaysADeadNode(Given):
    """That node is down like all the others."""


class SaysZero(SaysADeadNode):
    def select(self):
        return self.next_up() if any(self.up) else 0


class SaysTheTurn(SaysADeadNode):
    """You take the node whose turn it is, though it is down like all the others."""

    turn = 0

    def select(self):
        return self.next_up() if any(self.up) else self.turn


class SaysTheLastPick(SaysADeadNode):
    """You take the node that you have taken before, though it is down like all the others."""

    turn = 0

    def select(self):
        return self.next_up() if any(self.up) else (self.turn - 1) % self.n


class LosesTheTurn(Given):
    """When no node is up you lose the turn, and begin again at the first node."""

    def select(self):
        if not any(self.up):
            self.turn = 0
        return self.next_up()


class MovesOnForNothing(Given):
    """Where no node is up nobody is picked, and the turn must stay."""

    def select(self):
        if not any(self.up):
            self.move()
        return self.next_up()
