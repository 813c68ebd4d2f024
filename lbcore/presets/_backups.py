"""HAProxy's groups: servers that serve, and backups that serve when none of these is up; and two rules over a group."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from lbcore.presets._chooser import Chooser
from lbcore.selectors import Selector
from lbcore.selectors.reference import Draws

Maker = Callable[[list[str], list[int]], Selector]


class Backed(Chooser):
    """While a server is up the backups rest; then the first of them that is up serves, or with `everyone` all do.

    backup: the indices of the backups. make: makes a group's selector from its names and weights. map: there is one map
    for both groups, which is written for whoever serves, and one place in it.
    """

    def __init__(
        self, names: list[str], numbers: list[int], backup: Iterable[int], everyone: bool, make: Maker, map: bool
    ):
        self._backup, self._everyone, self._map = sorted(backup), everyone, map
        self._serving = [i for i in range(len(names)) if i not in self._backup]
        self._groups: list[tuple[Selector, dict[int, int], list[int]]] = []  # the selector, and indices there and back
        groups = [list(range(len(names)))] if map else [self._serving, self._backup if everyone else []]
        for members in groups:
            if members and any(numbers[i] for i in members):
                inner = make([names[i] for i in members], [numbers[i] for i in members])
                self._groups.append((inner, {node: i for i, node in enumerate(members)}, members))
        kind = self._groups[0][0] if self._groups else make(names, numbers)
        super().__init__(names, numbers, kind.keyed, hasattr(kind, "in_flight"))
        self._check = kind.copy()
        self._marked()

    def _check_key(self, key: bytes) -> None:
        self._check.select(key)

    def _choose(self, key: Any, avoid: list[int]) -> int:
        serving = any(self._live(i) for i in self._serving)
        backups = [i for i in self._backup if self._live(i)]
        if not serving and not backups:
            return -1
        if not serving and not self._everyone and not self._map:
            return backups[0]
        asked = self._serving[0] if serving else backups[0]
        inner, there, members = next(group for group in self._groups if asked in group[1])
        return members[inner.select(key, avoid=[there[i] for i in avoid[-1:] if i in there])]

    def _ended(self, node: int, ok: bool, latency_s: float | None) -> None:
        for inner, there, _ in self._groups:
            if node in there:
                inner.release(there[node], ok, latency_s)

    def _marked(self) -> None:
        up = self._up
        if self._map:  # one map, for the group that serves
            backups = [i for i in self._backup if self._live(i)]
            serving = any(self._live(i) for i in self._serving)
            who = self._serving if serving else backups if self._everyone else backups[:1]
            up = [self._up[i] and i in who for i in range(len(self._up))]
        for inner, there, _ in self._groups:
            for node, i in there.items():
                if inner.up[i] != up[node]:
                    (inner.mark_up if up[node] else inner.mark_down)(i)

    def _rewind(self) -> None:
        for inner, _, _ in self._groups:
            inner.reset()


class FirstFree(Chooser):
    """The first server, in the order of the ids, that has fewer requests in flight than its limit; 0 is no limit."""

    def __init__(self, names: Sequence[str], numbers: Sequence[int], ids: dict[str, int], limits: dict[str, int]):
        super().__init__(names, numbers, False, True)
        self._order = sorted(range(len(names)), key=lambda i: ids[names[i]])
        self._limits = [limits[name] for name in names]

    def _choose(self, key: Any, avoid: list[int]) -> int:
        free = [i for i in self._order if self._live(i) and not 0 < self._limits[i] <= self._load[i]]
        others = [i for i in free if i not in avoid[-1:]]
        return (others or free or [-1])[0]


class Drawn(Chooser):
    """Of as many draws, each a point of a ring of nearest points, the server with fewest requests for its weight.

    Of equal ones the later draw serves; where that one has its limit in flight, nobody does.
    """

    def __init__(
        self,
        names: Sequence[str],
        numbers: Sequence[int],
        ring: Selector,
        draws: int,
        seed: int,
        limits: dict[str, int],
    ):
        super().__init__(names, numbers, False, True)
        self._ring, self._many, self._draws = ring, draws, Draws(seed)
        self._limits = [limits[name] for name in names]

    def _choose(self, key: Any, avoid: list[int]) -> int:
        best = -1
        if any(self._live(i) for i in range(len(self._up))):
            for _ in range(self._many):
                node = self._ring.select(self._draws.below(2**32).to_bytes(4, "big"), avoid=avoid[-1:])
                if best < 0 or self._load[node] * self._numbers[best] <= self._load[best] * self._numbers[node]:
                    best = node
        return best if best < 0 or not 0 < self._limits[best] <= self._load[best] else -1

    def _marked(self) -> None:
        for i in np.flatnonzero(self._ring.up != self._up).tolist():
            (self._ring.mark_up if self._up[i] else self._ring.mark_down)(i)

    def _rewind(self) -> None:
        self._draws = Draws(self._draws.seed)
