"""No more than so many calls of one service at a time: when it hangs, it takes only its own share of the threads.

Without one, a service that answers slowly soon holds every thread of its caller, and those that call others wait too.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from lbcore.faults._checks import count, seconds
from lbcore.faults.calls import Calls
from lbcore.faults.clocks import Clock
from lbcore.faults.clocks.interface import Event

__all__ = ["Bulkhead", "BulkheadFull"]

T = TypeVar("T")


class BulkheadFull(Exception):
    """A function was not called, for as many others as may be were. waited_s: for how long it waited."""

    def __init__(self, name: str, most: int, waited_s: float):
        super().__init__(name, most, waited_s)
        self.name, self.most, self.waited_s = name, most, waited_s

    def __str__(self) -> str:
        return f"{self.name}: not called, the bulkhead of {self.most:,} is full (waited {self.waited_s:g} s)"


class Bulkhead(Calls):
    """At most 25 calls at a time; one more waits for its turn, or is refused.

    most: how many calls at a time. wait_s: how long one more may wait for a place, in seconds; 0 for not at all. Who
    has waited longest gets the next place. Ask `enter` before each call, and `leave` after it; or have `call` do so,
    and wait, for a function of one's own, and raise `BulkheadFull` where there is no place. Threads may share it.

    Source: Nygard, 'Release It!' (2007); the defaults are those of resilience4j's semaphore bulkhead.

    >>> bulkhead = Bulkhead(most=2)
    >>> bulkhead.enter(), bulkhead.enter(), bulkhead.enter()
    (True, True, False)
    >>> bulkhead.leave()
    >>> bulkhead.call(max, 3, 4), bulkhead.in_flight
    (4, 1)
    """

    __slots__ = ("_guard", "_in_flight", "_waiting", "most", "wait_s")

    def __init__(self, most: int = 25, wait_s: float = 0.0):
        self.most, self.wait_s = count("most", most), seconds("wait_s", wait_s)
        # Held for a moment only, and never across a call in which a virtual thread could switch.
        self._guard = threading.Lock()
        self._in_flight = 0
        self._waiting: deque[Event] = deque()

    def __repr__(self) -> str:
        return f"Bulkhead(most={self.most}, wait_s={self.wait_s:g})"

    @property
    def in_flight(self) -> int:
        """How many calls are under way."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """How many calls wait for a place."""
        return len(self._waiting)

    def enter(self) -> bool:
        """Take a place, if there is one that nobody waits for."""
        with self._guard:
            free = self._in_flight < self.most
            self._in_flight += free
            return free

    def leave(self) -> None:
        """A call has ended, well or not: its place goes to whoever has waited longest. ValueError where none was."""
        with self._guard:
            if self._in_flight == 0:
                raise ValueError("leave: no call is under way")
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._in_flight -= 1

    def perform(self, function: Callable[[], T], clock: Clock, name: str) -> T:
        """`call`, in a word: wait for a place, call, leave."""
        if not self.enter():
            self._wait(clock, name)
        try:
            return function()
        finally:
            self.leave()

    def _wait(self, clock: Clock, name: str) -> None:
        """Until a place is handed over; `BulkheadFull` after `wait_s`."""
        began_s, place = clock.now(), clock.event()
        if self.wait_s > 0.0:
            with self._guard:
                # One may have become free since.
                if self._in_flight < self.most:
                    self._in_flight += 1
                    return
                self._waiting.append(place)
            try:
                place.wait(self.wait_s)
            except BaseException:
                if self._withdraw(place):
                    self.leave()
                raise
            if self._withdraw(place):
                return
        raise BulkheadFull(name, self.most, clock.now() - began_s)

    def _withdraw(self, place: Event) -> bool:
        """Wait no longer: whether the place was handed over first, if only at that very moment."""
        with self._guard:
            if not place.is_set():
                self._waiting.remove(place)
            return place.is_set()
