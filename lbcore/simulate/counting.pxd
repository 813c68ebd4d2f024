from libc.stdint cimport int64_t

from lbcore.simulate._tournament cimport bits_of
from lbcore.simulate.nodes cimport Node, Nodes

cdef enum:
    BIN_SHIFT = 44              # a bin is the sign, the exponent and the first 8 bits of the fraction of a double
    BINS = 1 << 19


cdef class Counting(Nodes):
    cdef int64_t first_measured
    cdef readonly double opened_s
    cdef readonly double closed_s
    cdef int64_t[::1] bins
    cdef double longest_s
    cdef int64_t measured
    cdef readonly int64_t refused


cdef inline void count(Counting all, Node* node, int64_t number, double latency, double waited) noexcept nogil:
    """A request has been served."""
    if number >= all.first_measured:
        all.measured += 1
        node.spent += latency
        node.waited += waited
        all.bins[bits_of(latency) >> BIN_SHIFT & BINS - 1] += 1
        if latency > all.longest_s:
            all.longest_s = latency
