from collections.abc import Callable, Iterable
from typing import SupportsIndex

from lbcore.selectors._selector import KeyHash, Nodes, Selector, Weights

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

class PassiveHash(PassiveRoundRobin):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        max_fails: SupportsIndex = 1,
        fail_timeout_s: SupportsIndex = 10,
        clock: Callable[[], float] = ...,
        key_hash: KeyHash = ...,
    ) -> None: ...

class PassivePrefixHash(PassiveHash): ...
class PassiveRing(PassiveHash): ...

def crc_and_length(data: bytes) -> int: ...
def octet_round(data: bytes) -> int: ...
