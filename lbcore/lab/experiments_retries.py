"""The experiments of lesson 09: what retries do to a service, and to each other."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from lbcore import RoundRobin
from lbcore.faults import (
    Clock,
    DecorrelatedJitter,
    EqualJitter,
    ErrorThreshold,
    Exponential,
    FixedWait,
    FullJitter,
    GiveUp,
    RetryBudget,
    RetryPolicy,
    Stop,
    VirtualClock,
    Wait,
    amplification,
    pick,
)
from lbcore.faults._checks import stream
from lbcore.faults.breaker import CircuitBreaker
from lbcore.faults.contention import contention
from lbcore.faults.metastable import metastable
from lbcore.lab import students
from lbcore.lab.inputs import number
from lbcore.lab.results_retries import Amplified, BrownOut, Crowd, Reassigned, Stampede
from lbcore.selectors.reference import Draws

__all__ = ["POLICIES", "RULES", "amplified", "brownout", "crowd", "expected_attempts", "reassign", "stampede"]

#: What may be done with a request that got no answer, and the pause before it is sent again.
POLICIES: dict[str, Wait] = {
    "give up": FixedWait(),
    "retry at once": FixedWait(),
    "backoff": Exponential(0.5, 8.0),
    "backoff and jitter": FullJitter(0.5, 8.0),
    "retry budget": FullJitter(0.5, 8.0),
    "circuit breaker": FullJitter(0.5, 8.0),
}
CAPACITY, LOW, FROM_S, BACK_S = 300, 100, 10.0, 15.0

#: The pauses of the AWS article on jitter: base 5 ms, cap 2 s.
RULES: dict[str, Wait] = {
    "no wait": FixedWait(),
    "exponential": Exponential(0.005, 2.0),
    "equal jitter": EqualJitter(0.005, 2.0),
    "full jitter": FullJitter(0.005, 2.0),
    "decorrelated jitter": DecorrelatedJitter(0.005, 2.0),
}

#: More attempts than this at one failure rate tell no more than these.
MOST_ATTEMPTS = 3_000

Report = Callable[..., None]


def reassign(
    threshold: int = 2,
    retries: int = 3,
    *,
    requests: int = 6,
    nodes: int = 3,
    down: Iterable[int] = (1,),
    per: str = "node",
) -> Reassigned:
    """Send requests in turn to nodes some of which are down; at `threshold` errors a request goes to another node.

    retries: how often a request may be sent again. down: indices of nodes. per: "node" counts what all requests met on
    a node, "request" only what this one met there.
    """
    requests, nodes = number("requests", requests, 1, 1_000), number("nodes", nodes, 1, 100)
    retries, threshold = number("retries", retries, 0, 100), number("threshold", threshold, 1, 100)
    dead = {number("down", node, 0, nodes - 1) for node in down}
    errors = ErrorThreshold(threshold, per=per)  # type: ignore[arg-type]
    policy = RetryPolicy(Stop(attempts=retries + 1), FixedWait(), errors=errors, seed=0)
    balancer = RoundRobin(nodes)
    paths, served = [], []
    for request in range(requests):
        tries, path = policy.start(0.0, request), [balancer.select()]
        while path[-1] in dead:
            answer = tries.failed(path[-1], 0.0)
            if isinstance(answer, GiveUp):
                break
            path.append(pick(balancer, tried=answer.avoid) if answer.node is None else path[-1])
        else:
            tries.succeeded(path[-1], 0.0)
        served.append(path[-1] not in dead)
        paths.append(tuple(path))
    return Reassigned(nodes, tuple(sorted(dead)), threshold, per, retries, tuple(paths), tuple(served))


def brownout(
    policy: Any = "retry at once",
    rate: int = 240,
    retries: int = 3,
    *,
    budget: int = 10,
    seconds: int = 60,
    seed: int = 7,
) -> BrownOut:
    """A service that can do 300 requests a second; from 10 to 15 s only 100. Who waits for 1 s does `policy`.

    policy: one of POLICIES, or a class of a student's with `sent()` and `take()`. rate: requests a second. retries:
    how often one may be sent again. budget: retries in per cent of the requests, for the two policies with a budget.
    """
    rate, retries = number("rate", rate, 1, 1_000), number("retries", retries, 0, 10)
    budget, seconds = number("budget", budget, 0, 100), number("seconds", seconds, 30, 600)
    seed = number("seed", seed, 0, 2**63)
    theirs = inspect.isclass(policy)
    name = policy.__name__ if theirs else policy
    if not theirs and policy not in POLICIES:
        raise ValueError(f"policy: {policy!r} is none of {', '.join(POLICIES)}")
    limited = theirs or policy == "retry budget"
    found = metastable(
        rate,
        0 if policy == "give up" else retries,
        wait=POLICIES["retry budget" if theirs else policy],
        budget=_Theirs(policy, budget / 100) if theirs else RetryBudget(budget / 100, per_s=0) if limited else None,
        breaker=CircuitBreaker(open_s=5.0) if policy == "circuit breaker" else None,
        capacity_per_s=CAPACITY,
        outage_from_s=FROM_S,
        outage_s=BACK_S - FROM_S,
        outage_capacity_per_s=LOW,
        until_s=seconds,
        seed=seed,
    )
    return BrownOut(
        name,
        rate,
        retries,
        budget if limited else None,
        policy == "circuit breaker",
        CAPACITY,
        LOW,
        FROM_S,
        BACK_S,
        found.offered,
        found.attempts,
        found.again,
        found.good,
        found.refused,
        found.recovery_s,
        seed,
    )


@dataclass(eq=False)
class _Theirs:
    """A student's class as a budget: told of each request, asked for each retry, and never shown the time."""

    cls: Any
    share: float
    mine: Any = field(init=False)

    def __post_init__(self) -> None:
        self.mine = self._ask(f"{self.cls.__name__}({self.share})", self.cls, self.share)

    def _ask(self, what: str, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            answer = call(*arguments)
        except Exception as error:
            if "ellipsis" in str(error):
                raise students.StudentError(students.unfinished(self.cls.__name__)) from error
            raise students.StudentError(f"{what} failed with {type(error).__name__}: {error}") from error
        if answer is Ellipsis:
            raise students.StudentError(students.unfinished(self.cls.__name__))
        return answer

    def sent(self, now_s: float) -> None:
        self._ask(f"{self.cls.__name__}.sent()", lambda: self.mine.sent())

    def take(self, now_s: float) -> bool:
        may = self._ask(f"{self.cls.__name__}.take()", lambda: self.mine.take())
        if isinstance(may, (bool, np.bool_)):
            return bool(may)
        if may is None and "..." in _source(self.cls):
            raise students.StudentError(students.unfinished(self.cls.__name__))
        raise students.StudentError(f"{self.cls.__name__}.take() returned {may!r}; it must return True or False")

    def succeeded(self, now_s: float) -> None:
        """Changes nothing."""

    def failed(self, now_s: float) -> None:
        """Changes nothing."""

    def fresh(self) -> Self:
        return type(self)(self.cls, self.share)


def _source(cls: Any) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""


def amplified(retries: int = 3, layers: int | Sequence[int] = 1, *, requests: int = 2_000, seed: int = 7) -> Amplified:
    """Attempts at the last service for each request, where each attempt fails with chance 0, 10, ... 100 %.

    layers: how many services stand in a row, each of which sends a failed call again up to `retries` times; or several
    such numbers to compare. requests: at each rate, fewer where they would make more than 3,000 attempts.
    """
    retries, requests = number("retries", retries, 0, 10), number("requests", requests, 1, 100_000)
    rows = tuple(number("layers", one, 1, 3) for one in (layers if isinstance(layers, (list, tuple)) else [layers]))
    seed = number("seed", seed, 0, 2**63)
    policy = RetryPolicy(Stop(attempts=retries + 1), FixedWait(), seed=seed)
    rates, curve = np.arange(11) / 10, np.arange(201) / 200
    measured = [
        np.array([_measured(policy, float(f), retries, row, requests, stream(seed, i)) for i, f in enumerate(rates)])
        for row in rows
    ]
    theory = [np.array([expected_attempts(float(f), retries, row) for f in curve]) for row in rows]
    return Amplified(retries, rows, rates, tuple(measured), curve, tuple(theory), requests, seed)


def expected_attempts(failure_rate: float, retries: int, layers: int = 1) -> float:
    """The mean of what `amplified` measures: the product over the layers of (1 - f^(r+1)) / (1 - f).

    A call of a layer fails when all its attempts have: f of the next layer up is f^(r+1).
    """
    attempts = 1.0
    for _ in range(layers):
        attempts *= amplification(failure_rate, retries)
        failure_rate **= retries + 1
    return attempts


def _measured(
    policy: RetryPolicy, failure_rate: float, retries: int, layers: int, requests: int, draws: Draws
) -> float:
    bound, sent = failure_rate * 2.0**64, 0

    def call(layer: int) -> bool:
        nonlocal sent
        if layer == 0:
            sent += 1
            return draws.next() >= bound
        tries = policy.start(0.0)
        while not call(layer - 1):
            if isinstance(tries.failed("next", 0.0), GiveUp):
                return False
        tries.succeeded("next", 0.0)
        return True

    few = max(1, min(requests, int(MOST_ATTEMPTS / expected_attempts(failure_rate, retries, layers))))
    for _ in range(few):
        call(layers)
    return sent / few


def crowd(
    rules: str | Sequence[str] = ("exponential", "full jitter"), clients: int = 100, *, runs: int = 1, seed: int = 7
) -> Crowd:
    """Let `clients` clients race to write one row, under each of these RULES; run i has the seed `seed + i`."""
    names = (rules,) if isinstance(rules, str) else tuple(rules)
    clients, runs = number("clients", clients, 1, 500), number("runs", runs, 1, 1_000)
    seed = number("seed", seed, 0, 2**63)
    for name in names:
        if name not in RULES:
            raise ValueError(f"rules: {name!r} is none of {', '.join(RULES)}")
    if not names:
        raise ValueError("rules: give at least one")
    found = [[contention(clients, RULES[name], seed=seed + i) for i in range(runs)] for name in names]
    return Crowd(
        names,
        clients,
        tuple(np.array(row[0].calls_s) for row in found),
        tuple(np.array([run.time_s for run in row]) for row in found),
        tuple(np.array([run.calls for run in row]) for row in found),
        seed,
    )


def stampede(clients: int = 40, down_s: float = 2.0, *, seed: int = 7) -> Stampede:
    """Clients call a service at the moment it goes down, and again until it is back: on simulated time."""
    clock = VirtualClock(seed)
    return clock.run(calling, clock, lambda *done: None, clients, down_s, seed)


def calling(clock: Clock, report: Report, clients: int = 40, down_s: float = 2.0, seed: int = 7) -> Stampede:
    """The threads of `stampede`, inside any clock: one for each client, twice as many in all.

    Half of them double the pause, the others take full jitter. The longest pause is as long as the service is down.
    """
    clients, seed = number("clients", clients, 1, 200), number("seed", seed, 0, 2**63)
    if not 0.1 <= down_s <= 4.0:
        raise ValueError(f"down_s: {down_s!r} is not between 0.1 and 4")
    waits: dict[str, Wait] = {
        "backoff": Exponential(down_s / 10, down_s),
        "backoff and full jitter": FullJitter(down_s / 10, down_s),
    }
    first: list[list[float]] = [[] for _ in waits]
    again: list[list[float]] = [[] for _ in waits]
    served = [0 for _ in waits]
    gate, over = clock.event(), clock.queue()
    live, until_s = not isinstance(clock, VirtualClock), 2 * down_s

    def client(row: int, policy: RetryPolicy, name: int) -> None:
        gate.wait()
        now_s = clock.now()
        first[row].append(now_s - start_s)
        tries = policy.start(now_s, name)
        while now_s - start_s < down_s:
            answer = tries.failed("service", now_s)
            assert not isinstance(answer, GiveUp)
            clock.sleep(answer.wait_s)
            now_s = clock.now()
            again[row].append(now_s - start_s)
        over.put(row)

    def so_far() -> Stampede:
        firsts, agains = ([np.sort(np.array(row, dtype=np.float64)) for row in rows] for rows in (first, again))
        return Stampede(tuple(waits), clients, down_s, until_s, tuple(firsts), tuple(agains), tuple(served), live, seed)

    for row, wait in enumerate(waits.values()):
        policy = RetryPolicy(Stop(), wait, seed=seed)
        for name in range(clients):
            clock.spawn(client, row, policy, name, name=f"client {name + 1}, {'jitter' if row else 'backoff'}")
    start_s = clock.now()
    gate.set()
    while sum(served) < len(waits) * clients:
        clock.sleep(0.1)
        while not over.empty():
            served[over.get()] += 1
        report(min((clock.now() - start_s) / until_s, 1.0), so_far())
    return so_far()
