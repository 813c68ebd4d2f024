"""The timeline of a cluster through a fault: a lane for each node, with what it was sent and what became of that."""

import heapq
import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from lbcore.lab.exhibits.failover._run import Fate, Run, Visit
from lbcore.lab.exhibits.failover._words import over_s
from lbcore.lab.frame import style

__all__ = ["LOOKS", "explain", "key", "lanes", "phases", "plain"]

MOVED = "#D55E00"
#: Each fate has a colour and a shape of its own; the shape alone is enough to tell them apart.
LOOKS: dict[Fate, dict[str, Any]] = {
    Fate.ANSWERED: {"marker": "o", "s": 10, "color": style.STRONG},
    Fate.MOVED: {"marker": ">", "s": 34, "color": MOVED},
    Fate.CAME: {"marker": ">", "s": 30, "facecolor": style.PAPER, "edgecolor": MOVED, "linewidth": 1.3},
    Fate.TIMED_OUT: {"marker": "v", "s": 34, "color": "#8a6d00"},
    Fate.FAILED: {"marker": "x", "s": 34, "color": "#000000", "linewidth": 1.8},
    Fate.TWICE: {"marker": "D", "s": 26, "facecolor": "#0072B2", "edgecolor": style.STRONG, "linewidth": 0.9},
    Fate.SPARED: {"marker": "|", "s": 30, "color": style.STRONG},
}
#: A lane has room for so many requests at a time before they move closer together.
ROWS = 8
WINDOW = style.WINDOW
GAP_IN_A_LINE = (math.nan, math.nan)


def _stacked(visits: list[Visit]) -> tuple[list[float], int]:
    """The row that each visit of one node takes, so that no two that overlap share one; and how many rows there are."""
    rows: list[float] = []
    spare: list[int] = []
    leaving: list[tuple[float, int]] = []
    used = 0
    for visit in visits:
        while leaving and leaving[0][0] <= visit.sent_s:
            heapq.heappush(spare, heapq.heappop(leaving)[1])
        if not spare:
            heapq.heappush(spare, used)
            used += 1
        row = heapq.heappop(spare)
        rows.append(float(row))
        heapq.heappush(leaving, (visit.ended_s, row))
    return rows, used


def phases(run: Run, upper: Axes, lower: Axes) -> None:
    """The detection window, and what the node is meanwhile."""
    # While a live run goes on, what is still to come is not shown.
    setting, last_s = run.setting, float(upper.get_xlim()[1])
    if run.live:
        last_s = min(last_s, run.report.finished_s)
    if setting.at_s >= last_s:
        return
    ended_s = setting.back_s if run.noticed_s is None else run.noticed_s
    for ax in (upper, lower):
        ax.axvspan(setting.at_s, min(ended_s, last_s), facecolor=WINDOW, linewidth=0, zorder=0, gid="window")
    row = run.nodes.index(run.node)
    words = {"crash": "down", "pause": "standing still"}.get(setting.fault, "cut off")
    back_s = min(setting.back_s, last_s)
    upper.broken_barh(
        [(setting.at_s, back_s - setting.at_s)],
        (row, 1),
        facecolor="none",
        edgecolor=style.DOWN,
        hatch="xx",
        linewidth=0,
        zorder=0.5,
        gid="down",
    )
    # Where nobody notices, the requests that pile up leave room at the upper left.
    known = run.noticed_s is not None
    clear_s = ended_s if known else setting.at_s
    if (back_s - clear_s) / last_s > 0.2:
        upper.text(
            (clear_s + back_s) / 2 if known else setting.at_s + 0.01 * last_s,
            row + (0.5 if known else 0.25),
            words,
            ha="center" if known else "left",
            va="center",
            color=style.MUTED,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 2},
            zorder=6,
        )
    length_s = ended_s - setting.at_s
    never = "never noticed" if last_s >= setting.back_s else "not noticed yet"
    said = f"not noticed: {over_s(length_s)}" if known else never
    middle = (setting.at_s + min(ended_s, last_s)) / 2
    left, right = (share * upper.get_xlim()[1] for share in (0.14, 0.86))
    mixed = blended_transform_factory(upper.transData, upper.transAxes)
    upper.text(min(max(middle, left), right), 1, said, transform=mixed, ha="center", va="bottom", color=style.WARNING)


def lanes(run: Run, ax: Axes) -> None:
    """Every visit in the lane of its node: a mark where it came, and a line for as long as it stayed."""
    marks: dict[Fate, list[tuple[float, float]]] = {}
    waits: dict[Fate, list[tuple[float, float]]] = {}
    most = ROWS
    for node in range(len(run.nodes)):
        mine = sorted((one for one in run.visits if one.node == node), key=lambda one: one.sent_s)
        rows, used = _stacked(mine)
        step, most = 0.8 / max(ROWS, used), max(most, used)
        for visit, row in zip(mine, rows, strict=True):
            y = node + 0.9 - (row + 0.5) * step
            waits.setdefault(visit.fate, []).extend([(visit.sent_s, y), (visit.ended_s, y), GAP_IN_A_LINE])
            marks.setdefault(visit.fate, []).append((visit.sent_s, y))
        ax.axhline(node + 1, color=style.DOWN, linewidth=0.6, zorder=0.6)
    # All waits of one fate are one line with gaps: as many lines of their own take three times as long to draw.
    for fate, found in waits.items():
        look = LOOKS[fate]
        ink = look.get("color", look.get("edgecolor"))
        line: dict[str, Any] = {"color": ink, "linewidth": max(1.2, 9 / (most + 1)), "alpha": 0.7}
        ax.plot(*zip(*found, strict=True), **line, zorder=2, gid=f"waits: {fate}")
    for fate, found in marks.items():
        at = np.array(found)
        ax.scatter(at[:, 0], at[:, 1], zorder=3, gid=str(fate), **plain(LOOKS[fate]))
    ax.set_yticks([i + 0.5 for i in range(len(run.nodes))], [style.shorten(name, 8) for name in run.nodes])
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_visible(False)


def plain(look: dict[str, Any]) -> dict[str, Any]:
    """A look without an edge, unless it has one of its own."""
    return {"linewidth": 0, **look}


def key(run: Run, room_pt: float) -> list[list[tuple[float, Fate]]]:
    """Which marks are there, in lines above the picture: each with its place from the left, in points.

    room_pt: how long a line may be.
    """
    lines: list[list[tuple[float, Fate]]] = [[]]
    x, there = 12.0, {one.fate for one in run.visits}
    for fate in (fate for fate in Fate if fate in there):
        wide = 28 + 6.8 * len(fate)
        if x + wide > room_pt and lines[-1]:
            x = 12.0
            lines.append([])
        lines[-1].append((x, fate))
        x += wide
    return lines


def explain(marks: list[tuple[float, Fate]], fig: Figure, ax: Axes, down_pt: float) -> None:
    """A line of marks with their meaning, so far below the top of the figure."""
    width, height = fig.get_size_inches() * 72
    for x, fate in marks:
        y = 1 - down_pt / height
        ax.scatter(x / width, y, transform=fig.transFigure, clip_on=False, gid="key", **plain(LOOKS[fate] | {"s": 34}))
        fig.text((x + 8) / width, y - 1 / height, str(fate), va="center", ha="left")
