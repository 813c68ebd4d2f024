"""Stop asking a service that fails: after enough failures say no at once, and look again later.

A breaker is closed while calls may go. It opens when too many of the last ones failed, says no for a while, then lets
a few calls through to see (half-open), and closes or opens again by how they end. The service gets time, and its
callers an answer at once instead of a timeout. Not locked: whoever shares a breaker among threads guards it.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from lbcore.faults._checks import count, moment, real, seconds

__all__ = ["BreakerState", "CircuitBreaker"]


class BreakerState(StrEnum):
    """What a breaker does with calls."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(slots=True, eq=False)
class CircuitBreaker:
    """Opens when half of the last hundred calls failed, for a minute; then ten calls decide.

    failure_rate: the share of failures at which it opens, above 0, at most 1. window: over how many of the last calls
    the share is taken; minimum: with fewer calls than this it stays closed (by default the whole window). open_s: for
    how many seconds it then says no. half_open: how many calls it lets through after that; when as many have ended,
    their share of failures decides, and the window begins anew.

    Ask `allow` before each call, and tell `record` how it ended, or `release` if it never began. Defaults and rules
    are resilience4j's count-based breaker: a result that comes while it is open changes nothing; one of a call from
    before that comes while it is half-open counts.

    >>> breaker = CircuitBreaker(window=4, open_s=60.0, half_open=1)
    >>> for ok in (True, True, False, False):
    ...     breaker.record(ok, 1.0)
    >>> breaker.state(1.0), breaker.allow(60.9), breaker.allow(61.0), breaker.allow(61.0)
    (<BreakerState.OPEN: 'open'>, False, True, False)
    >>> breaker.record(True, 61.2)
    >>> breaker.state(61.2)
    <BreakerState.CLOSED: 'closed'>
    """

    failure_rate: float = 0.5
    window: int = 100
    minimum: int | None = None
    open_s: float = 60.0
    half_open: int = 10
    _state: BreakerState = field(default=BreakerState.CLOSED, init=False, repr=False)
    _calls: deque[bool] = field(default_factory=deque, init=False, repr=False)
    _failures: int = field(default=0, init=False, repr=False)
    _until_s: float = field(default=-math.inf, init=False, repr=False)
    _permits: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        self.failure_rate = real("failure_rate", self.failure_rate, 0.0, 1.0, above=True)
        self.window = count("window", self.window)
        if self.minimum is not None:
            self.minimum = count("minimum", self.minimum)
            if self.minimum > self.window:
                raise ValueError(f"minimum: {self.minimum:,} calls never fit into a window of {self.window:,}")
        self.open_s = seconds("open_s", self.open_s, zero=False)
        self.half_open = count("half_open", self.half_open)

    @property
    def open_until_s(self) -> float:
        """When it last opened or will let calls through again; -infinity where it never opened."""
        return self._until_s

    @property
    def share_failed(self) -> float:
        """The share of failures among the calls that count now; NaN where there are none."""
        return self._failures / len(self._calls) if self._calls else math.nan

    def state(self, now_s: float) -> BreakerState:
        """Closed, open or half-open at `now_s`."""
        now_s = moment("now_s", now_s)
        over = self._state is BreakerState.OPEN and now_s >= self._until_s
        return BreakerState.HALF_OPEN if over else self._state

    def allow(self, now_s: float) -> bool:
        """Whether a call may go now; while half-open, one that may uses up one of the few permits."""
        state = self.state(now_s)
        if state is BreakerState.HALF_OPEN and self._state is BreakerState.OPEN:
            self._enter(BreakerState.HALF_OPEN)
            self._permits = self.half_open
        if state is BreakerState.HALF_OPEN:
            if self._permits == 0:
                return False
            self._permits -= 1
        return state is not BreakerState.OPEN

    def record(self, ok: bool, now_s: float) -> None:
        """A call has ended, well or not, at `now_s`."""
        now_s = moment("now_s", now_s, endless=False)
        if self._state is BreakerState.OPEN:
            return
        deciding = self._state is BreakerState.HALF_OPEN
        self._calls.append(not ok)
        self._failures += not ok
        if len(self._calls) > (self.half_open if deciding else self.window):
            self._failures -= self._calls.popleft()
        needed = self.half_open if deciding else self.window if self.minimum is None else self.minimum
        if len(self._calls) < needed:
            return
        if self._failures >= self.failure_rate * len(self._calls):
            self._enter(BreakerState.OPEN)
            self._until_s = now_s + self.open_s
        elif deciding:
            self._enter(BreakerState.CLOSED)

    def release(self) -> None:
        """A call that was allowed never began: give its permit back, or a half-open breaker would wait for ever."""
        if self._state is BreakerState.HALF_OPEN:
            self._permits = min(self.half_open, self._permits + 1)

    def _enter(self, state: BreakerState) -> None:
        self._state, self._failures = state, 0
        self._calls.clear()

    def fresh(self) -> Self:
        """One with the same parameters, closed."""
        return replace(self)
