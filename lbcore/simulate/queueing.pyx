"""The compiled heart of the queue simulation: requests arrive, a selector picks, nodes serve first come, first served.

The problem: how long does a request take when every node has a queue? The idea: jump from event to event. The next
departure is the winner of a tournament over all servers, the next arrival comes from its own stream of draws; of equal
times a departure goes first. The cost: 50 to 100 ns a request, and memory for the requests in the system alone.

Arrival i and the work of request i are draw i of two streams that nothing else touches. So two selectors with one seed
meet the same requests, and can be compared request by request.
"""

from time import perf_counter

import numpy as np

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Realloc
from libc.math cimport INFINITY, NAN
from libc.stdint cimport int8_t, int32_t, int64_t, uint64_t

from lbcore.selectors._checks cimport seed_of
from lbcore.selectors._draws cimport draw
from lbcore.selectors._selector cimport Selector
from lbcore.simulate._times cimport BURSTY, CONSTANT, EXPONENTIAL, LISTED, PARETO, Times, fill
from lbcore.simulate._tournament cimport ENDLESS, Tournament, bits_of, open_to, set_end, time_of
from lbcore.simulate.plain cimport FAILED, Plain

cdef enum:
    BLOCK = 256                 # times drawn at once
    CHUNK = 1 << 18             # requests, at most, between two looks at Ctrl-C and two calls of `progress`
    CHUNK_PLAIN = 1 << 12
    WORK = 1 << 26              # requests times servers, about: a request may look at every node, or server of a node
    BIN_SHIFT = 44              # a bin is the sign, the exponent and the first 8 bits of the fraction of a double
    BINS = 1 << 19
    MOST = 1 << 29              # servers

cdef double LONG_S = 0.5        # a piece that took longer is followed by shorter ones

cdef enum Outcome:
    SERVED
    REFUSED
    LOST
    LEFT                        # still there at the end, at a node that stands still


cdef struct Request:
    double arrived
    double started
    double work             # seconds at speed 1
    int64_t number
    int32_t behind          # the next in the same queue, or the next free place; -1 for none

cdef struct Server:
    double since            # it has been busy without a break
    double left             # of the work, while the node stands still
    int32_t node
    int32_t place           # of the request it serves; -1 for none

cdef struct Node:
    double speed
    double changed          # when `held` last did
    double area             # held x time
    double busy             # servers x time, of the busy spells that are over
    int64_t picked
    int64_t served
    int64_t lost
    int32_t held            # requests here, in service or waiting
    int32_t first           # place of the first that waits; -1 for none
    int32_t last
    bint alive


@cython.final
cdef class Engine:
    """The simulation itself; `queue` in queues.py is its door, and checks what comes here.

    selector: a copy that nobody else uses, of n nodes; should somebody change its nodes all the same, the run ends with
    an error. arrivals, services: `constants` of a shape, or a float64 array of one time for each request. keys: for a
    keyed selector, what the requests take in turn, as `key_hashes`. kept: None, or the arrays that take every request's
    arrival, start and end, its node and its outcome.
    """

    cdef Selector selector
    cdef tuple names                    # of its nodes, when the run began
    cdef Plain plain                    # the same, where it is a plain one in disguise; else None
    cdef const uint64_t[::1] hashes     # of the keys
    cdef Py_ssize_t keys
    cdef double origin_s                # what the selector's clock shows at time 0
    cdef bint failed
    cdef int64_t piece                  # requests until the next look at Ctrl-C
    cdef int64_t budget                 # departures until then, at most

    cdef readonly double now_s
    cdef readonly double coming_s       # when the next request arrives; infinity after the last
    cdef readonly int64_t number        # of the next request
    cdef int64_t requests
    cdef uint64_t arrival_seed
    cdef uint64_t service_seed
    cdef Times arrivals
    cdef Times services
    cdef const double[::1] arrival_s    # where they are listed
    cdef const double[::1] service_s
    cdef double gaps[BLOCK]             # from the request before; the time itself where it is listed
    cdef double works[BLOCK]

    cdef int32_t n
    cdef int32_t servers                # of one node
    cdef Node* nodes
    cdef Server* serving
    cdef Tournament departures
    cdef Request* places
    cdef int32_t room
    cdef int32_t free                   # first free place; -1 for none

    cdef int64_t first_measured
    cdef readonly double opened_s
    cdef readonly double closed_s
    cdef int64_t[::1] bins
    cdef double sum_s
    cdef double waited_s
    cdef double longest_s
    cdef int64_t measured
    cdef readonly int64_t refused
    cdef bint keep
    cdef double[::1] arrived
    cdef double[::1] started
    cdef double[::1] ended
    cdef int32_t[::1] node
    cdef int8_t[::1] outcome

    def __cinit__(self, Selector selector not None, Py_ssize_t n, *unused, Py_ssize_t servers, **more):
        cdef Py_ssize_t leaves = 2, i
        if not (1 <= n <= MOST and 1 <= servers <= MOST // n):
            raise ValueError(f"servers: {servers} at each of {n} nodes are none, or too many")
        if selector.n != n:
            raise ValueError(f"nodes: the selector has {selector.n} nodes, the simulation {n}")
        self.selector, self.names, self.origin_s = selector, selector.names, selector.now_s
        self.plain = selector if isinstance(selector, Plain) else None
        self.piece = max(1, min(WORK // (n * servers), <int64_t>(CHUNK if self.plain is None else CHUNK_PLAIN)))
        self.bins = np.zeros(BINS, np.int64)
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
        self.free = -1

    def __dealloc__(self):
        PyMem_Free(self.nodes)
        PyMem_Free(self.serving)
        PyMem_Free(self.departures.ends)
        PyMem_Free(self.departures.winner)
        PyMem_Free(self.places)

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

    # ---- events ------------------------------------------------------------------------------------------------------

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

    cdef void start(self, int32_t server, int32_t place, double t) noexcept nogil:
        cdef Request* request = &self.places[place]
        cdef double speed = self.nodes[self.serving[server].node].speed
        self.serving[server].place = place
        request.started = t
        if speed > 0:
            set_end(&self.departures, server, bits_of(t + request.work / speed))
        else:
            self.serving[server].left = request.work
            set_end(&self.departures, server, ENDLESS)

    cdef void leave(self, int32_t place, int32_t at, int8_t outcome) noexcept nogil:
        """A request leaves node `at` now, served or lost: every account of it is closed."""
        cdef Request* request = &self.places[place]
        cdef Node* node = &self.nodes[at]
        cdef double latency = self.now_s - request.arrived
        node.area += node.held * (self.now_s - node.changed)
        node.changed = self.now_s
        node.held -= 1
        if outcome == SERVED:
            node.served += 1
            if request.number >= self.first_measured:
                self.measured += 1
                self.sum_s += latency
                self.waited_s += request.started - request.arrived
                self.bins[bits_of(latency) >> BIN_SHIFT & BINS - 1] += 1
                if latency > self.longest_s:
                    self.longest_s = latency
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
        cdef int32_t server, place
        cdef int64_t last = min(bits_of(until), ENDLESS - 1)
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
                self.start(server, place, self.now_s)
            else:
                serving.place = -1
                node.busy += self.now_s - serving.since
                set_end(&self.departures, server, ENDLESS)

    cdef void arrive(self) noexcept nogil:
        """The next request arrives now, is given a node, and is served or waits there."""
        cdef int64_t number = self.number
        cdef double t = self.now_s
        cdef int32_t at, server, place = self.free
        cdef Node* node
        cdef Request* request = &self.places[place]
        self.selector.now_s = self.origin_s + t
        if self.selector.by_key:
            at = self.selector.place(self.hashes[number % self.keys])
        else:
            at = self.selector.pick()
        if at == FAILED or at >= self.n:
            self.failed = True
            return
        if self.keep:
            self.arrived[number], self.node[number] = t, at
        if at < 0:
            self.refused += 1
            if self.keep:
                self.outcome[number] = REFUSED
            return
        request.arrived, request.started, request.number = t, NAN, number
        request.work = self.works[number % BLOCK]
        self.free = request.behind
        request.behind = -1
        node = &self.nodes[at]
        node.picked += 1
        node.area += node.held * (t - node.changed)
        node.changed = t
        node.held += 1
        if not node.alive:
            self.leave(place, at, LOST)
        elif node.held <= self.servers:
            server = at * self.servers
            while self.serving[server].place >= 0:
                server += 1
            self.serving[server].since = t
            self.start(server, place, t)
        else:
            if node.first < 0:
                node.first = place
            else:
                self.places[node.last].behind = place
            node.last = place

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

    # ---- the driver's methods ----------------------------------------------------------------------------------------

    def advance(self, int64_t stop, double until, progress=None):
        """Let those requests arrive that come before the time `until`, up to number `stop`, with all that goes on.

        Looks at Ctrl-C, and calls progress(requests so far), now and then.
        """
        stop = min(stop, self.requests)
        while self.number < stop and self.coming_s < until:
            self.make_room()
            began = perf_counter()
            self.budget = 4 * self.piece
            with nogil, self.selector.lock:
                if self.same():
                    self.run(min(stop, self.number + self.piece), until)
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
            with nogil, self.selector.lock:
                all_gone = not self.same() or self.depart(until)
            self.look()
        if until < INFINITY:
            self.now_s = until

    cdef look(self):
        if self.plain is not None:
            self.plain.look()
        if self.failed:
            raise RuntimeError("selector: its nodes changed while the simulation ran")
        PyErr_CheckSignals()

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

    def crash(self, Py_ssize_t at):
        """Node `at` loses the requests it holds, those in service first, and all that is sent to it until `revive`."""
        cdef Node* node = self.find(at)
        with self.selector.lock:
            if self.same():
                self.lose(node, at)
        self.look()

    cdef void lose(self, Node* node, int32_t at) noexcept:
        cdef Server* serving
        cdef Py_ssize_t server
        cdef int32_t place
        node.alive = False
        for server in range(at * self.servers, (at + 1) * self.servers):
            serving = &self.serving[server]
            if serving.place < 0:
                continue
            place, serving.place = serving.place, -1
            node.busy += self.now_s - serving.since
            set_end(&self.departures, server, ENDLESS)
            self.leave(place, at, LOST)
        while node.first >= 0:
            place = node.first
            node.first = self.places[place].behind
            self.leave(place, at, LOST)

    def revive(self, Py_ssize_t at):
        """Node `at` is back, empty."""
        self.find(at).alive = True

    cdef Node* find(self, Py_ssize_t at) except NULL:
        if not 0 <= at < self.n:
            raise IndexError(f"node: {at} is not an index of {self.n} nodes")
        return &self.nodes[at]

    def lengths(self):
        """Requests at each node now, in service or waiting: int32, shape (nodes,)."""
        cdef Py_ssize_t i
        return np.array([self.nodes[i].held for i in range(self.n)], dtype=np.int32)

    @property
    def held(self):
        """Requests in the system now."""
        cdef Py_ssize_t i
        return sum([self.nodes[i].held for i in range(self.n)])

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
            "sum_s": self.sum_s,
            "waited_s": self.waited_s,
            "longest_s": self.longest_s,
            "at_node": np.array(at_node, dtype=np.int64).T,
            "bins": np.asarray(self.bins)[used],
            "edges_s": (np.stack([used, used + 1]).astype(np.int64) << BIN_SHIFT).view(np.float64),
        }


cdef const double[::1] take_times(Times* times, given):
    """Times that are listed, or drawn: a kind and its constants."""
    cdef const double[::1] listed
    if isinstance(given, np.ndarray) and len(given):
        times.kind = LISTED
        listed = given
        times.listed = &listed[0]
        return listed
    kind, times.mean, times.a, times.b, times.c = given
    times.kind = KINDS[kind]
    return None


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


cdef dict KINDS = {
    "exponential": EXPONENTIAL,
    "constant": CONSTANT,
    "pareto": PARETO,
    "bursty": BURSTY,
}
