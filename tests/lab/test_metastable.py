"""An outage that outlives its cause: the verdicts, the brown-out, and the server against a simpler one."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import CircuitBreaker, FixedWait, FullJitter, RetryBudget, TokenBucket
from lbcore.lab.exhibits.retries import _metastable as metastable_module
from lbcore.lab.exhibits.retries._metastable import Metastable, _done, metastable

NAN, INF = math.nan, math.inf
COUNTS = ("offered", "attempts", "again", "good", "wasted", "refused")


def same(a: Metastable, b: Metastable) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in COUNTS) and a.recovery_s == b.recovery_s


def test_doctests() -> None:
    result = doctest.testmod(metastable_module)
    assert result.attempted > 0 and result.failed == 0


@pytest.mark.parametrize(
    ("rate_per_s", "retries", "share", "verdict"),
    [
        (240, 0, None, True),
        (240, 1, 0.1, True),
        (240, 1, 0.2, True),
        (240, 1, None, False),
        (240, 1, 0.3, False),
        (140, 1, None, True),
        (140, 2, None, False),
    ],
)
def test_verdicts(rate_per_s: float, retries: int, share: float | None, verdict: bool) -> None:
    """For three seeds each, and as the rule of thumb says; where it sticks, goodput stays at zero."""
    assert (rate_per_s * (1 + (retries if share is None else min(retries, share))) < 300) is verdict
    for seed in range(3):
        budget = None if share is None else RetryBudget(share=share, per_s=0)
        run = metastable(rate_per_s, retries, budget=budget, seed=seed)
        assert run.recovered is verdict
        assert math.isfinite(run.recovery_s) is verdict
        if not verdict:
            assert run.good[-60:].sum() == 0
        assert run.good[:9].sum() > 0.95 * run.offered[:9].sum()  # all is well before the outage
        assert run.attempts.sum() <= (1 + retries) * run.offered.sum() and run.good.sum() <= run.offered.sum()


def test_a_breaker_gets_it_out() -> None:
    """Three retries stick at 240 a second; a breaker that is open for five seconds lets the queue run dry."""
    stuck = metastable(240, 3, until_s=60, seed=1)
    saved = metastable(240, 3, breaker=CircuitBreaker(open_s=5.0), until_s=60, seed=1)
    assert not stuck.recovered and saved.recovered and saved.refused.sum() > 0 == stuck.refused.sum()


def test_what_a_breaker_keeps_back_is_not_sent_again() -> None:
    """A breaker that opens at once and for good: every request begun after that is refused once."""
    breaker = CircuitBreaker(failure_rate=1e-9, window=1, open_s=1e6)
    run = metastable(240, 3, breaker=breaker, outage_from_s=0.0, outage_s=5.0, until_s=30, seed=1)
    assert run.attempts[2:].sum() == 0
    # From the third second on no retry of the first second is left.
    assert (run.refused[3:] == run.offered[3:]).all()


def test_backoff_alone_delays_the_retries_and_does_not_remove_them() -> None:
    assert not metastable(240, 1, wait=FullJitter(0.5, 10.0), until_s=90, seed=1).recovered


def test_grpcs_throttle_lets_few_enough_retries_go() -> None:
    assert metastable(240, 3, budget=TokenBucket(100, 0.1), until_s=60, seed=1).recovered


def test_a_brown_out_sticks_and_recovers_by_the_same_rule() -> None:
    slow = {"outage_s": 5.0, "outage_capacity_per_s": 100.0, "until_s": 60, "seed": 1}
    assert metastable(240, 0, **slow).recovered and not metastable(240, 1, **slow).recovered
    run = metastable(240, 0, **slow)
    # 240 a second come, 100 are done: a second's worth of waiting, 100 requests, after 0.7 s, and none after that.
    assert 60 <= run.good[10] <= 120 and run.good[12:15].sum() == 0
    assert metastable(90, 1, **slow).recovery_s == 0.0  # never more than it can do


def test_a_brown_out_at_full_capacity_is_none() -> None:
    assert same(
        metastable(240, 1, outage_capacity_per_s=300.0, until_s=40, seed=3),
        metastable(240, 1, outage_s=0.0, outage_from_s=13.0, until_s=40, seed=3),
    )


@given(
    begin_s=st.floats(0.0, 30.0), capacity=st.floats(0.5, 400.0), low=st.floats(0.0, 400.0),
    from_s=st.floats(0.0, 20.0), lasts_s=st.floats(0.0, 10.0),
)  # fmt: skip
@settings(max_examples=300)
def test_a_request_is_done_when_its_work_is(
    begin_s: float, capacity: float, low: float, from_s: float, lasts_s: float
) -> None:
    """The rate of the server, integrated from its turn to its end, is the work of one request."""
    back_s = from_s + lasts_s
    end_s = _done(begin_s, capacity, from_s, back_s, low)
    slow_s = max(0.0, min(end_s, back_s) - max(begin_s, from_s))
    assert end_s >= begin_s
    assert slow_s * low + (end_s - begin_s - slow_s) * capacity == pytest.approx(1.0, abs=1e-6)


def test_without_retries_it_is_lindleys_queue() -> None:
    """Each turn begins when the last one is done: the waiting times of a queue, worked out one by one."""
    run = metastable(290, outage_s=0.0, until_s=60, seed=5)
    starts_s = metastable_module._poisson(290, 60, 5)
    free_s, good = 0.0, np.zeros(60, dtype=np.int64)
    for start_s in starts_s:
        free_s = max(start_s, free_s) + 1 / 300
        if free_s - start_s <= 1.0 and free_s < 60:
            good[int(free_s)] += 1
    assert (run.good == good).all() and (run.attempts == run.offered).all() and not run.again.any()


def test_it_is_fixed_by_its_seed_and_leaves_its_rules_alone() -> None:
    budget, breaker = RetryBudget(per_s=0), CircuitBreaker(open_s=5.0)
    first, second = (
        metastable(200, 2, wait=FullJitter(0.1, 1.0), budget=budget, breaker=breaker, until_s=60, seed=4)
        for _ in range(2)
    )
    assert same(first, second)
    assert budget.balance(0.0) == 0 and math.isnan(breaker.share_failed)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: metastable(0.0), "rate_per_s"),
        (lambda: metastable(NAN), "rate_per_s"),
        (lambda: metastable(1.0, -1), "retries"),
        (lambda: metastable(1.0, capacity_per_s=0.0), "capacity_per_s"),
        (lambda: metastable(1.0, outage_s=-1.0), "outage_s"),
        (lambda: metastable(1.0, outage_capacity_per_s=-1.0), "outage_capacity_per_s"),
        (lambda: metastable(1.0, outage_capacity_per_s=NAN), "outage_capacity_per_s"),
        (lambda: metastable(1.0, until_s=15.0), "until_s"),
        (lambda: metastable(1.0, drop="all"), "drop"),
        (lambda: metastable(1.0, restart_s=-1.0), "restart_s"),
        (lambda: metastable(1.0, turned_away=1.5), "turned_away"),
        (lambda: metastable(1.0, door_s=-1.0), "door_s"),
    ],
)
def test_bad_parameters(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()


def test_a_longer_run_begins_as_a_shorter_one() -> None:
    """Also where users are turned away, which is drawn."""
    short, long = (metastable(240, 2, restart_s=20, turned_away=0.5, until_s=s, seed=3) for s in (40, 55))
    for name in COUNTS:
        assert (getattr(short, name) == getattr(long, name)[:40]).all()


@pytest.mark.parametrize("seed", range(3))
def test_what_a_server_drops(seed: int) -> None:
    """It never takes up what has waited too long; and where it knows what the work takes, it finishes nothing late."""
    how = {"outage_s": 5.0, "outage_capacity_per_s": 100.0, "until_s": 50, "seed": seed}
    plain, waited, hopeless = (metastable(240, 3, drop=drop, **how) for drop in (None, "waited", "hopeless"))
    assert plain.wasted[-10:].mean() == pytest.approx(300, abs=0.2) and not np.isnan(plain.end_s).any()
    for run in (waited, hopeless):
        taken = ~np.isnan(run.begin_s)
        assert ((run.begin_s - run.sent_s)[taken] <= 1.0).all() and not taken.all()
        assert (np.isnan(run.end_s) == ~taken).all()
    assert not waited.recovered and waited.wasted[-10:].sum() > 8 * waited.good[-10:].sum()
    assert hopeless.recovered and hopeless.wasted.sum() == 0 and hopeless.recovery_s == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_way_out(seed: int) -> None:
    """A restart alone is none: those who stay must ask for less than the capacity, with all their retries."""
    how = {"outage_s": 5.0, "outage_capacity_per_s": 100.0, "restart_s": 30.0, "until_s": 60, "seed": seed}
    runs = {away: metastable(240, 3, turned_away=away, **how) for away in (0.0, 0.6, 0.8, 1.0)}
    for away, run in runs.items():
        assert run.recovered is (240 * (1 - away) * 4 < 300)
        assert run.refused[:30].sum() == run.refused[40:].sum() == 0
        assert run.refused.sum() == pytest.approx(2400 * away, rel=0.1)
        # What was in the queue is lost: none of it is finished after the restart.
        assert np.isnan(run.end_s[(run.sent_s < 30) & ~(run.end_s <= 30)]).all()


def test_an_answer_lost_in_a_restart_is_one_that_never_came() -> None:
    """All is well at 5 s, when the queue is lost: who was in it sends again a second later."""
    run = metastable(297, 1, outage_s=0.0, restart_s=5.0, until_s=30, seed=1)
    lost = np.isnan(run.end_s)
    assert 0 < lost.sum() == run.again.sum() and run.again[5:7].sum() == lost.sum()
    assert run.wasted.sum() == 0 and (run.end_s - run.sent_s)[~lost].max() <= 1


def test_a_breaker_says_when_it_changes() -> None:
    run = metastable(
        240, 3, breaker=CircuitBreaker(open_s=5.0), outage_s=5.0, outage_capacity_per_s=100.0, until_s=40, seed=1
    )
    times_s, states = zip(*run.states, strict=True)
    assert states == ("closed", "open", "half-open", "closed") and list(times_s) == sorted(times_s)
    assert times_s[2] - times_s[1] == pytest.approx(5.0, abs=0.1) and run.refused[int(times_s[3]) + 1 :].sum() == 0


def test_a_fixed_pause_is_taken_after_the_timeout() -> None:
    """The server stands still from the start: each attempt is sent 1 s + 2 s after the one before it."""
    run = metastable(
        100, 2, wait=FixedWait(2.0), outage_from_s=0.0, outage_s=20.0, capacity_per_s=1e6, until_s=30, seed=2
    )
    expected = run.offered.copy()
    for seconds in (3, 6):
        expected[seconds:] += run.offered[:-seconds]
    # Those begun in the last second of the standstill get an answer in time, and are not sent again.
    assert (run.attempts[:19] == expected[:19]).all()
    assert (run.again[:19] == (expected - run.offered)[:19]).all()
