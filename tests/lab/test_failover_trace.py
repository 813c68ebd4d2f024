"""From a cluster's run to the traffic player: a trace against a slow twin, its words, and what cannot be played."""

import math

import numpy as np
import pytest

import lbcore
from lbcore.faults import Cluster, Crash, FaultPlan, FixedWait, Hedge, Outcome, Report, RetryPolicy, Stop, VirtualClock
from lbcore.lab import failover
from lbcore.lab.exhibits.failover._setting import POLICIES
from lbcore.lab.exhibits.failover._trace import trace
from lbcore.lab.frame.still import figure
from lbcore.lab.player.words import moment, sentence
from tests.faults.account import check_account


def places(report, delay_s):
    """For each request: the visits it makes, in order, as (node, arrival, end); a slow twin of `trace`."""
    rows = {}
    for one in report.attempts:
        if one.node:
            end_s = one.done_s if one.outcome is Outcome.OK else max(one.ended_s, one.sent_s + delay_s)
            rows.setdefault(one.request, []).append((one.node, one.sent_s + delay_s, end_s))
    return rows


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("delay_s", [0.0, 0.3])
def test_a_trace_equals_a_slow_twin(policy, delay_s):
    found = failover(4, 3.0, policy, delay_s=delay_s, rate_per_s=10.0, patience_s=4.0)
    seen, rows = found.trace, places(found.report, delay_s)
    entries = {}
    for i, origin in enumerate(seen.origin.tolist()):
        chain = entries.pop(origin, ()) if origin >= 0 else ()
        entries[i] = (*chain, (seen.nodes[seen.node[i]], float(seen.arrival_s[i]), float(seen.end_s[i])))
    assert sorted(entries.values()) == sorted(tuple(row) for row in rows.values())
    assert len(seen) == found.report.submitted == 200
    assert seen.noticed == tuple((c.time_s, seen.nodes.index(c.node), not c.failed) for c in found.report.changes)
    assert [tuple(event) for event in seen.events] == [(5.0, 1, False), (15.0, 1, True)]
    assert seen.travel_s == 2 * delay_s and int((~seen.ok).sum()) == found.report.failed
    for t in np.linspace(0, seen.duration_s, 60):
        now = moment(seen, t)
        assert now.sent == now.on_way + sum(now.waiting) + sum(now.serving) + now.done + now.refused
        sent = sum(row[0][1] - 2 * delay_s <= t for row in rows.values())
        moved = sum(end_s <= t for row in rows.values() for _, _, end_s in row[:-1])
        over = sum(row[-1][2] <= t for row in rows.values())
        assert (now.sent, now.moved, now.done) == (sent, moved, over)
        assert sentence(seen, t).endswith(".")
    last = moment(seen, seen.duration_s)
    assert last.done == 200 and last.failed == found.report.failed


def test_the_words_of_a_trace_through_a_crash():
    seen = failover(rate_per_s=8.0, service_s=0.3, at_s=4.0, back_s=11.0, seconds=14.0, delay_s=0.4).trace
    assert "node-1 is down, not noticed yet" in sentence(seen, 5.5) and "moved" not in sentence(seen, 5.5)
    assert "node-1 is down; 6 moved to another node" in sentence(seen, 6.7)
    assert "node-1 is up, but counts as down" in sentence(seen, 11.2)
    assert "down" not in sentence(seen, 12.0)
    said = "Failover sent 112 requests to 4 nodes in 15.1 s: 34, 19, 33, 33. 7 were moved to"
    assert seen.sentence().startswith(said)
    (ax,) = figure(seen).axes
    lines = [line.get_xdata()[0] for line in ax.lines if line.get_gid() == "noticed"]
    assert lines == [event.time_s for event in seen.noticed]


def test_refused_requests_and_those_refused_for_a_while():
    """Both nodes die: what comes then is refused, and tried again until one is back or the attempts are used up."""
    plan = FaultPlan(Crash("node-0", 2.0, 8.0), Crash("node-1", 2.0))
    policy = RetryPolicy(Stop(attempts=3), FixedWait(1.0), seed=1)
    cluster = Cluster(VirtualClock(1), lbcore.RoundRobin(2), service_s=0.1, plan=plan, retries=policy)
    report = cluster.run(50, rate_per_s=5)
    check_account(report)
    seen = trace(report, plan)
    refused = {one.request for one in report.attempts} - {one.request for one in report.attempts if one.node}
    assert int((seen.node < 0).sum()) == len(refused) > 0 and len(seen) == 50
    assert moment(seen, seen.duration_s).refused == len(refused)
    assert moment(seen, seen.duration_s).done == 50 - len(refused)


def test_what_cannot_be_played_is_refused():
    crash = failover(seconds=1.0)
    plan = crash.setting.plan
    cut = Report(crash.nodes, (0.0, 1.0), (0.1, math.nan), crash.report.attempts[:1], (), (), 1.0)
    with pytest.raises(ValueError, match="not ended yet"):
        trace(cut, plan)
    hedged = Cluster(VirtualClock(1), lbcore.RoundRobin(2), service_s=1.0, hedge=Hedge(delay_s=0.5)).run(2)
    with pytest.raises(ValueError, match="copies of request"):
        trace(hedged, FaultPlan())
    with pytest.raises(TypeError, match="report"):
        trace(crash, plan)
    with pytest.raises(ValueError, match="delay_s"):
        trace(crash.report, plan, delay_s=-1.0)
    empty = Report(("a",), (), (), (), (), (), 0.0)
    assert len(trace(empty, FaultPlan())) == 0
