"""Consistent hashing by a draw of every node: rendezvous.

The problem is the ring's: the same key to the same node, and little moves when a node comes or goes. The idea: every
node draws a number for the key, and the best draw wins (Thaler and Ravishankar 1998). The cost: a draw for each node;
in return it is exact, also by weight, and keeps nothing but the nodes.
"""

import numpy as np

from libc.math cimport frexp
from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._draws cimport again
from lbcore.selectors._instructions cimport AVX2, AVX512, in_use
from lbcore.selectors._keys cimport key_hash_of, name_hash
from lbcore.selectors._selector cimport Selector

cdef extern from *:
    """
    #include <math.h>
    #include <stdint.h>

    /* Of TOGETHER keys, the node with the largest draw: of one node after the other, for all keys. The draws do not
       wait for each other, and nothing branches. */
    #define LBCORE_TOGETHER 64
    #define LBCORE_WINNERS(name, target) \
    target static void name( \
        const uint64_t *keys, const uint64_t *seeds, const int32_t *live, int32_t n, int32_t *out) { \
        int64_t most[LBCORE_TOGETHER], best[LBCORE_TOGETHER]; \
        for (int j = 0; j < LBCORE_TOGETHER; j++) most[j] = best[j] = -1; \
        for (int32_t k = 0; k < n; k++) { \
            int64_t node = live[k]; \
            uint64_t seed = seeds[node]; \
            for (int j = 0; j < LBCORE_TOGETHER; j++) { \
                uint64_t z = (keys[j] ^ seed) + 0x9E3779B97F4A7C15ULL; \
                z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL; \
                z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL; \
                int64_t draw = (int64_t)((z ^ (z >> 31)) >> 12); \
                int wins = draw > most[j]; \
                most[j] = wins ? draw : most[j]; \
                best[j] = wins ? node : best[j]; \
            } \
        } \
        for (int j = 0; j < LBCORE_TOGETHER; j++) out[j] = (int32_t)best[j]; \
    }
    LBCORE_WINNERS(lbcore_winners, )
    LBCORE_WINNERS(lbcore_winners_avx2, LBCORE_AVX2)
    LBCORE_WINNERS(lbcore_winners_avx512, LBCORE_AVX512)

    /* By weight -ln(u) / weight decides, which is no less than (1 - u) / weight, and where that is small, hardly more.
       The node for which the bound is the least, and in `others` what it is at least for all others. */
    #define LBCORE_LIGHTEST(name, target) \
    target static void name( \
        const uint64_t *keys, const uint64_t *seeds, const int64_t *weights, const int32_t *live, int32_t n, \
        int32_t *out, double *others) { \
        double least[LBCORE_TOGETHER], second[LBCORE_TOGETHER]; \
        int64_t best[LBCORE_TOGETHER]; \
        for (int j = 0; j < LBCORE_TOGETHER; j++) least[j] = second[j] = INFINITY, best[j] = -1; \
        for (int32_t k = 0; k < n; k++) { \
            int64_t node = live[k]; \
            uint64_t seed = seeds[node]; \
            double share = 1.0 / (double)weights[node]; \
            for (int j = 0; j < LBCORE_TOGETHER; j++) { \
                uint64_t z = (keys[j] ^ seed) + 0x9E3779B97F4A7C15ULL; \
                z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL; \
                z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL; \
                int64_t odd = (int64_t)((z ^ (z >> 31)) >> 12 << 1 | 1); \
                double bound = (1.0 - (double)odd * (1.0 / 9007199254740992.0)) * share; \
                int wins = bound < least[j]; \
                double loser = wins ? least[j] : bound; \
                second[j] = loser < second[j] ? loser : second[j]; \
                least[j] = wins ? bound : least[j]; \
                best[j] = wins ? node : best[j]; \
            } \
        } \
        for (int j = 0; j < LBCORE_TOGETHER; j++) out[j] = (int32_t)best[j], others[j] = second[j]; \
    }
    LBCORE_LIGHTEST(lbcore_lightest, )
    LBCORE_LIGHTEST(lbcore_lightest_avx512, LBCORE_AVX512)
    """
    enum:
        TOGETHER "LBCORE_TOGETHER"
    void winners "lbcore_winners"(
        const uint64_t*, const uint64_t*, const int32_t*, int32_t, int32_t*) noexcept nogil
    void winners_avx2 "lbcore_winners_avx2"(
        const uint64_t*, const uint64_t*, const int32_t*, int32_t, int32_t*) noexcept nogil
    void winners_avx512 "lbcore_winners_avx512"(
        const uint64_t*, const uint64_t*, const int32_t*, int32_t, int32_t*) noexcept nogil
    void lightest "lbcore_lightest"(
        const uint64_t*, const uint64_t*, const int64_t*, const int32_t*, int32_t, int32_t*, double*) noexcept nogil
    void lightest_avx512 "lbcore_lightest_avx512"(
        const uint64_t*, const uint64_t*, const int64_t*, const int32_t*, int32_t, int32_t*, double*) noexcept nogil

ctypedef void (*Winners)(const uint64_t*, const uint64_t*, const int32_t*, int32_t, int32_t*) noexcept nogil

cdef double TINY = 1.0 / 9007199254740992.0       # 2^-53


cdef inline double minus_log(uint64_t odd) noexcept nogil:
    """-ln(odd / 2^53), to 1e-11, from sums, products and quotients alone, which IEEE fixes to the last bit.

    The C library's log may differ in its last bit between platforms, and with it a pick. frexp is exact.
    """
    cdef int exponent
    cdef double m = frexp(<double>odd, &exponent), s, t
    if m < 0.7071067811865476:
        m, exponent = 2 * m, exponent - 1
    s = (1 - m) / (1 + m)       # -ln m = 2 (s + s^3 / 3 + s^5 / 5 + ...), and |s| < 0.18
    t = s * s
    s = 2 * s * (1 + t * (1 / 3.0 + t * (0.2 + t * (1 / 7.0 + t * (1 / 9.0 + t * (1 / 11.0))))))
    return s + (53 - exponent) * 0.6931471805599453


cdef class Rendezvous(Selector):
    """For each key every node draws a number from the key and its own name; the best draw serves.

    nodes: names, or a number. weights: an integer of 0 or more for each node. key_hash: a function from a key's bytes
    to an integer of 0 to 2^64 - 1, or None for xxHash64. A node's draw u is uniform in (0, 1); the least of
    -ln(u) / weight wins, which node i does with odds of weight_i / sum(weights). A node that comes takes only the keys
    it wins; the keys of one that leaves or is down go to their second best. Costs a draw for each node.

    >>> Rendezvous(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [0, 0, 1, 0]
    """

    keyed = True
    weighted = True
    cdef uint64_t[::1] seed     # xxHash64 of each node's name
    cdef bint even              # all weights above zero are equal: the largest draw wins, and no logarithm is needed

    def __init__(self, nodes, weights=None, *, key_hash=None):
        self.construct(nodes, weights, {"key_hash": key_hash})

    cdef dict check(self, tuple names, weights, dict given):
        return {"key_hash": key_hash_of(given.get("key_hash"))}

    cdef reshape(self, int32_t removed):
        self.seed = np.array([name_hash(name, 0) for name in self.names], np.uint64)
        self.even = len(set(np.asarray(self.weight).tolist()) - {0}) == 1

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef int32_t k, node, best = -1
        cdef uint64_t odd, most = 0
        cdef double cost, least = 0
        for k in range(self.n_live):
            node = self.live[k]
            odd = (again(h ^ self.seed[node]) >> 12 << 1) | 1       # u is odd / 2^53
            if self.even:
                if odd > most:
                    best, most = node, odd
            elif best < 0 or 1 - odd * TINY <= least * self.weight[node] * 1.000000001:
                # As -ln u >= 1 - u, the others cannot win, and nearly all need no logarithm.
                cost = minus_log(odd) / self.weight[node]
                if best < 0 or cost < least:
                    best, least = node, cost
        return best

    cdef void by_weight(self, const uint64_t* hashes, int32_t* out) noexcept nogil:
        """The nodes of TOGETHER keys: where nobody can undercut the one of the least bound, one logarithm will do."""
        cdef double others[TOGETHER]
        cdef double cost
        cdef int j
        if in_use == AVX512:
            lightest_avx512(hashes, &self.seed[0], &self.weight[0], &self.live[0], self.n_live, out, others)
        else:
            lightest(hashes, &self.seed[0], &self.weight[0], &self.live[0], self.n_live, out, others)
        for j in range(TOGETHER):
            cost = minus_log((again(hashes[j] ^ self.seed[out[j]]) >> 12 << 1) | 1) / self.weight[out[j]]
            if not cost * 1.000000001 < others[j]:
                out[j] = self.place(hashes[j])

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i = 0
        cdef Winners of_many = winners_avx512 if in_use == AVX512 else winners_avx2 if in_use == AVX2 else winners
        with self.lock:
            while self.n_live and m - i >= TOGETHER:
                if self.even:
                    of_many(hashes + i, &self.seed[0], &self.live[0], self.n_live, out + i)
                else:
                    self.by_weight(hashes + i, out + i)
                i += TOGETHER
            while i < m:
                out[i] = self.place(hashes[i])
                i += 1
