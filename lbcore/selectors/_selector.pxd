"""What every selector shares: its state (_state.pxd), and picking. The rules stand in _state.pyx and _selector.pyx."""

from libc.stdint cimport int32_t, uint64_t

from lbcore.selectors._pickle cimport Pickled


cdef enum Ends:
    NEVER           # a pick never hangs on what has ended
    WHERE_IT_LOOKS  # only on what has ended at the nodes that it looks at: it calls `settle_at` for each before
    EVERYWHERE

ctypedef void (*Settle)(void* simulation, int32_t node) noexcept nogil


cdef class Selector(Pickled):
    # Where a compiled simulation is late in telling of ends: what settles one node's, up to now. Else NULL.
    cdef Settle settle
    cdef void* simulation

    # Filled in by a family. These compute; they never raise, and run with the lock held.
    cdef int32_t pick(self) noexcept nogil                  # keyless: -1 and no change where none is live
    cdef int32_t place(self, uint64_t h) noexcept nogil     # keyed: the node of a key's hash
    # A request has ended, and is in flight no more; latency_s is below zero where it is not known.
    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil
    cdef Ends hears(self) noexcept nogil        # of which ends a pick must have heard; a family with `ended` says so
    # Whole batches; these take the lock themselves, so that a family may reserve a range and fill without it.
    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil
    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil

    # For a compiled caller, with the lock held. Releases one request; False, and no change, where none is in flight.
    cdef bint finish(self, int32_t node, bint ok, double latency_s) noexcept nogil
    # After a pick that found nobody: whether that is so because all that are up are full, and the request may wait.
    cdef bint all_full(self) noexcept nogil
    # Whether a request is to be picked for while others wait; else it joins them.
    cdef bint asks_anyway(self) noexcept nogil
    # A request that waited goes to this node, without a pick. False, and no change, where it is down or full.
    cdef bint accept_at(self, int32_t node) noexcept nogil

    cdef int32_t select_other(self, uint64_t h, avoid) except -2
    cdef select_keys(self, keys, out)
    cdef object hashes_of(self, keys)       # of many keys, as uint64
    cdef tell_time(self)
    cdef take(self, const int32_t* nodes, Py_ssize_t m)


cdef inline void settle_at(Selector selector, int32_t node) noexcept nogil:
    if selector.settle != NULL:
        selector.settle(selector.simulation, node)


cdef inline int32_t send(Selector selector, int32_t node) noexcept nogil:
    """Where load is kept: puts a request in flight at the node, which is returned."""
    selector.load[node] += 1
    selector.flying += 1
    return node
