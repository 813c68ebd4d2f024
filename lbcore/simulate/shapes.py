"""When requests come, and how long they take: the shapes of time that a simulation can draw.

Each turns into a kind and four numbers for the compiled loop (`constants`). All arithmetic is + - * /, with the
logarithm and exponential of `reference`, so that a seed gives the same times on every platform.
"""

from dataclasses import dataclass
from typing import TypeAlias

from lbcore._checks import real
from lbcore.simulate.reference import exp, ln

Constants: TypeAlias = tuple[str, float, float, float, float]


@dataclass(frozen=True)
class Poisson:
    """Requests that know nothing of each other: the gaps between them are exponential."""

    def constants(self, mean_s: float) -> Constants:
        """For gaps of this mean."""
        return "exponential", mean_s, 0.0, 0.0, 0.0


@dataclass(frozen=True)
class Bursty:
    """Requests in bursts, with silence between: an interrupted Poisson process (Kuczura 1973).

    burst: requests in a burst, in the mean (geometric). peak: how many times as fast as the mean they come in a burst.
    """

    burst: float = 10.0
    peak: float = 5.0

    def __post_init__(self) -> None:
        real("burst", self.burst, 1.0, 1e9)
        real("peak", self.peak, 1.0, 1e9, above=True)

    def constants(self, mean_s: float) -> Constants:
        """For gaps of this mean: every gap is one of a burst, and with odds 1 / burst a pause comes on top."""
        gap = mean_s / self.peak
        return "bursty", mean_s, gap, (mean_s - gap) * self.burst, 1.0 / self.burst


@dataclass(frozen=True)
class Exponential:
    """Service times of which the short ones are the most frequent; the standard deviation is the mean."""

    mean_s: float = 1.0

    def __post_init__(self) -> None:
        real("mean_s", self.mean_s, 1e-12, 1e12)

    def constants(self) -> Constants:
        """For the compiled loop."""
        return "exponential", float(self.mean_s), 0.0, 0.0, 0.0


@dataclass(frozen=True)
class Deterministic:
    """Every request takes the same time."""

    mean_s: float = 1.0

    def __post_init__(self) -> None:
        real("mean_s", self.mean_s, 1e-12, 1e12)

    def constants(self) -> Constants:
        """For the compiled loop."""
        return "constant", float(self.mean_s), 0.0, 0.0, 0.0


@dataclass(frozen=True)
class Pareto:
    """Service times with a heavy tail: most are short, and a few are so long that they make up much of the work.

    The bounded Pareto distribution (Harchol-Balter, 'Performance Modeling and Design of Computer Systems', 2013,
    section 20.4). alpha: the smaller, the heavier the tail; 1.01 to 30. spread: the longest time over the shortest, at
    most 1e9.
    """

    mean_s: float = 1.0
    alpha: float = 1.5
    spread: float = 1e4

    def __post_init__(self) -> None:
        real("mean_s", self.mean_s, 1e-12, 1e12)
        real("alpha", self.alpha, 1.01, 30.0)
        real("spread", self.spread, 1.0, 1e9, above=True)

    @property
    def shortest_s(self) -> float:
        """The shortest time; the longest is `spread` times that."""
        return self.mean_s / self._moment(1)

    @property
    def squared_variation(self) -> float:
        """The variance over the squared mean; 1 for exponential times."""
        return self._moment(2) / self._moment(1) ** 2 - 1.0

    def _moment(self, k: int) -> float:
        """E[X^k] where the shortest time is 1."""
        log, odds = ln(self.spread), 1.0 - 1.0 / exp(self.alpha * ln(self.spread))
        if self.alpha == k:
            return self.alpha * log / odds
        rest = 1.0 / exp((self.alpha - k) * log) if self.alpha > k else exp((k - self.alpha) * log)
        return self.alpha / (self.alpha - k) * (1.0 - rest) / odds

    def constants(self) -> Constants:
        """For the compiled loop."""
        odds = 1.0 - 1.0 / exp(self.alpha * ln(self.spread))
        return "pareto", float(self.mean_s), self.shortest_s, odds, 1.0 / self.alpha


Arrivals: TypeAlias = Poisson | Bursty
Service: TypeAlias = Exponential | Deterministic | Pareto
