"""A ring whose points reach both ways, with and without a bound on the load.

The problem is the ring's, and that with few points a node whose neighbour stands close behind it gets little. The idea:
a key belongs to the nearest point, before or after it, so that such neighbours share what lies on both sides. A node
that is down has no points. It is HAProxy's `hash-type consistent`, and with a bound its `hash-balance-factor`: a node
serves while it holds fewer requests than its share of all in flight, this one counted, times a factor; else the
request goes on to the next point (Mirrokni, Thorup and Zadimoghaddam 2018).
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport int_of
from lbcore.selectors._selector cimport Selector
from lbcore.selectors.consistent cimport HashRing

cdef enum:
    SCALE = 16              # a weight counts as so much


cdef class NearestRing(HashRing):
    """Each key goes to the owner of the nearest point on the circle, of two as near to that of the one before.

    nodes, weights, virtual_nodes, points, bits, key_hash: as for HashRing. When a node goes down or comes up, its
    points go or come. From a node to avoid a key goes on to the points behind.

    >>> NearestRing(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [0, 2, 1, 0]
    """

    def __init__(self, nodes, weights=None, virtual_nodes=160, *, points=None, bits=64, key_hash=None):
        self.make(nodes, weights, virtual_nodes, points, "nearest", bits, True, key_hash)
        self.ready()

    cdef Py_ssize_t nearest(self, uint64_t h) noexcept nogil:
        """The place of the nearest point, whoever owns it."""
        cdef Py_ssize_t size = self.point.shape[0] - 1, low = 0, high = size, middle, before
        h &= self.mask
        while low < high:
            middle = (low + high) // 2
            if self.point[middle] < h:
                low = middle + 1
            else:
                high = middle
        before = (low if low else size) - 1
        low = low if low < size else 0
        return before if ((h - self.point[before]) & self.mask) <= ((self.point[low] - h) & self.mask) else low

    cdef Py_ssize_t home(self, uint64_t h) noexcept nogil:
        return self.onwards(self.nearest(h)) if self.n_live else -1


cdef class BoundedNearestRing(NearestRing):
    """A ring of nearest points that passes a request on while its node holds its share of those in flight, or more.

    nodes, weights, virtual_nodes, points, bits, key_hash: as for NearestRing. factor: what a node may hold, in percent
    of its share; from 100 to 65535. The shares are whole numbers that add up to the whole, and at least 1. A request is
    in flight from its pick until `release`.

    >>> BoundedNearestRing(3, factor=110).select_many(["ann"] * 6).tolist()
    [0, 1, 2, 1, 0, 2]
    """

    keeps_load = True
    cdef int64_t factor
    cdef int64_t flying             # requests in flight, of all nodes
    cdef int64_t total              # of the weights of the nodes that are up, scaled
    cdef int64_t[::1] before        # the sum of the scaled weights of the nodes up before this one

    def __init__(self, nodes, weights=None, virtual_nodes=160, factor=125, *, points=None, bits=64, key_hash=None):
        factor = int_of(factor, "factor", "give a percentage")
        if not 100 <= factor <= 65535:
            raise ValueError(f"factor: {factor} is outside 100 to 65535")
        self.make(nodes, weights, virtual_nodes, points, "nearest", bits, True, key_hash)
        self.factor, self.flying = factor, 0
        self.share()
        self.ready()

    cdef bint counts(self) noexcept:
        return True

    cdef share(self):
        scaled = np.multiply(self.weight, self.is_up) * SCALE
        self.before, self.total = np.cumsum(scaled) - scaled, np.sum(scaled)

    cdef bint full(self, int32_t node) noexcept nogil:
        cdef int64_t slots = ((self.flying + 1) * self.factor + 99) // 100
        cdef int64_t weight = SCALE * self.weight[node], rest = slots % self.total
        slots = weight * (slots // self.total)
        slots += (self.before[node] + weight) * rest // self.total - self.before[node] * rest // self.total
        return self.load[node] >= max(slots, 1)

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef Py_ssize_t size, i
        cdef int32_t node = -1
        if self.n_live == 0:
            return -1
        size = self.point.shape[0] - 1
        i = self.nearest(h)
        for _ in range(size):
            node = self.owner[i]
            if self.is_live[node] and not self.full(node):
                break
            i = i + 1 if i + 1 < size else 0
        else:
            i = self.onwards(i)         # those with room are to be avoided
            if i < 0:
                return -1
            node = self.owner[i]
        self.load[node] += 1
        self.flying += 1
        return node

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        Selector.place_many(self, hashes, out, m)

    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        self.flying -= 1

    cdef rewind(self):
        self.flying = 0

    cdef reshape(self, int32_t removed):
        HashRing.reshape(self, removed)
        self.flying = np.sum(self.load)
        self.share()

    cdef marked(self):
        HashRing.marked(self)
        self.share()

    cdef dict more_state(self):
        return {"factor": self.factor, **HashRing.more_state(self)}

    cdef restore(self, dict state):
        HashRing.restore(self, state)
        if not 100 <= state["factor"] <= 65535:
            raise ValueError("state: factor is outside 100 to 65535")
        self.factor, self.flying = state["factor"], np.sum(self.load)
        self.share()

    cdef list more_repr(self):
        return HashRing.more_repr(self) + [f"factor={self.factor}"]
