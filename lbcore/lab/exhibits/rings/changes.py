"""What moves when a node comes, and when one goes: six ways to give a key to a node, side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from lbcore import selectors
from lbcore.lab.exhibits.keys.moves import Moves, moves
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import digits
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess, listed, nodes, scored

#: The ways to give a key to a node, in the order of the lesson.
ALGORITHMS: dict[str, Callable[[int], Any]] = {
    "hash mod N": selectors.ModuloHash,
    "slots": selectors.HashSlots,
    "ring": selectors.HashRing,
    "jump": selectors.JumpHash,
    "rendezvous": selectors.Rendezvous,
    "Maglev": selectors.Maglev,
}


@dataclass(frozen=True, eq=False, repr=False)
class Changes(Result):
    """What moves when one node comes and when one goes, for each algorithm."""

    nodes: int
    added: Moves
    removed: Moves

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        parts = []
        for moved, after in zip(self._moved, (self.nodes + 1, self.nodes - 1), strict=True):
            least = 100 / max(after, self.nodes)
            parts.append(f"From {self.nodes} to {nodes(after)}{moved} an even share is {least:.1f} %.")
        return "\n".join(parts) + scored(prediction, self.added.percent[2], 1)

    @property
    def _moved(self) -> list[str]:
        """What each way moves, when a node comes and when one goes."""
        return [
            f" these keys move: {listed([f'{row.label} {share:.1f} %' for row, share in each])};"
            for each in (zip(found.rows, found.percent, strict=True) for found in (self.added, self.removed))
        ]

    def caption(self, sentence: str) -> str:
        """What each way moves is written at its bar."""
        for moved in self._moved:
            sentence = sentence.replace(moved, "")
        return sentence

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A bar for each way, and a thin mark where theory has it."""
        labels = [row.label for row in self.added.rows]
        tall = 62.0 + 27 * len(labels) + 48
        style.blank(tall, fig)
        panels = style.place(
            fig, 1, 2, left=88, right=14, top=48, bottom=48, sharey=True, gridspec_kw={"wspace": 0.14}
        )[0]
        n = self.nodes
        for ax, found, after in zip(panels, (self.added, self.removed), (n + 1, n - 1), strict=True):
            ax.barh(range(len(labels)), found.percent, 0.72, color=style.NEUTRAL, zorder=2, gid="moved")
            for place, (row, percent) in enumerate(zip(found.rows, found.percent, strict=True)):
                if row.theory is not None:
                    at = 100 * row.theory
                    ax.plot(
                        [at, at], [place - 0.46, place + 0.46], color=style.INK, linewidth=1.8, zorder=4, gid="theory"
                    )
                inside = percent > 70
                ax.text(
                    percent + (-2.5 if inside else 3.5),
                    place,
                    f"{percent:.1f} %",
                    ha="right" if inside else "left",
                    va="center",
                    color=style.PAPER if inside else style.INK,
                    zorder=5,
                    bbox=None
                    if inside or prediction is None
                    else {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.0},
                )
            if prediction is not None and found is self.added:
                ax.axvline(
                    prediction[0], color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=3, gid="prediction"
                )
                ax.annotate(
                    f"you: {digits(*prediction)}",
                    (min(prediction[0], 100), 1),
                    (0, 4),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    ha="left" if prediction[0] < 50 else "right",
                    color=style.GUESS,
                )
            ax.set(xlim=(0, 100), ylim=(len(labels) - 0.5, -0.5))
            ax.set_yticks(range(len(labels)), labels)
            ax.tick_params(axis="y", length=0)
            ax.set_xticks([0, 50, 100])
            ax.set_title(f"from {n} to {after} nodes", pad=20)
            ax.set_xlabel("keys that move, %")


@exhibit()
def changes(nodes: int = 10, *, keys: int = 10_000, seed: int = 7) -> Changes:
    """How many keys move when one node comes, and when the last one goes, for each of ALGORITHMS."""
    nodes = number("nodes", nodes, 2, 1_000)
    made = {label: cls(nodes) for label, cls in ALGORITHMS.items()}
    up, down = (moves(made, [after] * len(made), keys, seed=seed) for after in (nodes + 1, nodes - 1))
    return Changes(nodes, up, down)
