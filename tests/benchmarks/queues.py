"""Requests a second of the queue simulation, beside SimPy, Ciw and Cimba doing the same work in the same run.

    python tests/benchmarks/queues.py [requests] [nodes] [load]

The work: Poisson arrivals, exponential service, one server a node; pick a node, queue, serve, and take the mean time in
the system, which stands beside each speed to show that the work was the same. The slower ones get fewer requests, so
their means have more luck in them. Ciw has no two choices. Each figure is the best of several repetitions; the ratios
are what to compare between machines.
"""

import random
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

import lbcore
from lbcore.selectors import reference
from lbcore.simulate import queue

REPETITIONS = 3
POLICIES = ("round robin", "random", "two choices")
Answer = tuple[float, float]  # requests a second, mean time in the system


def best(run: Callable[[], float], requests: int) -> Answer:
    """The fastest of some runs, each of which returns the mean."""
    fastest, mean = float("inf"), float("nan")
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        mean = run()
        fastest = min(fastest, time.perf_counter() - start)
    return requests / fastest, mean


def with_lbcore(selector: Any, requests: int, load: float) -> Answer:
    """The compiled loop, or a plain selector in it."""
    return best(lambda: queue(selector, requests, load=load, seed=1).mean_s, requests)


def with_simpy(policy: str, requests: int, nodes: int, load: float) -> Answer:
    """A process for each request, a Resource for each node: the way of SimPy's own examples."""
    import simpy

    def run() -> float:
        rng, env = random.Random(1), simpy.Environment()
        servers = [simpy.Resource(env) for _ in range(nodes)]
        total, turn = [0.0], [0]

        def held(node: int) -> int:
            return servers[node].count + len(servers[node].queue)

        def pick() -> int:
            if policy == "round robin":
                turn[0] = (turn[0] + 1) % nodes
                return turn[0]
            if policy == "random":
                return rng.randrange(nodes)
            a, b = rng.sample(range(nodes), 2)
            return b if held(b) < held(a) else a

        def request() -> Any:
            arrived = env.now
            with servers[pick()].request() as place:
                yield place
                yield env.timeout(rng.expovariate(1.0))
            total[0] += env.now - arrived

        def source() -> Any:
            for _ in range(requests):
                yield env.timeout(rng.expovariate(load * nodes))
                env.process(request())

        env.process(source())
        env.run()
        return total[0] / requests

    return best(run, requests)


def with_ciw(requests: int, nodes: int, load: float) -> Answer:
    """A Poisson stream for each node, which is what a split at random is."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(load)] * nodes,
        service_distributions=[ciw.dists.Exponential(1.0)] * nodes,
        number_of_servers=[1] * nodes,
        routing=ciw.routing.NetworkRouting([ciw.routing.Leave()] * nodes),
    )

    def run() -> float:
        ciw.seed(1)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_customers(requests, method="Finish")
        records = simulation.get_all_records()
        return sum(record.exit_date - record.arrival_date for record in records) / len(records)

    return best(run, requests)


def with_cimba(policy: str, requests: int, nodes: int, load: float) -> Answer:
    """A Store of arrival times and a server process for each node; compiled by Numba before it is timed."""
    import cimba as cb

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
    cluster.nodes = [Node() for _ in range(nodes)]
    cluster.n, cluster.gap, cluster.policy = nodes, 1 / (load * nodes), POLICIES.index(policy)
    duration = requests / (load * nodes)
    experiment = cb.Experiment(cluster, replications=1, window=cb.Window(duration=duration), seed=1)
    experiment.run()

    def run() -> float:
        results = experiment.run()
        served, spent = (
            sum(float(np.sum(np.asarray(getattr(results[node], name)))) for node in cluster.nodes)
            for name in ("count", "total")
        )
        return spent / served

    return best(run, requests)


def main(requests: int = 4_000_000, nodes: int = 100, load: float = 0.8) -> None:
    """Print the table."""
    few, some = max(requests // 100, 2000), max(requests // 10, 2000)
    print(f"{nodes} nodes at {load:g} of their capacity; best of {REPETITIONS}")
    print(f"{'':14} {'':18} {'requests':>11} {'a second':>11} {'mean s':>7} {'lbcore is':>10}")
    for policy in POLICIES:
        compiled, plain = {
            "round robin": (lbcore.RoundRobin(nodes), reference.RoundRobin(nodes)),
            "random": (lbcore.Random(nodes, seed=1), reference.Random(nodes, 1)),
            "two choices": (lbcore.TwoChoices(nodes, seed=1), reference.TwoChoices(nodes, 1)),
        }[policy]
        ours = with_lbcore(compiled, requests, load)
        rows: list[tuple[str, int, Callable[[], Answer] | None]] = [
            ("its twin, plain", few, lambda plain=plain: with_lbcore(plain, few, load)),
            ("SimPy", few, lambda policy=policy: with_simpy(policy, few, nodes, load)),
            ("Ciw", few // 4, (lambda: with_ciw(few // 4, nodes, load)) if policy == "random" else None),
            ("Cimba", some, lambda policy=policy: with_cimba(policy, some, nodes, load)),
        ]
        print(f"{policy:14} {'lbcore':18} {requests:11,} {ours[0]:11,.0f} {ours[1]:7.3f}")
        for name, m, run in rows:
            if run is None:
                continue
            if name[0].isupper() and not find_spec(name.lower()):
                print(f"{'':14} {name:18} missing: pip install {name.lower()}")
                continue
            speed, mean = run()
            print(f"{'':14} {name:18} {m:11,} {speed:11,.0f} {mean:7.3f} {ours[0] / speed:9.1f}x")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(*map(int, arguments[:2]), *map(float, arguments[2:]))
