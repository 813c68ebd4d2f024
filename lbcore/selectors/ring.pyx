"""The same key to the same node, and little moves when a node comes or goes: the ring.
(Longer than 300 lines: how the points are made, laid out and found belong together.)

The problem: `hash mod N` moves nearly every key when N changes. The idea: put keys and nodes on one circle, and let
each key belong to the first node behind it; a node that leaves gives its keys to its neighbour, and no other key moves
(Karger et al. 1997). One point a node is uneven, so each has many, its virtual nodes: the share's coefficient of
variation is sqrt((n - 1) / (n V + 1)) with V points each. The cost: a sorted table of n V points, and a search in it,
which a table of buckets makes short.
"""

import numpy as np

from lbcore._counting import repeat

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from lbcore.selectors._checks cimport array_of, int_of, short
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._hashes cimport xxh64
from lbcore.selectors._keys cimport hash_key, key_hash_of
from lbcore.selectors._selector cimport Selector
from lbcore.selectors._state cimport OTHER_NODES, OTHERS_UP, Change

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define lbcore_prefetch(p) __builtin_prefetch(p)
    #else
    #define lbcore_prefetch(p) ((void)(p))
    #endif
    """
    void prefetch "lbcore_prefetch"(const void* p) noexcept nogil

cdef enum:
    AHEAD = 16                  # how many keys ahead a batch fetches a key's bucket
    PIECE = 128                 # keys of which those wait together that need more than their bucket
    MAX_POINTS = 1 << 24        # of a ring: 256 MB

RULES = ("first", "after")


cdef inline uint64_t rest(uint64_t h, int bits, int shift) noexcept nogil:
    """The 23 bits of a point or key that come after its bucket's number."""
    return h << (64 - bits) << (bits - shift) >> 41


cdef inline uint64_t word(
    const uint64_t* point, const int32_t* owner, const int32_t* start, int bits, int shift, Py_ssize_t b
) noexcept nogil:
    """What a bucket is to a batch (ring.pxd says what stands where)."""
    cdef int32_t first = start[b], behind = start[b + 1]
    cdef uint64_t split = 0
    if behind == first + 1:
        split = rest(point[first], bits, shift)
    elif behind > first:
        split = 1 << 23
    return split << 40 | <uint64_t>owner[first] << 20 | <uint64_t>owner[behind]


cdef inline void mend(
    uint64_t* bucket, const uint64_t* point, const int32_t* owner, const int32_t* start, int bits, int shift,
    Py_ssize_t b,
) noexcept nogil:
    """Makes the buckets before b anew whose next point is in b or behind it: down to the first that has one itself."""
    while b:
        b -= 1
        bucket[b] = word(point, owner, start, bits, shift, b)
        if start[b] < start[b + 1]:
            break


cdef Py_ssize_t owned(const int32_t* owner, Py_ssize_t size, int32_t node) noexcept nogil:
    """How many of the points are the node's."""
    cdef Py_ssize_t i, many = 0
    for i in range(size):
        many += owner[i] == node
    return many


cdef int index_bits(int bits, Py_ssize_t size):
    """Of the number of a bucket: about two buckets for each of `size` points."""
    return min(bits, max(8, int(2 * size - 1).bit_length()))


cdef class HashRing(Selector):
    """Each key goes to the owner of the first point behind it on a circle, on which every node has many points.

    nodes: names, or a number. weights: an integer of 0 or more for each node. virtual_nodes: points of a node for each
    unit of its weight; a ring has at most 2^24. Point i of a node is xxHash64 of `name-i`, so `add` and `remove` move
    only the keys that the new node receives or the old one had. While a node is down, its keys go on to the next
    point of a node that is up.

    Rings of other systems are built by these parameters. points: a function of the nodes' names and their weights
    (int64) that returns two arrays, the points (integers of 0 to 2^bits - 1, in any order) and the index of each
    one's owner; virtual_nodes then counts nothing, and equal points keep their order. rule: "first" point at or after
    the key, or the first "after" it. bits: of a point; of a longer key hash the low bits count. rebuild: True, and
    `mark_down` and `mark_up` call the function anew, with weight 0 for each node that is down; not when all are.
    key_hash: a function from a key's bytes to an integer of 0 to 2^64 - 1, or None for xxHash64.

    >>> ring = HashRing(3)
    >>> ring.select_many(["ann", "bob", "cy", "dan", "eve", "flo"]).tolist()
    [1, 1, 1, 0, 2, 0]
    >>> ring.replicas("eve", 2).tolist()
    [2, 1]
    """

    keyed = True
    weighted = True

    def __init__(
        self, nodes, weights=None, virtual_nodes=160, *,
        points=None, rule="first", bits=64, rebuild=False, key_hash=None,
    ):
        self.construct(nodes, weights, {
            "virtual_nodes": virtual_nodes, "points": points, "rule": rule, "bits": bits, "rebuild": rebuild,
            "key_hash": key_hash,
        })

    cdef dict check(self, tuple names, weights, dict given):
        points, rule = given["points"], given["rule"]
        virtual_nodes = int_of(given["virtual_nodes"], "virtual_nodes", "give the points of a node")
        if not 1 <= virtual_nodes <= MAX_POINTS:
            raise ValueError(f"virtual_nodes: {virtual_nodes} is outside 1 to 2^24")
        if points is not None and not callable(points):
            raise TypeError("points: give a function of (nodes, weights) that returns points and owners")
        if not isinstance(rule, str) or rule not in RULES:
            raise ValueError(f"rule: {short(rule)} is none of {', '.join(RULES)}")
        bits = int_of(given["bits"], "bits", "give the bits of a point")
        if not 8 <= bits <= 64:
            raise ValueError(f"bits: {bits} is outside 8 to 64")
        return {
            "virtual_nodes": virtual_nodes, "points": points, "rule": str(rule), "bits": bits,
            "rebuild": bool(given["rebuild"]), "key_hash": key_hash_of(given.get("key_hash")),
        }

    cdef declare(self, Columns state):
        self.virtual_nodes, self.bits = self.parameters["virtual_nodes"], self.parameters["bits"]
        self.after, self.rebuild = self.parameters["rule"] == "after", self.parameters["rebuild"]
        self.mask = 0xFFFFFFFFFFFFFFFF >> (64 - self.bits)

    @property
    def ring(self):
        """The points in order and the index of each one's owner: uint64 and int32, both of shape (points,), copies."""
        self.enter()
        try:
            if not self.n:
                return np.empty(0, np.uint64), np.empty(0, np.int32)
            point, owner = self.placed()
            return point.copy(), owner.copy()
        finally:
            self.leave()

    def replicas(self, key, k):
        """The first k different nodes that are up, from the key onwards: int32, shape (k,), or as many as are up.

        The first is the node that a ring selects. Raises ValueError where k is not from 1 to the number of nodes.
        """
        cdef int32_t[::1] chosen
        cdef char[::1] taken
        cdef Py_ssize_t i, size, wanted
        cdef int32_t node, found = 0
        cdef uint64_t h = hash_key(key, -1, self.key_hash)
        wanted = int_of(k, "k", "give the number of nodes")
        self.enter()
        try:
            if not 1 <= wanted <= self.n:
                raise ValueError(f"k: {wanted} is outside 1 to {self.n}, the number of nodes")
            result = np.empty(wanted, np.int32)
            chosen, taken, size = result, bytearray(self.n), self.point.shape[0] - 1
            i = self.home(h)
            for _ in range(size if i >= 0 else 0):
                node = self.owner[i]
                if self.is_live[node] and not taken[node]:
                    taken[node] = 1
                    chosen[found] = node
                    found += 1
                    if found == wanted:
                        break
                i = i + 1 if i + 1 < size else 0
        finally:
            self.leave()
        return result[:found]

    cdef object prepare(self, dict parameters, tuple names, weights, up, Change change):
        """A new ring; None where the old one stays or is changed, also when nobody is up to own a point."""
        rebuild, points = parameters["rebuild"], parameters["points"]
        if change == OTHERS_UP and not (rebuild and np.multiply(weights, up).any()):
            return None
        if change == OTHER_NODES and not rebuild and points is None:
            return None
        return ring_of(parameters, names, weights, up)

    cdef lay(self, point, owner):
        """Takes a ring whose points are in order, and makes its buckets."""
        cdef Py_ssize_t size = len(point), buckets = 1 << index_bits(self.bits, size)
        cdef int shift = self.bits - index_bits(self.bits, size)
        cdef uint64_t[::1] points = np.append(point, np.uint64(0xFFFFFFFFFFFFFFFF))
        cdef int32_t[::1] owners = np.append(owner, owner[:1])
        cdef int32_t[::1] start = np.empty(buckets + 1, np.int32)
        cdef uint64_t[::1] bucket = np.empty(buckets, np.uint64)
        cdef Py_ssize_t b, i = 0
        with nogil:
            for b in range(buckets):
                start[b] = <int32_t>i
                while i < size and points[i] >> shift == <uint64_t>b:
                    i += 1
            start[buckets] = <int32_t>size
            for b in range(buckets):
                bucket[b] = word(&points[0], &owners[0], &start[0], self.bits, shift, b)
        self.point, self.owner, self.start, self.bucket, self.shift = points, owners, start, bucket, shift

    cdef splice(self, const uint64_t[::1] new, int32_t removed):
        """Puts the last node's points, in order, among the others; or takes out those of a node that was removed.

        What lies between is copied in runs, and of the buckets only those change that see another point.
        """
        cdef Py_ssize_t old_size = self.point.shape[0] - 1, buckets = self.bucket.shape[0], i, k, to, b
        cdef Py_ssize_t many = new.shape[0] if removed < 0 else owned(&self.owner[0], old_size, removed)
        cdef Py_ssize_t more = 1 if removed < 0 else -1, size = old_size + more * many
        cdef Py_ssize_t[::1] at = np.empty(many + 1, np.intp)       # where, in the old order
        cdef uint64_t[::1] points = np.empty(size + 1, np.uint64)
        cdef int32_t[::1] owners = np.empty(size + 1, np.int32)
        cdef int32_t[::1] start = np.empty(buckets + 1, np.int32)
        cdef uint64_t[::1] bucket = np.empty(buckets, np.uint64)
        cdef int32_t last = self.n - 1
        cdef uint64_t words
        with nogil:
            k = 0
            if removed < 0:
                for k in range(many):       # behind an equal point, as in a ring built at once
                    i = self.start[new[k] >> self.shift]
                    while i < old_size and self.point[i] <= new[k]:
                        i += 1
                    at[k] = i
            else:
                for i in range(old_size):
                    if self.owner[i] == removed:
                        at[k] = i
                        k += 1
            at[many] = old_size
            i, to = 0, 0
            for k in range(many + 1):
                memcpy(&points[to], &self.point[i], (at[k] - i) * sizeof(uint64_t))
                memcpy(&owners[to], &self.owner[i], (at[k] - i) * sizeof(int32_t))
                to += at[k] - i
                i = at[k] + (removed >= 0)
                if removed < 0 and k < many:
                    points[to], owners[to] = new[k], last
                    to += 1
            points[size] = 0xFFFFFFFFFFFFFFFFULL
            if 0 <= removed <= last:        # the indices behind it move down
                for i in range(size):
                    owners[i] -= owners[i] > removed
            owners[size] = owners[0]
        if index_bits(self.bits, size) != self.bits - self.shift:
            self.lay(np.asarray(points)[:size], np.asarray(owners)[:size])
            return
        with nogil:
            b = 0
            for k in range(many + 1):
                to = buckets if k == many else (new[k] if removed < 0 else self.point[at[k]]) >> self.shift
                while b <= to:
                    start[b] = self.start[b] + <int32_t>(more * k)
                    b += 1
            memcpy(&bucket[0], &self.bucket[0], buckets * sizeof(uint64_t))
            if 0 <= removed <= last:
                for b in range(buckets):
                    words = bucket[b]       # a difference below zero has its highest bit set
                    words -= ((<uint64_t>removed - (words >> 20 & 0xFFFFF)) >> 63) << 20
                    bucket[b] = words - ((<uint64_t>removed - (words & 0xFFFFF)) >> 63)
            for k in range(many):
                b = (new[k] if removed < 0 else self.point[at[k]]) >> self.shift
                bucket[b] = word(&points[0], &owners[0], &start[0], self.bits, self.shift, b)
                mend(&bucket[0], &points[0], &owners[0], &start[0], self.bits, self.shift, b)
            mend(&bucket[0], &points[0], &owners[0], &start[0], self.bits, self.shift, buckets)
        self.point, self.owner, self.start, self.bucket = points, owners, start, bucket

    cdef tuple placed(self):
        """The points and owners, without the one behind the last."""
        cdef Py_ssize_t size = self.point.shape[0] - 1
        return np.asarray(self.point)[:size], np.asarray(self.owner)[:size]

    cdef bint full(self, int32_t node) noexcept nogil:
        return False

    cdef Py_ssize_t onwards(self, Py_ssize_t i, bint with_room) noexcept nogil:
        cdef Py_ssize_t size = self.point.shape[0] - 1
        for _ in range(size):
            if self.is_live[self.owner[i]] and not (with_room and self.full(self.owner[i])):
                return i
            i = i + 1 if i + 1 < size else 0
        return -1

    cdef Py_ssize_t home(self, uint64_t h) noexcept nogil:
        cdef Py_ssize_t i
        if self.n_live == 0:
            return -1
        i = search(&self.point[0], &self.start[0], self.shift, (h + self.after) & self.mask)
        return self.onwards(i if i < self.point.shape[0] - 1 else 0, False)

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef Py_ssize_t i = self.home(h)
        return self.owner[i] if i >= 0 else -1

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        """With every owner up, looks up without the lock."""
        cdef Py_ssize_t i
        cdef uint64_t[::1] points, buckets
        cdef int32_t[::1] owners, starts
        cdef const uint64_t* point
        cdef const uint64_t* bucket
        cdef const int32_t* owner
        cdef const int32_t* start
        cdef int bits, shift
        cdef uint64_t mask, step, h, entry, key, split
        cdef int32_t waiting[PIECE]
        cdef Py_ssize_t k, many, piece
        with self.lock:
            if not (self.all_live or self.rebuild and self.n_live):
                for i in range(m):
                    out[i] = self.place(hashes[i])
                return
            points, owners, starts, buckets = self.point, self.owner, self.start, self.bucket
            bits, shift, mask, step = self.bits, self.shift, self.mask, self.after
        point, owner, start, bucket = &points[0], &owners[0], &starts[0], &buckets[0]
        while m:
            # Nearly every key needs one word, and no branch that could be mispredicted: the others, too close to call
            # in 23 bits or in a bucket of several points, are noted and wait, until what they need has been fetched.
            piece, many = min(m, <Py_ssize_t>PIECE), 0
            for i in range(piece):
                if i + AHEAD < m:       # a large ring does not fit the caches
                    prefetch(&bucket[((hashes[i + AHEAD] + step) & mask) >> shift])
                h = (hashes[i] + step) & mask
                entry, key = bucket[h >> shift], rest(h, bits, shift)
                split = entry >> 40
                out[i] = <int32_t>(entry >> (20 * (key < split)) & 0xFFFFF)
                waiting[many] = <int32_t>i
                many += (split == key) | (entry >> 63)
            for k in range(many):
                prefetch(&start[((hashes[waiting[k]] + step) & mask) >> shift])
            for k in range(many):
                i = start[((hashes[waiting[k]] + step) & mask) >> shift]
                prefetch(&point[i])
                prefetch(&owner[i])
            for k in range(many):
                i = waiting[k]
                out[i] = owner[search(point, start, shift, (hashes[i] + step) & mask)]
            hashes, out, m = hashes + piece, out + piece, m - piece

    cdef check_add(self, int64_t w):
        cdef object total = np.sum(self.weight) + w
        if self.parameters["points"] is None and total * self.virtual_nodes > MAX_POINTS:
            raise ValueError(f"weight: {too_many(total, self.virtual_nodes)}")

    cdef reshape(self, int32_t removed):
        """Puts a new node's points among the others, or takes a node's points out."""
        cdef int32_t last = self.n - 1
        if self.made is not None:       # `marked` takes it
            return
        if removed < 0:
            self.splice(np.sort(points_of(self.names[last], self.weight[last] * self.virtual_nodes)), removed)
        else:
            self.splice(np.empty(0, np.uint64), removed)

    cdef marked(self):
        if self.made is not None:
            point, owner = self.made
            self.lay(point, owner)

    cdef list more_repr(self):
        parts = [f"virtual_nodes={self.virtual_nodes}" if self.parameters["points"] is None else "own points"]
        return parts + (["rule='after'"] if self.after else [])


cdef tuple ring_of(dict parameters, tuple names, weights, up):
    """The points in order and their owners; of nodes that are all down, a ring of all of them."""
    virtual_nodes, function = parameters["virtual_nodes"], parameters["points"]
    weights = np.array(weights)
    if parameters["rebuild"] and np.multiply(weights, up).any():
        weights *= np.asarray(up)
    if function is None:
        total = sum(weights.tolist())
        if total * virtual_nodes > MAX_POINTS:
            argument = "nodes" if len(names) * virtual_nodes > MAX_POINTS else "weights"
            raise ValueError(f"{argument}: {too_many(total, virtual_nodes)}")
        point = np.concatenate([points_of(name, w * virtual_nodes) for name, w in zip(names, weights)])
        owner = repeat(np.arange(len(names), dtype=np.int32), weights * virtual_nodes)
    else:
        point, owner = checked(function(names, weights.copy()), weights, parameters["bits"])
    order = np.argsort(point, kind="stable")
    return point[order], owner[order]


cdef str too_many(total, virtual_nodes):
    return f"{total} times {virtual_nodes} virtual nodes are more than the 2^24 points of a ring"


cdef object points_of(str name, Py_ssize_t count):
    """xxHash64 of `name-0`, `name-1`, ...: uint64, shape (count,)."""
    cdef bytes stem = name.encode("utf-8", "surrogatepass") + b"-"
    cdef Py_ssize_t size = PyBytes_GET_SIZE(stem), i, end, k, number
    cdef unsigned char* text
    cdef uint64_t[::1] points
    result = np.empty(count, np.uint64)
    points = result
    text = <unsigned char*>malloc(size + 20)
    if text == NULL:
        raise MemoryError
    memcpy(text, PyBytes_AS_STRING(stem), size)
    with nogil:
        for i in range(count):
            number, end = i, size + 1
            while number >= 10:
                number, end = number // 10, end + 1
            number = i
            for k in range(end - 1, size - 1, -1):
                text[k] = <unsigned char>(48 + number % 10)
                number = number // 10
            points[i] = xxh64(text, end, 0)
        free(text)
    return result


cdef tuple checked(made, weights, int bits):
    """The points and owners that a function returned, as uint64 and int32: copies, made before they are checked."""
    made = tuple(made) if isinstance(made, (tuple, list)) else ()
    if len(made) != 2:
        raise TypeError("points: the function must return two arrays, the points and the owners")
    point, owner = made
    if isinstance(point, (list, tuple)):    # numpy would take integers on both sides of 2^63 for floats
        point = [int_of(p, "points", "a point is an integer") for p in point]
        if point and not 0 <= min(point) <= max(point) < 1 << 64:
            raise ValueError(f"points: a point is outside 0 to 2^{bits} - 1")
        point = np.array(point, np.uint64)
    point, owner = np.array(array_of(point, "points")), np.array(array_of(owner, "points"))
    if point.ndim != 1 or point.shape != owner.shape or not 1 <= point.size <= MAX_POINTS:
        raise ValueError("points: the function must return as many points as owners, from 1 to 2^24")
    if point.dtype.kind not in "iu" or owner.dtype.kind not in "iu":
        raise TypeError("points: points and owners must be integers")
    if point.min() < 0 or int(point.max()) >> bits:
        raise ValueError(f"points: a point is outside 0 to 2^{bits} - 1")
    if owner.min() < 0 or owner.max() >= len(weights):
        raise ValueError(f"points: an owner is outside 0 to {len(weights) - 1}")
    if not weights[owner].all():
        raise ValueError("points: a node of weight zero, or one that is down, owns a point")
    return point.astype(np.uint64), owner.astype(np.int32)
