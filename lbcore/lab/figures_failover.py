"""The timeline of a cluster through a fault: what each node was sent and what became of it, and how long all took."""

import heapq
import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from lbcore.lab import style
from lbcore.lab.drawing import digits, draw
from lbcore.lab.results_failover import Failover, Fate, Visit
from lbcore.lab.summaries_failover import over_s

__all__ = ["LOOKS"]

MOVED = "#D55E00"
#: Each fate has a colour and a shape of its own; the shape alone is enough to tell them apart.
LOOKS: dict[Fate, dict[str, Any]] = {
    Fate.ANSWERED: {"marker": "o", "s": 10, "color": style.NEUTRAL},
    Fate.MOVED: {"marker": ">", "s": 34, "color": MOVED},
    Fate.CAME: {"marker": ">", "s": 30, "facecolor": "white", "edgecolor": MOVED, "linewidth": 1.3},
    Fate.TIMED_OUT: {"marker": "v", "s": 34, "color": "#8a6d00"},
    Fate.FAILED: {"marker": "x", "s": 34, "color": "#000000", "linewidth": 1.8},
    Fate.TWICE: {"marker": "D", "s": 26, "color": "#0072B2"},
    Fate.SPARED: {"marker": "|", "s": 30, "color": style.NEUTRAL},
}
#: A lane has room for so many requests at a time before they move closer together.
ROWS = 8
#: Heights in points: of the lower picture, and between the two.
LATENCY, GAP = 128.0, 34.0
WINDOW = "#f3d9c4"
GAP_IN_A_LINE = (math.nan, math.nan)
#: What may happen to a request on its way, the worst last: its mark in the lower picture.
WORSE = (Fate.MOVED, Fate.TIMED_OUT, Fate.TWICE, Fate.FAILED)


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


@draw.register
def _(result: Failover, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    n = len(result.nodes)
    lane = 54.0 if n <= 5 else max(22.0, 270.0 / n)
    key = _key(result)
    top = 30 + 17 * len(key)
    fig = style.blank(top + n * lane + GAP + LATENCY + 46, fig)
    ratios = {"height_ratios": (n * lane, LATENCY), "hspace": GAP / ((n * lane + LATENCY) / 2)}
    upper, lower = style.place(fig, 2, 1, top=top, right=18, sharex=True, gridspec_kw=ratios)[:, 0]
    until_s = max(result.setting.seconds, *(one.ended_s for one in result.visits), 1.0) if result.visits else 1.0
    upper.set(xlim=(0, until_s), ylim=(n, 0))
    _phases(result, upper, lower)
    _lanes(result, upper)
    for line, marks in enumerate(key):
        _explain(marks, fig, upper, 13 + 17 * line)
    _latencies(result, lower)
    if prediction is not None:
        _guess(lower, result.setting.at_s + prediction[0], f"you: {digits(prediction[0], '')} s")
    return fig


def _phases(result: Failover, upper: Axes, lower: Axes) -> None:
    """The detection window, and what the node is meanwhile."""
    # While a live run goes on, what is still to come is not shown.
    setting, last_s = result.setting, float(upper.get_xlim()[1])
    if result.live:
        last_s = min(last_s, result.report.finished_s)
    if setting.at_s >= last_s:
        return
    ended_s = setting.back_s if result.noticed_s is None else result.noticed_s
    for ax in (upper, lower):
        ax.axvspan(setting.at_s, min(ended_s, last_s), facecolor=WINDOW, linewidth=0, zorder=0, gid="window")
    row = result.nodes.index(result.node)
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
    known = result.noticed_s is not None
    clear_s = ended_s if known else setting.at_s
    if (back_s - clear_s) / last_s > 0.2:
        upper.text(
            (clear_s + back_s) / 2 if known else setting.at_s + 0.01 * last_s,
            row + (0.5 if known else 0.25),
            words,
            ha="center" if known else "left",
            va="center",
            color=style.MUTED,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
            zorder=6,
        )
    length_s = ended_s - setting.at_s
    never = "never noticed" if last_s >= setting.back_s else "not noticed yet"
    said = f"not noticed: {over_s(length_s)}" if known else never
    middle = (setting.at_s + min(ended_s, last_s)) / 2
    left, right = (share * upper.get_xlim()[1] for share in (0.14, 0.86))
    mixed = blended_transform_factory(upper.transData, upper.transAxes)
    upper.text(min(max(middle, left), right), 1, said, transform=mixed, ha="center", va="bottom", color="#8c3d00")


def _lanes(result: Failover, ax: Axes) -> None:
    marks: dict[Fate, list[tuple[float, float]]] = {}
    waits: dict[Fate, list[tuple[float, float]]] = {}
    most = ROWS
    for node in range(len(result.nodes)):
        mine = sorted((one for one in result.visits if one.node == node), key=lambda one: one.sent_s)
        rows, used = _stacked(mine)
        step, most = 0.8 / max(ROWS, used), max(most, used)
        for visit, row in zip(mine, rows, strict=True):
            y = node + 0.9 - (row + 0.5) * step
            waits.setdefault(visit.fate, []).extend([(visit.sent_s, y), (visit.ended_s, y), GAP_IN_A_LINE])
            marks.setdefault(visit.fate, []).append((visit.sent_s, y))
        ax.axhline(node + 1, color=style.DOWN, linewidth=0.6, zorder=0.6)
    # All waits of one fate are one line with gaps: as many lines of their own take three times as long to draw.
    for fate, found in waits.items():
        ink = LOOKS[fate].get("color", MOVED)
        ax.plot(
            *zip(*found, strict=True), color=ink, linewidth=9 / (most + 1), alpha=0.55, zorder=2, gid=f"waits: {fate}"
        )
    for fate, found in marks.items():
        at = np.array(found)
        ax.scatter(at[:, 0], at[:, 1], zorder=3, gid=str(fate), **_plain(LOOKS[fate]))
    ax.set_yticks([i + 0.5 for i in range(len(result.nodes))], [style.shorten(name, 8) for name in result.nodes])
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_visible(False)


def _plain(look: dict[str, Any]) -> dict[str, Any]:
    return {"linewidth": 0, **look}


def _key(result: Failover) -> list[list[tuple[float, Fate]]]:
    """Which marks are there, in lines above the picture: each with its place from the left, in points."""
    lines: list[list[tuple[float, Fate]]] = [[]]
    x, there = 12.0, {one.fate for one in result.visits}
    for fate in (fate for fate in Fate if fate in there):
        wide = 28 + 6.8 * len(fate)
        if x + wide > style.WIDTH_PT and lines[-1]:
            x = 12.0
            lines.append([])
        lines[-1].append((x, fate))
        x += wide
    return lines


def _explain(marks: list[tuple[float, Fate]], fig: Figure, ax: Axes, down_pt: float) -> None:
    width, height = fig.get_size_inches() * 72
    for x, fate in marks:
        y = 1 - down_pt / height
        ax.scatter(x / width, y, transform=fig.transFigure, clip_on=False, gid="key", **_plain(LOOKS[fate] | {"s": 34}))
        fig.text((x + 8) / width, y - 1 / height, str(fate), va="center", ha="left")


def _latencies(result: Failover, ax: Axes) -> None:
    submitted, took_s = np.array(result.report.submitted_s), result.latencies_s
    by_fate: dict[Fate, list[int]] = {}
    worst = sorted((WORSE.index(one.fate), one.request) for one in result.visits if one.fate in WORSE)
    hurt = {request: WORSE[rank] for rank, request in worst}
    for request in range(result.report.submitted):
        by_fate.setdefault(hurt.get(request, Fate.ANSWERED), []).append(request)
    for fate, found in by_fate.items():
        ax.scatter(submitted[found], took_s[found], zorder=3, gid=f"took: {fate}", **_plain(LOOKS[fate]))
    top = float(np.nanmax(took_s, initial=0.2))
    ax.set_ylim(0, top * 1.45)
    ax.yaxis.set_major_locator(MaxNLocator(4, min_n_ticks=3))
    ax.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
    ax.set_title("seconds that each request took")
    ax.set_xlabel("time at which it was submitted (s)")
    if not result.recovery_s:
        return
    from_s, to_s, last_s = result.setting.at_s, result.setting.at_s + result.recovery_s, ax.get_xlim()[1]
    y, said = top * 1.18, f"time to recover {over_s(result.recovery_s)}"
    ends = {"arrowstyle": "<->", "color": style.INK, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (to_s, y), (from_s, y), arrowprops=ends)
    ax.plot([to_s] * 2, [0, y], color=style.INK, linewidth=0.8, linestyle=":", gid="recovered")
    beside = to_s < 0.6 * last_s
    middle = min(max((from_s + to_s) / 2, 0.2 * last_s), 0.8 * last_s)
    ax.text(
        to_s + 0.01 * last_s if beside else middle,
        y if beside else top * 1.22,
        said,
        ha="left" if beside else "center",
        va="center" if beside else "bottom",
    )


def _guess(ax: Axes, at_s: float, said: str) -> None:
    """A predicted time to recover; where it lies beyond the picture, an arrow at its edge."""
    low, high = ax.get_xlim()
    there = low <= at_s <= high
    if there:
        ax.axvline(at_s, color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction")
    left = at_s < 0.6 * high
    ax.annotate(
        said if there else f"{said} →",
        (min(at_s, high), 0.6),
        (4 if left else -4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        color=style.GUESS,
        ha="left" if left else "right",
        va="center",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
        zorder=5,
    )
