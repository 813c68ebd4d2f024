"""Drawing nodes at random, and looking twice.

The problem: share requests without a counter that every balancer must agree on. The idea: draw a node for each
request; the busiest node then stands about sqrt(R) above the mean. Draw two and take the less loaded one, and the gap
all but vanishes (Azar, Broder, Karlin and Upfal 1994; Mitzenmacher 2001). The cost: one or two draws. NGINX has it as
`random` and `random two least_conn`, HAProxy as `random(2)`, Envoy as `RANDOM` and `LEAST_REQUEST`.
"""

import time

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport int_of, seed_of, short
from lbcore.selectors._draws cimport TRIES, again, below, below_half, counter, draw, halved, mix, step
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._instructions cimport AVX512, in_use
from lbcore.selectors._selector cimport EVERYWHERE, WHERE_IT_LOOKS, Ends, Selector, send, settle_at
from lbcore.selectors._view cimport LoadView

cdef enum:
    MAX_CHOICES = 64


cdef extern from *:
    """
    #include <stdint.h>

    /* What `below_half` makes of both halves of each draw; z: what is mixed for the first. */
    #define LBCORE_PAIRS(name, target) \
    target static void name(int32_t *out, Py_ssize_t pairs, uint64_t z, uint64_t n) { \
        for (Py_ssize_t k = 0; k < pairs; k++, z += 0x9E3779B97F4A7C15ULL) { \
            uint64_t bits = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL; \
            bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBULL; \
            bits ^= bits >> 31; \
            out[2 * k] = (int32_t)((bits >> 32) * n >> 32); \
            out[2 * k + 1] = (int32_t)((bits & 0xFFFFFFFFU) * n >> 32); \
        } \
    }
    LBCORE_PAIRS(lbcore_pairs, )
    LBCORE_PAIRS(lbcore_pairs_avx512, LBCORE_AVX512)
    """
    void pairs "lbcore_pairs"(int32_t*, Py_ssize_t, uint64_t, uint64_t) noexcept nogil
    void pairs_avx512 "lbcore_pairs_avx512"(int32_t*, Py_ssize_t, uint64_t, uint64_t) noexcept nogil


cdef class Random(Selector):
    """Each request goes to a node drawn at random, all nodes that are up being equally likely.

    nodes: names, or a number. seed: an integer, a numpy Generator, or None for fresh entropy. Two requests share a draw
    of 64 bits: request i always has its half of draw i // 2 of the seed. Where that node is down the request draws
    again, so only a dead node's requests move.

    >>> Random(3, seed=7).select_many(7).tolist()
    [1, 1, 0, 2, 2, 2, 1]
    """

    cdef uint64_t seed
    cdef uint64_t number        # of the next draw

    def __init__(self, nodes, seed=None):
        self.construct(nodes, None, {"seed": seed})

    cdef dict check(self, tuple names, weights, dict given):
        return {"seed": seed_of(given["seed"])}

    cdef declare(self, Columns state):
        self.seed = self.parameters["seed"]
        self.number = state.value("number", self.number)

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node
        cdef uint64_t bits
        if self.n_live == 0:
            return -1
        bits = halved(self.seed, self.number)
        self.number += 1
        for _ in range(TRIES):
            node = <int32_t>below_half(bits, self.n)
            if self.is_live[node]:
                return node
            bits = again(bits)
        return self.live[below_half(bits, self.n_live)]

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        """With every node up, reserves m draws and fills without the lock."""
        cdef Py_ssize_t i = 0
        cdef uint64_t first, seed
        cdef int32_t n
        with self.lock:
            n, seed, first = self.n, self.seed, self.number
            if self.n_live < n or n == 0:
                for i in range(m):
                    out[i] = self.pick()
                return
            self.number += m
        if m and first & 1:         # whoever asked before took the other half
            out[0], i = <int32_t>below_half(halved(seed, first), n), 1
        if in_use == AVX512:
            pairs_avx512(out + i, (m - i) >> 1, counter(seed, (first + i) >> 1), n)
        else:       # 256 bits hold too few draws to be faster
            pairs(out + i, (m - i) >> 1, counter(seed, (first + i) >> 1), n)
        i += (m - i) & ~<Py_ssize_t>1
        if i < m:
            out[i] = <int32_t>below_half(halved(seed, first + i), n)

    cdef list more_repr(self):
        return [f"seed={self.seed}"]


cdef inline int32_t emptiest(
    Selector asked, const int64_t* seen, const int32_t* live, int32_t n, uint64_t seed, uint64_t number, int choices,
    bint replacement
) noexcept nogil:
    """As many nodes of the n live ones are drawn, alike or different: the one with least load, the first of equals."""
    cdef int32_t taken[MAX_CHOICES]     # the places that were drawn, ascending
    cdef int32_t at, node, best = -1
    cdef int j, k
    for j in range(choices if replacement else min(choices, n)):
        at = <int32_t>below(draw(seed, number + j), n if replacement else n - j)
        if not replacement:
            for k in range(j):          # the draw is among those that were not taken
                at += at >= taken[k]
            k = j
            while k > 0 and taken[k - 1] > at:
                taken[k] = taken[k - 1]
                k -= 1
            taken[k] = at
        node = live[at]
        settle_at(asked, node)
        if best < 0 or seen[node] < seen[best]:
            best = node
    return best


cdef class TwoChoices(LoadView):
    """Each request looks at two different nodes drawn at random and goes to the one with fewer requests in flight.

    nodes: names, or a number. seed: an integer, a numpy Generator, or None for fresh entropy. choices: how many nodes
    are drawn, 1 to 64; where fewer are up, all are looked at. replacement: True, and a node may be drawn twice, as in
    Envoy and HAProxy. The first drawn wins a tie. A request is in flight from its pick until `release`; when nothing is
    released, the load is all requests so far, as in the balls-into-bins problem.

    stale_requests: how many requests one view of the loads serves; 1 looks anew for each. stale_s: how old in seconds
    a view may grow by `clock` (a function that tells the time in seconds) before a request takes a new one; 0 looks
    anew for each. A view does not count the requests that it served.

    >>> TwoChoices(3, seed=7).select_many(7).tolist()
    [1, 2, 0, 1, 0, 2, 2]
    """

    cdef uint64_t seed
    cdef uint64_t number        # of the next draw; a request takes one for each choice
    cdef int choices
    cdef bint replacement

    def __init__(
        self, nodes, seed=None, choices=2, replacement=False, *,
        stale_requests=1, stale_s=0.0, clock=time.monotonic,
    ):
        self.construct(nodes, None, {
            "seed": seed, "choices": choices, "replacement": replacement,
            "stale_requests": stale_requests, "stale_s": stale_s, "clock": clock,
        })

    cdef dict check(self, tuple names, weights, dict given):
        choices = int_of(given["choices"], "choices", "give the number of nodes to look at")
        if not 1 <= choices <= MAX_CHOICES:
            raise ValueError(f"choices: {choices} is outside 1 to {MAX_CHOICES}")
        replacement = given["replacement"]
        if not isinstance(replacement, (bool, np.bool_)):
            raise TypeError(f"replacement: {short(replacement)} is not True or False")
        view = LoadView.check(self, names, weights, given)
        return {"seed": seed_of(given["seed"]), "choices": choices, "replacement": bool(replacement), **view}

    cdef declare(self, Columns state):
        LoadView.declare(self, state)
        self.seed, self.choices = self.parameters["seed"], self.parameters["choices"]
        self.replacement = self.parameters["replacement"]
        self.number = state.value("number", self.number)

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node, a, b, n = self.n_live
        cdef int64_t emptier
        cdef uint64_t z
        if n == 0:
            return -1
        if self.stale:
            self.look()
        if self.choices == 2 and n > 1 and not self.replacement:    # as in `pick_many`
            z = counter(self.seed, self.number)
            a, b = <int32_t>below(mix(z), n), <int32_t>below(mix(step(z)), n - 1)
            b += b >= a
            a, b = self.live[a], self.live[b]
            settle_at(self, a)
            settle_at(self, b)
            self.number += 2
            emptier = self.seen[b] < self.seen[a]
            return send(self, a + (b - a) * <int32_t>emptier)
        node = emptiest(
            self, &self.seen[0], &self.live[0], self.n_live, self.seed, self.number, self.choices, self.replacement
        )
        self.number += self.choices
        return send(self, node)

    cdef Ends hears(self) noexcept nogil:
        return EVERYWHERE if self.stale else WHERE_IT_LOOKS

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        """The usual case, two different nodes and a fresh view, has a loop of its own."""
        cdef Py_ssize_t i
        cdef int32_t a, b, n
        cdef int64_t load_a, load_b, emptier
        cdef int64_t* load
        cdef const int32_t* live
        cdef uint64_t z
        with self.lock:
            if self.n_live < 2 or self.choices != 2 or self.replacement or self.stale:
                for i in range(m):
                    out[i] = self.pick()
                return
            load, live, n, z = &self.load[0], &self.live[0], self.n_live, counter(self.seed, self.number)
            for i in range(m):
                a, b = <int32_t>below(mix(z), n), <int32_t>below(mix(step(z)), n - 1)
                z = step(step(z))
                b += b >= a         # the second is drawn among the others
                a, b = live[a], live[b]
                # Arithmetic, not a branch: which of two random nodes is emptier cannot be predicted. And both loads are
                # written: where to is known early, and the next request need not wait to learn who was picked.
                load_a, load_b = load[a], load[b]
                emptier = load_b < load_a
                load[a], load[b] = load_a + 1 - emptier, load_b + emptier
                out[i] = a + (b - a) * <int32_t>emptier
            self.number += 2 * m
            self.flying += m

    cdef list more_repr(self):
        parts = [f"choices={self.choices}"] if self.choices != 2 else []
        parts += ["replacement=True"] if self.replacement else []
        return [f"seed={self.seed}", *parts, *LoadView.more_repr(self)]
