"""What the experiments on consistent hashing found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lbcore.lab.results import Counts, Moves, Numbers, Result

__all__ = ["Bounded", "Changes", "Circle", "Costs", "Evenness", "Ring", "Table"]


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
        shares: Numbers = np.bincount(self.owner, weights=gaps, minlength=len(self.nodes)).astype(np.float64)
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


@dataclass(frozen=True, eq=False, repr=False)
class Ring(Result):
    """A ring, before and after a change of its nodes, and where some keys lie on it."""

    virtual_nodes: int
    before: Circle
    after: Circle | None  # None where nothing changes
    keys: Numbers  # places, from 0 to 1
    peak: float  # in theory, on average over all rings of so many nodes, the last circle's
    seed: int

    @property
    def last(self) -> Circle:
        """The circle after the change, if there is one."""
        return self.before if self.after is None else self.after

    def _other(self, places: Numbers) -> NDArray[np.bool_]:
        """Whether the owner of each place is another after the change."""
        names = [np.array(circle.nodes)[circle.owners_of(places)] for circle in (self.before, self.last)]
        other: NDArray[np.bool_] = names[0] != names[1]
        return other

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Which of the keys move."""
        return self._other(self.keys)

    @property
    def changed(self) -> NDArray[np.float64]:
        """The parts of the circle whose owner changes: from and to, shape (parts, 2); the first may begin below 0."""
        edges = np.union1d(self.before.at, self.last.at)
        other = self._other(edges)
        starts = np.concatenate(([edges[-1] - 1], edges[:-1]))
        return np.stack([starts[other], edges[other]], axis=1)

    @property
    def share(self) -> float:
        """The share of the circle whose owner changes."""
        return float(np.diff(self.changed, axis=1).sum())

    @property
    def heirs(self) -> int:
        """How many nodes receive a part of the circle."""
        return len(set(self.last.owners_of(self.changed[:, 1]).tolist()))

    @property
    def givers(self) -> int:
        """How many nodes lose a part of the circle."""
        return len(set(self.before.owners_of(self.changed[:, 1]).tolist()))


@dataclass(frozen=True, eq=False, repr=False)
class Evenness(Result):
    """The largest share and the spread of the shares in many rings, for each number of virtual nodes."""

    nodes: int
    virtual_nodes: Counts
    peaks: tuple[Numbers, ...]  # one value for each ring, in multiples of the mean
    spreads: tuple[Numbers, ...]
    curve: Counts  # virtual nodes at which the theory is drawn
    peak_theory: Numbers
    spread_theory: Numbers
    seed: int


@dataclass(frozen=True, eq=False, repr=False)
class Changes(Result):
    """What moves when one node comes and when one goes, for each algorithm."""

    nodes: int
    added: Moves
    removed: Moves


@dataclass(frozen=True, eq=False, repr=False)
class Table(Result):
    """The table of Maglev, and what it is when a node is removed: the owner of each entry, by its first number."""

    nodes: tuple[str, ...]
    removed: int
    before: Counts
    after: Counts

    @property
    def lost(self) -> NDArray[np.bool_]:
        """The entries of the removed node, which have to change."""
        lost: NDArray[np.bool_] = self.before == self.removed
        return lost

    @property
    def disturbed(self) -> NDArray[np.bool_]:
        """The entries that change although their owner stays."""
        disturbed: NDArray[np.bool_] = (self.before != self.after) & ~self.lost
        return disturbed


@dataclass(frozen=True, eq=False, repr=False)
class Bounded(Result):
    """Requests in flight at each node when one key is hot: on a ring, and on a ring with bounded loads."""

    name: str
    nodes: tuple[str, ...]
    eps: float
    ring: Counts
    ring_hot: Counts  # of those, the requests for the hottest key
    counts: Counts
    hot: Counts
    elsewhere: int  # requests that are not where the ring alone would put them
    requests: int
    keys: int
    exponent: float
    seed: int

    @property
    def mean(self) -> float:
        """The requests a node has on average."""
        return self.requests / len(self.nodes)

    @property
    def bound(self) -> int:
        """The most that a node may hold: (1 + eps) times the mean, rounded up."""
        millionths = 1_000_000 + round(self.eps * 1e6)
        return -(-millionths * self.requests // (1_000_000 * len(self.nodes)))


@dataclass(frozen=True, eq=False, repr=False)
class Costs(Result):
    """What each algorithm costs, measured on this machine: to make it, to ask it, to keep it."""

    nodes: int
    labels: tuple[str, ...]
    build_ms: Numbers
    lookup_ns: Numbers
    memory_kb: Numbers
