"""The time in which a service is ill, and the calls that it gets in vain."""

from matplotlib.axes import Axes

from lbcore.lab.frame import style

__all__ = ["PALE", "shaded"]

#: What a service is asked in vain, or refuses.
PALE = "#a3afc0"


def shaded(ax: Axes, from_s: float, back_s: float, word: str) -> None:
    """The time in which a service is ill."""
    ax.axvspan(from_s, back_s, facecolor=style.BAND, alpha=0.3, linewidth=0, zorder=0, gid="shaded")
    if word:
        ax.annotate(
            word,
            ((from_s + back_s) / 2, 1),
            (0, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            color=style.MUTED,
        )
