"""Where a key goes when its own node is to be avoided or has too much to do: Envoy's answers.

The problem: a key's next node must be as fixed as its first, or each retry would warm another cache. The idea for a
table: attempt a looks up another number made of the key's hash and a. For a bound on the load: the nodes are shuffled
by a generator that the hash seeds, so that each hot key spreads in an order of its own, and the first that is not
overloaded serves (Chen, Coleman and Shrivastava 2021). The cost: O(nodes) for a key whose node is overloaded.
"""

import numpy as np

from libc.math cimport ceil
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from lbcore.selectors._checks cimport int_of, names_of, weights_of
from lbcore.selectors._draws cimport TRIES
from lbcore.selectors._keys cimport key_hash_of
from lbcore.selectors._selector cimport Selector, weights_repr
from lbcore.selectors.consistent cimport HashRing
from lbcore.selectors.hashing cimport HashTable

cdef enum:
    ATTEMPTS = 1 << 16      # at a table, until one meets a node that is not to be avoided; then a walk ends it
    WORDS = 624             # the state of a Mersenne twister
    HEAP_TYPE = 1 << 9      # in a class's __flags__: it was made in Python


cdef inline uint64_t attempt(uint64_t h, uint64_t number) noexcept nogil:
    """What is looked up of a hash at attempt 0, 1, 2, ..."""
    return h ^ (0 - number)


cdef class AttemptTable(HashTable):
    """A table whose keys have an order of entries of their own; it is built anew when a node goes down or comes up.

    nodes, weights, table, key_hash: as for HashTable. Attempt a at a key looks up `(hash ^ -a) mod entries`, in 64
    bits, until it meets a node that is not to be avoided.

    >>> table = AttemptTable(2, [2, 1], table=lambda nodes, weights: [0, 0, 1])
    >>> table.select("ann"), table.select("ann", avoid=[0])
    (0, 1)
    """

    def __init__(self, nodes, weights=None, *, table, key_hash=None):
        HashTable.__init__(self, nodes, weights, table=table, rebuild=True, key_hash=key_hash)

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef int32_t node
        cdef uint64_t a, size, entry
        if self.n_live == 0:
            return -1
        size = <uint64_t>self.owner.shape[0]
        for a in range(ATTEMPTS):
            node = self.owner[attempt(h, a) % size]
            if self.is_live[node]:
                return node
        entry = h % size
        for _ in range(size):       # so many are to be avoided that trying would go on for long: walk
            node = self.owner[entry]
            if self.is_live[node]:
                return node
            entry = entry + 1 if entry + 1 < size else 0
        return -1                   # those that are left own no entry


cdef struct Twister:
    uint32_t[WORDS] word
    int32_t used


cdef void sow(Twister* twister, uint32_t seed) noexcept nogil:
    cdef int32_t i
    twister.word[0] = seed
    for i in range(1, WORDS):
        seed = 1812433253U * (seed ^ (seed >> 30)) + <uint32_t>i
        twister.word[i] = seed
    twister.used = WORDS


cdef uint32_t reap(Twister* twister) noexcept nogil:
    """The next 32 bits of MT19937 (Matsumoto and Nishimura 1998)."""
    cdef int32_t i
    cdef uint32_t x
    if twister.used == WORDS:
        for i in range(WORDS):
            x = (twister.word[i] & 0x80000000U) | (twister.word[(i + 1) % WORDS] & 0x7FFFFFFFU)
            twister.word[i] = twister.word[(i + 397) % WORDS] ^ (x >> 1) ^ (0x9908B0DFU if x & 1 else 0)
        twister.used = 0
    x = twister.word[twister.used]
    twister.used += 1
    x ^= x >> 11
    x ^= (x << 7) & 0x9D2C5680U
    x ^= (x << 15) & 0xEFC60000U
    return x ^ (x >> 18)


cdef uint32_t reap_below(Twister* twister, uint32_t n) noexcept nogil:
    """One draw from 0 to n - 1, without bias."""
    cdef uint32_t x = n, width = <uint32_t>((<uint64_t>1 << 32) // n) if n > 1 else 0
    if n == 1:
        reap(twister)
        return 0
    while x >= n:
        x = reap(twister) // width
    return x


def sown_order(n, seed):
    """The order in which BoundedAlternates tries n nodes for a hash of these low 32 bits: int32, shape (n,)."""
    cdef Twister twister
    cdef Py_ssize_t i, j, size = int_of(n, "n", "give the number of nodes")
    order = np.arange(size, dtype=np.int32)
    cdef int32_t[::1] view = order
    sow(&twister, <uint32_t>int_of(seed, "seed", "give 32 bits"))
    for i in range(size):
        j = i + reap_below(&twister, <uint32_t>(size - i))
        view[i], view[j] = view[j], view[i]
    return order


cdef class BoundedAlternates(Selector):
    """Each key goes to its node of a ring or table, or if that is overloaded to the first other that is not.

    nodes: names, or a number. weights: an integer of 0 or more for each node. factor: what a node may hold, in percent
    of its share of the requests in flight, this one counted; from 100 up. The share is rounded up, and a node is
    overloaded when it holds more than that. inner: a function of the nodes' names and their weights (0 where one
    is down) that returns a HashRing or a HashTable of these nodes. The others are tried in an order that MT19937,
    seeded with the low 32 bits of the key's hash, shuffles; where all are overloaded, the least overloaded serves.
    key_hash: a function from a key's bytes to an integer, or None for xxHash64. A request is in flight from its pick
    until `release`.

    >>> BoundedAlternates(3, factor=100).select_many(["ann"] * 6).tolist()
    [1, 1, 0, 1, 0, 0]
    """

    keyed = True
    keeps_load = True
    cdef object inner
    cdef HashRing ring              # one of these two
    cdef HashTable table
    cdef int64_t factor
    cdef int64_t flying             # requests in flight, of all nodes
    cdef int32_t[::1] listed        # the nodes that are up, and of a weight above zero
    cdef int32_t[::1] order         # places in this list, shuffled
    cdef int32_t size
    cdef double[::1] share          # of the weights of these nodes

    def __init__(self, nodes, weights=None, factor=125, *, inner=HashRing, key_hash=None):
        factor = int_of(factor, "factor", "give a percentage")
        if not 100 <= factor < 1 << 32:
            raise ValueError(f"factor: {factor} is outside 100 to 2^32 - 1")
        if not callable(inner):
            raise TypeError("inner: give a function of (nodes, weights) that returns a HashRing or a HashTable")
        key_hash = key_hash_of(key_hash)
        names = names_of(nodes)
        weights = weights_of(weights, len(names))
        self.enter(True)
        try:
            made = inner_of(inner, names, weights)
            self.start_with(names, weights)
            self.factor, self.inner, self.key_hash, self.flying = factor, inner, key_hash, 0
            self.lay(made)
            self.reopen()
        finally:
            self.leave()

    cdef bint counts(self) noexcept:
        return True

    cdef object prepare(self, tuple names, weights, up, bint other_nodes):
        weights = np.multiply(weights, up)
        return inner_of(self.inner, names, weights) if weights.any() else None

    cdef lay(self, made):
        """Takes a new ring or table; the old one stays where there is none because nobody is up."""
        if made is None:
            return
        weights = np.multiply(self.weight, self.is_up)
        listed = np.flatnonzero(weights).astype(np.int32)
        self.share = weights / weights.sum()
        self.listed, self.order, self.size = listed, listed.copy(), len(listed)
        self.ring, self.table = (made, None) if isinstance(made, HashRing) else (None, made)

    cdef int32_t first(self, uint64_t h, uint64_t number) noexcept nogil:
        """The node that the ring or table gives a key at an attempt."""
        cdef uint64_t size
        if self.table is not None:
            return self.table.owner[<Py_ssize_t>(attempt(h, number) % <uint64_t>self.table.owner.shape[0])]
        size = <uint64_t>self.ring.owner.shape[0] - 1
        return self.ring.owner[<Py_ssize_t>((<uint64_t>self.ring.home(h) + number) % size)]

    cdef double load_factor(self, int32_t node) noexcept nogil:
        cdef uint32_t slots = <uint32_t>(((self.flying + 1) * self.factor + 99) // 100)
        cdef double own = ceil(slots * self.share[node])
        return self.load[node] / max(own, 1.0)

    cdef int32_t alternate(self, uint64_t h, int32_t node) noexcept nogil:
        """The node itself, or where it is overloaded, the first other in the key's own order that is not."""
        cdef Twister twister
        cdef int32_t i, j, other, best = node
        cdef double factor, least = self.load_factor(node)
        if least <= 1:
            return node
        sow(&twister, <uint32_t>h)
        for i in range(self.size):
            self.order[i] = i
        for i in range(self.size):
            j = i + <int32_t>reap_below(&twister, <uint32_t>(self.size - i))
            self.order[i], self.order[j] = self.order[j], self.order[i]
            other = self.listed[self.order[i]]
            if other != node:
                factor = self.load_factor(other)
                if factor <= 1:
                    return other
                if factor < least:
                    best, least = other, factor
        return best

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef int32_t node = -1, k
        cdef uint64_t a
        if self.n_live == 0:
            return -1
        for a in range(TRIES):
            node = self.alternate(h, self.first(h, a))
            if self.is_live[node]:
                break
        if not self.is_live[node]:      # so many are to be avoided that trying would go on for long
            node = self.live[0]
            for k in range(1, self.n_live):
                if self.load_factor(self.live[k]) < self.load_factor(node):
                    node = self.live[k]
        self.load[node] += 1
        self.flying += 1
        return node

    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        self.flying -= 1

    cdef check_add(self, int64_t w):
        pass

    cdef rewind(self):
        self.flying = 0

    cdef reshape(self, int32_t removed):
        self.flying = np.sum(self.load)
        self.lay(self.made)

    cdef marked(self):
        self.lay(self.made)

    cdef dict more_state(self):
        return {"factor": self.factor, "inner": self.inner}

    cdef restore(self, dict state):
        if not 100 <= state["factor"] < 1 << 32 or not callable(state["inner"]):
            raise ValueError("state: factor is outside 100 to 2^32 - 1, or inner no function")
        self.factor, self.inner, self.flying = state["factor"], state["inner"], np.sum(self.load)
        self.lay(self.prepare(self.names, self.weight, self.is_up, True))

    cdef list more_repr(self):
        return [weights_repr(self), f"factor={self.factor}"]


cdef object inner_of(inner, tuple names, weights):
    """A ring or table that nobody else can change: a copy, of the compiled class where a subclass was returned."""
    cdef Selector mine
    made = inner(names, weights.copy())
    if isinstance(made, (HashRing, HashTable)) and (<Selector>made).n == len(names):
        kind = next(kind for kind in type(made).__mro__ if not kind.__flags__ & HEAP_TYPE)
        mine = kind.__new__(kind)
        mine.__setstate__(Selector.__getstate__(made))
        if isinstance(mine, (HashRing, HashTable)) and mine.n == len(names):
            return mine
    raise TypeError("inner: the function must return a HashRing or a HashTable of these nodes")
