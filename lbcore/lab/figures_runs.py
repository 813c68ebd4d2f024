"""The pictures of repeated runs: how the busiest node's count is spread, and how the gap grows."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lbcore.lab import style
from lbcore.lab.drawing import digits, draw
from lbcore.lab.results import Growth, Luck

#: Algorithms are no nodes, so they have none of the nodes' colours: they differ by line and label.
LINES = (("#333333", "-"), ("#333333", (0, (4, 2))), ("#333333", (0, (1, 1.6))), ("#8a94a3", "-"))


@draw.register
def _(result: Luck, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    rows = len(result.labels)
    fig = style.blank(68 + (210 if rows == 1 else 128 * rows), fig)
    axes = style.place(fig, rows, 1, right=24, bottom=62, sharex=True, gridspec_kw={"hspace": 0.42})[:, 0]
    low = min(int(row.min()) for row in result.busiest)
    high = max(int(row.max()) for row in result.busiest)
    width = max(1, -(-(high - low + 1) // 40))
    edges = np.arange(low, high + width + 1, width) - 0.5
    said = None if prediction is None else prediction[0]
    span = edges[-1] - edges[0]
    # A prediction may double the axis and no more, or it would hide the rest.
    left = min(edges[0], max(said, edges[0] - span) if said is not None else np.inf) - 0.03 * span
    right = max(edges[-1], min(said, edges[-1] + span) if said is not None else -np.inf) + 0.03 * span
    for ax, label, top, mean in zip(axes, result.labels, result.busiest, result.means, strict=True):
        share = 100 * np.histogram(top, edges)[0] / len(top)
        ax.stairs(share, edges, fill=True, color=style.NEUTRAL, zorder=2)
        ax.axvline(mean, color=style.INK, linewidth=1.0, zorder=3)
        ax.set(ylim=(0, share.max() * 1.12), xlim=(left, right))
        ax.set_title(f"{label}: {mean:,.{0 if mean >= 1000 else 1}f} in the mean; % of runs")
        ax.locator_params(axis="y", nbins=4)
        if said is not None:
            ax.axvline(said, color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction")
    if said is not None:
        after = said < (left + right) / 2
        beyond = "" if left <= said <= right else "← " if after else " →"
        text = f"{beyond}you: {digits(said, '')}" if after else f"you: {digits(said, '')}{beyond}"
        axes[0].annotate(
            f" {text} ",
            (min(max(said, left), right), 0.9),
            xycoords=("data", "axes fraction"),
            color=style.GUESS,
            ha="left" if after else "right",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
            zorder=5,
        )
    runs = f"{max(len(top) for top in result.busiest):,} runs of {result.requests:,} requests on {result.nodes:,} nodes"
    axes[-1].set_xlabel(f"requests at the busiest node\n({runs})")
    axes[-1].xaxis.get_major_locator().set_params(integer=True, nbins=6, steps=[1, 2, 5, 10])
    style.thousands(axes[-1].xaxis)
    return fig


@draw.register
def _(result: Growth, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    fig = style.blank(420, fig)
    upper, lower = style.place(fig, 2, 1, sharex=True, gridspec_kw={"hspace": 0.3})[:, 0]
    for ax, rows, share in ((upper, result.gaps, False), (lower, result.relative, True)):
        labels = []
        ax.set(xscale="log", yscale="log")
        if result.theory is not None:
            theory = result.theory * (100 * result.nodes / result.at if share else 1)
            ax.plot(result.at, theory, color=style.INK, linewidth=0.8, zorder=2, gid="theory")
        for i, (label, row) in enumerate(zip(result.labels, rows, strict=True)):
            ink, dash = LINES[i % len(LINES)]
            # Turns taken evenly leave a gap of zero now and then, which a log axis cannot show.
            seen = np.where(row > 1e-9, row, np.nan)
            ax.plot(result.at, seen, color=ink, linestyle=dash, linewidth=2.2, zorder=3)
            if not np.isnan(seen).all():
                labels.append((float(seen[~np.isnan(seen)][-1]), label, style.INK))
        if prediction is not None and not share and prediction[0] > 0:
            style.line(ax, prediction[0], guess=True)
            labels.append((prediction[0], f"you: {digits(prediction[0], '')}", style.GUESS))
        decades(ax, [y for line in ax.lines for y in np.asarray(line.get_ydata(), dtype=float) if y > 0])
        style.edge_labels(ax, labels)
    thin = " (thin: theory)" if result.theory is not None else ""
    upper.set_title(f"busiest node minus mean, requests{thin}")
    lower.set_title("the same, in % of the mean")
    lower.set_xlabel("requests so far")
    first, last = int(result.at[0]), int(result.at[-1])
    places = [10.0**p for p in range(10) if first <= 10**p <= last]
    lower.set_xticks(places if len(places) > 1 else [first, last])
    lower.xaxis.set_major_formatter(lambda value, _: short(value))
    return fig


def decades(ax: Axes, values: list[float]) -> None:
    """Whole decades around the values on a vertical log axis, few enough to be read."""
    ax.minorticks_off()
    low, high = min(values, default=1.0), max(values, default=1.0)
    first, last = int(np.floor(np.log10(low) + 0.05)), int(np.ceil(np.log10(high) - 0.05))
    last = max(last, first + 1)
    ax.set_ylim(10.0**first, 10.0**last)
    ax.set_yticks([10.0**p for p in range(first, last + 1, max(1, -(-(last - first) // 4)))])
    ax.yaxis.set_major_formatter(lambda value, _: short(value))


def short(value: float) -> str:
    """A number at a log axis as people write it: 0.01, 1,000, 1M."""
    return f"{value / 1e6:,.0f}M" if value >= 1e6 else f"{value:,.0f}" if value >= 1 else f"{value:.10f}".rstrip("0")
