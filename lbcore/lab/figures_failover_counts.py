"""Pictures of failover in numbers: the survivors' load, a cascade, deposits made twice, and the road to the cluster."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from lbcore.lab import style
from lbcore.lab.drawing import bars, draw, guessed
from lbcore.lab.results_failover import LATE_S, Cascade, Deposits, Road, Survivors
from lbcore.lab.summaries_failover import asked

#: What became of the requests at a stage of the road: its colour, and a hatching that tells it apart without one.
FATES = (
    ("in_time", "in time", style.NEUTRAL, ""),
    ("late", f"late: over {LATE_S:g} s", "#E69F00", "\\\\"),
    ("lost", "lost", "#000000", "xx"),
)


@draw.register
def _(result: Survivors, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(420, fig)
    axes = style.place(fig, 2, 1, sharey=True, gridspec_kw={"hspace": 0.52})[:, 0]
    share, theory = result.share, asked(result) * result.share
    top = max(float(row.max()) for row in result.after)
    said = None if prediction is None else prediction[0] * share
    for ax, label, names, before, after in zip(
        axes, result.labels, result.nodes, result.before, result.after, strict=True
    ):
        ax.set_ylim(0, max(top, min(said or 0.0, 2 * top)) * 1.1)
        bars(ax, after, outline=False)
        style.node_axis(ax, names)
        if label == "backup":
            ax.set_xticks(range(len(names)), [*map(str, range(len(names) - 1)), names[-1]])
        dead = names.index(result.dead)
        style.crosses(ax, [dead])
        for i in (i for i in range(len(names)) if i != dead):
            ax.plot([i - 0.4, i + 0.4], [before[i]] * 2, color=style.INK, linewidth=2.2, zorder=4, gid="before")
        ax.set_title(f"{label}: requests a second after the crash (line: before)")
        ax.yaxis.set_major_locator(MaxNLocator(5))
        labels = [(share, "share", style.INK)]
        style.line(ax, share)
        if label == "reassign":
            style.line(ax, theory)
            n = len(names)
            labels.append((theory, f"{n}/{n - 1} of it", style.INK))
            guessed(ax, said, None if prediction is None else (prediction[0], ""), labels)
        style.edge_labels(ax, labels)
    axes[0].set_xlabel("")
    return fig


@draw.register
def _(result: Cascade, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    n = len(result.nodes)
    tall = max(46.0, min(84.0, 360.0 / n))
    fig = style.blank(74 + n * tall, fig)
    axes = style.place(fig, n, 1, sharex=True, sharey=True, top=28, gridspec_kw={"hspace": 0.22})[:, 0]
    died = dict(result.deaths)
    for i, (ax, name, at_s, held) in enumerate(zip(axes, result.nodes, result.at_s, result.held, strict=True)):
        ax.set(xlim=(0, result.seconds), ylim=(0, 1.2 * result.limit))
        edges = np.append(np.minimum(at_s, result.seconds), result.seconds)
        ax.stairs(held, edges, fill=True, color=style.colour(i), linewidth=0, zorder=2, gid=f"held: {name}")
        ax.axhline(result.limit, color=style.INK, linewidth=1.0, zorder=3)
        ax.set_yticks([0, result.limit])
        ax.tick_params(axis="x", labelbottom=i == n - 1, length=3.5 if i == n - 1 else 0)
        ax.text(1.012, 0.5, name, transform=ax.transAxes, va="center", ha="left")
        if name not in died:
            continue
        ax.axvspan(
            died[name], result.seconds, facecolor="#f2f2f2", edgecolor=style.DOWN, hatch="xx", linewidth=0, gid="down"
        )
        left = died[name] < 0.66 * result.seconds
        ax.text(
            died[name] + (0.02 if left else -0.02) * result.seconds,
            0.46 * result.limit,
            f"crashes at {died[name]:g} s" if name == result.deaths[0][0] else f"dies of it at {died[name]:.1f} s",
            ha="left" if left else "right",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
            zorder=4,
        )
    axes[0].set_title(f"requests that each node holds; {result.limit} are too many")
    axes[-1].set_xlabel("time (s)")
    return fig


@draw.register
def _(result: Deposits, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows, classes = len(result.rows), len(result.labels)
    fig = style.blank(74 + (54 + 30 * rows) * (1 + classes), fig)
    axes = style.place(fig, 1 + classes, 1, left=108, right=80, sharex=False, gridspec_kw={"hspace": 0.5})[:, 0]
    places = np.arange(rows)
    silent = np.array([row.unanswered for row in result.rows])
    done = np.array([row.done for row in result.rows])
    extra = np.array([row.balances for row in result.rows]) - result.requests
    for ax in axes:
        ax.set_yticks(places, [row.fault for row in result.rows])
        ax.set(ylim=(rows - 0.5, -0.5))
        ax.tick_params(axis="y", length=0)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=2))
    first = axes[0]
    first.barh(places, silent - done, 0.7, left=done, color=style.DOWN, gid="not done")
    look: dict[str, Any] = {"facecolor": "#0072B2", "edgecolor": "white", "hatch": style.STRIPES, "linewidth": 0}
    first.barh(places, done, 0.7, gid="done", **look)
    first.set_title("attempts without an answer in time (striped: done)")
    first.set_xlim(0, max(1, int(silent.max(initial=0))) * 1.06)
    for place, (much, made) in enumerate(zip(silent, done, strict=True)):
        text = f"{made} of {much} done"
        first.text(1.012, place, text, transform=first.get_yaxis_transform(), va="center", ha="left")
    low, high = min(0, int(extra.min(initial=0))), max(1, int(extra.max(initial=0)))
    for k, (ax, label) in enumerate(zip(axes[1:], result.labels, strict=True)):
        ax.barh(places, extra[:, k], 0.7, color="#D55E00", gid=f"extra: {label}")
        ax.axvline(0, color=style.INK, linewidth=1)
        ax.set_xlim(low * 1.06, high * 1.06)
        ax.set_title(f"{style.shorten(label, 24)}: balance minus {result.requests:,} deposits")
        for place, much in enumerate(extra[:, k]):
            ax.text(1.012, place, f"{much:+,}" if much else "right", transform=ax.get_yaxis_transform(), va="center")
    return fig


@draw.register
def _(result: Road, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows = result.stages
    fig = style.blank(86 + 44 * len(rows), fig)
    ax = style.place(fig, left=108, right=98, top=38)[0][0]
    places, left = np.arange(len(rows)), np.zeros(len(rows))
    width, height = fig.get_size_inches() * 72
    x = 108.0
    for name, words, face, hatch in FATES:
        values = np.array([getattr(one, name) for one in rows])
        look: dict[str, Any] = {"facecolor": face, "edgecolor": "white", "hatch": hatch, "linewidth": 0}
        ax.barh(places, values, 0.62, left=left, gid=name, **look)
        left = left + values
        square = Rectangle((x / width, 1 - 24 / height), 12 / width, 12 / height, transform=fig.transFigure, **look)
        fig.add_artist(square)
        fig.text((x + 17) / width, 1 - 19 / height, words, va="center")
        x += 34 + 7 * len(words)
    ax.set_yticks(places, [one.label for one in rows])
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(0, rows[0].submitted))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("requests")
    for place, one in enumerate(rows):
        twice = f"\n{one.twice} done twice" if one.twice else ""
        ax.text(1.012, place, f"{one.lost} lost{twice}", transform=ax.get_yaxis_transform(), va="center", ha="left")
    return fig
