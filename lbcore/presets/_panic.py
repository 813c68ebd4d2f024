"""Envoy when too few hosts are healthy: it goes on with all of them, and shares requests among priorities."""

from collections.abc import Callable, Sequence
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from lbcore.presets._chooser import Chooser
from lbcore.selectors import Selector
from lbcore.selectors.reference import Draws
from lbcore.selectors.reference.systems.envoy import EarliestDeadline as Schedule
from lbcore.selectors.systems.envoy import AttemptRing, AttemptTable, BoundedAlternates, EarliestDeadline, LeastRequest

Node = str | SupportsIndex


def health(healthy: int, hosts: int, factor: int) -> int:
    """The percentage of its load that a priority can bear: as many percent as are healthy, times the factor."""
    return min(100, factor * healthy // hosts) if hosts else 0


def panics(healthy: int, hosts: int, threshold: int) -> bool:
    """Whether all hosts of a priority serve, where the priorities together cannot bear the load."""
    return hosts > 0 and 100 * healthy < threshold * hosts


class Panicking(Selector):
    """Mixed into a compiled selector: `mark_down` is a failed health check, and in panic all hosts serve.

    Picks are the compiled class's own; only who is up for it differs from who is healthy.
    """

    def panic_below(self, threshold: int, factor: int) -> None:
        self._threshold, self._factor, self._healthy = threshold, factor, [True] * len(self.nodes)

    @property
    def up(self) -> NDArray[np.bool_]:
        return np.array(self._healthy, np.bool_)

    def mark_down(self, node: Node) -> None:
        self._check(node, False)

    def mark_up(self, node: Node) -> None:
        self._check(node, True)

    def add(self, node: str, weight: SupportsIndex = 1) -> None:
        super().add(node, weight)
        self._healthy = [*self._healthy, True]
        self._settle()

    def remove(self, node: Node) -> None:
        names = self.nodes
        super().remove(node)
        left = set(self.nodes)
        self._healthy = [ok for name, ok in zip(names, self._healthy, strict=True) if name in left]
        self._settle()

    def reset(self) -> None:
        super().reset()
        self._healthy = [True] * len(self._healthy)

    def _check(self, node: Node, healthy: bool) -> None:
        before = super().up.tolist()
        (super().mark_up if healthy else super().mark_down)(node)  # which checks the node, and says which one it is
        i = self.nodes.index(node) if isinstance(node, str) else int(node.__index__())
        self._healthy = [healthy if at == i else ok for at, ok in enumerate(self._healthy)]
        self._settle(before)

    def _settle(self, before: list[bool] | None = None) -> None:
        """Tells the compiled class who serves."""
        many, hosts = sum(self._healthy), len(self._healthy)
        bears = health(many, hosts, self._factor)
        panic = self._threshold > 0 and (bears == 0 or (bears < 100 and panics(many, hosts, self._threshold)))
        for i, (serves, healthy) in enumerate(zip(super().up.tolist(), self._healthy, strict=True)):
            if serves != (healthy or panic):
                (super().mark_down if serves else super().mark_up)(i)


class PanickingDeadline(Panicking, EarliestDeadline):
    """ROUND_ROBIN."""


class PanickingLeast(Panicking, LeastRequest):
    """LEAST_REQUEST."""


class PanickingRing(Panicking, AttemptRing):
    """RING_HASH."""


class PanickingTable(Panicking, AttemptTable):
    """MAGLEV."""


class PanickingBounded(Panicking, BoundedAlternates):
    """RING_HASH or MAGLEV with a balance factor."""


class Localities(Chooser):
    """Hosts of one priority in several localities: an earliest deadline decides which serves, by its weight.

    A locality counts as its weight times what it can bear: the share of its hosts that are healthy, times the factor,
    and at most all. In panic, and where no locality has a weight, hosts are chosen whatever their locality.

    where: the locality of each host, from 0. shares: the weight of each locality, 0 for one that takes nothing. make:
    makes the selector of some hosts. start: how many picks the schedule of localities is ahead.
    """

    def __init__(
        self,
        names: list[str],
        numbers: list[int],
        where: Sequence[int],
        shares: Sequence[int],
        make: Callable[[list[str], list[int]], Selector],
        factor: int,
        start: int,
    ):
        self._members = [[i for i, at in enumerate(where) if at == locality] for locality in range(len(shares))]
        self._inner = [
            make([names[i] for i in members], [numbers[i] for i in members]) if members else None
            for members in self._members
        ]
        self._whole, self._shares, self._factor, self._start = make(names, numbers), list(shares), factor, start
        self._panic, self._schedule = False, Schedule([1])
        super().__init__(names, numbers, False, hasattr(self._whole, "in_flight"))
        self._from: dict[int, list[Selector]] = {}  # who counts the requests in flight at a host, in their order
        self._marked()

    def panic(self, panic: bool) -> None:
        self._panic = panic

    def _marked(self) -> None:
        tell(self._whole, self._up)
        self._weights = []
        for members, inner, weight in zip(self._members, self._inner, self._shares, strict=True):
            healthy = [self._up[i] for i in members]
            # In floats and in this order, as Envoy does: the last bit decides between equal deadlines.
            part = self._factor / 100 * (sum(healthy) / len(members)) if members else 0.0
            self._weights.append(weight * min(1.0, part))
            if inner is not None:
                tell(inner, healthy)
        if any(self._weights):
            self._schedule = Schedule(self._weights, self._start)

    def _choose(self, key: Any, avoid: list[int]) -> int:
        if not any(self._up):
            return -1
        if self._panic or not any(self._weights):
            inner, node = self._whole, self._whole.select()
        else:
            locality = self._schedule.select()
            of = self._inner[locality]
            assert of is not None
            inner, node = of, self._members[locality][of.select()]
        if self._counts:
            self._from.setdefault(node, []).append(inner)
        return node

    def _ended(self, node: int, ok: bool, latency_s: float | None) -> None:
        if self._counts:
            inner = self._from[node].pop(0)
            inner.release(self._names[node], ok, latency_s)

    def _rewind(self) -> None:
        self._from = {}
        for inner in [self._whole, *self._inner]:
            if inner is not None:
                inner.reset()


def tell(inner: Selector, up: list[bool]) -> None:
    """Tells a selector who is up."""
    for i, (serves, healthy) in enumerate(zip(inner.up.tolist(), up, strict=True)):
        if serves != healthy:
            (inner.mark_up if healthy else inner.mark_down)(i)


class Priorities(Chooser):
    """Hosts of several priorities, each with a selector of its own; a draw or the key's hash says which one serves.

    priorities: of each host, 0 first. make: makes the selector of one priority from its names and weights. threshold,
    factor: healthy_panic_threshold and overprovisioning_factor. attempts: as for the selectors.
    """

    def __init__(
        self,
        names: Sequence[str],
        numbers: Sequence[int],
        priorities: Sequence[int],
        make: Callable[[list[str], list[int]], Selector],
        threshold: int,
        factor: int,
        attempts: int,
        seed: int,
        key_hash: Callable[[bytes], int],
    ):
        self._members = [[i for i, level in enumerate(priorities) if level == p] for p in range(max(priorities) + 1)]
        self._place = [(level, self._members[level].index(i)) for i, level in enumerate(priorities)]
        self._levels = [
            make([names[i] for i in members], [numbers[i] for i in members]) if members else None
            for members in self._members
        ]
        kind = next(inner for inner in self._levels if inner is not None)
        self._threshold, self._factor, self._attempts, self._draws = threshold, factor, attempts, Draws(seed)
        super().__init__(names, numbers, kind.keyed, hasattr(kind, "in_flight"))
        self._key_hash = key_hash
        self._marked()

    def _check_key(self, key: bytes) -> None:
        self._key_hash(key)

    def _marked(self) -> None:
        hosts = [len(members) for members in self._members]
        healthy = [sum(self._up[i] for i in members) for members in self._members]
        self._loads, panic = shares(healthy, hosts, self._threshold, self._factor)
        for members, inner, all_of_them in zip(self._members, self._levels, panic, strict=True):
            if inner is not None:
                tell(inner, [self._up[i] or all_of_them for i in members])
            if isinstance(inner, Localities):
                inner.panic(all_of_them)

    def _level(self, number: int) -> int:
        """The priority whose share of 100 a number falls into; -1: nobody has a share."""
        reached = 0
        for level, load in enumerate(self._loads):
            reached += load
            if number % 100 + 1 <= reached:
                return level
        return -1

    def _choose(self, key: Any, avoid: list[int]) -> int:
        if self.keyed:
            level = self._level(self._key_hash(key.encode() if isinstance(key, str) else key))
            return self._ask(level, key, [self._place[i][1] for i in avoid if self._place[i][0] == level])
        node = self._ask(self._level(self._draws.next()), None, [])
        serving = {i for i in range(len(self._up)) if self._place[i][0] >= 0 and self._loads[self._place[i][0]]}
        for _ in range(self._attempts):
            if node not in avoid or serving <= set(avoid):
                break
            self._ended(node, True, None)
            node = self._ask(self._level(self._draws.next()), None, [])
        return node

    def _ask(self, level: int, key: Any, avoid: list[int]) -> int:
        inner = self._levels[level] if level >= 0 else None
        if inner is None or not inner.up.any():
            return -1
        return self._members[level][inner.select(key, avoid=avoid)]

    def _ended(self, node: int, ok: bool, latency_s: float | None) -> None:
        level, at = self._place[node]
        inner = self._levels[level]
        if inner is not None:
            inner.release(at, ok, latency_s)

    def _rewind(self) -> None:
        self._draws = Draws(self._draws.seed)
        for inner in self._levels:
            if inner is not None:
                inner.reset()


def shares(healthy: list[int], hosts: list[int], threshold: int, factor: int) -> tuple[list[int], list[bool]]:
    """How many of 100 requests each priority gets, and which of them are in panic."""
    bears = [health(ok, all_, factor) for ok, all_ in zip(healthy, hosts, strict=True)]
    total = min(100, sum(bears))
    panic = [total < 100 and panics(ok, all_, threshold) for ok, all_ in zip(healthy, hosts, strict=True)]
    if total == 0 and not threshold:
        return [0] * len(hosts), panic
    if total == 0 or all(panic):  # as many hosts, as much of the load
        bears, panic = hosts, [True] * len(hosts)
        loads = [100 * many // sum(hosts) for many in hosts]
    else:
        left, loads = 100, []
        for each in bears:
            loads.append(min(left, each * 100 // total))
            left -= loads[-1]
    loads[next(i for i, each in enumerate(bears) if each)] += 100 - sum(loads)  # what rounding has left over
    return loads, panic
