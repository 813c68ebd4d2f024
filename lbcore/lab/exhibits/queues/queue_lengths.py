"""How queues grow and shrink: the requests at each node as time goes on, and what a herd does to them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lbcore import selectors
from lbcore.lab.exhibits.queues._runs import LOAD, UNIT, run
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import labelled, number
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, nodes, scored


@dataclass(frozen=True, eq=False, repr=False)
class QueueLengths(Result):
    """How many requests each node holds, at evenly spaced times."""

    labels: tuple[str, ...]
    at: Numbers
    lengths: tuple[NDArray[np.int32], ...]  # for each label: shape (times, nodes)
    load: int
    age: float
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        stale = f"a view up to {self.age:g} service times old" if self.age else "a fresh view of the queues"
        rows = [
            f"{label}: up to {int(lengths.max()):,} requests at one node while the mean is {lengths.mean():.1f}"
            for label, lengths in zip(self.labels, self.lengths, strict=True)
        ]
        text = f"Seed {self.seed}, {nodes(self.lengths[0].shape[1])}, load {self.load} %, {stale}. "
        return text + "; ".join(rows) + "." + scored(prediction, float(self.lengths[0].max()))

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A panel for each algorithm, and in it a line for each node."""
        rows = len(self.labels)
        style.blank(66 + (200 if rows == 1 else 128 * rows), fig)
        axes = style.place(fig, rows, 1, left=46, right=20, sharex=True, sharey=True, gridspec_kw={"hspace": 0.4})[:, 0]
        for ax, label, lengths in zip(axes, self.labels, self.lengths, strict=True):
            _lengths(ax, self.at, lengths)
            ax.set_title(f"{label}: up to {int(lengths.max())} requests at one node")
            ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
        top = max(1, *(int(lengths.max()) for lengths in self.lengths))
        axes[0].set_ylim(0, top * 1.06)
        if prediction is not None:
            for ax in axes:
                style.line(ax, min(prediction[0], top * 1.04), guess=True)
        axes[-1].set_xlim(0, self.at[-1])
        axes[-1].set_xlabel(f"time, {UNIT} (one line for each node: requests there)")


@exhibit(
    called={"load": LOAD, "age": "age of the view, mean service times", "until": "mean service times shown"},
    truth=lambda result, _: result.lengths[0].max(),
    seeds=10,
)
def queue_lengths(
    cls: Any = (selectors.LeastConnections, selectors.TwoChoices),
    age: float = 0.0,
    *,
    load: int = 80,
    nodes: int = 10,
    until: int = 60,
    seed: int = 7,
) -> QueueLengths:
    """How many requests each node holds from the start to `until` mean service times, looked at ten times in each."""
    load, until = number("load", load, 1, 99), number("until", until, 5, 500)
    rows, nodes = labelled(cls), number("nodes", nodes, 1, 64)
    # Half as many again as come in the mean, so that they last until then.
    requests = round(1.5 * load / 100 * nodes * until) + 20
    found = [run(one, nodes, load, age=age, requests=requests, seed=seed, sample_every_s=0.1) for _, one in rows]
    sampled = [(one.sampled_s, one.lengths) for one in found if one.sampled_s is not None and one.lengths is not None]
    shown = int((sampled[0][0] <= until).sum())
    return QueueLengths(
        tuple(label for label, _ in rows),
        sampled[0][0][:shown],
        tuple(lengths[:shown] for _, lengths in sampled),
        load,
        float(age),
        seed,
    )


def _lengths(ax: Axes, at: Numbers, lengths: NDArray[np.int32]) -> None:
    for node in range(lengths.shape[1]):
        dash = "-" if node < len(style.COLOURS) else (0, (3, 1.5))
        ax.plot(at, lengths[:, node], color=style.colour(node), linestyle=dash, linewidth=1.3, drawstyle="steps-post")
