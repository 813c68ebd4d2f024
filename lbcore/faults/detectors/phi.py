"""Phi accrual: how unlikely is this silence, by what has been heard so far?

Source: Hayashibara and others, 'The phi accrual failure detector' (2004); Akka and Cassandra, which differ.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from lbcore.faults._checks import count, moment, real, seconds
from lbcore.faults.detectors.window import Window

__all__ = ["PhiAccrual", "phi_exponential", "phi_normal"]

LN10 = math.log(10)
#: phi = 300 is one chance in 10^300: beyond it a double soon has nothing left between a chance and zero.
MOST_PHI = 300.0


def phi_normal(elapsed_s: float, mean_s: float, sd_s: float) -> float:
    """-log10 of the chance that a beat comes after `elapsed_s` or later, for normal intervals between beats.

    The normal law is approximated by a logistic curve, as in Akka: with y = (elapsed - mean) / sd, the chance is
    e / (1 + e), e = exp(-y (1.5976 + 0.070566 y^2)); it is off by 0.00014 at most near y = 3.16. Each side of the mean
    has its own form of the same formula, because e overflows far below the mean; far above, where e is smaller than
    any double, phi is infinite.

    Source: Hayashibara and others, 'The phi accrual failure detector' (2004); Akka, PhiAccrualFailureDetector.

    >>> [round(phi_normal(t, 1000, 100), 2) for t in (500, 1000, 1200, 1400, 1600, 1700)]
    [0.0, 0.3, 1.64, 4.74, 10.78, 15.37]
    >>> phi_normal(-1e9, 1000, 100), phi_normal(1e9, 1000, 100)
    (0.0, inf)
    """
    y = (elapsed_s - mean_s) / sd_s
    power = y * (1.5976 + 0.070566 * y * y)
    if power <= 0:
        return math.log1p(math.exp(power)) / LN10
    e = math.exp(-power)
    return (power + math.log1p(e)) / LN10 if e > 0 else math.inf


def _reach(threshold: float) -> float:
    """The y at which phi_normal reaches the threshold: the one real root of a rising cubic, by Vieta and sinh."""
    power = LN10 * threshold + math.log(-math.expm1(-LN10 * threshold))
    p, q = 1.5976 / 0.070566, power / 0.070566
    scale = 2 * math.sqrt(p / 3)
    return scale * math.sinh(math.asinh(3 * q / (p * scale)) / 3)


def phi_exponential(elapsed_s: float, mean_s: float) -> float:
    """-log10 of the chance that a beat comes after `elapsed_s` or later, for exponential intervals: 0.434 t / mean.

    Source: Cassandra, gms.FailureDetector; ticket CASSANDRA-2597 has the mathematics.

    >>> round(phi_exponential(18.42, 1.0), 3)
    8.0
    """
    return elapsed_s / (mean_s * LN10)


@dataclass(slots=True, eq=False)
class PhiAccrual:
    """Suspicion grows with silence, at a pace learnt from the beats so far.

    Phi 8 says that one gap in 10^8 between two beats of a living node lasts so long, if gaps follow the law below.
    Where beats get lost they do not: without a pause, each lost beat can be a false alarm, as its gap is not learnt.

    threshold: the phi at which the node counts as failed, above 0 and at most 300. window: how many intervals are
    kept. form: the law the intervals are taken to follow.

    - "normal", as in Akka: `min_sd_s` (0.1) keeps very regular beats from making it nervous; `pause_s` (3) is added to
      the mean, to forgive that much; it starts from two made-up intervals, `first_interval_s` (1) less and more a
      quarter. The interval that ends a failure is not learnt: a long pause would blunt the rule.
    - "exponential", as in Cassandra: the first beat counts as an interval of `first_interval_s` (2); an interval longer
      than `longest_s` (the same) is not learnt. Phi 8 is 18.42 mean intervals. It has no min_sd_s and no pause_s, and
      the normal form has no longest_s: to give one where it means nothing is a ValueError.

    >>> akka = PhiAccrual()
    >>> for beat in range(60):
    ...     akka.heartbeat(beat * 1.0)
    >>> round(akka.deadline_s - 59, 2), akka.failed(62.0), akka.failed(63.6)
    (4.52, False, True)
    >>> cassandra = PhiAccrual(form="exponential")
    >>> for beat in range(2000):
    ...     cassandra.heartbeat(beat * 1.0)
    >>> round(cassandra.deadline_s - 1999, 2)
    18.42
    """

    threshold: float = 8.0
    form: Literal["normal", "exponential"] = "normal"
    window: int = 1000
    min_sd_s: float | None = None
    pause_s: float | None = None
    first_interval_s: float | None = None
    longest_s: float | None = None
    _last_s: float = field(default=-math.inf, init=False, repr=False)
    _deadline_s: float = field(default=math.inf, init=False, repr=False)
    _reach: float = field(default=0.0, init=False, repr=False)
    _intervals: Window = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.threshold = real("threshold", self.threshold, 0.0, MOST_PHI, above=True)
        self.window = count("window", self.window)
        if self.form == "normal":
            if self.longest_s is not None:
                raise ValueError("longest_s: only the exponential form has one")
            self.min_sd_s = seconds("min_sd_s", 0.1 if self.min_sd_s is None else self.min_sd_s, zero=False)
            self.pause_s = seconds("pause_s", 3.0 if self.pause_s is None else self.pause_s)
            first_s = 1.0 if self.first_interval_s is None else self.first_interval_s
            self.first_interval_s = seconds("first_interval_s", first_s, zero=False)
            self._reach = _reach(self.threshold)
        elif self.form == "exponential":
            for name in ("min_sd_s", "pause_s"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name}: the exponential form has none")
            first_s = 2.0 if self.first_interval_s is None else self.first_interval_s
            self.first_interval_s = seconds("first_interval_s", first_s, zero=False)
            longest_s = self.first_interval_s if self.longest_s is None else self.longest_s
            self.longest_s = seconds("longest_s", longest_s, zero=False, endless=True)
        else:
            raise ValueError(f"form: {self.form!r} is not 'normal' or 'exponential'")
        self._intervals = Window(self.window)

    @property
    def deadline_s(self) -> float:
        """When phi will reach the threshold."""
        return self._deadline_s

    @property
    def mean_s(self) -> float:
        """The mean interval learnt so far, without the pause; NaN before the first beat."""
        return self._intervals.mean_s() if self._last_s > -math.inf else math.nan

    @property
    def sd_s(self) -> float:
        """The standard deviation in use, in seconds; NaN before the first beat."""
        if self._last_s == -math.inf:
            return math.nan
        return self._intervals.sd_s() if self.min_sd_s is None else max(self._intervals.sd_s(), self.min_sd_s)

    def heartbeat(self, now_s: float, number: int | None = None) -> None:
        """A beat has arrived: the interval since the last one is learnt."""
        now_s = moment("now_s", now_s, endless=False)
        if now_s < self._last_s:
            return
        self._learn(now_s)
        self._last_s = now_s
        if self.form == "normal":
            assert self.pause_s is not None
            self._deadline_s = now_s + self.mean_s + self.pause_s + self._reach * self.sd_s
        else:
            self._deadline_s = now_s + self.threshold * LN10 * self.mean_s

    def _learn(self, now_s: float) -> None:
        assert self.first_interval_s is not None
        if self._last_s == -math.inf:
            if self.form == "normal":
                self._intervals.add(self.first_interval_s * 0.75)
                self._intervals.add(self.first_interval_s * 1.25)
            else:
                self._intervals.add(self.first_interval_s)
        elif self.form == "normal":
            if not self.failed(now_s):
                self._intervals.add(now_s - self._last_s)
        elif self.longest_s is not None and now_s - self._last_s <= self.longest_s:
            self._intervals.add(now_s - self._last_s)

    def suspicion(self, now_s: float) -> float:
        """Phi: by the law learnt, one gap of a living node in 10^phi lasts so long."""
        elapsed_s = max(0.0, moment("now_s", now_s) - self._last_s)
        if self._last_s == -math.inf:
            return 0.0
        if self.pause_s is None:
            return phi_exponential(elapsed_s, self.mean_s)
        return phi_normal(elapsed_s, self.mean_s + self.pause_s, self.sd_s)

    def failed(self, now_s: float) -> bool:
        """Whether phi has reached the threshold."""
        return moment("now_s", now_s) >= self._deadline_s

    def fresh(self) -> Self:
        """One with the same parameters that has learnt nothing yet."""
        return replace(self)
