"""What the experiments on failover found."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lbcore.faults import Attempt, Crash, Cut, Fault, FaultPlan, Outcome, Pause, Report
from lbcore.faults._checks import real, seconds
from lbcore.faults.failover import BALANCER
from lbcore.lab.inputs import number
from lbcore.lab.results import Counts, Numbers, Result
from lbcore.lab.trace import Trace
from lbcore.lab.trace_failover import trace

__all__ = [
    "KINDS",
    "LATE_S",
    "POLICIES",
    "Cascade",
    "Deposits",
    "DepositsRow",
    "Failover",
    "Fate",
    "Road",
    "Setting",
    "Stage",
    "Survivors",
    "Visit",
]

#: What may befall a node.
KINDS = ("crash", "pause", "requests lost", "answers lost")
#: What may be done about it.
POLICIES = ("reassign", "backup", "nothing")
#: What the traffic player calls a balancer that does this.
NAMES = {"reassign": "failover", "backup": "failover to a backup", "nothing": "no failover"}
MOST_REQUESTS = 5_000
#: On the road from the sketch to the cluster, a request is late that took longer than this.
LATE_S = 1.0
#: Two times no further apart than this are one.
TICK_S = 1e-6


class Fate(StrEnum):
    """What became of a visit: of one attempt of a request at one node."""

    ANSWERED = "answered"
    MOVED = "moved away"
    CAME = "moved here, answered"
    TIMED_OUT = "timed out, tried again"
    FAILED = "failed for good"
    TWICE = "given up here, yet done: twice"
    SPARED = "another copy answered"


class Visit(NamedTuple):
    """One attempt as the timeline shows it. Times in seconds; node: its index."""

    request: int
    node: int
    sent_s: float
    ended_s: float
    fate: Fate


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

    def __post_init__(self) -> None:
        number("nodes", self.nodes, 1, 64)
        number("seed", self.seed, 0, 2**63)
        for name, options in (("policy", POLICIES), ("fault", KINDS)):
            if getattr(self, name) not in options:
                raise ValueError(f"{name}: {getattr(self, name)!r} is none of {', '.join(options)}")
        real("rate_per_s", self.rate_per_s, 0.0, 1_000.0, above=True)
        real("seconds", self.seconds, 0.0, 600.0, above=True)
        seconds("delay_s", self.delay_s)
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
        """The fault."""
        return FaultPlan(fault_of(self.fault, self.node, self.at_s, self.back_s))

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


@dataclass(frozen=True, eq=False, repr=False)
class Failover(Result):
    """A cluster before, during and after a fault at one of its nodes."""

    report: Report
    setting: Setting
    live: bool = False

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names, a backup last."""
        return self.report.nodes

    @property
    def node(self) -> str:
        """Whose fault it is."""
        return self.setting.node

    @cached_property
    def trace(self) -> Trace:
        """The same for the traffic player."""
        setting = self.setting
        return trace(self.report, setting.plan, delay_s=setting.delay_s, name=NAMES[setting.policy])

    @cached_property
    def noticed_s(self) -> float | None:
        """When the balancer counted the node as failed; None where it never did."""
        times_s = (one.time_s for one in self.report.changes if one.node == self.node and one.failed)
        return next((time_s for time_s in times_s if time_s >= self.setting.at_s), None)

    @cached_property
    def taken_back_s(self) -> float | None:
        """When the balancer trusted the node again; None where it never did."""
        if self.noticed_s is None:
            return None
        changes = self.report.changes
        times_s = (one.time_s for one in changes if one.node == self.node and not one.failed)
        return next((time_s for time_s in times_s if time_s > self.noticed_s), None)

    @cached_property
    def _last(self) -> dict[int, int]:
        return {one.request: one.number for one in self.report.attempts if one.node}

    @cached_property
    def failed(self) -> frozenset[int]:
        """The requests that failed for good."""
        return frozenset(failure.request for failure in self.report.failures)

    @cached_property
    def twice(self) -> frozenset[int]:
        """The requests whose work was done more than once."""
        return frozenset(self.report.executed_twice)

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        """Every attempt that was sent to a node."""
        places = {name: i for i, name in enumerate(self.nodes)}
        sent = (one for one in self.report.attempts if one.node)
        return tuple(Visit(one.request, places[one.node], one.sent_s, one.ended_s, self._fate(one)) for one in sent)

    def _fate(self, one: Attempt) -> Fate:
        if one.outcome is Outcome.OK:
            return Fate.ANSWERED if one.number == 1 else Fate.CAME
        if one.executed and one.request in self.twice:
            return Fate.TWICE
        if one.request in self.failed and one.number == self._last[one.request]:
            return Fate.FAILED
        if one.outcome is Outcome.SUPERSEDED:
            return Fate.SPARED
        return Fate.MOVED if one.outcome is Outcome.REASSIGNED else Fate.TIMED_OUT

    @cached_property
    def caught(self) -> tuple[int, ...]:
        """The requests that the node held, or was sent, after the fault began, and did not answer."""
        at_node = (one for one in self.report.attempts if one.node == self.node and one.ended_s >= self.setting.at_s)
        return tuple(sorted({one.request for one in at_node if one.outcome is not Outcome.OK}))

    @cached_property
    def moved(self) -> int:
        """How many of those were moved to another node when this one was counted as failed."""
        moved = {one.request for one in self.report.attempts if one.outcome is Outcome.REASSIGNED}
        return len(moved.intersection(self.caught))

    @property
    def expected(self) -> float | None:
        """How many theory expects there: the node's share of the requests that come until it is noticed."""
        if self.noticed_s is None:
            return None
        return self.setting.rate_per_s / self.setting.nodes * (self.noticed_s - self.setting.at_s)

    @cached_property
    def latencies_s(self) -> Numbers:
        """For each request the time from its submission to its end; NaN where it has not ended yet."""
        return np.array(self.report.latencies_s(), dtype=np.float64)

    @cached_property
    def usual_s(self) -> float:
        """The slowest answer before the fault, in seconds; infinity where there was none."""
        ended = (np.array(self.report.ended_s) < self.setting.at_s) & ~np.isnan(self.latencies_s)
        return float(self.latencies_s[ended].max()) if ended.any() else math.inf

    @cached_property
    def recovery_s(self) -> float | None:
        """The time to recover; None where it did not.

        From the beginning of the fault to the end of the last request that failed, or took more than twice as long as
        the slowest before the fault. Where the last of all requests is such a one, the cluster did not recover.
        """
        if not self.report.submitted:
            return 0.0
        with np.errstate(invalid="ignore"):
            hurt = ~(self.latencies_s <= 2 * self.usual_s + TICK_S)
        hurt[list(self.failed)] = True
        if hurt[-1]:
            return None
        ended_s = np.array(self.report.ended_s)[hurt]
        return None if np.isnan(ended_s).any() else max(0.0, float(ended_s.max(initial=0.0)) - self.setting.at_s)


@dataclass(frozen=True, eq=False, repr=False)
class Survivors(Result):
    """The requests a second at each node before a crash and after it was noticed, under each policy."""

    labels: tuple[str, ...]
    nodes: tuple[tuple[str, ...], ...]
    dead: str
    rate_per_s: float
    before: tuple[Numbers, ...]
    after: tuple[Numbers, ...]

    @property
    def share(self) -> float:
        """What a node gets before the crash, in requests a second."""
        return self.rate_per_s / (len(self.nodes[0]) - (self.labels[0] == "backup"))

    @property
    def busiest(self) -> tuple[float, ...]:
        """By how much the busiest node's load after the crash exceeds a node's share before it, as a factor."""
        return tuple(float(row.max()) / self.share for row in self.after)


@dataclass(frozen=True, eq=False, repr=False)
class Cascade(Result):
    """Nodes that die of what the dead leave them: each dies when it holds `limit` requests."""

    nodes: tuple[str, ...]
    load: int  # of each node while all are up, in per cent of what it can do
    limit: int
    deaths: tuple[tuple[str, float], ...]  # in the order of time: the first is the crash, the others follow from it
    at_s: tuple[Numbers, ...]  # for each node the times at which what it holds changes
    held: tuple[Counts, ...]  # and how many it holds from then on
    submitted: int
    completed: int
    failed: int
    seconds: float
    seed: int

    @property
    def after(self) -> float:
        """The load of a survivor after the first death, in per cent of what it can do."""
        n = len(self.nodes)
        return self.load * n / (n - 1)


@dataclass(frozen=True, eq=False, repr=False)
class DepositsRow(Result):
    """One kind of fault: deposits that got no answer in time, and those of them that were made all the same."""

    fault: str
    unanswered: int
    done: int
    failed: int
    balances: tuple[float, ...]  # at the end, of each class of account


@dataclass(frozen=True, eq=False, repr=False)
class Deposits(Result):
    """Deposits of 1 into accounts, over a network and nodes that fail in different ways."""

    labels: tuple[str, ...]
    requests: int
    rows: tuple[DepositsRow, ...]
    seed: int


class Stage(NamedTuple):
    """One stage of the road: submitted = in time + late + failed + hanging; `twice` of them were done twice."""

    label: str
    in_time: int
    late: int
    failed: int
    hanging: int
    twice: int

    @property
    def submitted(self) -> int:
        """All requests."""
        return self.in_time + self.late + self.failed + self.hanging

    @property
    def lost(self) -> int:
        """The requests that were never answered."""
        return self.failed + self.hanging


def stage(label: str, report: Report) -> Stage:
    """The account of a run, which may have been cut off."""
    failed = {failure.request for failure in report.failures}
    counts = Counter(
        "hanging" if math.isnan(took_s) else "failed" if i in failed else "late" if took_s > LATE_S else "in time"
        for i, took_s in enumerate(report.latencies_s())
    )
    return Stage(
        label, counts["in time"], counts["late"], counts["failed"], counts["hanging"], len(report.executed_twice)
    )


@dataclass(frozen=True, eq=False, repr=False)
class Road(Result):
    """The road from a thread pool that knows nothing of failures to a cluster that loses no request."""

    stages: tuple[Stage, ...]
    node: str
    at_s: float
    loss: float
    seed: int
