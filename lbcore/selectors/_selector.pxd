"""What every selector shares. The rules of the contract stand in _selector.pyx."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t


cdef class Selector:
    cdef tuple names
    cdef dict index_of
    cdef int32_t n
    cdef int32_t n_live
    cdef bint by_key
    cdef int64_t[::1] weight
    cdef uint8_t[::1] is_up
    cdef uint8_t[::1] is_live       # up, and of a weight above zero: the nodes that may be picked
    cdef int32_t[::1] live          # their indices, ascending, in the first n_live places
    cdef cython.pymutex lock

    # Filled in by a family. These compute; they never raise, and run with the lock held.
    cdef int32_t pick(self) noexcept nogil                  # keyless: -1 and no change where none is live
    cdef int32_t place(self, uint64_t h) noexcept nogil     # keyed: the node of a key's hash
    # Whole batches; these take the lock themselves, so that a family may reserve a range and fill without it.
    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil
    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil

    # Python-level hooks, called with the lock held.
    cdef rewind(self)                       # back to the first pick, for the present nodes
    cdef reshape(self, int32_t removed)     # a node was added at the end (removed = -1) or taken out
    cdef dict more_state(self)              # what copy and pickle need beyond nodes, weights and up
    cdef restore(self, dict state)
    cdef list more_repr(self)
    cdef ended(self, const int32_t[::1] nodes)      # requests that ended, by node; all are checked before any changes

    cdef check_add(self, int64_t w)         # weighted families allow any weight

    cdef begin(self, nodes, weights)
    cdef assign(self, tuple names, weights, up)
    cdef refresh(self)
    cdef Py_ssize_t find(self, node, str argument) except -1
    cdef int32_t select_other(self, uint64_t h, avoid) except -2
    cdef select_keys(self, keys, out)


cdef uint64_t seed_of(seed) except? 0
cdef uint64_t hash_key(key, Py_ssize_t i) except? 0
cdef str short(value)
cdef object int_of(value, str argument, str wanted)
cdef tuple names_of(nodes)
