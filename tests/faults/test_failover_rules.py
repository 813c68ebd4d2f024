"""The cluster with its rules: thresholds, budgets, hedges, breakers, one at a time and two together."""

import math
from collections import Counter

import pytest

import lbcore
from lbcore.faults import (
    CircuitBreaker,
    Cluster,
    Crash,
    ErrorThreshold,
    FaultPlan,
    FixedWait,
    Hedge,
    Outcome,
    Pause,
    Report,
    RetryBudget,
    RetryPolicy,
    Slow,
    Stop,
    VirtualClock,
)
from tests.faults.account import by_request, check_account, policy


def test_the_error_threshold_moves_requests_as_in_the_source() -> None:
    """A node's third error moves what fails there; before that a request tries the same node again."""

    def fails_on_a(request: int, node: str) -> str:
        if node == "a":
            raise OSError("bad node")
        return node

    cluster = Cluster(
        VirtualClock(1),
        lbcore.RoundRobin(["a", "b"]),
        handler=fails_on_a,
        clients=1,
        retries=policy(9, errors=ErrorThreshold(3)),
    )
    found = cluster.run(4)
    check_account(found)
    paths = {number: "".join(one.node for one in tries) for number, tries in by_request(found).items()}
    # Request 0: the third error is on a, so it moves to b. From then on one error is enough.
    assert paths[0] == "aaab" and found.completed == 4
    assert all(path.count("a") <= 1 for number, path in paths.items() if number)


def test_errors_of_a_request_alone() -> None:
    def fails_on_a(request: int, node: str) -> str:
        if node == "a":
            raise OSError("bad node")
        return node

    cluster = Cluster(
        VirtualClock(1),
        lbcore.RoundRobin(["a", "b"]),
        handler=fails_on_a,
        clients=1,
        retries=policy(9, errors=ErrorThreshold(2, per="request")),
    )
    found = cluster.run(4)
    check_account(found)
    assert found.completed == 4
    paths = {"".join(one.node for one in tries) for tries in by_request(found).values()}
    assert "aab" in paths and paths <= {"aab", "b"}


def test_a_budget_is_shared_by_all_requests() -> None:
    def fails(request: int, node: str) -> None:
        raise OSError("no")

    cluster = Cluster(
        VirtualClock(1), lbcore.RoundRobin(3), handler=fails, retries=policy(4, budget=RetryBudget(0.2, per_s=0))
    )
    found = cluster.run(100, rate_per_s=1000)
    check_account(found)
    assert found.retried == 20 and Counter(failure.reason for failure in found.failures)["budget"] >= 80


def test_a_hedge_cuts_the_tail_and_the_loser_is_superseded() -> None:
    plan = FaultPlan(Slow("node-0", at_s=0.0, for_s=1e6, factor=20.0))

    def run(hedge: Hedge | None) -> Report:
        cluster = Cluster(
            VirtualClock(1), lbcore.RoundRobin(3), service_s=0.05, workers=8, plan=plan, hedge=hedge, detector=None
        )
        found = cluster.run(120, rate_per_s=10)
        check_account(found)
        assert found.completed == 120
        return found

    plain, hedged = run(None), run(Hedge(0.1))
    assert math.isclose(max(plain.latencies_s()), 1.0) and math.isclose(max(hedged.latencies_s()), 0.15)
    losers = [one for one in hedged.attempts if one.outcome is Outcome.SUPERSEDED]
    begun = {number for number, tries in by_request(hedged).items() if tries[0].node == "node-0"}
    assert len(begun) >= 40 and {one.request for one in losers} == begun and {one.node for one in losers} == {"node-0"}
    assert set(hedged.executed_twice) == begun  # each loser worked to its end: the price of a hedge


def test_a_breaker_spares_a_node_that_errs() -> None:
    def fails_on_0(request: int, node: str) -> str:
        if node == "node-0":
            raise OSError("bad node")
        return node

    def run(breaker: CircuitBreaker | None) -> int:
        cluster = Cluster(
            VirtualClock(1), lbcore.RoundRobin(3), handler=fails_on_0, breaker=breaker, clients=1, retries=policy()
        )
        found = cluster.run(300, rate_per_s=100)
        check_account(found)
        assert found.completed == 300
        return sum(one.node == "node-0" for one in found.attempts)

    assert run(CircuitBreaker(window=10, open_s=60.0)) == 10
    assert run(None) > 50


def test_load_keeping_selectors_are_released() -> None:
    """Every pick is released exactly once, whatever became of it: one release too many is a ValueError."""

    class Counting:
        def __init__(self) -> None:
            self.inner, self.load = lbcore.RoundRobin(3), Counter()  # type: ignore[var-annotated]
            self.nodes, self.keyed = self.inner.nodes, False
            self.mark_down, self.mark_up = self.inner.mark_down, self.inner.mark_up

        @property
        def up(self):
            return self.inner.up

        def select(self, key=None, *, avoid=()):
            node = self.inner.select(avoid=avoid)
            self.load[node] += 1
            return node

        def release(self, node, ok=True, latency_s=None):
            assert self.load[node] > 0
            self.load[node] -= 1

    selector = Counting()
    plan = FaultPlan(Crash("node-0", 3.0, 9.0), Pause("node-1", 5.0, 4.0))
    cluster = Cluster(
        VirtualClock(1),
        selector,
        service_s=0.02,
        plan=plan,
        timeout_s=0.5,
        hedge=Hedge(0.1),
        slow_start_s=3.0,
        breaker=CircuitBreaker(window=5, open_s=1.0, half_open=1),
        retries=policy(9, errors=ErrorThreshold(2, keep_s=1.0)),
    )
    found = cluster.run(200, rate_per_s=15)
    check_account(found)
    assert selector.load.total() == 0


def test_a_hedges_slower_copy_is_no_failure_of_its_node() -> None:
    """A node that is four times as slow loses each race; its breaker must not open for that."""
    cluster = Cluster(
        VirtualClock(1),
        lbcore.RoundRobin(2),
        service_s=0.1,
        hedge=Hedge(0.05),
        breaker=CircuitBreaker(window=10),
        detector=None,
        plan=FaultPlan(Slow("node-0", 0.0, 1e6, 4.0)),
        seed=1,
    )
    found = cluster.run(60, rate_per_s=2)
    check_account(found)
    assert found.failed == 0
    assert sum(one.outcome is Outcome.SUPERSEDED for one in found.attempts) >= 25


def test_a_backup_that_stands_before_the_failed_node() -> None:
    """What is moved to the backup goes there at once: its own place, which is down, is not asked first."""
    cluster = Cluster(
        VirtualClock(1),
        lbcore.RoundRobin(3),
        service_s=0.5,
        plan=FaultPlan(Crash("node-1", at_s=2.0)),
        backup="node-0",
        seed=1,
    )
    found = cluster.run(60, rate_per_s=20)
    check_account(found)
    assert Outcome.REFUSED not in {one.outcome for one in found.attempts}
    assert found.retried == 41


def test_a_node_that_returns_has_its_errors_forgiven() -> None:
    errors = ErrorThreshold(3)
    cluster = Cluster(
        VirtualClock(1),
        lbcore.RoundRobin(3),
        service_s=0.1,
        retries=RetryPolicy(errors=errors, seed=1),
        plan=FaultPlan(Crash("node-1", 2.0, 8.0)),
        timeout_s=1.0,
        seed=1,
    )
    found = cluster.run(200, rate_per_s=10)
    check_account(found)
    assert Outcome.TIMEOUT in {one.outcome for one in found.attempts if one.node == "node-1"}
    assert [change.failed for change in found.changes] == [True, False] and errors.errors("node-1", 1e3) == 0


def test_a_hedges_copy_goes_to_another_node() -> None:
    """By key every pick is the same node, so the copy has to be kept away from it."""
    cluster = Cluster(
        VirtualClock(1), lbcore.ModuloHash(3), service_s=1.0, workers=50, hedge=Hedge(0.1, most=2), detector=None
    )
    found = cluster.run(20, keys=list(range(20)), rate_per_s=10)
    check_account(found)
    for tries in by_request(found).values():
        assert len({one.node for one in tries}) == len(tries) == 3


def test_a_backup_that_failed_the_request_is_not_asked_again() -> None:
    """From a, which dies, to the backup, which errs, to b, which dies: next comes c."""

    def fails_on_spare(request: int, node: str) -> str:
        if node == "spare":
            raise OSError("no")
        return node

    cluster = Cluster(
        VirtualClock(1),
        lbcore.RoundRobin(["a", "b", "c", "spare"]),
        handler=fails_on_spare,
        service_s=10.0,
        timeout_s=100.0,
        backup="spare",
        plan=FaultPlan(Crash("a", at_s=0.5), Crash("b", at_s=15.0)),
        retries=policy(),
    )
    found = cluster.run(1)
    check_account(found)
    assert [one.node for one in found.attempts] == ["a", "spare", "b", "c"]


def test_a_node_that_dies_in_its_handler_gives_no_answer() -> None:
    clock = VirtualClock(1)
    cluster = Cluster(
        clock,
        lbcore.RoundRobin(2),
        handler=lambda request, node: clock.sleep(1.0),
        plan=FaultPlan(Crash("node-0", at_s=0.5)),
        detector=None,
        timeout_s=5.0,
        retries=policy(),
    )
    found = cluster.run(1)
    check_account(found)
    assert [(one.node, one.outcome) for one in found.attempts] == [("node-0", Outcome.TIMEOUT), ("node-1", Outcome.OK)]


@pytest.mark.parametrize(
    ("given", "attempts"),
    [({}, 3), ({"retries": None}, 1), ({"retries": 0}, 1), ({"retries": 1}, 2), ({"retries": 4}, 5)],
)
def test_how_many_retries(given: dict, attempts: int) -> None:
    """None is none, as it is for a hedge or a breaker; two where nothing is said."""

    def fails(request: int, node: str) -> None:
        raise OSError

    report = Cluster(VirtualClock(1), lbcore.RoundRobin(3), handler=fails, seed=1, **given).run(1)
    assert len(report.attempts) == attempts and report.failed == 1


def test_only_errors_worth_a_retry_are_tried_again_and_a_node_may_ask_to_wait() -> None:
    def handler(request: int, node: str) -> None:
        if request == 0:
            raise ValueError("no such page")
        if clock.elapsed() < 4.0:
            error = OSError("busy")
            error.wait_s = 5.0  # type: ignore[attr-defined]
            raise error

    clock = VirtualClock(1)
    retries = RetryPolicy(Stop(attempts=3), FixedWait(0.5), retry_on=OSError, retry_after="wait_s")
    report = Cluster(clock, lbcore.RoundRobin(3), handler=handler, retries=retries).run(2, rate_per_s=1)
    assert [(one.request, one.sent_s, str(one.outcome)) for one in report.attempts] == [
        (0, 0.0, "error"), (1, 1.0, "error"), (1, 6.0, "ok")
    ]  # fmt: skip
    assert str(report) == (
        "2 submitted = 1 completed + 1 failed; 1 further attempts; 0 done more than once; "
        "the first to fail was request 0 (error): ValueError: no such page"
    )
