"""The order in which nodes are picked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore.lab.exhibits.counts._asked import Nodes, Weights, side_by_side
from lbcore.lab.exhibits.counts._squares import squares
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess, scored

#: A row of a sequence has room for so many.
MOST_IN_SEQUENCE = 120


@dataclass(frozen=True, eq=False, repr=False)
class Sequence(Result):
    """The order of the picks, one row for each selector."""

    labels: tuple[str, ...]
    nodes: tuple[str, ...]
    picks: tuple[NDArray[np.int32], ...]

    @property
    def longest(self) -> tuple[int, ...]:
        """The longest run of one node in each row."""
        return tuple(longest_run(row) for row in self.picks)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for label, shown, longest in zip(self.labels, self._written, self.longest, strict=True):
            most = "never twice in a row" if longest <= 1 else f"up to {longest} in a row at one node"
            rows.append(f"{label}: {shown}, {most}." if shown else f"{label}: no request yet.")
        return "\n".join(rows) + scored(prediction, self.longest[0])

    def caption(self, sentence: str) -> str:
        """Without the picks, which stand in the squares."""
        for label, shown in zip(self.labels, self._written, strict=True):
            sentence = sentence.replace(f"{label}: {shown}, ", f"{label}: ")
        return sentence

    @property
    def _written(self) -> list[str]:
        """The picks of each row, in figures."""
        return [
            " ".join("-" if node < 0 else str(node) for node in picks[:40])
            + (f" and {len(picks) - 40} more" if len(picks) > 40 else "")
            for picks in self.picks
        ]

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A row of squares for each selector: a square is a request, and its colour and number are the node."""
        rows = zip(self.labels, self.picks, [f"longest run {longest}" for longest in self.longest], strict=True)
        said = "" if prediction is None else f"you: longest run {prediction[0]:,.0f}"
        squares(fig, list(rows), said, "each square is a request, its number the node", len(self.nodes))


@exhibit(called={"weights[]": "weight of node-{}"}, truth=lambda result, _: result.longest[0])
def sequence(
    selector: Any,
    requests: int = 14,
    *,
    nodes: Nodes = None,
    weights: Weights = None,
    seed: int = 7,
) -> Sequence:
    """The order in which nodes are picked, by one selector or by several (a list, or a dict with a label for each).

    selector: a class, or each of several, is made for `nodes` nodes: for 3, or as many as there are weights, unless
    told.
    """
    count = number("requests", requests, most=MOST_IN_SEQUENCE)
    labels, names, runs = side_by_side(selector, count, nodes, weights, seed)
    return Sequence(labels, names, tuple(run.picks for run in runs))


def longest_run(picks: NDArray[np.int32]) -> int:
    """The most consecutive requests that went to one node."""
    if not len(picks):
        return 0
    starts = np.flatnonzero(np.concatenate(([True], picks[1:] != picks[:-1], [True])))
    return int(np.diff(starts).max())
