"""Which node gets this attempt, when some have failed, some came back a moment ago, and some have a breaker open.

A selector knows who is up. Routing adds what a failover needs: a backup that takes a failed node's place, a slow start
for a node that returns, a breaker for each node. It is told the time and holds no lock: its cluster guards it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lbcore.faults._checks import Seed, seconds, seed_bits, stream, uniform
from lbcore.faults.breaker import CircuitBreaker
from lbcore.faults.retry import pick

__all__ = ["Route", "Routing"]

#: A node that has just come back gets at least this share of what it would get.
LEAST_SHARE = 0.1


class Route(NamedTuple):
    """The node that gets an attempt, and its place in the selector: that of whom it stands in for, if for another."""

    node: str
    place: int


class Routing:
    """Picks a node for an attempt, and is told which nodes fail and return.

    selector: any of lbcore's; it is used itself, not a copy. backup: the name of a node that stands by for all others,
    or a mapping from nodes to theirs. A backup is marked down in the selector until the node it stands by for fails;
    then it gets exactly what that node would have got. Where there is none, or it has failed too, the failed node is
    marked down and the selector spreads its requests over the others. slow_start_s: a node that returns gets a share of
    its picks that grows to all of them over so many seconds. breaker: a model for the one that each node gets.
    """

    def __init__(
        self,
        selector: Any,
        *,
        backup: str | Mapping[str, str] | None = None,
        slow_start_s: float = 0.0,
        breaker: CircuitBreaker | None = None,
        seed: Seed = None,
    ):
        self.names: tuple[str, ...] = tuple(selector.nodes)
        self._selector = selector
        self._backups = _backups(backup, self.names)
        self.slow_start_s = seconds("slow_start_s", slow_start_s)
        if breaker is not None and not isinstance(breaker, CircuitBreaker):
            raise TypeError(f"breaker: expected a CircuitBreaker, got {breaker!r}")
        self.breakers = {} if breaker is None else {name: breaker.fresh() for name in self.names}
        self._draws = stream(seed_bits(seed), 0)
        self._failed: set[str] = set()
        self._back_s: dict[str, float] = {}
        for name in set(self._backups.values()):
            selector.mark_down(name)

    def failed(self, node: str) -> bool:
        """Whether the node counts as failed."""
        return node in self._failed

    def stand_in(self, node: str) -> str | None:
        """Who serves what would go to this node: itself, its backup, or nobody."""
        if node not in self._failed:
            return node
        backup = self._backups.get(node)
        return None if backup is None or backup in self._failed else backup

    def fail(self, node: str) -> None:
        """The node counts as failed."""
        self._failed.add(node)
        self._settle(node)

    def restore(self, node: str, now_s: float) -> None:
        """The node is back, and gets its traffic again."""
        self._failed.discard(node)
        self._back_s[node] = now_s
        self._settle(node)

    def _settle(self, node: str) -> None:
        """Mark down in the selector whose place nobody takes, and up whose place somebody does."""
        standing_by = set(self._backups.values())
        for name in [node, *(one for one, backup in self._backups.items() if backup == node)]:
            if name in standing_by:
                continue
            if self.stand_in(name) is None:
                self._selector.mark_down(name)
            else:
                self._selector.mark_up(name)

    def pick(self, key: Any, tried: Sequence[str], now_s: float, again: str | None = None) -> Route:
        """The node for an attempt of a request that has been on the nodes `tried`, in that order.

        again: the node that should get it once more, if it may be asked. Never a node twice, otherwise, while another
        that is up has been tried less often. LookupError where no node may be asked.
        """
        if again is not None and (route := self._again(key, again, now_s)) is not None:
            return route
        places = self._places(tried)
        declined: list[int] = []
        cold: Route | None = None
        while (index := pick(self._selector, key, [*places, *declined])) not in declined:
            node = self.stand_in(self.names[index])
            if node is not None:
                warm = self._warm(node, now_s)
                if warm and self._allowed(node, now_s):
                    return Route(node, index)
                if not warm and cold is None:
                    cold = Route(node, index)
            self._selector.release(index)
            declined.append(index)
        self._selector.release(index)
        if cold is None or not self._allowed(cold.node, now_s):
            raise LookupError("every node that is up has its breaker open")
        # All others refuse: better a node that has just come back than none.
        return self._take(key, cold)

    def _again(self, key: Any, node: str, now_s: float) -> Route | None:
        """The route to a given node, if it is up or stands in for one that is not, and its breaker lets it through."""
        up = self._selector.up
        places = (i for i, name in enumerate(self.names) if up[i] and self.stand_in(name) == node)
        index = next(places, None)
        return None if index is None or not self._allowed(node, now_s) else self._take(key, Route(node, index))

    def _take(self, key: Any, route: Route) -> Route:
        """Have the selector pick a given place, for those that count what is in flight."""
        others = [other for other in range(len(self.names)) if other != route.place]
        picked = self._selector.select(key, avoid=others)
        if picked != route.place:  # a selector that avoids only the node tried last, as HAProxy does
            self._selector.release(picked)
            others = [other for other in others if self._selector.up[other]]
            for other in others:
                self._selector.mark_down(other)
            self._selector.select(key)
            for other in others:
                self._selector.mark_up(other)
        return route

    def _places(self, tried: Sequence[str]) -> list[int]:
        """The path in the selector's own places: a backup that serves stands in the place of whom it serves for."""
        places: list[int] = []
        for node in tried:
            served = [one for one in self._failed if self.stand_in(one) == node]
            if served:
                places += sorted(self.names.index(one) for one in served)
            elif node in self.names and self.stand_in(node) == node:
                places.append(self.names.index(node))
        return places

    def _warm(self, node: str, now_s: float) -> bool:
        back_s = self._back_s.get(node)
        if back_s is None or now_s >= back_s + self.slow_start_s:
            return True
        return uniform(self._draws, 0.0, 1.0) < max(LEAST_SHARE, (now_s - back_s) / self.slow_start_s)

    def _allowed(self, node: str, now_s: float) -> bool:
        breaker = self.breakers.get(node)
        return breaker is None or breaker.allow(now_s)

    def ended(self, route: Route, ok: bool | None, now_s: float, latency_s: float) -> None:
        """An attempt has ended, well or not; None where that says nothing of the node."""
        self._selector.release(route.place, ok is not False, latency_s)
        breaker = self.breakers.get(route.node)
        if breaker is not None:
            if ok is None:
                breaker.release()
            else:
                breaker.record(ok, now_s)


def _backups(backup: str | Mapping[str, str] | None, names: tuple[str, ...]) -> dict[str, str]:
    """Each node's backup, checked."""
    if backup is None:
        return {}
    if isinstance(backup, str):
        found = {name: backup for name in names if name != backup}
    elif isinstance(backup, Mapping):
        found = dict(backup)
    else:
        raise TypeError(f"backup: expected a node's name or a mapping of names, got {backup!r}")
    for node, other in found.items():
        for name in (node, other):
            if name not in names:
                raise ValueError(f"backup: {name!r} is not one of the nodes {list(names)!r}")
        if other in found:
            raise ValueError(f"backup: {other!r} stands by for {node!r}, so it cannot have a backup of its own")
    if isinstance(backup, str) and not found:
        if backup not in names:
            raise ValueError(f"backup: {backup!r} is not one of the nodes {list(names)!r}")
        raise ValueError(f"backup: {backup!r} is the only node, so there is none to stand by for")
    return found
