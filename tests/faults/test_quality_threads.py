"""How good a detector is, on real threads: what heartbeats and watchers do beside the closed forms and the pure rules.

`test_quality` holds the pure measurement to the same formulas; here the beats are sent by threads through a network.
Every tolerance on a mean is four standard errors of that mean: a right program fails one such check in 16,000.
"""

import math

import numpy as np
import pytest

from lbcore.faults import (
    Chen,
    Delay,
    Detector,
    ExponentialDelay,
    FaultPlan,
    FixedTimeout,
    FreshnessPoints,
    Heartbeats,
    Network,
    PhiAccrual,
    Rise,
    VirtualClock,
)
from lbcore.faults.quality import fixed_timeout_mistakes, measure, nfd_s
from tests.faults.samples import near

NAN, INF = math.nan, math.inf


def run(
    detector: Detector, until_s: float, *, nodes: int = 1, loss: float = 0.0, delay: Delay | None = None, seed: int = 1
) -> Heartbeats:
    """Nodes that beat once a second to a monitor, for `until_s` simulated seconds."""
    clock = VirtualClock(seed)
    network = Network(clock, delay=delay, loss=loss, seed=seed)
    names = [f"node-{number}" for number in range(nodes)]
    watch = Heartbeats(clock, names, detector, network=network, plan=FaultPlan(), record=True)

    def main() -> None:
        watch.start()
        clock.sleep(until_s)
        watch.stop()

    clock.run(main)
    return watch


def mistakes(watch: Heartbeats, until_s: float, from_s: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of all nodes: the times between two false alarms' starts, their durations, and each node's share in error."""
    between, durations, shares = [], [], []
    for node in watch.nodes:
        changes = [change for change in watch.changes if change.node == node]
        starts = np.array([change.time_s for change in changes if change.failed])
        ends = np.array([change.time_s for change in changes if not change.failed])
        starts, ends = starts[starts >= from_s], ends[ends >= from_s]
        ends = ends[len(ends) - len(starts) :] if len(ends) >= len(starts) else np.append(ends, until_s)
        between.append(np.diff(starts))
        durations.append(ends - starts)
        shares.append((ends - starts).sum() / (until_s - from_s))
    return np.concatenate(between), np.concatenate(durations), np.array(shares)


# Threads and closed forms


def test_nfd_s_on_threads() -> None:
    """Interval 1, margin 0.5, loss 1 %, delays of mean 0.02: 101.01 s, 0.5301 s and 0.994752 by the paper's formula."""
    law = nfd_s(1.0, 0.5, 0.01, ExponentialDelay(0.02).cdf)
    assert (round(law.recurrence_s, 2), round(law.duration_s, 4), round(law.accuracy, 6)) == (101.01, 0.5301, 0.994752)
    watch = run(FreshnessPoints(1.0, 0.5), 40_000.0, loss=0.01, delay=ExponentialDelay(0.02), seed=3)
    between, durations, shares = mistakes(watch, 40_000.0)
    assert len(between) > 300
    assert near(between, law.recurrence_s) and near(durations, law.duration_s)
    # The share in error is about 400 mistakes of 0.53 s in 40,000 s; its standard error is that of the count, 5 %.
    assert 1 - shares[0] == pytest.approx(law.accuracy, abs=4 * 0.05 * (1 - law.accuracy))


def test_chen_on_threads_without_synchronised_clocks() -> None:
    """NFD-E with alpha is NFD-S with delta = alpha plus the mean delay, once its window is full: 50 nodes, 500 s."""
    law = nfd_s(1.0, 0.5, 0.05, ExponentialDelay(0.02).cdf)
    watch = run(Chen(1.0, 0.48, window=100), 700.0, nodes=50, loss=0.05, delay=ExponentialDelay(0.02), seed=4)
    between, durations, shares = mistakes(watch, 700.0, from_s=200.0)
    assert len(between) > 1000
    # Gaps that fit into 500 s are shorter than all gaps: recurrence is judged by the share of time and the duration.
    assert near(durations, law.duration_s)
    assert near(1 - shares, law.accuracy)


@pytest.mark.parametrize(("timeout_s", "loss"), [(1.5, 0.1), (2.5, 0.3)])
def test_fixed_timeout_on_threads(timeout_s: float, loss: float) -> None:
    law = fixed_timeout_mistakes(timeout_s, 1.0, loss)
    watch = run(FixedTimeout(timeout_s), 20_000.0, loss=loss, seed=5)
    between, durations, shares = mistakes(watch, 20_000.0)
    assert len(between) > 1000
    assert near(between, law.recurrence_s) and near(durations, law.duration_s)
    assert 1 - shares[0] == pytest.approx(law.accuracy, abs=4 * (1 - law.accuracy) / math.sqrt(len(between)))


@pytest.mark.parametrize(
    "detector",
    [FixedTimeout(1.4), Chen(1.0, 0.3), PhiAccrual(2.0, pause_s=0.0), Rise(FixedTimeout(1.4), 2)],
    ids=lambda detector: type(detector).__name__,
)
def test_threads_and_the_pure_measurement_make_the_same_mistakes(detector: Detector) -> None:
    """The watcher's thread, woken by its deadline and its bell, loses nothing to the rule fed with the arrivals."""
    watch = run(detector, 2000.0, nodes=3, loss=0.1, delay=ExponentialDelay(0.1), seed=6)
    for node in watch.nodes:
        rows = sorted((b.arrived_s, b.number) for b in watch.beats if b.node == node and b.arrived_s <= 2000.0)
        arrivals, numbers = [at_s for at_s, _ in rows], [number for _, number in rows]
        pure = measure(detector, arrivals, numbers=numbers, until_s=2000.0)
        after = [c for c in watch.changes if c.node == node and c.time_s > arrivals[0]]
        assert [c.time_s for c in after if c.failed] == pure.mistake_starts_s.tolist()
        ends = [c.time_s for c in after if not c.failed]
        assert ends == pytest.approx((pure.mistake_starts_s + pure.mistake_durations_s)[: len(ends)].tolist())
        assert pure.mistakes > 10
