"""Any nodes crash, pause, flap or get cut off at any time: no request is lost, no thread is left, nothing hangs.

Each seed draws a cluster, its faults and its rules. A failing seed is the whole reproduction: run it again with
`pytest -k "seed-17"`. LBCORE_EXPLORE=1 tries ten times as many.
"""

import os
import random

import pytest

import lbcore
from lbcore.faults import (
    CircuitBreaker,
    Cluster,
    Crash,
    Cut,
    Drift,
    ErrorThreshold,
    ExponentialDelay,
    FaultPlan,
    FixedTimeout,
    FullJitter,
    Hedge,
    Network,
    Pause,
    PhiAccrual,
    RealClock,
    RetryBudget,
    RetryPolicy,
    Rise,
    Slow,
    Stop,
    VirtualClock,
    partition,
)
from lbcore.faults.clocks import Clock
from tests.faults.account import by_request, check_account

SEEDS = 1000 if os.environ.get("LBCORE_EXPLORE") == "1" else 100


def faults(draw: random.Random, nodes: tuple[str, ...], scale: float) -> FaultPlan:
    """Any subset of the nodes in trouble of any kind; times in units of `scale` seconds."""
    found: list[object] = []
    for node in nodes:
        at_s, for_s = draw.uniform(0, 8) * scale, draw.uniform(0.1, 5) * scale
        kind = draw.choice(["none", "crash", "death", "pause", "flap", "deaf", "mute", "cut", "slow", "drift"])
        if kind == "crash":
            found.append(Crash(node, at_s, at_s + for_s))
        elif kind == "death":
            found.append(Crash(node, at_s))
        elif kind == "pause":
            found.append(Pause(node, at_s, for_s))
        elif kind == "flap":
            found += [Crash(node, at_s + i * for_s, at_s + (i + 0.5) * for_s) for i in range(4)]
        elif kind == "deaf":
            found.append(Cut("balancer", node, at_s, for_s))
        elif kind == "mute":
            found.append(Cut(node, "balancer", at_s, for_s))
        elif kind == "cut":
            found += partition("balancer", node, at_s, for_s)
        elif kind == "slow":
            found.append(Slow(node, at_s, for_s, draw.uniform(1, 50)))
        elif kind == "drift":
            found.append(Drift(node, draw.uniform(-0.2, 0.2)))
    return FaultPlan(*found)  # type: ignore[arg-type]


def weighted(nodes: tuple[str, ...]) -> lbcore.WeightedRandom:
    return lbcore.WeightedRandom(nodes, [i + 1 for i in range(len(nodes))])


def cluster(draw: random.Random, clock: Clock, seed: int, scale: float) -> Cluster:
    """A cluster of two to five nodes, with any of the rules."""
    nodes = tuple("abcde"[: draw.randint(2, 5)])
    plan = faults(draw, nodes, scale)
    make = draw.choice([lbcore.RoundRobin, lbcore.Random, lbcore.TwoChoices, weighted])
    delay = draw.choice([None, ExponentialDelay(0.02 * scale)])
    detector = draw.choice([None, FixedTimeout(2.5 * scale), PhiAccrual(pause_s=scale, first_interval_s=scale)])
    return Cluster(
        clock,
        make(nodes),
        service_s=draw.choice([0.0, 0.05 * scale, ExponentialDelay(0.1 * scale)]),
        workers=draw.randint(1, 3),
        clients=draw.choice([2, 8, 64]),
        detector=detector and draw.choice([detector, Rise(detector, 2)]),
        interval_s=scale,
        backup=draw.choice([None, nodes[-1]]),
        slow_start_s=draw.choice([0.0, 2.0 * scale]),
        retries=RetryPolicy(
            Stop(attempts=draw.choice([1, 3, 30]), deadline_s=draw.choice([5.0 * scale, float("inf")])),
            FullJitter(0.05 * scale, scale),
            errors=draw.choice([None, ErrorThreshold(2, keep_s=scale), ErrorThreshold(2, per="request")]),
            budget=draw.choice([None, RetryBudget(0.5)]),
            seed=seed,
        ),
        timeout_s=draw.choice([0.3, 1.0, 4.0]) * scale,
        hedge=draw.choice([None, Hedge(0.2 * scale, most=2)]),
        breaker=draw.choice([None, CircuitBreaker(window=4, open_s=scale, half_open=1)]),
        network=Network(clock, delay=delay, loss=draw.choice([0.0, 0.1]), plan=plan, seed=seed),
        seed=seed,
    )


@pytest.mark.parametrize("seed", range(SEEDS), ids=lambda seed: f"seed-{seed}")
def test_the_account_is_exact(seed: int) -> None:
    draw = random.Random(seed)
    balancer = cluster(draw, VirtualClock(seed), seed, 1.0)
    found = balancer.run(60, rate_per_s=draw.choice([5, 20, 1000]))
    check_account(found)
    assert found.submitted == 60
    assert not any(balancer._dispatcher._under_way.values())


@pytest.mark.parametrize("seed", range(SEEDS // 10), ids=lambda seed: f"seed-{seed}")
def test_where_one_node_lives_every_request_is_processed(seed: int) -> None:
    """Retries without a limit, and a node that is always well: the source's 'until all requests are processed'."""
    draw = random.Random(10_000 + seed)
    clock = VirtualClock(seed)
    plan = faults(draw, ("a", "b", "c"), 1.0)
    balancer = Cluster(
        clock,
        lbcore.Random(["a", "b", "c", "well"], seed=seed),
        service_s=0.02,
        plan=plan,
        timeout_s=0.5,
        retries=RetryPolicy(Stop(), FullJitter(0.05, 1.0), seed=seed),
        seed=seed,
    )
    found = balancer.run(100, rate_per_s=10)
    check_account(found)
    assert found.completed == 100
    # No node gets a request a second time before the one that is well has had it.
    for tries in by_request(found).values():
        nodes = [one.node for one in tries]
        assert all(len(set(nodes[:i])) == i for i in range(min(4, len(nodes))))


@pytest.mark.parametrize("seed", range(6), ids=lambda seed: f"seed-{seed}")
def test_a_short_soak_on_real_threads(seed: int) -> None:
    """The same on wall time, a second or so each: real interleavings, which no seed fixes."""
    draw = random.Random(seed)
    found = cluster(draw, RealClock(), seed, 0.08).run(200, rate_per_s=400)
    check_account(found, late_s=10.0)
    assert found.submitted == 200
