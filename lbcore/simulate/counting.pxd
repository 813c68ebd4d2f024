from libc.stdint cimport int64_t

from lbcore.simulate._tournament cimport bits_of
from lbcore.simulate.nodes cimport Nodes, Request

cdef enum:
    BIN_SHIFT = 44              # a bin is the sign, the exponent and the first 8 bits of the fraction of a double
    BINS = 1 << 19


cdef class Counting(Nodes):
    cdef int64_t first_measured
    cdef readonly double opened_s
    cdef readonly double closed_s
    cdef int64_t[::1] bins
    cdef double sum_s
    cdef double waited_s
    cdef double longest_s
    cdef int64_t measured
    cdef readonly int64_t refused


cdef inline void count(Counting all, Request* request, double latency) noexcept nogil:
    """A request has been served."""
    if request.number >= all.first_measured:
        all.measured += 1
        all.sum_s += latency
        all.waited_s += request.started - request.arrived
        all.bins[bits_of(latency) >> BIN_SHIFT & BINS - 1] += 1
        if latency > all.longest_s:
            all.longest_s = latency
