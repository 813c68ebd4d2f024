"""Requests flowing to nodes, computed beforehand: a `Trace` says when each request did what.

traffic.py makes one from a selector. The player (play.py) plays it, the still picture (lanes.py) shows it whole, and
words.py says what is happening at one moment of it.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore._counting import bincount
from lbcore.lab.frame.inputs import legible
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess
from lbcore.lab.player import lanes, words
from lbcore.lab.player.columns import Event, amount, column, events_of, origin_of, times_of

__all__ = ["Trace"]


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
    that is None, it knows at once. `members` say when a node is added (up) or removed: one whose first event is that
    it is added was not there before. `moved_keys` says of how many of the `keys` different keys each of them changes
    the node.

    `looks_s` are the times at which the balancer looks at the loads. `hung_up_s` is when the client of each request
    goes away (NaN: it stays until the end); its node goes on with the work. A request is late from `late_s` after it
    left its client.
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
    members: tuple[Event, ...] = ()
    moved_keys: tuple[int, ...] = ()
    keys: int = 0
    looks_s: NDArray[np.float64] | None = None
    hung_up_s: NDArray[np.float64] | None = None
    late_s: float | None = None

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
        put(self, "events", events_of("events", self.events, n))
        if self.noticed is not None:
            put(self, "noticed", events_of("noticed", self.noticed, n))
        put(self, "members", events_of("members", self.members, n))
        put(self, "moved_keys", tuple(int(count) for count in self.moved_keys))
        if self.moved_keys and len(self.moved_keys) != len(self.members):
            raise ValueError(f"moved_keys: expected {len(self.members)} values, got {len(self.moved_keys)}")
        if self.looks_s is not None:
            put(self, "looks_s", times_of("looks_s", self.looks_s))
        if self.hung_up_s is not None:
            hung_up = column("hung_up_s", self.hung_up_s, np.float64, m, gaps=True)
            if (hung_up > np.where(served, end, arrival)).any() or (hung_up < arrival - travel).any():
                raise ValueError("hung_up_s: a client goes away between sending its request and the end")
            put(self, "hung_up_s", hung_up)
        if self.late_s is not None:
            put(self, "late_s", amount("late_s", self.late_s))
        if self.origin is not None:
            put(self, "origin", origin_of(self.origin, arrival, node, end))
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
        news = (*self.events, *(self.noticed or ()), *self.members)
        events = max((event.time_s for event in news), default=0.0)
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

    @cached_property
    def turned_late_s(self) -> NDArray[np.float64]:
        """The times at which requests become late, in order: not done yet, `late_s` after they left their clients."""
        if self.late_s is None:
            return np.empty(0)
        due = self.sent_s + self.late_s
        for i in np.flatnonzero(~self.first):
            due[i] = due[self.origin[i]]  # type: ignore[index]
        last = (self.node >= 0) & ~self.moved
        return np.sort(due[last & (self.end_s > due)])

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
