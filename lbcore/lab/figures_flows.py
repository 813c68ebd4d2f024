"""The picture of keys that move: what stayed is solid, what came from elsewhere is striped."""

import numpy as np
from matplotlib.figure import Figure

from lbcore.lab import style
from lbcore.lab.drawing import columns, digits, draw
from lbcore.lab.results import Moves

#: Up to here every old owner has its own piece of a column; beyond, what arrived is one piece.
MOST_PIECES = 16


@draw.register
def _(result: Moves, prediction: tuple[float, str] | None, fig: Figure | None) -> Figure:
    block, left, right = 236.0, 62.0, 116.0
    height = 8 + block * len(result.rows)
    fig = style.blank(height, fig)
    width = float(style.WIDTH_PT)
    wide = (width - left - right) / width
    for i, (row, moved) in enumerate(zip(result.rows, result.percent, strict=True)):
        top = height - 8 - i * block
        strip = fig.add_axes((left / width, (top - 48) / height, wide, 24 / height))
        ax = fig.add_axes((left / width, (top - block + 48) / height, wide, (block - 48 - 84) / height))
        strip.barh([0], [100 - moved], color=style.NEUTRAL, gid="stayed")
        strip.barh(
            [0],
            [moved],
            left=[100 - moved],
            facecolor="white",
            edgecolor=style.NEUTRAL,
            hatch=style.STRIPES,
            linewidth=1,
            gid="moved",
        )
        strip.set(xlim=(0, 100), ylim=(-0.4, 0.4))
        strip.set_axis_off()
        theory = "" if row.theory is None else f" (theory {100 * row.theory:.1f} %)"
        strip.set_title(f"{row.label}: {moved:.1f} % moved{theory}", weight="bold", pad=5)
        if prediction is not None:
            at = min(max(100 - prediction[0], 0.0), 100.0)
            strip.axvline(at, color=style.GUESS, linestyle=(0, (5, 3)), linewidth=2.6, gid="prediction")
            strip.text(
                1.012,
                0.5,
                f"you: {digits(prediction[0], '%')}",
                transform=strip.transAxes,
                va="center",
                color=style.GUESS,
            )
        ahead = np.zeros(len(row.after))
        arrived = row.arrived
        kept = row.flow.sum(axis=0) - arrived.sum(axis=0)
        places = np.arange(len(row.after))
        # A node keeps the colour it had before the change, also where its index is another now.
        looks = [row.before.index(name) if name in row.before else len(row.before) for name in row.after]
        solid = ax.bar(places, kept, 0.8, gid="stayed")
        for look, bar in zip(looks, solid, strict=True):
            bar.set(**style.node_look(look, len(row.after)))
        ahead = kept.astype(float)
        pieces = [(style.colour(old), arrived[old]) for old in range(len(row.before))]
        if len(pieces) > MOST_PIECES:
            pieces = [(style.NEUTRAL, arrived.sum(axis=0))]
        for face, keys in pieces:
            some = np.flatnonzero(keys)
            columns(
                ax,
                some,
                ahead[some],
                ahead[some] + keys[some],
                facecolor=face,
                hatch=style.STRIPES,
                linewidth=0.6,
                edgecolor="white" if face != "#F0E442" else "#8a7d00",
                gid="moved",
            )
            ahead += keys
        style.node_axis(ax, row.after, "node after the change")
        style.count_axis(ax, f"keys (of {result.keys:,})", 4)
        ax.set_ylim(0, max(1.0, float(ahead.max(initial=0)) * 1.05))
        note = "solid: stayed\nstriped: moved" + (
            ",\nin the colour of\nthe old node" if len(row.before) <= MOST_PIECES else ""
        )
        ax.text(1.012, 0.98, note, transform=ax.transAxes, va="top", color=style.MUTED)
    return fig
