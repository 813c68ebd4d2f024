"""The latency of several algorithms against something that is changed step by step: the load, the choices, the age."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from lbcore.lab.exhibits.queues._runs import LOAD, UNIT, WHATS, span, times
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import guessed
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, listed, nodes, scored, upper

__all__ = ["Curve", "curve"]

#: What a curve goes over, as its axis says it.
OVER = {
    "load": LOAD,
    "choices": "d: queues looked at for each request",
    "age": "age of the view, mean service times (not evenly spaced)",
}


@dataclass(frozen=True, eq=False, repr=False)
class Curve(Result):
    """Mean, p50 or p99 of several algorithms, against something that was changed step by step."""

    over: str  # "load", "choices" or "age"
    at: Numbers
    labels: tuple[str, ...]
    whats: tuple[str, ...]
    values: tuple[tuple[Numbers, ...], ...]  # for each of whats, for each label
    along: Numbers  # where theory was computed
    theory: tuple[tuple[Numbers | None, ...], ...]
    load: int | None
    nodes: int
    requests: int
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        load = "" if self.load is None else f", load {self.load} %"
        text = f"Seed {self.seed}, {nodes(self.nodes)}, {self.requests:,} requests at each step{load}. "
        parts = []
        for what, rows, lines in zip(self.whats, self.values, self.theory, strict=True):
            for label, row, line in zip(self.labels, rows, lines, strict=True):
                who = "" if len(self.labels) == 1 else f" {label}"
                flat = self.over == "age" and len(set(row.tolist())) == 1
                steps = [
                    _step(self, row, line, place, flat) for place in (_places(self)[:1] if flat else _places(self))
                ]
                parts.append(f"{what}{who}: {listed(steps)}")
        text += upper("; ".join(parts)) + "."
        return text if self.over == "age" else text + scored(prediction, float(self.values[0][0][-1]), 1)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A panel for each of whats: the measured latencies in strong lines, theory in thin ones."""
        panels = len(self.whats)
        style.blank(64 + (260 if panels == 1 else 190 * panels), fig)
        alone = len(self.labels) == 1
        right = 98 if alone else 136
        axes = style.place(fig, panels, 1, left=54, right=right, sharex=True, gridspec_kw={"hspace": 0.24})[:, 0]
        said = None if prediction is None else prediction[0]
        # Ages stand at equal steps and latencies on a logarithmic axis, as the small ones are where the curves cross.
        old = self.over == "age"
        at, along = (np.arange(len(x), dtype=float) if old else x for x in (self.at, self.along))
        for ax, what, rows, lines in zip(axes, self.whats, self.values, self.theory, strict=True):
            known = [line[[abs(self.along - x).argmin() for x in self.at]] for line in lines if line is not None]
            top = max(float(row.max()) for row in (*rows, *known))
            ax.set_ylim(0, max(top, min(said or 0.0, 2 * top)) * 1.05)
            if old:
                ax.set_yscale("log", base=2)
                ax.set_ylim(0.8 * min(float(row.min()) for row in rows), 1.2 * top)
            labels = []
            for i, (label, row, line) in enumerate(zip(self.labels, rows, lines, strict=True)):
                ink, dash = style.LINES[i % len(style.LINES)]
                ax.plot(at, row, color=ink, linestyle=dash, linewidth=2.2, marker="o", markersize=4, gid="measured")
                if line is not None:
                    ax.plot(along, line, color=style.INK, linewidth=0.8, zorder=4, gid="theory")
                labels += [] if alone else [(float(row[-1]), style.shorten(label, 18), style.INK)]
            guessed(ax, said, prediction, labels)
            style.edge_labels(ax, labels)
            if old:
                ax.yaxis.set_major_locator(LogLocator(2))
                ax.yaxis.set_minor_locator(NullLocator())
                style.thousands(ax.yaxis)
            else:
                ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
            thin = " (thin: theory)" if any(line is not None for line in lines) else ""
            name = "mean latency" if what == "mean" else f"{what} of the latencies"
            ax.set_title(f"{name}, {UNIT}{thin}")
        axes[-1].set_xlabel(OVER[self.over])
        if old:
            axes[-1].set_xticks(at, [f"{age:g}" for age in self.at])
        if self.over == "choices":
            axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))


def _places(result: Curve) -> list[int]:
    """Which steps are told: the first, one in the middle and the last."""
    if result.over == "load":
        return [int(abs(result.at - load).argmin()) for load in (80, 95)]
    if result.over == "choices":
        return list(range(min(3, len(result.at))))
    return [int(abs(result.at - age).argmin()) for age in (0, 1, 5, 20)]


def _step(result: Curve, row: Any, line: Any, place: int, flat: bool) -> str:
    at = result.at[place]
    theory = ""
    if line is not None:
        theory = f" (theory {span(float(line[abs(result.along - at).argmin()]))})"
    if flat:
        return f"{span(float(row[place]))}{theory} at every age"
    where = {"load": f"at {at:g} %", "choices": f"for d = {at:g}", "age": f"at age {at:g}"}[result.over]
    return f"{span(float(row[place]))}{theory} {where}"


def curve(over: str, at: Any, along: Any, labels: list[str], what: Any, run: Any, theory: Any, **rest: Any) -> Curve:
    """Run and theory at every step, for every label."""
    whats = (what,) if isinstance(what, str) else tuple(what)
    for name in whats:
        if name not in WHATS:
            raise ValueError(f"what: {name!r} is none of {', '.join(WHATS)}")
    if not whats:
        raise ValueError("what: give at least one")
    found = [[times(run(row, float(x))) for x in at] for row in range(len(labels))]
    values = tuple(tuple(np.array([one[WHATS.index(name)] for one in row]) for row in found) for name in whats)
    lines = tuple(
        tuple(_line([theory(row, name, float(x)) for x in along]) for row in range(len(labels))) for name in whats
    )
    return Curve(over, at, tuple(labels), whats, values, along, lines, **rest)


def _line(points: list[float | None]) -> Any:
    return None if None in points else np.array(points, dtype=np.float64)
