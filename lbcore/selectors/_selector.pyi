from collections.abc import Callable, Iterable, Sequence
from typing import Any, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.selectors._pickle import Pickled

Key: TypeAlias = str | bytes | SupportsIndex
Nodes: TypeAlias = SupportsIndex | Sequence[str] | NDArray[np.str_]
Weights: TypeAlias = Sequence[SupportsIndex] | NDArray[np.integer[Any]]
Limits: TypeAlias = SupportsIndex | Sequence[SupportsIndex] | NDArray[np.integer[Any]]
KeyHash: TypeAlias = Callable[[bytes], int]
Seed: TypeAlias = SupportsIndex | np.random.Generator | None

class Selector(Pickled):
    def select(self, key: Key | None = None, *, avoid: Iterable[str | SupportsIndex] = ()) -> int: ...
    def select_many(
        self, requests: SupportsIndex | Sequence[Key] | NDArray[Any], *, out: NDArray[np.int32] | None = None
    ) -> NDArray[np.int32]: ...
    def release(
        self,
        node: str | SupportsIndex | Sequence[int] | NDArray[np.integer[Any]],
        ok: bool | Sequence[bool] | NDArray[np.bool_] = True,
        latency_s: ArrayLike | None = None,
    ) -> None: ...
