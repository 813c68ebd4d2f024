"""The experiments on consistent hashing in words."""

import math
from typing import Any

import numpy as np

from lbcore.lab.results_rings import Bounded, Changes, Costs, Evenness, Ring, Table
from lbcore.lab.summaries import listed, nodes, percent, scored, summary

__all__ = ["significant"]


def significant(value: float) -> str:
    """A measured number with two digits that tell something: 0.012, 3.4, 1,200."""
    if value <= 0:
        return "0"
    value = float(value)  # numpy rounds otherwise
    decimals = max(0, 1 - math.floor(math.log10(value)))
    return f"{round(value, 1 - math.floor(math.log10(value))):,.{decimals}f}"


@summary.register
def _(result: Ring, prediction: Any = None) -> str:
    last, each = result.last, result.virtual_nodes
    busiest = int(last.shares.argmax())
    top = 100 * float(last.shares[busiest])
    text = (
        f"{nodes(len(last.nodes))}, {each:,} virtual node{'s' * (each != 1)} each: {last.nodes[busiest]} has the "
        f"largest share of the circle, {top:.1f} %, {last.peak:.2f} times the mean (theory: "
        f"{result.peak:.2f} on average)."
    )
    if result.after is not None:
        few, many = sorted((len(result.before.nodes), len(last.nodes)))
        text += (
            f" From {len(result.before.nodes)} to {nodes(len(last.nodes))}, {100 * result.share:.1f} % of the circle "
            f"changes hands (theory: {100 * (1 - few / many):.1f} % on average), from {nodes(result.givers)} to "
            f"{nodes(result.heirs)}; {int(result.moved.sum())} of {len(result.keys)} keys move."
        )
    return text + scored(prediction, top, 1)


@summary.register
def _(result: Evenness, prediction: Any = None) -> str:
    theory = dict(zip(result.curve.tolist(), zip(result.peak_theory, result.spread_theory, strict=True), strict=True))
    rows = []
    for each, peaks, spreads in zip(result.virtual_nodes.tolist(), result.peaks, result.spreads, strict=True):
        known = theory.get(each)
        laws = ("", "") if known is None else (f" (theory {known[0]:.2f})", f" (theory {known[1]:.3f})")
        spread = float(np.sqrt(np.mean(spreads**2)))
        rows.append(
            f"{each:,} virtual node{'s' * (each != 1)}: busiest {peaks.mean():.2f} times the mean{laws[0]}, "
            f"variation {spread:.3f}{laws[1]}."
        )
    rings = len(result.peaks[0])
    seeds = f"Seeds {result.seed} to {result.seed + rings - 1}, {rings:,} rings" if rings > 1 else f"Seed {result.seed}"
    head = f"{seeds} of {nodes(result.nodes)}: means, and the coefficient of variation."
    return "\n".join([head, *rows]) + scored(prediction, float(result.peaks[0].mean()), 2)


@summary.register
def _(result: Changes, prediction: Any = None) -> str:
    parts = []
    for moves, after in ((result.added, result.nodes + 1), (result.removed, result.nodes - 1)):
        each = [f"{row.label} {share:.1f} %" for row, share in zip(moves.rows, moves.percent, strict=True)]
        least = 100 / max(after, result.nodes)
        parts.append(
            f"From {result.nodes} to {nodes(after)} these keys move: {listed(each)}; an even share is {least:.1f} %."
        )
    return "\n".join(parts) + scored(prediction, result.added.percent[2], 1)


@summary.register
def _(result: Table, prediction: Any = None) -> str:
    size, lost, more = len(result.before), int(result.lost.sum()), int(result.disturbed.sum())
    gone = result.nodes[result.removed]
    return (
        f"Maglev, {size:,} entries, {nodes(len(result.nodes))}: {gone} had {lost:,} of them, which must change. When "
        f"it is removed, {more:,} more change{'s' * (more == 1)}, {percent(100 * more / size)} % of the table, though "
        "the owner is still there."
    ) + scored(prediction, lost + more)


@summary.register
def _(result: Bounded, prediction: Any = None) -> str:
    hot, holders = int(result.ring_hot.sum()), int((result.hot > 0).sum())
    top = int(result.ring.max())
    text = (
        f"Seed {result.seed}: {result.requests:,} requests in flight, {hot:,} of them for the hottest of "
        f"{result.keys:,} keys. HashRing: up to {top:,} at a node, {top / result.mean:.2f} times the mean. "
        f"{result.name}, eps {result.eps:g}: up to {int(result.counts.max()):,}, where the bound is {result.bound:,}; "
        f"the hottest key is at {nodes(holders)}, and {result.elsewhere:,} requests are not where the ring would put "
        "them."
    )
    return text + scored(prediction, float(result.ring.max()))


@summary.register
def _(result: Costs, prediction: Any = None) -> str:
    rows = [
        f"{label}: {significant(float(build))} ms to make, {significant(float(lookup))} ns a key, "
        f"{significant(float(memory))} kB."
        for label, build, lookup, memory in zip(
            result.labels, result.build_ms, result.lookup_ns, result.memory_kb, strict=True
        )
    ]
    return "\n".join([f"Measured now, on this machine, with {nodes(result.nodes)}.", *rows])
