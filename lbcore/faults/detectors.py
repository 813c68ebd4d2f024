"""Is a node dead, or is its beat only late? Three rules that answer, and one that damps flapping.

A crashed node and a slow network look the same from afar: no beat comes. A detector draws the line. Sooner means more
false alarms, later means a longer outage; no rule escapes that, but a rule that watches how late beats usually are
(phi accrual, Chen) can set its line where it pays.

Every detector here is told the time, and holds neither a clock nor a thread nor a lock: whoever shares one among
threads guards it. Times are seconds on one clock of the receiver's choice; only differences matter. One detector
watches one sender; `fresh()` makes one for the next. A detector that has heard nothing suspects nothing: to notice a
node that never speaks, count the start of watching as its first beat.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, Self, runtime_checkable

from lbcore.faults._checks import count, moment, real, seconds

__all__ = ["Chen", "Detector", "FixedTimeout", "FreshnessPoints", "PhiAccrual", "Rise", "phi_exponential", "phi_normal"]

LN10 = math.log(10)
#: phi = 300 is one chance in 10^300: beyond it a double soon has nothing left between a chance and zero.
MOST_PHI = 300.0


@runtime_checkable
class Detector(Protocol):
    """What a monitor asks of a failure detector: tell it every beat, ask it at any time."""

    @property
    def threshold(self) -> float:
        """The suspicion at which the node counts as failed."""

    @property
    def deadline_s(self) -> float:
        """When the node will count as failed if no further beat comes; infinity before the first beat.

        `failed(now_s)` is `now_s >= deadline_s`, always: a monitor need not poll, it can sleep until then. Where the
        node counts as failed already, this is no later than the present.
        """

    def heartbeat(self, now_s: float, number: int | None = None) -> None:
        """A beat has arrived, at `now_s`. `number` counts the sender's beats from 0, for the rules that use it.

        A time before the last beat's is no news, and changes nothing; NaN is a ValueError.
        """

    def suspicion(self, now_s: float) -> float:
        """How much speaks for a failure, on the rule's own scale; it never falls between two beats."""

    def failed(self, now_s: float) -> bool:
        """Whether the node counts as failed."""

    def fresh(self) -> Self:
        """A detector with the same parameters that has heard nothing yet."""


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


class _Window:
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


@dataclass(slots=True, eq=False)
class PhiAccrual:
    """Suspicion grows with silence, at a pace learnt from the beats so far; phi 8 is one false alarm in 10^8.

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
    _intervals: _Window = field(init=False, repr=False)

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
        self._intervals = _Window(self.window)

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
        """Phi: 1 is a chance of 10 % that this silence is harmless, 2 of 1 %, 8 of 0.000001 %."""
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
    _shifts: _Window = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.interval_s = seconds("interval_s", self.interval_s, zero=False)
        self.margin_s = seconds("margin_s", self.margin_s, zero=False)
        self.window = count("window", self.window)
        self._shifts = _Window(self.window)

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


@dataclass(slots=True, eq=False)
class Rise:
    """A node that failed is taken back only after `rise` beats in a row: a flapping node stays out.

    detector: any of the rules above; it decides what 'in a row' means, for a new failure starts the count again. One
    beat is what the detectors do by themselves. HAProxy's health checks use 2. The suspicion is the detector's, but
    no lower than its threshold while the node is held out.

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
