"""Failure detectors: the systems' own test values, the paper's closed forms beside what is measured, and their laws."""

import doctest
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import detectors, quality, reference
from lbcore.faults.detectors import (
    Chen,
    Detector,
    FixedTimeout,
    FreshnessPoints,
    PhiAccrual,
    Rise,
    phi_exponential,
    phi_normal,
)
from lbcore.faults.quality import (
    ExponentialDelay,
    beats,
    detection_times_s,
    fixed_timeout_detection_s,
    fixed_timeout_mistakes,
    measure,
    nfd_s,
)

NAN, INF = math.nan, math.inf

KINDS = {
    "fixed": lambda: FixedTimeout(3.0),
    "phi normal": lambda: PhiAccrual(),
    "phi normal, no pause": lambda: PhiAccrual(threshold=1.0, pause_s=0.0),
    "phi exponential": lambda: PhiAccrual(form="exponential"),
    "chen": lambda: Chen(interval_s=1.0, margin_s=0.5, window=10),
    "freshness": lambda: FreshnessPoints(interval_s=1.0, margin_s=0.5),
    "fixed, rise": lambda: Rise(FixedTimeout(1.5), rise=3),
    "chen, rise": lambda: Rise(Chen(interval_s=1.0, margin_s=0.5), rise=2),
}


@pytest.mark.parametrize("module", [detectors, quality])
def test_doctests(module) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0


# --- the protocol, for every kind ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_heard_nothing_suspected(kind: str) -> None:
    detector = KINDS[kind]()
    assert isinstance(detector, Detector)
    assert detector.deadline_s == INF and detector.suspicion(1e9) == 0.0 and not detector.failed(1e9)


gaps = st.lists(st.floats(0.0, 20.0), min_size=1, max_size=40)


@pytest.mark.parametrize("kind", KINDS)
@given(gaps=gaps, start_s=st.sampled_from([0.0, -5.0, 1e6]), ahead_s=st.lists(st.floats(0, 30), max_size=4))
@settings(max_examples=60, deadline=None)
def test_deadline_failed_and_suspicion_agree(
    kind: str, gaps: list[float], start_s: float, ahead_s: list[float]
) -> None:
    """A detector is failed from its deadline on, its suspicion is the threshold there, and rises in between."""
    detector, now_s = KINDS[kind](), start_s
    for gap in gaps:
        now_s += gap
        detector.heartbeat(now_s)
        deadline_s = detector.deadline_s
        assert detector.failed(deadline_s) and not detector.failed(math.nextafter(deadline_s, -INF))
        if deadline_s > now_s + 1e-6:
            assert detector.suspicion(deadline_s - 1e-6) < detector.threshold
            assert detector.suspicion(deadline_s + 1e-6) > detector.threshold
        looks = sorted([now_s, *(now_s + ahead for ahead in ahead_s)])
        seen = [detector.suspicion(look) for look in looks]
        assert seen == sorted(seen)
        assert all((level >= detector.threshold) == detector.failed(at) or abs(at - deadline_s) < 1e-6
                   for level, at in zip(seen, looks, strict=True))  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(gaps=gaps)
@settings(max_examples=25, deadline=None)
def test_same_beats_same_answers_and_fresh_forgets(kind: str, gaps: list[float]) -> None:
    first = KINDS[kind]()
    arrivals = np.cumsum(gaps).tolist()
    for now_s in arrivals:
        first.heartbeat(now_s)
    second = first.fresh()
    assert second.deadline_s == INF and repr(second) == repr(first) == repr(KINDS[kind]())
    for now_s in arrivals:
        second.heartbeat(now_s)
    assert second.deadline_s == first.deadline_s


@pytest.mark.parametrize("kind", KINDS)
def test_an_older_beat_is_no_news(kind: str) -> None:
    detector = KINDS[kind]()
    for number in range(5):
        detector.heartbeat(number + 0.1, number)
    before = detector.deadline_s
    detector.heartbeat(2.0, 2)
    assert detector.deadline_s == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_a_beat_at_no_time(kind: str, bad: float) -> None:
    detector = KINDS[kind]()
    detector.heartbeat(1.0)
    before = detector.deadline_s
    with pytest.raises(ValueError, match="now_s"):
        detector.heartbeat(bad)
    for ask in (detector.failed, detector.suspicion):
        with pytest.raises(ValueError, match="now_s: NaN"):
            ask(NAN)
    assert detector.deadline_s == before
    assert detector.failed(INF)
    with pytest.raises(TypeError, match="now_s"):
        detector.heartbeat("soon")


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: FixedTimeout(0.0), "timeout_s"),
        (lambda: FixedTimeout(-1.0), "timeout_s"),
        (lambda: FixedTimeout(NAN), "timeout_s"),
        (lambda: FixedTimeout(INF), "timeout_s"),
        (lambda: FixedTimeout(1.0, interval_s=1.0), "timeout_s"),
        (lambda: FixedTimeout(1.0, interval_s=0.0), "interval_s"),
        (lambda: PhiAccrual(threshold=0.0), "threshold"),
        (lambda: PhiAccrual(threshold=301), "threshold"),
        (lambda: PhiAccrual(threshold=NAN), "threshold"),
        (lambda: PhiAccrual(window=0), "window"),
        (lambda: PhiAccrual(min_sd_s=0.0), "min_sd_s"),
        (lambda: PhiAccrual(pause_s=-1.0), "pause_s"),
        (lambda: PhiAccrual(first_interval_s=0.0), "first_interval_s"),
        (lambda: PhiAccrual(form="weibull"), "form"),  # type: ignore[arg-type]
        (lambda: PhiAccrual(longest_s=2.0), "longest_s"),
        (lambda: PhiAccrual(form="exponential", pause_s=3.0), "pause_s"),
        (lambda: PhiAccrual(form="exponential", min_sd_s=0.1), "min_sd_s"),
        (lambda: PhiAccrual(form="exponential", first_interval_s=-2.0), "first_interval_s"),
        (lambda: Chen(0.0, 0.5), "interval_s"),
        (lambda: Chen(1.0, 0.0), "margin_s"),
        (lambda: Chen(1.0, NAN), "margin_s"),
        (lambda: Chen(1.0, 0.5, window=0), "window"),
        (lambda: FreshnessPoints(1.0, 0.0), "margin_s"),
        (lambda: FreshnessPoints(1.0, 0.5, NAN), "start_s"),
        (lambda: Rise(FixedTimeout(3.0), rise=0), "rise"),
        (lambda: ExponentialDelay(-1.0), "mean_s"),
        (lambda: beats(1.0, 10, loss=1.5), "loss"),
        (lambda: beats(0.0, 10), "interval_s"),
        (lambda: nfd_s(1.0, 0.5, NAN, ExponentialDelay(0.02).cdf), "loss"),
        (lambda: fixed_timeout_detection_s(1.0, 2.0), "timeout_s"),
        (lambda: fixed_timeout_mistakes(1.0, 2.0, 0.1), "timeout_s"),
        (lambda: measure(FixedTimeout(3.0), []), "arrivals_s"),
        (lambda: measure(FixedTimeout(3.0), [2.0, 1.0]), "arrivals_s"),
        (lambda: measure(FixedTimeout(3.0), [1.0, 2.0], numbers=[1]), "numbers"),
        (lambda: measure(FixedTimeout(3.0), [1.0, 2.0], crash_s=0.5), "from_s"),
        (lambda: measure(FixedTimeout(3.0), [1.0, 2.0], crash_s=3.0, until_s=3.0), "until_s"),
    ],
)
def test_bad_parameters(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()


def test_wrong_types() -> None:
    for make in (lambda: FixedTimeout("3"), lambda: FixedTimeout(True), lambda: PhiAccrual(window=2.5)):
        with pytest.raises(TypeError):
            make()
    with pytest.raises(TypeError, match="detector"):
        Rise(3.0)  # type: ignore[arg-type]


@given(gaps=gaps, timeout_s=st.floats(0.1, 20.0), ahead_s=st.floats(0.0, 30.0))
def test_the_readable_twin(gaps: list[float], timeout_s: float, ahead_s: float) -> None:
    """What lesson 07 shows is what lbcore does."""
    twin, detector, now_s = reference.FixedTimeout(timeout_s), FixedTimeout(timeout_s), 0.0
    assert not twin.failed(1e9) and not detector.failed(1e9)
    for gap in gaps:
        now_s += gap
        twin.heartbeat(now_s)
        detector.heartbeat(now_s)
        look_s = now_s + ahead_s
        if abs(look_s - detector.deadline_s) > 1e-9:
            assert twin.failed(look_s) == detector.failed(look_s)


# --- phi accrual: Akka's and Cassandra's own figures ---------------------------------------------------------------


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
    window = detectors._Window(20)
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
    elapsed_s = mean_s + detectors._reach(threshold) * sd_s
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


# --- Chen, freshness points, rise ----------------------------------------------------------------------------------


def test_chen_foretells_over_losses_and_does_not_move_with_one_late_beat() -> None:
    detector = Chen(interval_s=1.0, margin_s=0.5, window=100)
    for number in range(50):
        if number % 7 != 3:  # every seventh is lost
            detector.heartbeat(number + 0.1, number)
    assert detector.expected_s == pytest.approx(50.1, abs=1e-6)
    detector.heartbeat(50.6, 50)
    assert detector.expected_s == pytest.approx(51.1 + 0.5 / 44, abs=1e-6)


def test_chen_reads_the_numbers_from_the_times_where_it_gets_none() -> None:
    told, guessing = (Chen(interval_s=1.0, margin_s=0.5) for _ in range(2))
    stream = beats(1.0, 500, loss=0.2, delay=ExponentialDelay(0.02), seed=4)
    for now_s, number in zip(stream.arrivals_s.tolist(), stream.numbers.tolist(), strict=True):
        told.heartbeat(now_s, number)
        guessing.heartbeat(now_s)
    assert guessing.deadline_s == pytest.approx(told.deadline_s, abs=1e-6)


def test_a_beat_later_than_its_successors_freshness_point_earns_no_trust() -> None:
    detector = FreshnessPoints(interval_s=1.0, margin_s=0.5)
    detector.heartbeat(0.1, 0)
    detector.heartbeat(2.6, 1)
    assert detector.deadline_s == 2.5 and detector.failed(2.6)


def test_a_beat_overtaken_by_a_later_one_is_no_news() -> None:
    for detector in (Chen(interval_s=1.0, margin_s=0.5), FreshnessPoints(interval_s=1.0, margin_s=0.5)):
        detector.heartbeat(0.1, 0)
        detector.heartbeat(2.1, 2)
        before = detector.deadline_s
        detector.heartbeat(2.4, 1)
        assert detector.deadline_s == before


def test_rise_does_not_count_a_beat_that_earns_no_trust() -> None:
    detector = Rise(FreshnessPoints(interval_s=1.0, margin_s=0.5), rise=2)
    for now_s, number in ((0.1, 0), (5.0, 1), (5.1, 2)):
        detector.heartbeat(now_s, number)
    assert detector.failed(5.1) and detector.beats_missing == 2
    detector.heartbeat(5.2, 5)
    assert detector.failed(5.2) and detector.beats_missing == 1
    detector.heartbeat(6.1, 6)
    assert not detector.failed(6.1) and detector.deadline_s == 7.5


def test_rise_damps_flapping() -> None:
    """A node that beats once in three seconds flaps with a timeout of two, and is kept out by a rise of two."""
    arrivals = [float(t) for t in range(0, 60, 3)]
    raw, damped = (measure(detector, arrivals) for detector in (FixedTimeout(2.0), Rise(FixedTimeout(2.0), rise=2)))
    assert raw.mistakes == 19 and damped.mistakes == 1
    steady = Rise(FixedTimeout(2.0), rise=3)
    for now_s in (0.0, 10.0, 11.0):
        steady.heartbeat(now_s)
    assert steady.failed(11.5) and steady.beats_missing == 1 and steady.deadline_s == 2.0
    assert steady.suspicion(11.5) == 1.0
    steady.heartbeat(20.0)  # a new failure in between: the count starts again
    assert steady.beats_missing == 2
    steady.heartbeat(21.0)
    steady.heartbeat(22.0)
    assert not steady.failed(22.0) and steady.deadline_s == 24.0


@given(gaps)
@settings(max_examples=50, deadline=None)
def test_rise_of_one_is_the_detector_itself(gaps: list[float]) -> None:
    plain, risen = FixedTimeout(3.0), Rise(FixedTimeout(3.0), rise=1)
    for now_s in np.cumsum(gaps).tolist():
        plain.heartbeat(now_s)
        risen.heartbeat(now_s)
        assert plain.deadline_s == risen.deadline_s


# --- quality of service: closed form and measured ------------------------------------------------------------------


def z_of(measured: np.ndarray, expected: float) -> float:
    """How many standard errors the mean lies from what is expected."""
    return float((measured.mean() - expected) / (measured.std(ddof=1) / math.sqrt(len(measured))))


def test_nfd_s_closed_form() -> None:
    law = nfd_s(1.0, 0.5, 0.01, ExponentialDelay(0.02).cdf)
    assert law.recurrence_s == pytest.approx(101.01, abs=0.005)
    assert law.duration_s == pytest.approx(0.5301, abs=0.00005)
    assert law.accuracy == pytest.approx(0.994752, abs=5e-7)
    # No loss and no delay: no mistake. All lost: never trusted.
    assert nfd_s(1.0, 0.5, 0.0, ExponentialDelay(0.0).cdf).accuracy == 1.0
    assert nfd_s(1.0, 0.5, 1.0, ExponentialDelay(0.0).cdf).accuracy == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("margin_s", "loss"), [(0.37, 0.01), (0.9, 0.2), (2.2, 0.5)])
def test_without_delay_freshness_points_are_a_fixed_timeout(margin_s: float, loss: float) -> None:
    """A beat then arrives as it is sent, and counts for the interval and the margin: two formulas, one law."""
    one, other = nfd_s(1.0, margin_s, loss, ExponentialDelay(0.0).cdf), fixed_timeout_mistakes(1 + margin_s, 1.0, loss)
    for name in ("recurrence_s", "duration_s", "accuracy"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9)


@pytest.mark.parametrize(
    ("margin_s", "loss", "mean_s", "seed"), [(0.5, 0.01, 0.02, 1), (1.5, 0.1, 0.3, 2), (0.3, 0.02, 0.2, 3)]
)
def test_nfd_s_measured(margin_s: float, loss: float, mean_s: float, seed: int) -> None:
    """200,000 beats: recurrence, duration and accuracy within four standard errors of the closed form."""
    law = nfd_s(1.0, margin_s, loss, ExponentialDelay(mean_s).cdf)
    stream = beats(1.0, 200_000, loss=loss, delay=ExponentialDelay(mean_s), seed=seed)
    found = measure(FreshnessPoints(1.0, margin_s), stream.arrivals_s, numbers=stream.numbers, from_s=100.0)
    assert abs(z_of(np.diff(found.mistake_starts_s), law.recurrence_s)) < 4
    assert abs(z_of(found.mistake_durations_s, law.duration_s)) < 4
    assert found.rate_per_s == pytest.approx(1 / law.recurrence_s, rel=0.1)
    blocks = np.bincount((found.mistake_starts_s // 2000).astype(int), found.mistake_durations_s, minlength=100) / 2000
    assert abs(z_of(blocks[1:-1], 1 - law.accuracy)) < 4


def test_chen_comes_close_to_nfd_s_without_synchronised_clocks() -> None:
    """NFD-E with alpha is NFD-S with delta = E[D] + alpha, up to the error of the forecast: within 5 %."""
    law = nfd_s(1.0, 0.5, 0.01, ExponentialDelay(0.02).cdf)
    stream = beats(1.0, 200_000, loss=0.01, delay=ExponentialDelay(0.02), seed=5)
    found = measure(Chen(1.0, 0.48), stream.arrivals_s, numbers=stream.numbers, from_s=2000.0)
    assert found.recurrence_s == pytest.approx(law.recurrence_s, rel=0.08)  # 2,000 mistakes: 2.2 % a standard error
    assert found.duration_s == pytest.approx(law.duration_s, rel=0.05)
    assert found.accuracy == pytest.approx(law.accuracy, abs=0.0005)


@pytest.mark.parametrize(("timeout_s", "check_s", "mean_s"), [(3.0, 0.0, 0.0), (3.0, 0.5, 0.02), (1.5, 2.0, 0.1)])
def test_fixed_timeout_detection(timeout_s: float, check_s: float, mean_s: float) -> None:
    expected = fixed_timeout_detection_s(timeout_s, 1.0, check_s=check_s, delay_s=mean_s)
    delay = ExponentialDelay(mean_s)
    found = detection_times_s(
        FixedTimeout(timeout_s), 4000, interval_s=1.0, delay=delay, check_s=check_s, warm_up=3, seed=7
    )
    assert abs(z_of(found, expected)) < 4


@pytest.mark.parametrize(("timeout_s", "loss"), [(1.5, 0.05), (2.5, 0.1), (3.2, 0.4)])
def test_fixed_timeout_mistakes(timeout_s: float, loss: float) -> None:
    law = fixed_timeout_mistakes(timeout_s, 1.0, loss)
    found = measure(FixedTimeout(timeout_s), beats(1.0, 100_000, loss=loss, seed=11).arrivals_s)
    assert abs(z_of(np.diff(found.mistake_starts_s), law.recurrence_s)) < 4
    assert abs(z_of(found.mistake_durations_s, law.duration_s)) < 4
    assert found.accuracy == pytest.approx(law.accuracy, abs=0.005)


def test_freshness_points_detect_within_margin_and_interval() -> None:
    found = detection_times_s(
        FreshnessPoints(1.0, 0.5), 1000, interval_s=1.0, loss=0.1, delay=ExponentialDelay(0.02), seed=3
    )
    assert found.max() <= 1.5 + 1e-9


def test_a_higher_threshold_means_fewer_mistakes_and_later_detection() -> None:
    """The trade-off that the lesson draws."""
    stream = beats(1.0, 20_000, loss=0.05, delay=ExponentialDelay(0.1), seed=2)
    rows = []
    for threshold in (1.0, 3.0, 8.0):
        detector = PhiAccrual(threshold, pause_s=0.0)
        found = detection_times_s(detector, 200, interval_s=1.0, delay=ExponentialDelay(0.1), seed=1)
        rows.append((measure(detector, stream.arrivals_s).mistakes, -found.mean()))
    assert rows == sorted(rows, reverse=True) and rows[0][0] > rows[-1][0]


def test_measure_by_hand() -> None:
    """Beats at 0 1 2 5 6 9, timeout 1.5: suspected from 3.5 to 5 and from 7.5 to 9."""
    detector = FixedTimeout(1.5)
    found = measure(detector, [0, 1, 2, 5, 6, 9], until_s=10.0)
    assert found.mistake_starts_s.tolist() == [3.5, 7.5] and found.mistake_durations_s.tolist() == [1.5, 1.5]
    assert (found.alive_s, found.recurrence_s, found.accuracy) == (10.0, 4.0, 0.7)
    assert math.isnan(found.detection_s) and detector.deadline_s == INF  # it worked on a copy
    crashed = measure(detector, [0, 1, 2, 5, 6, 9], crash_s=8.0)  # the beat at 9 was under way
    assert crashed.mistake_durations_s.tolist() == [1.5, 0.5] and crashed.detection_s == 2.5
    assert measure(detector, [0, 1], crash_s=4.0).detection_s == 0.0
    assert measure(detector, [0, 1, 2.5, 4.0]).mistakes == 0  # a beat at the very deadline is in time


def test_no_mistake_where_nothing_goes_wrong() -> None:
    stream = beats(1.0, 1000, seed=0)
    for kind in KINDS:
        found = measure(KINDS[kind](), stream.arrivals_s, numbers=stream.numbers)
        assert found.mistakes == 0 and found.accuracy == 1.0 and found.recurrence_s == INF, kind


def test_beats_are_fixed_by_their_seed() -> None:
    one, two, other = (beats(1.0, 100, loss=0.3, delay=ExponentialDelay(0.5), seed=seed) for seed in (1, 1, 2))
    assert (one.arrivals_s == two.arrivals_s).all() and not np.array_equal(one.numbers, other.numbers)
    generator = beats(1.0, 100, loss=0.3, seed=np.random.default_rng(9))
    assert np.array_equal(generator.numbers, beats(1.0, 100, loss=0.3, seed=np.random.default_rng(9)).numbers)
    assert (np.diff(one.arrivals_s) >= 0).all()


def test_a_beat_is_cheap() -> None:
    """A hundred nodes for ten minutes are 60,000 beats: they must not be what takes the time."""
    detector = PhiAccrual()
    began = time.process_time()
    for number in range(20_000):
        detector.heartbeat(float(number))
    assert time.process_time() - began < 1.0
