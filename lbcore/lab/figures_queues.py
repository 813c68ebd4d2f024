"""The pictures of waiting: latencies side by side, against load, choices or age, and queues as they grow and shrink."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lbcore.lab import style
from lbcore.lab.drawing import bars, digits, draw, guessed
from lbcore.lab.figures_runs import LINES
from lbcore.lab.results import Numbers
from lbcore.lab.results_queues import Curve, Latency, QueueLengths
from lbcore.lab.summaries_queues import OVER, span

#: The half of the requests that waits least, on top of all but the slowest in a hundred.
PALE = "#b9c2cf"
UNIT = "mean service times"


@draw.register
def _(result: Latency, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows = len(result.rows)
    above = 62 + 34 * rows
    fig = style.blank(above + (104 if result.uneven else 0), fig)
    tall = fig.get_size_inches()[1] * 72
    ax = style.place(fig, left=146, right=92, top=30, bottom=tall - above + 46)[0, 0]
    at = np.arange(rows)
    p99, p50 = np.array([row.p99 for row in result.rows]), np.array([row.p50 for row in result.rows])
    ax.barh(at, p99, 0.62, color=PALE, linewidth=0, zorder=2, gid="p99")
    ax.barh(at, p50, 0.62, color=style.NEUTRAL, linewidth=0, zorder=3, gid="p50")
    for i, row in enumerate(result.rows):
        if row.theory is not None:
            for time in row.theory[1:]:
                ax.plot([time] * 2, [i - 0.42, i + 0.42], color=style.INK, linewidth=1.0, zorder=4, gid="theory")
        text = f"{span(row.p50)} · {span(row.p99)}"
        ax.text(1.02, i, text, transform=ax.get_yaxis_transform(), va="center", ha="left")
    most = max([float(p99.max()), *(row.theory[2] for row in result.rows if row.theory is not None)])
    said = None if prediction is None else prediction[0]
    right = max(most, min(said or 0.0, 2 * most)) * 1.05
    if said is not None:
        ax.axvline(
            min(said, right), color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=5, gid="prediction"
        )
        beyond = " →" if said > right else ""
        left = said > 0.6 * right
        ax.annotate(
            f"you: {digits(said, '')}{beyond}",
            (min(said, right), -0.5),
            (-4 if left else 4, 4),
            textcoords="offset points",
            color=style.GUESS,
            ha="right" if left else "left",
        )
    ax.set(xlim=(0, right), ylim=(rows - 0.5, -0.5 if said is None else -0.8))
    ax.set_yticks(at, [style.shorten(row.label, 20) for row in result.rows])
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    style.thousands(ax.xaxis)
    ax.text(1.02, 1.02, "p50 · p99", transform=ax.transAxes, va="bottom", ha="left", color=style.MUTED)
    thin = "; thin line: theory" if any(row.theory is not None for row in result.rows) else ""
    fig.text(12 / style.WIDTH_PT, 1 - 16 / tall, f"latency: dark p50, pale p99{thin}", va="center")
    ax.set_xlabel(UNIT)
    if result.uneven:
        _utilisation(result, fig, tall - above)
    return fig


def _utilisation(result: Latency, fig: Figure, room: float) -> None:
    """Below: how busy each node is, one small chart for each algorithm."""
    shown = result.rows[:4]
    wide, tall = fig.get_size_inches() * 72
    left, gap = 62.0, 46.0
    each = (wide - left - 14 - gap * (len(shown) - 1)) / len(shown)
    for i, row in enumerate(shown):
        ax = fig.add_axes(((left + i * (each + gap)) / wide, 30 / tall, each / wide, (room - 50) / tall))
        bars(ax, 100 * row.utilisation, outline=result.nodes > style.MOST_BARS)
        ax.set_ylim(0, 106)
        ax.axhline(100, color=style.INK, linewidth=1.0)
        ax.set_yticks([0, 50, 100])
        ax.set_xticks([])
        ax.set_xlabel(style.shorten(row.label, 22 if len(shown) < 4 else 13))
        if not i:
            ax.set_title("how busy each node is, %")


@draw.register
def _(result: Curve, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    panels = len(result.whats)
    fig = style.blank(64 + (260 if panels == 1 else 190 * panels), fig)
    alone = len(result.labels) == 1
    right = 98 if alone else 136
    axes = style.place(fig, panels, 1, left=54, right=right, sharex=True, gridspec_kw={"hspace": 0.24})[:, 0]
    said = None if prediction is None else prediction[0]
    for ax, what, rows, lines in zip(axes, result.whats, result.values, result.theory, strict=True):
        top = max(float(row.max()) for row in rows)
        ax.set_ylim(0, max(top, min(said or 0.0, 2 * top)) * 1.05)
        labels = []
        for i, (label, row, line) in enumerate(zip(result.labels, rows, lines, strict=True)):
            ink, dash = LINES[i % len(LINES)]
            ax.plot(result.at, row, color=ink, linestyle=dash, linewidth=2.2, marker="o", markersize=4, gid="measured")
            if line is not None:
                ax.plot(result.along, line, color=style.INK, linewidth=0.8, zorder=4, gid="theory")
            labels += [] if alone else [(float(row[-1]), style.shorten(label, 18), style.INK)]
        guessed(ax, said, prediction, labels)
        style.edge_labels(ax, labels)
        ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        thin = " (thin: theory)" if any(line is not None for line in lines) else ""
        name = "mean latency" if what == "mean" else f"{what} of the latencies"
        ax.set_title(f"{name}, {UNIT}{thin}")
    axes[-1].set_xlabel(OVER[result.over])
    if result.over == "choices":
        axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return fig


@draw.register
def _(result: QueueLengths, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows = len(result.labels)
    fig = style.blank(66 + (200 if rows == 1 else 128 * rows), fig)
    axes = style.place(fig, rows, 1, left=46, right=20, sharex=True, sharey=True, gridspec_kw={"hspace": 0.4})[:, 0]
    for ax, label, lengths in zip(axes, result.labels, result.lengths, strict=True):
        _lengths(ax, result.at, lengths)
        ax.set_title(f"{label}: up to {int(lengths.max())} requests at one node")
        ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
    top = max(1, *(int(lengths.max()) for lengths in result.lengths))
    axes[0].set_ylim(0, top * 1.06)
    if prediction is not None:
        for ax in axes:
            style.line(ax, min(prediction[0], top * 1.04), guess=True)
    axes[-1].set_xlim(0, result.at[-1])
    axes[-1].set_xlabel(f"time, {UNIT} (one line for each node: requests there)")
    return fig


def _lengths(ax: Axes, at: Numbers, lengths: NDArray[np.int32]) -> None:
    for node in range(lengths.shape[1]):
        dash = "-" if node < len(style.COLOURS) else (0, (3, 1.5))
        ax.plot(at, lengths[:, node], color=style.colour(node), linestyle=dash, linewidth=1.3, drawstyle="steps-post")
