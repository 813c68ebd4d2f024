from libc.stdint cimport int8_t, int32_t, int64_t, uint64_t

from lbcore.selectors._selector cimport Selector
from lbcore.simulate._times cimport Times
from lbcore.simulate.counting cimport Counting
from lbcore.simulate.plain cimport Plain

cdef enum:
    BLOCK = 256                 # times drawn at once

cdef enum Outcome:
    SERVED
    REFUSED
    LOST
    LEFT                        # still there at the end, at a node that stands still


cdef class Engine(Counting):
    cdef Selector selector
    cdef tuple names                    # of its nodes, when the run began
    cdef Plain plain                    # the same, where it is a plain one in disguise; else None
    cdef const uint64_t[::1] hashes     # of the keys
    cdef Py_ssize_t keys
    cdef double origin_s                # what the selector's clock shows at time 0
    cdef readonly int64_t waited        # requests that found all nodes full
    cdef bint failed
    cdef int64_t piece                  # requests until the next look at Ctrl-C
    cdef int64_t budget                 # departures until then, at most
    cdef readonly double coming_s       # when the next request arrives; infinity after the last
    cdef readonly int64_t number        # of the next request
    cdef int64_t requests
    cdef uint64_t arrival_seed
    cdef uint64_t service_seed
    cdef Times arrivals
    cdef Times services
    cdef const double[::1] arrival_s    # where they are listed
    cdef const double[::1] service_s
    cdef double gaps[BLOCK]             # from the request before; the time itself where it is listed
    cdef double works[BLOCK]

    cdef bint keep
    cdef double[::1] arrived
    cdef double[::1] started
    cdef double[::1] ended
    cdef int32_t[::1] node
    cdef int8_t[::1] outcome

    cdef double next_arrival(self, double t) noexcept nogil
    cdef void leave(self, int32_t place, int32_t at, int8_t outcome) noexcept nogil
    cdef bint depart(self, double until) noexcept nogil
    cdef int32_t ask(self) noexcept nogil
    cdef void refuse(self) noexcept nogil
    cdef void arrive(self) noexcept nogil
    cdef void join(self, int32_t place, int32_t at) noexcept nogil
    cdef void admit(self, int32_t at) noexcept nogil
    cdef void run(self, int64_t stop, double until) noexcept nogil
    cdef bint same(self) noexcept nogil
    cdef look(self)
