"""Maglev's table, before and after one node is removed: what had to change, and what changed as well."""

from dataclasses import dataclass

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore import selectors
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Result
from lbcore.lab.frame.words import Guess, nodes, percent, scored

MOST_ENTRIES = 1_024


@dataclass(frozen=True, eq=False, repr=False)
class Table(Result):
    """The table of Maglev, and what it is when a node is removed: the owner of each entry, by its first number."""

    nodes: tuple[str, ...]
    removed: int
    before: Counts
    after: Counts

    @property
    def lost(self) -> NDArray[np.bool_]:
        """The entries of the removed node, which have to change."""
        lost: NDArray[np.bool_] = self.before == self.removed
        return lost

    @property
    def disturbed(self) -> NDArray[np.bool_]:
        """The entries that change although their owner stays."""
        disturbed: NDArray[np.bool_] = (self.before != self.after) & ~self.lost
        return disturbed

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        size, lost, more = len(self.before), int(self.lost.sum()), int(self.disturbed.sum())
        gone = self.nodes[self.removed]
        return (
            f"Maglev, {size:,} entries, {nodes(len(self.nodes))}: {gone} had {lost:,} of them, which must change. When "
            f"it is removed, {more:,} more change{'s' * (more == 1)}, {percent(100 * more / size)} % of the table, "
            "though the owner is still there."
        ) + scored(prediction, lost + more)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """Every entry in the colour of its owner, before and after; what had to change is dashed, more is thick."""
        size, left, top = len(self.before), 14.0, 26.0
        wide = style.width_of(fig) - 2 * left
        columns = min(size, max(16, int(np.ceil(np.sqrt(2.2 * size)))))
        cell = min(30.0, wide / columns)
        rows = -(-size // columns)
        block = top + rows * cell + 10
        tall = 2 * block + 46
        style.blank(tall, fig)
        ax = fig.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, style.width_of(fig)), ylim=(tall, 0))
        ax.set_axis_off()
        numbered = all(name == f"node-{i}" for i, name in enumerate(self.nodes))
        gone = self.nodes[self.removed]
        titles = (f"the table of {len(self.nodes)} nodes, entry 0 to {size - 1:,}", f"the table without {gone}")
        for place, (owners, title, gid) in enumerate(
            ((self.before, titles[0], "before"), (self.after, titles[1], "after"))
        ):
            y0 = place * block + top
            ax.text(left, y0 - 12, title, weight="bold", va="center")
            at = np.stack([left + np.arange(size) % columns * cell, y0 + np.arange(size) // columns * cell], axis=1)
            gap = 1.5 if cell >= 10 else 0.5
            box = np.array([(0, 0), (cell - gap, 0), (cell - gap, cell - gap), (0, cell - gap)])
            for node in range(len(self.nodes)):
                mine = np.flatnonzero(owners == node)
                squares = PolyCollection([box + at[i] for i in mine], **style.node_look(node), gid=gid)
                ax.add_collection(squares, autolim=False)
            if place:
                for which, look, name in (
                    (self.lost, {"linewidth": 1.4, "linestyle": (0, (2, 1.5))}, "lost"),
                    (self.disturbed, {"linewidth": 2.6}, "disturbed"),
                ):
                    inset = box * (1 - 2 / cell) + 1
                    ax.add_collection(
                        PolyCollection(
                            [inset + at[i] for i in np.flatnonzero(which)],
                            facecolor="none",
                            edgecolor=style.INK,
                            gid=name,
                            **look,
                        ),
                        autolim=False,
                    )
            if cell >= 20 and numbered:
                for (x, y), node in zip(at, owners, strict=True):
                    ink = style.on(style.colour(node))
                    ax.text(x + (cell - gap) / 2, y + (cell - gap) / 2, str(node), ha="center", va="center", color=ink)
        note = f"dashed: was {gone}'s, so it must change\nthick: changes as well, though its owner is still there"
        ax.text(left, tall - 20, note, color=style.MUTED, va="center", linespacing=1.3)


@exhibit(called={"removed": "node that is removed", "table_size": "entries of the table"})
def maglev(removed: int = 4, table_size: int = 31, nodes: int = 5) -> Table:
    """The table of Maglev for so many nodes, and the one without node `removed`. table_size: a prime."""
    nodes = number("nodes", nodes, 2, 16)
    removed, table_size = number("removed", removed, 0, nodes - 1), number("table_size", table_size, 2, MOST_ENTRIES)
    made = selectors.Maglev(nodes, table_size=table_size)
    names, before = tuple(made.nodes), made.owners.astype(np.int64)
    made.remove(removed)
    # Who comes after the removed node has moved up by one: back to the number it had.
    after = made.owners.astype(np.int64)
    return Table(names, removed, before, after + (after >= removed))
