"""The least loaded node, kept at the head of a queue.

The problem: the least loaded node of many, for every request. The idea: sort the nodes by their load over their
weight, and move a node only when that changes; where many are alike, the one that moved last comes last, so that they
take turns. It is HAProxy's `leastconn` up to 2.6. The cost here: a walk over the nodes, where HAProxy has a tree.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._selector cimport Selector, of_nodes, weights_repr

cdef enum:
    SCALE = 16          # a weight counts as so much
    RANGE = 4096        # of the heaviest weight, 256


cdef class FastLeastConnections(Selector):
    """Nodes queue by requests in flight, with this one, over their weight; a node that moves goes behind its equals.

    nodes: names, or a number. weights: an integer of 0 or more for each node. The quotient is rounded down to 1 / 256;
    an empty node's is 0 without this request. A request is in flight from its pick until `release`.

    >>> FastLeastConnections(3, [5, 1, 1]).select_many(7).tolist()
    [0, 1, 2, 0, 0, 0, 0]
    """

    keeps_load = True
    cdef int64_t[::1] served        # requests in flight, those of a batch being released one by one
    cdef int64_t[::1] key
    cdef uint64_t[::1] order        # of equal keys, the first put in comes first
    cdef uint64_t later             # the next number of `order`

    def __init__(self, nodes, weights=None):
        self.begin(nodes, weights)
        self.rewind()
        self.ready()

    cdef bint counts(self) noexcept:
        return True

    cdef check_add(self, int64_t w):
        pass

    cdef int64_t quotient(self, int32_t node) noexcept nogil:
        return (self.served[node] + 1) * RANGE // (SCALE * self.weight[node]) if self.served[node] else 0

    cdef void move(self, int32_t node) noexcept nogil:
        """Puts a node at its new place, where that has changed; one that is down is not in the queue."""
        cdef int64_t key
        if self.key[node] >= 0:
            key = self.quotient(node)
            if key != self.key[node]:
                self.key[node], self.order[node] = key, self.later
                self.later += 1

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t k, i, best
        if self.n_live == 0:
            return -1
        best = self.live[0]
        for k in range(1, self.n_live):
            i = self.live[k]
            if self.key[i] < self.key[best] or self.key[i] == self.key[best] and self.order[i] < self.order[best]:
                best = i
        self.load[best] += 1
        self.served[best] += 1
        self.move(best)
        return best

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

    cdef rewind(self):
        self.served = np.array(self.load)
        self.key, self.order, self.later = np.full(self.n, -1, np.int64), np.zeros(self.n, np.uint64), 0
        self.marked()

    cdef reshape(self, int32_t removed):
        cdef list before = [np.asarray(self.served), np.asarray(self.key), np.asarray(self.order)]
        if removed < 0:
            served, key, order = [np.append(values, values.dtype.type(new)) for values, new in zip(before, (0, -1, 0))]
        else:
            served, key, order = [np.delete(values, removed) for values in before]
        self.served, self.key, self.order = served, key, order
        self.marked()

    cdef dict more_state(self):
        return {"key": np.array(self.key), "order": np.array(self.order), "later": self.later}

    cdef restore(self, dict state):
        key, order = of_nodes(self, state["key"], "key"), of_nodes(self, state["order"], "order")
        self.served, self.key, self.order = np.array(self.load), key, order.astype(np.uint64)
        self.later = state["later"]
        self.marked()

    cdef list more_repr(self):
        return [weights_repr(self)]
