"""Requests at each node with those for the hottest key: the picture of keys that were drawn and of keys from a file."""

import numpy as np
from matplotlib.figure import Figure

from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import bars, guessed, height, many_nodes
from lbcore.lab.frame.result import Counts, Result
from lbcore.lab.frame.words import Guess, mean_of

__all__ = ["Hottest"]


class Hottest(Result):
    """The base of the records that hold requests at each node, and how many of them are for the hottest key."""

    nodes: tuple[str, ...]
    counts: Counts
    hottest: Counts
    requests: int

    @property
    def mean(self) -> float:
        """The requests a node gets in the mean."""
        return self.requests / len(self.nodes)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A bar for each node; the part of it that is the hottest key is striped."""
        style.blank(300, fig)
        ax = style.place(fig)[0, 0]
        n, outline = len(self.nodes), len(self.nodes) > style.MOST_BARS
        order = np.argsort(-self.counts, kind="stable") if outline else np.arange(n)
        counts, hot = self.counts[order], self.hottest[order]
        said = None if prediction is None else prediction[0] * (self.requests / 100 if prediction[1] == "%" else 1)
        height(ax, said, counts, self.mean)
        bars(ax, counts, outline=outline)
        where = np.flatnonzero(hot)
        if where.size <= style.MOST_BARS:
            for node in where.tolist():
                face = style.NEUTRAL if n > len(style.COLOURS) else style.colour(node)
                ax.bar(
                    node,
                    hot[node],
                    1.0 if outline else 0.8,
                    facecolor=face,
                    edgecolor=style.PAPER,
                    hatch=style.STRIPES,
                    linewidth=0,
                    zorder=2.2,
                    gid="hottest",
                )
        share = 100 * int(hot.sum()) / max(1, self.requests)
        title = f"requests (striped: the hottest key, {share:.3g} %)"
        if outline and where.size == 1:
            ax.annotate(
                f"{self.nodes[order[where[0]]]} has the hottest key",
                (where[0] + 0.5, hot[where[0]]),
                xytext=(8, -8),
                textcoords="offset points",
                va="center",
            )
        if outline:
            many_nodes(ax, n)
        else:
            style.node_axis(ax, self.nodes)
        style.line(ax, self.mean)
        labels = [(self.mean, mean_of(self.mean), style.INK)]
        guessed(ax, said, prediction, labels)
        style.edge_labels(ax, labels)
        style.count_axis(ax, title)
