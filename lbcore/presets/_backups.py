"""HAProxy's groups: servers that serve, and backups that serve when none of these is up; and two rules over a group."""

from collections.abc import Callable, Iterable, Sequence
from math import gcd
from typing import Any

import numpy as np

from lbcore.presets._checks import TextHash
from lbcore.presets._chooser import FULL, Queued
from lbcore.presets._keys import NO_KEY, Parameter, PartHash
from lbcore.selectors import Selector
from lbcore.selectors.errors import AllFull
from lbcore.selectors.reference import Draws
from lbcore.selectors.systems.haproxy import smooth_round

Maker = Callable[[list[str], list[int]], Selector]


class Backed(Queued):
    """While a server is up the backups rest; then the first of them that is up serves, or with `everyone` all do.

    backup: the indices of the backups. make: makes a group's selector from its names and weights.
    """

    def __init__(self, names: list[str], numbers: list[int], backup: Iterable[int], everyone: bool, make: Maker):
        self._backup, self._everyone = sorted(backup), everyone
        self._serving = [i for i in range(len(names)) if i not in self._backup]
        self._groups: list[tuple[Selector, dict[int, int], list[int]]] = []  # the selector, and indices there and back
        for members in (self._serving, self._backup if everyone else []):
            if members and any(numbers[i] for i in members):
                inner = make([names[i] for i in members], [numbers[i] for i in members])
                self._groups.append((inner, {node: i for i, node in enumerate(members)}, members))
        kind = self._groups[0][0] if self._groups else make(names, numbers)
        self.jumps_the_queue = getattr(kind, "jumps_the_queue", False)
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
        if not serving and not self._everyone:
            return backups[0]
        asked = self._serving[0] if serving else backups[0]
        inner, there, members = next(group for group in self._groups if asked in group[1])
        try:
            return members[inner.select(key, avoid=[there[i] for i in avoid[-1:] if i in there])]
        except AllFull:
            return FULL

    def _takes(self, node: int) -> bool:
        if not self._live(node):
            return False
        if node in self._backup and any(self._live(i) for i in self._serving):
            return False
        if node in self._backup and not self._everyone:
            return node == next(i for i in self._backup if self._live(i))
        inner, there, _ = next(group for group in self._groups if node in group[1])
        return bool(inner.accept(there[node]))  # type: ignore[attr-defined]

    def _ended(self, node: int, ok: bool, latency_s: float | None) -> None:
        for inner, there, _ in self._groups:
            if node in there:
                inner.release(there[node], ok, latency_s)

    def _marked(self) -> None:
        for inner, there, _ in self._groups:
            for node, i in there.items():
                if inner.up[i] != self._up[node]:
                    (inner.mark_up if self._up[node] else inner.mark_down)(i)

    def _rewind(self) -> None:
        for inner, _, _ in self._groups:
            inner.reset()


class BackedMap(Queued):
    """The same for a map: there is one, written for whoever serves, and one place in it.

    key_hash: of a keyed method, else None; NO_KEY takes turns. Without `everyone`, HAProxy writes the map of the
    backups for as many entries as the first of them weighs, but not of it alone: turns meet others too.
    """

    def __init__(
        self,
        names: list[str],
        numbers: list[int],
        backup: Iterable[int],
        everyone: bool,
        key_hash: TextHash | PartHash | None,
        limits: Sequence[int] = (),
    ):
        self._backup, self._everyone, self._key_hash, self._at = set(backup), everyone, key_hash, 0
        self._entries: list[int] = []
        self._limits = list(limits)
        super().__init__(names, numbers, key_hash is not None, any(limits))
        self._marked()

    def _check_key(self, key: bytes) -> None:
        if self._key_hash is not None:
            self._key_hash(key)

    def _marked(self) -> None:
        live = [i for i in range(len(self._up)) if self._live(i)]
        serving = [i for i in live if i not in self._backup] or live
        self._first = not self._everyone and serving == live and bool(live) and serving[0] in self._backup
        # Turns meet other backups too; a request that waits goes to the first alone.
        self._takers = {i for i in (serving[:1] if self._first else serving) if self._live(i)}
        divisor = gcd(*self._numbers)
        weights = [n * (i in serving) // divisor for i, n in enumerate(self._numbers)]
        if self._first:
            self._entries = cut_round(weights, weights[serving[0]])
        else:
            self._entries = smooth_round(np.array(weights), 1).tolist() if serving else []

    def _choose(self, key: Any, avoid: list[int]) -> int:
        if not self._entries:
            return -1
        if self._key_hash is not None:
            h: int = self._key_hash(key.encode() if isinstance(key, str) else key)
            looked_up = isinstance(self._key_hash, PartHash) and isinstance(self._key_hash.cut, Parameter)
            if self._first and not looked_up:  # HAProxy does not hash where one server is left
                return self._entries[0]
            if h != NO_KEY:
                return self._entries[h % len(self._entries)]
        return self._turn(avoid[-1:])

    def _turn(self, avoid: list[int]) -> int:
        size = len(self._entries)
        start = self._at if self._at < size else 0
        free = [i for i in (*range(start, size), *range(start)) if not self._full(self._entries[i])]
        self._at = start  # also where all are full
        if not free:
            return FULL
        at = next((i for i in free if self._entries[i] not in avoid), free[-1])
        self._at = at + 1
        node: int = self._entries[at]
        return node

    def _full(self, node: int) -> bool:
        return self._counts and 0 < self._limits[node] <= self._load[node]

    def _takes(self, node: int) -> bool:
        return node in self._takers and not self._full(node)

    def _rewind(self) -> None:
        self._at = 0


def cut_round(weights: list[int], size: int) -> list[int]:
    """So many entries of a map, of servers whose weights may add up to more."""
    score, entries = [0] * len(weights), []
    for _ in range(size):
        score = [have + weight for have, weight in zip(score, weights, strict=True)]
        best = max((i for i, weight in enumerate(weights) if weight), key=lambda i: (score[i] + size) // size)
        best = next(i for i, weight in enumerate(weights) if weight) if size == 1 else best
        score[best] -= size
        entries.append(best)
    return entries


class FirstFree(Queued):
    """The first server, in the order of the ids, that has fewer requests in flight than its limit; 0 is no limit."""

    def __init__(self, names: Sequence[str], numbers: Sequence[int], ids: dict[str, int], limits: dict[str, int]):
        super().__init__(names, numbers, False, True)
        self._order = sorted(range(len(names)), key=lambda i: ids[names[i]])
        self._limits = [limits[name] for name in names]

    def _choose(self, key: Any, avoid: list[int]) -> int:
        free = [i for i in self._order if self._takes(i)]
        others = [i for i in free if i not in avoid[-1:]]
        none = FULL if any(self._live(i) for i in self._order) else -1
        return (others or free or [none])[0]

    def _takes(self, node: int) -> bool:
        return self._live(node) and not 0 < self._limits[node] <= self._load[node]


class Drawn(Queued):
    """Of as many draws, each a point of a ring of nearest points, the server with fewest requests for its weight.

    Of equal ones the later draw serves; where that one has its limit in flight, nobody does.
    """

    jumps_the_queue = True

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
        return best if best < 0 or self._takes(best) else FULL

    def _takes(self, node: int) -> bool:
        return self._live(node) and not 0 < self._limits[node] <= self._load[node]

    def _marked(self) -> None:
        for i in np.flatnonzero(self._ring.up != self._up).tolist():
            (self._ring.mark_up if self._up[i] else self._ring.mark_down)(i)

    def _rewind(self) -> None:
        self._draws = Draws(self._draws.seed)
