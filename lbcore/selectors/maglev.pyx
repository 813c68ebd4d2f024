"""Consistent hashing by a table that fills by turns: Maglev.

The problem is the ring's: the same key to the same node, and little moves when a node comes or goes. The idea: nodes
take turns to claim the entries of a table, each in an order of its own (Eisenbud et al. 2016). The cost: a table, made
anew for every change of nodes, and a little more movement than need be; in return the most even shares and one look-up.
"""

from math import isqrt

import numpy as np

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int32_t, int64_t

from lbcore.selectors._checks cimport array_of, int_of
from lbcore.selectors._keys cimport key_hash_of, name_hash
from lbcore.selectors._state cimport OTHERS_UP, Change
from lbcore.selectors.hashing cimport HashTable

cdef enum:
    LOOKS = 1 << 24         # at nodes, between two looks at Ctrl-C


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

    def __init__(self, nodes, weights=None, table_size=65537, *, key_hash=None):
        self.construct(nodes, weights, {"table_size": table_size, "key_hash": key_hash})

    cdef dict check(self, tuple names, weights, dict given):
        size = size_of(given["table_size"])
        if len(names) > size:
            raise ValueError(f"nodes: {len(names)} nodes are more than the {size} entries of the table")
        return {"table_size": size, "key_hash": key_hash_of(given.get("key_hash"))}

    cdef object prepare(self, dict parameters, tuple names, weights, up, Change change):
        if change == OTHERS_UP:
            return None
        return claimed(parameters["table_size"], names, np.array(weights))

    cdef check_add(self, int64_t w):
        if self.n == self.parameters["table_size"]:
            raise ValueError(f"node: all {self.n} entries are needed by the nodes there are")

    cdef list more_repr(self):
        return [f"table_size={self.parameters['table_size']}"]


cdef object size_of(table_size):
    size = int_of(table_size, "table_size", "give the number of entries")
    if not 2 <= size <= 1 << 24:
        raise ValueError(f"table_size: {size} is outside 2 to 2^24")
    if any(size % i == 0 for i in range(2, isqrt(size) + 1)):
        raise ValueError(f"table_size: {size} is not a prime, so a node's steps might miss entries")
    return size


cdef object claimed(table_size, tuple names, weights):
    """The owner of each entry: int32, shape (table_size,)."""
    claim = sorted([i for i in range(len(names)) if weights[i]], key=names.__getitem__)
    offsets = [name_hash(names[i], 0) % table_size for i in claim]
    skips = [name_hash(names[i], 1) % (table_size - 1) + 1 for i in claim]
    return np.array(claim, np.int32)[fill_table(offsets, skips, weights[claim], table_size)]


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
    cdef int64_t tries, entry, step
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
                entry, step = at[i], skip[i]
                while owner[entry] >= 0 and tries < size:
                    entry += step
                    if entry >= size:
                        entry -= size
                    tries += 1
                at[i] = entry
                if owner[entry] >= 0:
                    filled = -1
                    break
                owner[entry] = i
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
