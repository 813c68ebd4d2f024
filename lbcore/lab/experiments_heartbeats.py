"""The experiments of lesson 07: beats that are lost, late or never sent, and the line that a monitor draws."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbcore.faults import (
    Beat,
    Chen,
    Clock,
    Crash,
    Cut,
    Detector,
    ExponentialDelay,
    Fault,
    FaultPlan,
    FixedTimeout,
    Heartbeats,
    LognormalDelay,
    Network,
    Pause,
    PhiAccrual,
    VirtualClock,
)
from lbcore.faults._checks import real, seconds
from lbcore.faults.quality import beats, detection_times_s, fixed_timeout_detection_s, fixed_timeout_mistakes
from lbcore.lab.inputs import number
from lbcore.lab.results import Numbers
from lbcore.lab.results_heartbeats import (
    Detection,
    Raster,
    Silence,
    Silences,
    Span,
    TradeOff,
    TradeOffRow,
    Weather,
    WeatherRow,
)
from lbcore.lab.rules_heartbeats import THRESHOLDS, WARM_UP, label, rule_of, scale_of

__all__ = ["beating", "detection", "raster", "silences", "tradeoff", "weather"]

#: Where each rule's trade-off curve is measured.
SWEEPS: dict[type, tuple[float, ...]] = {
    FixedTimeout: (1.15, 1.4, 1.7, 1.9, 2.1, 2.4, 2.7, 2.9, 3.1, 3.4, 3.7, 3.9),
    Chen: (0.15, 0.4, 0.7, 0.9, 1.1, 1.4, 1.7, 1.9, 2.1, 2.4, 2.7, 2.9),
    PhiAccrual: (0.5, 0.8, 1.2, 1.8, 2.5, 3.5, 5.0, 7.0, 9.0, 12.0, 16.0),
}
CALM, STORM = ExponentialDelay(0.02), LognormalDelay(1.0, 1.0)

Report = Callable[..., None]


def detection(
    timeout_s: float = 3.0,
    *,
    interval_s: float = 1.0,
    check_s: float = 0.0,
    delay_s: float = 0.0,
    crashes: int = 400,
    seed: int = 7,
) -> Detection:
    """Let a node die `crashes` times, each at a random moment between two beats: how long until a timeout notices.

    check_s: how often the monitor looks; 0 where it sleeps until the deadline. delay_s: the mean delay of a beat.
    """
    crashes, seed = number("crashes", crashes, 1, 20_000), number("seed", seed, 0, 2**63)
    expected_s = fixed_timeout_detection_s(timeout_s, interval_s, check_s, delay_s)
    rule, delay = FixedTimeout(timeout_s), ExponentialDelay(delay_s)
    found = detection_times_s(rule, crashes, interval_s=interval_s, check_s=check_s, delay=delay, warm_up=2, seed=seed)
    return Detection(float(timeout_s), float(interval_s), float(check_s), float(delay_s), found, expected_s, seed)


def raster(
    detector: Any,
    *,
    nodes: int = 3,
    seconds: int = 40,
    loss: float = 0.1,
    delay_s: float = 0.05,
    crash_s: float = 32.4,
    seed: int = 7,
) -> Raster:
    """Node threads that beat once a second to a monitor, on simulated time; the first node dies at `crash_s`.

    detector: one of lbcore's, or an object of a student's with `heartbeat(now_s)` and `timeout_s()`. delay_s: the mean
    of exponential delays.
    """
    nodes, until_s = number("nodes", nodes, 1, 8), number("seconds", seconds, 5, 120)
    seed = number("seed", seed, 0, 2**63)
    clock = VirtualClock(seed)
    network = Network(clock, delay=ExponentialDelay(delay_s), loss=loss, seed=seed)
    crash = Crash("node-0", crash_s)
    return clock.run(_raster, clock, network, rule_of(detector), nodes, 1.0, crash, float(until_s), seed, None)


def beating(clock: Clock, report: Report, detector: Any, nodes: int = 4, until_s: float = 8.0) -> Raster:
    """The threads of `raster` inside any clock, and quicker: four beats a second, and 5 % of them lost."""
    start_s = clock.now()
    network = Network(clock, delay=ExponentialDelay(0.01), loss=0.05, seed=7)
    crash = Crash("node-0", start_s + 0.6 * until_s)
    return _raster(clock, network, rule_of(detector), nodes, 0.25, crash, until_s, 7, report)


def _raster(
    clock: Clock,
    network: Network,
    detector: Detector,
    nodes: int,
    interval_s: float,
    crash: Crash,
    until_s: float,
    seed: int,
    report: Report | None,
) -> Raster:
    """Inside the clock's run: what the monitor has heard after `until_s`; `report` is told on the way there."""
    names = [f"node-{node}" for node in range(nodes)]
    plan = FaultPlan(crash)
    watch = Heartbeats(clock, names, detector, interval_s=interval_s, network=network, plan=plan, record=True)
    start_s = clock.now()
    watch.start()
    if report is not None:
        while (done_s := clock.now() - start_s) < until_s:
            clock.sleep(min(0.2, until_s - done_s))
            now_s = min(clock.now() - start_s, until_s)
            report(now_s / until_s, _seen(watch, detector, crash, start_s, now_s, until_s, seed))
    else:
        clock.sleep(until_s)
    watch.stop()
    return _seen(watch, detector, crash, start_s, until_s, until_s, seed)


def _seen(
    watch: Heartbeats, detector: Detector, crash: Crash, start_s: float, until_s: float, whole_s: float, seed: int
) -> Raster:
    """What the monitor has heard by now; every time counts from the start."""
    # Other threads may add to these lists meanwhile.
    sent, changes = list(watch.beats), list(watch.changes)
    # Neither what is not sent yet nor what is still under way.
    here = [beat for beat in sent if beat.sent_s <= start_s + until_s and not beat.arrived_s > start_s + until_s]
    rows: list[list[Beat]] = [[beat for beat in here if beat.node == node] for node in watch.nodes]
    lost = [np.array([beat.sent_s for beat in row if math.isnan(beat.arrived_s)]) for row in rows]
    heard = [sorted((b.arrived_s - start_s, b.number) for b in row if not math.isnan(b.arrived_s)) for row in rows]
    spans = []
    for node in watch.nodes:
        edges = [c.time_s - start_s for c in changes if c.node == node and c.time_s - start_s < until_s]
        edges += [until_s] * (len(edges) % 2)
        spans.append(tuple(zip(edges[::2], edges[1::2], strict=True)))
    at_s, levels = _suspicion(detector, heard[0], until_s)
    return Raster(
        label(detector),
        scale_of(detector),
        detector.threshold,
        watch.nodes,
        tuple(np.array([at_s for at_s, _ in row]) for row in heard),
        tuple(row - start_s for row in lost),
        tuple(spans),
        at_s,
        levels,
        crash.at_s - start_s,
        until_s,
        whole_s,
        not isinstance(watch.clock, VirtualClock),
        seed,
    )


def _suspicion(detector: Detector, heard: list[tuple[float, int]], until_s: float) -> tuple[Numbers, Numbers]:
    """The suspicion over time of a monitor that hears these beats: looked at between any two, and at the deadline."""
    rule, at_s, levels = detector.fresh(), [], []
    rule.heartbeat(0.0)  # the start of watching stands for the first beat, until one comes
    for at, (next_s, beat) in enumerate([*heard, (until_s, 0)]):
        now_s = heard[at - 1][0] if at else 0.0
        looks = np.linspace(now_s, max(now_s, next_s), 12).tolist()
        if now_s < rule.deadline_s < next_s:
            looks = sorted([*looks, rule.deadline_s])
        at_s += looks
        levels += [rule.suspicion(look) for look in looks]
        rule = rule if at else detector.fresh()
        rule.heartbeat(next_s, beat)
    return np.array(at_s), np.array(levels)


def tradeoff(
    detectors: Any, *, loss: float = 0.1, delay_s: float = 0.02, beats: int = 10_000, seed: int = 7
) -> TradeOff:
    """Mean detection time and false alarms an hour as each rule's threshold moves; the threshold given is marked.

    detectors: one of FixedTimeout, Chen and PhiAccrual, or a list of them. A node beats once a second, `beats` times.
    """
    rules = list(detectors) if isinstance(detectors, (list, tuple)) else [detectors]
    loss, delay_s = real("loss", loss, 0.0, 0.9), seconds("delay_s", delay_s)
    count, seed = number("beats", beats, 100, 100_000), number("seed", seed, 0, 2**63)
    for rule in rules:
        if type(rule) not in SWEEPS:
            raise TypeError(f"detectors: {rule!r} is no FixedTimeout, Chen or PhiAccrual")
    if not rules:
        raise ValueError("detectors: give at least one")
    rows, theory, missed = [], None, None
    for rule in rules:
        name, values = THRESHOLDS[type(rule)], SWEEPS[type(rule)]
        curve = [_point(repr(replace(rule, **{name: value})), loss, delay_s, count, seed) for value in values]
        here = _point(repr(rule), loss, delay_s, count, seed)
        soon_s, hourly = np.array(curve).T
        rows.append(TradeOffRow(label(rule), soon_s, hourly, here))
        if isinstance(rule, FixedTimeout):
            times_s = np.arange(101, 400) / 100
            rates = [3600 / fixed_timeout_mistakes(float(t), 1.0, loss).recurrence_s for t in times_s]
            theory = (np.array([_expected_s(float(t), loss) for t in times_s]) + delay_s, np.array(rates))
            missed = math.floor(rule.timeout_s) - 1
    return TradeOff(tuple(rows), theory, missed, loss, delay_s, count / 3600, seed)


def _expected_s(timeout_s: float, loss: float) -> float:
    """The mean detection time of a fixed timeout where each beat is lost with chance `loss`, and none is late.

    The last j beats were lost with chance (1 - loss) loss^j: then only timeout - j is left when the last one is sent.
    A death that comes while the node counts as failed already is noticed at once.
    """
    lost = np.arange(math.ceil(timeout_s) + 1)
    return float(((1 - loss) * loss**lost * _left_s(timeout_s - lost)).sum())


def _left_s(left_s: Any) -> Numbers:
    """The mean of max(0, left - x) over x from 0 to 1: a crash is uniform between two beats."""
    mean_s: Numbers = np.where(left_s >= 1.0, left_s - 0.5, np.maximum(left_s, 0.0) ** 2 / 2)
    return mean_s


@lru_cache(maxsize=256)
def _point(rule: str, loss: float, delay_s: float, count: int, seed: int) -> tuple[float, float]:
    """The mean detection time and the false alarms an hour of a rule, given as its repr, in one stream of beats."""
    detector: Detector = eval(rule, {"FixedTimeout": FixedTimeout, "Chen": Chen, "PhiAccrual": PhiAccrual})
    stream = beats(1.0, count, loss=loss, delay=ExponentialDelay(delay_s), seed=seed)
    deadlines_s, false = _replay(detector, stream.arrivals_s, stream.numbers)
    # A crash at a moment of the second after beat i was sent: the deadline stands as the last beat until then left it.
    latest = np.maximum.accumulate(np.bincount(stream.numbers, np.arange(len(stream.numbers)), minlength=count))
    left_s = deadlines_s[latest.astype(np.int64)] - np.arange(count)
    return float(_left_s(left_s[WARM_UP:]).mean()), float(false.sum()) * 3600 / count


def _replay(detector: Detector, arrivals_s: Numbers, numbers: NDArray[np.int64]) -> tuple[Numbers, Any]:
    """The deadline after each arrival, and whether the next one came after it."""
    rule = detector.fresh()
    deadlines_s = np.empty(len(arrivals_s))
    for i, (now_s, beat) in enumerate(zip(arrivals_s.tolist(), numbers.tolist(), strict=True)):
        rule.heartbeat(now_s, beat)
        deadlines_s[i] = rule.deadline_s
    late = np.append(arrivals_s[1:] > deadlines_s[:-1], False)
    return deadlines_s, late


def weather(detectors: Any, *, minutes: int = 5, seed: int = 7) -> Weather:
    """A node that never dies beats once a second: `minutes` through a calm network, and as long through a storm.

    detectors: one or several, of lbcore's or a student's. In the calm a beat is late by 0.02 s in the mean, in the
    storm by 1 s, and sometimes by several; none is lost.
    """
    rules = [rule_of(one) for one in (detectors if isinstance(detectors, (list, tuple)) else [detectors])]
    if not rules:
        raise ValueError("detectors: give at least one")
    half, seed = 60 * number("minutes", minutes, 2, 60), number("seed", seed, 0, 2**63)
    generator = np.random.default_rng(seed)
    late_s = np.concatenate([CALM.draw(generator, half), STORM.draw(generator, half)])
    arrivals_s = np.arange(2 * half) + late_s
    order = np.argsort(arrivals_s, kind="stable")
    arrivals_s = arrivals_s[order]
    rows = []
    for rule in rules:
        deadlines_s, false = _replay(rule, arrivals_s, order)
        rows.append(WeatherRow(label(rule), (deadlines_s - arrivals_s)[:-1], np.flatnonzero(false)))
    return Weather(arrivals_s[:-1], np.diff(arrivals_s), float(half), tuple(rows), seed)


def silences(seconds: int = 30, *, timeout_s: float = 3.0, from_s: float = 10.5, for_s: float = 10.0) -> Silences:
    """Three nodes fall silent at `from_s`: one pauses, one is cut off, one dies. Watched for `seconds`, on threads."""
    until_s = number("seconds", seconds, 1, 60)
    faults: dict[str, Fault] = {
        "paused": Pause("node", from_s, for_s),
        "cut off": Cut(frozenset(["node"]), frozenset(["monitor"]), from_s, for_s),
        "dead": Crash("node", from_s),
    }
    rows = []
    for what, fault in faults.items():
        clock = VirtualClock(0)
        watch = Heartbeats(clock, ["node"], FixedTimeout(timeout_s), plan=FaultPlan(fault), record=True)
        clock.run(_watched, clock, watch, until_s + 1e-6)
        edges = [change.time_s for change in watch.changes if change.time_s <= until_s]
        edges += [float(until_s)] * (len(edges) % 2)
        spans: tuple[Span, ...] = tuple(zip(edges[::2], edges[1::2], strict=True))
        heard = [beat.arrived_s for beat in watch.beats if not math.isnan(beat.arrived_s)]
        rows.append(Silence(what, np.array([beat.sent_s for beat in watch.beats]), np.array(heard), spans))
    return Silences(tuple(rows), from_s, from_s + for_s, timeout_s, float(until_s))


def _watched(clock: Clock, watch: Heartbeats, until_s: float) -> None:
    watch.start()
    clock.sleep(until_s)
    watch.stop()
