"""Retries: each rule, the policy put together, and where the next attempt goes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults._checks import stream
from lbcore.faults.budget import RetryBudget, TokenBucket
from lbcore.faults.retry import GiveUp, Retry, RetryPolicy, Stop, amplification
from lbcore.faults.threshold import ErrorThreshold
from lbcore.faults.waits import DecorrelatedJitter, EqualJitter, Exponential, FixedWait, FullJitter, Wait
from lbcore.selectors.reference import Draws

NAN, INF = math.nan, math.inf


# --- waits ---------------------------------------------------------------------------------------------------------


@given(
    base_s=st.floats(1e-6, 1e3), factor=st.floats(1.0, 1e6), retry=st.integers(1, 5000), previous=st.floats(0.0, 1e9),
    seed=st.integers(0, 2**64 - 1),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_pauses_stay_in_their_bounds(base_s: float, factor: float, retry: int, previous: float, seed: int) -> None:
    cap_s, draws = base_s * factor, Draws(seed)
    top = min(cap_s, base_s * 2.0 ** min(retry - 1, 200))
    assert Exponential(base_s, cap_s).wait_s(retry, previous, draws) == pytest.approx(top)
    assert 0 <= FullJitter(base_s, cap_s).wait_s(retry, previous, draws) <= top * (1 + 1e-12)
    assert top / 2 * (1 - 1e-12) <= EqualJitter(base_s, cap_s).wait_s(retry, previous, draws) <= top * (1 + 1e-12)
    pause_s = DecorrelatedJitter(base_s, cap_s).wait_s(retry, previous, draws)
    assert base_s * (1 - 1e-12) <= pause_s <= min(cap_s, 3 * max(base_s, previous)) * (1 + 1e-12)
    assert math.isfinite(Exponential(base_s).wait_s(retry, previous, draws) if retry < 900 else 0.0)


def test_the_first_pause_is_the_base() -> None:
    """As in tenacity and backoff: 1, 2, 4 s."""
    assert [Exponential(1.0).wait_s(retry, 0.0, Draws(0)) for retry in (1, 2, 3)] == [1.0, 2.0, 4.0]
    draws = Draws(1)
    assert max(FullJitter(1.0).wait_s(1, 0.0, draws) for _ in range(1000)) == pytest.approx(1.0, rel=0.01)
    assert min(EqualJitter(1.0).wait_s(1, 0.0, draws) for _ in range(1000)) == pytest.approx(0.5, rel=0.01)


def test_the_draws_are_uniform() -> None:
    """Mean and variance of full jitter over U(0, 1), within five standard errors."""
    draws = Draws(1)
    found = np.array([FullJitter(1.0, 1.0).wait_s(1, 0.0, draws) for _ in range(50_000)])
    assert abs(found.mean() - 0.5) < 5 * math.sqrt(1 / 12 / len(found))
    assert found.var() == pytest.approx(1 / 12, rel=0.02)
    equal = np.array([EqualJitter(1.0, 1.0).wait_s(1, 0.0, draws) for _ in range(50_000)])
    assert equal.mean() == pytest.approx(0.75, rel=0.01) and equal.min() >= 0.5


# --- stop, threshold, hedge, amplification -------------------------------------------------------------------------


def test_stop() -> None:
    stop = Stop(attempts=3, deadline_s=10.0)
    assert [stop.reason(n, 1.0) for n in (1, 2, 3, 4)] == [None, None, "attempts", "attempts"]
    assert stop.reason(1, 10.0) is None and stop.reason(1, 10.001) == "deadline"
    assert Stop().reason(10**9, 1e9) is None


def test_error_threshold_of_a_node_counts_all_requests() -> None:
    rule = ErrorThreshold(3)
    assert [rule.error("a", float(i), request=i) for i in range(4)] == [False, False, True, True]
    assert not rule.reached("b", 9.0) and rule.reached("a", 9.0, request=77)
    assert rule.errors("a", 9.0) == 3  # of the four, up to the threshold
    rule.done(0)
    assert rule.reached("a", 9.0)
    rule.clear("a")
    assert rule.errors("a", 9.0) == 0


def test_error_threshold_of_a_request_counts_its_own() -> None:
    rule = ErrorThreshold(2, per="request")
    assert [rule.error("a", 0.0, request=i) for i in (1, 2, 1)] == [False, False, True]
    assert rule.reached("a", 0.0, request=1) and not rule.reached("a", 0.0, request=2)
    rule.done(1)
    assert not rule.reached("a", 0.0, request=1) and rule.errors("a", 0.0, request=2) == 1
    assert rule._times.keys() == {2}  # nothing is kept of a request that is over


def test_old_errors_do_not_count() -> None:
    rule = ErrorThreshold(2, keep_s=10.0)
    assert not rule.error("a", 0.0) and not rule.error("a", 10.0) and rule.error("a", 19.9)
    assert rule.reached("a", 19.99) and not rule.reached("a", 20.0)


@given(st.floats(0.0, 1.0), st.integers(0, 50))
def test_amplification_is_the_sum(f: float, retries: int) -> None:
    assert amplification(f, retries) == pytest.approx(math.fsum(f**i for i in range(retries + 1)), rel=1e-9)


def test_amplification_measured() -> None:
    """A policy of r retries against a service that fails with chance f, 20,000 requests: within 2 %."""
    draws, policy = Draws(5), RetryPolicy(Stop(attempts=4), FixedWait(), seed=0)
    sent = 0
    for request in range(20_000):
        tries, going = policy.start(0.0, request), True
        while going:
            sent += 1
            going = draws.next() < 0.5 * 2**64 and isinstance(tries.failed(0, 0.0), Retry)
    assert sent / 20_000 == pytest.approx(amplification(0.5, 3), rel=0.02)


# --- the policy ----------------------------------------------------------------------------------------------------


def drive(policy: RetryPolicy, request: int, failures: int, node: str = "a") -> list[Retry | GiveUp]:
    tries, now_s, answers = policy.start(0.0, request), 0.0, []
    for _ in range(failures):
        answer = tries.failed(node, now_s)
        answers.append(answer)
        if isinstance(answer, GiveUp):
            break
        now_s = answer.at_s
    return answers


def test_stops_after_its_attempts_and_at_its_deadline() -> None:
    answers = drive(RetryPolicy(Stop(attempts=3), FixedWait(1.0), seed=0), 0, 9)
    assert [answer.at_s for answer in answers[:2]] == [1.0, 2.0] and answers[2] == GiveUp("attempts")
    answers = drive(RetryPolicy(Stop(deadline_s=2.5), FixedWait(1.0), seed=0), 0, 9)
    assert len(answers) == 3 and answers[2] == GiveUp("deadline")  # the third retry would begin at 3 s
    late = RetryPolicy(Stop(attempts=1, deadline_s=1.0), seed=0).start(0.0)
    assert late.failed("a", 50.0) == GiveUp("attempts")


def test_without_a_threshold_it_moves_at_once_and_with_one_it_stays() -> None:
    assert [answer.node for answer in drive(RetryPolicy(Stop(attempts=9), seed=0), 0, 3)] == [None] * 3
    policy = RetryPolicy(Stop(attempts=9), FixedWait(), errors=ErrorThreshold(3, per="request"), seed=0)
    assert [answer.node for answer in drive(policy, 0, 4)] == ["a", "a", None, None]
    assert [answer.node for answer in drive(policy, 1, 2)] == ["a", "a"]
    shared = RetryPolicy(Stop(attempts=9), FixedWait(), errors=ErrorThreshold(3), seed=0)
    assert [answer.node for answer in drive(shared, 0, 2)] == ["a", "a"]
    assert [answer.node for answer in drive(shared, 1, 2)] == [None, None]  # what request 0 met counts too


def test_each_pause_is_told_the_last_one() -> None:
    told: list[tuple[int, float]] = []

    class Notes:
        def wait_s(self, retry: int, previous_s: float, draws: Draws) -> float:
            told.append((retry, previous_s))
            return retry / 2

    tries = RetryPolicy(Stop(), Notes(), seed=1).start(0.0)
    for now_s in (1.0, 2.0, 3.0):
        tries.failed("a", now_s)
    assert told == [(1, 0.0), (2, 0.5), (3, 1.0)]


def test_a_servers_wish_is_no_pause_of_the_rules() -> None:
    """Decorrelated jitter draws from its own last pause: up to three times that, not three times what was asked for."""

    class Busy(Exception):
        wait_s = 1000.0

    policy = RetryPolicy(Stop(), DecorrelatedJitter(1.0), retry_after="wait_s", seed=1)
    for request in range(50):
        tries = policy.start(0.0, request)
        assert tries.failed("a", 0.0, Busy()) == Retry(1000.0, 1000.0, None, ("a",))
        answer = tries.failed("b", 1000.0)
        assert isinstance(answer, Retry) and answer.wait_s <= 9.0


def test_budget_is_asked_last_and_paid_only_for_retries_that_go() -> None:
    budget = RetryBudget(share=0.5, per_s=0)
    policy = RetryPolicy(Stop(attempts=2), FixedWait(), budget=budget, seed=0)
    first = policy.start(0.0, 0)
    second = policy.start(0.0, 1)
    assert budget.balance(0.0) == 1
    assert isinstance(first.failed("a", 0.0), Retry) and budget.balance(0.0) == 0
    assert first.failed("b", 0.0) == GiveUp("attempts") and second.failed("a", 0.0) == GiveUp("budget")


def test_grpcs_bucket_in_a_policy() -> None:
    """Ten tokens: four requests that fail may retry; the fifth failure is one too many."""
    policy = RetryPolicy(Stop(attempts=2), FixedWait(), budget=TokenBucket(10, 0.1), seed=0)
    answers = [policy.start(0.0, i).failed("a", 0.0) for i in range(5)]
    assert [isinstance(answer, Retry) for answer in answers] == [True] * 4 + [False]
    policy.start(0.0, 9).succeeded("a", 0.0)
    assert policy.budget.tokens == 5.1  # type: ignore[union-attr]


def test_a_threshold_forgets_requests_that_are_over() -> None:
    errors = ErrorThreshold(2, per="request")
    policy = RetryPolicy(Stop(attempts=3), FixedWait(), errors=errors, seed=0)
    done = policy.start(0.0, 0)
    done.failed("a", 0.0)
    done.succeeded("a", 0.0)
    drive(policy, 1, 3)
    assert not errors._times


@pytest.mark.parametrize("wait", [FullJitter(0.1, 10.0), EqualJitter(0.1, 10.0), DecorrelatedJitter(0.1, 10.0)])
def test_a_requests_pauses_depend_on_the_seed_and_its_number_alone(wait: Wait) -> None:
    def pauses(seed: object, order: list[int]) -> dict[int, list[float]]:
        policy = RetryPolicy(Stop(attempts=6), wait, seed=seed)  # type: ignore[arg-type]
        return {i: [answer.wait_s for answer in drive(policy, i, 5)] for i in order}  # type: ignore[union-attr]

    forwards, backwards = pauses(7, list(range(10))), pauses(7, list(range(9, -1, -1)))
    assert forwards == backwards
    assert len({tuple(row) for row in forwards.values()}) == 10
    assert pauses(8, [0])[0] != forwards[0]
    assert pauses(np.random.default_rng(3), [0]) == pauses(np.random.default_rng(3), [0])
    assert pauses(None, [0]) != pauses(None, [0])


def test_requests_without_a_number_have_one_of_their_own() -> None:
    policy = RetryPolicy(wait=FullJitter(0.5, 8.0), errors=ErrorThreshold(2, per="request"), seed=1)
    answers = [policy.start(0.0).failed("a", 0.0) for _ in range(40)]
    assert len({answer.wait_s for answer in answers if isinstance(answer, Retry)}) == 40
    assert {answer.node for answer in answers if isinstance(answer, Retry)} == {"a"}  # each has met one error
    numbered = RetryPolicy(wait=FullJitter(0.5, 8.0), errors=ErrorThreshold(2, per="request"), seed=1)
    assert answers == [numbered.start(0.0, i).failed("a", 0.0) for i in range(40)]


def test_streams_of_neighbours_have_nothing_in_common() -> None:
    seen = [stream(seed, number).next() for seed in range(40) for number in range(40)]
    assert len(set(seen)) == 1600


# --- what is wrong from the start ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: FixedWait(-1.0), "pause_s"),
        (lambda: FixedWait(NAN), "pause_s"),
        (lambda: Exponential(0.0), "base_s"),
        (lambda: Exponential(-0.1, 1.0), "base_s"),
        (lambda: Exponential(1.0, 0.5), "cap_s"),
        (lambda: FullJitter(1.0, NAN), "cap_s"),
        (lambda: EqualJitter(NAN, 1.0), "base_s"),
        (lambda: DecorrelatedJitter(1.0, 0.5), "cap_s"),
        (lambda: Stop(attempts=0), "attempts"),
        (lambda: Stop(deadline_s=0.0), "deadline_s"),
        (lambda: Stop(deadline_s=NAN), "deadline_s"),
        (lambda: ErrorThreshold(0), "threshold"),
        (lambda: ErrorThreshold(per="cluster"), "per"),  # type: ignore[arg-type]
        (lambda: ErrorThreshold(keep_s=0.0), "keep_s"),
        (lambda: amplification(1.1, 1), "failure_rate"),
        (lambda: amplification(NAN, 1), "failure_rate"),
        (lambda: amplification(0.5, -1), "retries"),
        (lambda: RetryPolicy().start(NAN), "now_s"),
        (lambda: RetryPolicy().start(0.0, -1), "request"),
        (lambda: RetryPolicy().start(0.0).failed("a", NAN), "now_s"),
    ],
)
def test_bad_parameters(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()


def test_wrong_types() -> None:
    for make, name in (
        (lambda: RetryPolicy(stop=3), "stop"),  # type: ignore[arg-type]
        (lambda: RetryPolicy(wait=0.5), "wait"),  # type: ignore[arg-type]
        (lambda: RetryPolicy(errors=3), "errors"),  # type: ignore[arg-type]
        (lambda: RetryPolicy(budget=0.2), "budget"),  # type: ignore[arg-type]
        (lambda: RetryPolicy(seed="1"), "seed"),  # type: ignore[arg-type]
        (lambda: Stop(attempts=2.5), "attempts"),  # type: ignore[arg-type]
        (lambda: FullJitter("1"), "base_s"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match=f"^{name}: "):
            make()
