"""What the exhibits on keys are driven with, and their numbers read back from their pictures."""

from pathlib import Path

import numpy as np
import pytest
from driven.counts import MyHash, bar_heights, check_squares, ordered

from lbcore import HashSlots, ModuloHash, Random, RoundRobin
from lbcore.lab import agreement, choice, count_keys, handover, hot_keys, moves, slider
from lbcore.lab.exhibits.keys.agreement import Agreement
from lbcore.lab.exhibits.keys.count_keys import KeyCounts
from lbcore.lab.exhibits.keys.handover import Handover
from lbcore.lab.exhibits.keys.hot_keys import HotKeys
from lbcore.lab.exhibits.keys.moves import Moves
from lbcore.lab.frame import style


class MyKeys:
    """What takes a student's word for a key."""

    def __init__(self, n):
        self.n = n

    def select(self, key):
        return len(key) % self.n


class MySlots:
    """What a student may write in lesson 04: the last of the old nodes gives all."""

    def __init__(self, n, slots):
        self.n, self.owner = n, [slot * n // slots for slot in range(slots)]

    def select(self, key):
        return self.owner[key % len(self.owner)]

    def add(self):
        self.owner[-(len(self.owner) // (self.n + 1)) :] = [self.n] * (len(self.owner) // (self.n + 1))
        self.n += 1


class NoNode(MySlots):
    def add(self):
        self.owner[3] = 77


class FewerSlots(MySlots):
    def add(self):
        self.owner.pop()


def all_down(selector):
    for node in selector.nodes:
        selector.mark_down(node)
    return selector


def check_agreement(fig, result):
    check_squares(fig, [node for row in result.picks for node in row[:28].tolist()])


def check_moves(fig, result):
    for i, (row, percent) in enumerate(zip(result.rows, result.percent, strict=True)):
        strip, ax = fig.axes[2 * i], fig.axes[2 * i + 1]
        widths = {p.get_gid(): p.get_width() for p in strip.patches}
        assert widths["moved"] == pytest.approx(percent) and widths["stayed"] == pytest.approx(100 - percent)
        kept = [bar.get_height() for bar in ax.containers[0]]
        moved = [c for c in ax.collections if c.get_gid() == "moved"]
        assert sum(kept) + row.moved == result.keys
        drawn = [sum(np.ptp(path.vertices[:, 1]) for path in c.get_paths()) for c in moved]
        if len(row.before) <= 16:
            assert drawn == pytest.approx(row.arrived.sum(axis=1))
        else:
            assert drawn == pytest.approx([row.moved])
        # Each column is stacked without a gap: its highest piece ends where all of its keys do.
        tops = np.array(kept, dtype=float)
        for path in (path for c in moved for path in c.get_paths()):
            column = round(path.vertices[:4, 0].mean())
            tops[column] = max(tops[column], path.vertices[:, 1].max())
        assert tops == pytest.approx(row.flow.sum(axis=0))
        stays = {
            name: int(row.flow[row.before.index(name), j]) for j, name in enumerate(row.after) if name in row.before
        }
        assert kept == [stays.get(name, 0) for name in row.after]


def check_handover(fig, result):
    squares = {one.get_gid(): one for one in fig.axes[0].collections}
    tops = sorted({path.vertices[:, 1].min() for one in squares.values() for path in one.get_paths()})
    step = min(np.diff(tops)) if len(tops) > 1 else 1.0
    rows = [round((path.vertices[:, 1].min() - tops[0]) / step) for path in squares["owned"].get_paths()]
    first = int(np.flatnonzero(np.bincount(np.append(result.before, result.now)))[0])
    assert np.bincount(rows, minlength=result.nodes + 1 - first).tolist() == (
        np.bincount(result.now, minlength=result.nodes + 1)[first:].tolist()
    )
    assert len(squares["left"].get_paths()) == result.handed == (result.before != result.now).sum() <= result.moving
    assert result.percent == 100 * result.handed / len(result.before)


def check_hottest(fig, result):
    order = np.argsort(-result.counts, kind="stable")
    n, ax = len(result.nodes), fig.axes[0]
    assert (bar_heights(ax, n) == ordered(result.counts, order, n)).all()
    hot = {round(p.get_x() + p.get_width() / 2): p.get_height() for p in ax.patches if p.get_gid() == "hottest"}
    drawn = ordered(result.hottest, order, n)
    if np.count_nonzero(drawn) <= style.MOST_BARS:
        assert hot == {node: drawn[node] for node in np.flatnonzero(drawn).tolist()}
    assert result.mean in [line.get_ydata()[0] for line in ax.lines]


CHECKS = {
    Agreement: check_agreement,
    Handover: check_handover,
    Moves: check_moves,
    HotKeys: check_hottest,
    KeyCounts: check_hottest,
}

LOG = str(Path(__file__).parents[3] / "lessons" / "data" / "access.log")
NAMES = {"MyHash": MyHash, "MyKeys": MyKeys, "MySlots": MySlots, "path": LOG}
SEEDS = slider(0, 1000, start=7)

WIDGETS = {
    "moves": lambda: moves(
        [ModuloHash, HashSlots],
        nodes=slider(1, 64, start=10),
        after=slider(1, 64, start=11),
        keys=slider(1, 10_000),
        seed=SEEDS,
    ),
    "moves of mine": lambda: moves([MyHash, HashSlots], nodes=slider(1, 20, start=10), keys=choice(10, 1000)),
    "moves of one": lambda: moves(
        choice(ModuloHash, HashSlots, MyHash), nodes=slider(1, 20), slots=choice(64, 16384), keys=500
    ),
    "handover": lambda: handover(
        choice(HashSlots, MySlots), slider(0, 40, start=5), nodes=slider(1, 12, start=4), slots=choice(60, 12, 240)
    ),
    "hot keys": lambda: hot_keys(
        ModuloHash,
        nodes=slider(1, 100, start=10),
        requests=slider(0, 100_000, start=10_000),
        exponent=slider(0.0, 3.0, start=1.0, step=0.1),
        keys=slider(1, 10_000, start=1000),
        seed=SEEDS,
    ),
    "hot keys of an algorithm": lambda: hot_keys(choice(RoundRobin, Random, HashSlots, MyHash), requests=5000),
    "agreement": lambda: agreement([ModuloHash, HashSlots, MyKeys], slider(1, 1_000), nodes=slider(1, 20, start=5)),
    "count keys": lambda: count_keys(
        choice(ModuloHash, RoundRobin),
        LOG,
        choice("client", "path", "status"),
        nodes=slider(1, 30, start=10),
    ),
}

BAD = {
    "moves(RoundRobin)": (lambda: moves(RoundRobin, prediction=1), "before"),
    "moves(after=0)": (lambda: moves(ModuloHash, 0, prediction=1), "after"),
    "moves(after, too many)": (lambda: moves(ModuloHash(3), [ModuloHash(2)] * 2, prediction=1), "after"),
    "moves(after, no remove)": (lambda: moves(MyHash(3), 2, prediction=1), "after"),
    "moves(keys=0)": (lambda: moves(ModuloHash, keys=0, prediction=1), "keys"),
    "moves(keys=[])": (lambda: moves(ModuloHash, keys=[], prediction=1), "keys"),
    "handover(-1)": (lambda: handover(HashSlots, -1, prediction=1), "handed"),
    "handover(nodes=13)": (lambda: handover(HashSlots, nodes=13, prediction=1), "nodes"),
    "handover(slots=3)": (lambda: handover(HashSlots, slots=3, prediction=1), "slots"),
    "handover(ModuloHash)": (lambda: handover(ModuloHash, prediction=1), "selector"),
    "handover(no node)": (lambda: handover(NoNode, prediction=1), "selector"),
    "handover(fewer slots)": (lambda: handover(FewerSlots, prediction=1), "selector"),
    "hot_keys(int)": (lambda: hot_keys(int, prediction=1), "selector"),
    "hot_keys(exponent=-1)": (lambda: hot_keys(ModuloHash, exponent=-1, prediction=1), "exponent"),
    "hot_keys(keys=0)": (lambda: hot_keys(ModuloHash, keys=0, prediction=1), "keys"),
    "hot_keys(requests=-1)": (lambda: hot_keys(ModuloHash, -1, prediction=1), "requests"),
    "agreement(RoundRobin)": (lambda: agreement([ModuloHash, RoundRobin], prediction=1), "selectors"),
    "agreement(5, 4)": (lambda: agreement([ModuloHash(3), HashSlots(4)], prediction=1), "selectors"),
    "agreement(all down)": (lambda: agreement(all_down(ModuloHash(3)), prediction=1), "selectors"),
    "agreement(keys=0)": (lambda: agreement(ModuloHash, 0, prediction=1), "keys"),
    "count_keys('ring')": (lambda: count_keys("ring", LOG, prediction=1), "selector"),
    "count_keys(MyHash)": (lambda: count_keys(MyHash, LOG, prediction=1), "selector"),
    "count_keys(field='pth')": (lambda: count_keys(ModuloHash, LOG, "pth", prediction=1), "field"),
    "count_keys(top=-1)": (lambda: count_keys(ModuloHash, LOG, "path", top=-1, prediction=1), "top"),
}
