"""A thread-pool load balancer that survives its nodes: heartbeats notice, failover reassigns, retries finish the rest.

The two classic sketches grown up. One hands requests to a thread pool, `handler(request, node)` for each, and waits for
all results; the other has every node send a beat, and acts when none comes. Here a request is picked a node by a
selector, sent over a network that may lose it, served by the node's own threads, and tried again by a policy until it
is done or given up. Nothing is lost and nothing counted twice: submitted = completed + failed. What a node did although
nobody waited any more is in the report as well: that is the price of trying again.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from itertools import pairwise
from typing import Any

from lbcore.faults import _checks
from lbcore.faults.breaker import CircuitBreaker
from lbcore.faults.clocks import Clock
from lbcore.faults.delays import Delay
from lbcore.faults.detectors import Detector, FixedTimeout
from lbcore.faults.dispatch import Dispatcher
from lbcore.faults.heartbeat import Change, Heartbeats
from lbcore.faults.hedge import Hedge
from lbcore.faults.network import Network
from lbcore.faults.plan import FaultPlan
from lbcore.faults.report import Report, RequestFailed
from lbcore.faults.retry import RetryPolicy, Stop
from lbcore.faults.routing import Routing
from lbcore.faults.workers import Workers, service_law

__all__ = ["BALANCER", "Cluster"]

#: The balancer's name on the network, for delays, cuts and beats.
BALANCER = "balancer"
#: What notices a failure where nothing else is said. Each node gets a fresh one.
DETECTOR = FixedTimeout(3.0)


def _echo(request: Any, node: str) -> str:
    return node


class Cluster:
    """Nodes, a balancer before them, and what keeps every request from being lost when a node fails.

    clock: a RealClock or a VirtualClock; everything waits through it. selector: who gets what; the cluster marks its
    nodes down and up. handler(request, node): the work, done on the node's thread; what it returns is the request's
    result, an exception is an error of the node; it waits through the clock, for `time.sleep` takes none of a
    VirtualClock's time. service_s: how long the work takes besides, in seconds, or a law with `draw`. workers: threads
    for each node. clients: threads at the balancer, each with one request at a time.

    detector, interval_s: each node sends the balancer a beat every interval_s seconds, and one such detector judges it;
    None notices nothing. When a node fails, what it holds is reassigned at once, to the backup or to the others.
    backup, slow_start_s, breaker: see `Routing`. retries: the policy for attempts that end in an error, in a timeout of
    timeout_s seconds, or without a node, or how many retries with the pauses of a default one; None for none. A
    reassignment is not the request's fault and counts as none of them. hedge: send a copy to another node if the answer
    is late. plan, network: what goes wrong.

    >>> from lbcore import RoundRobin
    >>> from lbcore.faults import Crash, FaultPlan, VirtualClock
    >>> cluster = Cluster(VirtualClock(seed=1), RoundRobin(3), service_s=0.1, plan=FaultPlan(Crash("node-1", at_s=2.0)))
    >>> print(cluster.run(100, rate_per_s=10))
    100 submitted = 100 completed + 0 failed; 9 further attempts; 0 done more than once
    """

    def __init__(
        self,
        clock: Clock,
        selector: Any,
        *,
        handler: Callable[[Any, str], Any] = _echo,
        service_s: float | Delay = 0.0,
        workers: int = 1,
        clients: int = 64,
        detector: Detector | None = DETECTOR,
        interval_s: float = 1.0,
        backup: str | Mapping[str, str] | None = None,
        slow_start_s: float = 0.0,
        retries: RetryPolicy | int | None = 2,
        timeout_s: float = 10.0,
        hedge: Hedge | None = None,
        breaker: CircuitBreaker | None = None,
        plan: FaultPlan | None = None,
        network: Network | None = None,
        seed: _checks.Seed = None,
    ):
        if not isinstance(clock, Clock):
            raise TypeError(f"clock: expected a RealClock or a VirtualClock, got {clock!r}")
        if not callable(handler):
            raise TypeError(f"handler: expected something to call, got {handler!r}")
        if isinstance(selector, type) or not all(hasattr(selector, name) for name in ("nodes", "keyed", "select")):
            raise TypeError(f"selector: expected one such as RoundRobin(3), got {selector!r}")
        if hedge is not None and not isinstance(hedge, Hedge):
            raise TypeError(f"hedge: expected a Hedge, got {hedge!r}")
        self.clock = clock
        self.names: tuple[str, ...] = tuple(selector.nodes)
        if BALANCER in self.names:
            raise ValueError(f"selector: {BALANCER!r} is the balancer's own name, not a node's")
        self._keyed = bool(selector.keyed)
        timeout_s = _checks.seconds("timeout_s", timeout_s, zero=False)
        self._clients = _checks.count("clients", clients)
        workers = _checks.count("workers", workers)
        bits = _checks.seed_bits(seed)
        policy = _policy(retries, bits)
        service = service_law(service_s, bits)
        plan, network = _world(clock, plan, network, bits)
        plan.check([*self.names, BALANCER])
        self._plan = plan
        self._beats = None
        if detector is not None:
            self._beats = Heartbeats(
                clock,
                self.names,
                detector,
                interval_s=interval_s,
                network=network,
                plan=plan,
                monitor=BALANCER,
                on_change=self._changed,
            )
        self._workers = Workers(
            clock,
            self.names,
            handler=handler,
            service=service,
            each=workers,
            network=network,
            plan=plan,
            balancer=BALANCER,
        )
        # Last, for it is the first that changes anything of the caller's: it marks backups down.
        routing = Routing(selector, backup=backup, slow_start_s=slow_start_s, breaker=breaker, seed=bits)
        self._dispatcher = Dispatcher(clock, routing, self._workers, policy, hedge, timeout_s)
        self._pool: Executor | None = None
        self._finished_s: float | None = None

    def run(
        self,
        requests: int | Sequence[Any],
        *,
        keys: Sequence[Any] | None = None,
        rate_per_s: float | None = None,
        at_s: Sequence[float] | None = None,
    ) -> Report:
        """Submit all requests, wait until each is completed or has failed for good, and give the account.

        requests: how many, or what to hand to `handler`. keys: one for each, for a selector that picks by key.
        rate_per_s: they come evenly, so many a second; at_s: or at these times, in order, in seconds from the start; by
        default all at once.
        """
        payloads = range(_checks.count("requests", requests)) if isinstance(requests, int) else list(requests)
        times_s = _times_s(len(payloads), rate_per_s, at_s)
        if keys is not None and len(keys) != len(payloads):
            raise ValueError(f"keys: {len(keys):,} keys for {len(payloads):,} requests")
        if self._keyed != (keys is not None):
            raise TypeError(f"keys: this selector {'picks by key; give one each' if self._keyed else 'takes none'}")

        def main() -> None:
            self.start()
            futures = []
            for number, payload in enumerate(payloads):
                self.clock.sleep(max(0.0, times_s[number] - self.clock.elapsed()))
                futures.append(self.submit(payload, None if keys is None else keys[number]))
            self.clock.wait(futures)
            for future in futures:
                error = future.exception()
                if error is not None and not isinstance(error, RequestFailed):
                    raise error
            self._workers.drain()
            self._finished_s = self.clock.elapsed()

        self.clock.run(main)
        return self.report()

    def start(self) -> None:
        """Start the nodes and their beats; inside `clock.run`. `run` does it by itself."""
        if self._pool is not None:
            raise RuntimeError("start: this cluster has been started already; make a new one for another run")
        self._pool = self.clock.executor(self._clients, name="client")
        self._workers.start()
        if self._beats is not None:
            self._beats.start()
        else:
            self._plan.start(self.clock.elapsed())

    def submit(self, request: Any, key: Any = None) -> Future[Any]:
        """Hand in a request, inside `clock.run` and after `start`. Its future gives what the handler returned.

        The future raises RequestFailed where the request failed for good; its cause is the handler's last exception,
        where the last attempt ended in one.
        """
        if self._pool is None:
            raise RuntimeError("submit: start the cluster first")
        if self._keyed != (key is not None):
            raise TypeError(f"key: this selector {'picks by key; give one' if self._keyed else 'takes none'}")
        return self._pool.submit(self._dispatcher.handle, self._dispatcher.register(), request, key)

    def report(self) -> Report:
        """The account so far; complete once every request has ended."""
        changes = () if self._beats is None else tuple(self._beats.changes)
        finished_s = self.clock.elapsed() if self._finished_s is None else self._finished_s
        return Report(self.names, *self._dispatcher.records(), changes, finished_s)

    def _changed(self, change: Change) -> None:
        """The detector's verdict on a node has changed."""
        if change.failed:
            self._dispatcher.fail(change.node)
        else:
            self._dispatcher.restore(change.node)


def _policy(retries: RetryPolicy | int | None, bits: int) -> RetryPolicy:
    """The policy as given, or with the default pauses and so many retries."""
    if isinstance(retries, RetryPolicy):
        return retries
    if retries is not None and (isinstance(retries, bool) or not isinstance(retries, int)):
        raise TypeError(f"retries: expected a RetryPolicy or a number of retries, got {retries!r}")
    return RetryPolicy(Stop(attempts=1 + _checks.count("retries", retries or 0, 0)), seed=bits)


def _world(clock: Clock, plan: FaultPlan | None, network: Network | None, bits: int) -> tuple[FaultPlan, Network]:
    """The plan and the network, each made where it is not given, and meant for each other where both are."""
    if plan is not None and not isinstance(plan, FaultPlan):
        raise TypeError(f"plan: expected a FaultPlan, got {plan!r}")
    if network is None:
        plan = FaultPlan() if plan is None else plan
        return plan, Network(clock, plan=plan, seed=bits)
    if not isinstance(network, Network):
        raise TypeError(f"network: expected a Network, got {network!r}")
    if network.clock is not clock:
        raise ValueError("network: it runs on another clock than the cluster")
    if plan is not None and network.plan is not plan:
        raise ValueError("network: it was not made with this plan, so links that the plan cuts would be open")
    return FaultPlan() if network.plan is None else network.plan, network


def _times_s(number: int, rate_per_s: float | None, at_s: Sequence[float] | None) -> Sequence[float]:
    """When each request comes, in seconds from the start."""
    if at_s is None:
        if rate_per_s is None:
            return [0.0] * number
        rate_per_s = _checks.real("rate_per_s", rate_per_s, 0.0, above=True)
        return [i / rate_per_s for i in range(number)]
    if rate_per_s is not None:
        raise ValueError("at_s: give either times or a rate")
    times_s = [_checks.seconds("at_s", time_s) for time_s in at_s]
    if len(times_s) != number:
        raise ValueError(f"at_s: {len(times_s):,} times for {number:,} requests")
    if any(later < earlier for earlier, later in pairwise(times_s)):
        raise ValueError("at_s: the times must be in order")
    return times_s
