"""Requests and work: equal numbers of requests are no equal work where requests cost differently."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore._counting import bincount
from lbcore.lab.exhibits.counts._asked import Nodes, side_by_side
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import bars, guessed, height, many_nodes
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, amount, mean_of, scored


@dataclass(frozen=True, eq=False, repr=False)
class WorkRow(Result):
    """One selector's requests and work at each node."""

    label: str
    counts: Counts
    work: Numbers


@dataclass(frozen=True, eq=False, repr=False)
class Work(Result):
    """Requests and work at each node, where requests cost differently."""

    nodes: tuple[str, ...]
    rows: tuple[WorkRow, ...]
    requests: int
    total: float

    @property
    def mean(self) -> float:
        """The work a node has in the mean."""
        return self.total / len(self.nodes)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for row in self.rows:
            low, high = int(row.counts.min()), int(row.counts.max())
            counts = f"{low:,} requests at every node" if low == high else f"{low:,} to {high:,} requests a node"
            least, most = amount(row.work.min()), amount(row.work.max())
            if least == most:
                rows.append(f"{row.label}: {counts}, and {least} units of work at every node.")
                continue
            times = row.work.max() / self.mean if self.mean else 1.0
            rows.append(
                f"{row.label}: {counts}, but {least} to {most} units of work; "
                f"the busiest node does {times:.2f} times the mean."
            )
        return " ".join(rows) + scored(prediction, float(self.rows[0].work.max()))

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """For each selector, the requests at each node and beside them the work that they are."""
        n, rows = len(self.nodes), len(self.rows)
        outline = n > style.MOST_BARS
        style.blank(60 + 160 * rows, fig)
        axes = style.place(
            fig, rows, 2, right=94, top=48, sharex=True, sharey="col", gridspec_kw={"wspace": 0.5, "hspace": 0.55}
        )
        most = max(float(row.work.max(initial=0)) for row in self.rows)
        busiest = max(float(row.counts.max(initial=0)) for row in self.rows)
        said = None if prediction is None else prediction[0]
        for line, row in zip(axes, self.rows, strict=True):
            order = np.argsort(-row.work, kind="stable") if outline else np.arange(n)
            height(line[0], None, busiest)
            height(line[1], said, most)
            for ax, heights, mean in ((line[0], row.counts, self.requests / n), (line[1], row.work, self.mean)):
                bars(ax, heights[order], outline=outline)
                style.line(ax, mean)
            style.count_axis(line[0], f"{row.label}\nrequests", 5)
            style.count_axis(line[1], "work", 5)
            labels = [(self.mean, mean_of(self.mean), style.INK)]
            guessed(line[1], said, prediction, labels)
            style.edge_labels(line[1], labels)
        for ax in axes[-1]:
            if outline:
                many_nodes(ax, n)
                ax.locator_params(axis="x", nbins=4)
            else:
                style.node_axis(ax, self.nodes, room=17)


@exhibit(
    called={"every": "one heavy request in", "heavy": "cost of a heavy request"},
    truth=lambda result, _: result.rows[0].work.max(),
)
def work(
    selector: Any,
    costs: Any = None,
    requests: int | None = None,
    *,
    every: int = 3,
    heavy: float = 10,
    nodes: Nodes = None,
    seed: int = 7,
) -> Work:
    """Requests and work at each node, where each request has a cost; the costs repeat until `requests` are over.

    selector: one, or a list of them; a class is made for `nodes` nodes (3, unless told). costs: one for each request;
    left out, one request in `every` costs `heavy`, and the others 1. requests: as many as there are costs, or 900
    where they are left out.
    """
    argument = "costs"
    if costs is None:
        argument = "heavy"
        costs = [heavy] + [1] * (number("every", every, 1, 1_000_000) - 1)
        requests = 900 if requests is None else requests
    given = np.asarray(costs, dtype=np.float64)
    if given.ndim != 1 or not given.size:
        raise ValueError("costs: give a list of numbers, one for each request")
    if not np.isfinite(given).all() or (given < 0).any():
        raise ValueError(f"{argument}: every cost must be a number of 0 or more")
    count = number("requests", len(given) if requests is None else requests)
    labels, names, runs = side_by_side(selector, count, nodes, None, seed)
    # Every row is judged by the same requests: those that the slowest (a plain class) has picked.
    count = min(len(run.picks) for run in runs)
    each = np.resize(given, count)
    made = []
    for label, run in zip(labels, runs, strict=True):
        served = run.picks[:count] >= 0
        picks = run.picks[:count][served]
        loads: NDArray[Any] = bincount(picks, weights=each[served], minlength=len(names))
        made.append(WorkRow(label, bincount(picks, minlength=len(names)), loads))
    return Work(names, tuple(made), count, float(each.sum()))
