"""What a queue simulation counts: latencies in bins, and what each node did in the window that is measured.

A bin is 1 / 256 of the range from one power of two to the next, so that a percentile is right to half a percent however
long the run is.
"""

from math import fsum

import numpy as np

from lbcore.simulate.nodes cimport Node, Nodes


cdef class Counting(Nodes):
    """Nodes with their accounts. Latencies are those of the requests from number `first_measured` on."""

    def __cinit__(self, *unused, **more):
        self.bins = np.zeros(BINS, np.int64)

    def open(self):
        """The window over which nodes are measured begins now."""
        cdef Py_ssize_t i
        for i in range(self.n):
            self.nodes[i].area, self.nodes[i].busy, self.nodes[i].changed = 0.0, 0.0, self.now_s
        for i in range(self.n * self.servers):
            self.serving[i].since = self.now_s
        self.opened_s = self.now_s

    def close(self):
        """The window ends now: busy seconds (of all its servers) and the mean number of requests of each node."""
        cdef Py_ssize_t i, server
        cdef Node* node
        busy, area = np.zeros(self.n), np.zeros(self.n)
        for i in range(self.n):
            node = &self.nodes[i]
            area[i] = node.area + node.held * (self.now_s - node.changed)
            busy[i] = node.busy
            for server in range(i * self.servers, (i + 1) * self.servers):
                if self.serving[server].place >= 0:
                    busy[i] += self.now_s - self.serving[server].since
        self.closed_s = self.now_s
        return busy, area

    def totals(self):
        """What was counted: of all requests, of those measured, and at each node."""
        cdef Py_ssize_t i
        at_node = [(self.nodes[i].picked, self.nodes[i].served, self.nodes[i].lost) for i in range(self.n)]
        used = np.flatnonzero(self.bins)
        return {
            "refused": self.refused,
            "measured": self.measured,
            "sum_s": fsum([self.nodes[i].spent for i in range(self.n)]),
            "waited_s": fsum([self.nodes[i].waited for i in range(self.n)]),
            "longest_s": self.longest_s,
            "at_node": np.array(at_node, dtype=np.int64).T,
            "bins": np.asarray(self.bins)[used],
            "edges_s": (np.stack([used, used + 1]).astype(np.int64) << BIN_SHIFT).view(np.float64),
        }
