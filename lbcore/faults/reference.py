"""The readable twins of what faults does, in a few lines of plain Python: a lesson shows them, the tests compare."""

import math
from collections.abc import Callable
from itertools import cycle

__all__ = ["FixedTimeout", "reassign"]

Works = Callable[[int], bool]
Paths = list[list[int]]


class FixedTimeout:
    """No beat for a set time means failed."""

    def __init__(self, timeout_s: float):
        self.timeout_s = timeout_s
        self.last_s = math.inf  # nothing heard yet

    def heartbeat(self, now_s: float) -> None:
        self.last_s = now_s

    def failed(self, now_s: float) -> bool:
        silence_s = now_s - self.last_s
        return silence_s >= self.timeout_s


def reassign(requests: int, nodes: int, works: Works, threshold: int) -> Paths:
    """The nodes that each request was sent to, in order."""
    turn = cycle(range(nodes))
    errors, paths = [0] * nodes, []
    for _ in range(requests):
        path = [next(turn)]
        while not works(node := path[-1]):
            errors[node] += 1  # the error is recorded
            here = errors[node] < threshold
            path.append(node if here else next(turn))
        paths.append(path)
    return paths
