"""Requests flowing to nodes, computed beforehand: a `Trace` says when each request did what.

traffic.py makes one from a selector. The player (player.py) plays it, the still picture (lanes.py) shows it whole,
and `sentence` says in words what is happening at one moment of it.
"""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Event", "Moment", "Trace", "moment", "sentence"]

#: Up to here the sentence lists every node's share.
MOST_LISTED = 12


class Event(NamedTuple):
    """A node goes down (`up` is False) or comes back (`up` is True)."""

    time_s: float
    node: int
    up: bool


def column(name: str, values: Any, dtype: Any, length: int | None = None, *, gaps: bool = False) -> NDArray[Any]:
    """`values` as a read-only array of one dimension, all of it finite unless `gaps` allows NaN."""
    try:
        found = np.array(values)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected a list of numbers") from None
    if found.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got {found.ndim}")
    if found.size and found.dtype.kind not in ("b" if dtype is np.bool_ else "iuf" if dtype is np.float64 else "iu"):
        raise TypeError(f"{name}: expected {np.dtype(dtype).name} values, got {found.dtype}")
    if length is not None and len(found) != length:
        raise ValueError(f"{name}: expected {length} values, got {len(found)}")
    array = found.astype(dtype)
    if dtype is np.float64 and (np.isinf(array).any() or (not gaps and np.isnan(array).any())):
        raise ValueError(f"{name}: every value must be a finite number")
    array.setflags(write=False)
    return array


def amount(name: str, value: Any, *, above: float | None = None) -> float:
    """`value` as a finite float, at least 0, or above `above`."""
    if isinstance(value, (bool, str, bytes)):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}") from None
    if not math.isfinite(number):
        raise ValueError(f"{name}: {value!r} is not a finite number")
    if number <= above if above is not None else number < 0:
        raise ValueError(f"{name}: {value!r} is not {'above 0' if above is not None else '0 or more'}")
    return number


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """What happened to every request, in the order in which they reach their nodes.

    A request leaves its client `travel_s` before it arrives, is picked a node half-way, arrives, waits, and is
    served from `start_s` to `end_s`. A request with node -1 was refused by the balancer: its `arrival_s` is when it
    would have arrived, its start and end are NaN. `group` numbers the requests' keys from 0 (-1: one of the other
    keys); where it is None, a request has the colour of its node. `ok` is False where serving it failed.
    """

    nodes: tuple[str, ...]
    arrival_s: NDArray[np.float64]
    node: NDArray[np.int32]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    speeds: NDArray[np.float64] | None = None
    travel_s: float = 0.8
    group: NDArray[np.int32] | None = None
    group_names: tuple[str, ...] = ()
    ok: NDArray[np.bool_] | None = None
    events: tuple[Event, ...] = ()
    name: str = "the balancer"

    def __post_init__(self) -> None:
        """Check every part against the others; arrays become read-only copies."""
        put = object.__setattr__
        if isinstance(self.nodes, (str, bytes)) or not all(isinstance(name, str) for name in self.nodes):
            raise TypeError("nodes: expected a list of names")
        put(self, "nodes", tuple(self.nodes))
        n = len(self.nodes)
        if not n:
            raise ValueError("nodes: at least one node is needed")
        arrival = column("arrival_s", self.arrival_s, np.float64)
        m = len(arrival)
        node = column("node", self.node, np.int32, m)
        start, end = (column(k, getattr(self, k), np.float64, m, gaps=True) for k in ("start_s", "end_s"))
        speeds = np.ones(n) if self.speeds is None else self.speeds
        speeds = column("speeds", speeds, np.float64, n)
        travel = amount("travel_s", self.travel_s)
        if m and (node.min() < -1 or node.max() >= n):
            raise ValueError(f"node: every value must lie between -1 and {n - 1}")
        if (np.diff(arrival) < 0).any():
            raise ValueError("arrival_s: the requests must be in the order of their arrival")
        if m and arrival[0] < travel:
            raise ValueError("arrival_s: a request arrives earlier than travel_s after time 0")
        if (speeds <= 0).any():
            raise ValueError("speeds: every speed must be above 0")
        served = node >= 0
        if np.isnan(start[served]).any() or np.isnan(end[served]).any():
            raise ValueError("start_s, end_s: every request that has a node needs both")
        if not (np.isnan(start[~served]).all() and np.isnan(end[~served]).all()):
            raise ValueError("start_s, end_s: a refused request (node -1) has NaN")
        if (start[served] < arrival[served]).any() or (end[served] < start[served]).any():
            raise ValueError("start_s, end_s: a request arrives, then starts, then ends")
        group = None if self.group is None else column("group", self.group, np.int32, m)
        ok = None if self.ok is None else column("ok", self.ok, np.bool_, m)
        events = []
        for time_s, where, up in self.events:
            where = operator.index(where)
            if not 0 <= where < n:
                raise ValueError(f"events: node {where} is not between 0 and {n - 1}")
            events.append(Event(amount("events", time_s), where, bool(up)))
        put(self, "events", tuple(sorted(events, key=lambda event: event.time_s)))
        put(self, "group_names", tuple(str(name) for name in self.group_names))
        columns = {
            "arrival_s": arrival,
            "node": node,
            "start_s": start,
            "end_s": end,
            "speeds": speeds,
            "travel_s": travel,
            "group": group,
            "ok": ok,
        }
        for key, value in columns.items():
            put(self, key, value)

    def __len__(self) -> int:
        """How many requests there are."""
        return len(self.arrival_s)

    def __repr__(self) -> str:
        """Short and the same on every run: notebooks compare it."""
        return f"Trace({len(self)} requests, {len(self.nodes)} nodes, {clock(self, self.duration_s)})"

    @cached_property
    def _last_s(self) -> float:
        refused = self.arrival_s[self.node < 0]
        ends = self.end_s[self.node >= 0]
        events = max((event.time_s for event in self.events), default=0.0)
        return max(float(refused.max(initial=0.0)), float(ends.max(initial=0.0)), events)

    @property
    def digits(self) -> int:
        """How many decimals a time of this trace is written with."""
        return 1 if self._last_s >= 3 else 2 if self._last_s >= 0.3 else 3

    @property
    def duration_s(self) -> float:
        """When the last request has ended, rounded up to the last written decimal."""
        scale = float(10**self.digits)
        return max(1, math.ceil(self._last_s * scale)) / scale

    @property
    def sent_s(self) -> NDArray[np.float64]:
        """When each request leaves its client."""
        return self.arrival_s - self.travel_s

    @property
    def picked_s(self) -> NDArray[np.float64]:
        """When the balancer picks a node for each request, or refuses it."""
        return self.arrival_s - self.travel_s / 2

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many requests each node gets in all."""
        return np.bincount(self.node[self.node >= 0], minlength=len(self.nodes))

    @cached_property
    def longest_queues(self) -> NDArray[np.int64]:
        """The longest queue of each node: waiting requests, without the one that is being served."""
        longest = np.zeros(len(self.nodes), np.int64)
        for node in range(len(self.nodes)):
            mine = self.node == node
            arrivals, starts = self.arrival_s[mine], np.sort(self.start_s[mine])
            waiting = np.arange(1, len(arrivals) + 1) - np.searchsorted(starts, arrivals, "right")
            longest[node] = waiting.max(initial=0)
        return longest


@dataclass(frozen=True)
class Moment:
    """The counts at one moment of a trace; `shares`, `waiting`, `serving` and `up` have one entry a node."""

    sent: int
    on_way: int
    refused: int
    shares: tuple[int, ...]
    waiting: tuple[int, ...]
    serving: tuple[int, ...]
    done: int
    failed: int
    up: tuple[bool, ...]


def moment(trace: Trace, time_s: float) -> Moment:
    """Count what has happened up to and including `time_s`."""
    n = len(trace.nodes)

    def by_node(happened: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(trace.node[happened], minlength=n)

    served = trace.node >= 0
    sent = int((trace.sent_s <= time_s).sum())
    refused = int((~served & (trace.picked_s <= time_s)).sum())
    arrived = by_node(served & (trace.arrival_s <= time_s))
    started = by_node(served & (trace.start_s <= time_s))
    ended = served & (trace.end_s <= time_s)
    up = [True] * n
    for event in trace.events:
        if event.time_s <= time_s:
            up[event.node] = event.up
    return Moment(
        sent=sent,
        on_way=sent - refused - int(arrived.sum()),
        refused=refused,
        shares=tuple(arrived.tolist()),
        waiting=tuple((arrived - started).tolist()),
        serving=tuple((started - by_node(ended)).tolist()),
        done=int(ended.sum()),
        failed=0 if trace.ok is None else int((ended & ~trace.ok).sum()),
        up=tuple(up),
    )


def clock(trace: Trace, time_s: float) -> str:
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


def sentence(trace: Trace, time_s: float) -> str:
    """Say what is happening at a moment of the trace; the player shows the same words."""
    now, total, names = moment(trace, time_s), len(trace), trace.nodes
    if total and now.done + now.refused == total:
        head = "all requests are done" if total > 1 else "the request is done"
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
    down = [name for name, up in zip(names, now.up, strict=True) if not up]
    if len(down) > 3:
        parts.append(f"{len(down)} nodes are down")
    elif down:
        parts.append(f"{', '.join(down)} {'is' if len(down) == 1 else 'are'} down")
    if now.refused:
        parts.append(f"{now.refused:,} refused")
    if now.failed:
        parts.append(f"{now.failed:,} failed")
    parts.append(f"{'share' if len(names) == 1 else 'shares'} {shares_text(names, now.shares)}")
    return f"{clock(trace, time_s)}: {'; '.join(parts)}."
