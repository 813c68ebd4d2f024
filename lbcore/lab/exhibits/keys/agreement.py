"""Where the same keys go, by several selectors: clients that share nodes have to agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore._counting import bincount
from lbcore.lab.exhibits.counts._asked import Nodes, ready
from lbcore.lab.exhibits.counts._squares import MOST_ACROSS, squares
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import digits
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import labelled, number
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess, nodes, percent, scored
from lbcore.lab.student import classes

MOST_KEYS = 100_000


@dataclass(frozen=True, eq=False, repr=False)
class Agreement(Result):
    """Where the same keys go, one row for each selector."""

    labels: tuple[str, ...]
    nodes: tuple[str, ...]
    picks: tuple[NDArray[np.int32], ...]

    @property
    def as_first(self) -> tuple[float, ...]:
        """The share of the keys, in per cent, for which each row picks what the first one picks."""
        return tuple(100 * float((row == self.picks[0]).mean()) for row in self.picks)

    @property
    def busiest(self) -> tuple[float, ...]:
        """The share of the keys, in per cent, at each row's busiest node."""
        return tuple(100 * float(bincount(row).max()) / len(row) for row in self.picks)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = [f"{len(self.picks[0]):,} keys, user:0 and on, on {nodes(len(self.nodes))}."]
        for i, (label, same, top) in enumerate(zip(self.labels, self.as_first, self.busiest, strict=True)):
            shared = f"{percent(same)} % of the keys where {self.labels[0]} puts them, " if i else ""
            rows.append(f"{label}: {shared}{percent(top)} % at the busiest node.")
        return "\n".join(rows) + scored(prediction, self.as_first[-1], 1)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A row of squares for each selector: a column is a key, and its colour and number are the node."""
        remarks = [f"busiest node {top:.0f} %" for top in self.busiest]
        for i, same in enumerate(self.as_first[1:], 1):
            remarks[i] = f"{same:.0f} % as the first; {remarks[i]}"
        labels = [style.shorten(label, 26) for label in self.labels]
        rows = zip(labels, (row[:MOST_ACROSS] for row in self.picks), remarks, strict=True)
        said = "" if prediction is None else f"you: {digits(*prediction)}; "
        note = f"a column is a key, its number the node; {len(self.picks[0]):,} keys in all"
        squares(fig, list(rows), said, note, len(self.nodes))


@exhibit()
def agreement(selectors: Any, keys: int = 1_000, *, nodes: Nodes = None) -> Agreement:
    """Where the keys user:0, user:1, ... go, by several selectors that pick by key.

    selectors: a list, or a dict with a label for each; all of the same nodes, in the same order. Classes are made for
    `nodes` nodes (10, unless told).
    """
    texts = [f"user:{i}" for i in range(number("keys", keys, 1, MOST_KEYS))]
    rows = [(label, *ready(one, nodes)) for label, one in labelled(selectors)]
    for label, one, _ in rows:
        if not classes.is_keyed(one):
            raise TypeError(f"selectors: {label} does not pick by key")
    found = [classes.run(one, texts, (), known) for _, one, known in rows]
    if len({run.names for run in found}) > 1:
        raise ValueError("selectors: they do not have the same nodes")
    if any((run.picks < 0).any() for run in found):
        raise ValueError("selectors: one has no node left to pick")
    # A plain class may have stopped early: all rows are of the same keys.
    count = min(len(run.picks) for run in found)
    return Agreement(tuple(label for label, _, _ in rows), found[0].names, tuple(run.picks[:count] for run in found))
