"""What every selector shares. The rules of the contract stand in _selector.pyx."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t


cdef class Selector:
    cdef tuple names
    cdef dict index_of
    cdef int32_t n
    cdef int32_t n_live
    cdef bint all_live              # every node of a weight above zero is up
    cdef bint by_key
    cdef bint by_load
    cdef object key_hash            # a function from bytes to an integer, or None for xxHash64
    cdef object clock               # a function that tells the time in seconds, or None where no time is needed
    cdef double now_s               # the time of what is being done: the clock's, or what a simulation writes here
    cdef double ahead_s             # how far now_s is ahead of the clock: after unpickling, that may be another
    cdef bint elsewhere             # it was unpickled, and has not looked at the clock since
    cdef int64_t[::1] weight
    cdef uint8_t[::1] is_up
    cdef uint8_t[::1] is_live       # up, and of a weight above zero: the nodes that may be picked
    cdef int32_t[::1] live          # their indices, ascending, in the first n_live places
    cdef int64_t[::1] load          # requests in flight, where `keeps_load`; a pick adds one
    cdef cython.pymutex lock
    cdef unsigned long holder       # the thread inside enter() and leave(); 0 where none is
    cdef bint is_shut               # half made or half changed: n_live is 0
    cdef object made                # what `prepare` returned, for the hook that is called next

    # Filled in by a family. These compute; they never raise, and run with the lock held.
    cdef int32_t pick(self) noexcept nogil                  # keyless: -1 and no change where none is live
    cdef int32_t place(self, uint64_t h) noexcept nogil     # keyed: the node of a key's hash
    # A request has ended, and is in flight no more; latency_s is below zero where it is not known.
    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil
    # Whole batches; these take the lock themselves, so that a family may reserve a range and fill without it.
    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil
    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil

    # For a compiled caller: releases one request, with the lock held. False, and no change, where none is in flight.
    cdef bint finish(self, int32_t node, bint ok, double latency_s) noexcept nogil

    # Python-level hooks, called with the lock held. The first changes nothing, and the only one to call foreign code
    # beside `restore`. other_nodes: nodes come or go; else they go up or down.
    cdef object prepare(self, tuple names, weights, up, bint other_nodes)
    cdef bint counts(self) noexcept         # whether the family keeps `load`
    cdef rewind(self)                       # back to the first pick, for the present nodes
    cdef reshape(self, int32_t removed)     # a node was added at the end (removed = -1) or taken out
    cdef dict more_state(self)              # what copy and pickle need beyond nodes, weights and up
    cdef restore(self, dict state)
    cdef list more_repr(self)
    cdef marked(self)                       # a node went down or came up, which `avoid` does not do

    cdef check_add(self, int64_t w)         # weighted families allow any weight
    cdef check_remove(self, int32_t i)

    cdef int check_caller(self) except -1
    cdef int enter(self, bint anew=*) except -1
    cdef void leave(self) noexcept
    cdef shut(self)
    cdef reopen(self)
    cdef begin(self, nodes, weights)
    cdef start_with(self, tuple names, weights)
    cdef ready(self)
    cdef assign(self, tuple names, weights, up)
    cdef refresh(self)
    cdef Py_ssize_t find(self, node, str argument) except -1
    cdef int32_t select_other(self, uint64_t h, avoid) except -2
    cdef select_keys(self, keys, out)
    cdef object hashes_of(self, keys)       # of many keys, as uint64
    cdef tell_time(self)
    cdef take(self, const int32_t* nodes, Py_ssize_t m)
    cdef change(self, tuple names, weights, up, int32_t removed)


cdef object of_nodes(Selector selector, values, str name)
cdef str weights_repr(Selector selector)
