"""The nodes of a queue simulation, the requests they hold, and what befalls them: another speed, a crash, a return.

A request has a place in one array, in service or waiting; places of requests that have left are used again. Each node
has its servers in a row, and its queue is a chain of places.
"""

import numpy as np

from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Realloc
from libc.stdint cimport int32_t, int64_t

from lbcore.simulate._tournament cimport ENDLESS, bits_of, open_to, set_end, time_of

cdef enum:
    MOST = 1 << 29              # servers


cdef class Nodes:
    """n nodes with `servers` servers each, all empty and alive; `queueing.Engine` lets requests come and go."""

    def __cinit__(self, selector, Py_ssize_t n, *unused, Py_ssize_t servers, **more):
        cdef Py_ssize_t leaves = 2, i
        if not (1 <= n <= MOST and 1 <= servers <= MOST // n):
            raise ValueError(f"servers: {servers} at each of {n} nodes are none, or too many")
        while leaves < n * servers:
            leaves *= 2
        self.n, self.servers = n, servers
        self.nodes = <Node*>PyMem_Calloc(n, sizeof(Node))
        self.serving = <Server*>PyMem_Calloc(n * servers, sizeof(Server))
        self.departures.ends = <int64_t*>PyMem_Calloc(leaves, sizeof(int64_t))
        self.departures.winner = <int32_t*>PyMem_Calloc(2 * leaves, sizeof(int32_t))
        if not (self.nodes and self.serving and self.departures.ends and self.departures.winner):
            raise MemoryError
        open_to(&self.departures, leaves)
        for i in range(n):
            self.nodes[i].alive, self.nodes[i].first = True, -1
        for i in range(n * servers):
            self.serving[i].node, self.serving[i].place = i // servers, -1
        self.free = self.first = -1

    def __dealloc__(self):
        PyMem_Free(self.nodes)
        PyMem_Free(self.serving)
        PyMem_Free(self.departures.ends)
        PyMem_Free(self.departures.winner)
        PyMem_Free(self.places)

    cdef Node* find(self, Py_ssize_t at) except NULL:
        if not 0 <= at < self.n:
            raise IndexError(f"node: {at} is not an index of {self.n} nodes")
        return &self.nodes[at]

    cdef make_room(self):
        """Places for as many requests again; they are never given back before the end."""
        cdef int32_t i, room
        cdef Request* places
        if self.free >= 0:
            return
        if self.room >= 1 << 30:
            raise MemoryError(f"{self.room} requests wait at once")
        room = 2 * self.room if self.room else 256
        places = <Request*>PyMem_Realloc(self.places, room * sizeof(Request))
        if not places:
            raise MemoryError(f"{self.room} requests wait at once")
        self.places = places
        for i in range(room - 1, self.room - 1, -1):
            places[i].behind = self.free
            self.free = i
        self.room = room

    def lengths(self):
        """Requests at each node now, in service or waiting: int32, shape (nodes,)."""
        cdef Py_ssize_t i
        return np.array([self.nodes[i].held for i in range(self.n)], dtype=np.int32)

    @property
    def held(self):
        """Requests in the system now."""
        cdef Py_ssize_t i
        return self.waiting + sum([self.nodes[i].held for i in range(self.n)])

    def set_speed(self, Py_ssize_t at, double speed):
        """Node `at` works at another speed from now on; what is left of a request takes as much longer."""
        cdef Node* node = self.find(at)
        cdef Server* serving
        cdef Py_ssize_t server
        for server in range(at * self.servers, (at + 1) * self.servers):
            serving = &self.serving[server]
            if serving.place < 0:
                continue
            if node.speed > 0:
                serving.left = (time_of(self.departures.ends[server]) - self.now_s) * node.speed
            set_end(&self.departures, server, bits_of(self.now_s + serving.left / speed) if speed > 0 else ENDLESS)
        node.speed = speed

    cdef int32_t empty(self, int32_t at) noexcept nogil:
        """Node `at` dies and lets go of its requests: the first place of their chain, those in service in front."""
        cdef Node* node = &self.nodes[at]
        cdef int32_t first = -1, last = -1, place
        cdef Py_ssize_t server
        node.alive = False
        for server in range(at * self.servers, (at + 1) * self.servers):
            place = self.serving[server].place
            if place < 0:
                continue
            idle(self, server)
            if last < 0:
                first = place
            else:
                self.places[last].behind = place
            last = place
        if last < 0:
            first = node.first
        else:
            self.places[last].behind = node.first
        node.first = -1
        return first

    def revive(self, Py_ssize_t at):
        """Node `at` is back, empty."""
        self.find(at).alive = True
