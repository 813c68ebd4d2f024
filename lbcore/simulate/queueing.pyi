from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbcore.selectors import Selector
from lbcore.simulate.counting import Counting

class Engine(Counting):
    coming_s: float
    number: int
    waited: int
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
    def crash(self, at: int) -> None: ...
    def returned(self, at: int) -> None: ...

def key_hashes(selector: Selector, keys: Sequence[Any] | NDArray[Any]) -> NDArray[np.uint64]: ...
def seed_bits(seed: int | np.random.Generator | None) -> int: ...
