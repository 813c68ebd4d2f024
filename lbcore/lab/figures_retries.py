"""The pictures of retries: paths of requests, load through a brown-out, amplification, and clients in step."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore.lab import style
from lbcore.lab.drawing import draw, guessed, height
from lbcore.lab.results_retries import Amplified, BrownOut, Crowd, Reassigned, Stampede
from lbcore.lab.summaries_retries import some, times

#: What a service is asked in vain, or refuses.
PALE = "#a3afc0"
#: Retries among first attempts.
AGAIN = "#39465a"


@draw.register
def _(result: Reassigned, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    longest = max(len(path) for path in result.paths)
    left, top, side = 96.0, 30.0, 28.0
    side = min(side, (style.WIDTH_PT - left - 14) / longest)
    line = min(side, 480 / len(result.paths))
    tall = top + len(result.paths) * line + 30
    fig = style.blank(tall, fig)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, style.WIDTH_PT), ylim=(tall, 0))
    ax.set_axis_off()
    ax.text(left, top / 2 + 2, "attempts, from left to right", va="center", color=style.MUTED)
    squares, faces, crosses = [], [], []
    each = max(1, math.ceil(15 / line))
    for request, (path, served) in enumerate(zip(result.paths, result.served, strict=True)):
        y = top + request * line
        if request % each == 0:
            ax.text(left - 10, y + line / 2, f"request {request}", va="center", ha="right")
        for attempt, node in enumerate(path):
            x, face = left + attempt * side, style.colour(node)
            box = [(x, y), (x + side - 2, y), (x + side - 2, y + line - 2), (x, y + line - 2)]
            squares.append(box)
            if served and attempt == len(path) - 1:
                faces.append(face)
                ink = style.on(face)
            else:
                faces.append(style.DOWN)
                ink = "black"
                crosses += [[box[0], box[2]], [box[1], box[3]]]
            if line >= 15:
                look = {} if ink != "black" else {"bbox": {"facecolor": faces[-1], "edgecolor": "none", "pad": 1.5}}
                ax.text(x + side / 2 - 1, y + line / 2 - 0.5, str(node), ha="center", va="center", color=ink, **look)
    ax.add_collection(PolyCollection(squares, facecolor=faces, linewidth=0, gid="squares"), autolim=False)
    ax.add_collection(LineCollection(crosses, color="white", linewidth=1.5, zorder=2), autolim=False)
    note = "each square is an attempt, its number the node; crossed: it failed"
    if prediction is not None:
        note = f"you: {prediction[0]:,.0f} attempts; {note}"
    ax.text(14, tall - 13, note, color=style.MUTED if prediction is None else style.GUESS, va="center")
    return fig


def shaded(ax: Axes, from_s: float, back_s: float, word: str) -> None:
    """The time in which a service is ill."""
    ax.axvspan(from_s, back_s, facecolor=style.BAND, alpha=0.3, linewidth=0, zorder=0, gid="shaded")
    if word:
        ax.annotate(
            word,
            ((from_s + back_s) / 2, 1),
            (0, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            color=style.MUTED,
        )


@draw.register
def _(result: BrownOut, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(400, fig)
    grid = {"hspace": 0.42, "height_ratios": (3, 2)}
    load, good = style.place(fig, 2, 1, top=48, sharex=True, gridspec_kw=grid)[:, 0]
    edges = np.arange(len(result.good) + 1)
    # The same height whatever the policy, so that two of them can be compared.
    most = max(1.15 * result.rate * (1 + result.allowed), 1.25 * result.capacity)
    height(load, None, most, result.attempts + result.refused)
    said = None if prediction is None else prediction[0]
    height(good, said, result.good, result.rate, result.capacity)
    bars = {"fill": True, "linewidth": 0, "zorder": 2}
    first, kept = result.attempts - result.again, result.attempts + result.refused
    load.stairs(first, edges, color=style.NEUTRAL, gid="first", **bars)
    load.stairs(result.attempts, edges, baseline=first, color=AGAIN, gid="again", **bars)
    load.stairs(kept, edges, baseline=result.attempts, color=PALE, gid="refused", **bars)
    good.stairs(result.good, edges, color=style.NEUTRAL, gid="good", **bars)
    labels = [(float(result.capacity), f"capacity {result.capacity}", style.INK)]
    # A white edge, since the line crosses dark bars.
    load.axhline(result.capacity, color="white", linewidth=3.0, zorder=2.5)
    style.line(load, result.capacity)
    style.edge_labels(load, labels)
    labels = [(float(result.rate), f"offered {result.rate}", style.MUTED)]
    guessed(good, said, prediction, labels)
    good.axhline(result.rate, color=style.MUTED, linewidth=1.2, linestyle=(0, (3, 2)), zorder=3)
    style.edge_labels(good, labels)
    shaded(load, result.from_s, result.back_s, "brown-out")
    shaded(good, result.from_s, result.back_s, "")
    if math.isfinite(result.recovery_s):
        at = result.back_s + result.recovery_s
        good.axvline(at, color=style.INK, linewidth=1.0, linestyle=(0, (1, 1.5)), zorder=4, gid="recovery")
    verdict = "not recovered" if math.isinf(result.recovery_s) else f"recovered after {result.recovery_s:,.0f} s"
    shades = "; dark: retries" if result.again.any() else ""
    shades += "; pale: refused" if result.refused.any() else ""
    style.count_axis(load, "", 5)
    load.set_title(f"attempts, each second{shades}", pad=20)
    style.count_axis(good, f"answered in time, each second: {verdict}", 5)
    load.set_xlim(0, len(result.good))
    good.set_xlabel("seconds")
    return fig


@draw.register
def _(result: Amplified, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(320, fig)
    ax = style.place(fig, right=116)[0, 0]
    most = max(float(row.max()) for row in result.theory)
    labels = []
    if most > 20:
        ax.set_yscale("log", base=2)
        ax.set_ylim(0.9, most * 1.25)
        ax.minorticks_off()
        powers = range(math.ceil(math.log2(most)) + 1)
        ax.set_yticks([2.0**p for p in powers if p % max(1, len(powers) // 6) == 0])
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        ax.set_title("attempts for each request (log scale)")
    else:
        height(ax, None if prediction is None else prediction[0], most)
        ax.set_title("attempts for each request")
    for layers, measured, theory in zip(result.layers, result.attempts, result.theory, strict=True):
        ax.plot(100 * result.curve, theory, color=style.INK, linewidth=0.9, zorder=2, gid="theory")
        ax.plot(
            100 * result.rates,
            measured,
            "o",
            color=style.NEUTRAL,
            markersize=6.5,
            zorder=3,
            gid="measured",
            clip_on=False,
        )
        labels.append((float(theory[-1]), f"{some(layers, 'layer')}: {times(theory[-1])}x", style.INK))
    if len(result.layers) == 1:
        labels = [(float(result.theory[0][-1]), f"{times(result.theory[0][-1])}x", style.INK)]
    guessed(ax, None if prediction is None else prediction[0], prediction, labels)
    style.edge_labels(ax, labels)
    ax.set_xlim(-1.5, 101.5)
    ax.set_xticks(range(0, 101, 20))
    ax.set_xlabel("attempts that fail, % (thin line: theory)")
    return fig


@draw.register
def _(result: Crowd, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows = len(result.rules)
    fig = style.blank(78 + (170 if rows == 1 else 124 * rows), fig)
    axes = style.place(fig, rows, 1, right=36, bottom=56, sharex=True, sharey=True, gridspec_kw={"hspace": 0.5})[:, 0]
    edges = np.arange(0, math.ceil(result.until_s / result.bin_s - 1e-9) + 1) * result.bin_s
    for ax, rule, calls_s, time_s, calls in zip(
        axes, result.rules, result.calls_s, result.time_s, result.calls, strict=True
    ):
        ax.stairs(np.histogram(calls_s, edges)[0], edges, fill=True, color=style.NEUTRAL, linewidth=0, zorder=2)
        beyond = calls_s[-1] > edges[-1]
        last = f"{time_s[0]:,.2f}" if time_s[0] < 1 else f"{time_s[0]:,.1f}"
        ax.set_title(f"{rule}: {some(int(calls[0]), 'write')}, all done after {last} s" + (" →" if beyond else ""))
        ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
        style.thousands(ax.yaxis)
    axes[-1].set_xlim(0, edges[-1])
    axes[-1].set_xlabel(f"seconds (bars: writes sent in {1000 * result.bin_s:.0f} ms)")
    return fig


@draw.register
def _(result: Stampede, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows = len(result.rules)
    fig = style.blank(78 + 124 * rows, fig)
    grid = {"hspace": 0.5}
    axes = style.place(fig, rows, 1, right=36, top=48, bottom=56, sharex=True, sharey=True, gridspec_kw=grid)[:, 0]
    edges = np.linspace(0, result.until_s, round(result.until_s / result.BIN_S) + 1)
    for row, (ax, rule, most) in enumerate(zip(axes, result.rules, result.busiest, strict=True)):
        first, again = result.bins(result.first_s[row]), result.bins(result.again_s[row])
        ax.stairs(first, edges, fill=True, color=PALE, linewidth=0, zorder=2, gid="first")
        ax.stairs(
            first + again, edges, baseline=first, fill=True, color=style.NEUTRAL, linewidth=0, zorder=2, gid="again"
        )
        shaded(ax, 0.0, result.down_s, "" if row else "down")
        ax.set_title(f"{rule}: up to {some(most, 'retry')} at a time", pad=20 if row == 0 else None)
        ax.set_ylim(0, result.clients * 1.2)
        ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
    axes[-1].set_xlim(0, result.until_s)
    axes[-1].set_xlabel("seconds (bars: calls in 50 ms; pale: the first call)")
    return fig
