"""A trace in words: the whole of it, and one moment of it, as the player says it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lbcore._counting import bincount

if TYPE_CHECKING:
    from lbcore.lab.player.columns import Event
    from lbcore.lab.player.trace import Trace

__all__ = ["Moment", "at_first", "clock", "moment", "said", "sentence", "whole"]

#: Up to here the sentence lists every node's share.
MOST_LISTED = 12


@dataclass(frozen=True)
class Moment:
    """The counts at one moment of a trace; those from `shares` to `serving`, and the last three, have one entry a node.

    `gone`: requests that their clients have given up. `trusted`: whether the balancer takes each node to be up.
    `there`: whether it has been added, and not been removed.
    """

    sent: int
    on_way: int
    moved: int
    refused: int
    shares: tuple[int, ...]
    waiting: tuple[int, ...]
    serving: tuple[int, ...]
    done: int
    failed: int
    late: int
    gone: int
    up: tuple[bool, ...]
    trusted: tuple[bool, ...]
    there: tuple[bool, ...]


def moment(trace: "Trace", time_s: float) -> Moment:
    """Count what has happened up to and including `time_s`."""
    n = len(trace.nodes)

    def by_node(happened: NDArray[np.bool_]) -> NDArray[np.int64]:
        return bincount(trace.node[happened], minlength=n)

    served = trace.node >= 0
    sent = int((trace.first & (trace.sent_s <= time_s)).sum())
    moved = int((~trace.first & (trace.sent_s <= time_s)).sum())
    refused = int((~served & (trace.picked_s <= time_s)).sum())
    arrived = by_node(served & (trace.arrival_s <= time_s))
    started = by_node(served & (trace.start_s <= time_s))
    ended = served & (trace.end_s <= time_s)
    over = ended & ~trace.moved
    up = _state(trace.events, [True] * n, time_s)
    return Moment(
        sent=sent,
        on_way=sent + moved - refused - int(arrived.sum()),
        moved=moved,
        refused=refused,
        shares=tuple(arrived.tolist()),
        waiting=tuple((arrived - started).tolist()),
        serving=tuple((started - by_node(ended)).tolist()),
        done=int(over.sum()),
        failed=0 if trace.ok is None else int((over & ~trace.ok).sum()),
        late=int((trace.turned_late_s <= time_s).sum()),
        gone=0 if trace.hung_up_s is None else int((trace.hung_up_s <= time_s).sum()),
        up=up,
        trusted=up if trace.noticed is None else _state(trace.noticed, [True] * n, time_s),
        there=_state(trace.members, at_first(trace), time_s),
    )


def at_first(trace: "Trace") -> list[bool]:
    """Which nodes are there from the start: not those that are added before they are removed."""
    there = [True] * len(trace.nodes)
    for event in reversed(trace.members):
        there[event.node] = not event.up
    return there


def _state(events: "Sequence[Event]", at_first: list[bool], time_s: float) -> tuple[bool, ...]:
    """Which nodes are up, taken to be, or there, after the events up to a time."""
    up = list(at_first)
    for event in events:
        if event.time_s <= time_s:
            up[event.node] = event.up
    return tuple(up)


def clock(trace: "Trace", time_s: float) -> str:
    """A time, as it is written throughout this trace."""
    # Half-way cases are rounded up, as the player does: format() would round them to even.
    ticks = math.floor(time_s * 10**trace.digits + 0.5)
    return f"{ticks / 10**trace.digits:.{trace.digits}f} s"


def shares_text(names: Sequence[str], counts: Sequence[int]) -> str:
    """Every node's share; the least and the greatest where there are many."""
    if len(counts) <= MOST_LISTED:
        return ", ".join(map(str, counts))
    low, high = min(counts), max(counts)
    return f"from {low} ({names[counts.index(low)]}) to {high} ({names[counts.index(high)]})"


def sentence(trace: "Trace", time_s: float) -> str:
    """Say what is happening at a moment of the trace; the player shows the same words."""
    return f"{clock(trace, time_s)}: {said(trace, time_s)}."


def said(trace: "Trace", time_s: float) -> str:
    """The sentence without its time."""
    now, total, names = moment(trace, time_s), len(trace), trace.nodes
    if total and now.done + now.refused == total:
        done = not now.failed and not now.refused
        several, one = ("are done", "is done") if done else ("have ended", "has ended")
        head = f"all requests {several}" if total > 1 else f"the request {one}"
    elif total and now.sent == total:
        head = f"all {total:,} requests have been sent" if total > 1 else "the request has been sent"
    else:
        head = f"{now.sent:,} of {total:,} requests {'has' if now.sent == 1 else 'have'} been sent"
    if now.on_way:
        head += f", {now.on_way:,} {'is' if now.on_way == 1 else 'are'} on the way"
    parts = [head]
    busy = [node for node, count in enumerate(now.waiting) if count]
    if len(busy) > 3:
        most = max(now.waiting)
        at = names[now.waiting.index(most)]
        parts.append(f"{sum(now.waiting):,} are waiting at {len(busy)} nodes, most at {at} ({most})")
    elif busy:
        parts.append(", ".join(f"{names[node]} has {now.waiting[node]} waiting" for node in busy))
    elif now.done + now.refused < total:
        parts.append("none is waiting")
    # Of a node that is not there nothing else is said.
    states = [pair if there else None for *pair, there in zip(now.up, now.trusted, now.there, strict=True)]
    for state, words in (
        ([False, True], ("down, not noticed yet", "down, not noticed yet")),
        ([False, False], ("down", "down")),
        ([True, False], ("up, but counts as down", "up, but count as down")),
        (None, ("not there", "not there")),
    ):
        those = [name for name, found in zip(names, states, strict=True) if found == state]
        if len(those) > 3:
            parts.append(f"{len(those)} nodes are {words[1]}")
        elif those:
            parts.append(f"{', '.join(those)} {'is' if len(those) == 1 else 'are'} {words[len(those) > 1]}")
    if now.moved:
        parts.append(f"{now.moved:,} moved to another node")
    if now.refused:
        parts.append(f"{now.refused:,} refused")
    if now.failed:
        parts.append(f"{now.failed:,} failed")
    if now.gone:
        parts.append(f"{now.gone:,} given up by {'its client' if now.gone == 1 else 'their clients'}")
    if trace.late_s is not None:
        parts.append(f"{now.late:,} late (not done after {_short(trace.late_s)} s)")
    parts.append(f"{'share' if len(names) == 1 else 'shares'} {shares_text(names, now.shares)}")
    return "; ".join(parts)


def _short(time_s: float) -> str:
    """In two digits."""
    return f"{float(f'{time_s:.2g}'):g}"


def whole(result: "Trace") -> str:
    """Who got how many, and how long they queued."""
    counts, longest, names = result.counts.tolist(), result.longest_queues.tolist(), result.nodes
    m, n = len(result), len(names)
    text = f"{result.name[:1].upper()}{result.name[1:]} sent {m:,} request{'s' * (m != 1)} to {n} node{'s' * (n != 1)}"
    text += f" in {clock(result, result.duration_s)}{f': {shares_text(names, counts)}' if n > 1 else ''}."
    refused = int((result.node < 0).sum())
    if refused:
        text += f" {refused:,} {'was' if refused == 1 else 'were'} refused."
    moved = int(result.moved.sum())
    if moved:
        text += f" {moved:,} {'was' if moved == 1 else 'were'} moved to another node."
    for k, event in enumerate(result.members):
        keys = f": {result.moved_keys[k]} of {result.keys} keys moved" if result.moved_keys else ""
        what = "added" if event.up else "removed"
        text += f" {names[event.node]} was {what} at {clock(result, event.time_s)}{keys}."
    failed = 0 if result.ok is None else int((~result.ok & ~result.moved & (result.node >= 0)).sum())
    if failed:
        text += f" {failed:,} failed."
    gone = 0 if result.hung_up_s is None else int((~np.isnan(result.hung_up_s)).sum())
    if gone:
        text += f" {gone:,} {'was given up by its client' if gone == 1 else 'were given up by their clients'}."
    if result.late_s is not None:
        late = len(result.turned_late_s)
        text += (
            f" {late:,} {'was' if late == 1 else 'were'} late: not done {_short(result.late_s)} s after they were sent."
        )
    most = max(longest)
    if not most:
        return f"{text} None had to wait."
    served = result.node >= 0
    mean_s = float((result.start_s - result.arrival_s)[served].sum() / (served & result.first).sum())
    return (
        f"{text} The longest queue was {most}, at {names[longest.index(most)]}; "
        f"a request waited {mean_s:.2f} s on average."
    )
