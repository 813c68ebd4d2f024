"""What lesson 06 starts from, in a few lines: look at all queues, take the shortest. The lesson shows its source."""

__all__ = ["FirstOfEquals"]


class FirstOfEquals:
    """Pick the first of the emptiest nodes."""

    def __init__(self, n: int) -> None:
        self.in_flight = [0] * n

    def select(self) -> int:
        held = self.in_flight
        node = held.index(min(held))
        held[node] += 1
        return node

    def release(self, node: int) -> None:
        self.in_flight[node] -= 1
