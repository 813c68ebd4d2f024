"""What the experiments on retries found."""

from dataclasses import dataclass

import numpy as np

from lbcore.lab.results import Counts, Numbers, Result

__all__ = ["Amplified", "BrownOut", "Crowd", "Reassigned", "Stampede"]


@dataclass(frozen=True, eq=False, repr=False)
class Reassigned(Result):
    """Where each request was sent while some nodes are down, and whether it was served in the end."""

    nodes: int
    down: tuple[int, ...]
    threshold: int
    per: str
    retries: int
    paths: tuple[tuple[int, ...], ...]
    served: tuple[bool, ...]

    @property
    def attempts(self) -> int:
        """What was sent, all requests together."""
        return sum(len(path) for path in self.paths)

    @property
    def reach(self) -> int:
        """To how many nodes a request gets whose own errors count alone: (retries + 1) / threshold, rounded up."""
        return -(-(self.retries + 1) // self.threshold)


@dataclass(frozen=True, eq=False, repr=False)
class BrownOut(Result):
    """A service through a brown-out: what it was asked, and what it answered in time, in each second."""

    policy: str
    rate: int
    allowed: int  # retries of one request
    budget: int | None  # in per cent of the requests; None where retries have none
    breaker: bool
    capacity: int
    low: int  # the capacity in the brown-out
    from_s: float
    back_s: float
    offered: Counts
    attempts: Counts
    again: Counts  # those of them that were retries
    good: Counts
    refused: Counts
    recovery_s: float  # after the end of the brown-out; infinity where it did not recover
    seed: int

    @property
    def retries(self) -> int:
        """How often the policy sends a request again at most."""
        return 0 if self.policy == "give up" else self.allowed

    @property
    def asked(self) -> float:
        """Attempts a second while every one of them fails: rate x (1 + min(retries, budget))."""
        return self.rate * (1 + min(self.retries, self.retries if self.budget is None else self.budget / 100))

    @property
    def last_attempts(self) -> float:
        """Attempts a second in the last ten."""
        return float(self.attempts[-10:].mean())

    @property
    def last_good(self) -> float:
        """Requests answered in time, a second, in the last ten."""
        return float(self.good[-10:].mean())


@dataclass(frozen=True, eq=False, repr=False)
class Amplified(Result):
    """Attempts at the last service for each request of a user, as more and more of the attempts fail."""

    retries: int
    layers: tuple[int, ...]
    rates: Numbers  # the share of attempts that fail at the last service
    attempts: tuple[Numbers, ...]  # measured: one row for each number of layers
    curve: Numbers  # shares at which the theory is drawn
    theory: tuple[Numbers, ...]
    requests: int  # at most so many at each rate
    seed: int


@dataclass(frozen=True, eq=False, repr=False)
class Crowd(Result):
    """Clients that race to write one row, under rules for the pause after a refusal."""

    rules: tuple[str, ...]
    clients: int
    calls_s: tuple[Numbers, ...]  # of the first run, for each rule: when each write reached the database
    time_s: tuple[Numbers, ...]  # until all had written: one value for each run
    calls: tuple[Counts, ...]  # writes sent, one value for each run
    seed: int

    @property
    def bin_s(self) -> float:
        """How wide a bar of the picture is: a hundredth of what is shown, in round numbers."""
        return next((w for w in (0.005, 0.01, 0.02, 0.05, 0.1) if 120 * w >= self.until_s), 0.1)

    @property
    def until_s(self) -> float:
        """Up to when calls are shown: all of them, but no more than the first 12 seconds."""
        return min(12.0, max(float(row.max(initial=0.0)) for row in self.calls_s))


@dataclass(frozen=True, eq=False, repr=False)
class Stampede(Result):
    """Clients that call a service which is down for a while: when each call came, with and without jitter."""

    rules: tuple[str, ...]
    clients: int
    down_s: float
    until_s: float
    first_s: tuple[Numbers, ...]  # each client's first call
    again_s: tuple[Numbers, ...]  # the retries
    served: tuple[int, ...]
    live: bool
    seed: int

    BIN_S = 0.05

    def bins(self, calls_s: Numbers) -> Counts:
        """Calls in each 50 ms; what comes later than `until_s` counts in the last."""
        size = round(self.until_s / self.BIN_S)
        # The bin of 0.3 s is the one that begins there, though 0.3 / 0.05 is a little less than 6.
        at = np.minimum((calls_s / self.BIN_S + 1e-9).astype(np.int64), size - 1)
        return np.bincount(at, minlength=size)

    @property
    def busiest(self) -> tuple[int, ...]:
        """The most retries in 50 ms, for each rule."""
        return tuple(int(self.bins(row).max(initial=0)) for row in self.again_s)

    @property
    def calls(self) -> tuple[int, ...]:
        """All calls, for each rule."""
        return tuple(len(first) + len(again) for first, again in zip(self.first_s, self.again_s, strict=True))
