"""What moved keys cost: caches that are full, a node that comes or goes, and the requests that reach the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lbcore import selectors
from lbcore._counting import bincount
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import guessed, height
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import distinct_keys, labelled, number, zipf_ranks
from lbcore.lab.frame.result import Counts, Result
from lbcore.lab.frame.words import Guess, nodes, scored

#: Seconds that are drawn, and requests in each of them.
SECONDS, RATE = 30, 1_000


@dataclass(frozen=True, eq=False, repr=False)
class Misses(Result):
    """Requests that no cache could answer, in each second after the change, for each algorithm."""

    labels: tuple[str, ...]
    nodes: int
    after: int
    misses: tuple[Counts, ...]  # one value for each second
    keys: int
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = [
            f"{label}: {row[0]:,} in the first second, {row[-1]:,} in the last, {row.sum():,} in all."
            for label, row in zip(self.labels, self.misses, strict=True)
        ]
        head = (
            f"Seed {self.seed}: {self.keys:,} keys in the caches, {RATE:,} requests a second, from {self.nodes} to "
            f"{nodes(self.after)}. Requests that reach the database in {SECONDS} s:"
        )
        return "\n".join([head, *rows]) + scored(prediction, float(self.misses[0][0]))

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A line for each algorithm; before the change, at 0, it is level with the ground."""
        style.blank(300, fig)
        ax = style.place(fig, right=118)[0, 0]
        said = None if prediction is None else prediction[0]
        height(ax, said, *self.misses)
        labels = []
        for row, label, (ink, dashes) in zip(self.misses, self.labels, style.LINES, strict=False):
            # A step for each second, and three seconds before the change in which all is in the caches.
            values = np.concatenate([np.zeros(3, np.int64), row])
            values = np.append(values, values[-1])
            ax.step(np.arange(-3, SECONDS + 1), values, where="post", color=ink, ls=dashes, lw=2.2, gid="misses")
            labels.append((float(row[-1]), label, ink))
        guessed(ax, said, prediction, labels)
        style.edge_labels(ax, labels)
        style.count_axis(ax, f"requests a second that reach the database, of {RATE:,}", 5)
        ax.set_xlim(-3, SECONDS)
        ax.set_xlabel(f"seconds after the change from {self.nodes} to {nodes(self.after)}")


@exhibit(truth=lambda result, _: result.misses[0][0])
def misses(
    algorithms: Sequence[Any] = (selectors.ModuloHash, selectors.HashRing),
    nodes: int = 10,
    after: int = 11,
    *,
    keys: int = 10_000,
    exponent: float = 1.0,
    seed: int = 7,
) -> Misses:
    """Requests that miss while caches fill again: keys follow Zipf's law, and all were in the caches before.

    algorithms: up to four classes that take a number of nodes.
    """
    nodes, after = number("nodes", nodes, 1, 1_000), number("after", after, 1, 1_000)
    keys, seed = number("keys", keys, 1, 1_000_000), number("seed", seed, 0, 2**63)
    rows = labelled(algorithms)
    if len(rows) > len(style.LINES):
        raise ValueError(f"algorithms: {len(rows)} lines are not told apart; up to {len(style.LINES)} are")
    rank = zipf_ranks(SECONDS * RATE, float(exponent), keys, seed)
    asked, first = np.unique(rank, return_index=True)
    known = distinct_keys(keys, seed)
    found = []
    for label, cls in rows:
        try:
            moved = cls(nodes).select_many(known) != cls(after).select_many(known)
        except (TypeError, AttributeError) as error:
            raise TypeError(f"algorithms: {label} is not made with a number of nodes, or takes no keys") from error
        # A moved key misses once, when it is first asked for; from then on its new cache has it.
        found.append(bincount(first[moved[asked]] // RATE, minlength=SECONDS))
    return Misses(tuple(label for label, _ in rows), nodes, after, tuple(found), keys, seed)
