"""The picture of every result, drawn with matplotlib.

Each kind of result has its drawing in one of the files beside: counts, repeated runs, keys that move,
heartbeats, failover, retries, rings.
"""

from typing import Any

from matplotlib.figure import Figure

from lbcore.lab import (  # noqa: F401 (they register their drawings)
    figures_counts,
    figures_failover,
    figures_failover_counts,
    figures_flows,
    figures_heartbeats,
    figures_queues,
    figures_retries,
    figures_rings,
    figures_rings_costs,
    figures_runs,
    style,
)
from lbcore.lab.drawing import draw
from lbcore.lab.summaries import guess

__all__ = ["draw", "figure"]


def figure(result: Any, prediction: Any = None, fig: Figure | None = None) -> Figure:
    """The picture of a result, with the prediction (a number, or a committed Prediction) on it.

    fig: a figure from an earlier call to empty and use again, which is what makes a slider quick. Raises TypeError for
    what is no result.
    """
    with style.dressed():
        return draw(result, guess(prediction), fig)
