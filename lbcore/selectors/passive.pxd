"""What selectors that notice failures by themselves share. The rules stand in passive.pyx."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from lbcore.selectors._selector cimport Selector


cdef class PassiveRoundRobin(Selector):
    cdef int64_t[::1] credit
    cdef int64_t[::1] earning       # what a node earns a pick: its weight, less what failures took
    cdef int64_t[::1] fails
    cdef int64_t[::1] failed_s      # when it failed last, in whole seconds
    cdef int64_t[::1] checked_s     # when it failed last, or was tried again after that
    cdef uint8_t[::1] is_backup
    cdef uint8_t[::1] stands        # up, also where it is to be avoided now
    cdef int64_t max_fails
    cdef int64_t fail_timeout_s
    cdef bint alone                 # a single node never counts as failed

    cdef start(self, nodes, weights, max_fails, fail_timeout_s, backup, clock)
    cdef bint open(self, int32_t node) noexcept nogil       # live, and not failed too often of late
    cdef void earn(self, int32_t node) noexcept nogil
    cdef int32_t serve(self, int32_t node) noexcept nogil   # the node, which is being tried now
    cdef int32_t turn(self) noexcept nogil                  # a pick by weight; -1: none is open
    cdef int32_t turn_of(self, bint backup) noexcept nogil
