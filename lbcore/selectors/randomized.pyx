"""Drawing nodes at random, and looking twice.

The problem: share requests without a counter that every balancer must agree on. The idea: draw a node for each
request; the busiest node then stands about sqrt(R) above the mean. Draw two and take the less loaded one, and the gap
all but vanishes (Azar, Broder, Karlin and Upfal 1994; Mitzenmacher 2001). The cost: one or two draws. NGINX has it as
`random` and `random two least_conn`, HAProxy as `random(2)`, Envoy as `RANDOM` and `LEAST_REQUEST`.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport seed_of
from lbcore.selectors._draws cimport TRIES, again, below, draw
from lbcore.selectors._selector cimport Selector


cdef class Random(Selector):
    """Each request goes to a node drawn at random, all nodes that are up being equally likely.

    nodes: names, or a number. seed: an integer, a numpy Generator, or None for fresh entropy. Request i always has draw
    i of the seed; where that node is down the request draws again, so only a dead node's requests move.

    >>> Random(3, seed=7).select_many(7).tolist()
    [1, 0, 2, 1, 1, 0, 1]
    """

    cdef uint64_t seed
    cdef uint64_t number        # of the next draw

    def __init__(self, nodes, seed=None):
        seed = seed_of(seed)
        self.begin(nodes, None)
        self.seed, self.number = seed, 0

    cdef int32_t pick(self) noexcept nogil:
        if self.n_live == 0:
            return -1
        self.number += 1
        return self.drawn(draw(self.seed, self.number - 1))

    cdef int32_t drawn(self, uint64_t bits) noexcept nogil:
        cdef int32_t node
        for _ in range(TRIES):
            node = <int32_t>below(bits, self.n)
            if self.is_live[node]:
                return node
            bits = again(bits)
        return self.live[below(bits, self.n_live)]

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        """With every node up, reserves m draws and fills without the lock."""
        cdef Py_ssize_t i
        cdef uint64_t first, seed
        cdef int32_t n
        with self.lock:
            n, seed, first = self.n, self.seed, self.number
            if self.n_live < n or n == 0:
                for i in range(m):
                    out[i] = self.pick()
                return
            self.number += m
        for i in range(m):
            out[i] = <int32_t>below(draw(seed, first + i), n)

    cdef rewind(self):
        self.number = 0

    cdef dict more_state(self):
        return {"seed": self.seed, "number": self.number}

    cdef restore(self, dict state):
        self.seed, self.number = state["seed"], state["number"]

    cdef list more_repr(self):
        return [f"seed={self.seed}"]


cdef inline int32_t emptier(
    int64_t* load, const int32_t* live, int32_t n, uint64_t seed, uint64_t number
) noexcept nogil:
    """Two different nodes of the n live ones are drawn; the one with less load gets one more."""
    cdef int32_t a = <int32_t>below(draw(seed, number), n)
    cdef int32_t b = <int32_t>below(draw(seed, number + 1), n - 1)
    if n == 1:
        b = a
    else:
        b += b >= a         # the second is drawn among the others
    a, b = live[a], live[b]
    # Arithmetic, not a branch: which of two random nodes is emptier cannot be predicted.
    a += (b - a) * (load[b] < load[a])
    load[a] += 1
    return a


cdef class TwoChoices(Selector):
    """Each request looks at two different nodes drawn at random and goes to the one with fewer requests in flight.

    nodes: names, or a number. seed: an integer, a numpy Generator, or None for fresh entropy. The first drawn wins a
    tie. A request is in flight from its pick until `release`; when nothing is released, the load is all requests so
    far, as in the balls-into-bins problem.

    >>> TwoChoices(3, seed=7).select_many(7).tolist()
    [1, 2, 0, 1, 0, 2, 2]
    """

    keeps_load = True
    cdef uint64_t seed
    cdef uint64_t number        # of the next draw; a request takes two

    def __init__(self, nodes, seed=None):
        seed = seed_of(seed)
        self.begin(nodes, None)
        self.seed, self.number = seed, 0

    cdef int32_t pick(self) noexcept nogil:
        if self.n_live == 0:
            return -1
        self.number += 2
        return emptier(&self.load[0], &self.live[0], self.n_live, self.seed, self.number - 2)

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        cdef int64_t* load
        cdef const int32_t* live
        with self.lock:
            if self.n_live == 0:
                for i in range(m):
                    out[i] = -1
                return
            load, live = &self.load[0], &self.live[0]
            for i in range(m):
                out[i] = emptier(load, live, self.n_live, self.seed, self.number + 2 * i)
            self.number += 2 * m

    cdef rewind(self):
        self.number = 0

    cdef dict more_state(self):
        return {"seed": self.seed, "number": self.number}

    cdef restore(self, dict state):
        self.seed, self.number = state["seed"], state["number"]

    cdef list more_repr(self):
        return [f"seed={self.seed}"]
