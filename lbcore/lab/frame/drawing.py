"""What many pictures share: bars of nodes, the height of an axis, and a prediction."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray

from lbcore.lab.frame import style
from lbcore.lab.frame.words import Guess

__all__ = ["bars", "columns", "digits", "guessed", "height", "many_nodes", "runs_of"]


def bars(ax: Axes, heights: NDArray[Any], *, outline: bool) -> None:
    """One bar for each node, or the outline of all where they are too many for that.

    Up to eight have their colours; of more, colours would come again and say nothing, as the axis names them.
    """
    if outline:
        values, edges = runs_of(heights)
        ax.stairs(values, edges, fill=True, color=style.NEUTRAL, linewidth=0, zorder=2)
        return
    n = len(heights)
    if n > style.MOST_HATCHED:
        columns(ax, np.arange(n), np.zeros(n), heights, facecolor=style.NEUTRAL, zorder=2, gid="bars")
        return
    if n > len(style.COLOURS):
        ax.bar(range(n), heights, 0.8, zorder=2, linewidth=0, color=style.NEUTRAL)
        return
    looks = [style.node_look(node) for node in range(n)]
    ax.bar(
        range(n),
        heights,
        0.8,
        zorder=2,
        linewidth=[look["linewidth"] for look in looks],
        color=[look["facecolor"] for look in looks],
        edgecolor=[look["edgecolor"] for look in looks],
    )


def columns(ax: Axes, at: NDArray[Any], low: NDArray[Any], high: NDArray[Any], **look: Any) -> None:
    """Many bars as one artist, which takes a third of the time of as many bars."""
    corners = [
        [(x - 0.4, y), (x + 0.4, y), (x + 0.4, top), (x - 0.4, top)] for x, y, top in zip(at, low, high, strict=True)
    ]
    ax.add_collection(PolyCollection(corners, **{"linewidth": 0, **look}), autolim=False)


def runs_of(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Equal neighbours as one step: 10,000 nodes become a few hundred."""
    starts = np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))
    return values[starts], np.append(starts, len(values)) - 0.5


def many_nodes(ax: Axes, count: int) -> None:
    """The axis of an outline: places, not names."""
    ax.set_xlim(-0.5, count - 0.5)
    places = [p for p in ax.get_xticks() if 0 <= p < count]
    ax.set_xticks([p - 0.5 for p in places[1:]], [f"{p:,.0f}" for p in places[1:]])
    ax.set_xlabel("nodes, the busiest first")


def height(ax: Axes, said: float | None, *seen: Any) -> None:
    """From zero to a little above what is seen; a prediction may double that and no more, or it would hide the rest."""
    top = max(1.0, *(float(np.max(values, initial=0)) for values in seen))
    ax.set_ylim(0, max(top, min(said or 0.0, 2 * top)) * 1.06)


def guessed(ax: Axes, at: float | None, prediction: Guess | None, labels: list[tuple[float, str, str]]) -> None:
    """Draw the prediction at this height, and add its label to those of the right edge."""
    if at is None or prediction is None:
        return
    style.line(ax, at, guess=True)
    beyond = " ↑" if at > ax.get_ylim()[1] else ""
    labels.append((at, f"you: {digits(*prediction)}{beyond}", style.GUESS))


def digits(value: float, unit: str) -> str:
    """A predicted number as the picture says it."""
    text = f"{value / 1e6:,.4g}M" if value >= 1e6 else f"{value:,.0f}" if value == round(value) else f"{value:,.4g}"
    return text + (" %" if unit == "%" else "")
