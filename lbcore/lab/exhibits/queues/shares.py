"""Who gets how much where requests end and nodes queue them: fair shares, ties, and a node that swallows requests."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lbcore import selectors
from lbcore.lab.exhibits.queues._runs import MOST_NODES, fewer, run
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import labelled, number
from lbcore.lab.frame.result import Counts, Result
from lbcore.lab.frame.words import Guess, listed, nodes, scored

#: A node that only says no does so in a hundredth of the time that the work would take.
QUICK = 100.0
MOST_WORKERS = 100


@dataclass(frozen=True, eq=False, repr=False)
class Shares(Result):
    """How many requests each node gets under each of several algorithms: the same requests for all of them."""

    labels: tuple[str, ...]
    picked: tuple[Counts, ...]  # for each label, by node
    load: int  # per cent of what the healthy nodes can do
    workers: int
    broken: int | None
    requests: int
    seed: int

    def percent(self, row: int, node: int) -> float:
        """The share of a node under one of the algorithms, in per cent of the requests."""
        return 100 * float(self.picked[row][node]) / self.requests

    def told(self, row: int) -> float:
        """The share that is spoken of: that of the broken node, else the largest."""
        return self.percent(row, int(self.picked[row].argmax()) if self.broken is None else self.broken)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        count = len(self.picked[0])
        each = "" if self.workers == 1 else f" of {self.workers} workers each"
        text = f"Seed {self.seed}, {nodes(count)}{each}, {self.requests:,} requests, load {self.load} %"
        if self.broken is None:
            most = [
                f"{self.told(row):.0f} % under {label} (node {int(self.picked[row].argmax())})"
                for row, label in enumerate(self.labels)
            ]
            return f"{text}. The node with the most gets {listed(most)}.{scored(prediction, self.told(0))}"
        lost = [f"{self.told(row):.0f} % under {label}" for row, label in enumerate(self.labels)]
        return (
            f"{text} of what the {count - 1} healthy ones can do. Node {self.broken} answers every request at once, "
            f"with an error. It gets {listed(lost)}.{scored(prediction, self.told(0))}"
        )

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A bar for each algorithm, divided among the nodes; the part of a broken node is crossed."""
        rows, count = len(self.labels), len(self.picked[0])
        style.blank(80 + 36 * rows, fig)
        ax = style.place(fig, left=132, right=70)[0, 0]
        points = style.width_of(fig) - 202
        for row in range(rows):
            left = 0.0
            for node in range(count):
                share = self.percent(row, node)
                down = node == self.broken
                look = style.CROSSED if down else style.node_look(node, of=count)
                ax.barh(row, share, 0.64, left, zorder=2, gid=f"node-{node}", **look)
                name = "error" if down else str(node)
                if share / 100 * points > 9 * len(name):
                    ink = style.INK if down or style.hatch(node) else style.on(style.colour(node))
                    box = {"bbox": style.CLEAR} if down or style.hatch(node) else {}
                    ax.text(left + share / 2, row, name, ha="center", va="center", color=ink, zorder=3, **box)
                left += share
            what = "lost" if self.broken is not None else "most"
            ax.text(101, row, f"{what} {self.told(row):.0f} %", ha="left", va="center")
        if prediction is not None:
            at = min(max(prediction[0], 0.0), 100.0)
            ax.axvline(at, color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction")
        ax.set(xlim=(0, 100), ylim=(rows - 0.5, -0.5))
        ax.set_yticks(range(rows), [style.shorten(label, 19) for label in self.labels])
        ax.tick_params(axis="y", length=0)
        ax.set_title("the requests of each node (by number)")
        ax.set_xlabel("% of the requests")


@exhibit(called={"load": "load, % of what healthy nodes can do", "workers": "workers of each node"})
def shares(
    cls: Any = (selectors.RoundRobin, selectors.TwoChoices, selectors.LeastConnections),
    load: int = 60,
    *,
    nodes: int = 10,
    workers: int = 1,
    broken: int | None = None,
    requests: int = 50_000,
    seed: int = 7,
) -> Shares:
    """How many requests each node gets, at `load` per cent of what the healthy nodes can do.

    cls: a class, several, or a dict with a label for each; with a student's there are 20,000 requests at most. workers:
    how many requests a node works on at a time. broken: the index of a node that answers with an error, 100 times as
    quickly as the work would take; None: all are well.
    """
    load, nodes = number("load", load, 1, 99), number("nodes", nodes, 1, MOST_NODES)
    workers, rows = number("workers", workers, 1, MOST_WORKERS), labelled(cls)
    speeds = np.ones(nodes)
    if broken is not None:
        if nodes == 1:
            raise ValueError("broken: the only node would be broken")
        broken = number("broken", broken, 0, nodes - 1)
        speeds[broken] = QUICK
    requests = fewer(rows, number("requests", requests, 1_000, 10_000_000))
    healthy = nodes - (broken is not None)
    found = [
        run(
            one,
            nodes,
            load * healthy / float(speeds.sum()),
            speeds=speeds.tolist(),
            requests=requests,
            seed=seed,
            servers=workers,
        )
        for _, one in rows
    ]
    picked = tuple(one.picked for one in found)
    return Shares(tuple(label for label, _ in rows), picked, load, workers, broken, requests, seed)
