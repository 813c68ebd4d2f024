"""Hedged requests: a second copy to another node, where the first takes long."""

import math
from dataclasses import dataclass

from lbcore.faults._checks import count, moment, seconds

__all__ = ["Hedge"]


@dataclass(frozen=True, slots=True)
class Hedge:
    """Do not wait for the slow one: after a delay send the same request to another node, and take the first answer.

    delay_s: the pause before each copy, above 0 (the 95th percentile of latency costs 5 % more requests); most: how
    many copies at most besides the first, from 1. The caller ends them when an answer has come. Only for requests that
    do no harm when done twice.

    Source: Dean and Barroso, 'The tail at scale' (2013); gRPC proposal A6, hedging.

    >>> hedge = Hedge(delay_s=0.05, most=2)
    >>> hedge.next_s(started_s=10.0, copies=0), hedge.next_s(started_s=10.0, copies=2)
    (10.05, inf)
    >>> hedge.due(10.06, started_s=10.0, copies=0), hedge.due(10.06, started_s=10.0, copies=1)
    (True, False)
    """

    delay_s: float
    most: int = 1

    def __post_init__(self) -> None:
        seconds("delay_s", self.delay_s, zero=False)
        count("most", self.most)

    def next_s(self, started_s: float, copies: int) -> float:
        """When to send the next copy of a request begun at `started_s`, if no answer comes; infinity for never."""
        started_s = moment("started_s", started_s, endless=False)
        return started_s + (copies + 1) * self.delay_s if count("copies", copies, 0) < self.most else math.inf

    def due(self, now_s: float, started_s: float, copies: int) -> bool:
        """Whether to send another copy now, `copies` having been sent besides the first."""
        return moment("now_s", now_s, endless=False) >= self.next_s(started_s, copies)
