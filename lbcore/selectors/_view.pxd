"""What selectors that look at load share. The rules stand in _view.pyx."""

from libc.stdint cimport int64_t

from lbcore.selectors._selector cimport Selector


cdef class LoadView(Selector):
    cdef int64_t[::1] seen          # the loads that a pick looks at: `load` itself, or a copy of some time ago
    cdef bint stale                 # it is a copy
    cdef int64_t stale_requests
    cdef double stale_s
    cdef int64_t served             # requests since the copy was taken; 0 where none was taken yet
    cdef double seen_s              # when it was taken

    cdef void look(self) noexcept nogil
