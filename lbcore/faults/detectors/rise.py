"""A node that flaps stays out: taken back only after several beats in a row."""

import math
from dataclasses import dataclass, field, replace
from typing import Self

from lbcore.faults._checks import count, moment
from lbcore.faults.detectors.detector import Detector

__all__ = ["Rise"]


@dataclass(slots=True, eq=False)
class Rise:
    """A node that failed is taken back only after `rise` beats in a row: a flapping node stays out.

    detector: any of the rules above; it decides what 'in a row' means, for a new failure starts the count again. One
    beat is what the detectors do by themselves. HAProxy's health checks use 2. The suspicion is the detector's, but
    no lower than its threshold while the node is held out.

    >>> from lbcore.faults.detectors import FixedTimeout
    >>> detector = Rise(FixedTimeout(3.0), rise=2)
    >>> detector.heartbeat(0.0)
    >>> detector.failed(5.0)
    True
    >>> detector.heartbeat(10.0)
    >>> detector.failed(10.5), detector.beats_missing
    (True, 1)
    >>> detector.heartbeat(11.0)
    >>> detector.failed(11.5), detector.deadline_s
    (False, 14.0)
    """

    detector: Detector
    rise: int = 2
    _failed_s: float = field(default=math.inf, init=False, repr=False)
    _beats: int = field(default=0, init=False, repr=False)
    _last_s: float = field(default=-math.inf, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.detector, Detector):
            raise TypeError(f"detector: expected a detector, got {self.detector!r}")
        self.rise = count("rise", self.rise)

    @property
    def threshold(self) -> float:
        """The detector's own."""
        return self.detector.threshold

    @property
    def beats_missing(self) -> int:
        """How many beats a node that is held out still needs; 0 where it is not."""
        return self.rise - self._beats if self._failed_s < math.inf else 0

    @property
    def deadline_s(self) -> float:
        """The detector's; while the node is held out, the time at which it failed."""
        return min(self._failed_s, self.detector.deadline_s)

    def heartbeat(self, now_s: float, number: int | None = None) -> None:
        """A beat has arrived: one more of those in a row, or the first where the detector had failed the node."""
        now_s = moment("now_s", now_s, endless=False)
        if now_s < self._last_s:
            return
        before_s = self.detector.deadline_s
        self.detector.heartbeat(now_s, number)
        self._last_s = now_s
        if now_s >= before_s:
            self._failed_s, self._beats = min(self._failed_s, before_s), 0
        if self._failed_s < math.inf:
            # A beat too late to be fresh does not count: the detector must trust the node after it.
            self._beats = 0 if self.detector.failed(now_s) else self._beats + 1
            if self._beats >= self.rise:
                self._failed_s, self._beats = math.inf, 0

    def suspicion(self, now_s: float) -> float:
        """The detector's, and no lower than its threshold while the node is held out."""
        suspicion = self.detector.suspicion(now_s)
        return max(suspicion, self.threshold) if now_s >= self._failed_s else suspicion

    def failed(self, now_s: float) -> bool:
        """Whether the node counts as failed, or is still held out."""
        return moment("now_s", now_s) >= self.deadline_s

    def fresh(self) -> Self:
        """One around a fresh detector."""
        return replace(self, detector=self.detector.fresh())
