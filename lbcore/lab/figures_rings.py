"""The pictures of consistent hashing: the ring, how even rings are, Maglev's table, and a hot key with a bound."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore.lab import style
from lbcore.lab.drawing import digits, draw, guessed, height
from lbcore.lab.results_rings import Bounded, Circle, Evenness, Ring, Table

#: Radii of the circle before a change, of the keys, of the parts that change hands, and of the circle after it.
INNER, KEYS, CHANGED, OUTER = (0.60, 0.73), 0.785, (0.83, 0.855), (0.87, 1.0)
#: A wedge is drawn with a corner every so many degrees.
DEGREES = 3.0


def wedge(start: float, end: float, low: float, high: float) -> np.ndarray:
    """The corners of a part of a ring; places go clockwise from the top."""
    angles = 2 * np.pi * np.linspace(start, end, 2 + int((end - start) * 360 / DEGREES))
    rim = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return np.concatenate([low * rim, high * rim[::-1]])


def arcs(ax: Axes, circle: Circle, low: float, high: float, colours: list[int], gid: str) -> None:
    """The circle as arcs in the colours of their owners; neighbours of one owner are one arc."""
    last = np.flatnonzero(circle.owner != np.roll(circle.owner, -1))
    if not len(last):
        last = np.array([len(circle.owner) - 1])
    ends = circle.at[last]
    starts = np.concatenate(([ends[-1] - 1], ends[:-1]))
    for node in range(len(circle.nodes)):
        mine = np.flatnonzero(circle.owner[last] == node)
        look = style.node_look(colours[node])
        corners = [wedge(starts[i], ends[i], low, high) for i in mine]
        edge = {"linewidth": 0.8, "edgecolor": "white"} if len(last) <= 64 else {"linewidth": 0}
        ax.add_collection(PolyCollection(corners, **{**look, **edge}, gid=gid), autolim=False)


@draw.register
def _(result: Ring, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    tall, side, left = 330.0, 292.0, 10.0
    fig = style.blank(tall, fig)
    ax = fig.add_axes((left / style.WIDTH_PT, 28 / tall, side / style.WIDTH_PT, side / tall))
    ax.set(xlim=(-1.02, 1.02), ylim=(-1.02, 1.02), aspect="equal")
    ax.set_axis_off()
    last, before = result.last, result.before
    # A node keeps the colour that it had before the change.
    looks = [before.nodes.index(name) if name in before.nodes else node for node, name in enumerate(last.nodes)]
    arcs(ax, last, *OUTER, looks, "circle")
    moved = result.moved
    x, y = np.sin(2 * np.pi * result.keys), np.cos(2 * np.pi * result.keys)
    ax.plot(KEYS * x[~moved], KEYS * y[~moved], "o", ms=5, color=style.DOWN, mew=0, gid="stayed")
    ax.plot(KEYS * x[moved], KEYS * y[moved], "D", ms=6.5, color=style.INK, mew=0, gid="moved")
    if result.after is None:
        words = f"{len(before.at):,} point{'s' * (len(before.at) != 1)}\non the circle\n\ngrey: {len(x)} keys"
    else:
        arcs(ax, before, *INNER, list(range(len(before.nodes))), "before")
        parts = [wedge(start, end, *CHANGED) for start, end in result.changed]
        ax.add_collection(PolyCollection(parts, color=style.INK, linewidth=0, gid="changed"), autolim=False)
        words = "inside: before\noutside: after\ndark: changes hands\n\n"
        words += f"{int(moved.sum())} of {len(x)} keys\nmove (diamonds)"
    ax.text(0, 0, words, ha="center", va="center", color=style.MUTED, linespacing=1.3)
    shares = 100 * last.shares
    bars = fig.add_axes((330 / style.WIDTH_PT, 52 / tall, 122 / style.WIDTH_PT, (tall - 98) / tall))
    for node, share in enumerate(shares):
        look = style.node_look(looks[node])
        bars.barh(node, share, 0.8, zorder=2, gid="share", **look)
    mean = 100 / len(shares)
    bars.axvline(mean, color=style.INK, linewidth=1.0, zorder=3)
    top = max(float(shares.max()), mean)
    if prediction is not None:
        bars.axvline(prediction[0], color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction")
        top = max(top, min(prediction[0], 2 * top))
        said = f"you: {digits(*prediction)}"
        fig.text(330 / style.WIDTH_PT, 9 / tall, said, color=style.GUESS, va="center")
    bars.set(xlim=(0, 1.06 * top), ylim=(len(shares) - 0.4, -0.6))
    step = 1 if len(shares) <= 14 else 2
    numbered = all(name == f"node-{i}" for i, name in enumerate(last.nodes))
    names = [str(i) if numbered else style.shorten(name, 8) for i, name in enumerate(last.nodes)]
    bars.set_yticks(range(0, len(shares), step), names[::step])
    bars.tick_params(axis="y", length=0)
    bars.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    bars.set_title("node's share, %", pad=18)
    bars.annotate(
        f"mean {mean:.3g}",
        (mean, 1),
        (0, 4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="left" if mean < 0.5 * top else "right",
        color=style.MUTED,
    )
    return fig


@draw.register
def _(result: Evenness, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(300, fig)
    ax = style.place(fig, right=118)[0, 0]
    ax.set_xscale("log")
    ax.set_xlim(0.8, 1.25 * float(result.curve[-1]))
    ends = [np.percentile(row, [2.5, 97.5]) for row in result.peaks]
    said = None if prediction is None else prediction[0]
    height(ax, said, *ends, result.peak_theory)
    labels = []
    for gid, rows, curve, text in (
        ("peaks", result.peaks, result.peak_theory, "busiest / mean"),
        ("spreads", result.spreads, result.spread_theory, "sd / mean"),
    ):
        ax.plot(result.curve, curve, color=style.INK, linewidth=1.0, zorder=2, gid=f"{gid} theory")
        face = style.NEUTRAL if gid == "peaks" else "white"
        means = [row.mean() if gid == "peaks" else np.sqrt(np.mean(row**2)) for row in rows]
        ax.plot(
            result.virtual_nodes,
            means,
            "o",
            ms=8,
            color=face,
            mec=style.NEUTRAL,
            mew=2,
            zorder=3,
            ls="none",
            clip_on=False,
            gid=gid,
        )
        labels.append((float(curve[-1]), text, style.INK))
    bars = [[(v, low), (v, high)] for v, (low, high) in zip(result.virtual_nodes, ends, strict=True)]
    ax.add_collection(LineCollection(bars, color=style.BAND, linewidth=5, alpha=0.5, zorder=1), autolim=False)
    guessed(ax, said, prediction, labels)
    style.edge_labels(ax, labels)
    style.thousands(ax.xaxis)
    ax.set_xlabel("virtual nodes of each node")
    ax.set_title(f"of {len(result.peaks[0]):,} rings: dots are means, lines theory,\nthe bars hold 95 % of the rings")
    fig.subplots_adjust(top=1 - 48 / 300)
    return fig


@draw.register
def _(result: Table, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    size, left, top = len(result.before), 14.0, 26.0
    wide = style.WIDTH_PT - 2 * left
    columns = min(size, max(16, int(np.ceil(np.sqrt(2.2 * size)))))
    cell = min(30.0, wide / columns)
    rows = -(-size // columns)
    block = top + rows * cell + 10
    tall = 2 * block + 46
    fig = style.blank(tall, fig)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, style.WIDTH_PT), ylim=(tall, 0))
    ax.set_axis_off()
    numbered = all(name == f"node-{i}" for i, name in enumerate(result.nodes))
    gone = result.nodes[result.removed]
    titles = (f"the table of {len(result.nodes)} nodes, entry 0 to {size - 1:,}", f"the table without {gone}")
    for number, (owners, title, gid) in enumerate(
        ((result.before, titles[0], "before"), (result.after, titles[1], "after"))
    ):
        y0 = number * block + top
        ax.text(left, y0 - 12, title, weight="bold", va="center")
        at = np.stack([left + np.arange(size) % columns * cell, y0 + np.arange(size) // columns * cell], axis=1)
        gap = 1.5 if cell >= 10 else 0.5
        box = np.array([(0, 0), (cell - gap, 0), (cell - gap, cell - gap), (0, cell - gap)])
        for node in range(len(result.nodes)):
            mine = np.flatnonzero(owners == node)
            squares = PolyCollection([box + at[i] for i in mine], **style.node_look(node), gid=gid)
            ax.add_collection(squares, autolim=False)
        if number:
            for which, look, name in (
                (result.lost, {"linewidth": 1.4, "linestyle": (0, (2, 1.5))}, "lost"),
                (result.disturbed, {"linewidth": 2.6}, "disturbed"),
            ):
                inset = box * (1 - 2 / cell) + 1
                ax.add_collection(
                    PolyCollection(
                        [inset + at[i] for i in np.flatnonzero(which)],
                        facecolor="none",
                        edgecolor="black",
                        gid=name,
                        **look,
                    ),
                    autolim=False,
                )
        if cell >= 20 and numbered:
            for (x, y), node in zip(at, owners, strict=True):
                ink = style.on(style.colour(node))
                ax.text(x + (cell - gap) / 2, y + (cell - gap) / 2, str(node), ha="center", va="center", color=ink)
    note = f"dotted: was {gone}'s, so it must change\nthick: changes as well, though its owner is still there"
    ax.text(left, tall - 20, note, color=style.MUTED, va="center", linespacing=1.3)
    return fig


@draw.register
def _(result: Bounded, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(430, fig)
    panels = style.place(fig, 2, 1, top=30, gridspec_kw={"hspace": 0.5})[:, 0]
    said = None if prediction is None else prediction[0]
    rows = (
        ("HashRing: requests in flight", result.ring, result.ring_hot, "ring"),
        (f"{result.name}, eps = {result.eps:g}", result.counts, result.hot, "bounded"),
    )
    places = range(len(result.nodes))
    for number, (ax, (title, counts, hot, gid)) in enumerate(zip(panels, rows, strict=True)):
        looks = [style.node_look(node, len(counts)) for node in places]
        for node, look in zip(places, looks, strict=True):
            ax.bar(node, counts[node] - hot[node], 0.8, zorder=2, gid=gid, **look)
            if hot[node]:
                edge = "white" if look["facecolor"] != "#F0E442" else "#8a7d00"
                ax.bar(
                    node,
                    hot[node],
                    0.8,
                    bottom=counts[node] - hot[node],
                    zorder=2,
                    facecolor=look["facecolor"],
                    edgecolor=edge,
                    hatch=style.STRIPES,
                    linewidth=0,
                    gid=f"{gid} hot",
                )
        style.node_axis(ax, result.nodes)
        style.count_axis(ax, title, 4)
        height(ax, said if number == 0 else None, result.ring, result.counts, 1.1 * result.mean)
        style.line(ax, result.mean)
        labels = [(result.mean, f"mean {result.mean:,.5g}", style.MUTED)]
        if number:
            ax.axhline(result.bound, color=style.INK, linewidth=1.6, linestyle=(0, (1, 1)), zorder=3, gid="bound")
            beyond = " ↑" if result.bound > ax.get_ylim()[1] else ""
            labels.append((float(result.bound), f"bound {result.bound:,}{beyond}", style.INK))
        else:
            guessed(ax, said, prediction, labels)
        style.edge_labels(ax, labels)
    panels[0].set_xlabel("")
    panels[1].set_xlabel("node (narrow stripes: the hottest key)")
    return fig
