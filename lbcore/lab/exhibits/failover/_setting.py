"""What befalls a cluster, and the cluster that it befalls."""

from collections.abc import Sequence
from dataclasses import dataclass

from lbcore import RoundRobin
from lbcore._checks import real
from lbcore.faults import (
    Clock,
    Cluster,
    Crash,
    Cut,
    Fault,
    FaultPlan,
    FixedTimeout,
    FixedWait,
    Network,
    Pause,
    RetryPolicy,
    Slow,
    Stop,
)
from lbcore.faults._checks import seconds
from lbcore.faults.failover import BALANCER
from lbcore.lab.frame.inputs import number

__all__ = ["CLIENTS", "COLD", "KINDS", "POLICIES", "Setting", "cluster", "fault_of"]

#: What may befall a node.
KINDS = ("crash", "pause", "requests lost", "answers lost")
#: What may be done about it.
POLICIES = ("reassign", "backup", "nothing")
MOST_REQUESTS = 5_000
#: The node that stands by.
SPARE = "spare"
#: How much longer a node's work takes while its caches are cold.
COLD = 4.0
#: Requests that may be under way at a time: enough for all.
CLIENTS = 512


@dataclass(frozen=True)
class Setting:
    """A cluster, and what befalls its second node from at_s to back_s; all checked."""

    nodes: int
    timeout_s: float  # of the detector
    policy: str  # one of POLICIES
    fault: str  # one of KINDS
    rate_per_s: float
    service_s: float
    at_s: float
    back_s: float
    seconds: float  # how long requests come
    interval_s: float  # between two beats of a node
    patience_s: float  # of a request
    slow_start_s: float
    delay_s: float  # of each message
    seed: int
    cold_s: float = 0.0  # from back_s on the node works so long at 1/COLD of its speed

    def __post_init__(self) -> None:
        number("nodes", self.nodes, 1, 64)
        number("seed", self.seed, 0, 2**63)
        for name, options in (("policy", POLICIES), ("fault", KINDS)):
            if getattr(self, name) not in options:
                raise ValueError(f"{name}: {getattr(self, name)!r} is none of {', '.join(options)}")
        real("rate_per_s", self.rate_per_s, 0.0, 1_000.0, above=True)
        real("seconds", self.seconds, 0.0, 600.0, above=True)
        seconds("delay_s", self.delay_s)
        seconds("cold_s", self.cold_s)
        seconds("patience_s", self.patience_s, zero=False)
        if seconds("back_s", self.back_s) <= seconds("at_s", self.at_s):
            raise ValueError(f"back_s: {self.back_s:g} s is not after at_s, {self.at_s:g} s")
        number("requests", len(self.times_s), 1, MOST_REQUESTS)

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes that share the traffic."""
        return tuple(f"node-{i}" for i in range(self.nodes))

    @property
    def node(self) -> str:
        """The node that is hit."""
        return self.names[min(1, self.nodes - 1)]

    @property
    def plan(self) -> FaultPlan:
        """The fault, and what it leaves behind."""
        fault = fault_of(self.fault, self.node, self.at_s, self.back_s)
        return FaultPlan(fault, Slow(self.node, self.back_s, self.cold_s, COLD)) if self.cold_s else FaultPlan(fault)

    @property
    def times_s(self) -> Sequence[float]:
        """When requests come: evenly, and never at the same moment as a beat."""
        return [self.delay_s + (i + 0.5) / self.rate_per_s for i in range(round(self.rate_per_s * self.seconds))]


def fault_of(kind: str, node: str, at_s: float, back_s: float) -> Fault:
    """A fault of one of KINDS, from at_s to back_s."""
    if kind == "crash":
        return Crash(node, at_s, back_s)
    if kind == "pause":
        return Pause(node, at_s, back_s - at_s)
    sender, receiver = (BALANCER, node) if kind == "requests lost" else (node, BALANCER)
    return Cut(frozenset({sender}), frozenset({receiver}), at_s, back_s - at_s)


def cluster(clock: Clock, setting: Setting) -> Cluster:
    """The cluster of a setting, inside any clock."""
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
