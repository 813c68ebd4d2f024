"""How slots are handed to a new node, one by one: what moves with a slot, and what stays where it is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Result
from lbcore.lab.frame.words import Guess, percent, scored
from lbcore.lab.student import classes

#: More nodes or slots than these are too small to be seen one by one.
MOST_NODES, MOST_SLOTS = 12, 240


@dataclass(frozen=True, eq=False, repr=False)
class Handover(Result):
    """The owner of each slot before a node joins, and at a moment of the hand-over."""

    label: str
    nodes: int  # before the new one, whose number this is
    before: Counts
    now: Counts
    moving: int  # slots that change their owner in all

    @property
    def handed(self) -> int:
        """Slots that have changed their owner so far."""
        return int((self.before != self.now).sum())

    @property
    def percent(self) -> float:
        """The keys that have moved so far, in per cent: those of the slots handed over."""
        return 100 * self.handed / len(self.now)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        have = np.bincount(self.now, minlength=self.nodes + 1).tolist()
        low, high = min(have[:-1]), max(have[:-1])
        others = str(low) if low == high else f"{low} or {high}" if high == low + 1 else f"{low} to {high}"
        if not self.moving:
            text = f"{self.label}: no slot changes hands, so no key moves."
        else:
            done = "all" if self.handed == self.moving else f"{self.handed} of"
            moved = percent(self.percent)
            text = (
                f"{self.label}: {done} {self.moving} slots that change hands have done so; {moved} % of the keys moved."
            )
        text += f" The new node, {self.nodes}, has {have[-1]} of {len(self.now)} slots, each other one {others}."
        return text + scored(prediction, self.percent, 1)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A row for each node, a square for each of its slots; one that came keeps its old colour."""
        margin, name, gap = 14.0, 100.0, 6.0
        places, wide = self._places()
        side = min(30.0, (style.width_of(fig) - 2 * margin - name) / max(1, wide))
        tall = (self.nodes + 1) * (side + gap) + 34
        style.blank(tall, fig)
        ax = fig.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, style.width_of(fig)), ylim=(tall, 0))
        ax.set_axis_off()
        boxes: dict[str, list[Any]] = {"owned": [], "left": []}
        faces = []
        for node in range(self.nodes + 1):
            text = f"node {node}" + (" (new)" if node == self.nodes else "")
            ax.text(margin, 6 + node * (side + gap) + side / 2, text, va="center", weight="bold")
        for slot, node, place, kind in places:
            x, y = margin + name + place * side, 6 + node * (side + gap)
            boxes[kind].append([(x, y), (x + side - 2, y), (x + side - 2, y + side - 2), (x, y + side - 2)])
            if kind == "owned":
                faces.append(style.colour(int(self.before[slot])))
                if side >= 17:
                    ax.text(
                        x + side / 2 - 1,
                        y + side / 2 - 1,
                        str(slot),
                        ha="center",
                        va="center",
                        color=style.on(faces[-1]),
                    )
        ax.add_collection(
            PolyCollection(boxes["owned"], facecolor=faces, **style.edges(faces), gid="owned"), autolim=False
        )
        ax.add_collection(
            PolyCollection(
                boxes["left"], facecolor="none", edgecolor=style.MUTED, linewidth=0.8, linestyle=(0, (3, 2)), gid="left"
            ),
            autolim=False,
        )
        note = "a square is a slot, its colour the old node"
        ax.text(margin, tall - 12, note, color=style.MUTED, va="center")

    def _places(self) -> tuple[list[tuple[int, int, int, str]], int]:
        """Where each slot stands: (slot, row, place in it, 'owned' or 'left'), and how long the longest row may be."""
        rows = [np.flatnonzero(self.before == node).tolist() for node in range(self.nodes + 1)]
        places = [
            (slot, node, place, "owned" if self.now[slot] == node else "left")
            for node, row in enumerate(rows)
            for place, slot in enumerate(row)
        ]
        for node, row in enumerate(rows):
            came = np.flatnonzero((self.now == node) & (self.before != node)).tolist()
            places += [(slot, node, len(row) + place, "owned") for place, slot in enumerate(came)]
            row += came
        return places, max(self.moving, *(len(row) for row in rows))


@exhibit(called={"handed": "slots handed over"})
def handover(selector: Any, handed: int = 0, *, nodes: int = 4, slots: int = 60) -> Handover:
    """Slots that go to a new node, one by one, each from another old node in turn.

    selector: `HashSlots`, or a class that is made with nodes and slots and holds in `owner` which node has each slot.
    handed: how many of the slots that its `add` gives away have gone so far; all, where it is more than these.
    """
    handed, nodes = number("handed", handed), number("nodes", nodes, 1, MOST_NODES)
    slots = number("slots", slots, nodes, MOST_SLOTS)
    one = classes.build(selector, nodes, slots=slots)
    before = _owners(one, nodes)
    if classes.is_plain(one):
        classes.within(one, one.add, "add")
    else:
        one.add(f"node-{nodes}")
    after = _owners(one, nodes + 1)
    if len(after) != len(before):
        raise classes.StudentError(f"selector: `owner` has {len(after)} slots after add(), and had {len(before)}")
    moving = np.flatnonzero(before != after)
    # The first of each old node's, then the second of each: as they would go one by one.
    turn = np.array([(before[moving[:i]] == before[slot]).sum() for i, slot in enumerate(moving.tolist())], np.int64)
    now = before.copy()
    gone = moving[np.lexsort((before[moving], turn))][:handed]
    now[gone] = after[gone]
    return Handover(classes.name_of(one), nodes, before, now, len(moving))


def _owners(one: Any, nodes: int) -> Counts:
    """The number of the node that has each slot."""
    given = getattr(one, "owners", getattr(one, "owner", None))
    if given is None:
        raise TypeError(f"selector: {classes.name_of(one)} has no slots")
    listed = [given[slot] for slot in range(len(given))]
    wrong = [slot for slot, node in enumerate(listed) if node not in range(nodes)]
    if wrong:
        raise classes.StudentError(
            f"selector: slot {wrong[0]} belongs to {listed[wrong[0]]!r}, not to node 0 to {nodes - 1}"
        )
    return np.array(listed, dtype=np.int64)
