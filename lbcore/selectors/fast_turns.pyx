"""Turns by weight whose cost hardly grows with the nodes.

The problem: smooth weighted round robin looks at every node for every request. Two older answers, both HAProxy's. One
keeps for each node the place in the round at which its next turn stands, and sorts the nodes into those that wait for
their first turn, those of this round and those of the next (`roundrobin`, fast weighted round robin); weights may
change at any time. The other writes the whole round down once and walks over it (`static-rr`); every change of who is
up writes it anew. The cost here: a walk over the nodes for the first, where HAProxy has a tree; nothing for the second.
"""

from math import gcd

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._selector cimport Selector, of_nodes, weights_repr

cdef enum:
    SCALE = 16              # a weight counts as so much
    RANGE = 256             # sorting keys between two places of the round
    MAX_SLOTS = 1 << 24     # of a round that is written down: 64 MB

cdef enum:
    DOWN                    # where a node stands: in no group
    CURRENT                 # in this round
    FIRST                   # FIRST and SECOND take turns at being the nodes without a turn yet in this round,
    SECOND                  # the heaviest of which fills a gap, and those that wait for the next one


cdef class FastWeightedRoundRobin(Selector):
    """Each node has a place in the round; the one whose place has come serves, else the heaviest that waits.

    nodes: names, or a number. weights: an integer of 0 or more for each node. A node that comes up waits for as many
    turns as it would between two of its own. A node to avoid uses its turn up.

    >>> FastWeightedRoundRobin(3, [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 1, 0, 0, 2]
    """

    cdef int64_t[::1] place         # of a node's next turn in the round
    cdef int64_t[::1] rest          # what the division of the round by its weight has left over so far
    cdef int64_t[::1] key           # the order within a group; of equal keys, the first put in comes first
    cdef uint64_t[::1] order
    cdef int32_t[::1] group
    cdef int32_t[::1] passed        # nodes to avoid that were passed over in this pick
    cdef uint64_t later             # the next number of `order`
    cdef int32_t waiting            # FIRST or SECOND
    cdef int64_t position           # in the round
    cdef int64_t round_size         # the sum of the weights when it began
    cdef int64_t next_size          # the sum of the weights now

    def __init__(self, nodes, weights=None):
        self.begin(nodes, weights)
        self.rewind()
        self.ready()

    cdef check_add(self, int64_t w):
        pass

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
        cdef int64_t at = self.place[node], heavy = RANGE * SCALE + self.rest[node] - self.scaled(node)
        if at >= 2 * self.round_size or at >= self.round_size + self.next_size:
            self.place[node] = at - self.round_size
            self.wait(node, FIRST + SECOND - self.waiting)
        else:
            self.put(node, CURRENT, RANGE * at + (heavy >> 4))

    cdef int32_t first_of(self, int32_t group) noexcept nogil:
        cdef int32_t i, best = -1
        for i in range(self.n):
            if self.group[i] == group and (
                best < 0 or self.key[i] < self.key[best]
                or self.key[i] == self.key[best] and self.order[i] < self.order[best]
            ):
                best = i
        return best

    cdef int32_t next(self) noexcept nogil:
        """The node whose turn it is, taken out of its group; its place is that of its next turn."""
        cdef int32_t node = -1, other
        while node < 0:
            node = self.first_of(CURRENT)
            if node < 0 or self.place[node] > self.position:
                other = self.first_of(self.waiting)
                if other >= 0:
                    node = other
                    self.place[node] = self.rest[node] = 0
            if node < 0:                # the round is over
                self.waiting = FIRST + SECOND - self.waiting
                self.position = self.round_size = self.next_size
        if self.place[node] == 0:       # its first turn
            self.place[node] = self.position
        self.place[node] += self.next_size // self.scaled(node)
        self.rest[node] += self.next_size % self.scaled(node)
        if self.rest[node] >= self.scaled(node):
            self.rest[node] -= self.scaled(node)
            self.place[node] += 1
        self.group[node] = DOWN
        self.position += 1
        return node

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node, many = 0
        if self.n_live == 0:
            return -1
        if self.round_size == 0:        # nobody was up when it began
            self.position = self.round_size = self.next_size
        node = self.next()
        while not self.is_live[node]:
            self.passed[many] = node
            many += 1
            node = self.next()
        self.queue(node)
        while many:
            many -= 1
            self.queue(self.passed[many])
        return node

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
        self.place, self.rest = np.zeros(self.n, np.int64), np.zeros(self.n, np.int64)
        self.key, self.order = np.zeros(self.n, np.int64), np.zeros(self.n, np.uint64)
        self.group, self.passed = np.zeros(self.n, np.int32), np.zeros(self.n, np.int32)
        self.later, self.waiting = 0, FIRST
        for i in range(self.n):
            if self.weight[i] and self.is_up[i]:
                self.wait(i, FIRST)
        self.position = self.round_size = self.next_size = SCALE * int(np.dot(self.weight, self.is_up))

    cdef reshape(self, int32_t removed):
        cdef list now = [np.asarray(self.place), np.asarray(self.rest), np.asarray(self.key)]
        now += [np.asarray(self.order), np.asarray(self.group), np.asarray(self.passed)]
        if removed < 0:
            now = [np.append(values, values.dtype.type(0)) for values in now]
        else:
            now = [np.delete(values, removed) for values in now]
            self.next_size = SCALE * int(np.dot(self.weight, self.is_up))
        self.place, self.rest, self.key, self.order, self.group, self.passed = now
        self.marked()

    cdef dict more_state(self):
        return {
            "place": np.array(self.place), "rest": np.array(self.rest), "key": np.array(self.key),
            "order": np.array(self.order), "group": np.array(self.group), "later": self.later,
            "waiting": self.waiting, "position": self.position, "round": self.round_size, "next": self.next_size,
        }

    cdef restore(self, dict state):
        self.rewind()
        self.place, self.rest = of_nodes(self, state["place"], "place"), of_nodes(self, state["rest"], "rest")
        self.key, self.order = of_nodes(self, state["key"], "key"), of_nodes(self, state["order"], "order").astype("u8")
        group = of_nodes(self, state["group"], "group")
        if not np.array_equal(group != DOWN, np.asarray(self.is_up) & (np.asarray(self.weight) > 0)):
            raise ValueError("state: group differs from who is up")
        if group.min() < DOWN or group.max() > SECOND or state["waiting"] not in (FIRST, SECOND):
            raise ValueError("state: a group is unknown")
        self.group = group.astype(np.int32)
        self.later, self.waiting, self.position = state["later"], state["waiting"], state["position"]
        self.round_size, self.next_size = state["round"], state["next"]

    cdef list more_repr(self):
        return [weights_repr(self)]


cdef class MapRoundRobin(Selector):
    """The whole round stands written down, as smooth as its rule makes it, and each request takes the next entry.

    nodes: names, or a number. weights: an integer of 0 or more for each node; divided by their greatest common
    divisor, they add up to at most 2^24. When a node comes up or goes down, the round is written anew, and goes on at
    the same entry. An entry of a node to avoid is passed over.

    >>> MapRoundRobin(3, [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 1, 0, 0, 2]
    """

    cdef int32_t[::1] entry
    cdef int32_t at
    cdef int64_t divisor        # of the weights

    def __init__(self, nodes, weights=None):
        self.begin(nodes, weights)
        self.at = 0
        self.divisor = gcd(*np.asarray(self.weight).tolist())
        self.marked()
        self.ready()

    cdef check_add(self, int64_t w):
        cdef list each = [*np.asarray(self.weight).tolist(), w]
        if sum(each) // gcd(*each) > MAX_SLOTS:
            raise ValueError(f"weight: a round of {sum(each) // gcd(*each)} entries is longer than 2^24")

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node, size
        if self.n_live == 0:
            return -1
        size = self.entry.shape[0]
        if self.at >= size:
            self.at = 0
        while True:
            node = self.entry[self.at]
            self.at += 1
            if self.is_live[node]:
                return node
            if self.at == size:
                self.at = 0

    cdef rewind(self):
        self.at = 0

    cdef reshape(self, int32_t removed):
        self.divisor = gcd(*np.asarray(self.weight).tolist())
        self.marked()

    cdef marked(self):
        """A new round; the old one stays where nobody is up."""
        weights = np.multiply(self.weight, self.is_up)
        if weights.any():
            self.entry = smooth_round(weights, self.divisor)

    cdef dict more_state(self):
        return {"at": self.at}

    cdef restore(self, dict state):
        if state["at"] < 0:
            raise ValueError("state: at is below zero")
        self.at, self.entry = state["at"], np.zeros(1, np.int32)
        self.reshape(0)

    cdef list more_repr(self):
        return [weights_repr(self)]


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
    cdef Py_ssize_t n = len(weights), o
    cdef int32_t i, best
    weight = np.asarray(weights, dtype=np.int64) // gcd(divisor, *np.asarray(weights).tolist())
    total = np.sum(weight)
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
