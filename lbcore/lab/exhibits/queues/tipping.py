"""A node that slows down under load has a tipping point: a burst beyond it, and it does not come back by itself."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, scored

#: A node serves so many requests at a time at full speed, and is this much of it slower for each one more.
WORKERS, LOST = 10, 0.02
#: The burst comes then, and the runs end then, in mean service times.
BURST_AT, UNTIL = 20, 120
RUNS = 20


def completed(held: Numbers) -> Numbers:
    """How many requests a node completes in a service time, by how many it holds."""
    return np.minimum(held, WORKERS) * (1 - LOST) ** np.maximum(0, held - WORKERS)


@dataclass(frozen=True, eq=False, repr=False)
class Tipping(Result):
    """Runs of one node that slows down under load, each with the same burst."""

    load: int  # per cent of what the node can do at its best
    burst: int
    limit: int | None
    at: Numbers
    held: NDArray[np.int64]  # shape (times, runs); the first run is the one that is told
    refused: float  # per cent of the requests, over all runs
    seed: int

    @property
    def point(self) -> float:
        """Beyond so many requests in it the node completes fewer than come."""
        return WORKERS + math.log(self.load / 100) / math.log(1 - LOST)

    @property
    def lost(self) -> int:
        """How many of the runs end beyond the tipping point."""
        return int((self.held[-1] > self.point).sum())

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        text = (
            f"Seed {self.seed}, one node, load {self.load} %, a burst of {self.burst} at {BURST_AT}. "
            f"The tipping point is at {self.point:.0f} requests. "
        )
        text += f"Of {RUNS} runs {self.lost} end beyond it, and {RUNS - self.lost} come back."
        if self.limit is not None:
            text += f" A limit of {self.limit} refuses {self.refused:.1f} % of the requests."
        return text + scored(prediction, self.lost)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """What a node completes by what it holds; below it, what it holds as time goes on."""
        style.blank(440, fig)
        above, below = style.place(fig, 2, 1, left=54, right=112, gridspec_kw={"hspace": 0.62})[:, 0]
        most = max(60, min(150, int(self.held.max())))
        holds, comes = np.arange(0.0, most + 1), self.load / 100 * WORKERS
        above.plot(holds, completed(holds), color=style.INK, linewidth=2.2, gid="completed")
        style.line(above, comes)
        above.axvline(self.point, color=style.WARNING, linewidth=1.2, gid="point")
        above.set(xlim=(0, most), ylim=(0, 1.1 * WORKERS))
        style.edge_labels(
            above,
            [(comes, "come", style.INK), (float(completed(holds)[-1]), "are completed", style.INK)],
        )
        above.set_title("requests in a mean service time")
        above.set_xlabel("requests that the node holds")
        # Behind the one run every third value shows the same, in a fifth of the SVG.
        below.plot(self.at[::3], self.held[::3, 1:], color=style.BAND, linewidth=0.7)
        below.plot(self.at, self.held[:, 0], color=style.COLOURS[0], linewidth=2.0, drawstyle="steps-post", gid="run")
        below.axhline(self.point, color=style.WARNING, linewidth=1.2)
        below.set(xlim=(0, UNTIL), ylim=(0, most))
        style.edge_labels(below, [(self.point, "tipping point", style.WARNING)])
        below.set_title(f"requests that it holds ({RUNS} runs, one of them in blue)")
        below.set_xlabel("time, mean service times")
        for ax in (above, below):
            ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))


@exhibit(called={"load": "load, % of its best", "burst": "requests in the burst"})
def tipping(load: int = 70, burst: int = 20, *, limit: int | None = None, seed: int = 7) -> Tipping:
    """What a burst does to a node that slows down under load: 20 runs, each for 120 mean service times.

    It works on ten requests at a time and loses 2 % of its speed for each one more. limit: how many requests it holds
    at most; the others are refused; None: it takes all.
    """
    load, burst = number("load", load, 10, 99), number("burst", burst, 0, 200)
    limit = None if limit is None else number("limit", limit, 1, 1_000)
    comes = load / 100 * WORKERS
    # A step is so short that at most one request comes or ends in it.
    steps = round(UNTIL * (comes + WORKERS))
    draws = np.random.Generator(np.random.PCG64(number("seed", seed, 0, 2**63))).random((steps, RUNS))
    held, seen = np.zeros(RUNS, np.int64), np.empty((steps + 1, RUNS), np.int64)
    arrived = refused = 0
    burst_step = round(BURST_AT * (comes + WORKERS))
    for step in range(steps + 1):
        seen[step] = held
        if step == steps:
            break
        arrives = (draws[step] * (comes + WORKERS) < comes).astype(np.int64)
        ends = draws[step] * (comes + WORKERS) >= comes + WORKERS - completed(held.astype(np.float64))
        if step == burst_step:
            arrives += burst
        arrived += int(arrives.sum())
        held = held + arrives - ends
        if limit is not None:
            over = np.maximum(0, held - limit)
            refused += int(over.sum())
            held -= over
    every = max(1, steps // 600)
    at = np.arange(steps + 1)[::every] / (comes + WORKERS)
    return Tipping(load, burst, limit, at, seen[::every], 100 * refused / arrived, seed)
