"""The circle of a ring: its points, who owns what lies between them, and how even that is in theory."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbcore import selectors
from lbcore._counting import bincount
from lbcore.lab.frame.result import Counts, Numbers, Result

__all__ = ["Circle", "around", "changed", "circle", "dealt", "largest", "peak", "spread"]

MOST_VIRTUAL = 1_000


@dataclass(frozen=True, eq=False, repr=False)
class Circle(Result):
    """The points of a ring: places from 0 to 1 of a turn, in order, and the owner of each."""

    nodes: tuple[str, ...]
    at: Numbers
    owner: Counts

    @property
    def shares(self) -> Numbers:
        """Each node's share of the circle: a point owns what lies between the one before it and itself."""
        gaps = np.diff(self.at, prepend=self.at[-1] - 1)
        shares: Numbers = bincount(self.owner, weights=gaps, minlength=len(self.nodes)).astype(np.float64)
        return shares

    @property
    def peak(self) -> float:
        """The largest share, as a multiple of the mean."""
        return float(self.shares.max() * len(self.nodes))

    @property
    def spread(self) -> float:
        """The coefficient of variation of the shares."""
        return float(self.shares.std() * len(self.nodes))

    def owners_of(self, places: Numbers) -> Counts:
        """The owner of the first point at or after each of the places."""
        found = np.searchsorted(self.at, places, side="left")
        return self.owner[np.where(found == len(self.at), 0, found)]


def circle(ring: selectors.HashRing) -> Circle:
    """The points of a ring as places on a circle."""
    point, owner = ring.ring
    return Circle(ring.nodes, point.astype(np.float64) / 2.0**64, owner.astype(np.int64))


def around(turns: Any, radius: Any) -> tuple[Any, Any]:
    """Places on a circle as x and y: 0 is at the top, and turns go clockwise."""
    return radius * np.sin(2 * np.pi * turns), radius * np.cos(2 * np.pi * turns)


def dealt(nodes: int, virtual_nodes: int, seed: int) -> Circle:
    """A ring of so many nodes, whose points lie where the hashes of names with `seed` in them happen to be."""
    ring = selectors.HashRing([f"{seed}-{node}" for node in range(nodes)], virtual_nodes=virtual_nodes)
    made = circle(ring)
    return Circle(tuple(f"node-{node}" for node in range(nodes)), made.at, made.owner)


@lru_cache(maxsize=64)
def largest(nodes: int, virtual_nodes: int) -> Numbers:
    """The largest share, in per cent, in each of the rings of the seeds 0 to 199."""
    return np.array([100 * dealt(nodes, virtual_nodes, seed).shares.max() for seed in range(200)])


def changed(before: Circle, after: Circle) -> NDArray[np.float64]:
    """The parts of the circle whose owner changes: from and to, shape (parts, 2); the first may begin below 0."""
    edges = np.union1d(before.at, after.at)
    other = differ(before, after, edges)
    starts = np.concatenate(([edges[-1] - 1], edges[:-1]))
    return np.stack([starts[other], edges[other]], axis=1)


def differ(before: Circle, after: Circle, places: Numbers) -> NDArray[np.bool_]:
    """Whether the owner of each place is another after the change."""
    names = [np.array(one.nodes)[one.owners_of(places)] for one in (before, after)]
    other: NDArray[np.bool_] = names[0] != names[1]
    return other


def peak(nodes: int, virtual_nodes: int) -> float:
    """The mean of the largest share of a random ring, as a multiple of the mean share: H_nodes at 1 virtual node.

    The gaps between points at random are exponential draws over their sum (Pyke 1965), so a node's share is a gamma
    draw over the sum of all, and what is wanted is E[max of `nodes` draws of Gamma(virtual_nodes)] / virtual_nodes.
    """
    x = np.linspace(0.0, virtual_nodes + 14 * math.sqrt(virtual_nodes) + 30, 20_001)
    with np.errstate(divide="ignore"):
        logs = -x if virtual_nodes == 1 else (virtual_nodes - 1) * np.log(x) - x - math.lgamma(virtual_nodes)
    mass = np.exp(logs)
    below = np.concatenate(([0.0], np.cumsum((mass[1:] + mass[:-1]) / 2)))
    above = 1 - (below / below[-1]) ** nodes
    return float((x[1] - x[0]) * (above.sum() - 0.5 * (above[0] + above[-1])) / virtual_nodes)


def spread(nodes: int, virtual_nodes: int) -> float:
    """The coefficient of variation of a node's share of a random ring: sqrt((n - 1) / (n V + 1))."""
    return math.sqrt((nodes - 1) / (nodes * virtual_nodes + 1))
