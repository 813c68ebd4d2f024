"""The ring, for those who build on it. The rules stand in consistent.pyx."""

from libc.stdint cimport int32_t, uint64_t

from lbcore.selectors._selector cimport Selector

cdef enum:
    FIRST       # the first point at or after the key
    AFTER       # the first point strictly after it
    NEAREST     # the nearest point, before or after it; of two as near, the one before


cdef class HashRing(Selector):
    cdef int32_t virtual_nodes
    cdef object points          # a function (nodes, weights) that returns points and owners, or None
    cdef bint rebuild           # whether mark_down and mark_up build the ring anew
    cdef int rule
    cdef int bits               # of a point
    cdef uint64_t mask
    # The points in order and their owners. One point more ends them: the largest number, with the first point's owner.
    # The circle is cut into equal buckets, about two for each point; h >> shift is the number of a key's bucket.
    # All are replaced, never changed, so a batch may read on without the lock.
    cdef uint64_t[::1] point
    cdef int32_t[::1] owner
    cdef int32_t[::1] start     # the place of each bucket's first point
    cdef uint64_t[::1] bucket   # bit 63: has several points; 23 bits: where the one point splits it; 20: the owner of
    cdef int shift              # what is before the split, 20: behind it

    cdef Py_ssize_t home(self, uint64_t h) noexcept nogil       # the place of the live point that serves; -1: none
    cdef Py_ssize_t onwards(self, Py_ssize_t i) noexcept nogil  # the first live point at place i or behind it; -1: none
    cdef make(self, nodes, weights, virtual_nodes, points, rule, bits, rebuild, key_hash)
    cdef tuple parameters(self)
    cdef settle(self, tuple parameters, tuple ring)
    cdef tuple placed(self)
