"""One run of a selector request by request: it is told of ends and of the time, and its nodes may come and go."""

import heapq
import inspect
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbcore.lab.player.columns import Event, amount
from lbcore.lab.student import classes

__all__ = ["Change", "Dispatch", "changes_of"]

#: When, and what: "add" a node at the end, or "remove" the last one.
Change = tuple[float, str]


def changes_of(given: Any) -> list[Change]:
    """Changes of the nodes, checked and in the order of time."""
    changes = []
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f'changes: expected a list of (time in seconds, "add" or "remove"), got {given!r}')
    for one in given:
        if not isinstance(one, (tuple, list)) or len(one) != 2 or one[1] not in ("add", "remove"):
            raise ValueError(f'changes: expected (time in seconds, "add" or "remove"), got {one!r}')
        changes.append((amount("changes", one[0]), str(one[1])))
    return sorted(changes, key=operator.itemgetter(0))


class Dispatch:
    """What `classes.run` is to do between the picks, and what comes of them.

    Every node serves one request at a time, first come first served; the selector hears of an end at once. `names` are
    those of all nodes that were there at some time, `node`, `start_s` and `end_s` have one entry a request, `looks_s`
    are the times at which a selector with a view that grows old looked anew.
    """

    def __init__(
        self,
        selector: Any,
        arrival_s: NDArray[np.float64],
        travel_s: float,
        takes_s: NDArray[np.float64],
        speeds: NDArray[np.float64] | None,
        keys: list[Any] | None,
        changes: list[Change],
    ) -> None:
        """takes_s: how long a node of speed 1 serves each request."""
        self.now_s = 0.0
        self.selector = _on_time(selector, lambda: self.now_s)
        self.arrival_s, self.travel_s, self.takes_s, self.speeds = arrival_s, travel_s, takes_s, speeds
        self.keys = list(dict.fromkeys(keys or ()))
        self.changes = list(changes)
        self.names: list[str] = []
        self.members: list[Event] = []
        self.moved_keys: list[int] = []
        self.down: list[int] = []
        self.looks_s: list[float] = []
        self.node = np.full(len(arrival_s), -1, np.int32)
        self.start_s, self.end_s = np.full((2, len(arrival_s)), np.nan)
        self._there: list[int] = []  # the numbers of the nodes that are there, as the selector counts them
        self._free_s: dict[int, float] = {}
        self._ends: list[tuple[float, int]] = []
        self._ages = _ages(self.selector)
        self._release = _release_of(self.selector)

    def before(self, mine: Any, number: int, picks: NDArray[np.int32]) -> None:
        """Everything that happens between the pick before request `number` and its own."""
        if number:
            self._place(mine, number - 1, int(picks[number - 1]))
        else:
            self.names = list(classes.names_of(mine))
            self._there = list(range(len(self.names)))
            up = getattr(mine, "up", ())
            self.down = [i for i, is_up in enumerate(up) if not is_up] if len(up) == len(self.names) else []
        until_s = float(self.arrival_s[number]) - self.travel_s / 2
        while self.changes and self.changes[0][0] <= until_s:
            at_s, what = self.changes.pop(0)
            self._hear(mine, at_s)
            self._change(mine, at_s, what)
        self._hear(mine, until_s)
        self.now_s = until_s

    def finish(self, picks: NDArray[np.int32], names: tuple[str, ...]) -> None:
        """After the last pick. names: of the nodes, where the selector itself did not tell them."""
        self._place(None, len(picks) - 1, int(picks[-1]))
        self.names = self.names or list(names)

    def _place(self, mine: Any, number: int, pick: int) -> None:
        """The request at the node that was picked for it."""
        if self._ages and mine is not None and mine.__getstate__()["served"] == 1:
            self.looks_s.append(self.now_s)
        if pick < 0:
            return
        node = self._there[pick] if self._there else pick
        speed = 1.0 if self.speeds is None or node >= len(self.speeds) else float(self.speeds[node])
        self.node[number] = node
        self.start_s[number] = max(float(self.arrival_s[number]), self._free_s.get(node, 0.0))
        self.end_s[number] = self._free_s[node] = self.start_s[number] + self.takes_s[number] / speed
        heapq.heappush(self._ends, (float(self.end_s[number]), number))

    def _hear(self, mine: Any, until_s: float) -> None:
        """Tell the selector of the requests that have ended."""
        while self._ends and self._ends[0][0] <= until_s:
            self.now_s, number = heapq.heappop(self._ends)
            node = int(self.node[number])
            if self._release is None or (self._there and node not in self._there):
                continue
            at = self._there.index(node) if self._there else node
            waited_s = self.now_s - (float(self.arrival_s[number]) - self.travel_s / 2)
            try:
                mine.release(at, **({"latency_s": waited_s} if self._release else {}))
            except Exception as error:
                if not classes.is_plain(mine):
                    raise
                raise classes.StudentError(
                    f"Request {number + 1}: {classes.name_of(mine)}.release() failed with "
                    f"{type(error).__name__}: {error}"
                ) from error

    def _change(self, mine: Any, at_s: float, what: str) -> None:
        if not callable(getattr(mine, what, None)) or not self.names:
            raise TypeError(f"changes: {classes.name_of(mine)} has no {what}(), so its nodes stay as they are")
        before = self._homes(mine)
        if what == "add":
            name = next(f"node-{i}" for i in range(len(self.names) + 1) if f"node-{i}" not in self.names)
            mine.add(name)
            which = len(self.names)
            self.names.append(name)
            self._there.append(which)
        else:
            if len(self._there) == 1:
                raise ValueError("changes: the last node cannot be removed")
            mine.remove(len(self._there) - 1)
            which = self._there.pop()
        self.members.append(Event(at_s, which, what == "add"))
        self.moved_keys.append(sum(a != b for a, b in zip(before, self._homes(mine), strict=True)))

    def _homes(self, mine: Any) -> list[int]:
        """The node of each key, as a copy of the selector would pick now."""
        other = classes.duplicate(mine) if self.keys else None
        return [] if other is None else [self._there[other.select(key)] for key in self.keys]


def _on_time(selector: Any, clock: Any) -> Any:
    """A copy of the selector whose clock, if it has one, is that of the trace."""
    if classes.is_plain(selector):
        return selector
    state = selector.__getstate__()
    if "clock" not in state:
        return selector
    kind: Any = type(selector)
    other = kind.__new__(kind)
    since_s = state["now_s"]
    other.__setstate__({**state, "clock": lambda: since_s + clock()})
    return other


def _ages(selector: Any) -> bool:
    """Whether the selector goes by a view of the loads that grows old."""
    state = {} if classes.is_plain(selector) else selector.__getstate__()
    return bool(state.get("stale_requests", 1) > 1 or state.get("stale_s", 0.0) > 0.0)


def _release_of(selector: Any) -> bool | None:
    """Whether `release` takes the latency too; None where there is no `release`."""
    if not callable(getattr(selector, "release", None)):
        return None
    return not classes.is_plain(selector) or "latency_s" in inspect.signature(selector.release).parameters
