"""A cluster's run as it is drawn: each attempt with its fate, and what the fault cost."""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lbcore.faults import Attempt, Outcome, Report
from lbcore.lab.exhibits.failover._setting import Setting
from lbcore.lab.exhibits.failover._trace import trace
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.player.trace import Trace

__all__ = ["Fate", "Run", "Visit"]

#: What the traffic player calls a balancer that does this.
NAMES = {"reassign": "failover", "backup": "failover to a backup", "nothing": "no failover"}
#: Two times no further apart than this are one.
TICK_S = 1e-6
#: Nothing that takes less is late: a real machine has hiccups of its own.
LATE_S = 0.2


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


@dataclass(frozen=True, eq=False, repr=False)
class Run(Result):
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
        """How long an answer took before the fault, the median, in seconds; infinity where there was none."""
        ended = (np.array(self.report.ended_s) < self.setting.at_s) & ~np.isnan(self.latencies_s)
        return float(np.median(self.latencies_s[ended])) if ended.any() else math.inf

    @property
    def late_s(self) -> float:
        """A request is late that takes longer: twice what is usual, and no less than LATE_S."""
        return max(LATE_S, 2 * self.usual_s)

    @cached_property
    def recovery_s(self) -> float | None:
        """The time to recover; None where it did not.

        From the beginning of the fault to the end of the last request that failed or was late. Where the last of all
        requests is such a one, the cluster did not recover.
        """
        if not self.report.submitted:
            return 0.0
        with np.errstate(invalid="ignore"):
            hurt = ~(self.latencies_s <= self.late_s + TICK_S)
        hurt[list(self.failed)] = True
        if hurt[-1]:
            return None
        ended_s = np.array(self.report.ended_s)[hurt]
        return None if np.isnan(ended_s).any() else max(0.0, float(ended_s.max(initial=0.0)) - self.setting.at_s)
