"""What each way to give a key to a node costs on this machine: to make it, to ask it, to keep it."""

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from lbcore.faults import Clock
from lbcore.lab.exhibits.rings.changes import ALGORITHMS
from lbcore.lab.frame import style
from lbcore.lab.frame.inputs import distinct_keys, number
from lbcore.lab.frame.live import Live
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, nodes, significant

#: Keys that are looked up to see how long it takes, and how often; the quickest counts.
LOOKUPS, TIMES = 20_000, 7


@dataclass(frozen=True, eq=False, repr=False)
class Costs(Result):
    """What each algorithm costs, measured on this machine: to make it, to ask it, to keep it."""

    nodes: int
    labels: tuple[str, ...]
    build_ms: Numbers
    lookup_ns: Numbers
    memory_kb: Numbers

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = [
            f"{label}: {significant(float(build))} ms to make, {significant(float(lookup))} ns a key, "
            f"{significant(float(memory))} kB."
            for label, build, lookup, memory in zip(
                self.labels, self.build_ms, self.lookup_ns, self.memory_kb, strict=True
            )
        ]
        return "\n".join([f"Measured now, on this machine, with {nodes(self.nodes)}.", *rows])

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A bar for each way on a logarithmic scale."""
        tall = 62.0 + 27 * len(self.labels) + 12
        style.blank(tall, fig)
        panels = style.place(fig, 1, 3, left=88, right=10, top=44, bottom=10, sharey=True, gridspec_kw={"wspace": 0.1})[
            0
        ]
        columns = (
            ("to make it", "ms", self.build_ms),
            ("to ask for a key", "ns", self.lookup_ns),
            ("to keep it", "kB", self.memory_kb),
        )
        for ax, (title, unit, values) in zip(panels, columns, strict=True):
            # Bars on a logarithmic scale need a floor: a third of the least.
            low, high = max(1e-6, float(values.min())) / 3, max(1e-6, float(values.max()))
            ax.set_xscale("log")
            # The rest of the room is for the numbers behind the bars.
            ax.set(xlim=(low, low * (high / low) ** 1.9), ylim=(len(values) - 0.5, -0.5))
            ax.barh(range(len(values)), values, 0.72, color=style.NEUTRAL, zorder=2, gid=unit)
            for place, value in enumerate(values):
                text = f"{significant(float(value))} {unit}"
                ax.annotate(text, (max(value, low), place), (4, 0), textcoords="offset points", va="center")
            ax.set_yticks(range(len(values)), self.labels)
            # Each thin line is ten times the one before.
            ax.xaxis.set_major_locator(LogLocator(10, numticks=20))
            ax.xaxis.grid(True, which="major", color=style.DOWN, linewidth=0.8)
            ax.tick_params(axis="both", which="both", length=0, labelbottom=False)
            ax.spines["bottom"].set_visible(False)
            ax.set_title(title)


def live_costs(nodes: int = 100) -> Live:
    """What each way costs on this machine: the time to make it and to ask it, and the memory that it keeps."""
    nodes = number("nodes", nodes, 2, 1_000)
    return Live(partial(measured, nodes=nodes), 2, f"the cost of six ways with {nodes:,} nodes")


def measured(clock: Clock, report: Callable[..., None], *, nodes: int) -> Costs:
    """What each of ALGORITHMS costs with so many nodes, on this machine and now. `clock` is not asked: nobody waits."""
    keys = distinct_keys(LOOKUPS, 7)
    build_ms, lookup_ns, memory_kb = [], [], []
    for done, cls in enumerate(ALGORITHMS.values()):
        build_ms.append(1e3 * _quickest(partial(cls, nodes)))
        lookup_ns.append(1e9 / LOOKUPS * _quickest(partial(cls(nodes).select_many, keys)))
        memory_kb.append(_held_kb(partial(cls, nodes)))
        report((done + 1) / len(ALGORITHMS))
    return Costs(nodes, tuple(ALGORITHMS), np.array(build_ms), np.array(lookup_ns), np.array(memory_kb))


def _quickest(call: Callable[[], Any]) -> float:
    """The seconds that a call takes: the shortest of some, since all that disturbs makes it longer."""
    found = []
    for _ in range(TIMES):
        begun_s = time.perf_counter()
        call()
        found.append(time.perf_counter() - begun_s)
    return min(found)


def _held_kb(make: Callable[[], Any]) -> float:
    """The kilobytes that what `make` returns keeps allocated, as `tracemalloc` counts them."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        held = make()
        after = tracemalloc.get_traced_memory()[0]
        del held
    finally:
        if not tracing:
            tracemalloc.stop()
    return max(0, after - before) / 1e3
