"""Turns by weight, in the order in which they fall due.

The problem: smooth weighted round robin looks at every node for every request. The idea: a node of weight w is due
every 1 / w; keep the times at which the nodes are due in a heap, serve the earliest, and put it back 1 / w later
(earliest deadline first, as in real-time scheduling). The cost: O(log nodes) a pick. What falls due at the same time
comes in a burst: weights 5, 1, 1 give 0 0 0 0 0 1 2. It is the rule of Envoy's ROUND_ROBIN and, with weights that
shrink as requests are in flight, of its LEAST_REQUEST.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport int_of, seed_of
from lbcore.selectors._draws cimport TRIES, below, draw
from lbcore.selectors._selector cimport Selector, of_nodes, weights_repr

cdef enum:
    PASSES = 1 << 16        # turns passed over for a node to avoid, before the earliest of the others is served
    MAX_START = 429496729   # a larger start is taken modulo this


cdef class EarliestDeadline(Selector):
    """A node of weight w is due every 1 / w of a turn; the one that is due first serves.

    nodes: names, or a number. weights: an integer of 0 or more for each node. start: how many picks the schedule is
    ahead at its beginning, and again after each change of the nodes or of who is up. Nodes of equal weights take plain
    turns. A node to avoid lets its turn pass. Times are float64: sums of 1 / w, compared exactly.

    >>> EarliestDeadline(3, [5, 1, 1]).select_many(7).tolist()
    [0, 0, 0, 0, 1, 2, 0]
    """

    cdef uint64_t start
    cdef uint64_t turn          # of the plain turns of equal weights
    cdef double now             # when the last pick was due
    cdef uint64_t later         # the next number of `order`
    cdef double[::1] due
    cdef uint64_t[::1] order    # of equally due nodes, the one that was put back first serves
    cdef int32_t[::1] heap      # the nodes of the schedule: those up, and of a weight above zero
    cdef int32_t size
    cdef bint equal             # they take plain turns

    def __init__(self, nodes, weights=None, start=0):
        start = int_of(start, "start", "give a number of picks")
        if not 0 <= start < 1 << 64:
            raise ValueError(f"start: {start} is outside 0 to 2^64 - 1")
        self.begin(nodes, weights)
        self.start = start
        self.rewind()
        self.ready()

    cdef check_add(self, int64_t w):
        pass

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
        cdef int32_t node, k, first
        if self.n_live == 0:
            return -1
        for _ in range(PASSES):
            node = self.next()
            if self.is_live[node]:
                return node
        first = self.live[0]
        if not self.equal:
            for k in range(1, self.n_live):
                if self.earlier(self.live[k], first):
                    first = self.live[k]
        return first

    cdef lay(self):
        """A new schedule of the nodes that are up, as it is after `start` picks."""
        cdef int32_t i
        cdef uint64_t done = 0, ahead = self.start % MAX_START
        cdef double weight, total = 0, latest = 0
        cdef uint64_t[::1] taken = np.zeros(self.n, np.uint64), order = np.zeros(self.n, np.uint64)
        cdef double[::1] due = np.zeros(self.n)
        scheduled = np.asarray(self.is_up) & (np.asarray(self.weight) > 0)
        cdef int32_t[::1] heap = np.flatnonzero(scheduled).astype(np.int32)
        self.due, self.order, self.heap, self.size = due, order, heap, heap.shape[0]
        self.equal = True
        for i in range(1, self.size):
            if self.weight[heap[i]] != self.weight[heap[0]]:
                self.equal = False
        if self.equal:
            return
        # Each node has had its whole number of turns, and the few that are left are picked one by one. The little that
        # is added keeps a node from seeming due later than another for which the same time was computed otherwise.
        for i in range(self.size):
            total += self.rate(heap[i]) + 1e-13
        for i in range(self.size):
            weight = self.rate(heap[i]) + 1e-13
            taken[i] = <uint64_t>(weight * ahead / total)
            if taken[i] and taken[i] / weight >= ahead / total:
                taken[i] -= 1
            done += taken[i]
            latest = max(latest, taken[i] / weight)
            due[heap[i]] = (taken[i] + 1) / weight
            order[heap[i]] = i
        self.now, self.later = latest, self.size
        self.heapify()
        while done < ahead:
            self.next()
            done += 1

    cdef heapify(self):
        cdef int32_t place
        for place in range(self.size // 2 - 1, -1, -1):
            self.sink(place)

    cdef rewind(self):
        self.turn = self.start
        self.now, self.later = 0, 0
        self.lay()

    cdef reshape(self, int32_t removed):
        self.lay()

    cdef marked(self):
        self.lay()

    cdef dict more_state(self):
        return {
            "start": self.start, "turn": self.turn, "now": self.now, "later": self.later, "due": np.array(self.due),
            "order": np.array(self.order),
        }

    cdef restore(self, dict state):
        self.start, self.turn = state["start"], state["turn"]
        self.lay()
        if not self.equal:
            due, order = np.array(state["due"], dtype=np.float64), of_nodes(self, state["order"], "order")
            if due.shape != (self.n,):
                raise ValueError("state: due and nodes differ in length")
            self.due, self.order = due, order.astype(np.uint64)
            self.now, self.later = state["now"], state["later"]
            self.heapify()

    cdef list more_repr(self):
        return [weights_repr(self)] + ([f"start={self.start}"] if self.start else [])


cdef class LeastRequest(EarliestDeadline):
    """Of a few nodes drawn at random, which may be the same, the one with fewest requests in flight serves.

    nodes: names, or a number. weights: an integer of 0 or more for each node. choices: how many draws, from 1 to 1024;
    the first drawn wins a tie. Nodes of unequal weights are not drawn: the one whose deadline is earliest serves, and
    counts as w / (1 + its requests in flight) when it is put back (Envoy's LEAST_REQUEST). seed: an integer, a numpy
    Generator, or None for fresh entropy; it names the draws, and where the schedule starts. A request is in flight from
    its pick until `release`.

    >>> LeastRequest(3, [3, 1, 1], seed=0).select_many(5).tolist()
    [0, 0, 1, 2, 0]
    """

    keeps_load = True
    cdef uint64_t number        # of the next draw
    cdef int32_t choices

    def __init__(self, nodes, weights=None, choices=2, seed=None):
        choices = int_of(choices, "choices", "give the number of draws")
        if not 1 <= choices <= 1024:
            raise ValueError(f"choices: {choices} is outside 1 to 1024")
        seed = seed_of(seed)
        self.begin(nodes, weights)
        self.start, self.choices = seed, choices
        self.rewind()
        self.ready()

    cdef bint counts(self) noexcept:
        return True

    cdef double rate(self, int32_t node) noexcept nogil:
        return <double>self.weight[node] / <double>(self.load[node] + 1)

    cdef int32_t drawn(self) noexcept nogil:
        """The emptiest of the nodes drawn."""
        cdef int32_t node, best = -1
        for _ in range(self.choices):
            node = self.heap[<int32_t>below(draw(self.start, self.number), self.size)]
            self.number += 1
            if best < 0 or self.load[node] < self.load[best]:
                best = node
        return best

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node = -1
        if self.n_live == 0:
            return -1
        if self.equal:
            for _ in range(TRIES):
                node = self.drawn()
                if self.is_live[node]:
                    break
            if not self.is_live[node]:      # so many are to be avoided that drawing would go on for long
                node = self.live[<int32_t>below(draw(self.start, self.number), self.n_live)]
                self.number += 1
        else:
            node = EarliestDeadline.pick(self)
        self.load[node] += 1
        return node

    cdef rewind(self):
        self.number = 0
        EarliestDeadline.rewind(self)

    cdef dict more_state(self):
        return {"number": self.number, "choices": self.choices, **EarliestDeadline.more_state(self)}

    cdef restore(self, dict state):
        if not 1 <= state["choices"] <= 1024:
            raise ValueError("state: choices is outside 1 to 1024")
        self.number, self.choices = state["number"], state["choices"]
        EarliestDeadline.restore(self, state)

    cdef list more_repr(self):
        parts = [weights_repr(self)] + ([f"choices={self.choices}"] if self.choices != 2 else [])
        return parts + [f"seed={self.start}"]
