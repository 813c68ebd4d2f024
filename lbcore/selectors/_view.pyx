"""Seeing load, and seeing it late.

A balancer that counts its own requests knows the loads as they are. One of many balancers, or one that polls, decides
on loads of some time ago: all its requests then run to the node that looked emptiest, until it looks again. That is the
herd (Mitzenmacher, 'How useful is old information?', 2000). Here the loads are always counted exactly, and `release` is
exact; what can be stale is the copy that a pick looks at.
"""

import time

import numpy as np

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from lbcore.selectors._checks cimport clock_of, int_of, seconds_of
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._selector cimport Selector


cdef class LoadView(Selector):
    """The base of selectors that decide on loads; it has no algorithm of its own."""

    keeps_load = True

    cdef bint counts(self) noexcept:
        return True

    cdef dict check(self, tuple names, weights, dict given):
        """How stale a view may be, and the clock if one is needed."""
        requests = int_of(
            given["stale_requests"], "stale_requests", "give the number of requests that one view of the loads serves"
        )
        if not 1 <= requests < 1 << 62:
            raise ValueError(f"stale_requests: {requests} is outside 1 to 2^62; 1 looks anew for every request")
        seconds = seconds_of(given["stale_s"], "stale_s")
        if requests > 1 and seconds > 0:
            raise ValueError(
                "stale_s: a view is renewed by requests or by time; give stale_requests or stale_s, not both"
            )
        clock = clock_of(given.get("clock", time.monotonic))        # a state has it only where it is needed
        return {"stale_requests": requests, "stale_s": seconds, "clock": clock if seconds > 0 else None}

    cdef declare(self, Columns state):
        self.stale_requests, self.stale_s = self.parameters["stale_requests"], self.parameters["stale_s"]
        self.stale = self.stale_requests > 1 or self.stale_s > 0
        self.seen = state.column("seen", np.int64) if self.stale else self.load
        self.served, self.seen_s = state.value("served", self.served), state.value("seen_s", self.seen_s)

    cdef void look(self) noexcept nogil:
        """Before a pick where the view may be stale: the loads anew, if the view has served its time."""
        cdef bint due = self.served == 0
        if self.stale_s > 0:
            due = due or self.now_s - self.seen_s >= self.stale_s
        else:
            due = due or self.served >= self.stale_requests
        if due:
            memcpy(&self.seen[0], &self.load[0], self.n * sizeof(int64_t))
            self.served, self.seen_s = 0, self.now_s
        self.served += 1

    cdef list more_repr(self):
        parts = [f"stale_requests={self.stale_requests}"] if self.stale_requests > 1 else []
        return parts + ([f"stale_s={self.stale_s}"] if self.stale_s > 0 else [])
