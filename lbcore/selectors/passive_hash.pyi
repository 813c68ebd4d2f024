from collections.abc import Callable
from typing import SupportsIndex

from lbcore.selectors._selector import KeyHash, Nodes, Weights
from lbcore.selectors.passive import PassiveRoundRobin

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
