"""The same key to the same node.

The problem: requests for the same key should meet the same cache. The idea: let a hash of the key decide. `hash mod N`
is exact and keeps nothing, but nearly every key moves when N changes. With a fixed number of slots owned by nodes
(Redis Cluster has 16384) a new node takes over its share of slots, and nothing else moves. The cost: a hash, and for
slots a table.

A key whose node is down is hashed again until it meets a node that is up. Each key thus has its own fixed order of
nodes, so only the keys of a dead node move, and they come back when it does.
"""

import numpy as np

from lbcore._counting import bincount

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport array_of, int_of
from lbcore.selectors._draws cimport TRIES, again
from lbcore.selectors._hashes cimport inverse, modulo
from lbcore.selectors._keys cimport key_hash_of
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._selector cimport Selector
from lbcore.selectors._state cimport ADDED, ALL, ANEW, OTHERS_UP, Change

cdef enum:
    MAX_ENTRIES = 1 << 24       # of a table: 64 MB


cdef class ModuloHash(Selector):
    """Each key goes to node `hash(key) mod nodes`.

    nodes: names, or a number. key_hash: a function from a key's bytes to an integer of 0 to 2^64 - 1, or None for
    xxHash64. Between N and N + 1 nodes, N of N + 1 keys change their node.

    >>> ModuloHash(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [1, 1, 0, 1]
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


cdef class HashTable(Selector):
    """Each key goes to the owner of entry `hash(key) mod entries` of a table: what slots and Maglev have in common.

    nodes: names, or a number. weights: an integer of 0 or more for each node. table: a function of the nodes' names and
    their weights (int64) that returns the index of each entry's owner, at most 2^24 of them. rebuild: False, and the
    keys of a dead node alone are hashed again; True, and `mark_down` and `mark_up` call the function anew, with weight
    0 for each node that is down; not when all are. key_hash: a function from a key's bytes to an integer, or None for
    xxHash64.

    >>> from lbcore.selectors.hashing import HashTable
    >>> HashTable(2, [2, 1], table=lambda nodes, weights: [0, 0, 1]).select_many(["ann", "bob", "cy"]).tolist()
    [0, 0, 0]
    """

    keyed = True
    weighted = True

    def __init__(self, nodes, weights=None, *, table, rebuild=False, key_hash=None):
        self.construct(nodes, weights, {"table": table, "rebuild": rebuild, "key_hash": key_hash})

    cdef dict check(self, tuple names, weights, dict given):
        table = given["table"]
        if not callable(table):
            raise TypeError("table: give a function of (nodes, weights) that returns the owner of each entry")
        return {"table": table, "rebuild": bool(given["rebuild"]), "key_hash": key_hash_of(given.get("key_hash"))}

    cdef declare(self, Columns state):
        self.rebuild = self.parameters.get("rebuild", False)

    @property
    def owners(self):
        """The index of each entry's owner: int32, shape (entries,), a copy."""
        self.enter()
        try:
            return np.array(self.owner, dtype=np.int32) if self.n else np.empty(0, np.int32)
        finally:
            self.leave()

    cdef object prepare(self, dict parameters, tuple names, weights, up, Change change):
        """A new table; None where the old one stays, also when nobody is up to own an entry."""
        rebuild = parameters["rebuild"]
        if change == OTHERS_UP and not (rebuild and np.multiply(weights, up).any()):
            return None
        return table_of(parameters["table"], rebuild, names, weights, up)

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef int32_t node
        cdef uint64_t size, _walked, entry = 0
        if self.n_live == 0:
            return -1
        size = <uint64_t>self.owner.shape[0]
        for _ in range(TRIES):
            entry = h % size
            node = self.owner[entry]
            if self.is_live[node]:
                return node
            h = again(h)
        for _walked in range(size):       # so few are up that hashing would go on for long: walk
            node = self.owner[entry]
            if self.is_live[node]:
                return node
            entry = entry + 1 if entry + 1 < size else 0
        return -1                   # those that are up own no entry

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        cdef uint64_t size, inverse_size
        cdef int32_t[::1] owner
        with self.lock:
            if not (self.all_live or self.rebuild and self.n_live):
                for i in range(m):
                    out[i] = self.place(hashes[i])
                return
            owner = self.owner
        size = <uint64_t>owner.shape[0]
        inverse_size = inverse(size)
        for i in range(m):
            out[i] = owner[modulo(hashes[i], size, inverse_size)]

    cdef marked(self):
        if self.made is not None:
            self.owner = self.made

    cdef list more_repr(self):
        return [f"entries={self.owner.shape[0]}"]


cdef object table_of(table, bint rebuild, tuple names, weights, up):
    """The owners that the function returns; of nodes that are all down, a table of all of them."""
    weights = np.array(weights)
    if rebuild and np.multiply(weights, up).any():
        weights *= np.asarray(up)
    owner = owners_of(table(names, weights.copy()), <int32_t>len(names), "table")
    if not weights[owner].all():
        raise ValueError("table: a node of weight zero, or one that is down, owns an entry")
    return owner


cdef object owners_of(owners, int32_t n, str argument):
    """A table of nodes as int32: a copy, made before it is checked."""
    given = np.array(array_of(owners, argument))
    if given.ndim != 1 or not given.size or given.dtype.kind not in "iu" or given.size > MAX_ENTRIES:
        raise ValueError(f"{argument}: not a flat list of 1 to 2^24 indices")
    if given.min() < 0 or given.max() >= n:
        raise ValueError(f"{argument}: an owner is outside 0 to {n - 1}")
    return given.astype(np.int32)


cdef class HashSlots(HashTable):
    """Each key goes to the owner of slot `hash(key) mod slots`.

    nodes: names, or a number, at most as many as slots. slots: how many there are, from 1 to 2^24. At first each node
    owns a range of slots, as equal as can be. `add` hands the new node its fair share, slots // nodes of them, one by
    one from whoever owns most; `remove` hands the slots out one by one to whoever owns fewest. Nothing else moves.
    owners: the index of each slot's node at first, instead of those ranges. key_hash: a function from a key's bytes to
    an integer, or None for xxHash64.

    >>> HashSlots(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [2, 0, 1, 2]
    """

    weighted = False

    def __init__(self, nodes, slots=16384, *, owners=None, key_hash=None):
        self.construct(nodes, None, {"slots": slots, "owners": owners, "key_hash": key_hash})

    cdef dict check(self, tuple names, weights, dict given):
        slots, owners = int_of(given["slots"], "slots", "give the number of slots"), given["owners"]
        if not 1 <= slots <= MAX_ENTRIES:
            raise ValueError(f"slots: {slots} is outside 1 to 2^24")
        if len(names) > slots:
            raise ValueError(f"nodes: {len(names)} nodes are more than the {slots} slots")
        if owners is None:
            owners = np.arange(slots, dtype=np.int64) * len(names) // slots
        owners = owners_of(owners, <int32_t>len(names), "owners")
        if len(owners) != slots:
            raise ValueError(f"owners: {len(owners)} owners for {slots} slots")
        return {"slots": slots, "owners": owners, "key_hash": key_hash_of(given.get("key_hash"))}

    cdef object prepare(self, dict parameters, tuple names, weights, up, Change change):
        return parameters["owners"] if change == ANEW else None

    cdef check_add(self, int64_t w):
        Selector.check_add(self, w)
        if self.n == self.owner.shape[0]:
            raise ValueError(f"node: all {self.n} slots are owned by a node of their own; no slot is left to give")

    cdef reshape(self, int32_t removed):
        """A removed node's slots, or a new node's fair share, change hands one by one; ties go to the first node."""
        cdef list counts
        if removed == ALL:
            return
        owner = np.array(self.owner)
        if removed == ADDED:
            counts = bincount(owner, minlength=self.n - 1).tolist()
            mine = [np.flatnonzero(owner == i).tolist() for i in range(self.n - 1)]
            for _ in range(len(owner) // self.n):
                giver = counts.index(max(counts))
                counts[giver] -= 1
                owner[mine[giver].pop()] = self.n - 1
        else:
            orphans = np.flatnonzero(owner == removed).tolist()
            owner[owner > removed] -= 1
            owner[orphans] = -1
            counts = bincount(owner[owner >= 0], minlength=self.n).tolist()
            for slot in orphans:
                taker = counts.index(min(counts))
                counts[taker] += 1
                owner[slot] = taker
        self.owner = self.parameters["owners"] = owner

    cdef list more_repr(self):
        return [f"slots={self.owner.shape[0]}"]
