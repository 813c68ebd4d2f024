"""Failures noticed on the requests themselves: no one probes the nodes."""

from collections.abc import Container, Iterable
from math import floor


class PassiveRoundRobin:
    """Smooth turns by weight; a failure costs weight, and max_fails of them cost fail_timeout_s of rest."""

    def __init__(self, weights: list[int], max_fails: int = 1, fail_timeout_s: int = 10, backup: Iterable[int] = ()):
        n = len(weights)
        self.weights, self.up, self.earning, self.credit = weights, [True] * n, weights.copy(), [0] * n
        self.fails, self.failed_s, self.checked_s, self.now_s = [0] * n, [0] * n, [0] * n, 0.0
        self.max_fails, self.fail_timeout_s, self.backup = max_fails, fail_timeout_s, set(backup)

    def mark(self, node: int, up: bool) -> None:
        self.up[node] = up

    def open(self, node: int, avoid: Container[int]) -> bool:
        if not self.up[node] or not self.weights[node] or node in avoid:
            return False
        if len(self.weights) == 1 or not self.max_fails or self.fails[node] < self.max_fails:
            return True
        return floor(self.now_s) - self.checked_s[node] > self.fail_timeout_s

    def serve(self, node: int) -> int:
        if floor(self.now_s) - self.checked_s[node] > self.fail_timeout_s:
            self.checked_s[node] = floor(self.now_s)
        return node

    def earn(self, node: int) -> int:
        earned = self.earning[node]
        self.credit[node] += earned
        self.earning[node] = min(self.weights[node], earned + 1)
        return earned

    def turn(self, avoid: Container[int]) -> int:
        for backup in (False, True):
            nodes = range(len(self.weights))
            left = [node for node in nodes if (node in self.backup) == backup and self.open(node, avoid)]
            if left:
                total = sum([self.earn(node) for node in left])
                best = max(left, key=lambda node: self.credit[node])  # the first of equals
                self.credit[best] -= total
                return self.serve(best)
        raise LookupError("no node is left")

    def select(self, avoid: Container[int] = ()) -> int:
        return self.turn(avoid)

    def release(self, node: int, ok: bool = True) -> None:
        if len(self.weights) == 1:
            return
        if not ok:
            self.fails[node] += 1
            self.failed_s[node] = self.checked_s[node] = floor(self.now_s)
            if self.max_fails:
                self.earning[node] = max(0, self.earning[node] - self.weights[node] // self.max_fails)
        elif self.failed_s[node] < self.checked_s[node]:
            self.fails[node] = 0


class PassiveLeastConnections(PassiveRoundRobin):
    """The least loaded node for its weight serves; equal ones take smooth turns."""

    def __init__(self, weights: list[int], max_fails: int = 1, fail_timeout_s: int = 10):
        super().__init__(weights, max_fails, fail_timeout_s)
        self.load = [0] * len(weights)

    def select(self, avoid: Container[int] = ()) -> int:
        left = [node for node in range(len(self.weights)) if self.open(node, avoid)]
        if not left:
            raise LookupError("no node is left")
        best = left[0]
        for node in left:
            if self.load[node] * self.weights[best] < self.load[best] * self.weights[node]:
                best = node
        equal = [
            n for n in left if n >= best and self.load[n] * self.weights[best] == self.load[best] * self.weights[n]
        ]
        if len(equal) > 1:
            total = sum([self.earn(node) for node in equal])
            best = max(equal, key=lambda node: self.credit[node])
            self.credit[best] -= total
        self.load[best] += 1
        return self.serve(best)

    def release(self, node: int, ok: bool = True) -> None:
        self.load[node] -= 1
        super().release(node, ok)
