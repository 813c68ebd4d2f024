"""The experiments on failover in words."""

import math
from typing import Any

from lbcore.lab.results_failover import Cascade, Deposits, Failover, Road, Survivors
from lbcore.lab.summaries import listed, nodes, scored, summary, upper

__all__ = ["asked", "began", "over_s", "some"]


def some(count: int, what: str) -> str:
    """1 request, 2 requests."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def over_s(length_s: float) -> str:
    """A time in seconds, as exact as it matters."""
    return f"{length_s:.2f}".rstrip("0").rstrip(".") + " s" if length_s < 9.95 else f"{length_s:.1f} s"


def began(result: Failover) -> str:
    """What befell the node."""
    words = {
        "crash": "crashes",
        "pause": "stands still",
        "requests lost": "is sent requests that get lost",
        "answers lost": "answers, and its answers get lost,",
    }
    return words[result.setting.fault]


def asked(result: Survivors) -> float:
    """What theory expects of a survivor: n / (n - 1) times its share."""
    n = len(result.nodes[0])
    return n / (n - 1)


@summary.register
def _(result: Failover, prediction: Any = None) -> str:
    setting, report = result.setting, result.report
    text = "live: " if result.live else f"seed {setting.seed}: "
    text += f"{result.node} of {nodes(setting.nodes)} {began(result)} at {setting.at_s:g} s"
    caught = len(result.caught)
    if result.noticed_s is None:
        why = "nobody watches it" if setting.policy == "nothing" else "the balancer does not count it as failed"
        text = f"{upper(text)}, and {why}. {some(caught, 'request')} of {report.submitted:,} got no answer there."
    else:
        assert result.expected is not None
        text = (
            f"{upper(text)}; the balancer notices after {over_s(result.noticed_s - setting.at_s)}. By then "
            f"{some(caught, 'request')} {'is' if caught == 1 else 'are'} caught there (theory: "
            f"{setting.rate_per_s / setting.nodes:.3g} a second for so long, {result.expected:.1f}, and what it held)"
        )
        text += "" if not caught else ", and" if result.moved == caught else f". Of those {result.moved:,}"
        text += (
            f" {'is moved to another node' if result.moved == 1 else 'are moved to other nodes'}." if caught else "."
        )
    account = f"{report.submitted:,} submitted = {report.completed:,} completed + {report.failed:,} failed"
    pending = report.submitted - report.completed - report.failed
    account += f" + {pending:,} under way" if pending else ""
    text += f" {account}; {len(result.twice) or 'none'} done twice."
    if report.submitted > pending:
        usual = f", where {over_s(result.usual_s)} was the slowest before" if math.isfinite(result.usual_s) else ""
        took_s = result.latencies_s[~_nan(result.latencies_s)]
        text += f" The slowest took {over_s(float(took_s.max()))}{usual}."
    if not pending:
        text += (
            " It had not recovered by the end."
            if result.recovery_s is None
            else f" Time to recover: {over_s(result.recovery_s)}."
        )
    return text + ("" if result.recovery_s is None else scored(prediction, result.recovery_s, 2))


def _nan(values: Any) -> Any:
    return values != values


@summary.register
def _(result: Survivors, prediction: Any = None) -> str:
    rows = []
    for label, names, after, most in zip(result.labels, result.nodes, result.after, result.busiest, strict=True):
        left = len(names) - 2 if label == "backup" else len(names) - 1
        if label == "backup":
            rows.append(
                f"With a backup, {names[-1]} gets the {after[-1]:.1f} a second of {result.dead}, and the others what "
                f"they had: {most:.2f} times it."
            )
        else:
            rows.append(
                f"Reassigned, {'each survivor' if left > 1 else 'the survivor'} gets up to {after.max():.1f} a second: "
                f"{most:.2f} times as many (theory: {left + 1}/{left} = {asked(result):.2f})."
            )
    text = (
        f"One of {nodes(len(result.nodes[0]))}, {result.dead}, crashes; each had {result.share:.1f} requests a second. "
    )
    return text + " ".join(rows) + scored(prediction, result.busiest[0], 2)


@summary.register
def _(result: Cascade, prediction: Any = None) -> str:
    n, (first, *others) = len(result.nodes), result.deaths
    text = (
        f"{nodes(n)}, each {result.load} % busy. {first[0]} crashes at {over_s(first[1])}, which leaves "
        f"{'the others' if n > 2 else 'the other'} {result.after:.4g} % of what {'they' if n > 2 else 'it'} can do. "
    )
    if others:
        died = [f"{name} at {at_s:.1f} s" for name, at_s in others]
        text += f"Holding {some(result.limit, 'request')} is too much for a node, so {listed(died)} "
        text += "dies too. " if len(died) == 1 else "die too. "
    elif result.after > 100:
        text += (
            f"Their queues grow; up to {result.seconds:g} s none holds {result.limit:,} requests, so none dies of it. "
        )
    else:
        text += "They hold out. "
    account = f"{result.submitted:,} submitted = {result.completed:,} completed + {result.failed:,} failed."
    return text + account


@summary.register
def _(result: Deposits, prediction: Any = None) -> str:
    rows = []
    for row in result.rows:
        money = [f"{label} {balance:,}" for label, balance in zip(result.labels, row.balances, strict=True)]
        which = "none" if not row.done else "all" if row.done == row.unanswered else f"{row.done:,}"
        rows.append(
            f"{row.fault}: {some(row.unanswered, 'attempt')} unanswered, {which} of them done all the same, balance "
            f"{listed(money) if len(money) > 1 else f'{row.balances[0]:,}'}"
        )
    text = f"Seed {result.seed}, {some(result.requests, 'deposit')} of 1. "
    return text + upper("; ".join(rows)) + "."


@summary.register
def _(result: Road, prediction: Any = None) -> str:
    rows = []
    for one in result.stages:
        twice = f", {one.twice:,} done twice" if one.twice else ""
        parts = [f"{one.in_time:,} in time", f"{one.late:,} late"]
        parts += [f"{one.hanging:,} still waiting"] if one.hanging else [f"{one.failed:,} failed"]
        rows.append(f"{one.label}: {' + '.join(parts)} = {one.submitted:,}{twice}.")
    loss = f"{100 * result.loss:g} % of the messages are lost" if result.loss else "no message is lost"
    head = f"Seed {result.seed}: {result.node} crashes at {over_s(result.at_s)}, {loss}."
    return "\n".join([head, *(upper(row) for row in rows)])
