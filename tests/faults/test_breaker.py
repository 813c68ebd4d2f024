"""The circuit breaker and the ejection of outliers: defaults, every transition, limits, and any sequence of calls."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults.breaker import BreakerState, CircuitBreaker
from lbcore.faults.ejection import OutlierEjection, success_rate_threshold

CLOSED, OPEN, HALF_OPEN = BreakerState


def feed(breaker: CircuitBreaker, outcomes: list[bool], now_s: float) -> None:
    for ok in outcomes:
        assert breaker.allow(now_s)
        breaker.record(ok, now_s)


# --- breaker -------------------------------------------------------------------------------------------------------


def test_opens_at_half_of_the_last_hundred_calls() -> None:
    breaker = CircuitBreaker()
    feed(breaker, [False] * 99, 1.0)
    assert breaker.state(1.0) is CLOSED  # 99 of 99 have failed, but a hundred are needed to judge
    feed(breaker, [False], 2.0)
    assert breaker.state(2.0) is OPEN and breaker.open_until_s == 62.0

    breaker = CircuitBreaker()
    feed(breaker, [True] * 51 + [False] * 49, 1.0)
    assert breaker.state(1.0) is CLOSED and breaker.share_failed == 0.49
    feed(breaker, [False], 1.0)  # it drives out a success: 50 of the last 100
    assert breaker.state(1.0) is OPEN


def test_open_for_a_minute_then_ten_calls_decide() -> None:
    def opened() -> CircuitBreaker:
        breaker = CircuitBreaker()
        feed(breaker, [False] * 100, 0.0)
        return breaker

    breaker = opened()
    assert not any(breaker.allow(now_s) for now_s in (0.0, 30.0, 59.999))
    assert breaker.state(60.0) is HALF_OPEN
    assert [breaker.allow(60.0) for _ in range(12)] == [True] * 10 + [False] * 2
    for ok in [True] * 6 + [False] * 3:
        breaker.record(ok, 61.0)
        assert breaker.state(61.0) is HALF_OPEN
    breaker.record(False, 61.0)
    assert breaker.state(61.0) is CLOSED and math.isnan(breaker.share_failed)  # 4 of 10 failed

    breaker = opened()
    feed(breaker, [True] * 5 + [False] * 5, 60.0)
    assert breaker.state(60.0) is OPEN and breaker.open_until_s == 120.0  # 5 of 10 is the threshold


def test_closed_after_half_open_begins_with_an_empty_window() -> None:
    breaker = CircuitBreaker(window=4, open_s=1.0, half_open=2)
    feed(breaker, [False] * 4, 0.0)
    feed(breaker, [True] * 2, 1.0)
    feed(breaker, [False] * 3, 1.0)
    assert breaker.state(1.0) is CLOSED
    feed(breaker, [False], 1.0)
    assert breaker.state(1.0) is OPEN


def test_results_while_open_change_nothing() -> None:
    breaker = CircuitBreaker(window=2, open_s=1.0, half_open=2)
    feed(breaker, [False] * 2, 0.0)
    for _ in range(10):
        breaker.record(False, 0.5)
    assert breaker.open_until_s == 1.0 and breaker.state(1.0) is HALF_OPEN
    feed(breaker, [True] * 2, 1.0)
    assert breaker.state(1.0) is CLOSED


def test_a_permit_given_back_can_be_used_again() -> None:
    breaker = CircuitBreaker(window=1, open_s=1.0, half_open=1)
    feed(breaker, [False], 0.0)
    assert breaker.allow(1.0) and not breaker.allow(1.0)
    breaker.release()
    assert breaker.allow(1.0) and not breaker.allow(1.0)
    breaker.record(True, 1.0)
    breaker.release()
    assert breaker.state(1.0) is CLOSED


def test_no_more_permits_than_there_were() -> None:
    breaker = CircuitBreaker(window=1, open_s=5.0, half_open=2)
    breaker.record(False, 0.0)
    assert breaker.allow(5.0)
    for _ in range(4):
        breaker.release()
    assert [breaker.allow(5.0) for _ in range(3)] == [True, True, False]


def test_minimum_judges_earlier() -> None:
    breaker = CircuitBreaker(window=100, minimum=4)
    feed(breaker, [True, True, False], 0.0)
    feed(breaker, [False], 0.0)
    assert breaker.state(0.0) is OPEN


@given(
    st.lists(st.tuples(st.floats(0.0, 40.0), st.booleans(), st.integers(1, 3)), max_size=80),
    st.integers(1, 6),
    st.integers(1, 4),
    st.sampled_from([0.1, 0.5, 1.0]),
)
@settings(max_examples=150, deadline=None)
def test_any_sequence(calls: list[tuple[float, bool, int]], window: int, half_open: int, rate: float) -> None:
    """Beside a plain model: the list of outcomes that count. No call goes while open; no more than the permits."""
    breaker = CircuitBreaker(rate, window, open_s=60.0, half_open=half_open)
    now_s, state, counted, until_s, permits = 0.0, CLOSED, [], 0.0, 0
    for gap_s, ok, burst in calls:
        now_s += gap_s
        allowed = 0
        for _ in range(burst):
            if state is OPEN and now_s >= until_s:
                state, counted, permits = HALF_OPEN, [], half_open
            expected = state is CLOSED or (state is HALF_OPEN and permits > 0)
            permits -= state is HALF_OPEN and expected
            assert breaker.allow(now_s) is expected
            allowed += expected
        for _ in range(allowed):
            breaker.record(ok, now_s)
            if state is OPEN:
                continue
            size = window if state is CLOSED else half_open
            counted = [*counted, ok][-size:]
            if len(counted) == size:
                if counted.count(False) / size >= rate:
                    state, counted, until_s = OPEN, [], now_s + 60.0
                elif state is HALF_OPEN:
                    state, counted = CLOSED, []
        assert breaker.state(now_s) is (HALF_OPEN if state is OPEN and now_s >= until_s else state)
    assert breaker.fresh().state(now_s) is CLOSED and repr(breaker.fresh()) == repr(breaker)


# --- ejection ------------------------------------------------------------------------------------------------------


def fail(ejection: OutlierEjection, node: object, now_s: float, times: int = 5) -> list[bool]:
    return [ejection.record(node, False, now_s) for _ in range(times)]


def test_five_in_a_row_and_a_success_starts_the_count_again() -> None:
    ejection = OutlierEjection(10)
    assert fail(ejection, 0, 0.0, 4) == [False] * 4
    ejection.record(0, True, 0.0)
    assert fail(ejection, 0, 0.0, 4) == [False] * 4 and ejection.up(0)
    assert fail(ejection, 0, 0.0, 1) == [True] and not ejection.up(0)


def test_envoys_growing_ejections() -> None:
    """30, 60, 90 ... up to 300 s, where the node fails again as soon as it is back."""
    ejection, now_s, lengths = OutlierEjection(10), 0.0, []
    for _ in range(13):
        assert fail(ejection, 7, now_s)[-1]
        lengths.append(ejection.returns_s(7) - now_s)
        now_s = ejection.returns_s(7)
        assert ejection.sweep(now_s - 0.001) == ([], []) and ejection.sweep(now_s) == ([], [7])
    assert lengths == [30.0 * n for n in range(1, 11)] + [300.0] * 3
    for interval in range(1, 12):  # no more than eleven times are ever remembered
        ejection.sweep(now_s + 10.0 * interval)
    fail(ejection, 7, now_s + 120.0)
    assert ejection.returns_s(7) == now_s + 150.0


def test_failures_while_it_is_out_do_not_count_against_its_return() -> None:
    ejection = OutlierEjection(10, consecutive=5)
    assert [ejection.record(3, False, 1.0) for _ in range(9)] == [False] * 4 + [True] + [False] * 4
    assert ejection.sweep(31.0) == ([], [3])
    assert [ejection.record(3, False, 32.0) for _ in range(5)] == [False] * 4 + [True]


def test_times_are_forgotten_one_an_interval() -> None:
    ejection, now_s = OutlierEjection(10), 0.0
    for _ in range(3):
        fail(ejection, 7, now_s)
        now_s = ejection.returns_s(7)
        ejection.sweep(now_s)
    ejection.sweep(now_s + 10.0)
    ejection.sweep(now_s + 20.0)
    fail(ejection, 7, now_s + 21.0)
    assert ejection.returns_s(7) - (now_s + 21.0) == 60.0  # three times, less two, and once more


@pytest.mark.parametrize(("nodes", "most", "out"), [(10, 0.1, 1), (9, 0.1, 0), (20, 0.1, 2), (29, 0.1, 2), (4, 0.5, 2)])
def test_at_most_a_tenth(nodes: int, most: float, out: int) -> None:
    ejection = OutlierEjection(nodes, most_ejected=most)
    for node in range(nodes):
        fail(ejection, node, 0.0, 12)
    assert len(ejection.ejected) == out


def test_always_one() -> None:
    ejection = OutlierEjection(3, always_one=True)
    for node in range(3):
        fail(ejection, node, 0.0)
    assert ejection.ejected == [0]


def test_success_rate_rule() -> None:
    """Envoy's own example: 50 and four times 100 give a threshold of 52."""
    assert success_rate_threshold([50, 100, 100, 100, 100]) == 52.0
    names = ["a", "b", "c", "d", "e"]

    def after(requests: int, failing: int, **given: float) -> tuple[list[str], list[str]]:
        ejection = OutlierEjection(names, most_ejected=1.0, **given)  # type: ignore[arg-type]
        for name in names:
            for i in range(requests):
                ejection.record(name, not (name == "c" and i % 2 and i < 2 * failing), 1.0)
        return ejection.sweep(10.0)

    assert after(100, 50) == (["c"], [])
    assert after(99, 49) == ([], [])  # too few requests to judge
    assert after(100, 0) == ([], [])
    assert after(100, 50, min_nodes=6) == ([], [])
    assert after(100, 50, sd_factor=2.1) == ([], [])  # one of five is never more than two deviations off


def test_the_rate_is_of_one_interval() -> None:
    ejection = OutlierEjection(10)
    for node in range(10):
        for i in range(100):
            ejection.record(node, not (node == 3 and i % 2), 1.0)
    assert ejection.sweep(10.0) == ([3], [])
    assert ejection.sweep(20.0) == ([], []) and ejection.sweep(40.0) == ([], [3]) and ejection.sweep(50.0) == ([], [])


@given(st.lists(st.tuples(st.integers(0, 11), st.booleans(), st.floats(0, 5)), max_size=300))
@settings(max_examples=60, deadline=None)
def test_never_more_out_than_allowed_and_each_comes_back(calls: list[tuple[int, bool, float]]) -> None:
    ejection, now_s = OutlierEjection(12, most_ejected=0.25, consecutive=2), 0.0
    for node, ok, gap_s in calls:
        now_s += gap_s
        ejection.record(node, ok, now_s)
        assert len(ejection.ejected) <= 3
    ejection.sweep(now_s + 300.0)
    assert ejection.ejected == []


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: CircuitBreaker(failure_rate=0.0), "failure_rate"),
        (lambda: CircuitBreaker(failure_rate=50), "failure_rate"),
        (lambda: CircuitBreaker(failure_rate=math.nan), "failure_rate"),
        (lambda: CircuitBreaker(window=0), "window"),
        (lambda: CircuitBreaker(window=10, minimum=11), "minimum"),
        (lambda: CircuitBreaker(open_s=-1.0), "open_s"),
        (lambda: CircuitBreaker(open_s=math.inf), "open_s"),
        (lambda: CircuitBreaker(half_open=0), "half_open"),
        (lambda: CircuitBreaker().allow(math.nan), "now_s"),
        (lambda: CircuitBreaker().record(True, math.inf), "now_s"),
        (lambda: OutlierEjection(0), "nodes"),
        (lambda: OutlierEjection([]), "nodes"),
        (lambda: OutlierEjection(["a", "a"]), "nodes"),
        (lambda: OutlierEjection(10, consecutive=0), "consecutive"),
        (lambda: OutlierEjection(10, base_s=0.0), "base_s"),
        (lambda: OutlierEjection(10, most_s=29.0), "most_s"),
        (lambda: OutlierEjection(10, most_ejected=10), "most_ejected"),
        (lambda: OutlierEjection(10, interval_s=math.nan), "interval_s"),
        (lambda: OutlierEjection(10, sd_factor=-1.0), "sd_factor"),
        (lambda: OutlierEjection(10).record("node-1", True, 0.0), "node"),
        (lambda: OutlierEjection(10).record(10, True, 0.0), "node"),
        (lambda: OutlierEjection(10).record([], True, 0.0), "node"),
        (lambda: OutlierEjection(10).sweep(math.nan), "now_s"),
        (lambda: success_rate_threshold([]), "rates"),
    ],
)
def test_bad_parameters(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()
