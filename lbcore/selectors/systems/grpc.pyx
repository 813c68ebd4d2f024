"""gRPC's own rule: turns by weight, decided from a sequence number alone.

The problem: a schedule is a state that every thread must lock. The idea: let request s look at node s mod n, and let
the node take it or pass by arithmetic on s / n and its weight, so that a counter is all there is (gRPC's static stride
scheduler). The cost: passes, few unless the weights differ much; weights are capped at ten times their mean and raised
to a hundredth of it.
"""

import numpy as np

from libc.stdint cimport int32_t, uint16_t, uint32_t, uint64_t

from lbcore.selectors._checks cimport int_of
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._selector cimport Selector

cdef enum:
    MOST = 0xFFFF           # the stride of the heaviest node


cdef class StaticStride(Selector):
    """The nodes take turns, and each lets as many of its turns pass as it is lighter than the heaviest.

    nodes: names, or a number. weights: an integer of 0 or more for each node; they are scaled to at most 65535. start:
    the sequence number of the first turn, from 0 to 2^32 - 1; from there it wraps to 0. The sequence runs on when
    nodes change, come up or go down. A node to avoid lets its turn pass.

    >>> StaticStride(3, [5, 1, 1]).select_many(7).tolist()
    [0, 2, 0, 0, 1, 0, 0]
    """

    weighted = True
    cdef uint32_t start
    cdef uint32_t sequence          # of the next turn
    cdef int32_t[::1] listed        # the nodes that take turns: those up, and of a weight above zero
    cdef uint16_t[::1] stride       # of each of these
    cdef int32_t size

    def __init__(self, nodes, weights=None, start=0):
        self.construct(nodes, weights, {"start": start})

    cdef dict check(self, tuple names, weights, dict given):
        start = int_of(given["start"], "start", "give a sequence number")
        if not 0 <= start < 1 << 32:
            raise ValueError(f"start: {start} is outside 0 to 2^32 - 1")
        return {"start": start}

    cdef declare(self, Columns state):
        self.start = self.parameters["start"]
        self.sequence = state.value("sequence", self.sequence, self.start)

    @property
    def strides(self):
        """The scaled weights: int64, shape (nodes,); 0 for a node that takes no turns."""
        self.enter()
        try:
            result = np.zeros(self.n, np.int64)
            if self.n:
                result[np.asarray(self.listed)] = np.asarray(self.stride)
            return result
        finally:
            self.leave()

    cdef int32_t pick(self) noexcept nogil:
        cdef uint64_t place, round_, weight, rest
        if self.n_live == 0:
            return -1
        while True:
            place = self.sequence % <uint32_t>self.size
            round_ = self.sequence // <uint32_t>self.size
            self.sequence += 1
            weight = self.stride[place]
            # Neighbours start half a round apart, so that equal ones do not pass in a row.
            rest = (weight * round_ + place * (MOST // 2)) % MOST
            if rest >= MOST - weight and self.is_live[self.listed[place]]:
                return self.listed[place]

    cdef marked(self):
        """The strides of the nodes that are up. The factor is a quotient of float32 numbers, as in gRPC's C-core."""
        listed = np.flatnonzero(np.asarray(self.is_up) & (np.asarray(self.weight) > 0)).astype(np.int32)
        weights = np.asarray(self.weight)[listed].astype(np.float32)
        stride = np.full(len(listed), MOST, np.uint16)
        if len(listed) > 1:
            mean = sum(weights.tolist()) / len(listed)
            most = weights.max()
            if float(most) / mean > 10:
                most = np.float32(10 * mean)
            factor = float(np.float32(MOST) / most)
            least = max(1, nearest(nearest(factor * mean) * 0.01))
            stride[:] = [max(nearest(float(min(w, most)) * factor), least) for w in weights]
        self.listed, self.stride, self.size = listed, stride, len(listed)

    cdef list more_repr(self):
        return [f"start={self.start}"] if self.start else []


cdef int nearest(double value):
    """The nearest integer, a half being rounded up; value is not below zero."""
    return <int>(value + 0.5)
