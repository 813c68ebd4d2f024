"""Consistent hashing without a ring: jump, rendezvous and Maglev.

The problem is the ring's: the same key to the same node, and little moves when a node comes or goes. Three other ideas.
Jump (Lamping and Veach 2014) keeps nothing at all: the key itself seeds the steps of a walk that ends at its node; but
only the last node can go. Rendezvous (Thaler and Ravishankar 1998) lets every node draw a number for the key, and the
best wins: exact, simple, and linear in the nodes. Maglev (Eisenbud et al. 2016) fills a table by turns, each node in an
order of its own: the most even shares and one look-up, for a little more movement than need be.
"""

from functools import partial
from math import isqrt

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport frexp
from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport array_of, int_of, names_of
from lbcore.selectors._draws cimport TRIES, again
from lbcore.selectors._hashes cimport xxh64
from lbcore.selectors._keys cimport key_hash_of
from lbcore.selectors._selector cimport Selector, weights_repr
from lbcore.selectors.hashing cimport HashTable


cdef enum:
    LOOKS = 1 << 24         # at nodes, between two looks at Ctrl-C

cdef double TINY = 1.0 / 9007199254740992.0       # 2^-53


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
        key_hash = key_hash_of(key_hash)
        self.begin(nodes, None)
        self.key_hash = key_hash
        self.ready()

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
        cdef Py_ssize_t i
        cdef int32_t n
        with self.lock:
            if self.n_live < self.n or self.n == 0:
                for i in range(m):
                    out[i] = self.place(hashes[i])
                return
            n = self.n
        for i in range(m):
            out[i] = jump(hashes[i], n)

    cdef check_remove(self, int32_t i):
        if i < self.n - 1:
            raise ValueError(
                f"node: {self.names[i]!r} is not the last node, and JumpHash can remove no other; mark_down takes any"
            )


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
    cdef uint64_t[::1] seed     # xxHash64 of each node's name
    cdef bint even              # all weights above zero are equal: the largest draw wins, and no logarithm is needed

    def __init__(self, nodes, weights=None, *, key_hash=None):
        key_hash = key_hash_of(key_hash)
        self.begin(nodes, weights)
        self.key_hash = key_hash
        self.build()
        self.ready()

    cdef build(self):
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

    cdef check_add(self, int64_t w):
        pass

    cdef reshape(self, int32_t removed):
        self.build()

    cdef restore(self, dict state):
        self.build()

    cdef list more_repr(self):
        return [weights_repr(self)]


cdef class Maglev(HashTable):
    """Nodes take turns to claim entries of a table, each in an order of its own; a key goes to its entry's owner.

    nodes: names, or a number, at most as many as entries. weights: an integer of 0 or more for each node; the heaviest
    claims one entry each round, the others as often as their weight says. table_size: a prime of 2 to 2^24. key_hash:
    a function from a key's bytes to an integer of 0 to 2^64 - 1, or None for xxHash64. A node's order starts at entry
    xxHash64(name) mod table_size and goes on in steps of xxHash64(name, seed 1) mod (table_size - 1) + 1; turns go by
    name, so that every balancer builds the same table. `add` and `remove` build it anew, which moves a few keys more
    than need be. While a node is down its keys alone are hashed again, until they meet a node that is up.

    >>> Maglev(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [1, 1, 0, 1]
    """

    cdef int64_t size

    def __init__(self, nodes, weights=None, table_size=65537, *, key_hash=None):
        table_size = size_of(table_size)
        names = names_of(nodes)
        if len(names) > table_size:
            raise ValueError(f"nodes: {len(names)} nodes are more than the {table_size} entries of the table")
        self.make(names, weights, partial(claimed, table_size), False, key_hash_of(key_hash))
        self.size = table_size

    cdef check_add(self, int64_t w):
        if self.n == self.size:
            raise ValueError(f"node: all {self.size} entries are needed by the nodes there are")

    cdef dict more_state(self):
        return {"table_size": self.size}

    cdef restore(self, dict state):
        self.size = size_of(state["table_size"])
        if self.n > self.size:
            raise ValueError("state: more nodes than entries")
        HashTable.restore(self, {"table": partial(claimed, self.size), "rebuild": False})

    cdef list more_repr(self):
        return [weights_repr(self), f"table_size={self.size}"]


cdef object size_of(table_size):
    size = int_of(table_size, "table_size", "give the number of entries")
    if not 2 <= size <= 1 << 24:
        raise ValueError(f"table_size: {size} is outside 2 to 2^24")
    if any(size % i == 0 for i in range(2, isqrt(size) + 1)):
        raise ValueError(f"table_size: {size} is not a prime, so a node's steps might miss entries")
    return size


def claimed(table_size, names, weights):
    """The owner of each entry of a Maglev table."""
    claim = sorted([i for i in range(len(names)) if weights[i]], key=names.__getitem__)
    offsets = [name_hash(names[i], 0) % table_size for i in claim]
    skips = [name_hash(names[i], 1) % (table_size - 1) + 1 for i in claim]
    return np.array(claim)[fill_table(offsets, skips, weights[claim], table_size)]


cdef uint64_t name_hash(str name, uint64_t seed) except? 0:
    cdef bytes text = name.encode("utf-8", "surrogatepass")
    return xxh64(<const unsigned char*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), seed)


def fill_table(offsets, skips, weights, table_size):
    """The table that nodes fill by turns: int32, shape (table_size,), the number of each entry's owner.

    offsets, skips: node i's order is offsets[i], offsets[i] + skips[i], ... modulo table_size, from 0 to table_size - 1
    and from 1 to table_size - 1; a skip that has a factor in common with table_size is a ValueError once it finds no
    free entry. weights: above 0, integers or not. In round t = 1, 2, ... a node claims the next free entry of its order
    unless t times its weight is below its target; the target starts at 0 and grows by the largest weight at each claim.
    """
    cdef Py_ssize_t size = int_of(table_size, "table_size", "give the number of entries")
    cdef int64_t[::1] at = integers_of(offsets, "offsets")
    cdef int64_t[::1] skip = integers_of(skips, "skips")
    cdef double[::1] weight = np.array(weights, dtype=np.float64)
    cdef double[::1] target = np.zeros(at.shape[0])
    cdef int32_t[::1] owner
    cdef int32_t i, n = <int32_t>at.shape[0]
    cdef double most
    cdef int64_t tries
    cdef Py_ssize_t filled = 0, turn = 0, looks = 0
    if not 1 <= n <= size <= 1 << 24 or skip.shape[0] != n or weight.shape[0] != n:
        raise ValueError("offsets: offsets, skips and weights differ in length, or do not fit the table")
    if np.min(at) < 0 or np.max(at) >= size or np.min(skip) < 1 or np.max(skip) >= max(size, 2):
        raise ValueError("offsets: an offset or a skip is outside the table")
    if not np.min(weight) > 0 or not np.max(weight) < np.inf:
        raise ValueError("weights: a weight is not above zero")
    most = np.max(weight)
    result = np.full(size, -1, np.int32)
    owner = result
    with nogil:
        while 0 <= filled < size:
            turn += 1
            looks += n
            if looks > LOOKS:
                looks = 0
                with gil:
                    PyErr_CheckSignals()
            for i in range(n):
                if turn * weight[i] < target[i]:
                    continue
                target[i] += most
                tries = 0
                while owner[at[i]] >= 0 and tries < size:
                    at[i] = (at[i] + skip[i]) % size
                    tries += 1
                if owner[at[i]] >= 0:
                    filled = -1
                    break
                owner[at[i]] = i
                filled += 1
                if filled == size:
                    break
    if filled < 0:
        raise ValueError(f"skips: {skip[i]} has a factor in common with {size}, and missed every free entry")
    return result


cdef object integers_of(values, str argument):
    array = array_of(values, argument)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(f"{argument}: give a flat list of integers")
    return array.astype(np.int64)
