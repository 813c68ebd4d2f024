"""What the exhibits on who gets how many are driven with, and their numbers read back from their pictures."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.container import BarContainer
from matplotlib.patches import StepPatch

from lbcore import (
    BurstRoundRobin,
    HashSlots,
    ModuloHash,
    Random,
    RoundRobin,
    TwoChoices,
    WeightedRandom,
    WeightedRoundRobin,
)
from lbcore.lab import balance, choice, growth, luck, sequence, slider, work
from lbcore.lab.exhibits.counts.balance import Balance
from lbcore.lab.exhibits.counts.growth import Growth
from lbcore.lab.exhibits.counts.luck import Luck
from lbcore.lab.exhibits.counts.sequence import Sequence
from lbcore.lab.exhibits.counts.work import Work
from lbcore.lab.frame import style
from lbcore.selectors import reference


class Mine:
    """What a student may write in lesson 02."""

    def __init__(self, n, rng):
        self.counts, self.rng = [0] * n, rng

    def select(self):
        a, b = self.rng.below(len(self.counts)), self.rng.below(len(self.counts))
        node = a if self.counts[a] <= self.counts[b] else b
        self.counts[node] += 1
        return node


class MyHash:
    """What a student may write in lesson 04."""

    def __init__(self, nodes):
        self.nodes = nodes

    def select(self, key):
        return key % self.nodes


def bar_heights(ax, count):
    """The heights of the nodes' bars, whether drawn as patches, as one collection or as an outline."""
    if count > style.MOST_BARS:
        values, edges, _ = next(p for p in ax.patches if isinstance(p, StepPatch) and p.get_zorder() == 2).get_data()
        return np.repeat(values, np.diff(edges).astype(int))
    if count > style.MOST_HATCHED:
        bars = next(c for c in ax.collections if isinstance(c, PolyCollection) and c.get_gid() == "bars")
        return np.array([path.vertices[:, 1].max() for path in bars.get_paths()])
    bars = next(c for c in ax.containers if isinstance(c, BarContainer) and len(c) == count and c[0].get_zorder() == 2)
    return np.array([bar.get_height() for bar in bars])


def ordered(values, order, count):
    """The values as they are drawn: in the order of the nodes, or by size where these are many."""
    return values[order] if count > style.MOST_BARS else values


def check_balance(fig, result):
    order = np.lexsort((-result.counts, -result.expected))
    n, ax = len(result.nodes), fig.axes[0]
    assert (bar_heights(ax, n) == ordered(result.counts, order, n)).all()
    crossed = [round(p.get_x() + p.get_width() / 2) for p in ax.patches if p.get_gid() == "down"]
    assert crossed == (np.flatnonzero(~result.up).tolist() if n <= style.MOST_BARS else [])
    bands = [p for p in ax.patches if p.get_gid() == "band"]
    if result.low is None:
        assert not bands
    elif isinstance(bands[0], StepPatch):
        high, _, low = bands[0].get_data()
        assert (high == result.high[order]).all() and (low == result.low[order]).all()
    else:
        ends = [(p.get_y(), p.get_y() + p.get_height()) for p in bands]
        wanted = list(zip(result.low[result.up].tolist(), result.high[result.up].tolist(), strict=True))
        assert ends == wanted or (len(ends) == 1 and set(ends) == set(wanted))


def check_sequence(fig, result):
    if result.whole:
        for label, picks in zip(result.labels, result.picks, strict=True):
            counts = [picks.tolist().count(node) for node in range(len(result.nodes))]
            assert any(
                t.get_text().startswith(f"{', '.join(map(str, counts))} requests, ") for t in fig.axes[0].texts
            ), label
    check_squares(fig, [node for row in result.picks for node in row.tolist()])


def check_squares(fig, picks):
    ax = fig.axes[0]
    # A label, a note on the run, and the numbers of the squares, row by row; the last text says what a square is.
    numbers = [t.get_text() for t in ax.texts if t.get_text().lstrip("-").isdigit()]
    assert numbers == [str(node) for node in picks]
    faces = [tuple(face[:3]) for squares in ax.collections for face in squares.get_facecolor()]
    assert faces == [rgb(style.colour(node)) for node in picks]
    assert len(faces) == sum(len(squares.get_paths()) for squares in ax.collections)


def rgb(colour):
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def check_luck(fig, result):
    assert len(fig.axes) == len(result.labels)
    for ax, row, mean in zip(fig.axes, result.busiest, result.means, strict=True):
        values, edges, _ = next(p for p in ax.patches if isinstance(p, StepPatch)).get_data()
        assert values.sum() == pytest.approx(100)
        for share, low, high in zip(values, edges, edges[1:], strict=False):
            assert share == pytest.approx(100 * ((row > low) & (row < high)).sum() / len(row))
        assert mean in [line.get_xdata()[0] for line in ax.lines]


def check_work(fig, result):
    n = len(result.nodes)
    for i, row in enumerate(result.rows):
        order = np.argsort(-row.work, kind="stable")
        assert (bar_heights(fig.axes[2 * i], n) == ordered(row.counts, order, n)).all()
        assert (bar_heights(fig.axes[2 * i + 1], n) == ordered(row.work, order, n)).all()


def check_growth(fig, result):
    for ax, rows, scale in zip(fig.axes, (result.gaps, result.relative), (1, 100 * result.nodes), strict=True):
        lines = [line for line in ax.lines if line.get_zorder() == 3]
        for line, row in zip(lines, rows, strict=True):
            seen = np.asarray(line.get_ydata())
            assert (seen[~np.isnan(seen)] == row[row > 1e-9]).all()
        theory = [line.get_ydata() for line in ax.lines if line.get_gid() == "theory"]
        assert len(theory) == (result.theory is not None)
        if theory:
            assert theory[0] == pytest.approx(result.theory * (scale / result.at if scale > 1 else 1))


CHECKS = {
    Balance: check_balance,
    Sequence: check_sequence,
    Luck: check_luck,
    Work: check_work,
    Growth: check_growth,
}

KEYS = [f"user-{i % 70}" for i in range(500)]
NAMES = {"Mine": Mine, "MyHash": MyHash, "keys": KEYS}
SEEDS = slider(0, 1000, start=7)

WIDGETS = {
    "balance": lambda: balance(
        Random, nodes=slider(1, 200, start=10), requests=slider(10, 1_000_000, start=1000), seed=SEEDS
    ),
    "balance of an algorithm": lambda: balance(
        choice(RoundRobin, TwoChoices, ModuloHash, HashSlots, Mine, MyHash),
        nodes=slider(1, 64, start=10),
        requests=slider(0, 5000, start=1000),
    ),
    "balance by weight": lambda: balance(
        choice(WeightedRandom, WeightedRoundRobin, reference.BurstRoundRobin),
        weights=[slider(0, 10, start=5), 1, slider(1, 9)],
        requests=slider(10, 1_000_000),
    ),
    "balance with a node down": lambda: balance(
        choice(RoundRobin, Random, ModuloHash), nodes=4, down=choice("none", "node-0", 3, ["node-1", "node-2"])
    ),
    "balance of slots": lambda: balance(HashSlots, slots=choice(16, 16384), nodes=slider(1, 16), seed=SEEDS),
    "balance of keys": lambda: balance(ModuloHash, keys=KEYS, nodes=slider(1, 20), requests=slider(0, 500, start=500)),
    "sequence": lambda: sequence(
        [BurstRoundRobin, WeightedRoundRobin], weights=[slider(1, 10, start=5), 1, 1], requests=slider(0, 120, start=14)
    ),
    "sequence of cycles": lambda: sequence(
        [WeightedRoundRobin, BurstRoundRobin], weights=[slider(1, 20, start=12), 1, 1], cycles=slider(1, 5, start=2)
    ),
    "sequence of one": lambda: sequence(
        choice(RoundRobin, Random, MyHash), nodes=slider(1, 100, start=3), requests=slider(1, 120, start=14), seed=SEEDS
    ),
    "luck": lambda: luck(
        [Random, TwoChoices], nodes=slider(1, 200, start=100), requests=slider(0, 500, start=100), runs=slider(1, 50)
    ),
    "luck of mine": lambda: luck(choice(Mine, Random, MyHash), requests=slider(0, 2000), runs=3, seed=SEEDS),
    "work": lambda: work(
        [RoundRobin, Random],
        nodes=slider(1, 70, start=3),
        requests=slider(0, 3000, start=900),
        every=slider(1, 10, start=3),
        heavy=slider(1, 100, start=10),
    ),
    "work of mine": lambda: work(choice(Mine, RoundRobin), [slider(0.0, 2.0, step=0.5), 1], 60, seed=SEEDS),
    "growth": lambda: growth(
        [Random, TwoChoices], nodes=slider(1, 200, start=10), upto=slider(10, 20_000), runs=slider(1, 5), seed=SEEDS
    ),
    "growth of mine": lambda: growth(choice(Mine, RoundRobin), nodes=slider(1, 20), upto=choice(10, 1000), runs=2),
}

BAD = {
    "balance(int)": (lambda: balance(int, prediction=1), "selector"),
    "balance('Random')": (lambda: balance("Random", prediction=1), "selector"),
    "balance(nodes=0)": (lambda: balance(Random, nodes=0, prediction=1), "nodes"),
    "balance(-1)": (lambda: balance(Random, -1, prediction=1), "requests"),
    "balance(1.5)": (lambda: balance(Random, 1.5, prediction=1), "requests"),
    "balance(True)": (lambda: balance(Random, True, prediction=1), "requests"),
    "balance(weights)": (lambda: balance(RoundRobin, weights=[1, 2], prediction=1), "weights"),
    "balance(weights, too late)": (lambda: balance(WeightedRandom(2), weights=[1, 2], prediction=1), "weights"),
    "balance(slots, too late)": (lambda: balance(HashSlots(2), slots=16, prediction=1), "slots"),
    "balance(weights, too few)": (lambda: balance(WeightedRandom, weights=[1], nodes=2, prediction=1), "weights"),
    "balance(down)": (lambda: balance(reference.RoundRobin, down=77, prediction=1), "down"),
    "balance(keys)": (lambda: balance(RoundRobin(3), 2, keys=["a", "b"], prediction=1), "keys"),
    "balance(keys, too few)": (lambda: balance(ModuloHash(3), 3, keys=["a", "b"], prediction=1), "requests"),
    "sequence(121)": (lambda: sequence(RoundRobin(3), 121, prediction=1), "requests"),
    "sequence(cycles=0)": (lambda: sequence(WeightedRoundRobin, weights=[5, 1], cycles=0, prediction=1), "cycles"),
    "sequence(cycles=21)": (lambda: sequence(WeightedRoundRobin, weights=[5, 1], cycles=21, prediction=1), "cycles"),
    "sequence(cycles, no weights)": (lambda: sequence(RoundRobin, cycles=2, prediction=1), "cycles"),
    "sequence(cycles, requests)": (
        lambda: sequence(WeightedRoundRobin, 14, weights=[5, 1], cycles=2, prediction=1),
        "cycles",
    ),
    "sequence([])": (lambda: sequence([], prediction=1), "selector"),
    "luck(runs=0)": (lambda: luck(Random, runs=0, prediction=1), "runs"),
    "luck(nodes=0)": (lambda: luck(Random, 0, prediction=1), "nodes"),
    "luck(RoundRobin(3))": (lambda: luck(RoundRobin(3), prediction=1), "cls"),
    "growth('Random')": (lambda: growth("Random", prediction=1), "cls"),
    "growth(upto=9)": (lambda: growth(Random, upto=9, prediction=1), "upto"),
    "work([])": (lambda: work(RoundRobin(3), [], prediction=1), "costs"),
    "work([nan])": (lambda: work(RoundRobin(3), [float("nan")], prediction=1), "costs"),
    "work(heavy=-1)": (lambda: work(Random, heavy=-1, prediction=1), "heavy"),
    "work(every=0)": (lambda: work(Random, every=0, prediction=1), "every"),
}
