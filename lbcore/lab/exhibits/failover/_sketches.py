"""What lesson 08 starts from, in a few lines each: the two classic sketches, and an account that trusts everybody.

They run on any clock, and the lesson shows their source.
"""

from collections.abc import Callable, Sequence
from typing import Any

from lbcore.faults import Clock

__all__ = ["Trusting", "beat", "serve"]

Handler = Callable[[int, str], Any]
Names = Sequence[str]
Times = Sequence[float]


def serve(clock: Clock, handler: Handler, nodes: Names, times_s: Times) -> None:
    """Hand each request to the node whose turn it is."""
    pool = clock.executor(8)
    results = []
    for request, time_s in enumerate(times_s):
        clock.sleep(max(0.0, time_s - clock.now()))
        node = nodes[request % len(nodes)]
        results.append(pool.submit(handler, request, node))
    clock.wait(results)


def beat(clock: Clock, nodes: Names, last_s: dict[str, float]) -> None:
    """Each node says 'I am here' once a second."""

    def loop(node: str) -> None:
        while True:
            last_s[node] = clock.now()
            clock.sleep(1.0)

    for node in nodes:
        clock.spawn(loop, node)


class Trusting:
    """An account that makes every deposit it is told of."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.balance = 0

    def handle(self, key: str, amount: int) -> int:
        """The new balance."""
        self.balance += amount
        return self.balance
