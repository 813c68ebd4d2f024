"""The readable twins of what faults does, in a few lines of plain Python: a lesson shows them, the tests compare."""

import math

__all__ = ["FixedTimeout", "reassign"]


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


def reassign(requests: int, nodes: int, down: set[int], threshold: int) -> list[list[int]]:
    """The nodes that each request was sent to, in order."""
    turn, errors, paths = 0, [0] * nodes, []
    for _ in range(requests):
        node, turn = turn, (turn + 1) % nodes
        path = [node]
        while node in down:
            errors[node] += 1  # the error is recorded
            if errors[node] >= threshold:  # enough of them: the next node
                node, turn = turn, (turn + 1) % nodes
            path.append(node)
        paths.append(path)
    return paths
