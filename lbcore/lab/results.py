"""What an experiment found: small frozen records, which `summary` puts into words and `figure` draws."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Agreement",
    "Balance",
    "Growth",
    "HotKeys",
    "Luck",
    "Moves",
    "MovesRow",
    "Result",
    "Sequence",
    "Work",
    "WorkRow",
]

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return bool(np.array_equal(a, b))
    return bool(a == b)


class Result:
    """The base of every record: equal when every field is, and shown as its sentence."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(_same(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        # The words are made from the records, so they are imported when needed.
        from lbcore.lab.summaries import summary

        return summary(self)


@dataclass(frozen=True, eq=False, repr=False)
class Balance(Result):
    """How many requests each node got, and how many it should have got."""

    name: str
    nodes: tuple[str, ...]
    counts: Counts
    expected: Numbers
    low: Counts | None  # the band of what is no surprise, both ends inside; None where no theory says
    high: Counts | None
    exact: bool  # the band is what must be (round robin), not what 95 % of runs are
    up: NDArray[np.bool_]
    requests: int
    asked: int  # more than `requests` where a plain Python class would have taken too long
    seed: int | None

    @property
    def busiest(self) -> int:
        """The requests at the busiest node."""
        return int(self.counts.max())

    @property
    def even(self) -> bool:
        """Whether every node that is up should get the same, but for a hundredth (slots do not divide evenly)."""
        alive = self.expected[self.up]
        return alive.size == 0 or bool(np.ptp(alive) <= 0.01 * float(alive.mean()))


@dataclass(frozen=True, eq=False, repr=False)
class Sequence(Result):
    """The order of the picks, one row for each selector."""

    labels: tuple[str, ...]
    nodes: tuple[str, ...]
    picks: tuple[NDArray[np.int32], ...]

    @property
    def longest(self) -> tuple[int, ...]:
        """The longest run of one node in each row."""
        return tuple(longest_run(row) for row in self.picks)


@dataclass(frozen=True, eq=False, repr=False)
class Agreement(Result):
    """Where the same keys go, one row for each selector."""

    labels: tuple[str, ...]
    nodes: tuple[str, ...]
    picks: tuple[NDArray[np.int32], ...]

    @property
    def as_first(self) -> tuple[float, ...]:
        """The share of the keys, in per cent, for which each row picks what the first one picks."""
        return tuple(100 * float((row == self.picks[0]).mean()) for row in self.picks)

    @property
    def busiest(self) -> tuple[float, ...]:
        """The share of the keys, in per cent, at each row's busiest node."""
        return tuple(100 * float(np.bincount(row).max()) / len(row) for row in self.picks)


def longest_run(picks: NDArray[np.int32]) -> int:
    """The most consecutive requests that went to one node."""
    if not len(picks):
        return 0
    starts = np.flatnonzero(np.concatenate(([True], picks[1:] != picks[:-1], [True])))
    return int(np.diff(starts).max())


@dataclass(frozen=True, eq=False, repr=False)
class Luck(Result):
    """The requests at the busiest node, in many runs of each algorithm."""

    labels: tuple[str, ...]
    busiest: tuple[Counts, ...]  # one value for each run
    idle: tuple[float, ...]  # nodes without a request, in the mean
    nodes: int
    requests: int
    seed: int

    @property
    def means(self) -> tuple[float, ...]:
        """The mean over the runs, for each algorithm."""
        return tuple(float(row.mean()) for row in self.busiest)


@dataclass(frozen=True, eq=False, repr=False)
class WorkRow(Result):
    """One selector's requests and work at each node."""

    label: str
    counts: Counts
    work: Numbers


@dataclass(frozen=True, eq=False, repr=False)
class Work(Result):
    """Requests and work at each node, where requests cost differently."""

    nodes: tuple[str, ...]
    rows: tuple[WorkRow, ...]
    requests: int
    total: float

    @property
    def mean(self) -> float:
        """The work a node has in the mean."""
        return self.total / len(self.nodes)


@dataclass(frozen=True, eq=False, repr=False)
class MovesRow(Result):
    """Where one algorithm's keys were before a change of the nodes, and where they are after it."""

    label: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    flow: Counts  # keys, shape (before, after)
    moved: int
    theory: float | None  # the share of keys that should move

    @property
    def arrived(self) -> Counts:
        """The keys of each node after the change that were elsewhere before: shape (before, after)."""
        stays = np.array([[old == new for new in self.after] for old in self.before], dtype=bool)
        return np.where(stays.reshape(self.flow.shape), 0, self.flow)


@dataclass(frozen=True, eq=False, repr=False)
class Moves(Result):
    """How many keys changed their node when the nodes changed, for each algorithm."""

    rows: tuple[MovesRow, ...]
    keys: int

    @property
    def percent(self) -> tuple[float, ...]:
        """The moved keys of each algorithm, in per cent."""
        return tuple(100 * row.moved / self.keys for row in self.rows)


@dataclass(frozen=True, eq=False, repr=False)
class HotKeys(Result):
    """Requests at each node when a few keys are asked for most of the time."""

    name: str
    nodes: tuple[str, ...]
    counts: Counts
    hottest: Counts  # of those, the requests for the hottest key
    requests: int
    asked: int
    keys: int
    exponent: float
    seed: int

    @property
    def mean(self) -> float:
        """The requests a node gets in the mean."""
        return self.requests / len(self.nodes)


@dataclass(frozen=True, eq=False, repr=False)
class Growth(Result):
    """How far the busiest node stands above the mean, as requests go on: the mean of a few runs."""

    labels: tuple[str, ...]
    at: Counts  # requests so far
    gaps: tuple[Numbers, ...]  # in requests, for each algorithm
    theory: Numbers | None  # of random
    nodes: int
    runs: int
    seed: int

    @property
    def relative(self) -> tuple[Numbers, ...]:
        """The gaps in per cent of the mean."""
        return tuple(100 * row * self.nodes / self.at for row in self.gaps)
