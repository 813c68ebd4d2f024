"""Taking turns.

The problem: share requests evenly without knowing anything about them. The idea: a cursor walks over the nodes and
starts again at the first. The cost: one counter. It is the default of NGINX, HAProxy (`roundrobin`) and Envoy.
"""

from libc.stdint cimport int32_t
from libc.string cimport memcpy

from lbcore.selectors._columns cimport Columns
from lbcore.selectors._selector cimport Selector


cdef class RoundRobin(Selector):
    """Each request goes to the next node that is up, in turn.

    nodes: names, or a number. After any number of requests no two nodes' counts differ by more than one, as long as
    the same nodes are up.

    >>> RoundRobin(3).select_many(7).tolist()
    [0, 1, 2, 0, 1, 2, 0]
    """

    cdef int32_t turn       # the index at which the search for the next node starts

    def __init__(self, nodes):
        self.construct(nodes, None, {})

    cdef declare(self, Columns state):
        self.turn = state.value("turn", self.turn, 0, 0, self.n - 1)

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node = self.turn
        if self.n_live == 0:
            return -1
        while not self.is_live[node]:
            node = node + 1 if node + 1 < self.n else 0
        self.turn = node + 1 if node + 1 < self.n else 0
        return node

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        """The first round is picked, and the rest is that round again, copied in doubling pieces."""
        cdef Py_ssize_t i, done, piece
        cdef int32_t later
        with self.lock:
            done = min(m, <Py_ssize_t>(self.n_live if self.n_live else 1))
            for i in range(done):
                out[i] = self.pick()
            if done < m and self.n_live:
                later = out[(m - 1) % done]
                self.turn = later + 1 if later + 1 < self.n else 0
        while done < m:
            piece = min(done, m - done)
            memcpy(out + done, out, piece * sizeof(int32_t))
            done += piece

    cdef reshape(self, int32_t removed):
        if 0 <= removed < self.turn:
            self.turn -= 1
        if self.turn >= self.n:
            self.turn = 0
