"""The widgets of lesson 09."""

from functools import partial
from typing import Any

from lbcore.lab import experiments_retries as experiments
from lbcore.lab.calls import Call
from lbcore.lab.controlled import controlled
from lbcore.lab.controls import ChoiceSpec
from lbcore.lab.live import Live
from lbcore.lab.panel import Panel

__all__ = ["amplified", "brownout", "crowd", "live_retries", "reassign"]

POLICIES = ChoiceSpec(tuple(experiments.POLICIES), "retry at once")


def reassign(
    threshold: Any = 2,
    retries: Any = None,
    *,
    requests: Any = None,
    nodes: Any = None,
    per: Any = None,
    prediction: Any = None,
) -> Panel:
    """The path of each request while node 1 is down: at `threshold` errors it goes to another node."""

    def call(threshold: Any, **named: Any) -> Call:
        return Call(experiments.reassign, (threshold,), _given(named))

    return controlled(
        call, {"threshold": threshold, "retries": retries, "requests": requests, "nodes": nodes, "per": per}, prediction
    )


def brownout(
    policy: Any = POLICIES,
    *,
    rate: Any = None,
    retries: Any = None,
    budget: Any = None,
    seconds: Any = None,
    seed: Any = None,
    prediction: Any = None,
) -> Panel:
    """The load on a service, and what it answers in time, through a brown-out; `policy` is what its clients do."""

    def call(policy: Any, **named: Any) -> Call:
        return Call(experiments.brownout, (policy,), _given(named))

    return controlled(
        call,
        {"policy": policy, "rate": rate, "retries": retries, "budget": budget, "seconds": seconds, "seed": seed},
        prediction,
    )


def amplified(retries: Any = 3, layers: Any = None, *, seed: Any = None, prediction: Any = None) -> Panel:
    """Attempts for each request as more and more of them fail; `layers`: a number, or a list of them."""

    def call(retries: Any, **named: Any) -> Call:
        return Call(experiments.amplified, (retries,), _given(named))

    return controlled(call, {"retries": retries, "layers": layers, "seed": seed}, prediction)


def crowd(
    rules: Any = ("exponential", "full jitter"), clients: Any = None, *, seed: Any = None, prediction: Any = None
) -> Panel:
    """Writes that clients send who race to write one row, under each of the rules."""

    def call(rules: Any, **named: Any) -> Call:
        return Call(experiments.crowd, (rules if isinstance(rules, str) else list(rules),), _given(named))

    return controlled(call, {"rules": rules, "clients": clients, "seed": seed}, prediction)


def live_retries(clients: int = 40, down_s: float = 2.0) -> Live:
    """Real client threads that call a service which is down for a while, with and without jitter."""
    title = f"{2 * clients} client threads and a service that is down"
    return Live(partial(experiments.calling, clients=clients, down_s=down_s), 2 * down_s, title)


def _given(named: dict[str, Any]) -> dict[str, Any]:
    """The arguments that are not left to the experiment."""
    return {name: value for name, value in named.items() if value is not None}
