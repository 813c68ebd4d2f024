"""Fixtures: the numbers read back from a drawn figure, a file of keys, and a look for threads that are left."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from lbcore.lab import style
from lbcore.lab.results import Agreement, Balance, Growth, HotKeys, Luck, Moves, Sequence, Work


def bar_heights(ax: Axes, count: int) -> np.ndarray:
    """The heights of the nodes' bars, whether drawn as patches, as one collection or as an outline."""
    if count > style.MOST_BARS:
        values, edges, _ = next(p for p in ax.patches if isinstance(p, StepPatch) and p.get_zorder() == 2).get_data()
        return np.repeat(values, np.diff(edges).astype(int))
    if count > style.MOST_HATCHED:
        bars = next(c for c in ax.collections if isinstance(c, PolyCollection) and c.get_gid() == "bars")
        return np.array([path.vertices[:, 1].max() for path in bars.get_paths()])
    bars = next(c for c in ax.containers if isinstance(c, BarContainer) and len(c) == count and c[0].get_zorder() == 2)
    return np.array([bar.get_height() for bar in bars])


def ordered(values: np.ndarray, order: np.ndarray, count: int) -> np.ndarray:
    return values[order] if count > style.MOST_BARS else values


def check_balance(fig: Figure, result: Balance) -> None:
    order = np.lexsort((-result.counts, -result.expected))
    n = len(result.nodes)
    assert (bar_heights(fig.axes[0], n) == ordered(result.counts, order, n)).all()


def check_sequence(fig: Figure, result: Sequence) -> None:
    check_squares(fig, [node for row in result.picks for node in row.tolist()])


def check_agreement(fig: Figure, result: Agreement) -> None:
    check_squares(fig, [node for row in result.picks for node in row[:28].tolist()])


def check_squares(fig: Figure, picks: list[int]) -> None:
    ax = fig.axes[0]
    # A label, a note on the run, and the numbers of the squares, row by row; the last text says what a square is.
    numbers = [t.get_text() for t in ax.texts if t.get_text().lstrip("-").isdigit()]
    assert numbers == [str(node) for node in picks]
    faces = [tuple(face[:3]) for squares in ax.collections for face in squares.get_facecolor()]
    assert faces == [rgb(style.colour(node)) for node in picks]
    assert len(faces) == sum(len(squares.get_paths()) for squares in ax.collections)


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def check_luck(fig: Figure, result: Luck) -> None:
    assert len(fig.axes) == len(result.labels)
    for ax, row, mean in zip(fig.axes, result.busiest, result.means, strict=True):
        values, edges, _ = next(p for p in ax.patches if isinstance(p, StepPatch)).get_data()
        assert values.sum() == pytest.approx(100)
        for share, low, high in zip(values, edges, edges[1:], strict=False):
            assert share == pytest.approx(100 * ((row > low) & (row < high)).sum() / len(row))
        assert mean in [line.get_xdata()[0] for line in ax.lines]


def check_work(fig: Figure, result: Work) -> None:
    n = len(result.nodes)
    for i, row in enumerate(result.rows):
        order = np.argsort(-row.work, kind="stable")
        assert (bar_heights(fig.axes[2 * i], n) == ordered(row.counts, order, n)).all()
        assert (bar_heights(fig.axes[2 * i + 1], n) == ordered(row.work, order, n)).all()


def check_moves(fig: Figure, result: Moves) -> None:
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


def check_hot_keys(fig: Figure, result: HotKeys) -> None:
    order = np.argsort(-result.counts, kind="stable")
    n, ax = len(result.nodes), fig.axes[0]
    assert (bar_heights(ax, n) == ordered(result.counts, order, n)).all()
    hot = [p.get_height() for p in ax.patches if p.get_gid() == "hottest"]
    if np.count_nonzero(result.hottest) <= style.MOST_BARS:
        assert sum(hot) == result.hottest.sum()


def check_growth(fig: Figure, result: Growth) -> None:
    for ax, rows in zip(fig.axes, (result.gaps, result.relative), strict=True):
        lines = [line for line in ax.lines if line.get_zorder() == 3]
        for line, row in zip(lines, rows, strict=True):
            seen = np.asarray(line.get_ydata())
            assert (seen[~np.isnan(seen)] == row[row > 1e-9]).all()


CHECKS = {
    Balance: check_balance,
    Sequence: check_sequence,
    Agreement: check_agreement,
    Luck: check_luck,
    Work: check_work,
    Moves: check_moves,
    HotKeys: check_hot_keys,
    Growth: check_growth,
}


@pytest.fixture(scope="session")
def check_drawn() -> Callable[[Figure, Any], None]:
    """A function that fails where the figure shows other numbers than the result has."""
    return lambda fig, result: CHECKS[type(result)](fig, result)


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes (or text) to a file and give its path."""

    def write(content: str | bytes, name: str = "keys.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    """Whatever a test has started has ended with it."""
    before = threading.enumerate()
    yield
    assert [thread for thread in threading.enumerate() if thread not in before] == []
