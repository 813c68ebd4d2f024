"""Rise: who flaps stays out, who beats in a row comes back."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults.detectors import FixedTimeout, FreshnessPoints, Rise
from lbcore.faults.quality import measure

gaps = st.lists(st.floats(0.0, 20.0), min_size=1, max_size=40)


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
