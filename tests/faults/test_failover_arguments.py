"""What a cluster refuses: an error that names the argument, before a thread starts and before anything changes."""

import math

import pytest

import lbcore
from lbcore.faults import (
    Cluster,
    Crash,
    FaultPlan,
    FixedTimeout,
    Network,
    VirtualClock,
)

NAN = math.nan


def test_a_cluster_runs_once() -> None:
    cluster = Cluster(VirtualClock(1), lbcore.RoundRobin(2))
    with pytest.raises(RuntimeError, match=r"^submit: start"):
        cluster.submit(1)
    cluster.run(3)
    with pytest.raises(RuntimeError, match=r"^start: "):
        cluster.run(3)


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
        ({"retries": "3"}, TypeError, "retries"),
        ({"retries": True}, TypeError, "retries"),
        ({"retries": -1}, ValueError, "retries"),
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
    for wrong in (3, None, lbcore.RoundRobin):
        with pytest.raises(TypeError, match=r"^selector: expected one such as RoundRobin\(3\), got "):
            Cluster(clock, wrong)
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
