"""Chen's rules: what they foretell, and which beats are no news."""

import pytest

from lbcore.faults.delays import ExponentialDelay
from lbcore.faults.detectors import Chen, FreshnessPoints
from lbcore.faults.quality import beats


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


def test_a_beat_before_the_last_is_no_news_whatever_its_number() -> None:
    detector = Chen(interval_s=1.0, margin_s=0.5)
    detector.heartbeat(5.0, 3)
    before = detector.deadline_s
    detector.heartbeat(4.0, 7)
    assert detector.deadline_s == before


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
