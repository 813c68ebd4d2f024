"""What goes wrong, and when: crashes, pauses, slow nodes, cut links and drifting clocks, as a plan made beforehand.

A plan is pure: it is asked about a time and answers. Whatever carries messages or does a node's work asks it, so the
same plan gives the same faults on any clock, and a test can say of every request what should have become of it. Its
times are seconds since the clock's run began (`Clock.elapsed`).

A crashed node loses what it held and was doing; a paused one (a long garbage collection, a suspended machine) only
stops for a while, and goes on as if nothing had been. From outside both are silent.
"""

import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from lbcore.faults._checks import moment, real, seconds

__all__ = ["Crash", "Cut", "Drift", "Fault", "FaultPlan", "Finish", "Pause", "Slow", "partition"]


@dataclass(frozen=True, slots=True)
class Crash:
    """A node dies at `at_s` and loses what it held; it is back, with nothing, at `back_s`; by default never.

    Both are moments of the run, so `Crash("a", at_s=2.0, back_s=3.0)` lasts one second.
    """

    node: str
    at_s: float
    back_s: float = math.inf

    def __post_init__(self) -> None:
        _name("node", self.node)
        if seconds("back_s", self.back_s, endless=True) <= seconds("at_s", self.at_s):
            raise ValueError(f"back_s: {self.back_s:g} s is not after at_s, {self.at_s:g} s")


@dataclass(frozen=True, slots=True)
class Pause:
    """A node stands still from `at_s` for `for_s` seconds: it is slow, not dead, and loses nothing."""

    node: str
    at_s: float
    for_s: float

    def __post_init__(self) -> None:
        _name("node", self.node)
        seconds("at_s", self.at_s)
        seconds("for_s", self.for_s, zero=False)


@dataclass(frozen=True, slots=True)
class Slow:
    """A node's work takes `factor` times as long from `at_s` on, for `for_s` seconds; factors that overlap multiply."""

    node: str
    at_s: float
    for_s: float
    factor: float

    def __post_init__(self) -> None:
        _name("node", self.node)
        seconds("at_s", self.at_s)
        seconds("for_s", self.for_s, zero=False)
        real("factor", self.factor, 0.0, 1e9, above=True)


@dataclass(frozen=True, slots=True)
class Cut:
    """What `senders` send to `receivers` between `at_s` and `at_s + for_s` is lost; the other way is open.

    senders, receivers: names, or one name. `partition` cuts both ways.
    """

    senders: frozenset[str]
    receivers: frozenset[str]
    at_s: float
    for_s: float = math.inf

    def __post_init__(self) -> None:
        for name in ("senders", "receivers"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        seconds("at_s", self.at_s)
        seconds("for_s", self.for_s, zero=False, endless=True)


@dataclass(frozen=True, slots=True)
class Drift:
    """A node's clock gains `rate` seconds in each second: 0.01 makes an interval of 1 s last 1 / 1.01 s."""

    node: str
    rate: float

    def __post_init__(self) -> None:
        _name("node", self.node)
        real("rate", self.rate, -0.99, 1e3)


Fault = Crash | Pause | Slow | Cut | Drift


def partition(one: Iterable[str] | str, other: Iterable[str] | str, at_s: float, for_s: float = math.inf) -> list[Cut]:
    """Two groups that cannot hear each other from `at_s` on for `for_s` seconds: a `Cut` each way."""
    one, other = _names("one", one), _names("other", other)
    return [Cut(one, other, at_s, for_s), Cut(other, one, at_s, for_s)]


class Finish(NamedTuple):
    """When a piece of work ends, and whether it was done: False where the node crashed over it."""

    at_s: float
    done: bool


class FaultPlan:
    """The faults of one run, in any order. Where nothing is planned, all is well.

    >>> plan = FaultPlan(Crash("a", at_s=10.0, back_s=20.0), Pause("b", at_s=5.0, for_s=2.0))
    >>> [plan.alive("a", now_s) for now_s in (9.9, 10.0, 20.0)]
    [True, False, True]
    >>> plan.finish("b", 4.5, work_s=1.0), plan.finish("a", 9.5, work_s=1.0)
    (Finish(at_s=7.5, done=True), Finish(at_s=10.0, done=False))
    """

    __slots__ = ("_crashes", "_cuts", "_rates", "_speeds", "faults")

    def __init__(self, *faults: Fault):
        for fault in faults:
            if not isinstance(fault, Fault):
                leave = "; give them one by one: FaultPlan(*faults)" if isinstance(fault, (list, tuple)) else ""
                raise TypeError(f"faults: {fault!r} is no Crash, Pause, Slow, Cut or Drift{leave}")
        self.faults = faults
        self._cuts = [fault for fault in faults if isinstance(fault, Cut)]
        self._rates = {fault.node: fault.rate for fault in faults if isinstance(fault, Drift)}
        self._crashes: dict[str, list[tuple[float, float]]] = {}
        self._speeds: dict[str, tuple[list[float], list[float]]] = {}
        for node in {fault.node for fault in faults if not isinstance(fault, Cut)}:
            spans = [(f.at_s, f.back_s) for f in faults if isinstance(f, Crash) and f.node == node]
            self._crashes[node] = _merged(spans)
            changes = [f for f in faults if isinstance(f, (Pause, Slow)) and f.node == node]
            self._speeds[node] = _speeds(changes)

    def __repr__(self) -> str:
        return f"FaultPlan({', '.join(map(repr, self.faults))})"

    @property
    def names(self) -> frozenset[str]:
        """Every name that a fault speaks of."""
        named = {fault.node for fault in self.faults if not isinstance(fault, Cut)}
        return frozenset(named.union(*(cut.senders | cut.receivers for cut in self._cuts)))

    def check(self, known: Iterable[str]) -> None:
        """A ValueError where a fault speaks of a name that is not among `known`."""
        strangers = sorted(self.names - set(known))
        if strangers:
            raise ValueError(f"plan: {strangers[0]!r} is not one of {sorted(known)!r}")

    def start(self, now_s: float) -> None:
        """What it is planned for starts now: a warning for each fault that is over, and so can no longer happen."""
        for fault in self.faults:
            if not isinstance(fault, Drift):
                end_s = fault.back_s if isinstance(fault, Crash) else fault.at_s + fault.for_s
                if end_s <= now_s:
                    warnings.warn(
                        f"plan: {fault} can no longer happen: it was over {now_s - end_s:g} s before the start, "
                        f"{now_s:g} s after the clock's run began",
                        stacklevel=3,
                    )

    def alive(self, node: str, now_s: float) -> bool:
        """Whether the node has not crashed, or is back."""
        crashes = self._crashes.get(node)
        return not crashes or all(not at_s <= now_s < back_s for at_s, back_s in crashes)

    def crashes(self, node: str) -> list[tuple[float, float]]:
        """When the node dies, and when it is back: pairs in order that do not overlap."""
        return list(self._crashes.get(node, ()))

    def crashed_between(self, node: str, since_s: float, until_s: float) -> bool:
        """Whether the node was dead at some time from `since_s` to `until_s`, both included."""
        return any(at_s <= until_s and since_s < back_s for at_s, back_s in self._crashes.get(node, ()))

    def speed(self, node: str, now_s: float) -> float:
        """How fast the node works: 1 as usual, 0 while it pauses."""
        times_s, speeds = self._speeds.get(node, _USUAL)
        return speeds[bisect_right(times_s, now_s) - 1]

    def acts_s(self, node: str, now_s: float) -> float:
        """When a node that wants to act at `now_s` can: at once, after its pause or once it is back; or never."""
        while node in self._crashes:
            before_s = now_s
            for at_s, back_s in self._crashes[node]:
                if at_s <= now_s < back_s:
                    now_s = back_s
            times_s, speeds = self._speeds[node]
            at = bisect_right(times_s, now_s) - 1
            while speeds[at] == 0.0:
                at += 1
                now_s = times_s[at]
            if now_s == before_s:
                break
        return now_s

    def finish(self, node: str, start_s: float, work_s: float) -> Finish:
        """When work of `work_s` seconds that begins at `start_s` ends: later in pauses, undone by a crash.

        Work that begins on a dead node is undone at once.
        """
        now_s, left_s = moment("start_s", start_s, endless=False), seconds("work_s", work_s)
        times_s, speeds = self._speeds.get(node, _USUAL)
        at = bisect_right(times_s, now_s) - 1
        while True:
            until_s = times_s[at + 1] if at + 1 < len(times_s) else math.inf
            if speeds[at] > 0.0 and left_s <= (until_s - now_s) * speeds[at]:
                end_s = now_s + left_s / speeds[at]
                break
            left_s -= (until_s - now_s) * speeds[at]
            now_s, at = until_s, at + 1
        crashes = self._crashes.get(node, ())
        died_s = next((at_s for at_s, back_s in crashes if at_s <= end_s and back_s > start_s), None)
        return Finish(end_s, True) if died_s is None else Finish(max(start_s, died_s), False)

    def passes(self, sender: str, receiver: str, now_s: float) -> bool:
        """Whether what is sent at `now_s` gets through."""
        return not self._cuts or not any(
            sender in cut.senders and receiver in cut.receivers and cut.at_s <= now_s < cut.at_s + cut.for_s
            for cut in self._cuts
        )

    def real_s(self, node: str, length_s: float) -> float:
        """How long `length_s` seconds by the node's own clock really take."""
        return length_s / (1.0 + self._rates.get(node, 0.0))


#: A node for which nothing is planned: full speed from the start of time.
_USUAL: tuple[list[float], list[float]] = ([-math.inf], [1.0])


def _speeds(changes: list[Pause | Slow]) -> tuple[list[float], list[float]]:
    """Times from which a speed holds, and the speeds."""
    edges = {edge_s for change in changes for edge_s in (change.at_s, change.at_s + change.for_s)}
    times_s, speeds = [-math.inf], [1.0]
    for edge_s in sorted(edges):
        speed = 1.0
        for change in changes:
            if change.at_s <= edge_s < change.at_s + change.for_s:
                speed *= 1.0 / change.factor if isinstance(change, Slow) else 0.0
        times_s.append(edge_s)
        speeds.append(speed)
    return times_s, speeds


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans in order, those that touch made one."""
    merged: list[tuple[float, float]] = []
    for at_s, back_s in sorted(spans):
        if merged and at_s <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], back_s))
        else:
            merged.append((at_s, back_s))
    return merged


def _name(argument: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{argument}: expected a name, got {value!r}")
    return value


def _names(argument: str, value: Iterable[str] | str) -> frozenset[str]:
    names = frozenset([value] if isinstance(value, str) else value)
    if not names:
        raise ValueError(f"{argument}: expected at least one name")
    for name in names:
        _name(argument, name)
    return names
