from collections.abc import Callable, Iterable
from typing import SupportsIndex

from lbcore.selectors._selector import Nodes, Selector, Weights

class PassiveRoundRobin(Selector):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        max_fails: SupportsIndex = 1,
        fail_timeout_s: SupportsIndex = 10,
        backup: Iterable[str | SupportsIndex] = (),
        clock: Callable[[], float] = ...,
    ) -> None: ...

class PassiveLeastConnections(PassiveRoundRobin): ...
