"""The widgets of lesson 08."""

from collections.abc import Callable
from functools import partial
from typing import Any

from lbcore.lab import deposits_failover, experiments_failover
from lbcore.lab.calls import Call
from lbcore.lab.controlled import controlled
from lbcore.lab.live import Live
from lbcore.lab.panel import Panel
from lbcore.lab.results_failover import Setting

__all__ = ["cascade", "deposits", "failover", "live_failover", "survivors"]

CALLED = {"timeout_s": "timeout, seconds", "load": "load of a node, per cent"}


def _panel(experiment: Callable[..., Any], first: str, arguments: dict[str, Any], prediction: Any = None) -> Panel:
    """A panel for an experiment; what is None is left to it, and `first` is written without its name."""

    def call(**named: Any) -> Call:
        given = {name: value for name, value in named.items() if value is not None}
        return Call(experiment, (given.pop(first),) if first in given else (), given)

    return controlled(call, arguments, prediction, called=CALLED)


def failover(
    timeout_s: Any = None,
    *,
    policy: Any = None,
    fault: Any = None,
    nodes: Any = None,
    rate_per_s: Any = None,
    service_s: Any = None,
    back_s: Any = None,
    seed: Any = None,
    prediction: Any = None,
) -> Panel:
    """A cluster through a fault at one of its nodes: a timeline of every request, and how long each took."""
    arguments = {
        "timeout_s": timeout_s,
        "policy": policy,
        "fault": fault,
        "nodes": nodes,
        "rate_per_s": rate_per_s,
        "service_s": service_s,
        "back_s": back_s,
        "seed": seed,
    }
    return _panel(experiments_failover.failover, "nodes", arguments, prediction)


def survivors(nodes: Any = 4, *, seed: Any = None, prediction: Any = None) -> Panel:
    """The requests a second at each node before a crash and after it was noticed, reassigned and with a backup."""
    return _panel(experiments_failover.survivors, "nodes", {"nodes": nodes, "seed": seed}, prediction)


def cascade(load: Any = 80, *, nodes: Any = None, limit: Any = None, seed: Any = None) -> Panel:
    """What each node holds while the dead leave their load to the living; `load`: of a node, in per cent, at first."""
    arguments = {"nodes": nodes, "load": load, "limit": limit, "seed": seed}
    return _panel(experiments_failover.cascade, "nodes", arguments)


def deposits(accounts: Any, faults: Any = None, *, requests: Any = None, seed: Any = None) -> Panel:
    """Deposits into an account of this class, or of several, while a node fails in each of four ways."""
    several = list(accounts) if isinstance(accounts, (list, tuple)) else accounts
    arguments = {"accounts": several, "faults": faults, "requests": requests, "seed": seed}
    return _panel(deposits_failover.deposits, "accounts", arguments)


def live_failover(nodes: int = 4) -> Live:
    """Real threads on wall time: a node dies after 2 s, is counted out, and comes back; no request is lost."""
    setting = Setting(
        nodes=nodes,
        timeout_s=1.0,
        policy="reassign",
        fault="crash",
        rate_per_s=20.0,
        service_s=0.05,
        at_s=2.0,
        back_s=5.0,
        seconds=7.0,
        interval_s=0.25,
        patience_s=5.0,
        slow_start_s=0.0,
        delay_s=0.0,
        seed=7,
    )
    run = partial(experiments_failover.failing_over, setting=setting)
    return Live(run, 8, f"{nodes} nodes on real threads, of which one dies")
