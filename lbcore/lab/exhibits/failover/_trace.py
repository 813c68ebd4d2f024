"""From the account of a cluster's run to a trace: what each node was sent, who died, and what was moved where."""

import math

import numpy as np

from lbcore.faults import Attempt, FaultPlan, Outcome, Report
from lbcore.faults._checks import seconds
from lbcore.lab.player.trace import Event, Trace

__all__ = ["trace"]

#: Sums of floats end a hair before or after their time.
TICK_S = 1e-9


def trace(report: Report, plan: FaultPlan, *, delay_s: float = 0.0, name: str = "the balancer") -> Trace:
    """A run to be played: every attempt is a visit of its request to a node.

    plan: the crashes that the run had. delay_s: how long each message was under way, the same for all; without it
    requests jump, and nothing is seen to travel. Where the first request was sent before delay_s, all times are later
    by what is missing, for a request needs that long from its client to the balancer. An answer is not shown on its
    way. Work that nobody waits for any more is not shown either: the timeline has it.

    Raises ValueError where requests have not ended yet, or where copies of one were under way at a time (hedging).
    """
    if not isinstance(report, Report):
        raise TypeError(f"report: expected a Report, got {type(report).__name__}")
    delay_s = seconds("delay_s", delay_s)
    if report.submitted != report.completed + report.failed:
        raise ValueError("report: some of its requests have not ended yet, so they cannot be played")
    places = {node: i for i, node in enumerate(report.nodes)}
    failed = {failure.request for failure in report.failures}
    shift_s = max(0.0, delay_s - min((one.sent_s for one in report.attempts), default=delay_s))
    visits: list[Attempt] = []
    before: list[int] = []  # the visit of the same request before each, by its place in `visits`
    last: dict[int, int] = {}
    for one in report.attempts:
        if not one.node and (one.request in last or one.request not in failed):
            continue  # it finds no node for a while, and stays where it was
        at = last.get(one.request, -1)
        if at >= 0 and not visits[at].node:
            if one.node:
                visits[at] = one  # refused at first, then let in
            continue
        if at >= 0 and visits[at].ended_s > one.sent_s + TICK_S:
            raise ValueError(
                f"report: copies of request {one.request} were under way at a time, which cannot be played"
            )
        last[one.request] = len(visits)
        visits.append(one)
        before.append(at)
    arrival = np.array([one.sent_s + delay_s + shift_s for one in visits])
    end = np.array([_end_s(one, delay_s) + shift_s for one in visits])
    start = np.array([one.start_s + shift_s for one in visits])
    # What a dead node never began, or began too late, leaves it without having been served.
    start = np.where(np.isnan(start) | (start > end), end, np.maximum(start, arrival))
    order = np.argsort(arrival, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    events = [
        Event(time_s + shift_s, places[node], up)
        for node in report.nodes
        for crash in plan.crashes(node)
        for time_s, up in zip(crash, (False, True), strict=True)
        if time_s != math.inf and time_s <= report.finished_s
    ]
    noticed = [Event(one.time_s + shift_s, places[one.node], not one.failed) for one in report.changes]
    origin = np.array([-1 if at < 0 else rank[at] for at in before], np.int32)
    ends = {at: number in failed for number, at in last.items()}
    return Trace(
        report.nodes,
        arrival[order],
        np.array([places.get(one.node, -1) for one in visits], np.int32)[order],
        start[order],
        end[order],
        travel_s=2 * delay_s,
        ok=np.array([not ends.get(at, False) for at in range(len(visits))], bool)[order],
        events=tuple(events),
        name=name,
        origin=origin[order],
        noticed=tuple(noticed),
    )


def _end_s(one: Attempt, delay_s: float) -> float:
    """When a visit is over: the work done, or the balancer's patience; NaN where there was none."""
    if not one.node:
        return math.nan
    return one.done_s if one.outcome is Outcome.OK else max(one.ended_s, one.sent_s + delay_s)
