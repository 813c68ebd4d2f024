"""The same key to the same node, and on to another when that one has failed: NGINX's three hashes.

The idea: a key is hashed, and hashed again while the node it meets is down, was tried already, or failed too often of
late; after twenty such nodes, turns by weight decide. Failures are noticed as in passive.pyx.

Which bits of a key are needed depends on the rule, so each class has its own default `key_hash`, which packs them
into 64 bits: CRC32 and the length of the key, from which the CRC32 of `1` + key, `2` + key, ... can be computed, since
CRC32 is linear; or the two numbers by which one round over the bytes of an address changes the hash.
"""

import time
from zlib import crc32

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from lbcore.selectors._keys cimport key_hash_of
from lbcore.selectors._selector cimport Selector
from lbcore.selectors.passive cimport PassiveRoundRobin

cdef enum:
    TRIES = 20              # nodes that cannot serve, before turns by weight decide
    VIRTUAL_NODES = 160     # points of a node for each unit of its weight
    MAX_POINTS = 1 << 24
    MODULUS = 6271
    FACTOR = 113
    SEED = 89

cdef uint32_t POLYNOMIAL = 0xEDB88320U
cdef uint32_t[32] POWERS        # x^(2^i) modulo the polynomial


cdef uint32_t product(uint32_t a, uint32_t b) noexcept nogil:
    """Of two polynomials over GF(2), modulo that of CRC32; the highest bit is x^0."""
    cdef uint32_t result = 0, bit = 0x80000000U
    while bit:
        if a & bit:
            result ^= b
        bit >>= 1
        b = (b >> 1) ^ (POLYNOMIAL if b & 1 else 0)
    return result


POWERS[0] = 0x40000000U
for _i in range(1, 32):
    POWERS[_i] = product(POWERS[_i - 1], POWERS[_i - 1])


cdef uint32_t prefixed(uint64_t number, uint32_t crc, uint64_t length) noexcept nogil:
    """CRC32 of the number's decimal digits and a key of this CRC32 and length."""
    cdef uint32_t head = 0xFFFFFFFFU
    cdef uint64_t unit = 1
    cdef int power = 3          # a byte is x^8
    while number // unit >= 10:
        unit *= 10
    while unit:
        head ^= <uint32_t>(48 + number // unit % 10)
        for _ in range(8):
            head = (head >> 1) ^ (POLYNOMIAL if head & 1 else 0)
        unit //= 10
    head = ~head
    while length:
        if length & 1:
            head = product(head, POWERS[power & 31])
        length >>= 1
        power += 1
    return head ^ crc


def crc_and_length(data):
    """The key hash of PassiveHash and PassiveRing: the length of the bytes above their CRC32."""
    return (len(data) & 0xFFFFFFFF) << 32 | crc32(data)


def octet_round(data):
    """The key hash of PassivePrefixHash: what one round over the bytes multiplies the hash by, and adds to it."""
    factor, added = 1, 0
    for octet in data:
        factor, added = factor * FACTOR % MODULUS, (added * FACTOR + octet) % MODULUS
    return factor << 32 | added


cdef class PassiveHash(PassiveRoundRobin):
    """Each key goes to the node at `hash(key) mod weights`, or is hashed again with a number in front until one serves.

    nodes, weights, max_fails, fail_timeout_s, clock: as for PassiveRoundRobin. The hash is the sum of 15 bits of the
    CRC32 of the key, of `1` + key, of `2` + key, and so on up to the node that serves; an empty key takes turns.
    key_hash: a function from a key's bytes to its length above its CRC32, that is `crc_and_length`.

    >>> PassiveHash(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [0, 2, 0, 0]
    """

    keyed = True
    cdef uint64_t[::1] met          # the request in which a node to avoid was met
    cdef uint64_t request

    def __init__(
        self, nodes, weights=None, max_fails=1, fail_timeout_s=10, clock=time.time, key_hash=crc_and_length,
    ):
        key_hash = key_hash_of(key_hash)
        self.start(nodes, weights, max_fails, fail_timeout_s, (), clock)
        self.key_hash = key_hash
        self.ready()

    cdef uint64_t hashed(self, uint64_t h, uint64_t number, uint64_t before) noexcept nogil:
        """The hash of a key after one round more."""
        cdef uint32_t crc = <uint32_t>h
        if number:
            crc = prefixed(number, crc, h >> 32)
        return (before + ((crc >> 16) & 0x7FFF)) & 0xFFFFFFFFULL

    cdef uint64_t seed(self) noexcept nogil:
        return 0

    cdef bint empty(self, uint64_t h) noexcept nogil:
        return h >> 32 == 0

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef int32_t node, tries = 0
        cdef uint64_t number = 0, sum_ = self.seed()
        cdef int64_t total = 0, point
        if self.n_live == 0:
            return -1
        if self.alone or self.empty(h):
            return self.turn()
        for node in range(self.n):
            total += self.weight[node]
        self.request += 1
        while tries <= TRIES:
            sum_ = self.hashed(h, number, sum_)
            number += 1
            point, node = <int64_t>(sum_ % <uint64_t>total), 0
            while point >= self.weight[node]:
                point -= self.weight[node]
                node += 1
            if self.open(node):
                return self.serve(node)
            # A node that this request tried before: it was met then, and counted as no failure to find one.
            if self.stands[node] and not self.is_up[node] and self.met[node] != self.request:
                self.met[node] = self.request
            else:
                tries += 1
        return self.turn()

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        Selector.place_many(self, hashes, out, m)

    cdef marked(self):
        PassiveRoundRobin.marked(self)
        self.met, self.request = np.zeros(self.n, np.uint64), 0


cdef class PassivePrefixHash(PassiveHash):
    """Each address goes to the node at `hash(first bytes) mod weights`; the hash runs over them until one serves.

    The arguments are those of PassiveHash. Of a byte c the hash h becomes (113 h + c) mod 6271, from 89 on. key_hash: a
    function from a key's bytes to the factor above the summand of such a round, that is `octet_round`; whoever calls
    it cuts an address to the bytes that count.

    >>> PassivePrefixHash(3).select_many([bytes([10, 0, 0]), bytes([10, 0, 1])]).tolist()
    [0, 1]
    """

    def __init__(self, nodes, weights=None, max_fails=1, fail_timeout_s=10, clock=time.time, key_hash=octet_round):
        PassiveHash.__init__(self, nodes, weights, max_fails, fail_timeout_s, clock, key_hash)

    cdef uint64_t hashed(self, uint64_t h, uint64_t number, uint64_t before) noexcept nogil:
        return ((h >> 32) * before + (h & 0xFFFFFFFFULL)) % MODULUS

    cdef uint64_t seed(self) noexcept nogil:
        return SEED

    cdef bint empty(self, uint64_t h) noexcept nogil:
        return False


cdef class PassiveRing(PassiveHash):
    """Each key goes to the owner of the first point at or after its CRC32, or of the next ones until one serves.

    The arguments are those of PassiveHash. A node has 160 points for each unit of its weight, all nodes at most 2^24.
    The first point of `host:port` is the CRC32 of host, a zero byte, port and four zero bytes, and the next has the
    point before it, little-endian, in their place; a name without a port, or that begins with `unix:`, has an empty
    port. Of equal points one stays, that of the first node.

    >>> PassiveRing(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [2, 1, 0, 2]
    """

    cdef uint32_t[::1] point
    cdef int32_t[::1] owner

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef Py_ssize_t low = 0, high, middle
        cdef uint32_t crc = <uint32_t>h
        cdef int32_t node
        if self.n_live == 0:
            return -1
        if self.alone or self.empty(h):
            return self.turn()
        high = self.point.shape[0]
        while low < high:
            middle = (low + high) // 2
            if self.point[middle] < crc:
                low = middle + 1
            else:
                high = middle
        for _ in range(TRIES + 1):
            if low >= self.point.shape[0]:
                low = 0
            node = self.owner[low]
            if self.open(node):
                if self.earning[node] < self.weight[node]:
                    self.earning[node] += 1
                return self.serve(node)
            low += 1
        return self.turn()

    cdef lay(self):
        cdef Py_ssize_t k = 0
        cdef int32_t node
        cdef uint32_t[::1] point
        count = VIRTUAL_NODES * int(np.sum(self.weight))
        if count > MAX_POINTS:
            raise ValueError(f"weights: {VIRTUAL_NODES} points for each unit are {count}, more than 2^24")
        points = np.empty(count, np.uint32)
        point = points
        for node in range(self.n):
            name = self.names[node].encode("utf-8", "surrogatepass")
            host, colon, port = name.rpartition(b":")
            if name[:5].lower() == b"unix:":
                host, port = name[5:], b""
            elif not colon or port.strip(b"0123456789"):
                host, port = name, b""
            base, value = crc32(host + b"\0" + port), 0
            for _ in range(VIRTUAL_NODES * self.weight[node]):
                value = crc32(value.to_bytes(4, "little"), base)
                point[k] = value
                k += 1
        order = np.argsort(points, kind="stable")
        owners = np.repeat(np.arange(self.n, dtype=np.int32), VIRTUAL_NODES * np.asarray(self.weight))[order]
        points = points[order]
        first = np.append(True, points[1:] != points[:-1])
        self.point, self.owner = points[first], owners[first]

    cdef rewind(self):
        PassiveRoundRobin.rewind(self)
        self.lay()

    cdef reshape(self, int32_t removed):
        self.lay()
        PassiveRoundRobin.reshape(self, removed)

    cdef restore(self, dict state):
        PassiveRoundRobin.restore(self, state)
        self.lay()

    cdef check_add(self, int64_t w):
        cdef object count = VIRTUAL_NODES * (int(np.sum(self.weight)) + w)
        if count > MAX_POINTS:
            raise ValueError(f"weight: {VIRTUAL_NODES} points for each unit would be {count}, more than 2^24")
