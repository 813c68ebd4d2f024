"""Phi accrual: Akka's and Cassandra's own figures."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbcore.faults.detectors import PhiAccrual, phi_exponential, phi_normal
from lbcore.faults.detectors.phi import _reach
from lbcore.faults.detectors.window import Window

INF = math.inf


@pytest.mark.parametrize(
    ("elapsed", "phi"), [(0, 0.0), (500, 0.1), (1000, 0.3), (1200, 1.6), (1400, 4.7), (1600, 10.8), (1700, 15.3)]
)
def test_akkas_phi(elapsed: float, phi: float) -> None:
    assert phi_normal(elapsed, 1000, 100) == pytest.approx(phi, abs=0.1)


@pytest.mark.parametrize(
    ("y", "below"), [(0, 0.5), (0.6, 0.7257), (1.5, 0.9332), (2, 0.97725), (2.5, 0.99379), (3.5, 0.99977), (4, 0.99997)]
)
def test_akkas_normal_law(y: float, below: float) -> None:
    assert 1 - 10 ** -phi_normal(10 * y, 0, 10) == pytest.approx(below, abs=0.001)


def test_akkas_outliers() -> None:
    assert phi_normal(10, 0, 1) == pytest.approx(38.0, abs=1.0)
    assert phi_normal(-25, 0, 1) == 0.0
    assert phi_normal(1e300, 0, 1) == INF and phi_normal(-1e300, 0, 1) == 0.0 and phi_normal(INF, 0, 1) == INF
    # Either side of the mean, and either side of where the chance is no double any more.
    assert phi_normal(1e-9, 0, 1) == pytest.approx(phi_normal(-1e-9, 0, 1), abs=1e-8)
    assert phi_normal(21, 0, 1) < 323 and phi_normal(22, 0, 1) == INF


def test_akkas_detector_on_its_own_beats() -> None:
    """'fail after configured acceptable missing heartbeats', 'accept some ...', 'mark node as dead if missed'."""

    def at_end(beats_ms: list[float], look_ms: float, **given: float) -> bool:
        detector = PhiAccrual(**given)  # type: ignore[arg-type]
        for beat in beats_ms:
            detector.heartbeat(beat / 1000)
        return detector.failed(look_ms / 1000)

    assert not at_end([0, 1000, 2000, 3000], 7000, pause_s=3.0)
    assert at_end([0, 1000, 2000, 3000, 4000, 5000, 6000], 11500, pause_s=3.0)
    assert not at_end([0, 1000, 1100], 1200, threshold=3, pause_s=0.0)
    assert at_end([0, 1000, 1100], 8200, threshold=3, pause_s=0.0)


def test_bootstrap_and_window() -> None:
    detector = PhiAccrual(pause_s=0.0)
    detector.heartbeat(0.0)
    assert (detector.mean_s, detector.sd_s) == (1.0, 0.25)
    assert detector.suspicion(1.0) == pytest.approx(0.3, abs=0.2)
    assert detector.suspicion(2.0) == pytest.approx(4.5, abs=0.3)
    assert detector.suspicion(3.0) > 15
    # With a window of three, three intervals of 0.5 s drive the others out: as if there had been no others.
    detector = PhiAccrual(window=3, pause_s=0.0)
    for now_s in (0.0, 0.1, 0.2, 0.3, 0.9, 1.4, 1.9, 2.4):
        detector.heartbeat(now_s)
    assert detector.mean_s == pytest.approx(0.5) and detector.sd_s == 0.1


def test_statistics_are_akkas() -> None:
    window = Window(20)
    for ms in (100, 200, 125, 340, 130):
        window.add(ms / 1000)
    assert window.mean_s() == pytest.approx(0.179) and window.sd_s() ** 2 == pytest.approx(7584e-6)


def test_the_interval_that_ends_a_failure_is_not_learnt() -> None:
    detector = PhiAccrual()
    for now_s in range(100):
        detector.heartbeat(float(now_s))
    before = detector.mean_s
    detector.heartbeat(400.0)
    assert detector.mean_s == before and not detector.failed(401.0)


def test_the_window_stays_exact() -> None:
    """Sums that are updated by adding and taking away would drift in floating point; these do not."""
    detector = PhiAccrual(window=5)
    now_s = 0.0
    for gap in np.random.default_rng(1).uniform(0.0, 1.0, 20_000).tolist():
        now_s += gap
        detector.heartbeat(now_s)
    for _ in range(5):
        now_s += 0.5
        detector.heartbeat(now_s)
    assert detector.mean_s == pytest.approx(0.5, abs=1e-8) and detector.sd_s == 0.1


@given(st.floats(1e-6, 300.0), st.floats(0.01, 10.0), st.floats(0.0, 100.0))
def test_the_inverse_of_phi(threshold: float, sd_s: float, mean_s: float) -> None:
    elapsed_s = mean_s + _reach(threshold) * sd_s
    assert phi_normal(elapsed_s, mean_s, sd_s) == pytest.approx(threshold, rel=1e-6)


def test_cassandra_convicts_after_18_42_mean_intervals() -> None:
    assert 8 * math.log(10) == pytest.approx(18.42, abs=0.005)
    assert phi_exponential(1.0, 1.0) == pytest.approx(0.434, abs=0.0005)
    detector = PhiAccrual(form="exponential")
    detector.heartbeat(0.0)
    assert detector.mean_s == 2.0  # the first beat counts as an interval of two seconds
    detector.heartbeat(1.0)
    assert detector.mean_s == 1.5
    detector.heartbeat(3.5)
    assert detector.mean_s == 1.5  # longer than two seconds: not learnt
    for beat in range(5000):
        detector.heartbeat(3.5 + 0.5 * beat)
    assert detector.deadline_s - (3.5 + 0.5 * 4999) == pytest.approx(18.42 * 0.5, abs=0.005)
