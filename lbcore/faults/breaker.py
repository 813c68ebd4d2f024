"""Stop asking a service that fails: after enough failures say no at once, and look again later.

A breaker is closed while calls may go. It opens when too many of the last ones failed, says no for a while, then lets
a few calls through to see (half-open), and closes or opens again by how they end. The service gets time, and its
callers an answer at once instead of a timeout.
"""

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self, TypeVar

from lbcore.faults._checks import count, duration, function_of, moment, real, seconds
from lbcore.faults.calls import Calls, Which, which
from lbcore.faults.clocks import Clock

__all__ = ["BreakerOpen", "BreakerState", "CircuitBreaker"]

T = TypeVar("T")


class BreakerOpen(Exception):
    """A function was not called, for its breaker is open. retry_after_s: in how many seconds it may be asked again."""

    def __init__(self, name: str, retry_after_s: float):
        super().__init__(name, retry_after_s)
        self.name, self.retry_after_s = name, retry_after_s

    def __str__(self) -> str:
        return f"{self.name}: not called, the breaker is open; ask again in {self.retry_after_s:g} s"


class BreakerState(StrEnum):
    """What a breaker does with calls."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(slots=True, eq=False)
class CircuitBreaker(Calls):
    """Opens when half of the last hundred calls failed, for a minute; then ten calls decide.

    failure_rate: the share of failures at which it opens, above 0, at most 1. window: over how many of the last calls
    the share is taken; minimum: with fewer calls than this it stays closed (by default the whole window). open_s: for
    how many seconds it then says no. half_open: how many calls it lets through after that; when as many have ended,
    their shares decide, and the window begins anew.

    window_s: the window is of time instead, the present second of the clock and those before it, so many in all;
    `window` is then no more than the default of minimum. slow_rate: the share of slow calls at which it opens, those
    that took more than slow_s seconds. permit_s: how long a call that was let through while half-open may take before
    another one may go in its place; open_s by default.

    Ask `allow` before each call, and tell `record` how it ended, or `release` if it never began; or have `call` do so
    for a function of one's own, and raise `BreakerOpen` where it may not go. fail_on: the errors that are failures, as
    a class, a tuple of classes or a function of the error; fail_if: a function of what was returned. Threads may share
    a breaker.

    Defaults and rules are resilience4j's breakers: a result that comes while it is open changes nothing; one of a call
    from before that comes while it is half-open counts. There a permit that is never given back is lost.

    >>> breaker = CircuitBreaker(window=4, open_s=60.0, half_open=1)
    >>> for ok in (True, True, False, False):
    ...     breaker.record(ok, 1.0)
    >>> breaker.state(1.0), breaker.allow(60.9), breaker.allow(61.0), breaker.allow(61.0)
    (<BreakerState.OPEN: 'open'>, False, True, False)
    >>> breaker.record(True, 61.2)
    >>> breaker.state(61.2)
    <BreakerState.CLOSED: 'closed'>
    >>> breaker.call(max, 3, 4)
    4
    """

    failure_rate: float = 0.5
    window: int = 100
    minimum: int | None = None
    open_s: float = 60.0
    half_open: int = 10
    window_s: int | None = None
    slow_s: float = 60.0
    slow_rate: float = 1.0
    permit_s: float | None = None
    fail_on: Which = Exception
    fail_if: Callable[[Any], bool] | None = None
    _state: BreakerState = field(default=BreakerState.CLOSED, init=False, repr=False)
    #: What counts, oldest first: a second, and how many calls, failures and slow ones; one call each without window_s.
    _spans: deque[list[int]] = field(default_factory=deque, init=False, repr=False)
    _sums: list[int] = field(default_factory=lambda: [0, 0, 0], init=False, repr=False)
    _until_s: float = field(default=-math.inf, init=False, repr=False)
    _permits: int = field(default=0, init=False, repr=False)
    #: When each permit was given whose call has still to end.
    _given_s: deque[float] = field(default_factory=deque, init=False, repr=False)
    _fails: Callable[[Exception], bool] = field(init=False, repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self.failure_rate = real("failure_rate", self.failure_rate, 0.0, 1.0, above=True)
        self.slow_rate = real("slow_rate", self.slow_rate, 0.0, 1.0, above=True)
        self.window = count("window", self.window)
        if self.window_s is not None:
            self.window_s = count("window_s", self.window_s)
        if self.minimum is not None:
            self.minimum = count("minimum", self.minimum)
            if self.minimum > self.window and self.window_s is None:
                raise ValueError(f"minimum: {self.minimum:,} calls never fit into a window of {self.window:,}")
        self.open_s = seconds("open_s", self.open_s, zero=False)
        self.slow_s = seconds("slow_s", self.slow_s, zero=False, endless=True)
        if self.permit_s is not None:
            self.permit_s = seconds("permit_s", self.permit_s, zero=False)
        self.half_open = count("half_open", self.half_open)
        self._fails = which("fail_on", self.fail_on)
        if self.fail_if is not None:
            function_of("fail_if", self.fail_if)

    @property
    def open_until_s(self) -> float:
        """When it last opened or will let calls through again; -infinity where it never opened."""
        return self._until_s

    @property
    def share_failed(self) -> float:
        """The share of failures among the calls that counted at the last record; NaN where there are none."""
        return self._sums[1] / self._sums[0] if self._sums[0] else math.nan

    @property
    def share_slow(self) -> float:
        """The share of slow calls, likewise."""
        return self._sums[2] / self._sums[0] if self._sums[0] else math.nan

    def state(self, now_s: float) -> BreakerState:
        """Closed, open or half-open at `now_s`. ValueError where that is long before it opened, as on another clock."""
        now_s = moment("now_s", now_s)
        if self._state is not BreakerState.OPEN:
            return self._state
        if now_s < self._until_s - 2 * self.open_s:
            raise ValueError(f"now_s: {now_s:g} s is long before the breaker opened; is it of another clock?")
        return BreakerState.HALF_OPEN if now_s >= self._until_s else BreakerState.OPEN

    def allow(self, now_s: float) -> bool:
        """Whether a call may go now; while half-open, one that may uses up one of the few permits."""
        if self._state is BreakerState.CLOSED:
            moment("now_s", now_s)
            return True
        with self._guard:
            state = self.state(now_s)
            if state is BreakerState.HALF_OPEN:
                if self._state is BreakerState.OPEN:
                    self._enter(BreakerState.HALF_OPEN)
                    self._permits = self.half_open
                patience_s = self.open_s if self.permit_s is None else self.permit_s
                while self._given_s and now_s >= self._given_s[0] + patience_s:
                    self._give_back(self._given_s.popleft)
                if self._permits == 0:
                    return False
                self._permits -= 1
                self._given_s.append(now_s)
            return state is not BreakerState.OPEN

    def record(self, ok: bool, now_s: float, latency_s: float = 0.0) -> None:
        """A call has ended, well or not, at `now_s`, and took so many seconds."""
        now_s, slow = moment("now_s", now_s, endless=False), duration("latency_s", latency_s) > self.slow_s
        with self._guard:
            if self._state is BreakerState.OPEN:
                return
            deciding = self._state is BreakerState.HALF_OPEN
            if deciding and self._given_s:
                self._given_s.popleft()
            self._count(0 if deciding or self.window_s is None else math.floor(now_s), not ok, slow, deciding)
            needed = self.half_open if deciding else self.window if self.minimum is None else self.minimum
            calls, failures, slows = self._sums
            if calls < needed:
                return
            if failures >= self.failure_rate * calls or slows >= self.slow_rate * calls:
                self._enter(BreakerState.OPEN)
                self._until_s = now_s + self.open_s
            elif deciding:
                self._enter(BreakerState.CLOSED)

    def release(self) -> None:
        """A call that was allowed never began, or its end says nothing: give its permit back."""
        with self._guard:
            if self._state is BreakerState.HALF_OPEN and self._given_s:
                self._give_back(self._given_s.pop)

    def perform(self, function: Callable[[], T], clock: Clock, name: str) -> T:
        """`call`, in a word: ask, call, record."""
        began_s = clock.now()
        if not self.allow(began_s):
            raise BreakerOpen(name, max(0.0, self._until_s - began_s))
        ok: bool | None = None
        try:
            value = function()
            ok = self.fail_if is None or not self.fail_if(value)
        except Exception as error:
            ok = not self._fails(error)
            raise
        finally:
            if ok is None:
                self.release()
            else:
                now_s = clock.now()
                self.record(ok, now_s, now_s - began_s)
        return value

    def _count(self, second: int, failed: bool, slow: bool, deciding: bool) -> None:
        """One more call in the window, and out of it what is too old or too much."""
        spans, sums, timed = self._spans, self._sums, self.window_s is not None and not deciding
        if not timed or not spans or spans[-1][0] < second:
            spans.append([second, 0, 0, 0])
        for counted in (spans[-1], sums):  # from behind, for a span has its second before them
            counted[-3] += 1
            counted[-2] += failed
            counted[-1] += slow
        most = self.half_open if deciding else self.window
        while (spans[-1][0] - spans[0][0] >= (self.window_s or 0)) if timed else len(spans) > most:
            gone = spans.popleft()
            for at in (-3, -2, -1):
                sums[at] -= gone[at]

    def _give_back(self, take: Callable[[], float]) -> None:
        take()
        self._permits += 1

    def _enter(self, state: BreakerState) -> None:
        self._state, self._sums, self._permits = state, [0, 0, 0], 0
        self._spans.clear()
        self._given_s.clear()

    def fresh(self) -> Self:
        """One with the same parameters, closed."""
        return replace(self)
