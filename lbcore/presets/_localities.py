"""Envoy's locality_weighted_lb_config: hosts of a priority share requests by the weights of their localities."""

from collections.abc import Callable, Sequence
from math import gcd, lcm
from typing import Any

from lbcore.presets._chooser import Chooser
from lbcore.presets._panic import shares
from lbcore.selectors import Selector
from lbcore.selectors.systems.envoy import EarliestDeadline


class Localities(Chooser):
    """A schedule by weight picks the locality, and the locality's own selector the host.

    A locality counts as its weight, times its share of healthy hosts times factor / 100, where that is below 1; one of
    weight 0 takes nothing. Where no locality counts, and in panic, hosts serve whatever their locality.

    places: the locality of each host. weights: of each locality. make: makes the selector of some hosts. start: how
    many picks the schedule of localities is ahead. factor: overprovisioning_factor.
    """

    def __init__(
        self,
        names: Sequence[str],
        numbers: Sequence[int],
        places: Sequence[str],
        weights: dict[str, int],
        make: Callable[..., Any],
        start: int,
        attempts: int,
        factor: int,
    ):
        self._members = [[i for i, place in enumerate(places) if place == one] for one in dict.fromkeys(places)]
        self._weights = [weights.get(one, 0) for one in dict.fromkeys(places)]
        groups = [*self._members, list(range(len(names)))]  # the last is everybody, for panic
        self._inner: list[Selector] = []
        for members in groups:
            inner = make([names[i] for i in members], [numbers[i] for i in members])
            inner.panic_below(0, 100)
            self._inner.append(inner)
        self._start, self._attempts, self._factor, self._threshold = start, attempts, factor, 0
        self.all_serve = False
        super().__init__(names, numbers, False, False)
        self._marked()

    def panic_below(self, threshold: int, factor: int) -> None:
        """Below which percentage of healthy hosts all serve; the priorities, where there are some, decide instead."""
        self._threshold = threshold
        self._marked()

    def _marked(self) -> None:
        healthy = [sum(self._up[i] for i in members) for members in self._members]
        counts = [len(members) for members in self._members]
        _, [self._panic] = shares([sum(healthy)], [sum(counts)], self._threshold, self._factor)
        unit = lcm(*counts) * 100
        rates = [
            weight * min(100 * count, self._factor * ok) * (unit // (100 * count))
            for weight, ok, count in zip(self._weights, healthy, counts, strict=True)
        ]
        rates = [rate // (gcd(*rates) or 1) for rate in rates]
        self._turns = EarliestDeadline(len(rates), rates, self._start) if any(rates) else None
        for members, inner in zip([*self._members, range(len(self._up))], self._inner, strict=True):
            for at, i in enumerate(members):
                serves = self._up[i] or (self._panic and inner is self._inner[-1])
                if inner.up[at] != serves:
                    (inner.mark_up if serves else inner.mark_down)(at)

    def _choose(self, key: Any, avoid: list[int]) -> int:
        if self._panic or self.all_serve or self._turns is None:
            everybody = self._inner[-1]
            return everybody.select(avoid=avoid) if everybody.up.any() else -1
        serving = {i for members, weight in zip(self._members, self._weights, strict=True) if weight for i in members}
        node = -1
        for _ in range(self._attempts + 1):
            place = self._turns.select()
            node = self._members[place][self._inner[place].select()]
            if node not in avoid or {i for i in serving if self._up[i]} <= set(avoid):
                break
        return node

    def _rewind(self) -> None:
        for inner in self._inner:
            inner.reset()
