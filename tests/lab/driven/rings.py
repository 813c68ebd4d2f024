"""What the exhibits on consistent hashing are driven with, and their numbers read back from their pictures."""

from math import ceil

import numpy as np
import pytest
from matplotlib.container import BarContainer

from lbcore import BoundedRing, HashRing, HashSlots, JumpHash, ModuloHash, Random, Rendezvous
from lbcore.lab import bounded, changes, choice, deal_again, evenness, maglev, misses, ring, slider, walk
from lbcore.lab.exhibits.rings.bounded import Bounded
from lbcore.lab.exhibits.rings.changes import Changes
from lbcore.lab.exhibits.rings.evenness import Evenness
from lbcore.lab.exhibits.rings.live_costs import Costs
from lbcore.lab.exhibits.rings.maglev import Table
from lbcore.lab.exhibits.rings.misses import Misses
from lbcore.lab.exhibits.rings.ring import Ring
from lbcore.lab.exhibits.rings.walk import POINTS, TRACKS, Walk
from lbcore.lab.frame.words import significant
from lbcore.selectors import reference


class Bound:
    """What a student may write in lesson 05."""

    def __init__(self, n, eps):
        self.n, self.eps = n, eps
        self.load = [0] * n
        self.ring = reference.HashRing([1] * n, virtual_nodes=160)

    def select(self, key):
        bound = ceil((1 + self.eps) * (sum(self.load) + 1) / self.n)
        for node in self.ring.walk(key):
            if self.load[node] < bound:
                self.load[node] += 1
                return node
        return None


def spans(ax, gid):
    """How much of a turn the wedges of each collection cover."""
    found = []
    for collection in (one for one in ax.collections if one.get_gid() == gid):
        total = 0.0
        for path in collection.get_paths():
            rim = path.vertices[: len(path.vertices) // 2]
            total += np.ptp(np.unwrap(np.arctan2(rim[:, 0], rim[:, 1]))) / (2 * np.pi)
        found.append(total)
    return found


def check_ring(fig, result):
    ax, bars = fig.axes
    assert spans(ax, "circle") == pytest.approx(result.last.shares, abs=1e-9)
    widths = [patch.get_width() for patch in bars.patches if patch.get_gid() == "share"]
    assert widths == pytest.approx(100 * result.last.shares)
    marks = {one.get_gid(): one for one in ax.collections if one.get_gid() in ("stayed", "moved")}
    for gid, which in (("stayed", ~result.moved), ("moved", result.moved)):
        x, y = np.ma.getdata(marks[gid].get_offsets()).reshape(-1, 2).T
        assert np.arctan2(x, y) / (2 * np.pi) % 1 == pytest.approx(result.keys[which])
    points = [line.get_xdata() for line in ax.lines if line.get_gid() == "points"]
    assert [len(x) for x in points] == ([len(result.last.at)] if len(result.last.at) <= 64 else [])
    bands = [patch for patch in bars.patches if patch.get_gid() == "largest"]
    assert len(bands) == (result.after is None)
    if result.after is None:
        low, high = np.percentile(result.largest, [5, 95], method="inverted_cdf")
        assert (bands[0].get_x(), bands[0].get_width()) == pytest.approx((low, high - low))
        assert not spans(ax, "before") and not spans(ax, "changed")
    else:
        assert spans(ax, "before") == pytest.approx(result.before.shares, abs=1e-9)
        assert sum(spans(ax, "changed")) == pytest.approx(result.share, abs=1e-9)


def check_walk(fig, result):
    ax = fig.axes[0]
    points = [line for line in ax.lines if line.get_gid() == "point"]
    assert len(points) == len(result.circle.at)
    for key, place, way, home in zip(result.keys, result.places, result.ways, result.home, strict=True):
        assert f"{key} {100 * place:.1f}" in [text.get_text() for text in ax.texts]
        walked = min(way, result.walked / 100)
        ends = [line for line in ax.lines if line.get_gid() == ("home" if home else "walking")]
        turns = [np.arctan2(line.get_xdata()[0], line.get_ydata()[0]) / (2 * np.pi) for line in ends]
        assert np.abs((np.array(turns) - place - walked + 0.5) % 1 - 0.5).min() < 1e-6
    marks = [line for line in ax.lines if line.get_gid() in ("home", "walking")]
    assert len(marks) == len(result.keys) and POINTS < min(TRACKS) < max(TRACKS) < 1


def check_misses(fig, result):
    lines = [line.get_ydata() for line in fig.axes[0].lines if line.get_gid() == "misses"]
    assert len(lines) == len(result.labels)
    for line, row in zip(lines, result.misses, strict=True):
        assert line[:3].tolist() == [0, 0, 0] and line[3:-1].tolist() == row.tolist()


def check_evenness(fig, result):
    lines = {line.get_gid(): line.get_ydata() for line in fig.axes[0].lines}
    assert lines["peaks"] == pytest.approx([row.mean() for row in result.peaks])
    assert lines["spreads"] == pytest.approx([np.sqrt((row**2).mean()) for row in result.spreads])
    assert (lines["peaks theory"] == result.peak_theory).all()
    assert (lines["spreads theory"] == result.spread_theory).all()


def check_changes(fig, result):
    for ax, moves in zip(fig.axes, (result.added, result.removed), strict=True):
        bars = next(one for one in ax.containers if isinstance(one, BarContainer))
        assert [bar.get_width() for bar in bars] == pytest.approx(moves.percent)
        marks = [line.get_xdata()[0] for line in ax.lines if line.get_gid() == "theory"]
        assert marks == pytest.approx([100 * row.theory for row in moves.rows])
        assert [text.get_text() for text in ax.texts][: len(bars)] == [f"{share:.1f} %" for share in moves.percent]


def check_table(fig, result):
    counts = {
        gid: [len(one.get_paths()) for one in fig.axes[0].collections if one.get_gid() == gid]
        for gid in ("before", "after", "lost", "disturbed")
    }
    n = len(result.nodes)
    assert counts["before"] == np.bincount(result.before, minlength=n).tolist()
    assert counts["after"] == np.bincount(result.after, minlength=n).tolist()
    assert counts["lost"] == [result.lost.sum()] and counts["disturbed"] == [result.disturbed.sum()]


def check_bounded(fig, result):
    for ax, gid, counts, hot in zip(
        fig.axes, ("ring", "bounded"), (result.ring, result.counts), (result.ring_hot, result.hot), strict=True
    ):
        heights = [patch.get_height() for patch in ax.patches if patch.get_gid() == gid]
        assert heights == (counts - hot).tolist()
        assert [p.get_height() for p in ax.patches if p.get_gid() == f"{gid} hot"] == hot[hot > 0].tolist()
    assert [line.get_ydata()[0] for line in fig.axes[1].lines if line.get_gid() == "bound"] == [result.bound]


def check_costs(fig, result):
    for ax, values in zip(fig.axes, (result.build_ms, result.lookup_ns, result.memory_kb), strict=True):
        assert [bar.get_width() for bar in ax.patches] == pytest.approx(values)
        assert [text.get_text().split()[0] for text in ax.texts] == [significant(value) for value in values]


CHECKS = {
    Ring: check_ring,
    Evenness: check_evenness,
    Changes: check_changes,
    Table: check_table,
    Bounded: check_bounded,
    Costs: check_costs,
    Walk: check_walk,
    Misses: check_misses,
}

NAMES = {"Bound": Bound}

WIDGETS = {
    "walk": lambda: walk(HashRing(3, virtual_nodes=1), ["finn", "uma", "amy"], walked=slider(0, 100)),
    "walk of names": lambda: walk(HashRing(["Paris", "Rome"], [1, 3], virtual_nodes=2), 7, walked=slider(0, 70)),
    "ring": lambda: ring(choice(1, 2, 5, 10, 20, 50, 160), seed=deal_again(24)),
    "misses": lambda: misses([ModuloHash, HashRing], nodes=slider(1, 20, start=10), after=slider(1, 20, start=11)),
    "misses of four": lambda: misses(
        [ModuloHash, HashSlots, JumpHash, Rendezvous], keys=slider(1, 1_000), exponent=slider(0.0, 3.0, step=0.5)
    ),
    "ring that changes": lambda: ring(
        slider(1, 40, start=10), nodes=slider(1, 24, start=10), after=slider(1, 24, start=11), keys=slider(0, 200)
    ),
    "evenness": lambda: evenness([1, 10], nodes=slider(2, 100, start=10), rings=20, seed=slider(0, 99)),
    "evenness at one": lambda: evenness(slider(1, 100), rings=slider(1, 30, start=20)),
    "changes": lambda: changes(slider(2, 60, start=10), keys=slider(100, 2_000, start=500)),
    "maglev": lambda: maglev(choice(0, 1, 2), table_size=choice(17, 31, 251, 1_021), nodes=slider(3, 16)),
    "bounded": lambda: bounded(
        choice(BoundedRing, Bound), eps=slider(0.05, 2.0, start=0.25, step=0.05), requests=slider(1, 300, start=200)
    ),
    "bounded by heat": lambda: bounded(
        nodes=slider(1, 64, start=10), exponent=slider(0.0, 3.0, start=1.0, step=0.1), keys=slider(1, 1_000)
    ),
}

BAD = {
    "walk(3)": (lambda: walk(3, "a", prediction=1), "selector"),
    "walk of many points": (lambda: walk(HashRing(3), "a", prediction=1), "selector"),
    "walk by another rule": (
        lambda: walk(HashRing(3, virtual_nodes=2, key_hash=lambda key: 0), [1, 2, 3], prediction=1),
        "selector",
    ),
    "walk of no key": (lambda: walk(HashRing(3, virtual_nodes=1), [], prediction=1), "keys"),
    "walk too far": (lambda: walk(HashRing(3, virtual_nodes=1), "a", 101, prediction=1), "walked"),
    "misses([Random])": (lambda: misses([Random], prediction=1), "algorithms"),
    "misses of five": (lambda: misses([HashRing] * 5, prediction=1), "algorithms"),
    "misses(keys=0)": (lambda: misses(keys=0, prediction=1), "keys"),
    "misses(after=0)": (lambda: misses(after=0, prediction=1), "after"),
    "ring(0)": (lambda: ring(0, prediction=1), "virtual_nodes"),
    "ring(1_001)": (lambda: ring(1_001, prediction=1), "virtual_nodes"),
    "ring(1, nodes=25)": (lambda: ring(1, nodes=25, prediction=1), "nodes"),
    "ring(1, after=0)": (lambda: ring(1, after=0, prediction=1), "after"),
    "ring(1, keys=-1)": (lambda: ring(1, keys=-1, prediction=1), "keys"),
    "ring(1.5)": (lambda: ring(1.5, prediction=1), "virtual_nodes"),
    "evenness([])": (lambda: evenness([], prediction=1), "virtual_nodes"),
    "evenness([1, 0])": (lambda: evenness([1, 0], prediction=1), "virtual_nodes"),
    "evenness(nodes=1)": (lambda: evenness(nodes=1, prediction=1), "nodes"),
    "evenness(1_000, nodes=1_000, rings=1_000)": (
        lambda: evenness(1_000, nodes=1_000, rings=1_000, seed=slider(0, 1)),
        "rings",
    ),
    "changes(1)": (lambda: changes(1, prediction=1), "nodes"),
    "changes(keys=0)": (lambda: changes(keys=0, prediction=1), "keys"),
    "maglev(5)": (lambda: maglev(5, prediction=1), "removed"),
    "maglev(table_size=32)": (lambda: maglev(table_size=32, prediction=1), "table_size"),
    "maglev(table_size=65_537)": (lambda: maglev(table_size=65_537, prediction=1), "table_size"),
    "bounded(eps=0.0)": (lambda: bounded(eps=0.0, prediction=1), "eps"),
    "bounded(exponent=11)": (lambda: bounded(exponent=11, prediction=1), "exponent"),
    "bounded(requests=0)": (lambda: bounded(requests=0, prediction=1), "requests"),
    "bounded(keys=0)": (lambda: bounded(keys=0, prediction=1), "keys"),
    "bounded('ring')": (lambda: bounded("ring", prediction=1), "cls"),
    "bounded(HashRing)": (lambda: bounded(HashRing, prediction=1), "cls"),
}
