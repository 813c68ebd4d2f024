"""How good is a failure detector? Detection time, mistakes and accuracy: by formula where there is one, and measured.

Four figures say it (Chen, Toueg and Aguilera, 'On the quality of service of failure detectors', 2002): the detection
time, from a crash to the moment the node counts as failed for good; the mistake recurrence time, from the start of one
false alarm to the start of the next; the mistake duration; and the query accuracy, the share of its life for which a
node is rightly trusted. Everything here is a function of its arguments and a seed. (Longer than 300 lines: the four
figures by formula and as measured, side by side.)
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.faults._checks import Seed, count, moment, real, seconds, seed_bits
from lbcore.faults.delays import Delay, ExponentialDelay
from lbcore.faults.detectors import Detector

__all__ = [
    "Beats",
    "Delay",
    "ExponentialDelay",
    "Mistakes",
    "Quality",
    "beats",
    "detection_times_s",
    "fixed_timeout_detection_s",
    "fixed_timeout_mistakes",
    "measure",
    "nfd_s",
]


@dataclass(frozen=True, slots=True)
class Mistakes:
    """What theory says of false alarms. recurrence_s: mean time from one to the next; duration_s: mean length.

    accuracy: the share of its life for which a node is trusted. All three in the long run.
    """

    recurrence_s: float
    duration_s: float
    accuracy: float


def fixed_timeout_detection_s(timeout_s: float, interval_s: float, check_s: float = 0.0, delay_s: float = 0.0) -> float:
    """The mean time from a crash to its detection by a fixed timeout: timeout - interval / 2 + check / 2 + delay.

    The crash is uniform between two beats: the last beat left interval / 2 before it, on average. check_s: how often
    the monitor looks; 0 where it sleeps until the deadline. delay_s: the mean delay of a beat. All in seconds.

    >>> fixed_timeout_detection_s(3.0, 1.0, check_s=0.5, delay_s=0.02)
    2.77
    """
    timeout_s = seconds("timeout_s", timeout_s, zero=False)
    interval_s = seconds("interval_s", interval_s, zero=False)
    if timeout_s <= interval_s:
        raise ValueError(f"timeout_s: {timeout_s:g} s is not longer than interval_s, {interval_s:g} s")
    return timeout_s - interval_s / 2 + seconds("check_s", check_s) / 2 + seconds("delay_s", delay_s)


def fixed_timeout_mistakes(timeout_s: float, interval_s: float, loss: float) -> Mistakes:
    """The false alarms of a fixed timeout where beats are lost, each with chance `loss`, and none is delayed.

    With m beats due within the timeout, an alarm needs m losses in a row after a beat that came: recurrence is
    interval / ((1 - loss) loss^m). It lasts from the timeout to the next beat that comes. Where the timeout is a
    multiple of the interval, a beat that comes at the very deadline is in time.

    >>> law = fixed_timeout_mistakes(2.5, 1.0, 0.1)
    >>> round(law.recurrence_s, 1), round(law.duration_s, 4), round(law.accuracy, 4)
    (111.1, 0.6111, 0.9945)
    """
    timeout_s = seconds("timeout_s", timeout_s, zero=False)
    interval_s = seconds("interval_s", interval_s, zero=False)
    loss = real("loss", loss, 0.0, 1.0)
    if timeout_s < interval_s:
        raise ValueError(f"timeout_s: {timeout_s:g} s is shorter than interval_s, {interval_s:g} s")
    due = math.floor(timeout_s / interval_s + 1e-9)
    alarm = (1 - loss) * loss**due
    if alarm == 0:
        return Mistakes(math.inf, math.nan, 1.0 if loss < 1 else 0.0)
    duration_s = (due + 1 / (1 - loss)) * interval_s - timeout_s
    recurrence_s = interval_s / alarm
    return Mistakes(recurrence_s, duration_s, 1 - duration_s / recurrence_s)


def nfd_s(interval_s: float, margin_s: float, loss: float, delay_cdf: Callable[[float], float]) -> Mistakes:
    """The false alarms of `FreshnessPoints`, from the chance that a beat is lost and the law of its delay.

    interval_s, margin_s: eta and delta of the paper, in seconds; the detection time is at most their sum. loss: p_L.
    delay_cdf(x): the chance of a delay of at most x seconds, continuous but for a jump or two. With
    p_j(x) = p_L + (1 - p_L) Pr(D > delta + x - j eta) and k = ceil(delta / eta), u(x) = p_0(x) ... p_k(x) is the
    chance to be suspected x after a freshness point, and p_s = (1 - p_L) Pr(D < delta + eta) u(0) that to begin there.

    Source: Chen, Toueg and Aguilera (2002), theorem 5.

    >>> law = nfd_s(1.0, 0.5, 0.01, ExponentialDelay(0.02).cdf)
    >>> round(law.recurrence_s, 2), round(law.duration_s, 4), round(law.accuracy, 6)
    (101.01, 0.5301, 0.994752)
    """
    eta = seconds("interval_s", interval_s, zero=False)
    delta = seconds("margin_s", margin_s)
    loss = real("loss", loss, 0.0, 1.0)
    k = math.ceil(delta / eta)

    def u(x: float) -> float:
        return math.prod(loss + (1 - loss) * (1 - delay_cdf(delta + x - j * eta)) for j in range(k + 1))

    begins = (1 - loss) * delay_cdf(delta + eta) * u(0.0)
    # Beat k is sent inside this stretch: u has a corner there, so each side is integrated for itself.
    corner = k * eta - delta
    suspected_s = _integral(u, 0.0, corner) + _integral(u, corner, eta)
    if begins <= 0:
        return Mistakes(math.inf, math.nan, 1 - suspected_s / eta)
    return Mistakes(eta / begins, suspected_s / begins, 1 - suspected_s / eta)


def _integral(f: Callable[[float], float], low: float, high: float, panels: int = 64) -> float:
    """Gauss and Legendre's rule of 8 points on each of `panels` equal panels."""
    points, weights = np.polynomial.legendre.leggauss(8)
    half = (high - low) / panels / 2
    middles = low + half * (2 * np.arange(panels) + 1)
    return half * float(sum(w * f(float(m + half * p)) for m in middles for p, w in zip(points, weights, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """A stream of beats as the receiver sees it: arrival times in order, in seconds, and each beat's number."""

    arrivals_s: NDArray[np.float64]
    numbers: NDArray[np.int64]


def beats(interval_s: float, number: int, *, loss: float = 0.0, delay: Delay | None = None, seed: Seed = None) -> Beats:
    """Send `number` beats, beat i at i * interval; lose each with chance `loss`, delay the others; sort by arrival.

    delay: a law with `draw`, `ExponentialDelay` or your own; None is no delay. seed: an int, a Generator, or None.

    >>> beats(1.0, 5, loss=0.4, seed=3).numbers
    array([2, 3])
    """
    interval_s = seconds("interval_s", interval_s, zero=False)
    number = count("number", number)
    loss = real("loss", loss, 0.0, 1.0)
    generator = np.random.default_rng(seed_bits(seed))
    kept = np.flatnonzero(generator.random(number) >= loss)
    arrivals_s: NDArray[np.float64] = kept * np.float64(interval_s)
    if delay is not None:
        arrivals_s = arrivals_s + delay.draw(generator, number)[kept]
    order = np.argsort(arrivals_s, kind="stable")
    return Beats(arrivals_s[order], kept[order])


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """What a detector did over one stream of beats. Times are seconds.

    alive_s: how long the node was watched alive. mistake_starts_s, mistake_durations_s: its false alarms; one still
    standing at the crash or the end is cut off there. detection_s: from the crash to the final suspicion, 0 where it
    was suspected already; NaN where it did not crash.
    """

    alive_s: float
    mistake_starts_s: NDArray[np.float64]
    mistake_durations_s: NDArray[np.float64]
    detection_s: float

    @property
    def mistakes(self) -> int:
        """How many false alarms."""
        return len(self.mistake_starts_s)

    @property
    def recurrence_s(self) -> float:
        """Mean time from the start of one false alarm to the start of the next; infinity with fewer than two."""
        starts = self.mistake_starts_s
        return float(starts[-1] - starts[0]) / (len(starts) - 1) if len(starts) > 1 else math.inf

    @property
    def rate_per_s(self) -> float:
        """False alarms per second of life."""
        return self.mistakes / self.alive_s

    @property
    def duration_s(self) -> float:
        """Mean length of a false alarm; NaN where there was none."""
        return float(self.mistake_durations_s.mean()) if self.mistakes else math.nan

    @property
    def accuracy(self) -> float:
        """The share of its life for which the node was trusted."""
        return 1.0 - float(self.mistake_durations_s.sum()) / self.alive_s


def measure(
    detector: Detector,
    arrivals_s: ArrayLike,
    *,
    numbers: Sequence[int] | NDArray[np.int64] | None = None,
    from_s: float | None = None,
    crash_s: float | None = None,
    until_s: float | None = None,
) -> Quality:
    """Feed a stream of arrivals to a fresh copy of the detector and say how good it was, to the last nanosecond.

    arrivals_s: when beats arrive, in order, in seconds; numbers: their sequence numbers, if they carry them. from_s:
    where the count begins, the first arrival by default; what the detector learns before that is its own affair.
    crash_s: when the node died; arrivals after it are beats that were under way. until_s: where the count ends for a
    node that did not crash, the last arrival by default. Nothing is polled: suspicion begins at the deadline itself.

    >>> from lbcore.faults.detectors import FixedTimeout
    >>> quality = measure(FixedTimeout(1.5), [0, 1, 2, 5, 6], crash_s=6.5)
    >>> quality.mistakes, quality.duration_s, quality.accuracy, quality.detection_s
    (1, 1.5, 0.7692307692307692, 1.0)
    """
    times = np.asarray(arrivals_s, dtype=np.float64)
    if times.ndim != 1 or len(times) == 0:
        raise ValueError("arrivals_s: expected a list of times with at least one in it")
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ValueError("arrivals_s: times must be finite and in order")
    which: list[int | None] = [None] * len(times) if numbers is None else [int(n) for n in numbers]
    if len(which) != len(times):
        raise ValueError(f"numbers: {len(which):,} numbers for {len(times):,} arrivals")
    if crash_s is not None and until_s is not None:
        raise ValueError("until_s: a node that crashes is watched alive until crash_s; give one of the two")
    begin_s = float(times[0]) if from_s is None else moment("from_s", from_s, endless=False)
    end_s = float(times[-1]) if until_s is None else moment("until_s", until_s, endless=False)
    end_s = end_s if crash_s is None else moment("crash_s", crash_s, endless=False)
    if not end_s > begin_s:
        raise ValueError(f"from_s: the count begins at {begin_s:g} s and ends at {end_s:g} s: nothing to watch")

    detector = detector.fresh()
    since_s = math.inf  # since when the node is suspected; infinity while it is trusted
    spans: list[tuple[float, float]] = []
    for now_s, number in zip(times.tolist(), which, strict=True):
        since_s = min(since_s, detector.deadline_s)
        if now_s > end_s and crash_s is None:
            break
        detector.heartbeat(now_s, number)
        if not detector.failed(now_s):
            if since_s < now_s:
                spans.append((since_s, now_s))
            since_s = math.inf
        else:
            since_s = min(since_s, now_s)
    since_s = min(since_s, detector.deadline_s)
    spans.append((since_s, math.inf))

    alive = [(max(start, begin_s), min(stop, end_s)) for start, stop in spans if start < end_s and stop > begin_s]
    return Quality(
        end_s - begin_s,
        np.array([start for start, _ in alive]),
        np.array([stop - start for start, stop in alive]),
        math.nan if crash_s is None else max(0.0, since_s - end_s),
    )


def detection_times_s(
    detector: Detector,
    trials: int,
    *,
    interval_s: float,
    loss: float = 0.0,
    delay: Delay | None = None,
    check_s: float = 0.0,
    warm_up: int = 20,
    seed: Seed = None,
) -> NDArray[np.float64]:
    """Let a node crash `trials` times, each at a uniform moment between two beats, and say how long it took to see it.

    Before each crash the detector hears `warm_up` beats, afresh. check_s: the monitor looks every check_s seconds,
    beginning at a random moment; 0 where it sleeps until the deadline. Times are seconds from crash to detection, 0
    where the node was suspected already, NaN in a trial in which every beat was lost.

    >>> from lbcore.faults.detectors import FixedTimeout
    >>> times_s = detection_times_s(FixedTimeout(3.0), 1000, interval_s=1.0, seed=1)
    >>> bool(times_s.min() >= 2.0 and times_s.max() <= 3.0), round(float(times_s.mean()), 1)
    (True, 2.5)
    """
    trials, warm_up = count("trials", trials), count("warm_up", warm_up)
    interval_s = seconds("interval_s", interval_s, zero=False)
    check_s = seconds("check_s", check_s)
    generator = np.random.default_rng(seed_bits(seed))
    found = np.full(trials, math.nan)
    for trial in range(trials):
        stream = beats(interval_s, warm_up, loss=loss, delay=delay, seed=generator)
        crash_s = (warm_up - 1 + generator.random()) * interval_s
        look_s = generator.random() * check_s
        one = detector.fresh()
        since_s = math.inf
        for now_s, number in zip(stream.arrivals_s.tolist(), stream.numbers.tolist(), strict=True):
            since_s = min(since_s, one.deadline_s)
            one.heartbeat(now_s, number)
            since_s = min(since_s, now_s) if one.failed(now_s) else math.inf
        if len(stream.numbers):
            since_s = min(since_s, one.deadline_s)
            if check_s > 0:
                since_s = look_s + math.ceil((since_s - look_s) / check_s) * check_s
            found[trial] = max(0.0, since_s - crash_s)
    return found
