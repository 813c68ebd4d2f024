"""The pictures of counts: requests at each node, their order, their work, and the hottest key."""

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore.lab import style
from lbcore.lab.drawing import bars, digits, draw, guessed, height, many_nodes, runs_of
from lbcore.lab.keys import KeyCounts
from lbcore.lab.results import Agreement, Balance, HotKeys, Sequence, Work

#: So many squares stand in a row of picks; with more than ten nodes fewer, as their numbers are wider.
MOST_ACROSS = 28


@draw.register
def _(result: Balance, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(300, fig)
    ax = style.place(fig)[0, 0]
    n, outline = len(result.nodes), len(result.nodes) > style.MOST_BARS
    order = np.lexsort((-result.counts, -result.expected)) if outline else np.arange(n)
    counts, expected = result.counts[order], result.expected[order]
    said = None if prediction is None else prediction[0] * (result.requests / 100 if prediction[1] == "%" else 1)
    most = 0 if result.high is None else result.high.max(initial=0)
    height(ax, said, counts, expected, most)
    bars(ax, counts, outline=outline)
    if outline:
        many_nodes(ax, n)
    else:
        style.node_axis(ax, result.nodes)
        style.crosses(ax, np.flatnonzero(~result.up))
    labels = []
    last = int(np.flatnonzero(result.up[order])[-1]) if result.up.any() else n - 1
    if result.low is not None and result.high is not None:
        band = {"facecolor": style.BAND, "alpha": 0.4, "linewidth": 0, "zorder": 2.5, "gid": "band"}
        low, high = result.low[order].astype(float), result.high[order].astype(float)
        if result.up.all() and not np.ptp(low) and not np.ptp(high):
            ax.axhspan(low[0], high[0], **band)
        elif outline:
            ax.stairs(high, np.arange(n + 1) - 0.5, baseline=low, fill=True, **band)
        else:
            alive = np.flatnonzero(result.up)
            ax.bar(alive, (high - low)[alive], 1.0, low[alive], **band)
        if not result.exact and result.requests:
            labels.append((high[last], "95 % band", style.MUTED))
    if result.even and result.up.any():
        mean = result.requests / int(result.up.sum())
        style.line(ax, mean)
        labels.append(
            (mean, f"mean {mean:,.0f}" if mean >= 1000 or mean == round(mean) else f"mean {mean:.4g}", style.INK)
        )
    elif outline:
        ax.stairs(*runs_of(expected), color=style.INK, linewidth=1.0, zorder=3)
        labels.append((float(expected[last]), "by weight", style.INK))
    elif result.up.any():
        ax.hlines(expected, np.arange(n) - 0.5, np.arange(n) + 0.5, color=style.INK, linewidth=1.0, zorder=3)
        labels.append((float(expected[last]), "by weight", style.INK))
    guessed(ax, said, prediction, labels)
    style.edge_labels(ax, labels)
    style.count_axis(ax, "requests")
    return fig


@draw.register
def _(result: Sequence, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows = zip(result.labels, result.picks, [f"longest run {longest}" for longest in result.longest], strict=True)
    said = "" if prediction is None else f"you: longest run {prediction[0]:,.0f}; "
    return squares(list(rows), said, "each square is a request, its number the node", len(result.nodes), fig)


@draw.register
def _(result: Agreement, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    remarks = [f"busiest node {top:.0f} %" for top in result.busiest]
    for i, same in enumerate(result.as_first[1:], 1):
        remarks[i] = f"{same:.0f} % as the first; {remarks[i]}"
    labels = [style.shorten(label, 26) for label in result.labels]
    rows = zip(labels, (row[:MOST_ACROSS] for row in result.picks), remarks, strict=True)
    said = "" if prediction is None else f"you: {digits(*prediction)}; "
    note = f"a column is a key, its number the node; {len(result.picks[0]):,} keys in all"
    return squares(list(rows), said, note, len(result.nodes), fig)


def squares(
    rows: list[tuple[str, NDArray[np.int32], str]], said: str, note: str, nodes: int, fig: Figure | None
) -> Figure:
    """Rows of picks, a square each, with a label and a remark above them; what was predicted, and a note, below all."""
    requests = max((len(picks) for _, picks, _ in rows), default=0)
    most = MOST_ACROSS if nodes <= 10 else 20
    across = max(1, min(requests, most))
    lines = max(1, -(-requests // most))
    margin, head = 14, 24
    side = min(34.0, (style.WIDTH_PT - 2 * margin) / across)
    block = head + lines * (side + 3) + 10
    tall = len(rows) * block + 30
    fig = style.blank(tall, fig)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, style.WIDTH_PT), ylim=(tall, 0))
    ax.set_axis_off()
    for row, (label, picks, remark) in enumerate(rows):
        top = 6 + row * block
        ax.text(margin, top + head / 2, label, weight="bold", va="center")
        ax.text(style.WIDTH_PT - margin, top + head / 2, remark, va="center", ha="right", color=style.MUTED)
        at = np.arange(len(picks))
        left, upper = margin + at % most * side, top + head + at // most * (side + 3)
        # No hatching: the number in the square tells the ninth node from the first.
        faces = [style.colour(node) if node >= 0 else style.DOWN for node in picks.tolist()]
        boxes = [
            [(x, y), (x + side - 1.5, y), (x + side - 1.5, y + side), (x, y + side)]
            for x, y in zip(left + 0.75, upper, strict=True)
        ]
        ax.add_collection(PolyCollection(boxes, facecolor=faces, linewidth=0, gid="squares"), autolim=False)
        for x, y, face, node in zip(left, upper, faces, picks.tolist(), strict=True):
            ax.text(
                x + side / 2,
                y + side / 2 + 0.5,
                str(node) if node >= 0 else "-",
                ha="center",
                va="center",
                color=style.on(face),
                size=style.FONT_PT if side < 22 else style.FONT_PT + 2,
            )
    ax.text(margin, tall - 12, said + note, color=style.GUESS if said else style.MUTED, va="center")
    return fig


@draw.register
def _(result: Work, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    n, rows = len(result.nodes), len(result.rows)
    outline = n > style.MOST_BARS
    fig = style.blank(60 + 160 * rows, fig)
    axes = style.place(
        fig, rows, 2, right=94, top=48, sharex=True, sharey="col", gridspec_kw={"wspace": 0.5, "hspace": 0.55}
    )
    most = max(float(row.work.max(initial=0)) for row in result.rows)
    busiest = max(float(row.counts.max(initial=0)) for row in result.rows)
    said = None if prediction is None else prediction[0]
    for line, row in zip(axes, result.rows, strict=True):
        order = np.argsort(-row.work, kind="stable") if outline else np.arange(n)
        height(line[0], None, busiest)
        height(line[1], said, most)
        for ax, heights, mean in ((line[0], row.counts, result.requests / n), (line[1], row.work, result.mean)):
            bars(ax, heights[order], outline=outline)
            style.line(ax, mean)
        style.count_axis(line[0], f"{row.label}\nrequests", 5)
        style.count_axis(line[1], "work", 5)
        labels = [
            (result.mean, f"mean {result.mean:,.4g}" if result.mean < 1000 else f"mean {result.mean:,.0f}", style.INK)
        ]
        guessed(line[1], said, prediction, labels)
        style.edge_labels(line[1], labels)
    for ax in axes[-1]:
        if outline:
            many_nodes(ax, n)
            ax.locator_params(axis="x", nbins=4)
        else:
            style.node_axis(ax, result.nodes, room=17)
    return fig


@draw.register
def _(result: HotKeys | KeyCounts, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(300, fig)
    ax = style.place(fig)[0, 0]
    n, outline = len(result.nodes), len(result.nodes) > style.MOST_BARS
    order = np.argsort(-result.counts, kind="stable") if outline else np.arange(n)
    counts, hot = result.counts[order], result.hottest[order]
    said = None if prediction is None else prediction[0] * (result.requests / 100 if prediction[1] == "%" else 1)
    height(ax, said, counts, result.mean)
    bars(ax, counts, outline=outline)
    where = np.flatnonzero(hot)
    if where.size <= style.MOST_BARS:
        for node in where.tolist():
            face = style.NEUTRAL if outline else style.colour(node)
            ax.bar(
                node,
                hot[node],
                1.0 if outline else 0.8,
                facecolor=face,
                edgecolor=style.on(face),
                hatch=style.STRIPES,
                linewidth=0,
                zorder=2.2,
                gid="hottest",
            )
    share = 100 * int(hot.sum()) / max(1, result.requests)
    title = f"requests (striped: the hottest key, {share:.3g} %)"
    if outline and where.size == 1:
        ax.annotate(
            f"{result.nodes[order[where[0]]]} has the hottest key",
            (where[0] + 0.5, hot[where[0]]),
            xytext=(8, -8),
            textcoords="offset points",
            va="center",
        )
    if outline:
        many_nodes(ax, n)
    else:
        style.node_axis(ax, result.nodes)
    style.line(ax, result.mean)
    labels = [(result.mean, f"mean {result.mean:,.0f}", style.INK)]
    guessed(ax, said, prediction, labels)
    style.edge_labels(ax, labels)
    style.count_axis(ax, title)
    return fig
