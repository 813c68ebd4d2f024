"""How long a message is under way: laws to calculate with and to draw from. All times are seconds."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lbcore.faults._checks import seconds

__all__ = ["ConstantDelay", "Delay", "ExponentialDelay", "LognormalDelay", "UniformDelay"]


class Delay(Protocol):
    """A law of delays."""

    def cdf(self, delay_s: float) -> float:
        """The chance of a delay of at most `delay_s`."""

    def draw(self, generator: np.random.Generator, size: int) -> NDArray[np.float64]:
        """`size` delays in seconds."""


@dataclass(frozen=True, slots=True)
class ExponentialDelay:
    """Delays with an exponential law of mean `mean_s` >= 0 seconds; 0 is no delay at all."""

    mean_s: float

    def __post_init__(self) -> None:
        seconds("mean_s", self.mean_s)

    def cdf(self, delay_s: float) -> float:
        """1 - exp(-delay / mean)."""
        if delay_s < 0:
            return 0.0
        return -math.expm1(-delay_s / self.mean_s) if self.mean_s > 0 else 1.0

    def draw(self, generator: np.random.Generator, size: int) -> NDArray[np.float64]:
        """`size` delays in seconds."""
        return generator.exponential(self.mean_s, size)


@dataclass(frozen=True, slots=True)
class ConstantDelay:
    """Every delay is `delay_s` >= 0 seconds."""

    delay_s: float

    def __post_init__(self) -> None:
        seconds("delay_s", self.delay_s)

    def cdf(self, delay_s: float) -> float:
        """0 below the delay, 1 from it on."""
        return 1.0 if delay_s >= self.delay_s else 0.0

    def draw(self, generator: np.random.Generator, size: int) -> NDArray[np.float64]:
        """`size` delays in seconds."""
        return np.full(size, float(self.delay_s))


@dataclass(frozen=True, slots=True)
class UniformDelay:
    """Delays anywhere from `low_s` to `high_s` seconds, all equally likely."""

    low_s: float
    high_s: float

    def __post_init__(self) -> None:
        if seconds("high_s", self.high_s) <= seconds("low_s", self.low_s):
            raise ValueError(f"high_s: {self.high_s:g} s is not longer than low_s, {self.low_s:g} s")

    def cdf(self, delay_s: float) -> float:
        """The share of the range that lies below."""
        return min(1.0, max(0.0, (delay_s - self.low_s) / (self.high_s - self.low_s)))

    def draw(self, generator: np.random.Generator, size: int) -> NDArray[np.float64]:
        """`size` delays in seconds."""
        return generator.uniform(self.low_s, self.high_s, size)


@dataclass(frozen=True, slots=True)
class LognormalDelay:
    """Delays whose logarithm is normal: never negative, with the long tail of real networks.

    mean_s, sd_s: the mean and the standard deviation of the delays themselves, both above 0 seconds.
    """

    mean_s: float
    sd_s: float

    def __post_init__(self) -> None:
        seconds("mean_s", self.mean_s, zero=False)
        seconds("sd_s", self.sd_s, zero=False)

    def _of_logarithm(self) -> tuple[float, float]:
        variance = math.log1p((self.sd_s / self.mean_s) ** 2)
        return math.log(self.mean_s) - variance / 2, math.sqrt(variance)

    def cdf(self, delay_s: float) -> float:
        """The normal law of the logarithm."""
        if delay_s <= 0:
            return 0.0
        mean, sd = self._of_logarithm()
        return math.erfc((mean - math.log(delay_s)) / (sd * math.sqrt(2))) / 2

    def draw(self, generator: np.random.Generator, size: int) -> NDArray[np.float64]:
        """`size` delays in seconds."""
        return generator.lognormal(*self._of_logarithm(), size)
