"""HAProxy's own rules. (Longer than 300 lines: all share how HAProxy counts weights, and what it avoids.)

Turns by weight. Smooth weighted round robin looks at every node for every request. One of HAProxy's older answers keeps
for each node the place in the round at which its next turn stands, and sorts the nodes into those that wait for their
first turn, those of this round and those of the next (`roundrobin`, fast weighted round robin); weights may change at
any time. The other writes the whole round down once and walks over it (`static-rr`); every change of who is up writes
it anew.

The least loaded node, kept at the head of a queue (`leastconn` up to 2.6): the nodes are sorted by their load over
their weight, and a node moves only when that changes; where many are alike, the one that moved last comes last, so that
they take turns. For this and the first, the cost here is a walk over the nodes, where HAProxy has a tree.

A ring whose points reach both ways (`hash-type consistent`): with few points a node whose neighbour stands close behind
it gets little, so a key belongs to the nearest point, before or after it, and such neighbours share what lies on both
sides. A node that is down has no points. With a bound (`hash-balance-factor`) a node serves while it holds fewer
requests than its share of all in flight, this one counted, times a factor; else the request goes on to the next point
(Mirrokni, Thorup and Zadimoghaddam 2018).

Of the nodes to avoid, HAProxy knows the one that was tried last, and where that is the only one it is handed out again.

A node may have a limit (`maxconn`): one that has as many requests in flight is passed over. Where all are full nobody
serves, and the request waits for the first node that has room again: that one accepts it, whoever would be next. While
requests wait nobody is picked for those that come: they wait behind.
"""

from math import gcd

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport int_of, limits_of, names_of, node_of
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._keys cimport key_hash_of
from lbcore.selectors._selector cimport Selector, send
from lbcore.selectors._state cimport Change
from lbcore.selectors.ring cimport HashRing, search

cdef enum:
    SCALE = 16              # a weight counts as so much
    PLACES = 256            # sorting keys between two places of the round
    LOADS = 4096            # of the heaviest weight, 256, for one request
    MAX_SLOTS = 1 << 24     # of a round that is written down: 64 MB

cdef uint64_t NO_KEY = 0xFFFFFFFFFFFFFFFFULL    # the hash that says that a request has no key, and takes turns

cdef enum:
    DOWN                    # where a node stands: in no group
    CURRENT                 # in this round
    FIRST                   # FIRST and SECOND take turns at being the nodes without a turn yet in this round,
    SECOND                  # the heaviest of which fills a gap, and those that wait for the next one


cdef object last_of(Selector selector, avoid):
    """The node that was tried last, alone; the others are looked at for errors."""
    if isinstance(avoid, (str, bytes)) or not hasattr(avoid, "__iter__") or getattr(avoid, "ndim", 1) == 0:
        return avoid            # an error, which the base names
    given = [node_of(node, "avoid") for node in avoid]
    selector.enter()
    try:
        for node in given:
            selector.find(node, "avoid")
    finally:
        selector.leave()
    return [given.pop()] if given else []


cdef class Limited(Selector):
    """What the rules share whose nodes have limits: by itself it picks nobody."""

    weighted = True
    cdef int64_t[::1] max_conns
    cdef bint capped                # at least one has a limit

    def __init__(self, nodes, weights=None, max_conns=0):
        names = names_of(nodes)
        self.construct(names, weights, {"max_conns": limits_of(max_conns, "max_conns", len(names))})

    cdef dict check(self, tuple names, weights, dict given):
        return {"capped": bool(np.any(given["max_conns"]))}

    cdef bint counts(self) noexcept:
        return self.parameters is not None and self.parameters["capped"]

    cdef declare(self, Columns state):
        self.max_conns = state.limit("max_conns", 0)
        self.capped = self.parameters["capped"]

    cdef int32_t select_other(self, uint64_t h, avoid) except -2:
        return Selector.select_other(self, h, last_of(self, avoid))

    def accept(self, node):
        """A request that waited because all were full goes to `node`; whether that one has room, and takes it."""
        node = node_of(node, "node")
        self.enter()
        try:
            return self.accept_at(self.find(node, "node"))
        finally:
            self.leave()

    cdef bint all_full(self) noexcept nogil:
        return self.capped and self.n_live > 0

    cdef bint accept_at(self, int32_t node) noexcept nogil:
        if self.is_shut or not self.is_live[node] or full(self, node):
            return False
        if self.by_load:
            send(self, node)
        return True

    cdef list more_repr(self):
        cdef list each = np.asarray(self.max_conns).tolist()
        return [f"max_conns={each[0] if len(set(each)) == 1 else each[:6]}"] if any(each) else []


cdef inline bint full(Limited self, int32_t node) noexcept nogil:
    return self.max_conns[node] > 0 and self.load[node] >= self.max_conns[node]


cdef class FastWeightedRoundRobin(Limited):
    """Each node has a place in the round; the one whose place has come serves, else the heaviest that waits.

    nodes: names, or a number. weights: an integer of 0 or more for each node. A node that comes up waits for as many
    turns as it would between two of its own. The node to avoid and one that is full use their turn up, and where a new
    round begins before another is found, their place in the round too. max_conns: how many requests a node may have in
    flight, one number for all or one for each; 0: any. Where one is above 0, a request is in flight until `release`.

    >>> FastWeightedRoundRobin(3, [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 1, 0, 0, 2]
    """

    cdef int64_t[::1] place         # of a node's next turn in the round
    cdef int64_t[::1] rest          # what the division of the round by its weight has left over so far
    cdef int64_t[::1] key           # the order within a group; of equal keys, the first put in comes first
    cdef uint64_t[::1] order
    cdef int32_t[::1] group
    cdef uint64_t later             # the next number of `order`
    cdef int32_t waiting            # FIRST or SECOND
    cdef int64_t position           # in the round
    cdef int64_t round_size         # the sum of the weights when it began
    cdef int64_t next_size          # the sum of the weights now
    cdef int32_t[::1] passed        # room for the nodes that a pick passes over

    cdef declare(self, Columns state):
        Limited.declare(self, state)
        self.passed = np.empty(self.n, np.int32)
        self.place, self.rest = state.column("place", np.int64), state.column("rest", np.int64)
        self.key, self.order = state.column("key", np.int64), state.column("order", np.uint64)
        self.group = state.column("group", np.int32, DOWN, DOWN, SECOND)
        self.later, self.position = state.value("later", self.later), state.value("position", self.position)
        self.waiting = state.value("waiting", self.waiting, FIRST, FIRST, SECOND)
        self.round_size = state.value("round", self.round_size)
        self.next_size = state.value("next", self.next_size)

    cdef int64_t scaled(self, int32_t node) noexcept nogil:
        return SCALE * self.weight[node]

    cdef void put(self, int32_t node, int32_t group, int64_t key) noexcept nogil:
        self.group[node], self.key[node], self.order[node] = group, key, self.later
        self.later += 1

    cdef void wait(self, int32_t node, int32_t group) noexcept nogil:
        """Among those that wait, the heaviest comes first."""
        self.put(node, group, -self.scaled(node))

    cdef void queue(self, int32_t node) noexcept nogil:
        """Puts a node where its next turn stands."""
        cdef int64_t at = self.place[node], heavy = PLACES * SCALE + self.rest[node] - self.scaled(node)
        if at >= 2 * self.round_size or at >= self.round_size + self.next_size:
            self.place[node] = at - self.round_size
            self.wait(node, FIRST + SECOND - self.waiting)
        else:
            self.put(node, CURRENT, PLACES * at + (heavy >> 4))

    cdef int32_t first_of(self, int32_t group) noexcept nogil:
        cdef int32_t i, best = -1, n = self.n
        cdef const int32_t* groups = &self.group[0]
        cdef const int64_t* key = &self.key[0]
        cdef const uint64_t* order = &self.order[0]
        for i in range(n):
            if groups[i] == group and (
                best < 0 or key[i] < key[best] or key[i] == key[best] and order[i] < order[best]
            ):
                best = i
        return best

    cdef int32_t foremost(self) noexcept nogil:
        """The node whose turn it is; -1: the round is over."""
        cdef int32_t node = self.first_of(CURRENT), other
        if node < 0 or self.place[node] > self.position:
            other = self.first_of(self.waiting)
            if other >= 0:
                node = other
                self.place[node] = self.rest[node] = 0
        return node

    cdef void begin(self) noexcept nogil:
        """A new round."""
        self.waiting = FIRST + SECOND - self.waiting
        self.position = self.round_size = self.next_size

    cdef void advance(self, int32_t node) noexcept nogil:
        """Takes the node out of its group; its place is that of its next turn."""
        if self.place[node] == 0:       # its first turn
            self.place[node] = self.position
        self.place[node] += self.next_size // self.scaled(node)
        self.rest[node] += self.next_size % self.scaled(node)
        if self.rest[node] >= self.scaled(node):
            self.rest[node] -= self.scaled(node)
            self.place[node] += 1
        self.group[node] = DOWN
        self.position += 1

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node, avoided = -1, many = 0
        cdef bint begun = False         # a new round, during this pick
        if self.n_live == 0 and (self.is_shut or self.next_size == 0):
            return -1
        if self.round_size == 0:        # nobody was up when it began
            self.position = self.round_size = self.next_size
        while True:
            node = self.foremost()
            if node < 0 and not begun:
                begun = True
                self.begin()
                node = self.foremost()
            if node < 0:                # all are full, or the node to avoid alone is not
                node = avoided
                break
            self.advance(node)
            if not full(self, node):
                if self.is_live[node]:
                    break
                avoided = node
            self.passed[many] = node
            many += 1
        if node >= 0:
            self.queue(node)
        while many:
            many -= 1
            if self.passed[many] == node:
                continue
            if begun:                   # its place was in the round that is over
                self.wait(self.passed[many], self.waiting)
            else:
                self.queue(self.passed[many])
        return send(self, node) if node >= 0 and self.by_load else node

    cdef marked(self):
        cdef int32_t i
        cdef int64_t w
        for i in range(self.n):
            w = self.scaled(i)
            if w and self.is_up[i] and self.group[i] == DOWN:
                self.next_size += w
                self.place[i] = self.position + (self.next_size + self.round_size - self.position) // w
                self.queue(i)
            elif self.group[i] != DOWN and not self.is_up[i]:
                self.next_size -= w
                self.group[i] = DOWN

    cdef rewind(self):
        cdef int32_t i
        for i in range(self.n):
            if self.weight[i] and self.is_up[i]:
                self.wait(i, FIRST)
        self.position = self.round_size = self.next_size = self.scaled_up()

    cdef reshape(self, int32_t removed):
        if removed >= 0:
            self.next_size = self.scaled_up()

    cdef object scaled_up(self):
        """The sum of the weights of the nodes that are up, as HAProxy counts them."""
        return SCALE * int(np.dot(self.weight, self.is_up))

    cdef restored(self):
        if not np.array_equal(np.not_equal(self.group, DOWN), np.multiply(self.weight, self.is_up) > 0):
            raise ValueError("state: group differs from who is up")


cdef class MapRoundRobin(Limited):
    """The whole round stands written down, as smooth as its rule makes it, and each request takes the next entry.

    nodes: names, or a number. weights: an integer of 0 or more for each node; divided by their greatest common
    divisor, they add up to at most 2^24. When a node comes up or goes down, the round is written anew, and goes on at
    the same entry. The entries of the node to avoid and of one that is full are passed over. max_conns: as for
    FastWeightedRoundRobin.

    >>> MapRoundRobin(3, [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 1, 0, 0, 2]
    """

    cdef int32_t[::1] entry
    cdef int32_t at
    cdef bint stands            # somebody is up, be it the node to avoid

    cdef object prepare(self, dict parameters, tuple names, weights, up, Change change):
        """A new round; None where the old one stays because nobody is up."""
        now = np.multiply(weights, up)
        return smooth_round(now, gcd(*np.asarray(weights).tolist())) if now.any() else None

    cdef declare(self, Columns state):
        Limited.declare(self, state)
        self.at = state.value("at", self.at, 0, 0, MAX_SLOTS)

    cdef check_add(self, int64_t w):
        cdef list each = [*np.asarray(self.weight).tolist(), w]
        if sum(each) // gcd(*each) > MAX_SLOTS:
            raise ValueError(f"weight: a round of {sum(each) // gcd(*each)} entries is longer than 2^24")

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node, size, start, at, avoided = -1, behind = 0
        if self.n_live == 0 and (self.is_shut or not self.stands):
            return -1
        size = <int32_t>self.entry.shape[0]
        start = at = self.at = self.at if self.at < size else 0     # also where all are full
        while True:
            node = self.entry[at]
            at += 1
            if not full(self, node):
                avoided, behind = node, at
                if self.is_live[node]:
                    break
            if at == size:
                at = 0
            if at == start:             # once round: the node to avoid, or nobody
                break
        if avoided < 0:
            return -1
        self.at = behind
        return send(self, avoided) if self.by_load else avoided

    cdef marked(self):
        self.stands = np.multiply(self.weight, self.is_up).any()
        if self.made is not None:
            self.entry = self.made


cdef class MapHash(MapRoundRobin):
    """Each key goes to the entry `hash(key) mod entries` of a round that stands written down.

    nodes, weights: as for MapRoundRobin. key_hash: a function from a key's bytes to an integer, or None for xxHash64;
    2^64 - 1 says that there is no key, and such requests take turns. A node to avoid keeps its keys.

    >>> MapHash(3, [5, 1, 1]).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [0, 0, 0, 0]
    """

    keyed = True

    def __init__(self, nodes, weights=None, *, key_hash=None):
        names = names_of(nodes)
        self.construct(names, weights, {"key_hash": key_hash, "max_conns": np.zeros(len(names), np.int64)})

    cdef dict check(self, tuple names, weights, dict given):
        return {"capped": False, "key_hash": key_hash_of(given.get("key_hash"))}

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        if h == NO_KEY:
            return self.pick()
        if self.is_shut or not self.stands:
            return -1
        return self.entry[<Py_ssize_t>(h % <uint64_t>self.entry.shape[0])]


def smooth_round(weights, divisor=0):
    """A whole round of turns by weight: int32, shape (sum of weights / divisor,), the node of each entry.

    weights: int64, shape (nodes,), not all zero. divisor: of all of them, also of those that are zero here because a
    node is down; 0 is their greatest. Entry by entry every node earns its weight, and one of the richest serves and
    pays the sum. Riches count in whole sums only, and the first of equally rich nodes serves.

    >>> smooth_round([5, 1, 1]).tolist()
    [0, 0, 0, 1, 0, 0, 2]
    """
    cdef int64_t[::1] weight, score
    cdef int32_t[::1] entry
    cdef int64_t total, rich, best_rich
    cdef Py_ssize_t n, o
    cdef int32_t i, best
    weight = np.asarray(weights, dtype=np.int64) // gcd(divisor, *np.asarray(weights).tolist())
    n, total = weight.shape[0], np.sum(weight)
    if total > MAX_SLOTS:
        raise ValueError(f"weights: a round of {total} entries is longer than 2^24")
    score, result = np.zeros(n, np.int64), np.empty(total, np.int32)
    entry = result
    with nogil:
        for o in range(total):
            best, best_rich = -1, 0
            for i in range(n):
                if weight[i]:
                    score[i] += weight[i]
                    rich = (score[i] + total) // total
                    if best < 0 or rich > best_rich:
                        best, best_rich = i, rich
            entry[o] = best
            score[best] -= total
    return result


cdef class FastLeastConnections(Limited):
    """Nodes queue by requests in flight, with this one, over their weight; a node that moves goes behind its equals.

    nodes: names, or a number. weights: an integer of 0 or more for each node. The quotient is rounded down to 1 / 256;
    an empty node's is 0 without this request. A request is in flight from its pick until `release`. max_conns: as for
    FastWeightedRoundRobin.

    >>> FastLeastConnections(3, [5, 1, 1]).select_many(7).tolist()
    [0, 1, 2, 0, 0, 0, 0]
    """

    keeps_load = True
    cdef int64_t[::1] served        # requests in flight, those of a batch being released one by one
    cdef int64_t[::1] key           # -1 for a node that is not in the queue
    cdef uint64_t[::1] order        # of equal keys, the first put in comes first
    cdef uint64_t later             # the next number of `order`

    cdef bint counts(self) noexcept:
        return True

    cdef declare(self, Columns state):
        Limited.declare(self, state)
        self.served = np.array(self.load)
        self.key, self.order = state.column("key", np.int64, -1), state.column("order", np.uint64)
        self.later = state.value("later", self.later)

    cdef int64_t quotient(self, int32_t node) noexcept nogil:
        return (self.served[node] + 1) * LOADS // (SCALE * self.weight[node]) if self.served[node] else 0

    cdef void move(self, int32_t node) noexcept nogil:
        """Puts a node at its new place, where that has changed; one that is down is not in the queue."""
        cdef int64_t key
        if self.key[node] >= 0:
            key = self.quotient(node)
            if key != self.key[node]:
                self.key[node], self.order[node] = key, self.later
                self.later += 1

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t k, i, best = -1
        if self.is_shut:
            return -1
        for k in range(self.n_live):
            i = self.live[k]
            if not full(self, i) and (
                best < 0
                or self.key[i] < self.key[best]
                or self.key[i] == self.key[best] and self.order[i] < self.order[best]
            ):
                best = i
        if best < 0:            # the node to avoid may be the only one
            for i in range(self.n):
                if self.key[i] >= 0 and not self.is_live[i] and not full(self, i):
                    best = i
        if best < 0:
            return -1
        self.served[best] += 1
        self.move(best)
        return send(self, best)

    cdef bint accept_at(self, int32_t node) noexcept nogil:
        if not Limited.accept_at(self, node):
            return False
        self.served[node] += 1
        self.move(node)
        return True

    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        self.served[node] -= 1
        self.move(node)

    cdef marked(self):
        cdef int32_t i
        for i in range(self.n):
            if not (self.is_up[i] and self.weight[i]):
                self.key[i] = -1
            elif self.key[i] < 0:
                self.key[i], self.order[i] = self.quotient(i), self.later
                self.later += 1


cdef class NearestRing(HashRing):
    """Each key goes to the owner of the nearest point on the circle, of two as near to that of the one before.

    nodes, weights, virtual_nodes, points, bits, key_hash: as for HashRing. When a node goes down or comes up, its
    points go or come. From the node to avoid a key goes on to the points behind. A hash of 2^64 - 1 says that there is
    no key: such requests walk over the points.

    >>> NearestRing(3).select_many(["ann", "bob", "cy", "ann"]).tolist()
    [0, 2, 1, 0]
    """

    cdef uint64_t walked            # up to here, without it, have requests without a key come
    cdef bint stands                # somebody is up, be it the node to avoid

    def __init__(self, nodes, weights=None, virtual_nodes=160, *, points=None, bits=64, key_hash=None):
        self.construct(nodes, weights, {
            "virtual_nodes": virtual_nodes, "points": points, "rule": "first", "bits": bits, "rebuild": True,
            "key_hash": key_hash,
        })

    cdef declare(self, Columns state):
        HashRing.declare(self, state)
        self.walked = state.value("walked", self.walked)

    cdef Py_ssize_t first_from(self, uint64_t h) noexcept nogil:
        """The place of the first point at or after h, round the circle."""
        cdef Py_ssize_t i = search(&self.point[0], &self.start[0], self.shift, h)
        return i if i < self.point.shape[0] - 1 else 0

    cdef Py_ssize_t nearest(self, uint64_t h) noexcept nogil:
        """The place of the nearest point; -1: nobody is up."""
        cdef Py_ssize_t before, after
        if self.is_shut or not self.stands:
            return -1
        h &= self.mask
        after = self.first_from(h)
        before = (after if after else self.point.shape[0] - 1) - 1
        return before if ((h - self.point[before]) & self.mask) <= ((self.point[after] - h) & self.mask) else after

    cdef Py_ssize_t home(self, uint64_t h) noexcept nogil:
        """The nearest point, or where the node to avoid owns it, the next one of another, if there is one."""
        cdef Py_ssize_t near = self.nearest(h), other = -1
        if near >= 0:
            other = self.onwards(near, False)
        return other if other >= 0 else near

    cdef int32_t turn(self) noexcept nogil:
        """The owner of the next point. At the very first one HAProxy does not look whom to avoid."""
        cdef Py_ssize_t i = 0, other
        if self.is_shut or not self.stands:
            return -1
        if self.walked:
            i = self.first_from(self.walked) if self.walked <= self.mask else 0
            other = self.onwards(i, False)
            if other < 0:           # once round, to the point where it stood
                other = (i if i else self.point.shape[0] - 1) - 1
            i = other
        self.walked = self.point[i] + 1
        return self.owner[i]

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        if h == NO_KEY:
            return self.turn()
        return HashRing.place(self, h)

    cdef int32_t select_other(self, uint64_t h, avoid) except -2:
        return Selector.select_other(self, h, last_of(self, avoid))

    cdef marked(self):
        """Where a point that was walked to is gone, the walk goes on from the one before it."""
        cdef Py_ssize_t i
        self.stands = np.multiply(self.weight, self.is_up).any()
        HashRing.marked(self)
        if self.walked:
            i = np.searchsorted(self.placed()[0], np.uint64(self.walked - 1), side="right") if self.stands else 0
            self.walked = self.point[i - 1] + 1 if i else 0

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        Selector.place_many(self, hashes, out, m)       # the ring's own batch knows no other home


cdef class BoundedNearestRing(NearestRing):
    """A ring of nearest points that passes a request on while its node holds its share of those in flight, or more.

    nodes, weights, virtual_nodes, points, bits, key_hash: as for NearestRing. factor: what a node may hold, in percent
    of its share; from 100 to 65535. The shares are whole numbers that add up to the whole, and at least 1. A request is
    in flight from its pick until `release`.

    >>> BoundedNearestRing(3, factor=110).select_many(["ann"] * 6).tolist()
    [0, 1, 2, 1, 0, 2]
    """

    keeps_load = True
    cdef int64_t factor
    cdef int64_t total              # of the weights of the nodes that are up, scaled
    cdef int64_t[::1] before        # the sum of the scaled weights of the nodes up before this one

    def __init__(self, nodes, weights=None, virtual_nodes=160, factor=125, *, points=None, bits=64, key_hash=None):
        self.construct(nodes, weights, {
            "virtual_nodes": virtual_nodes, "factor": factor, "points": points, "rule": "first", "bits": bits,
            "rebuild": True, "key_hash": key_hash,
        })

    cdef dict check(self, tuple names, weights, dict given):
        factor = int_of(given["factor"], "factor", "give a percentage")
        if not 100 <= factor <= 65535:
            raise ValueError(f"factor: {factor} is outside 100 to 65535")
        return {"factor": factor, **NearestRing.check(self, names, weights, given)}

    cdef declare(self, Columns state):
        NearestRing.declare(self, state)
        self.factor = self.parameters["factor"]

    cdef bint counts(self) noexcept:
        return True

    cdef marked(self):
        NearestRing.marked(self)
        scaled = np.multiply(self.weight, self.is_up) * SCALE
        self.before, self.total = np.cumsum(scaled) - scaled, np.sum(scaled)

    cdef bint full(self, int32_t node) noexcept nogil:
        cdef int64_t slots = ((self.flying + 1) * self.factor + 99) // 100
        cdef int64_t weight = SCALE * self.weight[node], rest = slots % self.total
        slots = weight * (slots // self.total)
        slots += (self.before[node] + weight) * rest // self.total - self.before[node] * rest // self.total
        return self.load[node] >= max(slots, 1)

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef Py_ssize_t i
        if h == NO_KEY:
            i = self.turn()
            return send(self, <int32_t>i) if i >= 0 else -1
        i = self.nearest(h)
        if i < 0:
            return -1
        i = self.onwards(i, True)
        if i < 0:       # only the node to avoid has room: HAProxy gives up at the end of the ring, where it stands
            i = self.point.shape[0] - 2
        return send(self, self.owner[i])

    cdef list more_repr(self):
        return HashRing.more_repr(self) + [f"factor={self.factor}"]
