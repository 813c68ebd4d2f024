"""What the exhibits on failover are driven with, and their numbers read back from their pictures."""

import math

import numpy as np
import pytest

from lbcore.lab import cascade, choice, deposits, failover, grey, road, slider, survivors
from lbcore.lab.exhibits.failover._run import Fate
from lbcore.lab.exhibits.failover._setting import KINDS, POLICIES
from lbcore.lab.exhibits.failover._sketches import Trusting
from lbcore.lab.exhibits.failover.cascade import Cascade
from lbcore.lab.exhibits.failover.deposits import Deposits
from lbcore.lab.exhibits.failover.failover import Failover
from lbcore.lab.exhibits.failover.grey import ILL, Grey
from lbcore.lab.exhibits.failover.road import Road
from lbcore.lab.exhibits.failover.survivors import Survivors


class Once:
    """What a student may write in lesson 08."""

    def __init__(self):
        self.balance, self.answers = 0, {}

    def handle(self, key, amount):
        if key not in self.answers:
            self.balance += amount
            self.answers[key] = self.balance
        return self.answers[key]


def points(ax, name):
    """The places of the marks with a name."""
    found = [c.get_offsets() for c in ax.collections if c.get_gid() == name]
    return np.concatenate(found) if found else np.empty((0, 2))


def check_failover(fig, result):
    upper, lower = fig.axes
    assert len(upper.get_yticks()) == len(result.nodes)
    for fate in Fate:
        mine = sorted((one.sent_s, one.node) for one in result.visits if one.fate is fate)
        drawn = sorted((float(x), math.floor(y)) for x, y in points(upper, str(fate)))
        assert drawn == mine, fate
    took = np.concatenate([points(lower, f"took: {fate}") for fate in Fate])
    want = np.column_stack([result.report.submitted_s, result.latencies_s])
    assert np.allclose(sorted(took.tolist()), sorted(want.tolist()))
    windows = [p for p in upper.patches if p.get_gid() == "window"]
    until_s = result.setting.back_s if result.noticed_s is None else result.noticed_s
    assert [(p.get_x(), p.get_x() + p.get_width()) for p in windows] == [
        (result.setting.at_s, pytest.approx(min(until_s, upper.get_xlim()[1])))
    ]
    ends = [line.get_xdata()[0] for line in lower.lines if line.get_gid() == "recovered"]
    if result.recovery_s:
        assert ends == [pytest.approx(result.setting.at_s + result.recovery_s)]
    # Below, the line of a late request ends where its answer came.
    late = [ends for c in lower.collections if c.get_gid() == "late" for ends in c.get_segments()]
    want = [one for one in zip(result.report.submitted_s, result.report.ended_s, strict=True)
            if one[1] - one[0] > result.late_s]  # fmt: skip
    assert [tuple(ends[:, 0]) for ends in late] == [pytest.approx(one) for one in want]
    # The shapes alone tell the fates apart.
    assert all(ax.get_xlim() == upper.get_xlim() for ax in fig.axes)


def check_survivors(fig, result):
    for ax, after, before in zip(fig.axes, result.after, result.before, strict=True):
        assert [bar.get_height() for bar in ax.containers[0]] == pytest.approx(list(after))
        lines = [line.get_ydata()[0] for line in ax.lines if line.get_gid() == "before"]
        assert lines == pytest.approx([*before[:1], *before[2:]])


def check_cascade(fig, result):
    for ax, name, at_s, held in zip(fig.axes, result.nodes, result.at_s, result.held, strict=True):
        (steps,) = [p for p in ax.patches if p.get_gid() == f"held: {name}"]
        values, edges, _ = steps.get_data()
        assert (values == held).all() and edges[:-1] == pytest.approx(np.minimum(at_s, result.seconds))
        down = [p.get_x() for p in ax.patches if p.get_gid() == "down"]
        assert down == [at for one, at in result.deaths if one == name]


def widths(ax, name):
    return [bar.get_width() for c in ax.containers for bar in c if bar.get_gid() == name]


def check_deposits(fig, result):
    first, *others = fig.axes
    assert widths(first, "done") == [row.done for row in result.rows]
    assert widths(first, "not done") == [row.unanswered - row.done for row in result.rows]
    for k, (ax, label) in enumerate(zip(others, result.labels, strict=True)):
        assert widths(ax, f"extra: {label}") == [row.balances[k] - result.requests for row in result.rows]


def check_accounts(fig, result):
    for name in ("in_time", "late", "lost"):
        assert widths(fig.axes[0], name) == [getattr(one, name) for one in result.stages]


CHECKS = {
    Failover: check_failover,
    Survivors: check_survivors,
    Cascade: check_cascade,
    Deposits: check_deposits,
    Grey: check_accounts,
    Road: check_accounts,
}

NAMES = {"Trusting": Trusting, "Once": Once}

WIDGETS = {
    "failover": lambda: failover(timeout_s=slider(1.5, 12.0, start=3.0, step=0.5), rate_per_s=10.0),
    "failover by policy": lambda: failover(policy=choice(*POLICIES), fault=choice(*KINDS), rate_per_s=8.0),
    "failover of nodes": lambda: failover(slider(1, 16, start=4), rate_per_s=8.0, seed=slider(0, 9)),
    "failover of a cold node": lambda: failover(
        back_s=10.0, cold_s=5.0, slow_start_s=slider(0.0, 12.0, start=0.0, step=2.0)
    ),
    "survivors": lambda: survivors(slider(2, 6, start=4)),
    "cascade": lambda: cascade(load=slider(40, 95, start=80, step=5)),
    "cascade of nodes": lambda: cascade(slider(2, 4), 90, limit=choice(6, 20)),
    "deposits": lambda: deposits([Trusting, Once], ["pause", "crash"], requests=slider(1, 100, start=50)),
    "deposits of one": lambda: deposits(choice(Trusting, Once), choice(*KINDS), requests=100),
    "grey": lambda: grey(choice(*ILL)),
    "road": lambda: road(slider(0.0, 0.1, start=0.02, step=0.01)),
}

BAD = {
    "failover(timeout_s=0.2)": (lambda: failover(timeout_s=0.2, prediction=1), "detector"),
    "failover(patience_s=0)": (lambda: failover(patience_s=0, prediction=1), "patience_s"),
    "failover(cold_s=-1)": (lambda: failover(cold_s=-1, prediction=1), "cold_s"),
    "failover(policy='hope')": (lambda: failover(policy="hope", prediction=1), "policy"),
    "failover(fault='flood')": (lambda: failover(fault="flood", prediction=1), "fault"),
    "survivors(1)": (lambda: survivors(1, prediction=1), "nodes"),
    "cascade(load=0)": (lambda: cascade(load=0, prediction=1), "load"),
    "cascade(1)": (lambda: cascade(1, prediction=1), "nodes"),
    "cascade(limit=1)": (lambda: cascade(limit=1, prediction=1), "limit"),
    "deposits(int)": (lambda: deposits(int, prediction=1), "accounts"),
    "deposits([])": (lambda: deposits([], prediction=1), "accounts"),
    "deposits(Trusting())": (lambda: deposits(Trusting(), prediction=1), "accounts"),
    "deposits(faults='flood')": (lambda: deposits(Trusting, "flood", prediction=1), "faults"),
    "deposits(faults=[])": (lambda: deposits(Trusting, [], prediction=1), "faults"),
    "deposits(requests=0)": (lambda: deposits(requests=0, prediction=1), "requests"),
    "grey('flood')": (lambda: grey("flood", prediction=1), "fault"),
    "cascade(delay_s=-1)": (lambda: cascade(delay_s=-1, prediction=1), "delay_s"),
    "road(0.6)": (lambda: road(0.6, prediction=1), "loss"),
}
