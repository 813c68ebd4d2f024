"""Copy and pickle. The rules stand in _pickle.pyx."""

from lbcore.selectors._state cimport State


cdef class Pickled(State):
    pass
