"""The same key to the same node.

The problem: requests for the same key should meet the same cache. The idea: let a hash of the key decide. `hash mod N`
is exact and keeps nothing, but nearly every key moves when N changes. With a fixed number of slots owned by nodes
(Redis Cluster has 16384) a new node takes over its share of slots, and nothing else moves. The cost: a hash, and for
slots a table.

A key whose node is down is hashed again until it meets a node that is up. Each key thus has its own fixed order of
nodes, so only the keys of a dead node move, and they come back when it does.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport int_of, names_of
from lbcore.selectors._draws cimport TRIES, again
from lbcore.selectors._hashes cimport inverse, modulo
from lbcore.selectors._selector cimport Selector


cdef class ModuloHash(Selector):
    """Each key goes to node `hash(key) mod nodes`.

    nodes: names, or a number. Between N and N + 1 nodes, N of N + 1 keys change their node.

    >>> ModuloHash(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [1, 1, 0, 1]
    """

    keyed = True

    def __init__(self, nodes):
        self.begin(nodes, None)

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef int32_t node = -1
        if self.n_live == 0:
            return -1
        for _ in range(TRIES):
            node = <int32_t>(h % <uint64_t>self.n)
            if self.is_live[node]:
                return node
            h = again(h)
        while not self.is_live[node]:       # so few are up that hashing would go on for long: walk
            node = node + 1 if node + 1 < self.n else 0
        return node

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        cdef uint64_t n, inverse_n
        with self.lock:
            if self.n_live < self.n:
                for i in range(m):
                    out[i] = self.place(hashes[i])
                return
            n = self.n
        inverse_n = inverse(n)
        for i in range(m):
            out[i] = <int32_t>modulo(hashes[i], n, inverse_n)


cdef class HashSlots(Selector):
    """Each key goes to the owner of slot `hash(key) mod slots`.

    nodes: names, or a number, at most as many as slots. slots: how many there are, from 1 to 2^24. At first each node
    owns a range of slots, as equal as can be. `add` hands the new node its fair share, slots // nodes of them, one by
    one from whoever owns most; `remove` hands the slots out one by one to whoever owns fewest. Nothing else moves.

    >>> HashSlots(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [2, 0, 1, 2]
    """

    keyed = True
    cdef int32_t[::1] owner     # replaced, never changed, so a batch may read on without the lock

    def __init__(self, nodes, slots=16384):
        slots = int_of(slots, "slots", "give the number of slots")
        if not 1 <= slots <= 1 << 24:
            raise ValueError(f"slots: {slots} is outside 1 to 2^24")
        names = names_of(nodes)
        if len(names) > slots:
            raise ValueError(f"nodes: {len(names)} nodes are more than the {slots} slots")
        self.begin(names, None)
        self.owner = (np.arange(slots, dtype=np.int64) * self.n // slots).astype(np.int32)

    @property
    def owners(self):
        """The index of each slot's owner: int32, shape (slots,), a copy."""
        with self.lock:
            return np.array(self.owner, dtype=np.int32) if self.n else np.empty(0, np.int32)

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef int32_t node
        cdef uint64_t slots, slot = 0
        if self.n_live == 0:
            return -1
        slots = <uint64_t>self.owner.shape[0]
        for _ in range(TRIES):
            slot = h % slots
            node = self.owner[slot]
            if self.is_live[node]:
                return node
            h = again(h)
        while not self.is_live[self.owner[slot]]:
            slot = slot + 1 if slot + 1 < slots else 0
        return self.owner[slot]

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        cdef uint64_t slots, inverse_slots
        cdef int32_t[::1] owner
        with self.lock:
            if self.n_live < self.n:
                for i in range(m):
                    out[i] = self.place(hashes[i])
                return
            owner = self.owner
        slots = <uint64_t>owner.shape[0]
        inverse_slots = inverse(slots)
        for i in range(m):
            out[i] = owner[modulo(hashes[i], slots, inverse_slots)]

    cdef check_add(self, int64_t w):
        Selector.check_add(self, w)
        if self.n == self.owner.shape[0]:
            raise ValueError(f"node: all {self.n} slots are owned by a node of their own; no slot is left to give")

    cdef reshape(self, int32_t removed):
        """A removed node's slots, or a new node's fair share, change hands one by one; ties go to the first node."""
        cdef list counts
        owner = np.array(self.owner)
        if removed < 0:
            counts = np.bincount(owner, minlength=self.n - 1).tolist()
            mine = [np.flatnonzero(owner == i).tolist() for i in range(self.n - 1)]
            for _ in range(len(owner) // self.n):
                giver = counts.index(max(counts))
                counts[giver] -= 1
                owner[mine[giver].pop()] = self.n - 1
        else:
            orphans = np.flatnonzero(owner == removed).tolist()
            owner[owner > removed] -= 1
            owner[orphans] = -1
            counts = np.bincount(owner[owner >= 0], minlength=self.n).tolist()
            for slot in orphans:
                taker = counts.index(min(counts))
                counts[taker] += 1
                owner[slot] = taker
        self.owner = owner

    cdef dict more_state(self):
        return {"owner": np.array(self.owner)}

    cdef restore(self, dict state):
        owner = np.array(state["owner"], dtype=np.int32)
        if owner.ndim != 1 or not owner.size or owner.min() < 0 or owner.max() >= self.n:
            raise ValueError("state: owner is not a table of nodes")
        self.owner = owner

    cdef list more_repr(self):
        return [f"slots={self.owner.shape[0]}"] if self.n else []
