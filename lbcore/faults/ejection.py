"""Put a node that misbehaves out of the rotation, judged by its answers rather than by its beats.

A node may beat and still fail its requests. Passive detection watches the answers: several failures in a row, or a
success rate far below the other nodes', and the node is ejected for a while, longer each time. A limit on how many may
be out at once keeps a fault that all nodes share from emptying the rotation.

Source: Envoy, outlier detection (source/common/upstream/outlier_detection_impl.cc).
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lbcore.faults._checks import count, moment, real, seconds

__all__ = ["OutlierEjection", "success_rate_threshold"]


def success_rate_threshold(rates: Sequence[float], sd_factor: float = 1.9) -> float:
    """The success rate below which a node is an outlier: mean - sd_factor * (population) standard deviation.

    >>> success_rate_threshold([50, 100, 100, 100, 100])
    52.0
    """
    if len(rates) == 0:
        raise ValueError("rates: expected at least one")
    sd_factor = real("sd_factor", sd_factor, 0.0)
    mean = math.fsum(rates) / len(rates)
    return mean - sd_factor * math.sqrt(math.fsum((rate - mean) ** 2 for rate in rates) / len(rates))


@dataclass(slots=True)
class _Node:
    """What is known of one node."""

    in_a_row: int = 0
    requests: int = 0
    successes: int = 0
    times: int = 0
    ejected_s: float = math.nan
    returned_s: float = math.nan

    @property
    def out(self) -> bool:
        return not math.isnan(self.ejected_s)


class OutlierEjection:
    """Five failures in a row, and a node is out for 30 seconds; the second time for 60; at most a tenth are out.

    nodes: their names, or how many. consecutive: failures in a row that eject a node at once. base_s, most_s: it is
    out for min(base_s x times ejected, most_s) seconds. most_ejected: the share of nodes that may be out at once; with
    fewer than ten nodes a tenth is none, unless `always_one`. Once every `interval_s` seconds call `sweep`: it takes
    nodes back, ejects those whose success rate since the last sweep lies below mean - `sd_factor` standard deviations
    (among at least `min_nodes` nodes with at least `min_requests` requests each), and lets a node that has been back
    for an interval forget one of its times.

    >>> ejection = OutlierEjection(10)
    >>> [ejection.record(3, False, now_s=1.0) for _ in range(5)]
    [False, False, False, False, True]
    >>> ejection.up(3), ejection.returns_s(3)
    (False, 31.0)
    >>> ejection.sweep(30.0), ejection.sweep(40.0)
    (([], []), ([], [3]))
    """

    __slots__ = (
        "_nodes",
        "always_one",
        "base_s",
        "consecutive",
        "interval_s",
        "min_nodes",
        "min_requests",
        "most_ejected",
        "most_s",
        "sd_factor",
    )

    def __init__(
        self,
        nodes: int | Iterable[Hashable],
        *,
        consecutive: int = 5,
        base_s: float = 30.0,
        most_s: float = 300.0,
        most_ejected: float = 0.1,
        always_one: bool = False,
        interval_s: float = 10.0,
        sd_factor: float = 1.9,
        min_nodes: int = 5,
        min_requests: int = 100,
    ):
        names: list[Any] = list(nodes) if isinstance(nodes, Iterable) else list(range(count("nodes", nodes)))
        self._nodes = {name: _Node() for name in names}
        if not names or len(self._nodes) < len(names):
            raise ValueError(f"nodes: expected one or more different names, got {names!r}")
        self.consecutive = count("consecutive", consecutive)
        self.base_s = seconds("base_s", base_s, zero=False)
        self.most_s = seconds("most_s", most_s, zero=False)
        if self.most_s < self.base_s:
            raise ValueError(f"most_s: {most_s:g} s is shorter than base_s, {base_s:g} s")
        self.most_ejected = real("most_ejected", most_ejected, 0.0, 1.0)
        self.always_one = bool(always_one)
        self.interval_s = seconds("interval_s", interval_s, zero=False)
        self.sd_factor = real("sd_factor", sd_factor, 0.0)
        self.min_nodes = count("min_nodes", min_nodes)
        self.min_requests = count("min_requests", min_requests)

    def __repr__(self) -> str:
        return f"OutlierEjection({len(self._nodes)} nodes, out: {self.ejected})"

    def _node(self, node: Hashable) -> _Node:
        try:
            return self._nodes[node]
        except (KeyError, TypeError):
            raise ValueError(f"node: {node!r} is not one of {list(self._nodes)!r}") from None

    @property
    def ejected(self) -> list[Any]:
        """The nodes that are out."""
        return [name for name, node in self._nodes.items() if node.out]

    def up(self, node: Hashable) -> bool:
        """Whether the node is in the rotation."""
        return not self._node(node).out

    def returns_s(self, node: Hashable) -> float:
        """From when on a sweep takes the node back; NaN where it is not out."""
        one = self._node(node)
        return one.ejected_s + min(self.base_s * one.times, self.most_s)

    def record(self, node: Hashable, ok: bool, now_s: float) -> bool:
        """A request to the node has ended, well or not; whether that ejects the node."""
        now_s = moment("now_s", now_s, endless=False)
        one = self._node(node)
        one.requests += 1
        if ok:
            one.successes += 1
            one.in_a_row = 0
            return False
        one.in_a_row += 1
        if one.in_a_row != self.consecutive or one.out:
            return False
        one.in_a_row = 0
        return self._eject(one, now_s)

    def _eject(self, one: _Node, now_s: float) -> bool:
        out = len(self.ejected)
        if 100.0 * (out + 1) / len(self._nodes) > 100.0 * self.most_ejected and not (self.always_one and out == 0):
            return False
        one.ejected_s = now_s
        # Times beyond those that reach most_s would only have to be forgotten again.
        if one.times * self.base_s < self.most_s + self.base_s:
            one.times += 1
        return True

    def sweep(self, now_s: float) -> tuple[list[Any], list[Any]]:
        """The look that is due every `interval_s`: the nodes it ejects, and the nodes it takes back."""
        now_s = moment("now_s", now_s, endless=False)
        returned = [name for name, one in self._nodes.items() if one.out and now_s >= self.returns_s(name)]
        for name in returned:
            one = self._nodes[name]
            one.ejected_s, one.returned_s, one.in_a_row = math.nan, now_s, 0
        ejected = [name for name in self._outliers() if self._eject(self._nodes[name], now_s)]
        for one in self._nodes.values():
            one.requests = one.successes = 0
            if not one.out and one.times and now_s - one.returned_s >= self.interval_s:
                one.times -= 1
        return ejected, returned

    def _outliers(self) -> list[Any]:
        judged = {
            name: 100.0 * one.successes / one.requests
            for name, one in self._nodes.items()
            if not one.out and one.requests >= self.min_requests
        }
        if len(judged) < self.min_nodes:
            return []
        least = success_rate_threshold(list(judged.values()), self.sd_factor)
        return [name for name, rate in judged.items() if rate < least]
