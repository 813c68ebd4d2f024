"""Rows of beats, and when a node counts as failed: what several pictures draw alike."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lbcore.lab.frame import style

__all__ = ["Span", "above", "alarms", "beats", "failed", "named"]

#: From, and until, in seconds.
Span = tuple[float, float]
#: A row of beats: half of its height.
HALF = 0.36


def beats(ax: Axes, row: int, heard_s: np.ndarray, lost_s: np.ndarray) -> None:
    """Beats as upright strokes in the node's colour, lost ones as small crosses."""
    ax.vlines(heard_s, row - HALF, row + HALF, color=style.colour(row), linewidth=1.8, zorder=3).set_gid("heard")
    ax.plot(lost_s, np.full(len(lost_s), row), "x", color=style.INK, markersize=5, zorder=4, gid="lost")


def failed(ax: Axes, row: int, spans: tuple[Span, ...], false: tuple[Span, ...] = ()) -> None:
    """When a node counts as failed: grey and crossed, as every node that is down; wrongly so: in an outline."""
    for start_s, end_s in spans:
        look: Any = {"facecolor": "#f2f2f2", "edgecolor": style.DOWN, "hatch": "xx", "linewidth": 0}
        ax.barh(row, end_s - start_s, 0.92, start_s, zorder=1, gid="failed", **look)
    for start_s, end_s in false:
        edge: Any = {"facecolor": "none", "edgecolor": style.INK, "linewidth": 1.2}
        ax.barh(row, end_s - start_s, 0.92, start_s, zorder=2, gid="false", **edge)


def named(ax: Axes, names: list[str]) -> None:
    """One row for each name, the first on top."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.45, -0.55)
    ax.tick_params(axis="y", length=0)


def above(ax: Axes, at_s: float, text: str) -> None:
    """A word above the axes at this time, within their width."""
    low, high = ax.get_xlim()
    side = "left" if at_s < low + 0.2 * (high - low) else "right" if at_s > high - 0.2 * (high - low) else "center"
    ax.annotate(
        text,
        (at_s, 1),
        (0, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha=side,
        color=style.MUTED,
    )


def alarms(count: int) -> str:
    """no false alarm, 1 false alarm, 2 false alarms."""
    return f"{count:,} false alarm{'s' * (count != 1)}" if count else "no false alarm"
