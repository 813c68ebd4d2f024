"""The same simulation without events, for nodes whose every end is known in advance.

The problem: an event loop puts all departures in order, though most selectors never ask who has left. The idea: a node
with one server and one speed begins with a request when it comes or when the one before it ends, so its end is known on
arrival (Lindley, 'The theory of queues with a single server', 1952). Who has left by now is counted where a pick looks
at a node (two choices: at two), when the queues are looked at, and at no other time. The same picks and times as the
event loop's, bit by bit. The cost: 20 to 50 ns a request, and memory for twice the requests in the system.
"""

import numpy as np

cimport cython
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t

from lbcore.selectors._selector cimport EVERYWHERE, Selector
from lbcore.simulate.counting cimport count
from lbcore.simulate.nodes cimport Node
from lbcore.simulate.queueing cimport BLOCK, SERVED, Engine

cdef enum:
    ROOM = 8


cdef struct Line:
    double free_s       # when the node has done all that it was given so far
    double since        # it will have been busy without a break up to then
    double* ends        # of the requests it was given last: that of number k at k & mask
    int64_t given
    int64_t gone        # of these, so many are known to have left
    int64_t mask


cdef inline int64_t left_by(const Line* line, double t) noexcept nogil:
    """How many of a node's requests have left at time t."""
    cdef int64_t gone = line.gone
    for _ in range(2):      # the usual number, without a branch that cannot be predicted
        gone += (gone < line.given) & (line.ends[gone & line.mask] <= t)
    while gone < line.given and line.ends[gone & line.mask] <= t:
        gone += 1
    return gone


cdef void settle(void* simulation, int32_t at) noexcept nogil:
    """A selector is about to look at the load of a node."""
    (<Foreseen>simulation).tell(at)


def foreseeable(Selector selector not None):
    """Whether its picks never hang on what has ended, but at the nodes that it looks at."""
    return selector.hears() != EVERYWHERE


@cython.final
cdef class Foreseen(Engine):
    """An engine for a selector that is `foreseeable` and nodes of one server each, whose speed is above 0 and stays."""

    cdef Line* lines
    cdef bint short_of_memory

    def __cinit__(self, *unused, **more):
        cdef Py_ssize_t i
        self.free = 0           # nobody needs a place
        self.lines = <Line*>PyMem_RawMalloc(self.n * sizeof(Line))
        if not self.lines:
            raise MemoryError
        for i in range(self.n):
            self.lines[i] = Line(0.0, 0.0, NULL, 0, 0, -1)
        for i in range(self.n):
            if not self.widen(&self.lines[i]):
                raise MemoryError

    def __dealloc__(self):
        cdef Py_ssize_t i
        if self.lines:
            for i in range(self.n):
                PyMem_RawFree(self.lines[i].ends)
            PyMem_RawFree(self.lines)

    cdef bint widen(self, Line* line) noexcept nogil:
        """Room for as many ends again; False where there is none."""
        cdef int64_t k, room = max(<int64_t>ROOM, 2 * (line.mask + 1))
        cdef double* ends = <double*>PyMem_RawMalloc(room * sizeof(double))
        if not ends:
            self.short_of_memory = True
            return False
        for k in range(line.gone, line.given):
            ends[k & (room - 1)] = line.ends[k & line.mask]
        PyMem_RawFree(line.ends)
        line.ends, line.mask = ends, room - 1
        return True

    cdef void arrive(self) noexcept nogil:
        """The next request arrives now, and all that will become of it is written down."""
        cdef int64_t number = self.number
        cdef double t = self.now_s, work = self.works[number % BLOCK], begins
        cdef int32_t at = self.ask()
        cdef Node* node
        cdef Line* line
        cdef bint idle
        if self.failed or at < 0:
            self.refuse()
            return
        node, line = &self.nodes[at], &self.lines[at]
        if line.given - line.gone > line.mask:
            self.tell(at)
            if 2 * (line.given - line.gone) > line.mask and not self.widen(line):
                return
        idle = line.free_s <= t
        begins = t if idle else line.free_s
        node.busy += line.free_s - line.since if idle else 0.0
        line.since = t if idle else line.since
        line.free_s = begins + (work if node.speed == 1 else work / node.speed)
        line.ends[line.given & line.mask] = line.free_s
        line.given += 1
        node.picked += 1
        node.area += line.free_s - t
        count(self, node, number, line.free_s - t, begins - t)
        if self.keep:
            self.started[number], self.ended[number] = begins, line.free_s
            self.node[number], self.outcome[number] = at, SERVED

    cdef void tell(self, int32_t at) noexcept nogil:
        """Counts who has left a node by now, and tells the selector that."""
        cdef Line* line = &self.lines[at]
        cdef int64_t gone = left_by(line, self.now_s), more = gone - line.gone
        line.gone = gone
        if self.selector.by_load:
            self.selector.load[at] -= more
            self.selector.flying -= more

    cdef void run(self, int64_t stop, double until) noexcept nogil:
        self.selector.settle, self.selector.simulation = settle, <void*>self
        while self.number < stop and self.coming_s < until and not (self.failed or self.short_of_memory):
            self.now_s = self.coming_s
            self.arrive()
            self.number += 1
            self.coming_s = self.next_arrival(self.now_s)
        self.selector.settle = NULL

    cdef look(self):
        if self.short_of_memory:
            raise MemoryError(f"{self.held} requests wait at once")
        Engine.look(self)

    def wait(self, double until):
        """Let time pass up to there, if that is finite."""
        if until < INFINITY:
            self.now_s = until
        self.look()

    cdef double ahead(self, Py_ssize_t at) noexcept nogil:
        """The seconds that node `at`'s requests will yet spend there, summed up."""
        cdef const Line* line = &self.lines[at]
        cdef double total = 0
        cdef int64_t k
        for k in range(left_by(line, self.now_s), line.given):
            total += line.ends[k & line.mask] - self.now_s
        return total

    def open(self):
        """The window over which nodes are measured begins now."""
        cdef Py_ssize_t i
        cdef Line* line
        for i in range(self.n):
            line = &self.lines[i]
            line.since = max(line.since, min(line.free_s, self.now_s))
            self.nodes[i].busy, self.nodes[i].area = 0.0, self.ahead(i)
        self.opened_s = self.now_s

    def close(self):
        """The window ends now: busy seconds and the mean number of requests of each node."""
        cdef Py_ssize_t i
        cdef Line* line
        busy, area = np.zeros(self.n), np.zeros(self.n)
        for i in range(self.n):
            line = &self.lines[i]
            busy[i] = self.nodes[i].busy + (min(line.free_s, self.now_s) - line.since)
            area[i] = self.nodes[i].area - self.ahead(i)
        self.closed_s = self.now_s
        return busy, area

    def lengths(self):
        """Requests at each node now, in service or waiting: int32, shape (nodes,)."""
        cdef Py_ssize_t i
        return np.array([self.lines[i].given - left_by(&self.lines[i], self.now_s) for i in range(self.n)], np.int32)

    @property
    def held(self):
        """Requests in the system now."""
        return int(self.lengths().sum(dtype=np.int64))

    def totals(self):
        """What was counted, once all have left."""
        cdef Py_ssize_t i
        for i in range(self.n):
            self.nodes[i].served = self.nodes[i].picked
        return Engine.totals(self)
