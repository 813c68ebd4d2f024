"""The pictures of heartbeats: a raster with suspicion, detection times, the trade-off, a storm, and three silences."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore.lab import style
from lbcore.lab.drawing import digits, draw
from lbcore.lab.results_heartbeats import Detection, Raster, Silences, Span, TradeOff, Weather
from lbcore.lab.summaries_heartbeats import alarms

#: A row of beats: half of its height.
HALF = 0.36
MARKS = (("o", "○"), ("s", "□"), ("^", "△"), ("D", "◇"))


@draw.register
def _(result: Detection, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(290, fig)
    ax = style.place(fig, right=24, top=36, bottom=62)[0, 0]
    most = max(1.25 * result.timeout_s, float(result.times_s.max()))
    said = None if prediction is None else prediction[0]
    most = max(most, min(said or 0.0, 1.6 * most))
    width = next(w for w in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if most / w <= 60 or w == 5.0)
    edges = np.arange(0, math.ceil(most / width) + 1) * width
    share = 100 * np.histogram(result.times_s, edges)[0] / len(result.times_s)
    soonest_s = result.timeout_s - result.interval_s
    ax.axvspan(soonest_s, result.timeout_s, facecolor=style.BAND, alpha=0.4, linewidth=0, zorder=1, gid="band")
    ax.stairs(share, edges, fill=True, color=style.NEUTRAL, linewidth=0, zorder=2, gid="times")
    ax.axvline(result.expected_s, color=style.INK, linewidth=1.0, zorder=3, gid="theory")
    top = float(share.max()) * 1.3
    ax.set(xlim=(0, edges[-1]), ylim=(0, top))
    ax.set_title(f"% of {len(result.times_s):,} crashes (line: the mean by theory, {result.expected_s:.2f} s)")
    ax.set_xlabel("seconds from the crash until it is noticed\n(band: timeout - interval to timeout)")
    ax.yaxis.set_major_locator(MaxNLocator(5))
    if said is not None:
        ax.axvline(said, color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction")
        right = said > 0.6 * edges[-1]
        at = min(said, edges[-1])
        arrow = " →" if said > edges[-1] else ""
        ax.annotate(
            f"you: {digits(*prediction)}{arrow}",  # type: ignore[misc]
            (at, 0.93),
            (-5 if right else 5, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=style.GUESS,
            ha="right" if right else "left",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
            zorder=5,
        )
    return fig


@draw.register
def _(result: Raster, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows = len(result.nodes)
    fig = style.blank(44 + 30 * rows + 54 + 150 + 46, fig)
    grid = {"hspace": 54 / ((30 * rows + 150) / 2), "height_ratios": (30 * rows, 150)}
    beats, level = style.place(fig, 2, 1, left=62, right=84, top=44, bottom=46, sharex=True, gridspec_kw=grid)[:, 0]
    for row, (heard_s, lost_s) in enumerate(zip(result.heard_s, result.lost_s, strict=True)):
        _beats(beats, row, heard_s, lost_s)
    for row, (spans, false) in enumerate(zip(result.failed_s, result.false_s, strict=True)):
        _failed(beats, row, spans, false)
    _rows(beats, [name.removeprefix("node-") for name in result.nodes])
    beats.set_ylabel("node")
    beats.set_title(f"beats heard (x: lost); {alarms(sum(map(len, result.false_s)))}", pad=20)
    beats.tick_params(axis="x", labelbottom=False, length=0)
    top = max(2.2 * result.threshold, 1e-9)
    if result.suspicion.size:
        level.plot(
            result.at_s,
            np.minimum(result.suspicion, 1.2 * top),
            color=style.colour(0),
            linewidth=1.6,
            zorder=3,
            gid="suspicion",
        )
        above = np.maximum(np.minimum(result.suspicion, 1.2 * top), result.threshold)
        level.fill_between(result.at_s, result.threshold, above, color=style.BAND, alpha=0.5, linewidth=0, zorder=2)
    level.axhline(result.threshold, color=style.INK, linewidth=1.0, zorder=4, gid="threshold")
    level.set(xlim=(0, result.whole_s), ylim=(0, top))
    level.set_title(f"suspicion of node {result.nodes[0].removeprefix('node-')} ({result.scale})")
    level.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    level.set_xlabel("seconds")
    if result.crash_s < result.until_s:
        for ax in (beats, level):
            ax.axvline(result.crash_s, color=style.INK, linewidth=1.2, linestyle=(0, (1, 1.5)), zorder=4, gid="crash")
        _above(beats, result.crash_s, f"node {result.nodes[0].removeprefix('node-')} dies")
    style.edge_labels(level, [(result.threshold, "threshold", style.INK)])
    return fig


def _beats(ax: Axes, row: int, heard_s: np.ndarray, lost_s: np.ndarray, ink: str | None = None) -> None:
    """Beats as upright strokes in the node's colour, lost ones as small crosses."""
    ink = ink or style.colour(row)
    ax.vlines(heard_s, row - HALF, row + HALF, color=ink, linewidth=1.8, zorder=3).set_gid("heard")
    ax.plot(lost_s, np.full(len(lost_s), row), "x", color=style.INK, markersize=5, zorder=4, gid="lost")


def _failed(ax: Axes, row: int, spans: tuple[Span, ...], false: tuple[Span, ...] = ()) -> None:
    """When a node counts as failed: grey and crossed, as every node that is down; wrongly so: in an outline."""
    for start_s, end_s in spans:
        look: Any = {"facecolor": "#f2f2f2", "edgecolor": style.DOWN, "hatch": "xx", "linewidth": 0}
        ax.barh(row, end_s - start_s, 0.92, start_s, zorder=1, gid="failed", **look)
    for start_s, end_s in false:
        edge: Any = {"facecolor": "none", "edgecolor": style.INK, "linewidth": 1.2}
        ax.barh(row, end_s - start_s, 0.92, start_s, zorder=2, gid="false", **edge)


def _rows(ax: Axes, names: list[str]) -> None:
    """One row for each name, the first on top."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.45, -0.55)
    ax.tick_params(axis="y", length=0)


def _above(ax: Axes, at_s: float, text: str) -> None:
    """A word above the axes at this time, within their width."""
    low, high = ax.get_xlim()
    side = "left" if at_s < low + 0.2 * (high - low) else "right" if at_s > high - 0.2 * (high - low) else "center"
    ax.annotate(
        text,
        (at_s, 1),
        (0, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha=side,
        color=style.MUTED,
    )


@draw.register
def _(result: TradeOff, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(330, fig)
    several = len(result.rows) > 1
    ax = style.place(fig, right=124 if several else 24, bottom=62)[0, 0]
    floor, most_s, top = 0.4 / result.hours, 3.7, 600.0
    ax.set(yscale="log", xlim=(0, most_s))
    if result.theory is not None:
        ax.plot(*result.theory, color=style.INK, linewidth=0.9, zorder=2, gid="theory")
        top = max(top, 1.4 * float(result.theory[1].max()))
    labels = []
    for row, (mark, glyph) in zip(result.rows, MARKS * len(result.rows), strict=False):
        inside = row.detection_s <= most_s
        rates = np.maximum(row.hourly, floor)
        look: Any = {"markersize": 7, "markerfacecolor": "white", "markeredgewidth": 1.5, "color": style.NEUTRAL}
        ax.plot(row.detection_s[inside], rates[inside], mark, zorder=3, clip_on=False, gid="measured", **look)
        labels.append((float(rates[-1]), f"{glyph} {row.name.partition('(')[0]}", style.INK))
        top = max(top, 1.4 * float(rates.max()), 1.4 * row.here[1])
    ax.set_ylim(floor, top)
    places = [10.0**p for p in range(-3, 5) if floor <= 10.0**p <= top]
    ax.set_yticks(places, [f"{place:,g}" for place in places])
    ax.minorticks_off()
    ax.set_title("false alarms an hour (log scale)")
    words = [*["thin: theory"] * (result.theory is not None), "hollow: measured", *["black: here"] * (not several)]
    ax.set_xlabel(f"seconds until a death is noticed, in the mean\n({'; '.join(words)})")
    if several:
        style.edge_labels(ax, labels)
        return fig
    soon, rate = min(result.rows[0].here[0], most_s), max(result.rows[0].here[1], floor)
    ax.plot([soon, soon, 0], [floor, rate, rate], color=style.INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=2.5)
    ax.plot([soon], [rate], MARKS[0][0], color=style.INK, markersize=10, zorder=4, clip_on=False, gid="here")
    return fig


@draw.register
def _(result: Weather, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows = len(result.rows)
    fig = style.blank(96 + (190 if rows == 1 else 140 * rows), fig)
    grid = {"hspace": 0.46}
    axes = style.place(fig, rows, 1, right=24, top=52, bottom=46, sharex=True, sharey=True, gridspec_kw=grid)[:, 0]
    minutes, end = result.at_s / 60, float(result.at_s[-1]) / 60
    # Neither a rule that forgives for ever nor one gap may press the others flat.
    lines = [float(row.forgiven_s[np.isfinite(row.forgiven_s)].max(initial=0.0)) for row in result.rows]
    most = min(12.0, 1.1 * max(3.0, float(result.gaps_s.max()), *lines))
    for ax, row in zip(axes, result.rows, strict=True):
        false = np.zeros(len(minutes), bool)
        false[row.false] = True
        ax.axvspan(result.storm_s / 60, end, facecolor=style.BAND, alpha=0.25, linewidth=0, zorder=0, gid="storm")
        ax.plot(minutes[~false], result.gaps_s[~false], ".", color=style.NEUTRAL, markersize=3.5, zorder=2, gid="gaps")
        late = np.minimum(result.gaps_s[false], most)
        ax.plot(minutes[false], late, "x", color="#D55E00", markersize=6, markeredgewidth=1.6, zorder=4, gid="false")
        forgiven = np.where(np.isfinite(row.forgiven_s), row.forgiven_s, np.nan)
        ax.plot(minutes, np.minimum(forgiven, 2 * most), color=style.INK, linewidth=1.3, zorder=3, gid="forgiven")
        calm, storm = result.alarms(row)
        ax.set_title(f"{row.name}: false alarms {calm} + {storm}")
        ax.yaxis.set_major_locator(MaxNLocator(4))
        ax.set(xlim=(0, end), ylim=(0, most))
        ax.set_ylabel("seconds")
    first = result.rows[0]
    calm, storm = result.alarms(first)
    axes[0].set_title(f"{first.name}: false alarms {calm} + {storm}", pad=20)
    _above(axes[0], result.storm_s / 120, "calm")
    _above(axes[0], (result.storm_s / 60 + end) / 2, "storm")
    axes[-1].set_xlabel("minutes (dots: gaps; line: forgiven; x: too long)")
    return fig


@draw.register
def _(result: Silences, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(330, fig)
    grid = {"hspace": 0.5}
    heard, truth = style.place(fig, 2, 1, left=78, right=24, top=36, sharex=True, gridspec_kw=grid)[:, 0]
    names = "ABC"
    for row, one in enumerate(result.rows):
        arrived = one.heard_s[one.heard_s <= result.until_s]
        sent = one.sent_s[one.sent_s <= result.until_s]
        cut = np.array([at_s for at_s in sent if at_s not in arrived])
        _beats(heard, row, arrived, np.empty(0))
        _failed(heard, row, one.failed_s)
        _beats(truth, row, arrived, cut)
        end_s = result.until_s if one.what == "dead" else min(result.back_s, result.until_s)
        if one.what != "cut off" and end_s > result.from_s:
            look: Any = {"facecolor": style.BAND, "alpha": 0.4, "linewidth": 0, "zorder": 1}
            truth.barh(row, end_s - result.from_s, 0.92, result.from_s, gid=one.what, **look)
    most = max(30.0, result.until_s)
    _rows(heard, [f"node {name}" for name in names])
    _rows(truth, [f"{name} {one.what}" for name, one in zip(names, result.rows, strict=True)])
    for ax in (heard, truth):
        ax.set_xlim(0, most)
        ax.axvline(result.until_s, color=style.INK, linewidth=1.0, linestyle=(0, (2, 2)), zorder=4, gid="now")
    heard.tick_params(axis="x", labelbottom=False, length=0)
    heard.set_title("what the monitor hears (crossed: counts as failed)")
    truth.set_title("what happens (x: lost; shaded: no beat is sent)")
    truth.set_xlabel("seconds (dashed: now)")
    return fig
