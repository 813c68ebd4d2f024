"""The gap between the busiest node and the mean, as requests go on."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore import selectors
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import digits
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import distinct_keys, labelled, number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, nodes, percent, scored
from lbcore.lab.student import classes
from lbcore.selectors import reference


@dataclass(frozen=True, eq=False, repr=False)
class Growth(Result):
    """How far the busiest node stands above the mean, as requests go on: the mean of a few runs."""

    labels: tuple[str, ...]
    at: Counts  # requests so far
    gaps: tuple[Numbers, ...]  # in requests, for each algorithm
    theory: Numbers | None  # of random
    nodes: int
    runs: int
    seed: int

    @property
    def relative(self) -> tuple[Numbers, ...]:
        """The gaps in per cent of the mean."""
        return tuple(100 * row * self.nodes / self.at for row in self.gaps)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for label, gap, share in zip(self.labels, self.gaps, self.relative, strict=True):
            rows.append(
                f"{label}: {gap[0]:,.1f} to {gap[-1]:,.1f} requests, which is {percent(share[0])} to "
                f"{percent(share[-1])} % of the mean."
            )
        return (
            f"How far the busiest of {nodes(self.nodes)} stands above the mean, from {self.at[0]:,} to "
            f"{self.at[-1]:,} requests, in the mean of {self.runs} runs: "
            + " ".join(rows)
            + scored(prediction, self.gaps[0][-1])
        )

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """The gap in requests above, and below it in per cent of the mean; theory is the thin line."""
        style.blank(420, fig)
        upper, lower = style.place(fig, 2, 1, sharex=True, gridspec_kw={"hspace": 0.3})[:, 0]
        for ax, rows, share in ((upper, self.gaps, False), (lower, self.relative, True)):
            labels = []
            ax.set(xscale="log", yscale="log")
            if self.theory is not None:
                theory = self.theory * (100 * self.nodes / self.at if share else 1)
                ax.plot(self.at, theory, color=style.INK, linewidth=0.8, zorder=2, gid="theory")
            for i, (label, row) in enumerate(zip(self.labels, rows, strict=True)):
                ink, dash = style.LINES[i % len(style.LINES)]
                # Turns taken evenly leave a gap of zero now and then, which a log axis cannot show.
                seen = np.where(row > 1e-9, row, np.nan)
                ax.plot(self.at, seen, color=ink, linestyle=dash, linewidth=2.2, zorder=3)
                if not np.isnan(seen).all():
                    labels.append((float(seen[~np.isnan(seen)][-1]), label, style.INK))
            if prediction is not None and not share and prediction[0] > 0:
                style.line(ax, prediction[0], guess=True)
                labels.append((prediction[0], f"you: {digits(prediction[0], '')}", style.GUESS))
            decades(ax, [y for line in ax.lines for y in np.asarray(line.get_ydata(), dtype=float) if y > 0])
            style.edge_labels(ax, labels)
        thin = " (thin: theory)" if self.theory is not None else ""
        upper.set_title(f"busiest node minus mean, requests{thin}")
        lower.set_title("the same, in % of the mean")
        lower.set_xlabel("requests so far")
        first, last = int(self.at[0]), int(self.at[-1])
        places = [10.0**p for p in range(10) if first <= 10**p <= last]
        lower.set_xticks(places if len(places) > 1 else [first, last])
        lower.xaxis.set_major_formatter(lambda value, _: short(value))


@exhibit(called={"upto": "requests"})
def growth(
    cls: Any,
    nodes: int = 10,
    upto: int = 1_000_000,
    seed: int = 0,
    runs: int = 10,
    *,
    progress: Callable[[float], None] | None = None,
) -> Growth:
    """How far the busiest node stands above the mean after 1, 2, ... up to `upto` requests: the mean of `runs` runs."""
    nodes, upto = number("nodes", nodes, 1, 10_000), number("upto", upto, 10)
    runs, seed = number("runs", runs, 1, 10_000), number("seed", seed, 0, 2**63)
    at = np.unique(np.round(np.geomspace(min(nodes, upto), upto, 33)).astype(np.int64))
    rows = labelled(cls)
    if any(classes.is_plain(one) for _, one in rows):
        at = np.unique(np.minimum(at, classes.FEWEST_PICKS))
    random = any(one in (selectors.Random, reference.Random) for _, one in rows)
    gaps = []
    for row, (_, one) in enumerate(rows):
        recipe = classes.recipe(one, nodes)
        total = np.zeros(len(at))
        for i in range(runs):
            picked = classes.run(
                recipe.seeded(seed + i)(),
                distinct_keys(int(at[-1]), seed + i) if classes.is_keyed(one) else int(at[-1]),
                (),
                nodes,
            )
            counts, done = np.zeros(nodes, dtype=np.int64), 0
            for step, until in enumerate(at):
                counts += picked.counts(slice(done, until))
                total[step] += counts.max() - until / nodes
                done = int(until)
            if progress is not None:
                progress((row + (i + 1) / runs) / len(rows))
        gaps.append(total / runs)
    return Growth(
        tuple(label for label, _ in rows),
        at,
        tuple(gaps),
        growth_line(nodes, at) if random else None,
        nodes,
        runs,
        seed,
    )


def decades(ax: Axes, values: list[float]) -> None:
    """Whole decades around the values on a vertical log axis, few enough to be read."""
    ax.minorticks_off()
    low, high = min(values, default=1.0), max(values, default=1.0)
    first, last = int(np.floor(np.log10(low) + 0.05)), int(np.ceil(np.log10(high) - 0.05))
    last = max(last, first + 1)
    ax.set_ylim(10.0**first, 10.0**last)
    ax.set_yticks([10.0**p for p in range(first, last + 1, max(1, -(-(last - first) // 4)))])
    ax.yaxis.set_major_formatter(lambda value, _: short(value))


def short(value: float) -> str:
    """A number at a log axis as people write it: 0.01, 1,000, 1M."""
    return f"{value / 1e6:,.0f}M" if value >= 1e6 else f"{value:,.0f}" if value >= 1 else f"{value:.10f}".rstrip("0")


def growth_line(nodes: int, requests: NDArray[Any]) -> NDArray[np.float64]:
    """How far random's busiest node stands above the mean, for many requests: expected_top * sqrt(R / N)."""
    return expected_top(nodes) * np.sqrt(np.asarray(requests, dtype=np.float64) / nodes)


def expected_top(nodes: int) -> float:
    """The mean of the highest of `nodes` standard normal draws: 1.54 for ten."""
    # E[max] is the integral of 1 - F above zero less that of F below it; the two halves as one, by the trapezium rule.
    x = np.linspace(0.0, 9.0, 1801)
    above = 0.5 * np.array([math.erfc(v / math.sqrt(2)) for v in x])
    rest = 1 - (1 - above) ** nodes - above**nodes
    return float((x[1] - x[0]) * (rest.sum() - 0.5 * (rest[0] + rest[-1])))
