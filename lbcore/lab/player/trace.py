"""Requests flowing to nodes, computed beforehand: a `Trace` says when each request did what.

traffic.py makes one from a selector. The player (play.py) plays it, the still picture (lanes.py) shows it whole, and
words.py says what is happening at one moment of it.
"""

import math
import operator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore._counting import bincount
from lbcore.lab.frame.inputs import legible
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess
from lbcore.lab.player import lanes, words

__all__ = ["Event", "Trace"]


class Event(NamedTuple):
    """A node goes down (`up` is False) or comes back (`up` is True), or the balancer takes it for so."""

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
class Trace(Result):
    """What happened to every request, in the order in which they reach their nodes.

    A request leaves its client `travel_s` before it arrives, is picked a node half-way, arrives, waits, and is
    served from `start_s` to `end_s`. A request with node -1 was refused by the balancer: its `arrival_s` is when it
    would have arrived, its start and end are NaN. `group` numbers the requests' keys from 0 (-1: one of the other
    keys); where it is None, a request has the colour of its node. `ok` is False where serving it failed.

    A request that is moved from node to node has an entry for each visit, and `origin` the entry that a visit follows
    (-1: it comes from its client). It leaves that node at the end of that entry, undone, and passes the balancer on
    its way. `events` say when nodes go down and come back, `noticed` when the balancer takes them for so; where
    that is None, it knows at once.
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
    origin: NDArray[np.int32] | None = None
    noticed: tuple[Event, ...] | None = None

    def __post_init__(self) -> None:
        """Check every part against the others; arrays become read-only copies."""
        put = object.__setattr__
        if isinstance(self.nodes, (str, bytes)) or not all(isinstance(name, str) for name in self.nodes):
            raise TypeError("nodes: expected a list of names")
        put(self, "nodes", tuple(self.nodes))
        legible("nodes", self.nodes)
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
        put(self, "events", _events("events", self.events, n))
        if self.noticed is not None:
            put(self, "noticed", _events("noticed", self.noticed, n))
        if self.origin is not None:
            put(self, "origin", _origin(self.origin, arrival, node, end))
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
        return int(self.first.sum())

    def __repr__(self) -> str:
        """Short and the same on every run: notebooks compare it."""
        return f"Trace({len(self)} requests, {len(self.nodes)} nodes, {words.clock(self, self.duration_s)})"

    def sentence(self, prediction: Guess | None = None) -> str:
        """Who got how many, and how long they queued."""
        return words.whole(self)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """One lane a node: each request a bar from its arrival to its end, pale while it waits."""
        lanes.draw(fig, self)

    @cached_property
    def _last_s(self) -> float:
        refused = self.arrival_s[self.node < 0]
        ends = self.end_s[self.node >= 0]
        events = max((event.time_s for event in (*self.events, *(self.noticed or ()))), default=0.0)
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

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Whether each entry is a request's first, which comes from its client."""
        return np.ones(len(self.arrival_s), bool) if self.origin is None else self.origin < 0

    @cached_property
    def moved(self) -> NDArray[np.bool_]:
        """Whether each entry ends with the request being moved to another node."""
        moved = np.zeros(len(self.arrival_s), bool)
        if self.origin is not None:
            moved[self.origin[~self.first]] = True
        return moved

    @cached_property
    def sent_s(self) -> NDArray[np.float64]:
        """When each request leaves its client, or the node that it is moved from."""
        sent = self.arrival_s - self.travel_s
        if self.origin is not None:
            sent[~self.first] = self.end_s[self.origin[~self.first]]
        return sent

    @property
    def picked_s(self) -> NDArray[np.float64]:
        """When the balancer picks a node for each request, or refuses it."""
        halves = (self.sent_s + self.arrival_s) / 2
        return np.where(self.first, self.arrival_s - self.travel_s / 2, halves)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many requests each node gets in all."""
        return bincount(self.node[self.node >= 0], minlength=len(self.nodes))

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


def _events(key: str, given: Any, nodes: int) -> tuple[Event, ...]:
    """Events, checked and in the order of time."""
    events = []
    for time_s, where, up in given:
        where = operator.index(where)
        if not 0 <= where < nodes:
            raise ValueError(f"{key}: node {where} is not between 0 and {nodes - 1}")
        events.append(Event(amount(key, time_s), where, bool(up)))
    return tuple(sorted(events, key=lambda event: event.time_s))


def _origin(given: Any, arrival_s: NDArray[Any], node: NDArray[Any], end_s: NDArray[Any]) -> NDArray[np.int32]:
    """The column `origin`, checked: each visit follows an earlier one, which no other visit follows."""
    origin: NDArray[np.int32] = column("origin", given, np.int32, len(arrival_s))
    later = np.flatnonzero(origin != -1)
    before = origin[later]
    if (before < 0).any() or (before >= later).any():
        raise ValueError("origin: every value must be -1 or the number of an earlier entry")
    if len(np.unique(before)) < len(before):
        raise ValueError("origin: two entries follow the same one")
    if (node[before] < 0).any() or (node[later] < 0).any():
        raise ValueError("origin: a request is moved from a node to a node")
    if (end_s[before] > arrival_s[later]).any():
        raise ValueError("origin: a request arrives at a node before it has left the other")
    return origin
