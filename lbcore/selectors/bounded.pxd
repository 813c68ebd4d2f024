"""The bounded ring, for those who build on it: another bound is another `full`. The rules stand in bounded.pyx."""

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors.consistent cimport HashRing


cdef class BoundedRing(HashRing):
    cdef double eps
    cdef uint64_t factor        # 1 + eps, in millionths
    cdef int64_t flying         # requests in flight, of all nodes
    cdef uint64_t live_weight   # of all nodes that are live

    cdef bound(self, double eps)
    cdef bint full(self, int32_t node) noexcept nogil
