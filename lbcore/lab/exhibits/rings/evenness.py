"""How even is a ring? The largest share and the spread of the shares, against the number of virtual nodes."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from lbcore import selectors
from lbcore.lab.exhibits.rings._circle import MOST_VIRTUAL, circle, peak, spread
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import guessed, height
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, nodes, scored

#: What the numbers of the sentence are.
HEAD = ": means, and the coefficient of variation"


@dataclass(frozen=True, eq=False, repr=False)
class Evenness(Result):
    """The largest share and the spread of the shares in many rings, for each number of virtual nodes."""

    nodes: int
    virtual_nodes: Counts
    peaks: tuple[Numbers, ...]  # one value for each ring, in multiples of the mean
    spreads: tuple[Numbers, ...]
    curve: Counts  # virtual nodes at which the theory is drawn
    peak_theory: Numbers
    spread_theory: Numbers
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        peak_theory = dict(zip(self.curve.tolist(), self.peak_theory, strict=True))
        rows = []
        for each, peaks, varied in zip(self.virtual_nodes.tolist(), self.peaks, self._varied, strict=True):
            law = f" (theory {peak_theory[each]:.2f})" if each in peak_theory else ""
            rows.append(
                f"{each:,} virtual node{'s' * (each != 1)}: busiest {peaks.mean():.2f} times the mean{law}{varied}."
            )
        rings = len(self.peaks[0])
        seeds = f"Seeds {self.seed} to {self.seed + rings - 1}, {rings:,} rings" if rings > 1 else f"Seed {self.seed}"
        head = f"{seeds} of {nodes(self.nodes)}{HEAD}."
        return "\n".join([head, *rows]) + scored(prediction, float(self.peaks[0].mean()), 2)

    @property
    def _varied(self) -> list[str]:
        """For each number of virtual nodes the coefficient of variation, in words."""
        theory = dict(zip(self.curve.tolist(), self.spread_theory, strict=True))
        return [
            f", variation {np.sqrt(np.mean(spreads**2)):.3f}"
            + (f" (theory {theory[each]:.3f})" if each in theory else "")
            for each, spreads in zip(self.virtual_nodes.tolist(), self.spreads, strict=True)
        ]

    def caption(self, sentence: str) -> str:
        """The first and the last of the means; the others, and how much they vary, are dots in the picture."""
        for words in (HEAD, *self._varied):
            sentence = sentence.replace(words, "")
        lines = sentence.split("\n")
        return "\n".join([*lines[:2], *lines[2:][-1:]])

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """Means as dots, theory as lines, and bars that hold 95 % of the rings."""
        style.blank(300, fig)
        ax = style.place(fig, right=118)[0, 0]
        ax.set_xscale("log")
        ax.set_xlim(0.8, 1.25 * float(self.curve[-1]))
        ends = [np.percentile(row, [2.5, 97.5]) for row in self.peaks]
        said = None if prediction is None else prediction[0]
        height(ax, said, *ends, self.peak_theory)
        labels = []
        for gid, rows, curve, text in (
            ("peaks", self.peaks, self.peak_theory, "busiest / mean"),
            ("spreads", self.spreads, self.spread_theory, "sd / mean"),
        ):
            ax.plot(self.curve, curve, color=style.INK, linewidth=1.0, zorder=2, gid=f"{gid} theory")
            face = style.NEUTRAL if gid == "peaks" else style.PAPER
            means = [row.mean() if gid == "peaks" else np.sqrt(np.mean(row**2)) for row in rows]
            ax.plot(
                self.virtual_nodes,
                means,
                "o",
                ms=8,
                color=face,
                mec=style.NEUTRAL,
                mew=2,
                zorder=3,
                ls="none",
                clip_on=False,
                gid=gid,
            )
            labels.append((float(curve[-1]), text, style.INK))
        bars = [[(v, low), (v, high)] for v, (low, high) in zip(self.virtual_nodes, ends, strict=True)]
        ax.add_collection(LineCollection(bars, color=style.BAND, linewidth=5, alpha=0.5, zorder=1), autolim=False)
        guessed(ax, said, prediction, labels)
        style.edge_labels(ax, labels)
        style.thousands(ax.xaxis)
        ax.set_xlabel("virtual nodes of each node")
        ax.set_title(f"of {len(self.peaks[0]):,} rings: dots are means, lines theory,\nthe bars hold 95 % of the rings")
        fig.subplots_adjust(top=1 - 48 / 300)


@exhibit(called={"virtual_nodes": "virtual nodes of each node"})
def evenness(
    virtual_nodes: Iterable[int] = (1, 3, 10, 30, 100, 300), nodes: int = 10, *, rings: int = 200, seed: int = 7
) -> Evenness:
    """How uneven rings are: so many of them for each number of virtual nodes, each with nodes of other names."""
    given = [virtual_nodes] if isinstance(virtual_nodes, (int, np.integer)) else list(virtual_nodes)
    each = sorted({number("virtual_nodes", one, 1, MOST_VIRTUAL) for one in given})
    if not each:
        raise ValueError("virtual_nodes: give at least one number")
    nodes, rings = number("nodes", nodes, 2, 1_000), number("rings", rings, 1, 10_000)
    seed = number("seed", seed, 0, 2**63)
    if nodes * rings * sum(each) > 20_000_000:
        raise ValueError(f"rings: {rings:,} rings of so many points take too long; give fewer")
    peaks, spreads = [], []
    for count in each:
        names = ([f"{seed + i}-{node}" for node in range(nodes)] for i in range(rings))
        made = [circle(selectors.HashRing(some, virtual_nodes=count)) for some in names]
        peaks.append(np.array([one.peak for one in made]))
        spreads.append(np.array([one.spread for one in made]))
    curve = np.union1d(np.geomspace(1, max(10, each[-1]), 40).round().astype(np.int64), each)
    return Evenness(
        nodes,
        np.array(each),
        tuple(peaks),
        tuple(spreads),
        curve,
        np.array([peak(nodes, int(count)) for count in curve]),
        np.array([spread(nodes, int(count)) for count in curve]),
        seed,
    )
