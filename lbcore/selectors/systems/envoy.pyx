"""Envoy's own rules. (Longer than 300 lines: its two schedules, and its two answers for a key whose node is avoided.)

Turns by weight, in the order in which they fall due. Smooth weighted round robin looks at every node for every request.
The idea: a node of weight w is due every 1 / w; keep the times at which the nodes are due in a heap, serve the
earliest, and put it back 1 / w later (earliest deadline first, as in real-time scheduling). The cost: O(log nodes) a
pick. What falls due at the same time comes in a burst: weights 5, 1, 1 give 0 0 0 0 0 1 2. It is the rule of Envoy's
ROUND_ROBIN and, with weights that shrink as requests are in flight, of its LEAST_REQUEST.

Where a key goes when its own node is to be avoided or has too much to do. A key's next node must be as fixed as its
first, or each retry would warm another cache. For a table: attempt a looks up another number made of the key's hash and
a. For a bound on the load: the nodes are shuffled by a generator that the hash seeds, so that each hot key spreads in
an order of its own, and the first that is not overloaded serves (Chen, Coleman and Shrivastava 2021). The cost:
O(nodes) for a key whose node is overloaded.

A retry looks for another node up to `attempts` times; then it takes the last it met, though it is to be avoided. So it
goes back to those already tried when all have been.
"""

import numpy as np

from libc.math cimport ceil, pow
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from lbcore._checks import real
from lbcore.selectors._checks cimport int_of, seed_of
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._draws cimport below, draw
from lbcore.selectors._keys cimport key_hash_of
from lbcore.selectors._selector cimport Selector, send
from lbcore.selectors._state cimport Change
from lbcore.selectors.hashing cimport HashTable
from lbcore.selectors.ring cimport HashRing, search

cdef enum:
    MAX_START = 429496729   # a larger start is taken modulo this
    ATTEMPTS = 1 << 16      # more picks for a retry, while it meets nodes to avoid
    WORDS = 624             # the state of a Mersenne twister
    HEAP_TYPE = 1 << 9      # in a class's __flags__: it was made in Python


cdef object attempts_of(attempts):
    number = int_of(attempts, "attempts", "give a number of picks")
    if not 0 <= number < 1 << 31:
        raise ValueError(f"attempts: {number} is outside 0 to 2^31 - 1")
    return number


cdef class EarliestDeadline(Selector):
    """A node of weight w is due every 1 / w of a turn; the one that is due first serves.

    nodes: names, or a number. weights: an integer of 0 or more for each node. start: how many picks the schedule is
    ahead at its beginning, and again after each change of the nodes or of who is up. Nodes of equal weights take plain
    turns. Times are float64: sums of 1 / w, compared exactly. attempts: how many more turns pass while their nodes are
    to be avoided; the node of the last serves.

    >>> EarliestDeadline(3, [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 0, 1, 2, 0]
    """

    weighted = True
    cdef uint64_t start
    cdef uint64_t turn          # of the plain turns of equal weights
    cdef double now             # when the last pick was due
    cdef uint64_t later         # the next number of `order`
    cdef double[::1] due
    cdef uint64_t[::1] order    # of equally due nodes, the one that was put back first serves
    cdef int32_t[::1] heap      # the nodes of the schedule: those up, and of a weight above zero
    cdef int32_t size
    cdef bint equal             # they take plain turns
    cdef int64_t attempts

    def __init__(self, nodes, weights=None, start=0, *, attempts=ATTEMPTS):
        self.construct(nodes, weights, {"start": start, "attempts": attempts})

    cdef dict check(self, tuple names, weights, dict given):
        start = int_of(given["start"], "start", "give a number of picks")
        if not 0 <= start < 1 << 64:
            raise ValueError(f"start: {start} is outside 0 to 2^64 - 1")
        return {"start": start, "attempts": attempts_of(given["attempts"])}

    cdef declare(self, Columns state):
        self.start, self.attempts = self.parameters["start"], self.parameters["attempts"]
        self.turn = state.value("turn", self.turn, self.start)
        self.now, self.later = state.value("now", self.now), state.value("later", self.later)
        self.due, self.order = state.column("due", np.float64), state.column("order", np.uint64)

    cdef double rate(self, int32_t node) noexcept nogil:
        """How many turns a node is due in one unit of time."""
        return self.weight[node]

    cdef bint earlier(self, int32_t a, int32_t b) noexcept nogil:
        return self.due[a] < self.due[b] or self.due[a] == self.due[b] and self.order[a] < self.order[b]

    cdef void sink(self, int32_t place) noexcept nogil:
        """Moves the node at a place of the heap down, until none below is earlier."""
        cdef int32_t node = self.heap[place], child
        while True:
            child = 2 * place + 1
            if child >= self.size:
                break
            if child + 1 < self.size and self.earlier(self.heap[child + 1], self.heap[child]):
                child += 1
            if not self.earlier(self.heap[child], node):
                break
            self.heap[place] = self.heap[child]
            place = child
        self.heap[place] = node

    cdef int32_t next(self) noexcept nogil:
        """The node that is due, which is put back into the schedule."""
        cdef int32_t node
        if self.equal:
            node = self.heap[<int32_t>(self.turn % <uint64_t>self.size)]
            self.turn += 1
            return node
        node = self.heap[0]
        self.now = self.due[node]
        self.due[node] = self.now + 1.0 / self.rate(node)
        self.order[node] = self.later
        self.later += 1
        self.sink(0)
        return node

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node = -1
        cdef int64_t _attempt
        if self.is_shut or self.size == 0:
            return -1
        for _attempt in range(self.attempts + 1):
            node = self.next()
            if self.is_live[node]:
                break
        return node

    cdef schedule(self):
        """The nodes of the schedule, in no order yet."""
        cdef int32_t i
        self.heap = np.flatnonzero(np.multiply(self.weight, self.is_up)).astype(np.int32)
        self.size = <int32_t>self.heap.shape[0]
        self.equal = True
        for i in range(1, self.size):
            if self.weight[self.heap[i]] != self.weight[self.heap[0]]:
                self.equal = False

    cdef marked(self):
        """A new schedule of the nodes that are up, as it is after `start` picks."""
        cdef int32_t i, node
        cdef uint64_t done = 0, taken, ahead = self.start % MAX_START
        cdef double weight, total = 0, latest = 0
        self.schedule()
        self.due[:], self.order[:] = 0, 0
        if self.equal:
            return
        # Each node has had its whole number of turns, and the few that are left are picked one by one. The little that
        # is added keeps a node from seeming due later than another for which the same time was computed otherwise.
        for i in range(self.size):
            total += self.rate(self.heap[i]) + 1e-13
        for i in range(self.size):
            node = self.heap[i]
            weight = self.rate(node) + 1e-13
            taken = <uint64_t>(weight * ahead / total)
            if taken and taken / weight >= ahead / total:
                taken -= 1
            done += taken
            latest = max(latest, taken / weight)
            self.due[node] = (taken + 1) / weight
            self.order[node] = i
        self.now, self.later = latest, self.size
        self.heapify()
        while done < ahead:
            self.next()
            done += 1

    cdef heapify(self):
        cdef int32_t place
        for place in range(self.size // 2 - 1, -1, -1):
            self.sink(place)

    cdef restored(self):
        self.schedule()
        if not self.equal:
            self.heapify()

    cdef list more_repr(self):
        return [f"start={self.start}"] if self.start else []


cdef class LeastRequest(EarliestDeadline):
    """Of a few nodes drawn at random, which may be the same, the one with fewest requests in flight serves.

    nodes: names, or a number. weights: an integer of 0 or more for each node. choices: how many draws, from 1 to 1024;
    the first drawn wins a tie. Nodes of unequal weights are not drawn: the one whose deadline is earliest serves, and
    counts as w / (1 + its requests in flight) ^ bias when it is put back (Envoy's LEAST_REQUEST). seed: an integer, a
    numpy Generator, or None for fresh entropy; it names the draws, and where the schedule starts. attempts: as for
    EarliestDeadline. bias: 0 or more; but for 0 and 1 the power is the platform's, as in Envoy, and its last bit too. A
    request is in flight from its pick until `release`.

    >>> LeastRequest(3, [3, 1, 1], seed=0).select_many(5).tolist()
    [0, 0, 1, 2, 0]
    """

    keeps_load = True
    cdef uint64_t number        # of the next draw
    cdef int32_t choices
    cdef double bias

    def __init__(self, nodes, weights=None, choices=2, seed=None, *, attempts=ATTEMPTS, bias=1.0):
        self.construct(nodes, weights, {"choices": choices, "start": seed, "attempts": attempts, "bias": bias})

    cdef dict check(self, tuple names, weights, dict given):
        choices = int_of(given["choices"], "choices", "give the number of draws")
        if not 1 <= choices <= 1024:
            raise ValueError(f"choices: {choices} is outside 1 to 1024")
        attempts, bias = attempts_of(given["attempts"]), real("bias", given["bias"], 0, finite=True)
        return {"choices": choices, "start": seed_of(given["start"]), "attempts": attempts, "bias": bias}

    cdef declare(self, Columns state):
        EarliestDeadline.declare(self, state)
        self.choices, self.number = self.parameters["choices"], state.value("number", self.number)
        self.bias = self.parameters["bias"]

    cdef bint counts(self) noexcept:
        return True

    cdef double rate(self, int32_t node) noexcept nogil:
        cdef double load = <double>(self.load[node] + 1)
        if self.bias != 1:
            load = pow(load, self.bias)
        return <double>self.weight[node] / load

    cdef int32_t next(self) noexcept nogil:
        """The emptiest of the nodes drawn, or of unequal weights the node that is due."""
        cdef int32_t node, best = -1
        if not self.equal:
            return EarliestDeadline.next(self)
        for _ in range(self.choices):
            node = self.heap[<int32_t>below(draw(self.start, self.number), self.size)]
            self.number += 1
            if best < 0 or self.load[node] < self.load[best]:
                best = node
        return best

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node = EarliestDeadline.pick(self)
        return send(self, node) if node >= 0 else -1

    cdef list more_repr(self):
        more = [f"choices={self.choices}"] if self.choices != 2 else []
        return [*more, f"seed={self.start}", *([f"bias={self.bias}"] if self.bias != 1 else [])]


cdef inline uint64_t attempt(uint64_t h, uint64_t number) noexcept nogil:
    """What is looked up of a hash at attempt 0, 1, 2, ..."""
    return h ^ (0 - number)


cdef class AttemptTable(HashTable):
    """A table whose keys have an order of entries of their own; it is built anew when a node goes down or comes up.

    nodes, weights, table, key_hash: as for HashTable. Attempt a at a key looks up `(hash ^ -a) mod entries`, in 64
    bits, while it meets nodes to avoid; the node of attempt `attempts` serves in any case.

    >>> table = AttemptTable(2, [2, 1], table=lambda nodes, weights: [0, 0, 1])
    >>> table.select("ann"), table.select("ann", avoid=[0])
    (0, 1)
    """

    cdef int64_t attempts
    cdef bint stands            # somebody is up, maybe to be avoided

    def __init__(self, nodes, weights=None, *, table, key_hash=None, attempts=ATTEMPTS):
        self.construct(nodes, weights, {
            "table": table, "rebuild": True, "key_hash": key_hash, "attempts": attempts,
        })

    cdef dict check(self, tuple names, weights, dict given):
        return {"attempts": attempts_of(given["attempts"]), **HashTable.check(self, names, weights, given)}

    cdef declare(self, Columns state):
        HashTable.declare(self, state)
        self.attempts = self.parameters["attempts"]

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef int32_t node = -1
        cdef int64_t a
        if self.is_shut or not self.stands:
            return -1
        for a in range(self.attempts + 1):
            node = self.owner[<Py_ssize_t>(attempt(h, a) % <uint64_t>self.owner.shape[0])]
            if self.is_live[node]:
                break
        return node

    cdef marked(self):
        self.stands = np.multiply(self.weight, self.is_up).any()
        HashTable.marked(self)


cdef class AttemptRing(HashRing):
    """A ring that is built anew when a node goes down or comes up; attempt a at a key is the a-th point behind its own.

    nodes, weights, virtual_nodes, points, key_hash: as for HashRing. From a node to avoid a key goes on, `attempts`
    times at most; the owner of the last point serves in any case.

    >>> ring = AttemptRing(3, attempts=1000)
    >>> ring.select("ann"), ring.select("ann", avoid=[0, 1, 2])
    (1, 2)
    """

    cdef int64_t attempts
    cdef bint stands            # somebody is up, maybe to be avoided

    def __init__(self, nodes, weights=None, virtual_nodes=160, *, points=None, key_hash=None, attempts=ATTEMPTS):
        self.construct(nodes, weights, {
            "virtual_nodes": virtual_nodes, "points": points, "rule": "first", "bits": 64, "rebuild": True,
            "key_hash": key_hash, "attempts": attempts,
        })

    cdef dict check(self, tuple names, weights, dict given):
        return {"attempts": attempts_of(given["attempts"]), **HashRing.check(self, names, weights, given)}

    cdef declare(self, Columns state):
        HashRing.declare(self, state)
        self.attempts = self.parameters["attempts"]

    cdef Py_ssize_t home(self, uint64_t h) noexcept nogil:
        cdef Py_ssize_t i, size = self.point.shape[0] - 1
        cdef int64_t left = self.attempts
        if self.is_shut or not self.stands:
            return -1
        i = search(&self.point[0], &self.start[0], self.shift, h)
        if i == size:
            i = 0
        while left and not self.is_live[self.owner[i]]:
            i, left = i + 1 if i + 1 < size else 0, left - 1
        return i

    cdef marked(self):
        self.stands = np.multiply(self.weight, self.is_up).any()
        HashRing.marked(self)


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
    overloaded when it holds more than that. inner: a function of the nodes' names and their weights (0 where one is
    down) that returns a HashRing or a HashTable of these nodes. The others are tried in an order that MT19937, seeded
    with the low 32 bits of the key's hash, shuffles; where all are overloaded, the least overloaded serves. key_hash: a
    function from a key's bytes to an integer, or None for xxHash64. attempts: how many more entries or points are
    looked up while they lead to a node to avoid; where the last one leads serves. A request is in flight from its pick
    until `release`.

    >>> BoundedAlternates(3, factor=100).select_many(["ann"] * 6).tolist()
    [1, 1, 0, 1, 0, 0]
    """

    keyed = True
    keeps_load = True
    weighted = True
    cdef HashRing ring              # one of these two
    cdef HashTable table
    cdef int64_t factor
    cdef int32_t[::1] listed        # the nodes that are up, and of a weight above zero
    cdef int32_t[::1] order         # places in this list, shuffled
    cdef int32_t size
    cdef double[::1] share          # of the weights of these nodes
    cdef int64_t attempts

    def __init__(self, nodes, weights=None, factor=125, *, inner=HashRing, key_hash=None, attempts=ATTEMPTS):
        self.construct(nodes, weights, {
            "factor": factor, "inner": inner, "key_hash": key_hash, "attempts": attempts,
        })

    cdef dict check(self, tuple names, weights, dict given):
        factor = int_of(given["factor"], "factor", "give a percentage")
        if not 100 <= factor < 1 << 32:
            raise ValueError(f"factor: {factor} is outside 100 to 2^32 - 1")
        if not callable(given["inner"]):
            raise TypeError("inner: give a function of (nodes, weights) that returns a HashRing or a HashTable")
        attempts, key_hash = attempts_of(given["attempts"]), key_hash_of(given.get("key_hash"))
        return {"factor": factor, "inner": given["inner"], "key_hash": key_hash, "attempts": attempts}

    cdef object prepare(self, dict parameters, tuple names, weights, up, Change change):
        """A new ring or table; the old one stays where there is none because nobody is up."""
        weights = np.multiply(weights, up)
        return inner_of(parameters["inner"], names, weights) if weights.any() else None

    cdef declare(self, Columns state):
        self.factor, self.attempts = self.parameters["factor"], self.parameters["attempts"]

    cdef bint counts(self) noexcept:
        return True

    cdef marked(self):
        if self.made is None:
            self.size = 0           # nobody is up
            return
        weights = np.multiply(self.weight, self.is_up)
        listed = np.flatnonzero(weights).astype(np.int32)
        self.share = weights / weights.sum()
        self.listed, self.order, self.size = listed, listed.copy(), len(listed)
        self.ring, self.table = (self.made, None) if isinstance(self.made, HashRing) else (None, self.made)

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
        cdef int32_t node = -1
        cdef int64_t a
        if self.is_shut or self.size == 0:
            return -1
        for a in range(self.attempts + 1):
            node = self.alternate(h, self.first(h, a))
            if self.is_live[node]:
                break
        return send(self, node)

    cdef list more_repr(self):
        return [f"factor={self.factor}"]


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
