"""What every detector keeps to, whatever its rule."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import reference
from lbcore.faults.detectors import Chen, Detector, FixedTimeout, FreshnessPoints, PhiAccrual, Rise
from lbcore.faults.quality import beats, measure

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


def test_no_mistake_where_nothing_goes_wrong() -> None:
    stream = beats(1.0, 1000, seed=0)
    for kind in KINDS:
        found = measure(KINDS[kind](), stream.arrivals_s, numbers=stream.numbers)
        assert found.mistakes == 0 and found.accuracy == 1.0 and found.recurrence_s == INF, kind


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
