"""NGINX: failures noticed on the requests themselves, three hashes, draws. (Longer than 300 lines: all build on one.)

The problem: a node that refuses requests should get fewer of them before anybody marks it down. The idea: whoever sends
a request says how it ended (`release(node, ok)`). A node that failed `max_fails` times is left out for `fail_timeout_s`
seconds and then tried again; and what it earns by its weight is cut at each failure, and grows back by one a pick. So
NGINX's upstream module checks servers passively. The cost: O(nodes) a pick, as in smooth weighted round robin.

A key is hashed, and hashed again while the node it meets is down, was tried already, or failed too often of late; after
twenty such nodes, turns by weight decide. Which bits of a key are needed depends on the rule, so each class has its own
default `key_hash`, which packs them into 64 bits: CRC32 and the length of the key, from which the CRC32 of `1` + key,
`2` + key, ... can be computed, since CRC32 is linear; or the two numbers by which one round over the bytes of an
address changes the hash.
"""

import time
from zlib import crc32

import numpy as np

from lbcore._counting import repeat

from libc.math cimport floor
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from lbcore.selectors._checks cimport clock_of, index_in, latest_s, limits_of, names_of, node_of, seed_of, short
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._draws cimport below, draw
from lbcore.selectors._keys cimport key_hash_of
from lbcore.selectors._selector cimport EVERYWHERE, Ends, Selector, send
from lbcore.selectors._state cimport OTHERS_UP, Change
from lbcore.selectors._turns cimport least_loaded, smooth_turn
from lbcore.selectors.systems._crc cimport prefixed

cdef enum:
    TRIES = 20              # nodes that cannot serve, before turns by weight decide
    VIRTUAL_NODES = 160     # points of a node for each unit of its weight
    MAX_POINTS = 1 << 24
    MODULUS = 6271
    FACTOR = 113
    SEED = 89


def crc_and_length(data):
    """The key hash of PassiveHash and PassiveRing: the length of the bytes above their CRC32."""
    return (len(data) & 0xFFFFFFFF) << 32 | crc32(data)


def octet_round(data):
    """The key hash of PassivePrefixHash: what one round over the bytes multiplies the hash by, and adds to it."""
    factor, added = 1, 0
    for octet in data:
        factor, added = factor * FACTOR % MODULUS, (added * FACTOR + octet) % MODULUS
    return factor << 32 | added


cdef class PassiveRoundRobin(Selector):
    """Smooth turns by weight among the nodes that have not failed of late, and only when there are none, the backups.

    nodes: names, or a number. weights: an integer of 0 or more for each node. max_fails: how many failures leave a node
    out; 0: none ever does. fail_timeout_s: for how many whole seconds, and within which time failures add up. backup:
    nodes, by name or index, that serve only when no other can. clock: a function that tells the time in seconds; whole
    seconds count. max_conns: how many requests a node may have in flight; 0: any number. A single node never counts as
    failed.

    max_fails, fail_timeout_s and max_conns are one number for all, or one for each node; a node that is added later has
    what all others have, or where they differ, 1, 10 and 0. Where max_conns is above 0, a request is in flight from its
    pick until `release`.

    >>> balancer = PassiveRoundRobin(3, [5, 1, 1], clock=lambda: 0)
    >>> balancer.select()
    0
    >>> balancer.release(0, ok=False)
    >>> balancer.select_many(4).tolist()
    [1, 2, 1, 2]
    """

    weighted = True
    cdef int64_t[::1] credit
    cdef int64_t[::1] earning       # what a node earns a pick: its weight, less what failures took
    cdef int64_t[::1] fails
    cdef int64_t[::1] failed_s      # when it failed last, in whole seconds
    cdef int64_t[::1] checked_s     # when it failed last, or was tried again after that
    cdef uint8_t[::1] is_backup
    cdef int64_t[::1] max_fails
    cdef int64_t[::1] fail_timeout_s
    cdef int64_t[::1] max_conns
    cdef int32_t[::1] ready         # room for the nodes that can serve
    cdef bint alone                 # a single node never counts as failed

    def __init__(self, nodes, weights=None, max_fails=1, fail_timeout_s=10, backup=(), clock=time.time, max_conns=0):
        names = names_of(nodes)
        self.construct(names, weights, {
            "backup": backups_of(backup, names), "clock": clock,
            **three_limits(len(names), max_fails, fail_timeout_s, max_conns),
        })

    cdef dict check(self, tuple names, weights, dict given):
        return {"capped": bool(np.any(given["max_conns"])), "clock": clock_of(given["clock"])}

    cdef bint counts(self) noexcept:
        return self.parameters is not None and self.parameters["capped"]

    cdef declare(self, Columns state):
        self.max_fails = state.limit("max_fails", 1)
        self.fail_timeout_s = state.limit("fail_timeout_s", 10)
        self.max_conns = state.limit("max_conns", 0)
        self.credit, self.earning = state.column("credit", np.int64), state.column("earning", np.int64, self.weight)
        self.fails, self.failed_s = state.column("fails", np.int64), state.column("failed_s", np.int64)
        self.checked_s = state.column("checked_s", np.int64)
        self.is_backup = state.column("backup", np.uint8, 0, 0, 1, stays=True)
        self.ready, self.alone = np.empty(self.n, np.int32), self.n == 1

    cdef check_remove(self, int32_t i):
        if not np.delete(1 - np.asarray(self.is_backup), i).any():
            raise ValueError(f"node: without {self.names[i]!r} every node would be a backup")

    cdef bint open(self, int32_t node) noexcept nogil:
        """Live, with room, and not failed too often of late."""
        return self.is_live[node] and rested(self, node, whole_second(self))

    cdef int32_t those_ready(self) noexcept nogil:
        """How many nodes can serve, backups where no other can; they are listed in `ready`."""
        cdef int32_t k, i, backup, many = 0
        cdef int64_t now_s = whole_second(self)
        for backup in range(2):
            for k in range(self.n_live):
                i = self.live[k]
                if self.is_backup[i] == backup and rested(self, i, now_s):
                    self.ready[many] = i
                    many += 1
            if many:
                break
        return many

    cdef int32_t turn_of(self, const int32_t* among, int32_t n) noexcept nogil:
        """A smooth turn. What failures took comes back by one a pick, but only to the next one."""
        cdef int64_t* earning = &self.earning[0]
        cdef const int64_t* weight = &self.weight[0]
        cdef int32_t k, best = smooth_turn(among, n, earning, &self.credit[0])
        for k in range(n):
            earning[among[k]] += earning[among[k]] < weight[among[k]]
        return best

    cdef int32_t serve(self, int32_t node) noexcept nogil:
        """The node, which is being tried now."""
        cdef int64_t now_s = whole_second(self)
        if now_s - self.checked_s[node] > self.fail_timeout_s[node]:
            self.checked_s[node] = now_s
        return send(self, node) if self.by_load else node

    cdef int32_t turn(self) noexcept nogil:
        """A pick by weight; -1: none can serve."""
        cdef int32_t many = self.those_ready()
        return self.serve(self.turn_of(&self.ready[0], many)) if many else -1

    cdef int32_t pick(self) noexcept nogil:
        return self.turn()

    cdef Ends hears(self) noexcept nogil:
        return EVERYWHERE

    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        cdef int64_t now_s = whole_second(self)
        if self.alone:
            return
        if not ok:
            self.fails[node] += 1
            self.failed_s[node] = self.checked_s[node] = now_s
            if self.max_fails[node]:
                self.earning[node] = max(0, self.earning[node] - self.weight[node] // self.max_fails[node])
        elif self.failed_s[node] < self.checked_s[node]:
            self.fails[node] = 0

    cdef list more_repr(self):
        cdef list parts = []
        for name, usual in (("max_fails", 1), ("fail_timeout_s", 10), ("max_conns", 0)):
            values = self.held[name].tolist()
            if any([value != usual for value in values]):
                parts.append(f"{name}={values[0] if len(set(values)) == 1 else values[:6]}")
        return parts + ([f"backup={np.flatnonzero(self.is_backup).tolist()}"] if np.any(self.is_backup) else [])


cdef inline int64_t whole_second(PassiveRoundRobin self) noexcept nogil:
    """A simulation may go on beyond the last one that is told apart."""
    return <int64_t>floor(min(self.now_s, latest_s()))


cdef inline bint rested(PassiveRoundRobin self, int32_t node, int64_t now_s) noexcept nogil:
    """Whether a node that is up can serve now: it has room, and has not failed too often, or its rest is over."""
    if self.max_conns[node] and self.load[node] >= self.max_conns[node]:
        return False
    if self.alone or self.max_fails[node] == 0 or self.fails[node] < self.max_fails[node]:
        return True
    return now_s - self.checked_s[node] > self.fail_timeout_s[node]


cdef dict three_limits(Py_ssize_t n, max_fails, fail_timeout_s, max_conns):
    """The columns that a constructor gives."""
    return {
        "max_fails": limits_of(max_fails, "max_fails", n),
        "fail_timeout_s": limits_of(fail_timeout_s, "fail_timeout_s", n),
        "max_conns": limits_of(max_conns, "max_conns", n),
    }


cdef class PassiveLeastConnections(PassiveRoundRobin):
    """The node with fewest requests in flight over its weight serves; equal ones take smooth turns by weight.

    The arguments are those of PassiveRoundRobin, and failures are noticed in the same way. A request is in flight from
    its pick until `release`. Only nodes from the first of the equals on take part in their turns.

    >>> PassiveLeastConnections(3, [5, 1, 1]).select_many(7).tolist()
    [0, 1, 2, 0, 0, 0, 0]
    """

    keeps_load = True
    cdef int32_t[::1] equals        # room for those that share the least load

    cdef bint counts(self) noexcept:
        return True

    cdef declare(self, Columns state):
        PassiveRoundRobin.declare(self, state)
        self.equals = np.empty(self.n, np.int32)

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t many = self.those_ready()
        if many == 0:
            return -1
        many = least_loaded(&self.ready[0], many, &self.load[0], &self.weight[0], &self.equals[0])
        return self.serve(self.turn_of(&self.equals[0], many) if many > 1 else self.equals[0])


cdef object backups_of(backup, tuple names):
    """Which nodes are backups: uint8, shape (nodes,)."""
    cdef dict index_of = {name: i for i, name in enumerate(names)}
    if isinstance(backup, (str, bytes)) or not hasattr(backup, "__iter__"):
        raise TypeError(f"backup: {short(backup)} is of type {type(backup).__name__}; give a list of nodes")
    given = [index_in(names, index_of, node_of(node, "backup"), "backup") for node in backup]
    if len(set(given)) == len(names):
        raise ValueError("backup: every node is one; a node must be left to serve first")
    return np.isin(np.arange(len(names)), given).astype(np.uint8)


cdef class PassiveRandom(PassiveRoundRobin):
    """A node drawn by weight serves.

    nodes, weights, max_fails, fail_timeout_s, clock, max_conns: as for PassiveRoundRobin. seed: an integer, a numpy
    Generator, or None for fresh entropy. After twenty draws of nodes that cannot serve, turns by weight decide.

    >>> PassiveRandom(3, [5, 1, 1], seed=7).select_many(7).tolist()
    [0, 0, 2, 0, 0, 0, 0]
    """

    cdef uint64_t seed
    cdef uint64_t number            # of the next draw
    cdef int64_t total              # of the weights, also of those that are down

    def __init__(
        self, nodes, weights=None, max_fails=1, fail_timeout_s=10, clock=time.time, max_conns=0, seed=None,
    ):
        names = names_of(nodes)
        self.construct(names, weights, {
            "backup": backups_of((), names), "clock": clock, "seed": seed,
            **three_limits(len(names), max_fails, fail_timeout_s, max_conns),
        })

    cdef dict check(self, tuple names, weights, dict given):
        return {"seed": seed_of(given["seed"]), **PassiveRoundRobin.check(self, names, weights, given)}

    cdef declare(self, Columns state):
        PassiveRoundRobin.declare(self, state)
        self.seed, self.number = self.parameters["seed"], state.value("number", self.number)
        self.total = np.sum(self.weight)

    cdef int32_t drawn(self) noexcept nogil:
        """A node by weight, be it up or not."""
        cdef int64_t point = <int64_t>below(draw(self.seed, self.number), <uint64_t>self.total)
        cdef int32_t node = 0
        self.number += 1
        while point >= self.weight[node]:
            point -= self.weight[node]
            node += 1
        return node

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node
        cdef uint64_t before = self.number
        if self.n_live == 0:
            return -1
        if not self.alone:
            for _ in range(TRIES + 1):
                node = self.drawn()
                if self.open(node):
                    return self.serve(node)
        return self.turn_or(before)

    cdef int32_t turn_or(self, uint64_t before) noexcept nogil:
        """Turns decide; where nobody can serve either, the draws are as they were."""
        cdef int32_t node = self.turn()
        if node < 0:
            self.number = before
        return node

    cdef list more_repr(self):
        return [*PassiveRoundRobin.more_repr(self), f"seed={self.seed}"]


cdef class PassiveTwoRandom(PassiveRandom):
    """Of two different nodes drawn by weight, the one with fewer requests in flight over its weight serves.

    The arguments are those of PassiveRandom. Of equal ones the second serves. A draw of the same node again, or of one
    that cannot serve, is one of the twenty; so is the first of the two. A request is in flight from its pick until
    `release`.

    >>> PassiveTwoRandom(3, [5, 1, 1], seed=7).select_many(7).tolist()
    [2, 0, 0, 0, 1, 0, 0]
    """

    keeps_load = True

    cdef bint counts(self) noexcept:
        return True

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node, first = -1
        cdef uint64_t before = self.number
        if self.n_live == 0:
            return -1
        if not self.alone:
            for _ in range(TRIES + 1):
                node = self.drawn()
                if node == first or not self.open(node):
                    continue
                if first < 0:
                    first = node
                    continue
                if self.load[node] * self.weight[first] > self.load[first] * self.weight[node]:
                    node = first
                return self.serve(node)
        return self.turn_or(before)


cdef class PassiveHash(PassiveRoundRobin):
    """Each key goes to the node at `hash(key) mod weights`, or is hashed again with a number in front until one serves.

    nodes, weights, max_fails, fail_timeout_s, clock, max_conns: as for PassiveRoundRobin. The hash is the sum of 15
    bits of the CRC32 of the key, of `1` + key, of `2` + key, and so on up to the node that serves; an empty key takes
    turns. key_hash: a function from a key's bytes to its length above its CRC32, that is `crc_and_length`.

    >>> PassiveHash(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [0, 2, 0, 0]
    """

    keyed = True
    cdef uint8_t[::1] stands        # up, also where it is to be avoided now
    cdef uint64_t[::1] met          # the request in which a node to avoid was met
    cdef uint64_t request

    def __init__(
        self, nodes, weights=None, max_fails=1, fail_timeout_s=10, clock=time.time, key_hash=crc_and_length,
        max_conns=0,
    ):
        names = names_of(nodes)
        self.construct(names, weights, {
            "backup": backups_of((), names), "clock": clock, "key_hash": key_hash,
            **three_limits(len(names), max_fails, fail_timeout_s, max_conns),
        })

    cdef dict check(self, tuple names, weights, dict given):
        key_hash = key_hash_of(given.get("key_hash"))
        return {"key_hash": key_hash, **PassiveRoundRobin.check(self, names, weights, given)}

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
        self.stands, self.met, self.request = np.array(self.is_up), np.zeros(self.n, np.uint64), 0


cdef class PassivePrefixHash(PassiveHash):
    """Each address goes to the node at `hash(first bytes) mod weights`; the hash runs over them until one serves.

    The arguments are those of PassiveHash. Of a byte c the hash h becomes (113 h + c) mod 6271, from 89 on. key_hash: a
    function from a key's bytes to the factor above the summand of such a round, that is `octet_round`; whoever calls
    it cuts an address to the bytes that count.

    >>> PassivePrefixHash(3).select_many([bytes([10, 0, 0]), bytes([10, 0, 1])]).tolist()
    [0, 1]
    """

    def __init__(
        self, nodes, weights=None, max_fails=1, fail_timeout_s=10, clock=time.time, key_hash=octet_round, max_conns=0,
    ):
        PassiveHash.__init__(self, nodes, weights, max_fails, fail_timeout_s, clock, key_hash, max_conns)

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

    servers: a dict from a node's name to what its points are made of instead; nodes for which that is the same have the
    same points, those of the heaviest, and take smooth turns at them.

    >>> PassiveRing(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [2, 1, 0, 2]
    """

    cdef uint32_t[::1] point
    cdef int32_t[::1] owner         # the first node of those that have this point
    cdef int32_t[::1] next          # the next one behind it; -1 for the last

    def __init__(
        self, nodes, weights=None, max_fails=1, fail_timeout_s=10, clock=time.time, key_hash=crc_and_length,
        max_conns=0, servers=None,
    ):
        names = names_of(nodes)
        self.construct(names, weights, {
            "backup": backups_of((), names), "clock": clock, "key_hash": key_hash, "servers": servers,
            **three_limits(len(names), max_fails, fail_timeout_s, max_conns),
        })

    cdef dict check(self, tuple names, weights, dict given):
        servers = given["servers"]
        if servers is not None and not isinstance(servers, dict):
            raise TypeError(f"servers: {short(servers)} is of type {type(servers).__name__}; give a dict")
        for name, text in (servers or {}).items():
            if not isinstance(name, str) or not isinstance(text, str):
                raise TypeError(f"servers: {short(name)}: {short(text)} is not a name and its text")
        return {"servers": dict(servers or {}), **PassiveHash.check(self, names, weights, given)}

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef Py_ssize_t low = 0, high, middle
        cdef uint32_t crc = <uint32_t>h
        cdef int32_t node, many
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
            node, many = self.owner[low], 0
            while node >= 0:
                if self.open(node):
                    self.ready[many] = node
                    many += 1
                node = self.next[node]
            if many:
                return self.serve(self.turn_of(&self.ready[0], many))
            low += 1
        return self.turn()

    cdef object prepare(self, dict parameters, tuple names, weights, up, Change change):
        if change == OTHERS_UP:
            return None
        known = parameters["servers"]
        return crc_points([known.get(name, name) for name in names], np.array(weights))

    cdef marked(self):
        PassiveHash.marked(self)
        if self.made is not None:
            self.point, self.owner, self.next = self.made

    cdef check_add(self, int64_t w):
        cdef object count = VIRTUAL_NODES * (int(np.sum(self.weight)) + w)
        if count > MAX_POINTS:
            raise ValueError(f"weight: {VIRTUAL_NODES} points for each unit would be {count}, more than 2^24")


cdef tuple crc_points(list texts, weights):
    """The points in order, the first node at each (uint32 and int32), and after each node the next one there, or -1."""
    cdef Py_ssize_t k = 0
    cdef uint32_t[::1] point
    cdef dict members = {}
    cdef object count = VIRTUAL_NODES * int(weights.sum())
    if count > MAX_POINTS:
        raise ValueError(f"weights: {VIRTUAL_NODES} points for each unit are {count}, more than 2^24")
    for i, text in enumerate(texts):
        members.setdefault(text, []).append(i)
    heaviest = {text: int(weights[nodes].max()) for text, nodes in members.items()}
    following = np.full(len(texts), -1, np.int32)
    for nodes in members.values():
        following[nodes[:len(nodes) - 1]] = nodes[1:]
    points = np.empty(VIRTUAL_NODES * sum(heaviest.values()), np.uint32)
    point = points
    for name, weight in heaviest.items():
        text = name.encode("utf-8", "surrogatepass")
        host, colon, port = text.rpartition(b":")
        if text[:5].lower() == b"unix:":
            host, port = text[5:], b""
        elif not colon or port.strip(b"0123456789"):
            host, port = text, b""
        base, value = crc32(host + b"\0" + port), 0
        for _ in range(VIRTUAL_NODES * weight):
            value = crc32(value.to_bytes(4, "little"), base)
            point[k] = value
            k += 1
    order = np.argsort(points, kind="stable")
    firsts = np.array([nodes[0] for nodes in members.values()], np.int32)
    owners = repeat(firsts, VIRTUAL_NODES * np.array(list(heaviest.values())))[order]
    points = points[order]
    first = np.append(True, np.diff(points) != 0)
    return points[first], owners[first], following
