"""The experiments of lesson 08: a cluster through a fault, what its survivors get, and how one death brings others.

All run `lbcore.faults.Cluster` on a VirtualClock: real threads on simulated time, the same for the same seed.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lbcore import RoundRobin
from lbcore.faults import (
    Clock,
    Cluster,
    Crash,
    FaultPlan,
    FixedTimeout,
    FixedWait,
    Network,
    Report,
    RetryPolicy,
    Stop,
    VirtualClock,
)
from lbcore.lab.inputs import number
from lbcore.lab.results_failover import Cascade, Failover, Setting, Survivors

__all__ = ["cascade", "failing_over", "failover", "survivors"]

#: The node that stands by.
SPARE = "spare"
CLIENTS = 512
#: `cascade`: how long a request keeps a node busy, when the first node crashes, and for how long requests come.
SERVICE_S, CRASH_S, CASCADE_S = 0.2, 5.0, 30.0


def failover(
    nodes: int = 4,
    timeout_s: float = 3.0,
    policy: str = "reassign",
    *,
    fault: str = "crash",
    rate_per_s: float = 20.0,
    service_s: float = 0.1,
    at_s: float = 5.0,
    back_s: float = 15.0,
    seconds: float = 20.0,
    interval_s: float = 1.0,
    patience_s: float = 10.0,
    slow_start_s: float = 0.0,
    delay_s: float = 0.0,
    seed: int = 7,
) -> Failover:
    """A cluster whose node-1 has a fault from at_s to back_s, on simulated time.

    timeout_s: of the detector; each node beats every interval_s. policy: "reassign" moves what the node held to the
    others, "backup" to a node that stands by besides, "nothing" notices nothing and tries nothing again. fault: one of
    "crash", "pause", "requests lost", "answers lost". patience_s: after so long a request without an answer is given up
    (and, but for "nothing", tried again, up to two times). seconds: how long requests come.
    """
    given = (nodes, timeout_s, policy, fault, rate_per_s, service_s, at_s, back_s, seconds, interval_s, patience_s)
    setting = Setting(*given, slow_start_s, delay_s, seed)
    cluster = _cluster(VirtualClock(setting.seed), setting)
    return Failover(cluster.run(len(setting.times_s), at_s=setting.times_s), setting)


def failing_over(clock: Clock, report: Callable[..., None], setting: Setting) -> Failover:
    """The same inside any clock that runs, and shown while it runs. report: as `lbcore.lab.live` says."""
    cluster, over = _cluster(clock, setting), clock.event()

    def show() -> None:
        # On a thread of its own: a request that had to wait for a drawing would come late.
        while not over.wait(0.1):
            report(min(0.99, clock.now() / setting.seconds), Failover(cluster.report(), setting, live=True))

    cluster.start()
    shown = clock.spawn(show, name="show")
    begun_s, futures = clock.now(), []
    for request, time_s in enumerate(setting.times_s):
        clock.sleep(max(0.0, begun_s + time_s - clock.now()))
        futures.append(cluster.submit(request))
    clock.wait(futures)
    over.set()
    shown.join()
    return Failover(cluster.report(), setting, live=True)


def _cluster(clock: Clock, setting: Setting) -> Cluster:
    spare, watch = setting.policy == "backup", setting.policy != "nothing"
    plan = setting.plan
    return Cluster(
        clock,
        RoundRobin([*setting.names, SPARE] if spare else setting.names),
        service_s=setting.service_s,
        clients=CLIENTS,
        detector=FixedTimeout(setting.timeout_s) if watch else None,
        interval_s=setting.interval_s,
        backup=SPARE if spare else None,
        slow_start_s=setting.slow_start_s,
        retries=RetryPolicy(Stop(attempts=3 if watch else 1), FixedWait(0.1), seed=setting.seed),
        timeout_s=setting.patience_s,
        network=Network(clock, delay=setting.delay_s, plan=plan, seed=setting.seed),
        seed=setting.seed,
    )


def survivors(nodes: int = 4, *, rate_per_s: float = 20.0, seed: int = 7) -> Survivors:
    """The requests a second that each node is sent, before node-1 crashes and after that was noticed: both policies."""
    nodes = number("nodes", nodes, 2, 32)
    # Long enough for whole turns on each side, however many nodes there are.
    turns_s = 4 * nodes * (nodes - 1) / rate_per_s
    labels, names, before, after = ("reassign", "backup"), [], [], []
    for policy in labels:
        at_s = max(4.0, turns_s)
        until_s = at_s + 3.0 + turns_s
        found = failover(
            nodes,
            2.0,
            policy,
            rate_per_s=rate_per_s,
            service_s=0.5 / rate_per_s,
            at_s=at_s,
            back_s=until_s + 1.0,
            seconds=until_s,
            seed=seed,
        )
        assert found.noticed_s is not None
        names.append(found.nodes)
        before.append(_rates(found, at_s - turns_s, at_s))
        after.append(_rates(found, found.noticed_s, found.noticed_s + turns_s))
    return Survivors(labels, tuple(names), found.node, rate_per_s, tuple(before), tuple(after))


def _rates(found: Failover, from_s: float, to_s: float) -> NDArray[np.float64]:
    """Requests a second that come to each node from one time to another; those moved at the start are not of them."""
    nodes = [one.node for one in found.visits if from_s < one.sent_s <= to_s]
    return np.bincount(nodes, minlength=len(found.nodes)) / (to_s - from_s)


def cascade(nodes: int = 3, load: int = 80, *, limit: int = 20, seed: int = 7) -> Cascade:
    """Nodes that die of overload: node-1 crashes, and whichever other holds `limit` requests runs out of memory.

    load: how busy each node is while all are up, in per cent. The first run has the one crash; the first node to reach
    the limit gets a crash of its own at that moment, and all is run again with the same seed, which changes nothing
    before that moment; until no further node reaches it.
    """
    nodes, load = number("nodes", nodes, 2, 12), number("load", load, 1, 100)
    limit, seed = number("limit", limit, 2, 1_000), number("seed", seed, 0, 2**63)
    rate_per_s = load / 100 * nodes / SERVICE_S
    times_s = [(i + 0.5) / rate_per_s for i in range(round(rate_per_s * CASCADE_S))]
    names = [f"node-{i}" for i in range(nodes)]
    deaths = [(names[1], CRASH_S)]
    while True:
        report = _overloaded(names, deaths, times_s, seed)
        steps = {name: _held(report, name, dict(deaths)) for name in names}
        reached = [
            (float(at_s[held >= limit][0]), name)
            for name, (at_s, held) in steps.items()
            if name not in dict(deaths) and (held >= limit).any()
        ]
        if not reached:
            break
        died_s, name = min(reached)
        deaths.append((name, died_s))
    return Cascade(
        tuple(names),
        load,
        limit,
        tuple(deaths),
        tuple(at_s for at_s, _ in steps.values()),
        tuple(held for _, held in steps.values()),
        report.submitted,
        report.completed,
        report.failed,
        CASCADE_S,
        seed,
    )


def _overloaded(names: list[str], deaths: list[tuple[str, float]], times_s: list[float], seed: int) -> Report:
    cluster = Cluster(
        VirtualClock(seed),
        RoundRobin(names),
        service_s=SERVICE_S,
        clients=CLIENTS,
        retries=RetryPolicy(Stop(attempts=2), FixedWait(0.1), seed=seed),
        timeout_s=60.0,
        plan=FaultPlan(*(Crash(name, at_s) for name, at_s in deaths)),
        seed=seed,
    )
    return cluster.run(len(times_s), at_s=times_s)


def _held(report: Report, name: str, deaths: dict[str, float]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """At which times what a node holds changes, and how many requests it holds from then on: none once it is dead."""
    mine = [one for one in report.attempts if one.node == name]
    came, went = np.array([one.sent_s for one in mine]), np.array([one.ended_s for one in mine])
    at_s = np.unique(np.concatenate([[0.0], came, went]))
    held = np.searchsorted(np.sort(came), at_s, "right") - np.searchsorted(np.sort(went), at_s, "right")
    if name in deaths:
        alive = at_s < deaths[name]
        at_s, held = np.append(at_s[alive], deaths[name]), np.append(held[alive], 0)
    return at_s, held.astype(np.int64)
