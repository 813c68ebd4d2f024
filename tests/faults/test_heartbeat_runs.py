"""Heartbeats as a whole: the time of detection, one seed one record, and verdicts beside the pure rule."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import (
    Change,
    Chen,
    Crash,
    Cut,
    Drift,
    ExponentialDelay,
    FixedTimeout,
    Pause,
    Rise,
    UniformDelay,
)
from lbcore.faults.quality import fixed_timeout_detection_s
from tests.faults.watching import verdicts, watched

NAN, INF = math.nan, math.inf
ABC = ["a", "b", "c"]


def test_detection_time_is_the_closed_form() -> None:
    """400 nodes die, each at a random moment of its interval: the mean lies within four standard errors."""
    generator = np.random.default_rng(4)
    names = [f"node-{number}" for number in range(400)]
    crashes = [Crash(name, at_s=float(20 + generator.random())) for name in names]
    law = UniformDelay(0.02, 0.06)
    watch = watched(*crashes, nodes=names, detector=FixedTimeout(2.5), delay=law, until_s=30.0)
    died_s = {crash.node: crash.at_s for crash in crashes}
    found = np.array([c.time_s - died_s[c.node] for c in watch.changes])
    assert len(found) == 400 and found.min() > 1.5 and found.max() <= 2.5 + law.high_s
    expected = fixed_timeout_detection_s(2.5, 1.0, delay_s=0.04)
    assert abs(found.mean() - expected) < 4 * found.std(ddof=1) / 20


@pytest.mark.parametrize("runs", [20, pytest.param(100, marks=pytest.mark.soak)])
def test_one_seed_is_one_record(runs: int) -> None:
    def record(seed: int = 3) -> tuple[list[Change], list[str]]:
        watch = watched(
            Crash("b", 5.0, 9.0), Pause("c", 3.0, 4.0), Cut("a", "c", 2.0, 6.0), Drift("a", 0.01),
            seed=seed, shape="all", delay=ExponentialDelay(0.3), loss=0.2, record=True, until_s=12.0,
            detector=Rise(FixedTimeout(1.5), 2),
        )  # fmt: skip
        return watch.changes, list(map(str, watch.beats))

    first = record()
    assert len(first[0]) > 5 and len(first[1]) > 50
    assert all(record() == first for _ in range(1, runs))
    assert record(seed=4) != first


@given(data=st.data())
@settings(max_examples=60)
def test_verdicts_follow_from_the_beats_that_arrived(data: st.DataObject) -> None:
    """Whatever goes wrong with the nodes: what the threads report is what the pure rule says of the arrivals."""
    at, length = st.floats(0.0, 25.0), st.floats(0.1, 15.0)
    fault = (
        st.builds(lambda node, at_s, for_s: Crash(node, at_s, at_s + for_s), st.sampled_from(ABC), at, length)
        | st.builds(Pause, st.sampled_from(ABC), at, length)
        | st.builds(Cut, st.sampled_from(ABC), st.just("monitor"), at, length)
        | st.builds(Drift, st.sampled_from(ABC), st.floats(-0.3, 0.3))
    )
    faults = data.draw(st.lists(fault, max_size=5))
    detector = data.draw(st.sampled_from([FixedTimeout(2.1), Rise(FixedTimeout(1.6), 2), Chen(1.0, 0.4, window=5)]))
    watch = watched(*faults, detector=detector, delay=ExponentialDelay(0.05), loss=0.1, record=True, until_s=40.0)
    for node in ABC:
        rule, expected, failed = detector.fresh(), [], False
        rule.heartbeat(0.0)
        arrivals = sorted((b.arrived_s, b.number) for b in watch.beats if b.node == node and b.arrived_s <= 40.0)
        for now_s, number in [*arrivals, (40.0, None)]:
            if not failed and rule.deadline_s < now_s:
                failed = True
                expected.append((rule.deadline_s, node, True))
            if number is None:
                break
            if (now_s, number) == arrivals[0]:
                rule = detector.fresh()
            rule.heartbeat(now_s, number)
            if failed and not rule.failed(now_s):
                failed = False
                expected.append((now_s, node, False))
        assert [verdict for verdict in verdicts(watch) if verdict[1] == node] == expected
