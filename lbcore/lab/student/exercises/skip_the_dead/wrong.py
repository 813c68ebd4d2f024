"""Wrong answers to 01-skip-the-dead. Each class's docstring is a part of the verdict that must name its mistake."""


class Given:
    def __init__(self, n):
        self.n, self.turn = n, 0
        self.up = [True] * n

    def mark_down(self, node):
        self.up[node] = False

    def mark_up(self, node):
        self.up[node] = True


class AlwaysFromTheStart(Given):
    """You start again at the same node each time."""

    def select(self):
        for node in range(self.n):
            if self.up[node]:
                return node
        return -1


class DoesNotLook(Given):
    """Request 2: you took node 1, which is down. You are not looking at `up`."""

    def select(self):
        node = self.turn
        self.turn = (self.turn + 1) % self.n
        return node


class HeirGetsDouble(Given):
    """node 2 got 6 of 12 requests, the others 3. It takes the dead node's turns on top of its own."""

    def select(self):
        node = self.turn
        self.turn = (self.turn + 1) % self.n
        for _ in range(self.n):
            if self.up[node]:
                return node
            node = (node + 1) % self.n
        return -1


class NeverEnds(Given):
    """With every node down your loop does not end: it looks for a live node, and there is none."""

    def select(self):
        while not self.up[self.turn]:
            self.turn = (self.turn + 1) % self.n
        node = self.turn
        self.turn = (self.turn + 1) % self.n
        return node


class MovesOnTwice(Given):
    """Request 2: after node 0 you took node 2; the next node that is up is 1. The turn moves on twice."""

    def select(self):
        for _ in range(self.n):
            node = self.turn
            self.turn = (self.turn + 1) % self.n
            if self.up[node]:
                self.turn = (self.turn + 1) % self.n
                return node
        return -1


class MovesOnTwiceAfterTheDead(Given):
    """Request 2: after node 0 you took node 3; the next node that is up is 2. The turn moves on twice."""

    def select(self):
        for _ in range(self.n):
            node = self.turn
            self.turn = (self.turn + 1) % self.n
            if self.up[node]:
                return node
            self.turn = (self.turn + 1) % self.n
        return -1


class FromTheStartAfterTheDead(Given):
    """node 2, which is up, got none of 12 requests. You start again at the beginning when you meet a dead node."""

    def select(self):
        if not any(self.up):
            return -1
        if not self.up[self.turn]:
            self.turn = 0
            while not self.up[self.turn]:
                self.turn += 1
        node = self.turn
        self.turn = (self.turn + 1) % self.n
        return node


class SkipsOnlyOne(Given):
    """which is down. You skip one dead node, but not two in a row."""

    def select(self):
        if not any(self.up):
            return -1
        node = self.turn
        if not self.up[node]:
            node = (node + 1) % self.n
        self.turn = (node + 1) % self.n
        return node


class CountsPlaces(Given):
    """You count places in the list of live nodes, and that list has changed."""

    def select(self):
        live = [node for node in range(self.n) if self.up[node]]
        if not live:
            return -1
        node = live[self.turn % len(live)]
        self.turn += 1
        return node


class FromTheStartAfterAChange(Given):
    """You start again at the first node whenever one comes or goes."""

    def select(self):
        live = [node for node in range(self.n) if self.up[node]]
        if not live:
            return -1
        if live != getattr(self, "live", None):
            self.live, self.turn = live, 0
        node = live[self.turn % len(live)]
        self.turn += 1
        return node


class SaysNothingWhenNoneIsUp(Given):
    """With every node down select returned nothing. The caller waits for -1."""

    def select(self):
        for _ in range(self.n):
            node = self.turn
            self.turn = (self.turn + 1) % self.n
            if self.up[node]:
                return node


class SaysZeroWhenNoneIsUp(Given):
    """With every node down select returned 0. The caller waits for -1."""

    def select(self):
        for _ in range(self.n):
            node = self.turn
            self.turn = (self.turn + 1) % self.n
            if self.up[node]:
                return node
        return 0


class RunsOverTheEnd(Given):
    """Request 5: your code stopped in line"""

    def select(self):
        node = self.turn
        self.turn += 1
        if self.up[node]:
            return node
        return -1


class GivesUpTooEarly(Given):
    """Request 2: select returned -1, but 3 of 4 nodes are up."""

    def select(self):
        node = self.turn
        self.turn = (self.turn + 1) % self.n
        return node if self.up[node] else -1


class EmptyWhenNoneIsUp(Given):
    """With every node down: your code stopped in line"""

    def select(self):
        for _ in range(self.n):
            node = self.turn
            self.turn = (self.turn + 1) % self.n
            if self.up[node]:
                return node
        live = [node for node in range(self.n) if self.up[node]]
        return live[0]
