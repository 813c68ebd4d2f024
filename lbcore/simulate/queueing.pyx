"""The compiled heart of the queue simulation: requests arrive, a selector picks, nodes serve first come, first served.

The problem: how long does a request take when every node has a queue? The idea: jump from event to event. The next
departure is the winner of a tournament over all servers, the next arrival comes from its own stream of draws; of equal
times a departure goes first. The cost: 50 to 100 ns a request, and memory for the requests in the system alone.

Arrival i and the work of request i are draw i of two streams that nothing else touches. So two selectors with one seed
meet the same requests, and can be compared request by request.
"""

from time import perf_counter

import numpy as np

from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport INFINITY, NAN
from libc.stdint cimport int8_t, int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport seed_of
from lbcore.selectors._draws cimport draw
from lbcore.selectors._selector cimport Selector
from lbcore.selectors._state cimport batch_begins, batch_ends
from lbcore.simulate._times cimport LISTED, fill, take_times
from lbcore.simulate._tournament cimport ENDLESS, bits_of, time_of
from lbcore.simulate.counting cimport Counting, count
from lbcore.simulate.nodes cimport Node, Request, Server, hold, idle, start
from lbcore.simulate.plain cimport FAILED, Plain

cdef enum:
    CHUNK = 1 << 18             # requests, at most, between two looks at Ctrl-C and two calls of `progress`
    CHUNK_PLAIN = 1 << 12
    WORK = 1 << 26              # requests times servers, about: a request may look at every node, or server of a node

cdef double LONG_S = 0.5        # a piece that took longer is followed by shorter ones


cdef class Engine(Counting):
    """The simulation itself; `queue` in queues.py is its door, and checks what comes here.

    selector: a copy that nobody else uses, of n nodes; should somebody change its nodes all the same, the run ends with
    an error. arrivals, services: `constants` of a shape, or a float64 array of one time for each request. keys: for a
    keyed selector, what the requests take in turn, as `key_hashes`. kept: None, or the arrays that take every request's
    arrival, start and end, its node and its outcome.
    """

    def __cinit__(self, Selector selector not None, Py_ssize_t n, *unused, Py_ssize_t servers, **more):
        if selector.n != n:
            raise ValueError(f"nodes: the selector has {selector.n} nodes, the simulation {n}")
        self.selector, self.names, self.origin_s = selector, selector.names, selector.now_s
        self.plain = selector if isinstance(selector, Plain) else None
        self.piece = max(1, min(WORK // (n * servers), <int64_t>(CHUNK if self.plain is None else CHUNK_PLAIN)))

    def __init__(
        self, selector, n, *, servers, requests, first_measured, uint64_t seed, arrivals, services, speeds, keys, kept
    ):
        cdef Py_ssize_t i
        cdef const double[::1] speed = np.array(speeds, dtype=np.float64)
        if self.requests:
            raise TypeError("an engine runs once")
        if speed.shape[0] != self.n:
            raise ValueError(f"speeds: {speed.shape[0]} speeds for {self.n} nodes")
        self.first_measured = first_measured
        self.arrival_seed, self.service_seed = draw(seed, 0), draw(seed, 1)
        self.arrival_s = take_times(&self.arrivals, arrivals)
        self.service_s = take_times(&self.services, services)
        for i in range(self.n):
            self.nodes[i].speed = speed[i]
        if self.selector.by_key:
            self.hashes = keys
            self.keys = self.hashes.shape[0]
            if not self.keys:
                raise ValueError("keys: no key is given")
        self.keep = kept is not None
        if self.keep:
            self.arrived, self.started, self.ended, self.node, self.outcome = kept
            if min([len(array) for array in kept]) < requests:
                raise ValueError(f"kept: an array is shorter than {requests} requests")
        for times, name in ((self.arrival_s, "arrivals"), (self.service_s, "services")):
            if times is not None and len(times) < requests:
                raise ValueError(f"{name}: {len(times)} times for {requests} requests")
        self.requests = requests        # now that nothing can fail: before, no request arrives
        self.coming_s = self.next_arrival(0.0)

    cdef double next_arrival(self, double t) noexcept nogil:
        """When request `number` arrives, if the one before it came at t."""
        cdef int64_t ahead = self.requests - self.number
        if ahead <= 0:
            return INFINITY
        if self.number % BLOCK == 0:
            ahead = min(ahead, BLOCK)
            fill(self.gaps, &self.arrivals, self.arrival_seed, self.number, ahead)
            fill(self.works, &self.services, self.service_seed, self.number, ahead)
        t = 0.0 if self.arrivals.kind == LISTED else t
        return t + self.gaps[self.number % BLOCK]

    cdef void leave(self, int32_t place, int32_t at, int8_t outcome) noexcept nogil:
        """A request leaves node `at` now, served or lost: every account of it is closed."""
        cdef Request* request = &self.places[place]
        cdef Node* node = &self.nodes[at]
        cdef double latency = self.now_s - request.arrived
        hold(node, -1, self.now_s)
        if outcome == SERVED:
            node.served += 1
            count(self, node, request.number, latency, request.started - request.arrived)
        else:
            node.lost += 1
        if self.keep:
            self.started[request.number], self.ended[request.number] = request.started, self.now_s
            self.outcome[request.number] = outcome
        request.behind = self.free
        self.free = place
        self.selector.now_s = self.origin_s + self.now_s
        self.selector.finish(at, outcome == SERVED, latency)

    cdef bint depart(self, double until) noexcept nogil:
        """Every departure up to and at `until`, in the order of time; False where the budget did not suffice."""
        cdef int64_t last = min(bits_of(until), ENDLESS - 1)
        cdef int32_t server, place
        cdef Server* serving
        cdef Node* node
        while True:
            server = self.departures.winner[1]
            if self.departures.ends[server] > last:
                return True
            if self.budget <= 0:
                return False
            self.budget -= 1
            serving = &self.serving[server]
            node = &self.nodes[serving.node]
            self.now_s = time_of(self.departures.ends[server])
            self.leave(serving.place, serving.node, SERVED)
            place = node.first
            if place >= 0:
                node.first = self.places[place].behind
                start(self, server, place, self.now_s)
            else:
                idle(self, server)
            if self.first >= 0:
                self.admit(serving.node)

    cdef int32_t ask(self) noexcept nogil:
        """The node for the next request, which arrives now; or -1."""
        cdef int32_t at
        self.selector.now_s = self.origin_s + self.now_s
        if self.keep:
            self.arrived[self.number] = self.now_s
        if self.selector.by_key:
            at = self.selector.place(self.hashes[self.number % self.keys])
        else:
            at = self.selector.pick()
        if at == FAILED or at >= self.n:
            self.failed = True
        return at

    cdef void refuse(self) noexcept nogil:
        self.refused += 1
        if self.keep:
            self.outcome[self.number] = REFUSED

    cdef void arrive(self) noexcept nogil:
        """The next request arrives now, is given a node, and is served or waits there."""
        cdef int64_t number = self.number
        cdef double t = self.now_s
        cdef int32_t at = -1, place
        cdef Request* request
        cdef bint asks = self.first < 0 or self.selector.asks_anyway()
        if asks:
            at = self.ask()
        elif self.keep:
            self.arrived[number] = t
        if asks and (self.failed or at < 0 and not self.selector.all_full()):
            self.refuse()
            return
        place = self.free
        request = &self.places[place]
        request.arrived, request.started, request.number = t, NAN, number
        request.work = self.works[number % BLOCK]
        self.free = request.behind
        request.behind = -1
        if at >= 0:
            self.join(place, at)
            if self.first >= 0 and not self.nodes[at].alive:
                self.admit(at)
            return
        if self.first < 0:
            self.first = place
        else:
            self.places[self.last].behind = place
        self.last = place
        self.waiting += 1
        self.waited += 1

    cdef void join(self, int32_t place, int32_t at) noexcept nogil:
        """A request comes to node `at` now, and is served or waits there."""
        cdef Node* node = &self.nodes[at]
        cdef int32_t server
        if self.keep:
            self.node[self.places[place].number] = at
        node.picked += 1
        hold(node, 1, self.now_s)
        if not node.alive:
            self.leave(place, at, LOST)
        elif node.held <= self.servers:
            server = at * self.servers
            while self.serving[server].place >= 0:
                server += 1
            self.serving[server].since = self.now_s
            start(self, server, place, self.now_s)
        else:
            if node.first < 0:
                node.first = place
            else:
                self.places[node.last].behind = place
            node.last = place

    cdef void admit(self, int32_t at) noexcept nogil:
        """Of the requests that wait because all nodes are full, node `at` takes as many as it may."""
        cdef int32_t place
        while self.first >= 0 and self.selector.accept_at(at):
            place = self.first
            self.first = self.places[place].behind
            self.places[place].behind = -1
            self.waiting -= 1
            self.join(place, at)

    cdef void run(self, int64_t stop, double until) noexcept nogil:
        while self.number < stop and self.coming_s < until and self.free >= 0:
            if not self.depart(self.coming_s):
                return
            self.now_s = self.coming_s
            self.arrive()
            if self.failed:
                return
            self.number += 1
            self.coming_s = self.next_arrival(self.now_s)

    cdef bint same(self) noexcept nogil:
        """Whether the selector has the nodes that it had; asked with its lock held, so that they stay."""
        if <void*>self.selector.names != <void*>self.names:
            self.failed = True
        return not self.failed

    def advance(self, int64_t stop, double until, progress=None):
        """Let those requests arrive that come before the time `until`, up to number `stop`, with all that goes on.

        Looks at Ctrl-C, and calls progress(requests so far), now and then.
        """
        stop = min(stop, self.requests)
        while self.number < stop and self.coming_s < until:
            self.make_room()
            began = perf_counter()
            self.budget = 4 * self.piece
            batch_begins(self.selector)
            with nogil, self.selector.lock:
                if self.same():
                    self.run(min(stop, self.number + self.piece), until)
            batch_ends(self.selector)
            self.look()
            if perf_counter() - began > LONG_S:
                self.piece = max(1, self.piece // 2)
            if progress is not None:
                progress(self.number)

    def wait(self, double until):
        """Let the requests depart that do so up to `until`, and time pass up to there (if that is finite)."""
        cdef bint all_gone = False
        while not all_gone:
            self.budget = self.piece
            batch_begins(self.selector)
            with nogil, self.selector.lock:
                all_gone = not self.same() or self.depart(until)
            batch_ends(self.selector)
            self.look()
        if until < INFINITY:
            self.now_s = until

    cdef look(self):
        if self.plain is not None:
            self.plain.look()
        if self.failed:
            raise RuntimeError("selector: its nodes changed while the simulation ran")
        PyErr_CheckSignals()

    def crash(self, Py_ssize_t at):
        """Node `at` loses the requests it holds, those in service first, and all that is sent to it until `revive`."""
        cdef int32_t place, behind
        self.find(at)
        with self.selector.lock:
            if self.same():
                place = self.empty(at)
                while place >= 0:
                    behind = self.places[place].behind
                    self.leave(place, at, LOST)
                    place = behind
                self.admit(at)
        self.look()

    def returned(self, Py_ssize_t at):
        """The selector has been told that node `at` is up: it takes of the requests that wait."""
        self.find(at)
        with self.selector.lock:
            if self.same():
                self.admit(at)
        self.look()


def key_hashes(Selector selector not None, keys):
    """What a keyed selector hashes of these keys: uint64, shape (keys,). Errors speak of `keys`."""
    try:
        return selector.hashes_of(keys)
    except (TypeError, ValueError) as error:
        if not str(error).startswith("requests"):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind("keys" + str(error)[len("requests"):]) from None


def seed_bits(seed):
    """The 64 bits that a seed stands for: an int from 0, a numpy Generator (one draw), or None (fresh entropy)."""
    return seed_of(seed)
