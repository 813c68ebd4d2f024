from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbcore.selectors import Selector

class Engine:
    now_s: float
    coming_s: float
    number: int
    opened_s: float
    closed_s: float
    held: int
    def __init__(
        self,
        selector: Any,
        n: int,
        *,
        servers: int,
        requests: int,
        first_measured: int,
        seed: int,
        arrivals: tuple[str, float, float, float, float] | NDArray[np.float64],
        services: tuple[str, float, float, float, float] | NDArray[np.float64],
        speeds: Sequence[float] | NDArray[np.float64],
        keys: Any,
        kept: tuple[Any, ...] | None,
    ) -> None: ...
    def advance(self, stop: int, until: float, progress: Callable[[int], object] | None = None) -> None: ...
    def wait(self, until: float) -> None: ...
    def set_speed(self, at: int, speed: float) -> None: ...
    def crash(self, at: int) -> None: ...
    def revive(self, at: int) -> None: ...
    def lengths(self) -> NDArray[np.int32]: ...
    def open(self) -> None: ...
    def close(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    def totals(self) -> dict[str, Any]: ...

def key_hashes(selector: Selector, keys: Sequence[Any] | NDArray[Any]) -> NDArray[np.uint64]: ...
def seed_bits(seed: int | np.random.Generator | None) -> int: ...
