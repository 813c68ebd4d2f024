"""When is the next beat due? Foretold from the last ones, or known where the clocks agree.

Source: Chen, Toueg and Aguilera, 'On the quality of service of failure detectors' (2002).
"""

import math
from dataclasses import dataclass, field, replace
from typing import Self

from lbcore.faults._checks import count, moment, real, seconds
from lbcore.faults.detectors.window import Window

__all__ = ["Chen", "FreshnessPoints"]


@dataclass(slots=True, eq=False)
class Chen:
    """When should the next beat come? Foretell it from the last ones, add a margin, and fail the node after that.

    interval_s: the time between two beats at the sender. margin_s: alpha, how late a beat may be. window: how many
    beats the forecast looks at (1000, as in the paper): beat i of the window, sent as number s_i, came at A_i, so
    number k is expected at mean(A_i - s_i interval) + k interval. Unlike the gap between arrivals, the forecast does
    not move with one late beat. The suspicion is the share of the margin used up: 0 until the beat is due, 1 is the
    line. A beat that gives no number counts as the one whose expected time is nearest, but later than the last.

    Source: Chen, Toueg and Aguilera, 'On the quality of service of failure detectors' (2002), algorithm NFD-E.

    >>> detector = Chen(interval_s=1.0, margin_s=0.5)
    >>> for number, arrival_s in enumerate([0.02, 1.04, 2.03]):
    ...     detector.heartbeat(arrival_s, number)
    >>> round(detector.deadline_s, 2), round(detector.suspicion(3.28), 2), detector.failed(3.6)
    (3.53, 0.5, True)
    """

    interval_s: float
    margin_s: float
    window: int = 1000
    _latest: int = field(default=-1, init=False, repr=False)
    _last_s: float = field(default=-math.inf, init=False, repr=False)
    _base_s: float = field(default=0.0, init=False, repr=False)
    _shifts: Window = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.interval_s = seconds("interval_s", self.interval_s, zero=False)
        self.margin_s = seconds("margin_s", self.margin_s, zero=False)
        self.window = count("window", self.window)
        self._shifts = Window(self.window)

    @property
    def threshold(self) -> float:
        """1: the margin is used up."""
        return 1.0

    @property
    def expected_s(self) -> float:
        """When the next beat should come; infinity before the first."""
        if self._latest < 0:
            return math.inf
        return self._base_s + self._shifts.mean_s() + (self._latest + 1) * self.interval_s

    @property
    def deadline_s(self) -> float:
        """The expected arrival of the next beat plus the margin."""
        return self.expected_s + self.margin_s

    def heartbeat(self, now_s: float, number: int | None = None) -> None:
        """A beat has arrived; one with a number no higher than the highest so far is no news."""
        now_s = moment("now_s", now_s, endless=False)
        if number is None:
            late = round((now_s - self.expected_s) / self.interval_s) if self._latest >= 0 else 0
            number = self._latest + 1 + max(0, late)
        number = count("number", number, 0)
        if now_s < self._last_s or number <= self._latest:
            return
        if self._latest < 0:
            self._base_s = now_s - number * self.interval_s
        # Shifts are counted from the first one, so that nanoseconds stay exact however late in time we are.
        self._shifts.add(now_s - number * self.interval_s - self._base_s)
        self._latest, self._last_s = number, now_s

    def suspicion(self, now_s: float) -> float:
        """How much of the margin is used up: 0 until the beat is due."""
        late_s = moment("now_s", now_s) - self.expected_s
        return max(0.0, late_s / self.margin_s) if self._latest >= 0 else 0.0

    def failed(self, now_s: float) -> bool:
        """Whether the beat is later than the margin allows."""
        return moment("now_s", now_s) >= self.deadline_s

    def fresh(self) -> Self:
        """One with the same parameters that has heard nothing yet."""
        return replace(self)


@dataclass(slots=True, eq=False)
class FreshnessPoints:
    """Where both clocks agree, nothing need be foretold: beat k is sent at start + k interval, and due a margin later.

    interval_s, start_s: when the beats are sent. margin_s: delta, from the sending of a beat to the moment after which
    the node counts as failed without it. A beat that gives no number counts as the last one sent by then. It is the
    rule whose quality has a closed form (`quality.nfd_s`).

    Source: Chen, Toueg and Aguilera (2002), algorithm NFD-S.

    >>> detector = FreshnessPoints(interval_s=1.0, margin_s=0.5)
    >>> detector.heartbeat(7.02, 7)
    >>> detector.deadline_s, detector.failed(8.4), detector.failed(8.5)
    (8.5, False, True)
    """

    interval_s: float
    margin_s: float
    start_s: float = 0.0
    _latest: int = field(default=-1, init=False, repr=False)

    def __post_init__(self) -> None:
        self.interval_s = seconds("interval_s", self.interval_s, zero=False)
        self.margin_s = seconds("margin_s", self.margin_s, zero=False)
        self.start_s = real("start_s", self.start_s)

    @property
    def threshold(self) -> float:
        """1: the margin is used up."""
        return 1.0

    @property
    def deadline_s(self) -> float:
        """The freshness point of the next beat."""
        return self._sent_s() + self.margin_s

    def _sent_s(self) -> float:
        return self.start_s + (self._latest + 1) * self.interval_s if self._latest >= 0 else math.inf

    def heartbeat(self, now_s: float, number: int | None = None) -> None:
        """A beat has arrived; one with a number no higher than the highest so far is no news."""
        now_s = moment("now_s", now_s, endless=False)
        if number is None:
            number = max(0, math.floor((now_s - self.start_s) / self.interval_s))
        self._latest = max(self._latest, count("number", number, 0))

    def suspicion(self, now_s: float) -> float:
        """How much of the margin is used up: 0 until the next beat is sent."""
        return max(0.0, (moment("now_s", now_s) - self._sent_s()) / self.margin_s) if self._latest >= 0 else 0.0

    def failed(self, now_s: float) -> bool:
        """Whether the freshness point has passed."""
        return moment("now_s", now_s) >= self.deadline_s

    def fresh(self) -> Self:
        """One with the same parameters that has heard nothing yet."""
        return replace(self)
