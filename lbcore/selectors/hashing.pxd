"""What table-based families share. The rules stand in hashing.pyx."""

from libc.stdint cimport int32_t

from lbcore.selectors._selector cimport Selector


cdef class HashTable(Selector):
    cdef bint rebuild           # whether mark_down and mark_up build the table anew
    cdef int32_t[::1] owner     # replaced, never changed, so a batch may read on without the lock
