"""Nodes, who is up, and one lock. The rules stand in _state.pyx."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t

from lbcore.selectors._columns cimport Columns, Occasion

cdef enum:
    ADDED = -1      # instead of the index of a node that was taken out
    ALL = -2        # every node is new

cdef enum Change:
    ANEW            # a constructor, copy or pickle
    OTHER_NODES     # one comes or goes
    OTHERS_UP       # one goes down or comes up


cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define LBCORE_GIL 0
    #else
    #define LBCORE_GIL 1
    #endif
    """
    const bint GIL "LBCORE_GIL"     # whether this Python has one


cdef class State:
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
    cdef int64_t[::1] load          # requests in flight, where load is kept
    cdef int64_t flying             # their sum
    cdef dict parameters            # what `check` returned; a family reads its own into fields in `declare`
    cdef dict held                  # the arrays of the columns
    cdef cython.pymutex lock
    cdef unsigned long holder       # the thread inside enter() and leave(); 0 where none is
    cdef int batches                # at work without the GIL, or about to be
    cdef bint is_shut               # half made or half changed: n_live is 0
    cdef object made                # what `prepare` returned, for the hooks that are called next

    # What a family fills in, in the order in which it is called. The first two change nothing, and may call foreign
    # code; all but `check` run with the lock held. On each change `declare` is followed by those hooks that it needs.
    cdef dict check(self, tuple names, weights, dict given)         # the parameters, from a constructor or a pickle
    cdef object prepare(self, dict parameters, tuple names, weights, up, Change change)
    cdef declare(self, Columns state)       # the state
    cdef reshape(self, int32_t removed)     # nodes are new: a node's index, or ADDED or ALL
    cdef rewind(self)                       # back to the first pick, for the present nodes
    cdef marked(self)                       # who is up may have changed, which `avoid` does not do
    cdef restored(self)                     # `marked` for a state that was read in

    cdef bint counts(self) noexcept         # whether the family keeps `load`
    cdef check_add(self, int64_t w)
    cdef check_remove(self, int32_t i)
    cdef list more_repr(self)

    cdef int check_caller(self) except -1
    cdef int enter(self, bint anew=*) except -1
    cdef void leave(self) noexcept
    cdef shut(self)
    cdef reopen(self)
    cdef construct(self, nodes, weights, dict given)
    cdef fill(self, tuple names, weights, up, dict given, Occasion occasion)
    cdef change(self, tuple names, weights, up, int32_t removed)
    cdef assign(self, tuple names, weights, up)
    cdef remember(self, Occasion occasion, dict state, int32_t removed)
    cdef settle(self, Occasion occasion, dict state, int32_t removed)
    cdef refresh(self)
    cdef Py_ssize_t find(self, node, str argument) except -1


cdef inline void batch_begins(State state) noexcept:
    """Before the GIL is let go of for work with the lock; `batch_ends` must follow."""
    if GIL:
        state.batches += 1


cdef inline void batch_ends(State state) noexcept:
    if GIL:
        state.batches -= 1


cdef inline bint alone(State state) noexcept:
    """Whether this call has the state to itself without the lock, as long as it keeps the GIL.

    Whoever has the lock then has let go of the GIL, in a batch or in foreign code, or is still waiting for it.
    """
    return GIL and state.batches == 0 and state.holder == 0
