"""What a selector remembers, declared once. The rules stand in _columns.pyx."""

from libc.stdint cimport int32_t

cdef enum Occasion:
    MADE        # by a constructor: everything starts
    RESET       # everything is back at its start
    RESIZED     # a node was added at the end or taken out
    SAVED       # for copy and pickle
    LOADED      # by copy or pickle


cdef class Columns:
    cdef Occasion occasion
    cdef Py_ssize_t n
    cdef int32_t removed        # RESIZED: the index of the node that was taken out; below zero where one was added
    cdef dict held              # the arrays of the columns, by name
    cdef dict state             # SAVED: what goes out; LOADED, and for some columns MADE: what came in

    cdef object column(self, str name, dtype, start=*, least=*, most=*, bint stays=*)
    cdef object limit(self, str name, usual)
    cdef object value(self, str name, now, start=*, least=*, most=*)
    cdef object read(self, str name, dtype, least, most)
