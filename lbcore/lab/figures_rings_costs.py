"""The pictures that compare the ways to give a key to a node: what a change moves, and what each costs."""

from matplotlib.figure import Figure

from lbcore.lab import style
from lbcore.lab.drawing import digits, draw
from lbcore.lab.results_rings import Changes, Costs
from lbcore.lab.summaries_rings import significant


@draw.register
def _(result: Changes, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    labels = [row.label for row in result.added.rows]
    tall = 62.0 + 27 * len(labels) + 48
    fig = style.blank(tall, fig)
    panels = style.place(fig, 1, 2, left=88, right=14, top=48, bottom=48, sharey=True, gridspec_kw={"wspace": 0.14})[0]
    n = result.nodes
    for ax, moves, after in zip(panels, (result.added, result.removed), (n + 1, n - 1), strict=True):
        ax.barh(range(len(labels)), moves.percent, 0.72, color=style.NEUTRAL, zorder=2, gid="moved")
        for place, (row, percent) in enumerate(zip(moves.rows, moves.percent, strict=True)):
            if row.theory is not None:
                at = 100 * row.theory
                ax.plot([at, at], [place - 0.46, place + 0.46], color=style.INK, linewidth=1.8, zorder=4, gid="theory")
            inside = percent > 70
            ax.text(
                percent + (-2.5 if inside else 3.5),
                place,
                f"{percent:.1f} %",
                ha="right" if inside else "left",
                va="center",
                color="white" if inside else style.INK,
                zorder=5,
                bbox=None if inside or prediction is None else {"facecolor": "white", "edgecolor": "none", "pad": 1.0},
            )
        if prediction is not None and moves is result.added:
            ax.axvline(
                prediction[0], color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=3, gid="prediction"
            )
            ax.annotate(
                f"you: {digits(*prediction)}",
                (min(prediction[0], 100), 1),
                (0, 4),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="left" if prediction[0] < 50 else "right",
                color=style.GUESS,
            )
        ax.set(xlim=(0, 100), ylim=(len(labels) - 0.5, -0.5))
        ax.set_yticks(range(len(labels)), labels)
        ax.tick_params(axis="y", length=0)
        ax.set_xticks([0, 50, 100])
        ax.set_title(f"from {n} to {after} nodes", pad=20)
        ax.set_xlabel("keys that move, %")
    return fig


@draw.register
def _(result: Costs, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    tall = 62.0 + 27 * len(result.labels) + 12
    fig = style.blank(tall, fig)
    panels = style.place(fig, 1, 3, left=88, right=10, top=44, bottom=10, sharey=True, gridspec_kw={"wspace": 0.1})[0]
    columns = (
        ("to make it", "ms", result.build_ms),
        ("to ask for a key", "ns", result.lookup_ns),
        ("to keep it", "kB", result.memory_kb),
    )
    for ax, (title, unit, values) in zip(panels, columns, strict=True):
        # Bars on a logarithmic scale need a floor: a third of the least.
        low, high = max(1e-6, float(values.min())) / 3, max(1e-6, float(values.max()))
        ax.set_xscale("log")
        # The rest of the room is for the numbers behind the bars.
        ax.set(xlim=(low, low * (high / low) ** 1.9), ylim=(len(values) - 0.5, -0.5))
        ax.barh(range(len(values)), values, 0.72, color=style.NEUTRAL, zorder=2, gid=unit)
        for place, value in enumerate(values):
            text = f"{significant(float(value))} {unit}"
            ax.annotate(text, (max(value, low), place), (4, 0), textcoords="offset points", va="center")
        ax.set_yticks(range(len(values)), result.labels)
        ax.tick_params(axis="both", which="both", length=0, labelbottom=False)
        ax.spines["bottom"].set_visible(False)
        ax.set_title(title)
    return fig
