"""What a simulated cluster did: the counts, the times and the nodes of one run."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Counts: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.float64]

#: What `Requests.outcome` says of a request. "left": still there when nothing more could happen.
OUTCOMES = ("served", "refused", "lost", "left")


@dataclass(frozen=True, eq=False, repr=False)
class Requests:
    """Every request of a run, in the order of their arrival; each array has shape (requests,)."""

    arrived_s: Numbers
    started_s: Numbers  # of its service; NaN where it was refused, left, or lost before
    ended_s: Numbers  # when it was served or lost; NaN where it was refused, or left
    node: NDArray[np.int32]  # -1 where it was refused
    outcome: NDArray[np.int8]  # an index into OUTCOMES

    @property
    def latency_s(self) -> Numbers:
        """From arrival to end; NaN where it was not served."""
        return np.where(self.outcome == 0, self.ended_s - self.arrived_s, np.nan)

    def __repr__(self) -> str:
        return f"Requests({len(self.node):,})"


@dataclass(frozen=True, eq=False, repr=False)
class QueueResult:
    """One run of `queue`. offered = served + refused + lost + left, over all requests.

    Latencies (`mean_s`, `wait_s`, `longest_s`, `percentile`) are those of the requests after the warm-up that were
    served: `measured` of them, each followed to its end. Nodes are measured over the window of time from the last
    arrival of the warm-up (or 0) to the last arrival of all.
    """

    name: str  # of the selector's class
    nodes: tuple[str, ...]
    seed: int
    offered: int
    served: int
    refused: int  # no node was left to pick
    waited: int  # found every node full, and waited for the first that had room again
    lost: int  # at a node that crashed, or was down
    left: int  # at a node that stood still for ever, or waiting for one to have room
    measured: int
    mean_s: float
    wait_s: float  # of that, the mean time before service
    longest_s: float
    picked: Counts  # requests sent to each node, of all
    served_at: Counts  # of these, served
    lost_at: Counts
    utilisation: Numbers  # the share of the window in which a node's servers had a request
    in_system: Numbers  # requests at each node, mean over the window
    window_s: tuple[float, float]
    sampled_s: Numbers | None  # times at which the queues were looked at
    lengths: NDArray[np.int32] | None  # requests at each node then, in service or waiting: shape (times, nodes)
    requests: Requests | None  # where every request was kept
    bins: Counts  # of the latencies: how many, and between which two times
    edges_s: Numbers  # shape (2, bins)
    warm_up: int

    def percentile(self, q: Any) -> Any:
        """The latency that q per cent of the measured requests do not exceed, in seconds; q may be a list.

        Exact where every request was kept; else the middle of its bin, which is within 0.2 % (2^-9). NaN where nothing
        was measured. Raises ValueError for q outside 0 to 100.
        """
        wanted = np.asarray(q, dtype=np.float64)
        if not ((wanted >= 0) & (wanted <= 100)).all():
            raise ValueError(f"q: {q!r} is not from 0 to 100 per cent")
        # The rank, from 1, of the smallest latency that is no less than q per cent of them.
        rank = np.maximum(1, np.ceil(wanted * self.measured / 100)).astype(np.int64)
        if not self.measured:
            found = np.full(wanted.shape, np.nan)
        elif self.requests is not None:
            latency = self.requests.latency_s[self.warm_up :]
            found = np.sort(latency[~np.isnan(latency)])[rank - 1]
        else:
            bin_of = np.searchsorted(np.cumsum(self.bins), rank)
            found = np.minimum(self.edges_s.mean(axis=0)[bin_of], self.longest_s)
        return found if wanted.ndim else float(found)

    @property
    def p50_s(self) -> float:
        """Half of the latencies are no longer than this."""
        return float(self.percentile(50))

    @property
    def p99_s(self) -> float:
        """One latency in a hundred is longer than this."""
        return float(self.percentile(99))

    def row(self) -> dict[str, Any]:
        """The figures that one would tabulate, as a flat dict of Python numbers."""
        p50, p90, p99, p999 = (float(p) for p in self.percentile([50, 90, 99, 99.9]))
        return {
            "mean_s": self.mean_s,
            "wait_s": self.wait_s,
            "p50_s": p50,
            "p90_s": p90,
            "p99_s": p99,
            "p99.9_s": p999,
            "longest_s": self.longest_s,
            "utilisation": float(self.utilisation.mean()),
            "busiest": float(self.utilisation.max()),
            "in_system": float(self.in_system.sum()),
            "served": self.served,
            "refused": self.refused,
            "lost": self.lost,
            "left": self.left,
        }

    def __repr__(self) -> str:
        unserved = "".join(
            f", {count:,} {what}"
            for count, what in ((self.refused, "refused"), (self.lost, "lost"), (self.left, "left"))
            if count
        )
        return (
            f"<{self.name}, {len(self.nodes)} nodes: {self.served:,} of {self.offered:,} requests served{unserved}; "
            f"mean {self.mean_s:.4g} s, p50 {self.p50_s:.4g} s, p99 {self.p99_s:.4g} s>"
        )
