from collections.abc import Callable, Iterable
from typing import SupportsIndex

from lbcore.selectors._selector import KeyHash, Limits, Nodes, Seed, Selector, Weights

class PassiveRoundRobin(Selector):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        max_fails: Limits = 1,
        fail_timeout_s: Limits = 10,
        backup: Iterable[str | SupportsIndex] = (),
        clock: Callable[[], float] = ...,
        max_conns: Limits = 0,
    ) -> None: ...

class PassiveLeastConnections(PassiveRoundRobin): ...

class PassiveRandom(PassiveRoundRobin):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        max_fails: Limits = 1,
        fail_timeout_s: Limits = 10,
        clock: Callable[[], float] = ...,
        max_conns: Limits = 0,
        seed: Seed = None,
    ) -> None: ...

class PassiveTwoRandom(PassiveRandom): ...

class PassiveHash(PassiveRoundRobin):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        max_fails: Limits = 1,
        fail_timeout_s: Limits = 10,
        clock: Callable[[], float] = ...,
        key_hash: KeyHash = ...,
        max_conns: Limits = 0,
    ) -> None: ...

class PassivePrefixHash(PassiveHash): ...

class PassiveRing(PassiveHash):
    def __init__(
        self,
        nodes: Nodes,
        weights: Weights | None = None,
        max_fails: Limits = 1,
        fail_timeout_s: Limits = 10,
        clock: Callable[[], float] = ...,
        key_hash: KeyHash = ...,
        max_conns: Limits = 0,
        servers: dict[str, str] | None = None,
    ) -> None: ...

def crc_and_length(data: bytes) -> int: ...
def octet_round(data: bytes) -> int: ...
