"""Rows of picks as squares: the order in which nodes are picked, or where the same keys go."""

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore.lab.frame import style

__all__ = ["MOST_ACROSS", "squares"]

#: So many squares stand in a row of picks; with more than ten nodes fewer, as their numbers are wider.
MOST_ACROSS = 28


def squares(fig: Figure, rows: list[tuple[str, NDArray[np.int32], str]], said: str, note: str, nodes: int) -> None:
    """Rows of picks, a square each, with a label and a remark above them; what was predicted, and a note, below all."""
    requests = max((len(picks) for _, picks, _ in rows), default=0)
    most = MOST_ACROSS if nodes <= 10 else 20
    across = max(1, min(requests, most))
    lines = max(1, -(-requests // most))
    margin, head = 14, 24
    side = min(34.0, (style.width_of(fig) - 2 * margin) / across)
    block = head + lines * (side + 3) + 10
    tall = len(rows) * block + 30
    style.blank(tall, fig)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, style.width_of(fig)), ylim=(tall, 0))
    ax.set_axis_off()
    for row, (label, picks, remark) in enumerate(rows):
        top = 6 + row * block
        ax.text(margin, top + head / 2, label, weight="bold", va="center")
        ax.text(style.width_of(fig) - margin, top + head / 2, remark, va="center", ha="right", color=style.MUTED)
        at = np.arange(len(picks))
        left, upper = margin + at % most * side, top + head + at // most * (side + 3)
        # No hatching: the number in the square tells the ninth node from the first.
        faces = [style.colour(node) if node >= 0 else style.DOWN for node in picks.tolist()]
        boxes = [
            [(x, y), (x + side - 1.5, y), (x + side - 1.5, y + side), (x, y + side)]
            for x, y in zip(left + 0.75, upper, strict=True)
        ]
        ax.add_collection(PolyCollection(boxes, facecolor=faces, **style.edges(faces), gid="squares"), autolim=False)
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
    ax.text(margin, tall - 12, note, color=style.MUTED, va="center")
    # Below the remark that it is about.
    ax.text(style.width_of(fig) - margin, tall - 12, said, color=style.GUESS, va="center", ha="right")
