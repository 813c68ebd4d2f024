from libc.stdint cimport int32_t, int64_t

from lbcore.selectors._selector cimport Selector

cdef enum:
    FAILED = -2


cdef class Plain(Selector):
    cdef object select_one
    cdef object release_one     # or None
    cdef object accept_one      # or None
    cdef bint full              # so it was at the last pick
    cdef bint jumps             # it is asked for a request while others wait
    cdef bint wants_ok
    cdef bint wants_latency
    cdef list keys              # or None
    cdef str who
    cdef Selector of_ours       # the selector, where it is a subclass of a compiled one
    cdef tuple its_names        # of its nodes at first
    cdef double origin_s        # what its clock shows at time 0
    cdef int64_t number         # of the next request
    cdef object error           # the first that its methods raised

    cdef int32_t ask(self) noexcept with gil
    cdef void tell(self, int32_t node, bint ok, double latency_s) noexcept with gil
    cdef bint offer(self, int32_t node) noexcept with gil
    cdef fail(self, error, str method)
