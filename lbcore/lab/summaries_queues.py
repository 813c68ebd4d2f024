"""The experiments on waiting in words."""

from typing import Any

from lbcore.lab.results_queues import Curve, Latency, QueueLengths
from lbcore.lab.summaries import listed, nodes, scored, summary, upper

__all__ = ["OVER", "span"]

#: What a curve goes over, as its axis says it.
OVER = {
    "load": "load, % of what all nodes can do",
    "choices": "d: queues looked at for each request",
    "age": "age of the view of the queues, mean service times",
}


def span(time: float) -> str:
    """A time in mean service times: 5.9, 23.0, 1,204."""
    return f"{time:,.0f}" if time >= 999.95 else f"{time:.1f}"


@summary.register
def _(result: Latency, prediction: Any = None) -> str:
    different = f", speeds {listed([f'{speed:g}' for speed in result.speeds])}" if result.uneven else ""
    many = len(result.speeds) > 8 and result.uneven
    who = nodes(result.nodes) + (" of different speeds" if many else different)
    stale = f", a view of the queues up to {result.age:g} service times old" if result.age else ""
    text = (
        f"Seed {result.seed}, {result.requests:,} requests, {who}, load {result.load} %{stale}. "
        "p50 and p99 in mean service times: "
    )
    rows = []
    for row in result.rows:
        theory = ""
        if row.theory is not None:
            limit = "" if row.exact else " for many nodes"
            theory = f" (theory{limit} {span(row.theory[1])} and {span(row.theory[2])})"
        rows.append(f"{row.label} {span(row.p50)} and {span(row.p99)}{theory}")
    text += "; ".join(rows) + "."
    if result.uneven:
        for row in result.rows:
            node = int(row.utilisation.argmax())
            text += (
                f" Under {row.label} the busiest, node {node}, is busy {100 * row.utilisation[node]:.0f} % of the time."
            )
    if result.pair is not None:
        text += _paired(result)
    if result.asked != result.requests:
        text += f" A class in plain Python is asked one by one: {result.requests:,} of {result.asked:,} requests."
    return text + scored(prediction, result.rows[0].p99, 1)


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
        f" Request by request, {100 * pair.sooner / total:.0f} % end sooner under {other.label} and "
        f"{100 * pair.later / total:.0f} % later; the first to go to another node is request {pair.first:,}."
    )


@summary.register
def _(result: Curve, prediction: Any = None) -> str:
    load = "" if result.load is None else f", load {result.load} %"
    text = f"Seed {result.seed}, {nodes(result.nodes)}, {result.requests:,} requests at each step{load}. "
    parts = []
    for what, rows, lines in zip(result.whats, result.values, result.theory, strict=True):
        for label, row, line in zip(result.labels, rows, lines, strict=True):
            who = "" if len(result.labels) == 1 else f" {label}"
            flat = result.over == "age" and len(set(row.tolist())) == 1
            steps = [
                _step(result, row, line, place, flat) for place in (_places(result)[:1] if flat else _places(result))
            ]
            parts.append(f"{what}{who}: {listed(steps)}")
    return text + upper("; ".join(parts)) + "." + scored(prediction, float(result.values[0][0][-1]), 1)


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


@summary.register
def _(result: QueueLengths, prediction: Any = None) -> str:
    stale = f"a view up to {result.age:g} service times old" if result.age else "a fresh view of the queues"
    rows = [
        f"{label}: up to {int(lengths.max()):,} requests at one node while the mean is {lengths.mean():.1f}"
        for label, lengths in zip(result.labels, result.lengths, strict=True)
    ]
    text = f"Seed {result.seed}, {nodes(result.lengths[0].shape[1])}, load {result.load} %, {stale}. "
    return text + "; ".join(rows) + "." + scored(prediction, float(result.lengths[0].max()))
