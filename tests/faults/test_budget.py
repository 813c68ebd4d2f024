"""Retry budgets: Finagle's and gRPC's own test cases, to the token, and what must hold for any load."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults.budget import RetryBudget, TokenBucket

# --- Finagle -------------------------------------------------------------------------------------------------------


def taken(budget: RetryBudget, now_s: float) -> int:
    """How many retries go before it says no."""
    number = 0
    while budget.take(now_s):
        number += 1
    return number


def test_defaults() -> None:
    """20 % of requests, and ten a second kept ten seconds: a reserve of a hundred."""
    budget = RetryBudget()
    assert budget.balance(0.0) == 100
    for _ in range(500):
        budget.sent(0.0)
    assert budget.balance(0.0) == 200 == taken(budget, 0.0)
    assert budget.balance(0.0) == 0


@pytest.mark.parametrize(
    ("share", "requests", "retries"), [(0.0, 50, 0), (0.1, 100, 10), (0.25, 100, 25), (2.0, 5, 10)]
)
def test_share_alone(share: float, requests: int, retries: int) -> None:
    budget = RetryBudget(share=share, per_s=0)
    for _ in range(requests):
        budget.sent(3.0)
    assert budget.balance(3.0) == retries == taken(budget, 3.0)


def test_reserve_alone() -> None:
    """With no share a retry costs one token of the reserve, and requests pay nothing in."""
    budget = RetryBudget(share=0.0, per_s=2, keep_s=5.0)
    for _ in range(1000):
        budget.sent(0.0)
    assert taken(budget, 0.0) == 10
    assert taken(budget, 4.9) == 0 and taken(budget, 10.0) == 10
    assert RetryBudget(share=0.0, per_s=2, keep_s=5.9).balance(0.0) == 10  # whole seconds, as in Finagle


def test_neither_is_never() -> None:
    budget = RetryBudget(share=0.0, per_s=0)
    budget.sent(0.0)
    assert budget.balance(0.0) == 0 and not budget.take(0.0)


def test_costs_are_rounded_down_as_in_finagle() -> None:
    """1000 / 0.3 is 3333: three requests and a third of a thousandth pay for a retry, so the thirtieth is the ninth."""
    budget = RetryBudget(share=0.3, per_s=0)
    assert budget._cost == 3333
    for _ in range(30):
        budget.sent(0.0)
    assert budget.balance(0.0) == 30_000 // 3333 == 9


def test_deposits_and_withdrawals_are_forgotten() -> None:
    """Ten requests at 0 s count until their slice is ten slices old; a withdrawal is forgotten later than they are."""
    budget = RetryBudget(share=0.5, per_s=0, keep_s=10.0)
    for _ in range(10):
        budget.sent(0.0)
    assert budget.take(5.0) and budget.balance(5.0) == 4
    assert budget.balance(9.999) == 4
    assert budget.balance(14.0) == 0 and not budget.take(14.0)
    assert budget._tokens() == -2000  # the debt of the retry outlives what paid for it
    assert budget.balance(40.0) == 0
    budget.sent(40.0)
    budget.sent(40.0)
    assert budget.take(40.0)


class Finagle:
    """WindowedAdder and RetryBudget as Finagle writes them, line by line, with integers of milliseconds."""

    def __init__(self, ttl_ms: int, per_s: int, share: float, now: int):
        self.window, self.n = ttl_ms // 10, 9
        self.writer, self.buf, self.i, self.old = 0, [0] * 9, 0, now
        self.deposit = 0 if share == 0 else 1000
        self.cost = 1 if share == 0 else int(1000 / share)
        self.reserve = per_s * (ttl_ms // 1000) * self.cost

    def expired(self, now: int) -> None:
        self.buf[self.i], self.writer = self.writer, 0
        self.i = (self.i + 1) % self.n
        skip = min((now - self.old) // self.window - 1, self.n)
        if skip > 0:
            r = min(skip, self.n - self.i)
            self.buf[self.i : self.i + r] = [0] * r
            self.buf[0 : skip - r] = [0] * (skip - r)
            self.i = (self.i + skip) % self.n
        self.old = now

    def add(self, x: int, now: int) -> None:
        if now - self.old >= self.window:
            self.expired(now)
        self.writer += x

    def count(self, now: int) -> int:
        if now - self.old >= self.window:
            self.expired(now)
        return self.writer + sum(self.buf) + self.reserve

    def take(self, now: int) -> bool:
        if self.count(now) < self.cost:
            return False
        self.add(-self.cost, now)
        return True


events = st.lists(st.tuples(st.integers(0, 4000), st.booleans()), max_size=120)


@given(
    events,
    st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 2.5]),
    st.sampled_from([0, 1, 10]),
    st.sampled_from([1.0, 2.0, 10.0, 60.0]),
)
@settings(max_examples=200, deadline=None)
def test_to_the_token_as_finagle(events: list[tuple[int, bool]], share: float, per_s: int, keep_s: float) -> None:
    if share == 0 and per_s == 0:
        return
    now_ms = 1_700_000_000_000
    ours, theirs = RetryBudget(share, per_s, keep_s), Finagle(int(keep_s * 1000), per_s, share, now_ms)
    ours.balance(now_ms / 1000)
    for gap_ms, is_request in events:
        now_ms += gap_ms
        if is_request:
            ours.sent(now_ms / 1000)
            theirs.add(theirs.deposit, now_ms)
        else:
            assert ours.take(now_ms / 1000) == theirs.take(now_ms)
        assert ours._tokens() == theirs.count(now_ms)


@given(st.lists(st.sampled_from("RT"), max_size=300))
@settings(max_examples=50, deadline=None)
def test_never_more_than_the_share_at_one_instant(load: list[str]) -> None:
    budget, requests, retries = RetryBudget(share=0.2, per_s=0), 0, 0
    for event in load:
        if event == "R":
            budget.sent(1.0)
            requests += 1
        else:
            retries += budget.take(1.0)
        assert retries <= 0.2 * requests + 1e-9
    assert budget.fresh().balance(5.0) == 0 and repr(budget.fresh()) == repr(budget)


# --- gRPC ----------------------------------------------------------------------------------------------------------


def test_grpcs_own_case() -> None:
    """retry_throttle_test.cc: four tokens, 1.6 for a success; the threshold is two, and two is not above it."""
    bucket = TokenBucket(4, 1.6)
    steps = [("F", True), ("S", None), ("F", True), ("F", False), ("S", None), ("F", True), ("F", False), ("F", False)]
    for step, allowed in steps:
        bucket.failed() if step == "F" else bucket.succeeded()
        if allowed is not None:
            assert bucket.take() is allowed


def test_grpc_default_takes_five_failures() -> None:
    """Ten tokens: four failures leave six; the fifth leaves half, and no retry."""
    bucket, answers = TokenBucket(10, 0.1), []
    for _ in range(5):
        bucket.failed()
        answers.append(bucket.take())
    assert answers == [True] * 4 + [False]
    bucket.succeeded()
    assert bucket.tokens == 5.1 and bucket.take()


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 1000), st.integers(1, 3000))
@settings(max_examples=100, deadline=None)
def test_tokens_stay_in_the_bucket_in_whole_thousandths(outcomes: list[bool], most: int, ratio: int) -> None:
    bucket, milli = TokenBucket(most, ratio / 1000), most * 1000
    for ok in outcomes:
        bucket.succeeded() if ok else bucket.failed()
        milli = min(most * 1000, milli + ratio) if ok else max(0, milli - 1000)
        assert bucket.tokens == milli / 1000 and bucket.take() == (milli > most * 1000 / 2)
    assert bucket.fresh().tokens == most


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: RetryBudget(share=-0.1), "share"),
        (lambda: RetryBudget(share=1001), "share"),
        (lambda: RetryBudget(share=math.nan), "share"),
        (lambda: RetryBudget(per_s=-1), "per_s"),
        (lambda: RetryBudget(keep_s=0.5), "keep_s"),
        (lambda: RetryBudget(keep_s=61.0), "keep_s"),
        (lambda: RetryBudget().take(math.nan), "now_s"),
        (lambda: TokenBucket(0.0), "max_tokens"),
        (lambda: TokenBucket(1001), "max_tokens"),
        (lambda: TokenBucket(math.nan), "max_tokens"),
        (lambda: TokenBucket(10, 0.0), "ratio"),
        (lambda: TokenBucket(10, 0.0001), "ratio"),
        (lambda: TokenBucket(10, -1.0), "ratio"),
    ],
)
def test_bad_parameters(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()
