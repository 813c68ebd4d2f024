"""The ring, for those who build on it. The rules stand in ring.pyx."""

from libc.stdint cimport int32_t, uint64_t

from lbcore.selectors._selector cimport Selector


cdef class HashRing(Selector):
    cdef int32_t virtual_nodes
    cdef bint rebuild           # whether mark_down and mark_up build the ring anew
    cdef bint after             # a key belongs to the first point behind it, not to one at its own place
    cdef int bits               # of a point
    cdef uint64_t mask
    # The points in order and their owners. One point more ends them: the largest number, with the first point's owner.
    # The circle is cut into equal buckets, about two for each point; h >> shift is the number of a key's bucket.
    # All are replaced, never changed, so a batch may read on without the lock.
    cdef uint64_t[::1] point
    cdef int32_t[::1] owner
    cdef int32_t[::1] start     # the place of each bucket's first point; at the end, the number of points
    cdef uint64_t[::1] bucket   # bit 63: has several points; 23 bits: where the one point splits it; 20: the owner of
    cdef int shift              # what is before the split, 20: behind it

    # Two hooks for other rings: where a key is at home, and which nodes have no room.
    cdef Py_ssize_t home(self, uint64_t h) noexcept nogil       # the place of the live point that serves; -1: none
    cdef bint full(self, int32_t node) noexcept nogil
    # The first point of a live node, with room if asked for, at place i or behind it; -1: none.
    cdef Py_ssize_t onwards(self, Py_ssize_t i, bint with_room) noexcept nogil
    cdef lay(self, point, owner)
    cdef splice(self, const uint64_t[::1] new, int32_t removed)
    cdef tuple placed(self)


cdef inline Py_ssize_t search(const uint64_t* point, const int32_t* start, int shift, uint64_t h) noexcept nogil:
    """The place of the first point at or after h; behind the last point stands one that ends every search."""
    cdef Py_ssize_t i = start[h >> shift]
    while point[i] < h:
        i += 1
    return i
