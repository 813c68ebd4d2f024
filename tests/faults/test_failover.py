"""The cluster: what it promises of every request, one fault at a time, on both clocks."""

import doctest
import math
from collections import Counter
from itertools import pairwise

import pytest

import lbcore
from lbcore.faults import (
    Change,
    CircuitBreaker,
    Cluster,
    Crash,
    Cut,
    ErrorThreshold,
    FaultPlan,
    FixedTimeout,
    FixedWait,
    Hedge,
    Network,
    Outcome,
    Pause,
    RealClock,
    Report,
    RequestFailed,
    RetryBudget,
    RetryPolicy,
    Slow,
    Stop,
    VirtualClock,
    failover,
    partition,
    report,
)
from tests.faults.account import by_request, check_account


def policy(attempts: int = 5, wait_s: float = 0.1, **how: object) -> RetryPolicy:
    return RetryPolicy(Stop(attempts=attempts), FixedWait(wait_s), seed=1, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("module", [failover, report])
def test_doctests(module) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("make", [RealClock, lambda: VirtualClock(1)])
def test_the_thread_pool_balancer_of_the_first_sketch(make) -> None:
    """request % nodes, as in the source, where requests are consecutive integers and one client sends them in order."""
    cluster = Cluster(make(), lbcore.RoundRobin(3), handler=lambda request, node: (request, node), clients=1)

    def main() -> list[object]:
        cluster.start()
        futures = [cluster.submit(request) for request in range(30)]
        cluster.clock.wait(futures)
        return [future.result() for future in futures]

    assert cluster.clock.run(main) == [(request, f"node-{request % 3}") for request in range(30)]
    check_account(cluster.report(), late_s=10.0)


def test_a_crash_loses_no_request_and_who_held_them_is_reassigned() -> None:
    """The last beat of node-1 leaves at 9.25 s, so it fails at 12.25; until then every fourth request waits for it."""
    selector = lbcore.RoundRobin(4)
    cluster = Cluster(
        VirtualClock(1), selector, service_s=0.05, plan=FaultPlan(Crash("node-1", at_s=10.0)), retries=policy(1)
    )
    found = cluster.run(400, rate_per_s=20)
    check_account(found)
    assert found.completed == 400
    assert found.changes == (Change(12.25, "balancer", "node-1", True),)
    moved = [one for one in found.attempts if one.outcome is Outcome.REASSIGNED]
    assert {one.node for one in moved} == {"node-1"} and {one.ended_s for one in moved} == {12.25}
    sent = [one.sent_s for one in found.attempts if one.node == "node-1" and one.sent_s >= 10.0]
    assert len(moved) == len(sent) == 11 and max(sent) < 12.25
    assert not selector.up[1]


def test_a_crash_loses_what_was_queued_even_where_the_node_is_back_at_once() -> None:
    plan = FaultPlan(Crash("node-0", at_s=0.5, back_s=0.6))
    cluster = Cluster(
        VirtualClock(1), lbcore.RoundRobin(1), service_s=1.0, plan=plan, timeout_s=5.0, detector=None, retries=policy()
    )
    found = cluster.run(3)
    check_account(found)
    assert found.completed == 3
    assert [(one.number, one.outcome, one.executed) for one in found.attempts] == [
        (1, Outcome.TIMEOUT, False),
    ] * 3 + [(2, Outcome.OK, True)] * 3


def test_a_node_that_returns_gets_its_traffic_back() -> None:
    cluster = Cluster(
        VirtualClock(1), lbcore.ModuloHash(3), service_s=0.01, plan=FaultPlan(Crash("node-0", at_s=5.0, back_s=15.0))
    )
    keys = [f"key-{i % 50}" for i in range(3000)]
    found = cluster.run(3000, keys=keys, rate_per_s=100)
    check_account(found)
    assert found.completed == 3000
    home = lbcore.ModuloHash(3).select_many(keys)
    (_, back) = found.changes
    late = [one for one in found.attempts if one.sent_s >= back.time_s]
    assert len(late) > 500 and all(one.node == f"node-{home[one.request]}" for one in late)


def test_a_backup_takes_what_the_dead_node_held_and_would_get() -> None:
    cluster = Cluster(
        VirtualClock(1),
        lbcore.ModuloHash(["a", "b", "c", "spare"]),
        service_s=0.05,
        backup="spare",
        plan=FaultPlan(Crash("b", at_s=10.0)),
    )
    found = cluster.run(1000, keys=list(range(1000)), rate_per_s=40)
    check_account(found)
    assert found.completed == 1000
    home = {number: tries[0].node for number, tries in by_request(found).items()}
    failed_s = found.changes[0].time_s
    for number, tries in by_request(found).items():
        moved = [one for one in tries if one.outcome is Outcome.REASSIGNED]
        assert len(tries) == 1 + len(moved) and (not moved or tries[-1].node == "spare")
        assert (home[number] == "spare") <= (tries[0].sent_s >= failed_s)
    assert found.served("spare") > 150


def test_what_a_dead_node_held_goes_to_its_backup_whoevers_turn_it_is() -> None:
    cluster = Cluster(
        VirtualClock(1),
        lbcore.RoundRobin(["a", "b", "c", "spare"]),
        service_s=0.05,
        backup="spare",
        plan=FaultPlan(Crash("b", at_s=10.0)),
    )
    found = cluster.run(400, rate_per_s=20)
    check_account(found)
    moved = [one.request for one in found.attempts if one.outcome is Outcome.REASSIGNED]
    assert found.completed == 400 and len(moved) > 10
    assert {by_request(found)[number][-1].node for number in moved} == {"spare"}


def test_slow_is_not_dead_and_what_was_moved_is_done_twice() -> None:
    """A pause longer than the timeout: the node counts as failed, and does the moved requests all the same later."""
    cluster = Cluster(
        VirtualClock(1), lbcore.RoundRobin(3), service_s=0.05, plan=FaultPlan(Pause("node-2", at_s=10.0, for_s=6.0))
    )
    found = cluster.run(400, rate_per_s=20)
    check_account(found)
    moved = {one.request for one in found.attempts if one.outcome is Outcome.REASSIGNED}
    assert found.completed == 400 and len(moved) > 10
    assert set(found.executed_twice) == moved
    assert [change.failed for change in found.changes] == [True, False]


def test_answers_that_get_lost_are_work_done_twice() -> None:
    """The node hears requests and cannot answer; its beats are lost as well, so it also counts as failed."""
    plan = FaultPlan(Cut("node-0", "balancer", at_s=5.0, for_s=5.0))
    cluster = Cluster(VirtualClock(1), lbcore.RoundRobin(2), service_s=0.01, plan=plan, timeout_s=0.5, retries=policy())
    found = cluster.run(200, rate_per_s=10)
    check_account(found)
    late = {one.request for one in found.attempts if one.outcome is Outcome.TIMEOUT}
    assert found.completed == 200 and late and late <= set(found.executed_twice)


def test_a_lost_request_is_not_done_twice() -> None:
    plan = FaultPlan(Cut("balancer", "node-0", at_s=5.0, for_s=5.0))
    cluster = Cluster(VirtualClock(1), lbcore.RoundRobin(2), service_s=0.01, plan=plan, timeout_s=0.5, retries=policy())
    found = cluster.run(200, rate_per_s=10)
    check_account(found)
    assert found.completed == 200 and found.executed_twice == () and found.changes == ()


def test_never_the_same_node_twice_while_another_is_up() -> None:
    def fails(request: int, node: str) -> None:
        raise OSError("no")

    cluster = Cluster(VirtualClock(1), lbcore.Random(4, seed=2), handler=fails, retries=policy(4))
    found = cluster.run(50)
    check_account(found)
    assert found.failed == 50
    for tries in by_request(found).values():
        assert len({one.node for one in tries}) == 4
    assert {failure[1:] for failure in found.failures} == {("attempts", "OSError: no")}


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


def test_all_nodes_dead_then_back() -> None:
    """Requests find no node, wait by the policy, and are done once one is back."""
    plan = FaultPlan(*(Crash(f"node-{i}", at_s=2.0, back_s=20.0) for i in range(3)))
    cluster = Cluster(
        VirtualClock(1), lbcore.RoundRobin(3), service_s=0.01, plan=plan, timeout_s=1.0, retries=policy(100, 0.5)
    )
    found = cluster.run(100, rate_per_s=10)
    check_account(found)
    assert found.completed == 100
    assert Outcome.REFUSED in {one.outcome for one in found.attempts}


def test_a_partition_both_ways_heals() -> None:
    plan = FaultPlan(*partition("balancer", ["node-0", "node-1"], at_s=5.0, for_s=10.0))
    cluster = Cluster(
        VirtualClock(1), lbcore.RoundRobin(3), service_s=0.01, plan=plan, timeout_s=1.0, retries=policy(20)
    )
    found = cluster.run(300, rate_per_s=10)
    check_account(found)
    assert found.completed == 300 and len(found.changes) == 4


def test_one_seed_is_one_trace() -> None:
    plan = FaultPlan(Crash("node-0", 3.0, 9.0), Pause("node-1", 5.0, 4.0), Cut("balancer", "node-2", 6.0, 2.0))

    def run(seed: int) -> Report:
        clock = VirtualClock(seed)
        network = Network(clock, delay=0.01, loss=0.02, plan=plan, seed=seed)
        cluster = Cluster(
            clock,
            lbcore.Random(4, seed=seed),
            service_s=0.02,
            network=network,
            timeout_s=0.5,
            detector=FixedTimeout(2.5),
            hedge=Hedge(0.2),
            clients=16,
            retries=policy(6),
            seed=seed,
        )
        return cluster.run(60, rate_per_s=5)

    first = run(7)
    check_account(first)
    assert all(run(7) == first for _ in range(100))
    assert run(8) != first


def test_a_request_that_fails_for_good_raises_in_its_future() -> None:
    def fails(request: int, node: str) -> None:
        raise ZeroDivisionError("planted")

    cluster = Cluster(VirtualClock(1), lbcore.RoundRobin(2), handler=fails, retries=policy(2))

    def main() -> None:
        cluster.start()
        future = cluster.submit(0)
        with pytest.raises(RequestFailed, match="request 0 failed for good: attempts") as caught:
            future.result()
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    cluster.clock.run(main)


@pytest.mark.parametrize("make", [RealClock, lambda: VirtualClock(1)])
def test_what_is_no_fault_of_a_node_surfaces(make) -> None:
    """A selector that breaks, and a handler that ends its thread, come out of run."""
    selector = lbcore.ModuloHash(2)
    cluster = Cluster(make(), selector)
    with pytest.raises(TypeError, match="key"):
        cluster.run(3, keys=[1, 2.5, 3])

    def ends(request: int, node: str) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        Cluster(make(), lbcore.RoundRobin(2), handler=ends).run(3)


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


def test_requests_come_when_told() -> None:
    cluster = Cluster(VirtualClock(1), lbcore.RoundRobin(2), service_s=0.01)
    assert cluster.run("abc", at_s=[0.0, 0.5, 4.0]).submitted_s == (0.0, 0.5, 4.0)
    evenly = Cluster(VirtualClock(1), lbcore.RoundRobin(2)).run(20, rate_per_s=4).submitted_s
    assert all(math.isclose(later - earlier, 0.25) for earlier, later in pairwise(evenly))


def test_a_cluster_runs_once() -> None:
    cluster = Cluster(VirtualClock(1), lbcore.RoundRobin(2))
    with pytest.raises(RuntimeError, match=r"^submit: start"):
        cluster.submit(1)
    cluster.run(3)
    with pytest.raises(RuntimeError, match=r"^start: "):
        cluster.run(3)


NAN = float("nan")


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"handler": 3}, TypeError, "handler"),
        ({"service_s": -1.0}, ValueError, "service_s"),
        ({"service_s": NAN}, ValueError, "service_s"),
        ({"service_s": "1"}, TypeError, "service_s"),
        ({"workers": 0}, ValueError, "workers"),
        ({"clients": 0}, ValueError, "clients"),
        ({"clients": 1.5}, TypeError, "clients"),
        ({"interval_s": 0.0}, ValueError, "interval_s"),
        ({"interval_s": 5.0}, ValueError, "detector"),
        ({"detector": FixedTimeout(0.5)}, ValueError, "detector"),
        ({"detector": 3.0}, TypeError, "detector"),
        ({"backup": "node-7"}, ValueError, "backup"),
        ({"slow_start_s": NAN}, ValueError, "slow_start_s"),
        ({"retries": 3}, TypeError, "retries"),
        ({"timeout_s": 0.0}, ValueError, "timeout_s"),
        ({"timeout_s": math.inf}, ValueError, "timeout_s"),
        ({"hedge": 0.1}, TypeError, "hedge"),
        ({"breaker": True}, TypeError, "breaker"),
        ({"plan": FaultPlan(Crash("node-7", 1.0))}, ValueError, "plan"),
        ({"plan": 3}, TypeError, "plan"),
        ({"network": Network(VirtualClock(1))}, ValueError, "network"),
        ({"network": 3}, TypeError, "network"),
        ({"seed": "x"}, TypeError, "seed"),
    ],
)
def test_bad_parameters_start_no_thread_and_change_nothing(how: dict, error: type[Exception], message: str) -> None:
    selector = lbcore.RoundRobin(3)
    with pytest.raises(error, match=f"^{message}: "):
        Cluster(VirtualClock(1), selector, **how)
    assert selector.up.all()


def test_a_network_made_for_another_plan() -> None:
    clock, plan = VirtualClock(1), FaultPlan(Crash("node-0", 1.0))
    with pytest.raises(ValueError, match=r"^network: it was not made with this plan"):
        Cluster(clock, lbcore.RoundRobin(3), plan=plan, network=Network(clock))
    with pytest.raises(TypeError, match=r"^clock: "):
        Cluster(None, lbcore.RoundRobin(3))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^selector: 'balancer'"):
        Cluster(clock, lbcore.RoundRobin(["a", "balancer"]))


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"requests": -1}, ValueError, "requests"),
        ({"requests": 2, "rate_per_s": 0.0}, ValueError, "rate_per_s"),
        ({"requests": 2, "rate_per_s": NAN}, ValueError, "rate_per_s"),
        ({"requests": 2, "at_s": [0.0]}, ValueError, "at_s"),
        ({"requests": 2, "at_s": [1.0, 0.0]}, ValueError, "at_s"),
        ({"requests": 2, "at_s": [-1.0, 0.0]}, ValueError, "at_s"),
        ({"requests": 2, "at_s": [0.0, 1.0], "rate_per_s": 1.0}, ValueError, "at_s"),
        ({"requests": 2, "keys": [1]}, ValueError, "keys"),
        ({"requests": 2}, TypeError, "keys"),
    ],
)
def test_bad_requests(how: dict, error: type[Exception], message: str) -> None:
    cluster = Cluster(VirtualClock(1), lbcore.ModuloHash(3) if message == "keys" else lbcore.RoundRobin(3))
    with pytest.raises(error, match=f"^{message}: "):
        cluster.run(**how)
