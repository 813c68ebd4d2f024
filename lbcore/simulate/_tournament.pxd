"""Which server departs next? The winner of a knock-out tournament; a change plays log2(servers) matches again.

A heap needs as many comparisons, and branches that cannot be predicted; here there are none. Times are compared as the
bits of doubles, which sort like integers where no sign is set. (Knuth, 'The Art of Computer Programming' vol. 3,
section 5.4.1: a tree of winners.)
"""

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    #define ENDLESS INT64_C(0x7FF0000000000000)     /* the bits of infinity */
    """
    const int64_t ENDLESS


cdef struct Tournament:
    int64_t* ends       # when each server's request ends, as the bits of a time; ENDLESS where none does
    int32_t* winner     # of each match; winner[1] departs next, and winner[leaves + i] is server i
    int32_t leaves      # servers, rounded up to a power of two


cdef inline int64_t bits_of(double x) noexcept nogil:
    cdef int64_t bits
    memcpy(&bits, &x, 8)
    return bits


cdef inline double time_of(int64_t bits) noexcept nogil:
    cdef double x
    memcpy(&x, &bits, 8)
    return x


cdef inline void open_to(Tournament* all, int32_t leaves) noexcept nogil:
    """Nobody is busy; the arrays have their room already."""
    cdef int32_t i
    all.leaves = leaves
    for i in range(leaves):
        all.ends[i], all.winner[leaves + i] = ENDLESS, i
    for i in range(leaves - 1, 0, -1):
        all.winner[i] = all.winner[2 * i]


cdef inline void set_end(Tournament* all, int32_t server, int64_t end) noexcept nogil:
    """Plays one server's matches again, up to the final; of equal ends the lower server wins."""
    cdef int32_t k = all.leaves + server, best = server, other
    cdef int64_t end_other, other_wins
    all.ends[server] = end
    while k > 1:
        other = all.winner[k ^ 1]
        end_other = all.ends[other]
        # Arithmetic, not a branch: who wins cannot be predicted. An odd k is on the right, and loses a draw. Each match
        # waits for the end that won the one below: for a comparison, and for nothing else.
        other_wins = -<int64_t>(end_other - (k & 1) < end)
        best ^= (best ^ other) & <int32_t>other_wins
        end = min(end, end_other)
        k >>= 1
        all.winner[k] = best
