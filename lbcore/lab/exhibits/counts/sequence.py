"""The order in which nodes are picked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore._counting import bincount
from lbcore.lab.exhibits.counts._asked import Nodes, Weights, side_by_side
from lbcore.lab.exhibits.counts._squares import squares
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess, listed, scored

#: A row of a sequence has room for so many.
MOST_IN_SEQUENCE = 120


@dataclass(frozen=True, eq=False, repr=False)
class Sequence(Result):
    """The order of the picks, one row for each selector."""

    labels: tuple[str, ...]
    nodes: tuple[str, ...]
    picks: tuple[NDArray[np.int32], ...]
    whole: bool = False  # whole cycles: then the totals are to be compared

    @property
    def longest(self) -> tuple[int, ...]:
        """The longest run of one node in each row."""
        return tuple(longest_run(row) for row in self.picks)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for label, shown, longest, totals in zip(self.labels, self._written, self.longest, self._totals, strict=True):
            most = "never twice in a row" if longest <= 1 else f"up to {longest} in a row at one node"
            most = f"{listed([str(total) for total in totals])} requests, {most}" if self.whole else most
            rows.append(f"{label}: {shown}, {most}." if shown else f"{label}: no request yet.")
        return "\n".join(rows) + scored(prediction, self.longest[0])

    def caption(self, sentence: str) -> str:
        """Without the picks, which stand in the squares."""
        for label, shown in zip(self.labels, self._written, strict=True):
            sentence = sentence.replace(f"{label}: {shown}, ", f"{label}: ")
        return sentence

    @property
    def _totals(self) -> list[list[int]]:
        """The requests of each node, in each row."""
        return [bincount(picks[picks >= 0], minlength=len(self.nodes)).tolist() for picks in self.picks]

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
        remarks = [f"longest run {longest}" for longest in self.longest]
        if self.whole:
            totals = (", ".join(map(str, totals)) for totals in self._totals)
            remarks = [f"{row} requests, {remark}" for row, remark in zip(totals, remarks, strict=True)]
        rows = zip(self.labels, self.picks, remarks, strict=True)
        said = "" if prediction is None else f"you: longest run {prediction[0]:,.0f}"
        squares(fig, list(rows), said, "each square is a request, its number the node", len(self.nodes))


@exhibit(called={"weights[]": "weight of node-{}"}, truth=lambda result, _: result.longest[0])
def sequence(
    selector: Any,
    requests: int | None = None,
    *,
    nodes: Nodes = None,
    weights: Weights = None,
    cycles: int | None = None,
    seed: int = 7,
) -> Sequence:
    """The order in which nodes are picked, by one selector or by several (a list, or a dict with a label for each).

    selector: a class, or each of several, is made for `nodes` nodes: for 3, or as many as there are weights, unless
    told. requests: 14, unless told. cycles: in place of them, so many times the sum of the weights, after which every
    rule that goes by weight has given each node its whole share.
    """
    if cycles is None:
        count = number("requests", 14 if requests is None else requests, most=MOST_IN_SEQUENCE)
    elif requests is not None or weights is None:
        raise ValueError("cycles: they need weights, and stand in the place of requests")
    else:
        most = MOST_IN_SEQUENCE // max(1, int(sum(weights)))
        count = number("cycles", cycles, 1, most) * int(sum(weights))
    labels, names, runs = side_by_side(selector, count, nodes, weights, seed)
    return Sequence(labels, names, tuple(run.picks for run in runs), cycles is not None)


def longest_run(picks: NDArray[np.int32]) -> int:
    """The most consecutive requests that went to one node."""
    if not len(picks):
        return 0
    starts = np.flatnonzero(np.concatenate(([True], picks[1:] != picks[:-1], [True])))
    return int(np.diff(starts).max())
