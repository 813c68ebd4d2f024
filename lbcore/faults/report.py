"""What became of every request: each attempt with its node, times and outcome, and the account that must add up."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from lbcore.faults.heartbeat import Change

__all__ = ["Attempt", "Failure", "Outcome", "Report", "RequestFailed"]


class Outcome(StrEnum):
    """How an attempt ended, as the balancer saw it. What the node did with it is another question."""

    OK = "ok"
    ERROR = "error"  # the node answered that it failed
    TIMEOUT = "timeout"  # no answer in time: it may have been done all the same
    REASSIGNED = "reassigned"  # its node counted as failed, so it was moved
    REFUSED = "refused"  # no node was up, or no breaker let it through: it was never sent
    SUPERSEDED = "superseded"  # another copy answered first


class Attempt(NamedTuple):
    """One attempt of one request. Times are seconds since the run began; NaN is never.

    request: its number, from 0; number: of the attempt, from 1; node: its name, "" where it was refused. sent_s,
    ended_s: when the balancer sent it and stopped waiting. start_s, done_s: when the node began the work and finished
    it, also where nobody waited any more.
    """

    request: int
    number: int
    node: str
    sent_s: float
    start_s: float
    done_s: float
    ended_s: float
    outcome: Outcome

    @property
    def executed(self) -> bool:
        """Whether the node did the work to its end."""
        return not math.isnan(self.done_s)


class Failure(NamedTuple):
    """A request that failed for good. reason: why no more was tried; error: the last error, in words."""

    request: int
    reason: str
    error: str


class RequestFailed(Exception):
    """A request failed for good, after all its retries. reason: "attempts", "deadline", "budget" or "error"."""

    def __init__(self, number: int, reason: str):
        super().__init__(f"request {number} failed for good: {reason}")
        self.number, self.reason = number, reason


@dataclass(frozen=True, repr=False)
class Report:
    """The account of a run: submitted = completed + failed, whatever went wrong. It shows itself as one sentence.

    nodes: their names. submitted_s, ended_s: for each request, when it was submitted and when it was completed or
    failed for good. attempts: all of them, in the order of sending. failures: the requests that failed for good.
    changes: the verdicts of the failure detector. finished_s: when all was over, work that nobody waited for included.
    """

    nodes: tuple[str, ...]
    submitted_s: tuple[float, ...]
    ended_s: tuple[float, ...]
    attempts: tuple[Attempt, ...]
    failures: tuple[Failure, ...]
    changes: tuple[Change, ...]
    finished_s: float

    @property
    def submitted(self) -> int:
        """How many requests there were."""
        return len(self.submitted_s)

    @property
    def failed(self) -> int:
        """How many requests failed for good."""
        return len(self.failures)

    @property
    def completed(self) -> int:
        """How many requests were answered: counted from the answers, not from what did not fail."""
        return sum(attempt.outcome is Outcome.OK for attempt in self.attempts)

    @property
    def executions(self) -> Counter[int]:
        """How often each request's work was done, by number; those never done are not in it."""
        return Counter(attempt.request for attempt in self.attempts if attempt.executed)

    @property
    def executed_twice(self) -> tuple[int, ...]:
        """The requests whose work was done more than once: harmless only where they are idempotent."""
        return tuple(sorted(number for number, times in self.executions.items() if times > 1))

    @property
    def retried(self) -> int:
        """How many attempts there were beyond the first of each request."""
        return sum(attempt.number > 1 for attempt in self.attempts)

    def served(self, node: str) -> int:
        """How many requests a node answered."""
        return sum(attempt.outcome is Outcome.OK and attempt.node == node for attempt in self.attempts)

    def latencies_s(self) -> Sequence[float]:
        """For each request, the time from its submission to its end, in seconds."""
        return [end_s - start_s for start_s, end_s in zip(self.submitted_s, self.ended_s, strict=True)]

    def __repr__(self) -> str:
        text = f"{self.submitted:,} submitted = {self.completed:,} completed + {self.failed:,} failed"
        twice = len(self.executed_twice)
        text += f"; {self.retried:,} further attempts; {twice:,} done more than once"
        if self.failures:
            first = self.failures[0]
            text += f"; the first to fail was request {first.request} ({first.reason}): {first.error}"
        return text
