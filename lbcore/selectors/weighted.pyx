"""Giving a bigger node more.

The problem: nodes differ in size; node i should get weight_i / sum(weights) of the requests. Three ideas with the same
totals and very different orders: interleave as smoothly as integers allow (NGINX's smooth weighted round robin), serve
each node's whole weight in a row (the naive way, kept here for contrast), or draw with those odds (the alias method of
Walker 1977, built as Vose 1991 does). The cost: O(nodes) a pick for the smooth one, O(1) for the others.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy

from lbcore.selectors._checks cimport seed_of
from lbcore.selectors._draws cimport TRIES, again, below, counter, draw, mix, step
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._selector cimport Selector
from lbcore.selectors._turns cimport smooth_turn


cdef class WeightedRoundRobin(Selector):
    """Every node earns its weight, the richest serves the request and pays the sum: turns by weight, spread evenly.

    nodes: names, or a number. weights: an integer of 0 or more for each node; their sum stays below 2^31. The first of
    equally rich nodes serves. This is the rule of NGINX's upstream module.

    >>> WeightedRoundRobin(3, [5, 1, 1]).select_many(7).tolist()
    [0, 0, 1, 0, 2, 0, 0]
    """

    weighted = True
    cdef int64_t[::1] credit

    def __init__(self, nodes, weights=None):
        self.construct(nodes, weights, {})

    cdef declare(self, Columns state):
        self.credit = state.column("credit", np.int64)

    cdef int32_t pick(self) noexcept nogil:
        if self.n_live == 0:
            return -1
        return smooth_turn(&self.live[0], self.n_live, &self.weight[0], &self.credit[0])

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        """After sum / gcd picks the credits usually are what they were. Where they are, the rest is a repetition."""
        cdef Py_ssize_t i, period, done = 0, piece, whole
        cdef int64_t* before = NULL
        with self.lock:
            period = self.period()
            if 0 < period <= m // 2:
                before = <int64_t*>malloc(self.n * sizeof(int64_t))
            if before != NULL:
                memcpy(before, &self.credit[0], self.n * sizeof(int64_t))
                for done in range(period):
                    out[done] = self.pick()
                done = period
                if memcmp(before, &self.credit[0], self.n * sizeof(int64_t)) == 0:
                    whole = m - m % period
                    while done < whole:
                        piece = min(done, whole - done)
                        memcpy(out + done, out, piece * sizeof(int32_t))
                        done += piece
                free(before)
            for i in range(done, m):
                out[i] = self.pick()

    cdef Py_ssize_t period(self) noexcept nogil:
        """Sum / gcd of the live weights; 0 where none is live."""
        cdef int64_t a, b, gcd = 0, total = 0
        cdef int32_t k
        for k in range(self.n_live):
            a, b = gcd, self.weight[self.live[k]]
            total += b
            while b:
                a, b = b, a % b
            gcd = a
        return total // gcd if gcd else 0


cdef class BurstRoundRobin(Selector):
    """Each node serves as many requests in a row as its weight says: the right totals in the worst order.

    nodes: names, or a number. weights: an integer of 0 or more for each node; their sum stays below 2^31.

    >>> BurstRoundRobin(3, [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 0, 0, 1, 2]
    """

    weighted = True
    cdef int32_t turn       # the node that serves, or where the search for it starts
    cdef int64_t left       # of its requests in a row; 0 before the first

    def __init__(self, nodes, weights=None):
        self.construct(nodes, weights, {})

    cdef declare(self, Columns state):
        self.turn = state.value("turn", self.turn, 0, 0, self.n - 1)
        self.left = state.value("left", self.left)

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node
        self.move_on()
        node = self.turn
        if self.n_live == 0:
            return -1
        self.spend(1)
        return node

    cdef void move_on(self) noexcept nogil:
        """Moves on to a live node where the present one is down or new."""
        if self.n_live and (self.left == 0 or not self.is_live[self.turn]):
            while not self.is_live[self.turn]:
                self.turn = self.turn + 1 if self.turn + 1 < self.n else 0
            self.left = self.weight[self.turn]

    cdef void spend(self, int64_t requests) noexcept nogil:
        self.left -= requests
        if self.left == 0:
            self.turn = self.turn + 1 if self.turn + 1 < self.n else 0

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i, done = 0
        cdef int64_t run
        cdef int32_t node
        with self.lock:
            while done < m:
                self.move_on()
                node = self.turn if self.n_live else -1
                run = min(self.left, <int64_t>(m - done)) if self.n_live else m - done
                for i in range(done, done + run):
                    out[i] = node
                done += run
                if node >= 0:
                    self.spend(run)

    cdef reshape(self, int32_t removed):
        if removed == self.turn:
            self.left = 0
        elif 0 <= removed < self.turn:
            self.turn -= 1
        if self.turn >= self.n:
            self.turn = 0

    cdef restored(self):
        if not 0 <= self.left <= self.weight[self.turn]:
            raise ValueError("state: left is not within the weight")


cdef class WeightedRandom(Selector):
    """Each request goes to a node drawn at random, with odds in proportion to the weights.

    nodes: names, or a number. weights: an integer of 0 or more for each node; their sum stays below 2^31. seed: an
    integer, a numpy Generator, or None for fresh entropy. Request i always has draw i of the seed; where that node is
    down the request draws again, so only a dead node's requests move. The odds are exact to 2^-32.

    >>> WeightedRandom(3, [5, 1, 1], seed=7).select_many(7).tolist()
    [1, 0, 0, 0, 1, 0, 1]
    """

    weighted = True
    cdef uint64_t seed
    cdef uint64_t number                # of the next draw
    cdef uint64_t[::1] threshold        # column i is node i below it, alias[i] from there on, out of 2^64;
    cdef int32_t[::1] alias             # both are replaced, never changed, so a batch may read on without the lock

    def __init__(self, nodes, weights=None, seed=None):
        self.construct(nodes, weights, {"seed": seed})

    cdef dict check(self, tuple names, weights, dict given):
        return {"seed": seed_of(given["seed"])}

    cdef declare(self, Columns state):
        self.seed = self.parameters["seed"]
        self.number = state.value("number", self.number)

    cdef reshape(self, int32_t removed):
        """Vose's alias table: columns of equal height, each shared by at most two nodes. In integers, so exact."""
        cdef Py_ssize_t n = self.n
        cdef int64_t total = np.sum(self.weight)
        cdef int64_t[::1] height = np.multiply(self.weight, n)
        cdef uint64_t[::1] threshold = np.zeros(n, np.uint64)
        cdef int32_t[::1] alias = np.arange(n, dtype=np.int32)
        cdef list small = [], large = []
        cdef int64_t rest
        cdef Py_ssize_t s, t
        for s in range(n):
            (small if height[s] < total else large).append(s)
        while small:
            s, t = small.pop(), large.pop()
            # height / total * 2^64, in two steps of 32 bits
            rest = height[s] << 32
            threshold[s] = (<uint64_t>(rest // total) << 32) | <uint64_t>(((rest % total) << 32) // total)
            alias[s] = <int32_t>t
            height[t] -= total - height[s]
            (small if height[t] < total else large).append(t)
        self.threshold, self.alias = threshold, alias

    cdef int32_t pick(self) noexcept nogil:
        if self.n_live == 0:
            return -1
        self.number += 1
        return self.drawn(draw(self.seed, self.number - 1))

    cdef int32_t drawn(self, uint64_t bits) noexcept nogil:
        cdef int32_t k, node = -1
        cdef uint64_t n = self.n
        cdef int64_t point, total = 0
        for _ in range(TRIES):
            node = <int32_t>below(bits, n)
            if bits * n >= self.threshold[node]:
                node = self.alias[node]
            if self.is_live[node]:
                return node
            bits = again(bits)
        for k in range(self.n_live):        # so few are up that drawing would go on for long: walk over their weights
            total += self.weight[self.live[k]]
        point = below(bits, total)
        for k in range(self.n_live):
            node = self.live[k]
            point -= self.weight[node]
            if point < 0:
                break
        return node

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        """With every node up, reserves m draws and fills without the lock."""
        cdef Py_ssize_t i
        cdef uint64_t first, seed, bits, n, z
        cdef int32_t node
        cdef uint64_t[::1] threshold
        cdef int32_t[::1] alias
        with self.lock:
            if self.n == 0 or not self.all_live:
                for i in range(m):
                    out[i] = self.pick()
                return
            n, seed, first = self.n, self.seed, self.number
            threshold, alias = self.threshold, self.alias
            self.number += m
        z = counter(seed, first)
        for i in range(m):
            bits, z = mix(z), step(z)
            node = <int32_t>below(bits, n)
            # Arithmetic, not a branch: which side of the threshold a draw falls cannot be predicted.
            out[i] = node + (alias[node] - node) * (bits * n >= threshold[node])

    cdef list more_repr(self):
        return [f"seed={self.seed}"]
