"""What the exhibits on waiting are driven with, and their numbers read back from their pictures."""

import numpy as np
import pytest

from lbcore import (
    BurstRoundRobin,
    LeastConnections,
    ModuloHash,
    PeakEwma,
    Random,
    RoundRobin,
    TwoChoices,
    WeightedRoundRobin,
)
from lbcore.lab import FirstOfEquals, by_age, by_choices, by_load, choice, latency, served, shares, slider, tipping
from lbcore.lab.exhibits.queues._curve import Curve
from lbcore.lab.exhibits.queues.latency import Latency
from lbcore.lab.exhibits.queues.shares import Shares
from lbcore.lab.exhibits.queues.tipping import RUNS, Tipping, completed
from lbcore.lab.player.trace import Trace


class Fewest:
    """What a student may write in lesson 06."""

    def __init__(self, n, rng):
        self.in_flight, self.rng = [0] * n, rng

    def select(self):
        tied = [i for i, held in enumerate(self.in_flight) if held == min(self.in_flight)]
        node = tied[self.rng.below(len(tied))]
        self.in_flight[node] += 1
        return node

    def release(self, node):
        self.in_flight[node] -= 1


def check_latency(fig, result):
    ax = fig.axes[0]
    for gid, wanted in (("p50", [row.p50 for row in result.rows]), ("p99", [row.p99 for row in result.rows])):
        assert [patch.get_width() for patch in ax.patches if patch.get_gid() == gid] == wanted
    lines = [float(line.get_xdata()[0]) for line in ax.lines if line.get_gid() == "theory"]
    assert lines == [time for row in result.rows if row.theory for time in row.theory[1:]]
    assert len(fig.axes) == 1 + (min(4, len(result.rows)) if result.uneven else 0)
    for small, row in zip(fig.axes[1:], result.rows, strict=False):
        if result.nodes <= 24:
            assert [bar.get_height() for bar in small.patches] == (100 * row.utilisation).tolist()


def check_curve(fig, result):
    assert len(fig.axes) == len(result.whats)
    assert fig.axes[-1].get_xlabel().startswith({"choices": "d: "}.get(result.over, result.over))
    for ax, rows, lines in zip(fig.axes, result.values, result.theory, strict=True):
        for gid, wanted in (("measured", rows), ("theory", [line for line in lines if line is not None])):
            drawn = [line.get_ydata() for line in ax.lines if line.get_gid() == gid]
            assert len(drawn) == len(wanted) and all((a == b).all() for a, b in zip(drawn, wanted, strict=True))


def check_shares(fig, result):
    """The parts of a bar are the nodes' shares, side by side; what is lost or largest is written beside it."""
    ax = fig.axes[0]
    for node in range(len(result.picked[0])):
        parts = [part for part in ax.patches if part.get_gid() == f"node-{node}"]
        wanted = [100 * row[node] / result.requests for row in result.picked]
        assert [part.get_width() for part in parts] == pytest.approx(wanted)
        assert all(bool(part.get_hatch() == "xx") == (node == result.broken) for part in parts)
    told = [text.get_text() for text in ax.texts if text.get_text().endswith("%")]
    assert [int(text.split()[1]) for text in told] == [round(result.told(row)) for row in range(len(result.labels))]


def check_tipping(fig, result):
    """The curve crosses the line of what comes at the point that is marked; below are all runs, the told one strong."""
    above, below = fig.axes
    [curve] = [line for line in above.lines if line.get_gid() == "completed"]
    [point] = [line.get_xdata()[0] for line in above.lines if line.get_gid() == "point"]
    assert np.interp(point, *curve.get_data()) == pytest.approx(result.load / 10, abs=0.02) and point == result.point
    assert completed(np.array([result.point])) == pytest.approx(result.load / 10)
    [run] = [line for line in below.lines if line.get_gid() == "run"]
    assert np.array_equal(run.get_ydata(), result.held[:, 0]) and len(below.lines) == RUNS + 1


def check_trace(fig, result):
    """The bars of each lane are as long as its requests are at the node."""
    for node in range(len(result.nodes)):
        mine = result.node == node
        bars = [path for one in fig.axes[0].collections if one.get_gid() == f"lane-{node}" for path in one.get_paths()]
        total = sum(np.ptp(path.vertices[:, 0]) for path in bars)
        assert total == pytest.approx((result.end_s - result.arrival_s)[mine].sum())


CHECKS = {Latency: check_latency, Curve: check_curve, Shares: check_shares, Tipping: check_tipping, Trace: check_trace}

NAMES = {"Fewest": Fewest, "FirstOfEquals": FirstOfEquals}

FEW = 2_000
WIDGETS = {
    "latency": lambda: latency(load=slider(1, 99, start=80), requests=FEW, seed=slider(0, 99, start=7)),
    "latency by age": lambda: latency(
        [LeastConnections, TwoChoices, Random], age=slider(0, 20, start=10), requests=FEW
    ),
    "latency of a slow node": lambda: latency(
        [RoundRobin, LeastConnections], load=slider(30, 70, start=54), speeds=[1, 1, 1, slider(0.1, 1.0, step=0.1)],
        requests=FEW,
    ),
    "latency of a student": lambda: latency(
        choice([LeastConnections, Fewest], Fewest, PeakEwma, ModuloHash), 80, requests=FEW
    ),
    "latency of weights": lambda: latency(
        [BurstRoundRobin, WeightedRoundRobin], weights=[slider(1, 20, start=20), 20], requests=FEW
    ),
    "latency of many nodes": lambda: latency([Random, RoundRobin], nodes=slider(1, 1000), requests=FEW),
    "by load": lambda: by_load([Random, TwoChoices], choice("mean", ["p50", "p99"]), requests=FEW),
    "by choices": lambda: by_choices(slider(1, 99, start=90), what=choice("p99", "mean"), requests=FEW),
    "by age": lambda: by_age(slider(1, 99, start=80), requests=FEW),
    "shares": lambda: shares(nodes=4, broken=3, workers=slider(1, 20, start=10), requests=FEW),
    "shares of a student": lambda: shares(
        [FirstOfEquals, LeastConnections, Fewest], load=slider(1, 99, start=10), nodes=slider(2, 70, start=10),
        requests=FEW,
    ),
    "tipping": lambda: tipping(slider(50, 95, start=70), burst=slider(0, 40, start=20)),
    "tipping with a limit": lambda: tipping(burst=slider(0, 40, start=40), limit=slider(1, 60, start=25)),
    "served": lambda: served(choice(LeastConnections, RoundRobin, Fewest), [0, 1, slider(1, 9)], [6, 1.5, 0.5]),
}  # fmt: skip

BAD = {
    "latency(load=0)": (lambda: latency(load=0, prediction=1), "load"),
    "latency(load=100)": (lambda: latency(load=100, prediction=1), "load"),
    "latency(load=0.5)": (lambda: latency(load=0.5, prediction=1), "load"),
    "latency(nodes=0)": (lambda: latency(nodes=0, prediction=1), "nodes"),
    "latency(nodes=1_001)": (lambda: latency(nodes=1_001, prediction=1), "nodes"),
    "latency(age=-1)": (lambda: latency(age=-1, prediction=1), "age"),
    "latency(age=1e9)": (lambda: latency(age=1e9, prediction=1), "age"),
    "latency(age='old')": (lambda: latency(age="old", prediction=1), "age"),
    "latency(speeds=[1, 0])": (lambda: latency(speeds=[1, 0], prediction=1), "speeds"),
    "latency(speeds=['fast'])": (lambda: latency(speeds=["fast"], prediction=1), "speeds"),
    "latency(nodes=3, speeds=[1, 1])": (lambda: latency(nodes=3, speeds=[1, 1], prediction=1), "speeds"),
    "latency(WeightedRoundRobin, nodes=3, weights=[1, 1])": (
        lambda: latency(WeightedRoundRobin, nodes=3, weights=[1, 1], prediction=1),
        "weights",
    ),
    "latency(requests=10)": (lambda: latency(requests=10, prediction=1), "requests"),
    "latency(seed=-1)": (lambda: latency(seed=-1, prediction=1), "seed"),
    "latency([])": (lambda: latency([], prediction=1), "selector"),
    "latency(3)": (lambda: latency(3, prediction=1), "cls"),
    "latency(Random(10))": (lambda: latency(Random(10), prediction=1), "cls"),
    "by_choices(0)": (lambda: by_choices(0, prediction=1), "load"),
    "by_choices(what='p98')": (lambda: by_choices(what="p98", prediction=1), "what"),
    "by_choices(what=[])": (lambda: by_choices(what=[], prediction=1), "what"),
    "by_choices(nodes=2)": (lambda: by_choices(nodes=2, prediction=1), "most"),
    "by_load(requests=10)": (lambda: by_load(requests=10, prediction=1), "requests"),
    "by_age(100)": (lambda: by_age(100, prediction=1), "load"),
    "shares(load=0)": (lambda: shares(load=0, prediction=1), "load"),
    "shares(workers=0)": (lambda: shares(workers=0, prediction=1), "workers"),
    "shares(broken=10)": (lambda: shares(broken=10, prediction=1), "broken"),
    "shares(nodes=1, broken=0)": (lambda: shares(nodes=1, broken=0, prediction=1), "broken"),
    "tipping(5)": (lambda: tipping(5, prediction=1), "load"),
    "tipping(burst=-1)": (lambda: tipping(burst=-1, prediction=1), "burst"),
    "tipping(limit=0)": (lambda: tipping(limit=0, prediction=1), "limit"),
    "served(3)": (lambda: served(3, [0], [1], prediction=1), "cls"),
}
