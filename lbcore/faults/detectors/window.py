"""The last intervals between beats, for the rules that learn from them."""

import math
from collections import deque

__all__ = ["Window"]


class Window:
    """Mean and variance of the last intervals, from sums of whole nanoseconds: exact, however long it runs."""

    __slots__ = ("_kept", "_squares", "_sum")

    def __init__(self, size: int):
        self._kept: deque[int] = deque(maxlen=size)
        self._sum = self._squares = 0

    def add(self, interval_s: float) -> None:
        if len(self._kept) == self._kept.maxlen:
            oldest = self._kept[0]
            self._sum -= oldest
            self._squares -= oldest * oldest
        nanoseconds = round(interval_s * 1e9)
        self._kept.append(nanoseconds)
        self._sum += nanoseconds
        self._squares += nanoseconds * nanoseconds

    def mean_s(self) -> float:
        return self._sum / len(self._kept) * 1e-9

    def sd_s(self) -> float:
        n = len(self._kept)
        return math.sqrt(n * self._squares - self._sum * self._sum) / n * 1e-9
