"""The cluster: what it promises of every request, one fault at a time, on both clocks."""

import math
from itertools import pairwise

import pytest

import lbcore
from lbcore.faults import (
    Change,
    Cluster,
    Crash,
    Cut,
    FaultPlan,
    FixedTimeout,
    Hedge,
    Network,
    Outcome,
    Pause,
    RealClock,
    Report,
    RequestFailed,
    VirtualClock,
    partition,
)
from tests.faults.account import by_request, check_account, policy


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


@pytest.mark.parametrize("runs", [20, pytest.param(100, marks=pytest.mark.soak)])
def test_one_seed_is_one_trace(runs: int) -> None:
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
    assert repr(first) == str(first) and len(repr(first)) < 120
    assert all(run(7) == first for _ in range(1, runs))
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


def test_requests_come_when_told() -> None:
    cluster = Cluster(VirtualClock(1), lbcore.RoundRobin(2), service_s=0.01)
    assert cluster.run("abc", at_s=[0.0, 0.5, 4.0]).submitted_s == (0.0, 0.5, 4.0)
    evenly = Cluster(VirtualClock(1), lbcore.RoundRobin(2)).run(20, rate_per_s=4).submitted_s
    assert all(math.isclose(later - earlier, 0.25) for earlier, later in pairwise(evenly))
