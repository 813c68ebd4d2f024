"""Calling a function under a rule: what is tried again, how long is waited, what comes out, and what is left behind."""

import math
import pickle
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from lbcore.faults import (
    BreakerOpen,
    BreakerState,
    CallFailed,
    CircuitBreaker,
    Clock,
    ErrorThreshold,
    FixedWait,
    FullJitter,
    RealClock,
    RetryBudget,
    RetryPolicy,
    Stop,
    VirtualClock,
)


class Busy(Exception):
    """A server that says when to come back."""

    def __init__(self, retry_after_s: float | None = None):
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


class Service:
    """Ends each call as told: raises an exception, or returns what is none."""

    def __init__(self, clock: VirtualClock, *ends: object):
        self.clock, self.ends, self.at_s = clock, list(ends), []

    def __call__(self, *args: object, **given: object) -> object:
        self.at_s.append(self.clock.now())
        end = self.ends.pop(0)
        if isinstance(end, BaseException):
            raise end
        return end if not args else (end, args, given)


def outcome(clock: VirtualClock, call: Callable[[], object]) -> object:
    """What a call on the clock returned or raised."""
    try:
        return clock.run(call)
    except BaseException as error:
        return error


# --- retries -------------------------------------------------------------------------------------------------------


def test_it_is_called_again_after_each_pause_and_gets_its_arguments() -> None:
    clock = VirtualClock(1)
    service = Service(clock, OSError("a"), OSError("b"), "done")
    policy = RetryPolicy(wait=FixedWait(0.5))
    assert clock.run(lambda: policy.call(service, 1, two=2, clock=clock)) == ("done", (1,), {"two": 2})
    assert service.at_s == [0.0, 0.5, 1.0]


def test_who_gives_up_raises_from_the_last_error_and_shows_all() -> None:
    clock, errors = VirtualClock(1), [OSError("a"), OSError("b"), OSError("c")]
    found = outcome(clock, lambda: RetryPolicy(wait=FixedWait(0.5)).call(Service(clock, *errors), clock=clock))
    assert isinstance(found, CallFailed) and found.__cause__ is errors[2]
    assert (found.reason, found.attempts, found.took_s) == ("attempts", 3, 1.0)
    assert str(found) == "Service: given up (attempts) after 3 attempts in 1 s"
    assert found.__notes__ == ["(attempt 1: OSError('a'))", "(attempt 2: OSError('b'))", "(attempt 3: OSError('c'))"]
    assert str(pickle.loads(pickle.dumps(found))) == str(found)


def test_only_the_last_ten_are_shown() -> None:
    clock = VirtualClock(1)
    service = Service(clock, *(OSError(number) for number in range(1, 26)))
    found = outcome(clock, lambda: RetryPolicy(Stop(attempts=25), FixedWait()).call(service, clock=clock))
    assert isinstance(found, CallFailed) and len(found.__notes__) == 10
    assert found.__notes__[0] == "(attempt 16: OSError(16))"


@pytest.mark.parametrize(
    ("retry_on", "calls"),
    [
        (Exception, [3, 3, 3]),
        (OSError, [3, 3, 1]),
        ((TimeoutError, ValueError), [1, 3, 3]),
        (lambda error: "x" in str(error), [3, 1, 1]),
        ((), [1, 1, 1]),
    ],
)
def test_which_errors_are_worth_it(retry_on: object, calls: list[int]) -> None:
    for kind, expected in zip((OSError("x"), TimeoutError("y"), ValueError("z")), calls, strict=True):
        clock = VirtualClock(1)
        service = Service(clock, kind, kind, kind)
        policy = RetryPolicy(wait=FixedWait(), retry_on=retry_on)  # type: ignore[arg-type]
        found = outcome(clock, lambda policy=policy, service=service, clock=clock: policy.call(service, clock=clock))
        assert len(service.at_s) == expected
        assert found is kind if expected == 1 else isinstance(found, CallFailed)


def test_which_answers_are_worth_it() -> None:
    clock = VirtualClock(1)
    policy = RetryPolicy(wait=FixedWait(1.0), retry_if=lambda status: status == 503)
    assert clock.run(lambda: policy.call(Service(clock, 503, OSError(), 404), clock=clock)) == 404
    found = outcome(clock, lambda: policy.call(Service(clock, 503, 503, 503), clock=clock))
    assert isinstance(found, CallFailed) and found.__cause__ is None and found.__notes__[2] == "(attempt 3: 503)"


@pytest.mark.parametrize(
    ("retry_after", "end"),
    [
        ("retry_after_s", Busy(7.0)),
        (lambda said: float(said.headers["Retry-After"]), SimpleNamespace(headers={"Retry-After": "7"})),
    ],
)
def test_a_server_is_asked_for_its_pause(retry_after: object, end: object) -> None:
    clock = VirtualClock(1)
    service = Service(clock, end, "done")
    policy = RetryPolicy(wait=FixedWait(1.0), retry_if=lambda said: said is end, retry_after=retry_after)  # type: ignore[arg-type]
    assert clock.run(lambda: policy.call(service, clock=clock)) == "done"
    assert service.at_s == [0.0, 7.0]


@pytest.mark.parametrize("wish_s", [None, 0.2, -3.0])
def test_a_wish_never_shortens_the_rules_own_pause(wish_s: float | None) -> None:
    clock = VirtualClock(1)
    service = Service(clock, Busy(wish_s), OSError(), "done")
    clock.run(lambda: RetryPolicy(wait=FixedWait(1.0), retry_after="retry_after_s").call(service, clock=clock))
    assert service.at_s == [0.0, 1.0, 2.0]


def test_a_wish_beyond_the_deadline_is_the_end_and_one_that_is_no_number_is_named() -> None:
    clock = VirtualClock(1)
    policy = RetryPolicy(Stop(deadline_s=5.0), FixedWait(1.0), retry_after="retry_after_s")
    found = outcome(clock, lambda: policy.call(Service(clock, Busy(5.5)), clock=clock))
    assert isinstance(found, CallFailed) and found.reason == "deadline" and clock.now() == 0.0
    for wish_s, kind in ((math.nan, ValueError), ("soon", TypeError)):
        found = outcome(clock, lambda wish_s=wish_s: policy.call(Service(clock, Busy(wish_s)), clock=clock))
        assert isinstance(found, kind) and str(found).startswith("retry_after: ")


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(), GeneratorExit()])
def test_what_is_no_exception_passes_through_and_leaves_nothing(end: BaseException) -> None:
    clock, errors = VirtualClock(1), ErrorThreshold(2, per="request")
    policy = RetryPolicy(wait=FixedWait(), errors=errors)
    assert outcome(clock, lambda: policy.call(Service(clock, OSError(), end), clock=clock)) is end
    assert not errors._times


def test_a_run_that_ends_in_a_pause_leaves_nothing() -> None:
    clock, errors = VirtualClock(1), ErrorThreshold(2, per="request")
    policy = RetryPolicy(wait=FixedWait(100.0), errors=errors)

    def main() -> None:
        clock.spawn(lambda: policy.call(Service(clock, OSError()), clock=clock))
        clock.sleep(1.0)
        assert errors._times

    clock.run(main)
    assert not errors._times


def test_many_threads_share_a_policy_and_each_call_has_its_own_jitter() -> None:
    clock, pauses = VirtualClock(1), set()
    policy = RetryPolicy(wait=FullJitter(1.0), budget=RetryBudget(share=1.0, per_s=0), seed=1)

    def main() -> None:
        def one() -> None:
            service = Service(clock, OSError(), "done")
            policy.call(service, clock=clock)
            pauses.add(service.at_s[1] - service.at_s[0])

        for thread in [clock.spawn(one) for _ in range(40)]:
            thread.join()

    clock.run(main)
    assert len(pauses) == 40


@pytest.mark.parametrize("clock", [VirtualClock(1), RealClock()], ids=["virtual", "real"])
def test_a_decorator_on_either_clock(clock: Clock) -> None:
    left = [OSError(), OSError()]

    @RetryPolicy(wait=FixedWait(0.001)).wraps(clock)
    def ask(key: str, *, times: int = 1) -> str:
        """Ask."""
        if left:
            raise left.pop()
        return key * times

    assert (ask.__name__, ask.__doc__) == ("ask", "Ask.")
    assert clock.run(lambda: ask("ab", times=2)) == "abab"


def test_without_a_clock_it_is_wall_time() -> None:
    assert RetryPolicy().call(max, 3, 4) == RetryPolicy().wraps()(max)(3, 4) == 4


def test_tries_that_are_over_take_no_more() -> None:
    for end in (lambda tries: tries.failed("a", 0.0), lambda tries: tries.succeeded("a", 0.0)):
        tries = RetryPolicy(Stop(attempts=1)).start(0.0)
        end(tries)
        for again in (tries.failed, tries.succeeded):
            with pytest.raises(RuntimeError, match="is over"):
                again("a", 1.0)


# --- the breaker ---------------------------------------------------------------------------------------------------


def test_a_breaker_records_what_it_calls() -> None:
    clock, breaker = VirtualClock(1), CircuitBreaker(window=2, open_s=10.0, half_open=1)
    service = Service(clock, OSError("a"), OSError("b"), "done")

    def main() -> None:
        for _ in range(2):
            with pytest.raises(OSError, match=r"^[ab]$"):
                breaker.call(service, clock=clock)
        clock.sleep(4.0)
        with pytest.raises(BreakerOpen, match="the breaker is open; ask again in 6 s") as caught:
            breaker.call(service, clock=clock)
        assert caught.value.retry_after_s == 6.0 and len(service.at_s) == 2
        clock.sleep(6.0)
        assert breaker.call(service, clock=clock) == "done" and breaker.state(10.0) is BreakerState.CLOSED

    clock.run(main)


def test_a_policy_over_a_breaker_comes_back_when_it_may() -> None:
    clock, breaker = VirtualClock(1), CircuitBreaker(window=2, open_s=10.0, half_open=1)
    service = Service(clock, OSError(), OSError(), "done")
    guarded = breaker.wraps(clock)(service)
    policy = RetryPolicy(Stop(attempts=9), FixedWait(1.0), retry_after="retry_after_s")
    assert clock.run(lambda: policy.call(guarded, clock=clock)) == "done"
    assert service.at_s == [0.0, 1.0, 11.0] and breaker.state(11.0) is BreakerState.CLOSED


@pytest.mark.parametrize(
    ("fail_on", "fail_if", "failed"),
    [
        (Exception, None, [True, True, False, False]),
        (OSError, None, [True, False, False, False]),
        ((), lambda status: status == 503, [False, False, True, False]),
        (lambda error: "y" in str(error), None, [False, True, False, False]),
    ],
)
def test_what_counts_as_a_failure(fail_on: object, fail_if: object, failed: list[bool]) -> None:
    for end, bad in zip((OSError("x"), ValueError("y"), 503, 200), failed, strict=True):
        clock, breaker = VirtualClock(1), CircuitBreaker(window=1, fail_on=fail_on, fail_if=fail_if)  # type: ignore[arg-type]
        service = Service(clock, end)
        outcome(clock, lambda breaker=breaker, service=service, clock=clock: breaker.call(service, clock=clock))
        assert (breaker.state(0.0) is BreakerState.OPEN) == bad


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit()])
def test_a_call_that_is_cut_off_gives_its_permit_back(end: BaseException) -> None:
    clock, breaker = VirtualClock(1), CircuitBreaker(window=1, open_s=1.0, half_open=1)
    breaker.record(False, 0.0)
    clock.run(clock.sleep, 1.0)
    assert outcome(clock, lambda: breaker.call(Service(clock, end), clock=clock)) is end
    assert breaker.allow(1.0) and not breaker.allow(1.0)


# --- what is wrong from the start ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: RetryPolicy(retry_on=KeyboardInterrupt), "retry_on"),
        (lambda: RetryPolicy(retry_on=(OSError, 3)), "retry_on"),
        (lambda: RetryPolicy(retry_on="OSError"), "retry_on"),
        (lambda: RetryPolicy(retry_if=503), "retry_if"),
        (lambda: RetryPolicy(retry_after=7.0), "retry_after"),
        (lambda: CircuitBreaker(fail_on=BaseException), "fail_on"),
        (lambda: CircuitBreaker(fail_if=503), "fail_if"),
        (lambda: RetryPolicy().call(3), "function"),
        (lambda: RetryPolicy().call(max, 1, 2, clock=3), "clock"),
        (lambda: RetryPolicy().wraps(max), "clock"),
        (lambda: CircuitBreaker().wraps()(3), "function"),
    ],
)
def test_wrong_types(make: Callable[[], object], name: str) -> None:
    with pytest.raises(TypeError, match=f"^{name}: "):
        make()
