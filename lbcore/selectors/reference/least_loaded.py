"""Looking at the queues before picking."""

from collections.abc import Callable

from lbcore.selectors.reference._draws import Draws


class LeastConnections:
    """Each request goes to the node with the fewest requests in flight for its weight; equals take smooth turns."""

    def __init__(self, weights: list[int]):
        self.weights, self.up, self.load = weights, [True] * len(weights), [0] * len(weights)
        self.credit = [0] * len(weights)
        self.view = self.load  # what a pick looks at

    def select(self) -> int:
        live = [node for node, weight in enumerate(self.weights) if weight and self.up[node]]
        if not live:
            raise LookupError("no node is left")
        a = live[0]  # the first of the best
        for b in live:
            if self.view[b] * self.weights[a] < self.view[a] * self.weights[b]:
                a = b
        tied = [b for b in live if self.view[b] * self.weights[a] == self.view[a] * self.weights[b]]
        if len(tied) > 1:
            for node in tied:
                self.credit[node] += self.weights[node]
            a = max(tied, key=lambda node: self.credit[node])  # the first of the richest
            self.credit[a] -= sum(self.weights[node] for node in tied)
        self.load[a] += 1
        return a

    def release(self, node: int) -> None:
        """A request at the node has ended."""
        self.load[node] -= 1


class PeakEwma:
    """Each request goes to the cheaper of two random nodes; the cost is peak-sensitive latency times queue."""

    def __init__(self, n: int, seed: int, decay_s: float, clock: Callable[[], float]):
        self.up, self.load, self.draws = [True] * n, [0] * n, Draws(seed)
        self.latency_s, self.stamp, self.decay_s, self.clock = [0.0] * n, [0.0] * n, decay_s, clock

    def select(self) -> int:
        live = [node for node, up in enumerate(self.up) if up]
        if not live:
            raise LookupError("no node is left")
        a, b = self.draws.below(len(live)), self.draws.below(len(live) - 1)
        a, b = live[a], live[(b + (b >= a)) % len(live)]
        node = b if self.cost(b) < self.cost(a) else a
        self.load[node] += 1
        return node

    def cost(self, node: int) -> float:
        """What one more request at the node would cost; a look lets the average sink."""
        self.observe(node, 0.0)
        if self.latency_s[node] == 0 and self.load[node]:
            return 1e9 + self.load[node]  # it never answered
        return self.latency_s[node] * (self.load[node] + 1)

    def observe(self, node: int, latency_s: float) -> None:
        """Up at once, down by the time that has passed."""
        now_s = self.clock()
        if latency_s > self.latency_s[node]:
            self.latency_s[node] = latency_s
        elif now_s > self.stamp[node]:
            old = shrunk((now_s - self.stamp[node]) / self.decay_s)
            self.latency_s[node] = self.latency_s[node] * old + latency_s * (1 - old)
        self.stamp[node] = now_s

    def release(self, node: int, latency_s: float) -> None:
        """A request at the node has ended after latency_s."""
        self.load[node] -= 1
        self.observe(node, latency_s)


def shrunk(x: float) -> float:
    """e^-x by arithmetic that is the same on every machine: the 1024th power of e^-(x/1024)."""
    t = x / 1024
    power = 1 / (1 + t * (1 + t * 0.5 * (1 + t * (1 / 3) * (1 + t * 0.25))))
    for _ in range(10):
        power *= power
    return power if x <= 700 else 0.0
