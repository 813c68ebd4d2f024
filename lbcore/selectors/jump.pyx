"""Consistent hashing that keeps nothing at all: jump.

The problem is the ring's: the same key to the same node, and little moves when a node comes or goes. The idea: the key
itself seeds the steps of a walk over the nodes, ever longer ones, and the last node before the end is its own (Lamping
and Veach 2014). The cost: a logarithm of the nodes in steps, no memory; but only the last node can go.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._draws cimport TRIES, again
from lbcore.selectors._instructions cimport AVX512, in_use
from lbcore.selectors._keys cimport key_hash_of
from lbcore.selectors._selector cimport Selector

cdef extern from *:
    """
    #include <stdint.h>

    /* So many keys jump side by side until all are through: one alone would wait for its quotients. Who is through
       cannot be predicted, so that is a mask and no branch; with AVX-512 eight keys are one. The shifted key fits
       int64_t too, which needs fewer instructions to become a double. */
    #define LBCORE_JUMPS(name, target, together) \
    target static void name(const uint64_t *keys, int32_t *out, int64_t n) { \
        uint64_t key[together], under_way = 1; \
        int64_t node[together], next[together]; \
        for (int i = 0; i < together; i++) key[i] = keys[i], node[i] = -1, next[i] = 0; \
        while (under_way) { \
            under_way = 0; \
            for (int i = 0; i < together; i++) { \
                int64_t jumps = (next[i] - n) >> 63; \
                node[i] = (next[i] & jumps) | (node[i] & ~jumps); \
                key[i] = key[i] * 2862933555777941757ULL + 1; \
                double length = 2147483648.0 / (double)((int64_t)(key[i] >> 33) + 1); \
                int64_t far = (int64_t)((double)(node[i] + 1) * length); \
                next[i] = (far & jumps) | (next[i] & ~jumps); \
                under_way |= (uint64_t)(next[i] - n) >> 63; \
            } \
        } \
        for (int i = 0; i < together; i++) out[i] = (int32_t)node[i]; \
    }
    LBCORE_JUMPS(lbcore_jumps, , 8)
    LBCORE_JUMPS(lbcore_jumps_avx512, LBCORE_AVX512, 32)
    """
    void jumps "lbcore_jumps"(const uint64_t*, int32_t*, int64_t) noexcept nogil
    void jumps_avx512 "lbcore_jumps_avx512"(const uint64_t*, int32_t*, int64_t) noexcept nogil


cdef inline int32_t jump(uint64_t key, int32_t n) noexcept nogil:
    """The published function. IEEE division and product are exact to the last bit, so it is the same everywhere."""
    cdef int64_t node = -1, next_node = 0
    while next_node < n:
        node = next_node
        key = key * 2862933555777941757ULL + 1
        next_node = <int64_t>((node + 1) * (2147483648.0 / <double>((key >> 33) + 1)))
    return <int32_t>node


cdef class JumpHash(Selector):
    """Each key jumps from node to node, ever further, and belongs to the last one before it leaps over the end.

    nodes: names, or a number. key_hash: a function from a key's bytes to an integer of 0 to 2^64 - 1, or None for
    xxHash64. From N to N + 1 nodes only the keys that the new one receives move, 1 of N + 1. `add` puts a node at the
    end, and only the last one can be removed. While a node is down its keys are hashed again until they meet a node
    that is up, as if they were other keys: nobody else's move, and they come back.

    >>> JumpHash(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [1, 2, 1, 1]
    """

    keyed = True

    def __init__(self, nodes, *, key_hash=None):
        self.construct(nodes, None, {"key_hash": key_hash})

    cdef dict check(self, tuple names, weights, dict given):
        return {"key_hash": key_hash_of(given.get("key_hash"))}

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef int32_t node = -1
        if self.n_live == 0:
            return -1
        for _ in range(TRIES):
            node = jump(h, self.n)
            if self.is_live[node]:
                return node
            h = again(h)
        return self.live[jump(h, self.n_live)]      # so few are up that hashing would go on for long

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i = 0
        cdef int32_t n
        with self.lock:
            if self.n_live < self.n or self.n == 0:
                for i in range(m):
                    out[i] = self.place(hashes[i])
                return
            n = self.n
        if in_use == AVX512:
            while m - i >= 32:
                jumps_avx512(hashes + i, out + i, n)
                i += 32
        while m - i >= 8:
            jumps(hashes + i, out + i, n)
            i += 8
        while i < m:
            out[i] = jump(hashes[i], n)
            i += 1

    cdef check_remove(self, int32_t i):
        if i < self.n - 1:
            raise ValueError(
                f"node: {self.names[i]!r} is not the last node, and JumpHash can remove no other; mark_down takes any"
            )
