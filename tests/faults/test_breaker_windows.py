"""The breaker's window of time, its slow calls, and permits that nobody gives back: each beside a plain model."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import BreakerState, CircuitBreaker, VirtualClock

CLOSED, OPEN, HALF_OPEN = BreakerState


class Aggregations:
    """resilience4j's window of time: a ring of sums, one for each second, that are set anew as it turns."""

    def __init__(self, size: int, now_s: float):
        self.seconds = [math.floor(now_s) - size + 1 + at for at in range(size)]
        self.sums = [[0, 0, 0] for _ in range(size)]
        self.head = size - 1

    def add(self, now_s: float, failed: bool, slow: bool) -> list[int]:
        for _ in range(math.floor(now_s) - self.seconds[self.head]):
            second, self.head = self.seconds[self.head] + 1, (self.head + 1) % len(self.sums)
            self.seconds[self.head], self.sums[self.head] = second, [0, 0, 0]
        self.sums[self.head] = [one + more for one, more in zip(self.sums[self.head], (1, failed, slow), strict=True)]
        return [sum(row) for row in zip(*self.sums, strict=True)]


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.7]), st.booleans(), st.booleans()), max_size=80),
    st.integers(1, 6), st.integers(1, 12), st.sampled_from([0.3, 0.5, 1.0]), st.sampled_from([0.3, 1.0]),
    st.sampled_from([0.0, 1e9]),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_a_window_of_time(
    calls: list[tuple[float, bool, bool]], size: int, minimum: int, rate: float, slow_rate: float, now_s: float
) -> None:
    breaker = CircuitBreaker(rate, minimum=minimum, window_s=size, slow_s=2.0, slow_rate=slow_rate, open_s=1e6)
    model = Aggregations(size, now_s)
    for gap_s, failed, slow in calls:
        now_s += gap_s
        breaker.record(not failed, now_s, 2.5 if slow else 2.0)
        counted, failures, slows = model.add(now_s, failed, slow)
        if counted >= minimum and (failures / counted >= rate or slows / counted >= slow_rate):
            assert breaker.state(now_s) is OPEN
            return
        assert breaker.state(now_s) is CLOSED
        assert (breaker.share_failed, breaker.share_slow) == (failures / counted, slows / counted)


def test_a_window_of_time_forgets_what_is_old_and_waits_for_a_hundred_calls() -> None:
    breaker = CircuitBreaker(window_s=10)
    for _ in range(99):
        breaker.record(False, 5.0)
    assert breaker.state(5.0) is CLOSED
    breaker.record(False, 15.0)  # of the seconds 6 to 15
    assert breaker.state(15.0) is CLOSED and breaker.share_failed == 1.0
    for _ in range(99):
        breaker.record(False, 24.9)
    assert breaker.state(24.9) is OPEN


def test_what_is_kept_is_a_sum_for_each_second() -> None:
    breaker = CircuitBreaker(window_s=5, minimum=10**9)
    for at in range(10_000):
        breaker.record(at % 2 == 0, at / 100)
    assert len(breaker._spans) == 5 and breaker.share_failed == 0.5


def test_half_open_decides_by_slow_calls_too() -> None:
    def half_open() -> CircuitBreaker:
        breaker = CircuitBreaker(window=1, open_s=1.0, half_open=2, window_s=60, slow_s=1.0, slow_rate=0.5)
        breaker.record(False, 0.0)
        assert breaker.allow(1.0) and breaker.allow(1.0)
        return breaker

    breaker = half_open()
    breaker.record(True, 1.5, 0.5)
    assert breaker.state(3.0) is HALF_OPEN
    breaker.record(True, 3.0, 1.5)
    assert breaker.state(3.0) is OPEN
    breaker = half_open()
    breaker.record(True, 1.5, 0.5)
    breaker.record(True, 2.0, 1.0)
    assert breaker.state(3.0) is CLOSED


def test_slow_calls_open_it() -> None:
    clock, breaker = VirtualClock(1), CircuitBreaker(window=4, slow_s=1.0, slow_rate=0.5)

    def main() -> None:
        for took_s in (1.0, 1.5, 1.0, 1.5):
            assert breaker.state(clock.now()) is BreakerState.CLOSED
            breaker.call(clock.sleep, took_s, clock=clock)
        assert breaker.state(clock.now()) is BreakerState.OPEN

    clock.run(main)


def test_slow_from_a_minute_on_by_default() -> None:
    breaker = CircuitBreaker(window=2)
    for latency_s in (60.0, 61.0, 61.0):
        assert breaker.state(0.0) is CLOSED
        breaker.record(True, 0.0, latency_s)
    assert breaker.state(0.0) is OPEN


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.sampled_from(["allow", "end", "release"])), max_size=60),
       st.integers(1, 3))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_no_sequence_leaves_it_half_open_and_shut(steps: list[tuple[float, str]], half_open: int) -> None:
    """Whatever was forgotten: after `permit_s` calls may go again, and `half_open` of them that end well close it."""
    breaker = CircuitBreaker(window=1, open_s=2.0, half_open=half_open, permit_s=3.0)
    breaker.record(False, 0.0)
    now_s = 2.0
    for gap_s, step in steps:
        now_s += gap_s
        if step == "allow":
            breaker.allow(now_s)
        elif step == "release":
            breaker.release()
        else:
            breaker.record(True, now_s)
    now_s += 3.0
    for _ in range(half_open):
        if breaker.state(now_s) is HALF_OPEN:
            assert breaker.allow(now_s)
            breaker.record(True, now_s)
    assert breaker.state(now_s) is CLOSED


def test_a_permit_runs_out_after_the_time_it_is_open_by_default() -> None:
    breaker = CircuitBreaker(window=4, open_s=1.0, half_open=1)
    for _ in range(4):
        breaker.record(False, 0.0)
    assert [breaker.allow(now_s) for now_s in (2.0, 2.9, 3.0, 3.1)] == [True, False, True, False]


def test_two_clocks_are_not_mixed_without_a_word() -> None:
    breaker = CircuitBreaker(window=1)
    breaker.record(False, 1.7e9)
    assert not breaker.allow(1.7e9 - 0.1)  # another thread may have read the time a moment before
    with pytest.raises(ValueError, match=r"now_s: 5000 s is long before the breaker opened; is it of another clock\?"):
        breaker.allow(5000.0)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: CircuitBreaker(window_s=0), "window_s"),
        (lambda: CircuitBreaker(slow_s=0.0), "slow_s"),
        (lambda: CircuitBreaker(slow_rate=0.0), "slow_rate"),
        (lambda: CircuitBreaker(slow_rate=1.5), "slow_rate"),
        (lambda: CircuitBreaker(permit_s=0.0), "permit_s"),
        (lambda: CircuitBreaker(permit_s=math.inf), "permit_s"),
        (lambda: CircuitBreaker().record(True, 0.0, -1.0), "latency_s"),
        (lambda: CircuitBreaker().record(True, 0.0, math.nan), "latency_s"),
    ],
)
def test_bad_parameters(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()
