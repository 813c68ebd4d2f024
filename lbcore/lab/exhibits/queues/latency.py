"""How long requests take under each of several algorithms: half of them, and all but one in a hundred."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore import selectors
from lbcore.lab.exhibits.queues._runs import FOUR, LOAD, MOST_NODES, UNIT, WHATS, fewer, run, span, times
from lbcore.lab.exhibits.queues._theory import choices_of, expected
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import bars, digits
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import labelled, number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, listed, nodes, scored
from lbcore.lab.player.columns import column
from lbcore.simulate import QueueResult

#: The half of the requests that waits least, on top of all but the slowest in a hundred.
PALE = "#b9c2cf"


@dataclass(frozen=True, eq=False, repr=False)
class LatencyRow(Result):
    """One algorithm in the queue simulation."""

    label: str
    times: tuple[float, ...]  # as WHATS
    theory: tuple[float, ...] | None  # the same, where theory knows
    exact: bool  # the theory is no limit of many nodes
    picked: Counts
    utilisation: Numbers

    @property
    def p50(self) -> float:
        """Half of the requests take no longer."""
        return self.times[1]

    @property
    def p99(self) -> float:
        """One request in a hundred takes longer."""
        return self.times[2]


@dataclass(frozen=True)
class Pair:
    """Two algorithms request by request: when the second let it end, compared with the first."""

    same: int
    sooner: int
    later: int
    first: int | None  # the number, from 1, of the first request that went to another node


@dataclass(frozen=True, eq=False, repr=False)
class Latency(Result):
    """How long requests take under each of several algorithms: the same requests for all of them."""

    nodes: int
    speeds: tuple[float, ...]
    load: int  # per cent of what all nodes can do
    age: float  # how old a view of the queues gets; 0: it is always fresh
    rows: tuple[LatencyRow, ...]
    pair: Pair | None  # where there are two rows
    requests: int
    asked: int  # more than `requests` where a plain Python class would have taken too long
    seed: int

    @property
    def uneven(self) -> bool:
        """Whether the nodes differ in speed."""
        return len(set(self.speeds)) > 1

    def flooded(self, row: LatencyRow) -> int | None:
        """The node that gets more than it can do, if any: its queue grows as long as the run lasts."""
        share = row.picked / max(1, int(row.picked.sum()))
        busy = share * self.load / 100 * sum(self.speeds) / np.array(self.speeds)
        return int(busy.argmax()) if self.uneven and busy.max() >= 1 else None

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        different = f", speeds {listed([f'{speed:g}' for speed in self.speeds])}" if self.uneven else ""
        many = len(self.speeds) > 8 and self.uneven
        who = nodes(self.nodes) + (" of different speeds" if many else different)
        stale = f", a view of the queues up to {self.age:g} service times old" if self.age else ""
        text = (
            f"Seed {self.seed}, {self.requests:,} requests, {who}, load {self.load} %{stale}. "
            "p50 and p99 in mean service times: "
        )
        rows = []
        for row in self.rows:
            theory = ""
            if row.theory is not None:
                limit = "" if row.exact else " for many nodes"
                theory = f" (theory{limit} {span(row.theory[1])} and {span(row.theory[2])})"
            rows.append(f"{row.label} {span(row.p50)} and {span(row.p99)}{theory}")
        text += "; ".join(rows) + "."
        if self.uneven:
            for row in self.rows:
                node = int(row.utilisation.argmax())
                text += (
                    f" Under {row.label} the busiest, node {node}, is busy {100 * row.utilisation[node]:.0f} % of the "
                    "time."
                )
                if self.flooded(row) is not None:
                    text += " It gets more than it can do: its queue never settles, and the p99 is that of this run."
        if self.pair is not None and _alike(*self.rows):
            text += _paired(self)
        if self.asked != self.requests:
            text += f" A class in plain Python is asked one by one: {self.requests:,} of {self.asked:,} requests."
        return text + scored(prediction, self.rows[0].p99, 1)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """p50 and p99 as bars on one another, theory as thin lines; below, where speeds differ, how busy nodes are."""
        rows = len(self.rows)
        above = 62 + 34 * rows
        style.blank(above + (150 if self.uneven else 0), fig)
        tall = fig.get_size_inches()[1] * 72
        ax = style.place(fig, left=146, right=92, top=30, bottom=tall - above + 46)[0, 0]
        at = np.arange(rows)
        p99, p50 = np.array([row.p99 for row in self.rows]), np.array([row.p50 for row in self.rows])
        ax.barh(at, p99, 0.62, color=PALE, linewidth=0, zorder=2, gid="p99")
        ax.barh(at, p50, 0.62, color=style.STRONG, linewidth=0, zorder=3, gid="p50")
        for i, row in enumerate(self.rows):
            if row.theory is not None:
                for time in row.theory[1:]:
                    ax.plot([time] * 2, [i - 0.42, i + 0.42], color=style.INK, linewidth=1.0, zorder=4, gid="theory")
            grows = self.flooded(row) is not None
            text = "→ no end" if grows else f"{span(row.p50)} · {span(row.p99)}"
            ax.text(1.02, i, text, transform=ax.get_yaxis_transform(), va="center", ha="left")
        # What never settles has the length of the run, and would hide the others.
        settled = [row.p99 for row in self.rows if self.flooded(row) is None]
        longest = float(p99.max()) if len(settled) in (0, rows) else 1.5 * max(settled)
        most = max([longest, *(row.theory[2] for row in self.rows if row.theory is not None)])
        said = None if prediction is None else prediction[0]
        right = max(most, min(said or 0.0, 2 * most)) * 1.05
        if said is not None:
            ax.axvline(
                min(said, right), color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=5, gid="prediction"
            )
            beyond = " →" if said > right else ""
            left = said > 0.6 * right
            ax.annotate(
                f"you: {digits(said, '')}{beyond}",
                (min(said, right), -0.5),
                (-4 if left else 4, 4),
                textcoords="offset points",
                color=style.GUESS,
                ha="right" if left else "left",
            )
        ax.set(xlim=(0, right), ylim=(rows - 0.5, -0.5 if said is None else -0.8))
        ax.set_yticks(at, [style.shorten(row.label, 20) for row in self.rows])
        ax.tick_params(axis="y", length=0)
        ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        style.thousands(ax.xaxis)
        ax.text(1.02, 1.02, "p50 · p99", transform=ax.transAxes, va="bottom", ha="left", color=style.MUTED)
        thin = "; thin line: theory" if any(row.theory is not None for row in self.rows) else ""
        fig.text(12 / style.width_of(fig), 1 - 16 / tall, f"latency: left piece p50, whole bar p99{thin}", va="center")
        ax.set_xlabel(UNIT)
        if self.uneven:
            _utilisation(self, fig, tall - above)


@exhibit(
    called={"load": LOAD, "age": "age of the view, mean service times", "weights[]": "weight of node-{}"},
    truth=lambda result, _: result.rows[0].p99,
    seeds=10,
)
def latency(
    cls: Any = FOUR,
    load: int = 80,
    *,
    nodes: int | None = None,
    weights: Sequence[int] | None = None,
    speeds: Sequence[float] | None = None,
    age: float = 0.0,
    requests: int = 100_000,
    seed: int = 7,
) -> Latency:
    """How long requests take under each of these algorithms, at `load` per cent of what all nodes can do.

    cls: a class, several, or a dict with a label for each; a student's own is asked in the same simulation, and then
    there are 20,000 requests at most. nodes: 10, or as many as there are weights or speeds. weights: for the classes
    that take any. age: for how long TwoChoices and LeastConnections go by the same view of the queues; 0 is fresh.
    """
    load, seed = number("load", load, 1, 99), number("seed", seed, 0, 2**63)
    given = weights if weights is not None else speeds
    nodes = number("nodes", nodes if nodes is not None else 10 if given is None else len(given), 1, MOST_NODES)
    speed = tuple(column("speeds", [1.0] * nodes if speeds is None else speeds, np.float64, nodes).tolist())
    if min(speed) <= 0:
        raise ValueError("speeds: every speed must be above 0")
    asked, rows = number("requests", requests, 1_000, 10_000_000), labelled(cls)
    requests = fewer(rows, asked)
    found = [
        run(one, nodes, load, weights=weights, speeds=speed, age=age, requests=requests, seed=seed, keep=True)
        for _, one in rows
    ]
    even = len(set(speed)) == 1 and speed[0] == 1.0
    known = [choices_of(one, age) for _, one in rows]
    made = tuple(
        LatencyRow(
            label,
            times(one_run),
            None if not even or looks is None else tuple(expected(what, load / 100, looks) for what in WHATS),
            one is selectors.Random,
            one_run.picked,
            one_run.utilisation,
        )
        for (label, one), one_run, looks in zip(rows, found, known, strict=True)
    )
    pair = _pair(*found) if len(found) == 2 else None
    return Latency(nodes, speed, load, float(age), made, pair, requests, asked, seed)


def _paired(result: Latency) -> str:
    """Request by request."""
    pair, (one, other) = result.pair, result.rows
    assert pair is not None
    if pair.first is None:
        return (
            f" Request by request the two are the same: {other.label} sent each to the node to which {one.label} did."
        )
    total = pair.same + pair.sooner + pair.later
    return (
        f" Request by request they differ: {100 * pair.sooner / total:.0f} % end sooner under {other.label} and "
        f"{100 * pair.later / total:.0f} % later."
    )


def _alike(one: LatencyRow, other: LatencyRow) -> bool:
    """Whether two rows look the same, so that only the single requests tell them apart."""
    return bool(np.allclose(one.times[1:], other.times[1:], rtol=0.05))


def _utilisation(result: Latency, fig: Figure, room: float) -> None:
    """Below: how busy each node is, one small chart for each algorithm."""
    shown = result.rows[:4]
    wide, tall = fig.get_size_inches() * 72
    left, gap = 62.0, 46.0
    each = (wide - left - 14 - gap * (len(shown) - 1)) / len(shown)
    for i, row in enumerate(shown):
        ax = style.put(fig, ((left + i * (each + gap)) / wide, 46 / tall, each / wide, (room - 66) / tall))
        bars(ax, 100 * row.utilisation, outline=result.nodes > style.MOST_BARS)
        ax.set_ylim(0, 106)
        ax.axhline(100, color=style.INK, linewidth=1.0)
        ax.set_yticks([0, 50, 100])
        if result.nodes > style.MOST_BARS:
            ax.set_xticks([])
        else:
            style.node_axis(ax, [f"node-{k}" for k in range(result.nodes)], "", max(6, int(each / 9)))
        if result.nodes <= each / 26:
            for node, share in enumerate(100 * row.utilisation):
                inside = share > 30
                ax.annotate(
                    f"{share:.0f}",
                    (node, share),
                    (0, -3 if inside else 1),
                    textcoords="offset points",
                    ha="center",
                    va="top" if inside else "bottom",
                    color=style.on(style.colour(node)) if inside else style.INK,
                )
        ax.set_xlabel(style.shorten(row.label, max(8, int(each / 6.6))))
        if not i:
            ax.set_title("how busy each node is, %")


def _pair(one: QueueResult, other: QueueResult) -> Pair:
    """Request by request, from the first to the last."""
    a, b = one.requests, other.requests
    assert a is not None and b is not None
    # What differs by less than this differs by the rounding of sums alone.
    gap = np.where(np.abs(b.ended_s - a.ended_s) < 1e-9, 0.0, b.ended_s - a.ended_s)
    apart = np.flatnonzero(a.node != b.node)
    first = int(apart[0]) + 1 if apart.size else None
    return Pair(int((gap == 0).sum()), int((gap < 0).sum()), int((gap > 0).sum()), first)
