"""The queue simulation, beside the simulators that do the same work. One unit is one request.

The work: Poisson arrivals, exponential service, 100 nodes with one server each at 0.8 of their capacity; pick a node,
queue, serve, and take the mean time in the system, which must be what the others find. The slower ones get fewer
requests, so their means have more luck in them.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import lbcore
from lbcore.selectors import reference
from lbcore.simulate import queue
from tests.benchmarks.jobs.peers import MISSING, package
from tests.benchmarks.measure import Job, Maker, Work

NODES, LOAD = 100, 0.8
POLICIES = ("round robin", "random", "two choices")
SELECTORS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "round robin": (lambda: lbcore.RoundRobin(NODES), lambda: reference.RoundRobin(NODES)),
    "random": (lambda: lbcore.Random(NODES, seed=1), lambda: reference.Random(NODES, 1)),
    "two choices": (lambda: lbcore.TwoChoices(NODES, seed=1), lambda: reference.TwoChoices(NODES, 1)),
}
#: The mean time in the system: by theory, and for two choices by Mitzenmacher's simulations (2001).
MEANS_S = {"round robin": 2.7, "random": 5.0, "two choices": 1.96}


def checked(run: Callable[[], float], policy: str, requests: int) -> Work:
    """Fails where the mean is that of other work; a few requests have not filled the queues yet."""

    def call() -> None:
        mean_s = run()
        if requests >= 20_000 and not 0.7 < mean_s / MEANS_S[policy] < 1.4:
            raise AssertionError(f"the mean time in the system is {mean_s}, not {MEANS_S[policy]}")

    return Work(call, requests)


def with_lbcore(selector: Any, requests: int) -> Callable[[], float]:
    """The compiled loop, or a plain selector in it."""
    return lambda: queue(selector, requests, load=LOAD, seed=1).mean_s


def with_simpy(simpy: Any, policy: str, requests: int) -> Callable[[], float]:
    """A process for each request, a Resource for each node: the way of SimPy's own examples."""

    def run() -> float:
        rng, env = random.Random(1), simpy.Environment()
        servers = [simpy.Resource(env) for _ in range(NODES)]
        total, turn = [0.0], [0]

        def held(node: int) -> int:
            return servers[node].count + len(servers[node].queue)

        def pick() -> int:
            if policy == "round robin":
                turn[0] = (turn[0] + 1) % NODES
                return turn[0]
            if policy == "random":
                return rng.randrange(NODES)
            a, b = rng.sample(range(NODES), 2)
            return b if held(b) < held(a) else a

        def request() -> Any:
            arrived = env.now
            with servers[pick()].request() as place:
                yield place
                yield env.timeout(rng.expovariate(1.0))
            total[0] += env.now - arrived

        def source() -> Any:
            for _ in range(requests):
                yield env.timeout(rng.expovariate(LOAD * NODES))
                env.process(request())

        env.process(source())
        env.run()
        return total[0] / requests

    return run


def with_ciw(ciw: Any, policy: str, requests: int) -> Callable[[], float]:
    """A Poisson stream for each node, which is what a split at random is."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(LOAD)] * NODES,
        service_distributions=[ciw.dists.Exponential(1.0)] * NODES,
        number_of_servers=[1] * NODES,
        routing=ciw.routing.NetworkRouting([ciw.routing.Leave()] * NODES),
    )

    def run() -> float:
        ciw.seed(1)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_customers(requests, method="Finish")
        records = simulation.get_all_records()
        return sum(record.exit_date - record.arrival_date for record in records) / len(records)

    return run


def with_cimba(cb: Any, policy: str, requests: int) -> Callable[[], float]:
    """A Store of arrival times and a server process for each node; compiled by Numba before it is timed."""

    class Node(cb.Model):  # type: ignore[misc, name-defined]
        waiting: cb.Store[float]  # type: ignore[name-defined]
        held: int = 0
        served: int = 0
        spent: float = 0.0
        count: cb.Output[float]  # type: ignore[name-defined]
        total: cb.Output[float]  # type: ignore[name-defined]

        @cb.process  # type: ignore[misc]
        def serve(self) -> None:
            while True:
                arrived = self.waiting.get()
                cb.hold(cb.random.exponential(1.0))
                self.held -= 1
                self.served += 1
                self.spent += cb.now() - arrived

        @cb.on_end  # type: ignore[misc]
        def report(self) -> None:
            self.count = float(self.served)
            self.total = self.spent

    class Cluster(cb.Model):  # type: ignore[misc, name-defined]
        nodes: list[Node]
        gap: cb.Param[float] = 0.1  # type: ignore[name-defined]
        n: cb.Param[int] = 10  # type: ignore[name-defined]
        policy: cb.Param[int] = 0  # type: ignore[name-defined]

        @cb.process  # type: ignore[misc]
        def arrivals(self) -> None:
            turn = 0
            while True:
                cb.hold(cb.random.exponential(self.gap))
                if self.policy == 0:
                    at = turn
                    turn = (turn + 1) % self.n
                else:
                    at = int(cb.random.uniform(0.0, 1.0) * self.n)
                if self.policy == 2:
                    other = int(cb.random.uniform(0.0, 1.0) * (self.n - 1))
                    if other >= at:
                        other += 1
                    if self.nodes[other].held < self.nodes[at].held:
                        at = other
                self.nodes[at].held += 1
                self.nodes[at].waiting.put(cb.now())

    cluster = Cluster()
    cluster.nodes = [Node() for _ in range(NODES)]
    cluster.n, cluster.gap, cluster.policy = NODES, 1 / (LOAD * NODES), POLICIES.index(policy)
    window = cb.Window(duration=requests / (LOAD * NODES))
    experiment = cb.Experiment(cluster, replications=1, window=window, seed=1)

    def run() -> float:
        results = experiment.run()
        served, spent = (
            sum(float(np.sum(np.asarray(getattr(results[node], name)))) for node in cluster.nodes)
            for name in ("count", "total")
        )
        return spent / served

    return run


def with_happysim(hs: Any, policy: str, requests: int) -> Callable[[], float]:
    """Its Source, LoadBalancer, Servers and Sink; about as many requests, as its stream is cut at a time."""
    from happysimulator.components.load_balancer import LoadBalancer, strategies  # type: ignore[import-not-found]
    from happysimulator.distributions import ExponentialLatency  # type: ignore[import-not-found]

    def run() -> float:
        random.seed(1)
        sink = hs.Sink()
        servers = [hs.Server(f"node-{i}", service_time=ExponentialLatency(1.0), downstream=sink) for i in range(NODES)]
        strategy = strategies.Random() if policy == "random" else strategies.RoundRobin()
        balancer = LoadBalancer("balancer", backends=servers, strategy=strategy)
        until_s = requests / (LOAD * NODES)
        source = hs.Source.poisson(rate=LOAD * NODES, target=balancer, stop_after=until_s)
        hs.Simulation(sources=[source], entities=[balancer, *servers, sink], duration=until_s + 100).run()
        return sum(sink.latencies_s) / len(sink.latencies_s)

    return run


#: Of each simulator: its requests, of which to start and to end costs little beside them; its policies; and its run.
SIMULATORS: dict[str, tuple[int, tuple[str, ...], Callable[[Any, str, int], Callable[[], float]]]] = {
    "simpy": (4_000, POLICIES, with_simpy),
    "ciw": (2_000, ("random",), with_ciw),
    "cimba": (200_000, POLICIES, with_cimba),
    "happysimulator": (1_000, ("round robin", "random"), with_happysim),
}


def job(policy: str, quick: bool) -> Job:
    """A policy, in every simulator that has it."""
    requests = 500_000 if quick else 2_000_000
    compiled, plain = SELECTORS[policy]
    ours = with_lbcore(compiled(), requests)
    peers: dict[str, Work | str] = {}
    for name, (theirs, policies, run) in SIMULATORS.items():
        if policy in policies:
            module, theirs = package(name), theirs // 4 if quick else theirs
            peers[name] = checked(run(module, policy, theirs), policy, theirs) if module else MISSING
    few = 4_000
    peers["its twin in the same loop"] = checked(with_lbcore(plain(), few), policy, few)
    return Job(checked(ours, policy, requests), peers, marks={"cimba": 8.0 if policy == "two choices" else 10.0})


JOBS: dict[str, Maker] = {f"queue of 100, {policy}": partial(job, policy) for policy in POLICIES}
