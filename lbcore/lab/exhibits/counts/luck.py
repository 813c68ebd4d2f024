"""The busiest node's requests in many runs: one run is luck, a thousand are a law."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import digits
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import distinct_keys, labelled, number
from lbcore.lab.frame.result import Counts, Result
from lbcore.lab.frame.words import Guess, nodes, percent, scored, upper
from lbcore.lab.student import classes

#: So many picks, all runs together, of a class in plain Python.
PLAIN_PICKS = 200_000


@dataclass(frozen=True, eq=False, repr=False)
class Luck(Result):
    """The requests at the busiest node, in many runs of each algorithm."""

    labels: tuple[str, ...]
    busiest: tuple[Counts, ...]  # one value for each run
    idle: tuple[float, ...]  # nodes without a request, in the mean
    nodes: int
    requests: int
    seed: int

    @property
    def means(self) -> tuple[float, ...]:
        """The mean over the runs, for each algorithm."""
        return tuple(float(row.mean()) for row in self.busiest)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for label, top, mean, idle in zip(self.labels, self.busiest, self.means, self.idle, strict=True):
            spread = f"{top.min():,} to {top.max():,}" if np.ptp(top) else "always"
            none = f", {percent(100 * idle / self.nodes)} % of the nodes get none" if idle * 50 > self.nodes else ""
            rows.append(f"{label} {mean:,.{0 if mean >= 1000 else 1}f} in the mean ({spread}){none}")
        runs = {len(top) for top in self.busiest}
        seeds = f"seeds {self.seed} to {self.seed + max(runs) - 1}" if max(runs) > 1 else f"seed {self.seed}"
        text = upper(f"{seeds}, {self.requests:,} requests on {nodes(self.nodes)}. The busiest node gets: ")
        return text + "; ".join(rows) + "." + scored(prediction, self.means[0], 1)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """How the busiest node's requests are spread over the runs, with their mean: a histogram for each algorithm."""
        rows = len(self.labels)
        style.blank(68 + (210 if rows == 1 else 128 * rows), fig)
        axes = style.place(fig, rows, 1, right=24, bottom=62, sharex=True, gridspec_kw={"hspace": 0.42})[:, 0]
        low = min(int(row.min()) for row in self.busiest)
        high = max(int(row.max()) for row in self.busiest)
        width = max(1, -(-(high - low + 1) // 40))
        edges = np.arange(low, high + width + 1, width) - 0.5
        said = None if prediction is None else prediction[0]
        span = edges[-1] - edges[0]
        # A prediction may double the axis and no more, or it would hide the rest.
        left = min(edges[0], max(said, edges[0] - span) if said is not None else np.inf) - 0.03 * span
        right = max(edges[-1], min(said, edges[-1] + span) if said is not None else -np.inf) + 0.03 * span
        for ax, label, top, mean in zip(axes, self.labels, self.busiest, self.means, strict=True):
            share = 100 * np.histogram(top, edges)[0] / len(top)
            ax.stairs(share, edges, fill=True, color=style.NEUTRAL, zorder=2)
            ax.axvline(mean, color=style.INK, linewidth=1.0, zorder=3)
            ax.set(ylim=(0, share.max() * 1.12), xlim=(left, right))
            ax.set_title(f"{label}: {mean:,.{0 if mean >= 1000 else 1}f} in the mean; % of runs")
            ax.locator_params(axis="y", nbins=4)
            if said is not None:
                ax.axvline(said, color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction")
        if said is not None:
            after = said < (left + right) / 2
            beyond = "" if left <= said <= right else "← " if after else " →"
            text = f"{beyond}you: {digits(said, '')}" if after else f"you: {digits(said, '')}{beyond}"
            axes[0].annotate(
                f" {text} ",
                (min(max(said, left), right), 0.9),
                xycoords=("data", "axes fraction"),
                color=style.GUESS,
                ha="left" if after else "right",
                va="center",
                bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1},
                zorder=5,
            )
        runs = f"{max(len(top) for top in self.busiest):,} runs of {self.requests:,} requests on {self.nodes:,} nodes"
        axes[-1].set_xlabel(f"requests at the busiest node\n({runs})")
        axes[-1].xaxis.get_major_locator().set_params(integer=True, nbins=6, steps=[1, 2, 5, 10])
        style.thousands(axes[-1].xaxis)


@exhibit(truth=lambda result, _: result.busiest[0])
def luck(
    cls: Any,
    nodes: int = 10,
    requests: int = 1_000,
    runs: int = 1_000,
    seed: int = 0,
    *,
    progress: Callable[[float], None] | None = None,
) -> Luck:
    """The requests at the busiest node, in many runs: run i has the seed `seed + i`.

    cls: a class, or several to compare. A plain Python class makes fewer runs, so that all of them take no more than
    200,000 picks. progress: called with the share that is done, from 0 to 1.
    """
    nodes, requests = number("nodes", nodes, 1, 100_000), number("requests", requests)
    runs, seed = number("runs", runs, 1, 1_000_000), number("seed", seed, 0, 2**63)
    rows = labelled(cls)
    busiest, idle = [], []
    for row, (_, one) in enumerate(rows):
        mine = runs if not classes.is_plain(one) else max(1, min(runs, PLAIN_PICKS // max(1, requests)))
        recipe = classes.recipe(one, nodes)
        top, empty = np.zeros(mine, dtype=np.int64), 0
        for i in range(mine):
            picked = classes.run(
                recipe.seeded(seed + i)(),
                distinct_keys(requests, seed + i) if classes.is_keyed(one) else requests,
                (),
                nodes,
            )
            counts = picked.counts()
            top[i] = counts.max()
            empty += int(np.count_nonzero(counts == 0))
            if progress is not None:
                progress((row + (i + 1) / mine) / len(rows))
        busiest.append(top)
        idle.append(empty / mine)
    return Luck(tuple(label for label, _ in rows), tuple(busiest), tuple(idle), nodes, requests, seed)
