"""Lesson 01, exercise 01-skip-the-dead: round robin that passes over the nodes that are down.

A `while` loop with `any(self.up)` before it is as good, and so is raising LookupError where no node is up.
"""


class SkipTheDead:
    def __init__(self, n):
        self.n, self.turn = n, 0  # whose turn is next
        self.up = [True] * n  # up[i]: is node i up?

    def mark_down(self, node):
        self.up[node] = False

    def mark_up(self, node):
        self.up[node] = True

    def select(self):
        for _ in range(self.n):  # ask each node once, so that this ends when none is up
            node = self.turn
            self.turn = (self.turn + 1) % self.n  # the turn moves on, also past a dead node
            if self.up[node]:
                return node
        return -1
