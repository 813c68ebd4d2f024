"""The fixed timeout: the rule that everybody writes first."""

import math
from dataclasses import dataclass, field, replace
from typing import Self

from lbcore.faults._checks import moment, seconds

__all__ = ["FixedTimeout"]


@dataclass(slots=True, eq=False)
class FixedTimeout:
    """No beat for a set time means failed.

    timeout_s: the longest silence that is forgiven, in seconds. interval_s: the time between two beats, if known; a
    timeout that is not longer than it would fail every node between any two beats, and is a ValueError. The suspicion
    is the silence as a share of the timeout: 1 is the line.

    >>> detector = FixedTimeout(timeout_s=3.0)
    >>> detector.heartbeat(10.0)
    >>> detector.deadline_s, detector.suspicion(11.5), detector.failed(12.9), detector.failed(13.0)
    (13.0, 0.5, False, True)
    """

    timeout_s: float
    interval_s: float | None = None
    _last_s: float = field(default=-math.inf, init=False, repr=False)

    def __post_init__(self) -> None:
        self.timeout_s = seconds("timeout_s", self.timeout_s, zero=False)
        if self.interval_s is not None:
            self.interval_s = seconds("interval_s", self.interval_s, zero=False)
            if self.timeout_s <= self.interval_s:
                raise ValueError(
                    f"timeout_s: {self.timeout_s:g} s is not longer than interval_s, {self.interval_s:g} s: "
                    "every node would fail between two beats"
                )

    @property
    def threshold(self) -> float:
        """1: the whole timeout has passed."""
        return 1.0

    @property
    def deadline_s(self) -> float:
        """The last beat plus the timeout."""
        return self._last_s + self.timeout_s if self._last_s > -math.inf else math.inf

    def heartbeat(self, now_s: float, number: int | None = None) -> None:
        """A beat has arrived."""
        self._last_s = max(self._last_s, moment("now_s", now_s, endless=False))

    def suspicion(self, now_s: float) -> float:
        """The silence so far, as a share of the timeout."""
        now_s = moment("now_s", now_s)
        return max(0.0, now_s - self._last_s) / self.timeout_s if self._last_s > -math.inf else 0.0

    def failed(self, now_s: float) -> bool:
        """Whether the timeout has passed."""
        return moment("now_s", now_s) >= self.deadline_s

    def fresh(self) -> Self:
        """One with the same timeout that has heard nothing yet."""
        return replace(self)
