"""The ring as a circle: who owns which part of it, and what changes hands when a node comes or goes."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lbcore.lab.exhibits.rings._circle import MOST_VIRTUAL, Circle, around, changed, dealt, differ, largest
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import digits
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number, uniform_bits
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, expected, nodes, scored

MOST_NODES = 24

#: Radii of the circle before a change, of the keys, of the parts that change hands, and of the circle after it.
INNER, KEYS, CHANGED, OUTER = (0.60, 0.73), 0.785, (0.83, 0.855), (0.87, 1.0)
#: More points than this are no longer drawn, and no number stands in a part.
MOST_DOTS = 64
#: A part of the circle that is wider than this has its node's number in it.
LEAST_NUMBERED = 0.03
#: A wedge is drawn with a corner every so many degrees.
DEGREES = 3.0


@dataclass(frozen=True, eq=False, repr=False)
class Ring(Result):
    """A ring, before and after a change of its nodes, and where some keys lie on it."""

    virtual_nodes: int
    before: Circle
    after: Circle | None  # None where nothing changes
    keys: Numbers  # places, from 0 to 1
    largest: Numbers  # the largest share, in per cent, in 200 rings of as many nodes by other names
    seed: int

    @property
    def last(self) -> Circle:
        """The circle after the change, if there is one."""
        return self.before if self.after is None else self.after

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Which of the keys move."""
        return differ(self.before, self.last, self.keys)

    @property
    def changed(self) -> NDArray[np.float64]:
        """The parts of the circle whose owner changes: from and to, shape (parts, 2); the first may begin below 0."""
        return changed(self.before, self.last)

    @property
    def share(self) -> float:
        """The share of the circle whose owner changes."""
        return float(np.diff(self.changed, axis=1).sum())

    @property
    def heirs(self) -> int:
        """How many nodes receive a part of the circle."""
        return len(set(self.last.owners_of(self.changed[:, 1]).tolist()))

    @property
    def givers(self) -> int:
        """How many nodes lose a part of the circle."""
        return len(set(self.before.owners_of(self.changed[:, 1]).tolist()))

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        last, each = self.last, self.virtual_nodes
        busiest = int(last.shares.argmax())
        top = 100 * float(last.shares[busiest])
        head = f"Seed {self.seed}, {each:,} virtual node{'s' * (each != 1)} each: "
        if self.after is None:
            text = f"{head}{last.nodes[busiest]} has the largest share of {nodes(len(last.nodes))}, {top:.1f} %."
            text += self._usual
        elif not len(self.changed):
            text = f"{head}{nodes(len(last.nodes))}, as before, and nothing has changed hands."
        else:
            few, many = sorted((len(self.before.nodes), len(last.nodes)))
            give, receive = ("s" * (count == 1) for count in (self.givers, self.heirs))
            text = (
                f"{head}from {len(self.before.nodes)} to {nodes(len(last.nodes))}, {100 * self.share:.1f} % of the "
                f"circle changes hands (on average {100 * (1 - few / many):.1f} %): {nodes(self.givers)} "
                f"give{give}, {self.heirs} receive{receive}; {int(self.moved.sum())} of {len(self.keys)} keys move."
            )
        return text + scored(prediction, top, 1)

    @property
    def _usual(self) -> str:
        usual = expected(self.largest)
        return (
            f" Of 200 such rings the largest share is {usual.mean:.1f} % on average, and {usual.low:.1f} to "
            f"{usual.high:.1f} % nine times in ten."
        )

    def caption(self, sentence: str) -> str:
        """What 200 rings do is said once: beside a prediction it is what was to be expected."""
        return sentence.replace(self._usual, "") if "To expect" in sentence else sentence

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """The circle with its keys, before and after the change, and beside it each node's share."""
        wide = style.width_of(fig)
        # The circle grows with the picture; what is written stays as large as it is.
        scale = min(1.4, wide / style.WIDTH_PT)
        tall, side, left, beside = 340.0 * scale, 308.0 * scale, 4.0, 332.0 * scale
        style.blank(tall, fig)
        ax = style.put(fig, (left / wide, 20 / tall, side / wide, side / tall))
        ax.set(xlim=(-1.12, 1.12), ylim=(-1.12, 1.12), aspect="equal")
        ax.set_axis_off()
        last, before = self.last, self.before
        # A node keeps the colour that it had before the change.
        looks = [before.nodes.index(name) if name in before.nodes else node for node, name in enumerate(last.nodes)]
        arcs(ax, last, *OUTER, looks, "circle")
        ax.text(0, 1.07, "0 →", ha="center", va="center", color=style.MUTED)
        if len(last.at) <= MOST_DOTS:
            ax.plot(*around(last.at, OUTER[1]), "o", ms=4.5, color=style.INK, mew=0, zorder=4, gid="points")
        moved, owners = self.moved, last.owners_of(self.keys)
        for which, mark, size, gid in ((~moved, "o", 34, "stayed"), (moved, "D", 46, "moved")):
            faces = [style.colour(looks[node]) for node in owners[which]]
            x, y = around(self.keys[which], KEYS)
            edge = 1.6 if gid == "moved" else 0.5
            ax.scatter(x, y, size, faces, marker=mark, edgecolors=style.INK, linewidths=edge, zorder=3, gid=gid)
        if self.after is None:
            words = f"{len(before.at):,} point{'s' * (len(before.at) != 1)}\non the circle\n\ndots inside:\n"
            words += f"{len(self.keys)} keys"
        else:
            arcs(ax, before, *INNER, list(range(len(before.nodes))), "before")
            parts = [wedge(start, end, *CHANGED) for start, end in self.changed]
            ax.add_collection(PolyCollection(parts, color=style.INK, linewidth=0, gid="changed"), autolim=False)
            words = "inside: before\noutside: after\nmarked: changes hands\n\n"
            words += f"{int(moved.sum())} of {len(self.keys)} keys\nmove (diamonds)"
        ax.text(0, 0, words, ha="center", va="center", color=style.MUTED, linespacing=1.3)
        shares = 100 * last.shares
        bars = style.put(fig, (beside / wide, 52 / tall, 122 * scale / wide, (tall - 126) / tall))
        usual = expected(self.largest)
        if self.after is None:
            bars.axvspan(usual.low, usual.high, color=style.BAND, alpha=0.28, linewidth=0, zorder=0.5, gid="largest")
        for node, share in enumerate(shares):
            look = style.node_look(looks[node])
            bars.barh(node, share, 0.8, zorder=2, gid="share", **look)
        mean = 100 / len(shares)
        bars.axvline(mean, color=style.INK, linewidth=1.0, zorder=3)
        top = max(float(shares.max()), mean, usual.high if self.after is None else 0.0)
        if prediction is not None:
            bars.axvline(
                prediction[0], color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction"
            )
            top = max(top, min(prediction[0], 2 * top))
            said = f"you: {digits(*prediction)}"
            fig.text(beside / wide, 9 / tall, said, color=style.GUESS, va="center")
        bars.set(xlim=(0, 1.06 * top), ylim=(len(shares) - 0.4, -0.6))
        step = 1 if len(shares) <= 14 else 2
        names = [str(i) for i in range(len(shares))]
        bars.set_yticks(range(0, len(shares), step), names[::step])
        bars.tick_params(axis="y", length=0)
        bars.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
        bars.set_title(
            "node's share, %" + ("\nband: the largest, in\nnine of ten rings" if self.after is None else ""), pad=18
        )
        bars.annotate(
            f"mean {mean:.3g}",
            (mean, 1),
            (0, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if mean < 0.5 * top else "right",
            color=style.MUTED,
        )


def wedge(start: float, end: float, low: float, high: float) -> np.ndarray:
    """The corners of a part of a ring; places go clockwise from the top."""
    angles = 2 * np.pi * np.linspace(start, end, 2 + int((end - start) * 360 / DEGREES))
    rim = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return np.concatenate([low * rim, high * rim[::-1]])


def arcs(ax: Axes, circle: Circle, low: float, high: float, colours: list[int], gid: str) -> None:
    """The circle as arcs in the colours of their owners; neighbours of one owner are one arc."""
    last = np.flatnonzero(circle.owner != np.roll(circle.owner, -1))
    if not len(last):
        last = np.array([len(circle.owner) - 1])
    ends = circle.at[last]
    starts = np.concatenate(([ends[-1] - 1], ends[:-1]))
    wide = len(last) <= MOST_DOTS
    for node in range(len(circle.nodes)):
        mine = np.flatnonzero(circle.owner[last] == node)
        look = style.node_look(colours[node])
        corners = [wedge(starts[i], ends[i], low, high) for i in mine]
        edge = {"linewidth": 0.8, "edgecolor": style.PAPER} if len(last) <= 64 else {"linewidth": 0}
        ax.add_collection(PolyCollection(corners, **{**look, **edge}, gid=gid), autolim=False)
        for i in mine if wide else ():
            if ends[i] - starts[i] > LEAST_NUMBERED:
                x, y = around((starts[i] + ends[i]) / 2, (low + high) / 2)
                ink = style.on(look["facecolor"])
                ax.text(x, y, str(colours[node]), ha="center", va="center", color=ink, weight="bold", gid="number")


@exhibit(called={"virtual_nodes": "virtual nodes of each node"}, truth=lambda result, _: result.largest)
def ring(virtual_nodes: int = 1, nodes: int = 10, after: int | None = None, *, keys: int = 60, seed: int = 24) -> Ring:
    """The ring of so many nodes with so many virtual nodes each, and what changes when there are `after` nodes.

    seed: makes the nodes' names, and so where their points lie, and the `keys` distinct keys.
    """
    virtual_nodes = number("virtual_nodes", virtual_nodes, 1, MOST_VIRTUAL)
    nodes, keys = number("nodes", nodes, 1, MOST_NODES), number("keys", keys, 0, 1_000)
    seed = number("seed", seed, 0, 2**63)
    later = None if after is None else number("after", after, 1, MOST_NODES)
    return Ring(
        virtual_nodes,
        dealt(nodes, virtual_nodes, seed),
        None if later is None else dealt(later, virtual_nodes, seed),
        uniform_bits(keys, seed).astype(np.float64) / 2.0**64,
        largest(nodes, virtual_nodes),
        seed,
    )
