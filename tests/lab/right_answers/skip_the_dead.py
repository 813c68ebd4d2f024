"""Right answers to 01-skip-the-dead that are not the solution."""

import numpy as np


class Given:
    def __init__(self, n):
        self.n, self.turn = n, 0
        self.up = [True] * n

    def mark_down(self, node):
        self.up[node] = False

    def mark_up(self, node):
        self.up[node] = True


class WhileLoop(Given):
    def select(self):
        if not any(self.up):
            return -1
        while not self.up[self.turn]:
            self.turn = (self.turn + 1) % self.n
        node = self.turn
        self.turn = (self.turn + 1) % self.n
        return node


class Raises(Given):
    def select(self):
        if True not in self.up:
            raise LookupError("no node is left")
        self.turn = (self.turn + 1) % self.n
        while not self.up[self.turn]:
            self.turn = (self.turn + 1) % self.n
        return self.turn


class Backwards(Given):
    def select(self):
        for _ in range(self.n):
            self.turn = (self.turn - 1) % self.n
            if self.up[self.turn]:
                return self.turn
        return -1


class Numpy(Given):
    def __init__(self, n):
        self.n, self.last, self.picked = n, n - 1, []
        self.up = np.ones(n, bool)

    def select(self):
        live = np.flatnonzero(np.array(self.up))
        if not live.size:
            return np.int64(-1)
        later = live[live > self.last]
        self.last = later[0] if later.size else live[0]
        self.picked.append(self.last)
        return self.last


class IsTold:
    def __init__(self, n):
        self.n, self.turn = n, 0

    def select(self, up):
        for _ in range(self.n):
            node = self.turn
            self.turn = (self.turn + 1) % self.n
            if up[node]:
                return node
        return -1


class KeepsTheSkippedEllipsis(Given):
    def select(self):
        ...
        for _ in range(self.n):
            node = self.turn
            self.turn = (self.turn + 1) % self.n
            if self.up[node]:
                return node
        return -1
