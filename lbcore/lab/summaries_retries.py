"""The experiments on retries in words."""

import math
from typing import Any

from lbcore.lab.results_retries import Amplified, BrownOut, Crowd, Reassigned, Stampede
from lbcore.lab.summaries import listed, scored, summary, upper

__all__ = ["times"]


def times(value: float) -> str:
    """A factor in words: 1.11, 4, 1,331."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")


def some(count: int, what: str) -> str:
    """1 retry, 2 retries."""
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count:,} {what if count == 1 else plural}"


@summary.register
def _(result: Reassigned, prediction: Any = None) -> str:
    sent = len(result.paths)
    failed = sent - sum(result.served)
    vain = result.attempts - sum(result.served)
    down = [f"node {node}" for node in result.down]
    who = f"{listed(down)} of {result.nodes} {'is' if len(down) == 1 else 'are'} down" if down else "every node is up"
    text = (
        f"Error threshold {result.threshold}, up to {some(result.retries, 'retry')}, {who}. "
        f"{some(sent, 'request')} took {some(result.attempts, 'attempt')}, {vain:,} of them in vain; "
    )
    text += "all were served." if not failed else f"{failed:,} {'was' if failed == 1 else 'were'} never served."
    if result.per == "request":
        text += (
            f" A request counts its own errors: it gets to {some(result.reach, 'node')} at most, "
            f"{result.retries + 1} / {result.threshold} rounded up."
        )
    if sent <= 24:
        text += f" Paths: {', '.join('-'.join(map(str, path)) for path in result.paths)}."
    return text + scored(prediction, result.attempts)


@summary.register
def _(result: BrownOut, prediction: Any = None) -> str:
    each = "" if result.budget is None else f"{result.budget / 100:g}"
    retries = f"min({result.retries}, {each})" if each else str(result.retries)
    after_s = len(result.good) - result.back_s
    text = (
        f"seed {result.seed}, {result.policy}: {result.rate:,} requests a second, capacity {result.capacity:,}. "
        f"While all of them fail it asks for {result.rate:,} x (1 + {retries}) = {result.asked:,.0f} a second. "
    )
    refused = int(result.refused.sum())
    if refused:
        text += f"The breaker kept {refused:,} attempts back. "
    text += (
        f"In the last ten seconds {result.last_attempts:,.0f} attempts a second reached the service and "
        f"{result.last_good:,.0f} requests a second were answered in time: "
    )
    if math.isinf(result.recovery_s):
        text += f"{after_s:,.0f} s after the brown-out it has not recovered."
    elif result.recovery_s == 0:
        text += "it was well again as soon as the brown-out was over."
    else:
        text += f"it recovered {result.recovery_s:,.0f} s after the brown-out."
    return upper(text) + scored(prediction, result.last_good)


@summary.register
def _(result: Amplified, prediction: Any = None) -> str:
    rows = []
    for layers, measured, theory in zip(result.layers, result.attempts, result.theory, strict=True):
        parts = [
            f"{times(measured[at])} (theory {times(theory[at * (len(theory) - 1) // 10])}) at {10 * at} % failures"
            for at in (1, 5, 10)
        ]
        rows.append(f"{some(layers, 'layer')}: {listed(parts)}")
    text = f"Seed {result.seed}, up to {some(result.retries, 'retry')}. Attempts for each request, {'; '.join(rows)}."
    return text + scored(prediction, result.attempts[0][-1], 2)


@summary.register
def _(result: Crowd, prediction: Any = None) -> str:
    rows, runs = [], len(result.time_s[0])
    for rule, time_s, calls in zip(result.rules, result.time_s, result.calls, strict=True):
        took = time_s.mean()
        when = f"{took * 1000:,.0f} ms" if took < 1 else f"{took:,.1f} s"
        rows.append(f"{rule} {some(round(calls.mean()), 'write')} in {when}")
    seeds = f"seeds {result.seed} to {result.seed + runs - 1}, means" if runs > 1 else f"seed {result.seed}"
    text = upper(f"{seeds}: {some(result.clients, 'client')} and one row, until each has written once.")
    told = "".join(f"\n{upper(row)}." for row in rows) if len(rows) > 2 else f" {upper('; '.join(rows))}."
    return text + told + scored(prediction, float(result.calls[0].mean()))


@summary.register
def _(result: Stampede, prediction: Any = None) -> str:
    where = "Real threads on this machine's clock" if result.live else f"Simulated time, seed {result.seed}"
    rows = [
        f"with {rule} {some(most, 'retry')} in the busiest 50 ms and {calls:,} calls in all"
        for rule, most, calls in zip(result.rules, result.busiest, result.calls, strict=True)
    ]
    return (
        f"{where}: {some(result.clients, 'client')} call a service that is down for {result.down_s:g} s. "
        f"{upper('; '.join(rows))}." + scored(prediction, result.busiest[0])
    )
