"""Every result in one to three plain sentences: for those who cannot see the picture, and for a lesson's record."""

from functools import singledispatch
from typing import Any

import numpy as np

from lbcore.lab.keys import KeyCounts
from lbcore.lab.results import Agreement, Balance, Growth, HotKeys, Luck, Moves, Sequence, Work

__all__ = ["guess", "spoken", "summary"]


def guess(prediction: Any) -> tuple[float, str] | None:
    """A prediction as its number and its unit; None where there is none, or it is not committed yet.

    prediction: a number, or anything with a `value` and perhaps a `unit`.
    """
    value = getattr(prediction, "value", prediction)
    return None if value is None else (float(value), str(getattr(prediction, "unit", "")).strip())


def spoken(value: float, unit: str) -> str:
    """A predicted number in words."""
    return f"{value:,.{0 if value == round(value) else 2}f}" + (" %" if unit == "%" else "")


def scored(prediction: Any, truth: float, decimals: int = 0) -> str:
    """How far off a prediction was, as a sentence to add; empty without one."""
    said = guess(prediction)
    if said is None:
        return ""
    value, unit = said
    gap = abs(round(value - truth, decimals))
    return f" You said {spoken(value, unit)}: {'exactly right' if gap == 0 else f'off by {gap:,.{decimals}f}'}."


def percent(part: float) -> str:
    """A percentage with as many digits as tell something: 0.034, 0.49, 9.1, 17."""
    size = abs(part)
    return f"{part:,.{0 if size >= 9.95 or size == 0 else 1 if size >= 0.995 else 2 if size >= 0.0995 else 3}f}"


def amount(value: float) -> str:
    """A number without a needless fraction."""
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 or abs(value) >= 1000 else f"{value:,.1f}"


def listed(parts: list[str]) -> str:
    """Words in a row: a, b and c."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def cut_short(result: Balance | HotKeys) -> str:
    """What to add where a plain class was stopped."""
    if result.asked == result.requests:
        return ""
    return (
        f" A class in plain Python picks one by one: only {result.requests:,} of {result.asked:,} requests were made."
    )


def nodes(count: int) -> str:
    """1 node, 2 nodes, 1,000 nodes."""
    return f"{count:,} node" + "s" * (count != 1)


def upper(sentence: str) -> str:
    """The sentence with a capital, leaving the names in it as they are."""
    return sentence[:1].upper() + sentence[1:]


@singledispatch
def summary(result: Any, prediction: Any = None) -> str:
    """One to three plain sentences on a result; a prediction is scored in the last."""
    raise TypeError(f"result: there is no summary of a {type(result).__name__}")


@summary.register
def _(result: Balance, prediction: Any = None) -> str:
    if not result.requests:
        return f"No request was made, so each of {nodes(len(result.nodes))} has none." + scored(prediction, 0)
    up = int(result.up.sum())
    seed = "" if result.seed is None else f"seed {result.seed}: "
    if not result.counts.any():
        return upper(f"{seed}no node is up, so none of {result.requests:,} requests was served.")
    who = nodes(up) if up == len(result.nodes) else f"the {nodes(up)} that {'is' if up == 1 else 'are'} up"
    text = f"{seed}the busiest of {who} got {result.busiest:,} of {result.requests:,} requests"
    if result.even:
        mean = result.requests / up
        above = 100 * (result.busiest / mean - 1) if mean else 0.0
        text += f", {percent(above)} % above the mean" if above > 1e-9 else ", exactly the mean"
    else:
        node = int(result.counts.argmax())
        text += f": {result.nodes[node]}, whose share is {amount(result.expected[node])}"
    if result.low is not None and result.high is not None:
        inside = int(((result.counts >= result.low) & (result.counts <= result.high))[result.up].sum())
        one = inside == 1 and up == 1
        band = (
            f"ha{'s' if one else 've'} the mean, rounded down or up"
            if result.exact
            else f"lie{'s' * one} inside the 95 % band"
        )
        text += f"; {inside:,} of {nodes(up)} {band}"
    idle = int((result.counts[result.up] == 0).sum())
    text = upper(text) + "."
    if idle:
        text += f" {idle:,} of {nodes(up)} got none."
    down = [name for name, alive in zip(result.nodes, result.up, strict=True) if not alive]
    if down:
        text += (
            f" {listed(down) if len(down) <= 3 else f'{len(down):,} nodes'} {'is' if len(down) == 1 else 'are'} down."
        )
    said = guess(prediction)
    truth = result.busiest if not (said and said[1] == "%") else 100 * result.busiest / result.requests
    return text + cut_short(result) + scored(prediction, truth, 1 if said and said[1] == "%" else 0)


@summary.register
def _(result: Sequence, prediction: Any = None) -> str:
    rows = []
    for label, picks, longest in zip(result.labels, result.picks, result.longest, strict=True):
        shown = " ".join("-" if node < 0 else str(node) for node in picks[:40])
        more = f" and {len(picks) - 40} more" if len(picks) > 40 else ""
        most = "never twice in a row" if longest <= 1 else f"up to {longest} in a row at one node"
        rows.append(f"{label}: {shown}{more}, {most}." if shown else f"{label}: no request yet.")
    return "\n".join(rows) + scored(prediction, result.longest[0])


@summary.register
def _(result: Agreement, prediction: Any = None) -> str:
    rows = [f"{len(result.picks[0]):,} keys, user:0 and on, on {nodes(len(result.nodes))}."]
    for i, (label, same, top) in enumerate(zip(result.labels, result.as_first, result.busiest, strict=True)):
        shared = f"{percent(same)} % of the keys where {result.labels[0]} puts them, " if i else ""
        rows.append(f"{label}: {shared}{percent(top)} % at the busiest node.")
    return "\n".join(rows) + scored(prediction, result.as_first[-1], 1)


@summary.register
def _(result: Luck, prediction: Any = None) -> str:
    rows = []
    for label, top, mean, idle in zip(result.labels, result.busiest, result.means, result.idle, strict=True):
        spread = f"{top.min():,} to {top.max():,}" if np.ptp(top) else "always"
        none = f", {percent(100 * idle / result.nodes)} % of the nodes get none" if idle * 50 > result.nodes else ""
        rows.append(f"{label} {mean:,.{0 if mean >= 1000 else 1}f} in the mean ({spread}){none}")
    runs = {len(top) for top in result.busiest}
    seeds = f"seeds {result.seed} to {result.seed + max(runs) - 1}" if max(runs) > 1 else f"seed {result.seed}"
    text = upper(f"{seeds}, {result.requests:,} requests on {nodes(result.nodes)}. The busiest node gets: ")
    return text + "; ".join(rows) + "." + scored(prediction, result.means[0], 1)


@summary.register
def _(result: Work, prediction: Any = None) -> str:
    rows = []
    for row in result.rows:
        low, high = int(row.counts.min()), int(row.counts.max())
        counts = f"{low:,} requests at every node" if low == high else f"{low:,} to {high:,} requests a node"
        least, most = amount(row.work.min()), amount(row.work.max())
        if least == most:
            rows.append(f"{row.label}: {counts}, and {least} units of work at every node.")
            continue
        times = row.work.max() / result.mean if result.mean else 1.0
        rows.append(
            f"{row.label}: {counts}, but {least} to {most} units of work; the busiest node does {times:.2f} times the "
            "mean."
        )
    return " ".join(rows) + scored(prediction, float(result.rows[0].work.max()))


@summary.register
def _(result: Moves, prediction: Any = None) -> str:
    rows = []
    for row, moved in zip(result.rows, result.percent, strict=True):
        theory = "" if row.theory is None else f" (theory {100 * row.theory:.1f} %)"
        same = row.before == row.after
        change = f"the same {nodes(len(row.after))}" if same else f"{len(row.before):,} to {nodes(len(row.after))}"
        rows.append(f"{row.label}, {change}: {row.moved:,} of {result.keys:,} keys moved, {moved:.1f} %{theory}.")
    return " ".join(rows) + scored(prediction, result.percent[0], 1)


@summary.register
def _(result: HotKeys, prediction: Any = None) -> str:
    total = max(1, result.requests)
    hot, node, busiest = int(result.hottest.sum()), int(result.hottest.argmax()), int(result.counts.argmax())
    where = (
        f"all at {result.nodes[node]}"
        if result.hottest[node] == hot
        else f"shared by {int((result.hottest > 0).sum())} nodes"
    )
    text = (
        f"Seed {result.seed}: the hottest of {result.keys:,} keys makes {hot:,} of {result.requests:,} requests, "
        f"{percent(100 * hot / total)} %, {where}. The busiest node, {result.nodes[busiest]}, got "
        f"{int(result.counts[busiest]):,} requests, "
        f"{result.counts[busiest] / max(result.mean, 1e-9):.2f} times the mean."
    )
    if not result.requests:
        text = f"Seed {result.seed}: no request yet."
    said = guess(prediction)
    top = float(result.counts[busiest])
    in_percent = said is not None and said[1] == "%"
    return text + cut_short(result) + scored(prediction, 100 * top / total if in_percent else top, int(in_percent))


@summary.register
def _(result: KeyCounts, prediction: Any = None) -> str:
    return str(result) + scored(prediction, float(result.counts.max(initial=0)))


@summary.register
def _(result: Growth, prediction: Any = None) -> str:
    rows = []
    for label, gap, share in zip(result.labels, result.gaps, result.relative, strict=True):
        rows.append(
            f"{label}: from {gap[0]:,.1f} to {gap[-1]:,.1f} requests, and from {percent(share[0])} to "
            f"{percent(share[-1])} % of the mean."
        )
    return (
        f"From {result.at[0]:,} to {result.at[-1]:,} requests on {nodes(result.nodes)}, the busiest node stands "
        f"above the mean by (mean of {result.runs} runs) " + " ".join(rows) + scored(prediction, result.gaps[0][-1])
    )
