"""Consistent hashing by a draw of every node: rendezvous.

The problem is the ring's: the same key to the same node, and little moves when a node comes or goes. The idea: every
node draws a number for the key, and the best draw wins (Thaler and Ravishankar 1998). The cost: a draw for each node;
in return it is exact, also by weight, and keeps nothing but the nodes.
"""

import numpy as np

from libc.math cimport frexp
from libc.stdint cimport int32_t, uint64_t

from lbcore.selectors._draws cimport again
from lbcore.selectors._keys cimport key_hash_of, name_hash
from lbcore.selectors._selector cimport Selector

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
