"""What the experiments on queues found. All times are in mean service times of a node of speed 1."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lbcore.lab.results import Counts, Numbers, Result

__all__ = ["WHATS", "Curve", "Latency", "LatencyRow", "Pair", "QueueLengths"]

#: What of the latencies may be asked for, and the place it has in a row's `times`.
WHATS = ("mean", "p50", "p99")


@dataclass(frozen=True, eq=False, repr=False)
class LatencyRow(Result):
    """One algorithm in the queue simulation."""

    label: str
    times: tuple[float, ...]  # as WHATS
    theory: tuple[float, ...] | None  # the same, where theory knows
    exact: bool  # the theory is no limit of many nodes
    picked: Counts
    utilisation: Numbers

    @property
    def p50(self) -> float:
        """Half of the requests take no longer."""
        return self.times[1]

    @property
    def p99(self) -> float:
        """One request in a hundred takes longer."""
        return self.times[2]


@dataclass(frozen=True)
class Pair:
    """Two algorithms request by request: when the second let it end, compared with the first."""

    same: int
    sooner: int
    later: int
    first: int | None  # the number, from 1, of the first request that went to another node


@dataclass(frozen=True, eq=False, repr=False)
class Latency(Result):
    """How long requests take under each of several algorithms: the same requests for all of them."""

    nodes: int
    speeds: tuple[float, ...]
    load: int  # per cent of what all nodes can do
    age: float  # how old a view of the queues gets; 0: it is always fresh
    rows: tuple[LatencyRow, ...]
    pair: Pair | None  # where there are two rows
    requests: int
    asked: int  # more than `requests` where a plain Python class would have taken too long
    seed: int

    @property
    def uneven(self) -> bool:
        """Whether the nodes differ in speed."""
        return len(set(self.speeds)) > 1


@dataclass(frozen=True, eq=False, repr=False)
class Curve(Result):
    """Mean, p50 or p99 of several algorithms, against something that was changed step by step."""

    over: str  # "load", "choices" or "age"
    at: Numbers
    labels: tuple[str, ...]
    whats: tuple[str, ...]
    values: tuple[tuple[Numbers, ...], ...]  # for each of whats, for each label
    along: Numbers  # where theory was computed
    theory: tuple[tuple[Numbers | None, ...], ...]
    load: int | None
    nodes: int
    requests: int
    seed: int


@dataclass(frozen=True, eq=False, repr=False)
class QueueLengths(Result):
    """How many requests each node holds, at evenly spaced times."""

    labels: tuple[str, ...]
    at: Numbers
    lengths: tuple[NDArray[np.int32], ...]  # for each label: shape (times, nodes)
    load: int
    age: float
    seed: int
