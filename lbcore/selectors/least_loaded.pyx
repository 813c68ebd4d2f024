"""Looking at the queues before picking.

The problem: nodes differ in speed and requests in length, so that equal shares make unequal queues. Two ideas. Count
the requests in flight at each node and take the node with fewest for its weight (NGINX `least_conn`, HAProxy
`leastconn`). Or measure latencies too: an average that leaps up with a slow answer and sinks slowly, times the requests
in flight, of two nodes drawn at random (Finagle and Linkerd). The cost: a look at every node for the first, a clock and
two draws for the second. Whoever decides on old loads sends a herd to the node that looked emptiest.
"""

import time

import numpy as np

from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint64_t
from libc.string cimport memcpy

from lbcore.selectors._checks cimport clock_of, seconds_of, seed_of
from lbcore.selectors._draws cimport below, counter, draw, mix, step
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._selector cimport Selector, send
from lbcore.selectors._turns cimport least_loaded, smooth_turn
from lbcore.selectors._view cimport LoadView


cdef class LeastConnections(LoadView):
    """Each request goes to the node with the fewest requests in flight for its weight; nodes as good take smooth turns.

    nodes: names, or a number. weights: an integer of 0 or more for each node. Node a is better than b where
    in_flight_a * weight_b < in_flight_b * weight_a. Among equals, those alone earn and pay as in WeightedRoundRobin.
    This is the rule of NGINX's `least_conn`. A request is in flight from its pick until `release`.

    stale_requests: how many requests one view of the loads serves; 1 looks anew for each. stale_s: how old in seconds
    a view may grow by `clock` (a function that tells the time in seconds) before a request takes a new one; 0 looks
    anew for each. A view does not count the requests that it served.

    >>> selector = LeastConnections(3)
    >>> selector.select_many(5).tolist()
    [0, 1, 2, 2, 1]
    >>> selector.release(1), selector.release(1), selector.select()
    (None, None, 1)
    """

    weighted = True
    cdef int64_t[::1] credit
    cdef int32_t[::1] equals    # room for the nodes that share the least load

    def __init__(self, nodes, weights=None, *, stale_requests=1, stale_s=0.0, clock=time.monotonic):
        self.construct(nodes, weights, {"stale_requests": stale_requests, "stale_s": stale_s, "clock": clock})

    cdef declare(self, Columns state):
        LoadView.declare(self, state)
        self.credit, self.equals = state.column("credit", np.int64), np.empty(self.n, np.int32)

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t many
        if self.n_live == 0:
            return -1
        if self.stale:
            self.look()
        many = least_loaded(&self.live[0], self.n_live, &self.seen[0], &self.weight[0], &self.equals[0])
        if many > 1:
            return send(self, smooth_turn(&self.equals[0], many, &self.weight[0], &self.credit[0]))
        return send(self, self.equals[0])

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        """Nodes of one weight are served in rounds, where a look at every node for each pick would come to the same."""
        cdef Py_ssize_t i
        with self.lock:
            if self.n_live and not self.stale and self.even():
                self.in_rounds(out, m)
            else:
                for i in range(m):
                    out[i] = self.pick()

    cdef bint even(self) noexcept nogil:
        """Whether all live nodes have one weight."""
        cdef int32_t k
        for k in range(1, self.n_live):
            if self.weight[self.live[k]] != self.weight[self.live[0]]:
                return False
        return True

    cdef void in_rounds(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        """Until nodes of more load join them, those of least load serve once each, the richest first.

        They earn alike, so that nobody overtakes: number k of `many`, from 0, has earned k + 1 times when it serves,
        and pays what the many - k that are left have earned. So those who were first come last in the next round,
        and that order, turned round, is nearly sorted.
        """
        cdef int64_t least = 0, joins = 0, weight = self.weight[self.live[0]]
        cdef int64_t* load = &self.load[0]
        cdef int64_t* credit = &self.credit[0]
        cdef int32_t* order = &self.equals[0]
        cdef int32_t i, k, node, served, many = 0
        self.flying += m
        while m:
            if least == joins:
                least, joins, many = INT64_MAX, INT64_MAX, 0
                for k in range(self.n_live):
                    least = min(least, load[self.live[k]])
                for k in range(self.n_live):
                    node = self.live[k]
                    if load[node] == least:
                        order[many] = node
                        many += 1
                    else:
                        joins = min(joins, load[node])
            else:
                for k in range(many // 2):
                    order[k], order[many - 1 - k] = order[many - 1 - k], order[k]
            for k in range(1, many):
                i, node = k, order[k]
                while i and richer(credit, node, order[i - 1]):
                    order[i] = order[i - 1]
                    i -= 1
                order[i] = node
            served = <int32_t>min(<Py_ssize_t>many, m)
            for k in range(served):
                node = order[k]
                out[k] = node
                load[node] += 1
                credit[node] += (2 * k + 1 - many) * weight
            for k in range(served, many):
                credit[order[k]] += served * weight
            out += served
            m -= served
            least += 1


cdef inline bint richer(const int64_t* credit, int32_t a, int32_t b) noexcept nogil:
    """Whether a is served before b; the first of equals."""
    return credit[a] > credit[b] or credit[a] == credit[b] and a < b


cdef enum:
    PENALTY = 1_000_000_000     # seconds: above any latency


cdef inline double shrunk(double x) noexcept nogil:
    """e^-x for x >= 0 from sums, products and quotients alone, which IEEE fixes to the last bit; no library's exp.

    e^-x is the 1024th power of e^-(x / 1024); the first terms of its series are exact to 1e-11 where it matters.
    """
    cdef double t = x / 1024, power
    if x > 700:
        return 0
    power = 1 / (1 + t * (1 + t * 0.5 * (1 + t * (1 / 3.0) * (1 + t * 0.25))))
    for _ in range(10):
        power *= power
    return power


cdef inline double cost(const double* latency, const int64_t* load, int32_t node) noexcept nogil:
    """Latency times queue, the next request counted; of a node that never answered, nothing, or more than any other."""
    if latency[node] > 0:
        return latency[node] * (load[node] + 1)
    return <double>PENALTY + load[node] if load[node] > 0 else 0


cdef class PeakEwma(Selector):
    """Each request looks at two different nodes drawn at random and goes to the one with less latency times queue.

    nodes: names, or a number. seed: an integer, a numpy Generator, or None for fresh entropy. decay_s: seconds in which
    an old latency's part in the average shrinks to 1/e, above 0. clock: a function that tells the time in seconds;
    a batch is one instant. A node's cost is its average latency times its requests in flight and one. `release` with
    latency_s teaches: a latency above the average replaces it at once, one below draws it down by the time that has
    passed, and so does each look, so that a node that was slow is tried again. A node that never answered costs nothing
    until it has a request in flight, and then more than any other. The first drawn wins a tie. This is the rule of
    Finagle's `p2cPeakEwma` and of Linkerd; a failed request teaches its latency too, as there.

    >>> selector = PeakEwma(2, seed=7, clock=lambda: 0.0)
    >>> selector.release(selector.select_many(2), latency_s=[0.1, 0.3])
    >>> selector.select_many(6).tolist()
    [0, 0, 1, 0, 0, 0]
    """

    keeps_load = True
    cdef uint64_t seed
    cdef uint64_t number        # of the next draw; a request takes two
    cdef double decay_s
    cdef double[::1] latency    # the average, in seconds
    cdef double[::1] stamp      # when it was last brought up to date

    def __init__(self, nodes, seed=None, *, decay_s=10.0, clock=time.monotonic):
        self.construct(nodes, None, {"seed": seed, "decay_s": decay_s, "clock": clock})

    cdef dict check(self, tuple names, weights, dict given):
        decay_s = seconds_of(given["decay_s"], "decay_s")
        if not decay_s > 0:
            raise ValueError("decay_s: 0 forgets everything at once; give a time above 0")
        return {"seed": seed_of(given["seed"]), "decay_s": decay_s, "clock": clock_of(given["clock"])}

    cdef declare(self, Columns state):
        self.seed, self.decay_s = self.parameters["seed"], self.parameters["decay_s"]
        self.number = state.value("number", self.number)
        self.latency, self.stamp = state.column("latency", np.float64), state.column("stamp", np.float64)

    cdef bint counts(self) noexcept:
        return True

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t a, b, n = self.n_live
        if n == 0:
            return -1
        a = <int32_t>below(draw(self.seed, self.number), n)
        b = <int32_t>below(draw(self.seed, self.number + 1), n - 1)
        self.number += 2
        b += b >= a         # the second is drawn among the others
        a, b = self.live[a], self.live[b if n > 1 else 0]
        self.observe(a, 0)
        self.observe(b, 0)
        if cost(&self.latency[0], &self.load[0], b) < cost(&self.latency[0], &self.load[0], a):
            a = b
        return send(self, a)

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        """Two nodes or more have a loop of their own. In a batch, which is one instant, a node ages but once."""
        cdef Py_ssize_t i
        cdef int32_t a, b, n
        cdef int64_t cheaper, now
        cdef int64_t* load
        cdef const int32_t* live
        cdef const double* latency
        cdef const int64_t* stamp
        cdef double latency_a, latency_b
        cdef uint64_t z
        with self.lock:
            if self.n_live < 2:
                for i in range(m):
                    out[i] = self.pick()
                return
            load, live, latency, stamp = &self.load[0], &self.live[0], &self.latency[0], <int64_t*>&self.stamp[0]
            n, z = self.n_live, counter(self.seed, self.number)
            memcpy(&now, &self.now_s, sizeof(now))
            for i in range(m):
                a, b = <int32_t>below(mix(z), n), <int32_t>below(mix(step(z)), n - 1)
                z = step(step(z))
                b += b >= a
                a, b = live[a], live[b]
                if (stamp[a] ^ now) | (stamp[b] ^ now):     # as bits: one branch, for what happens once for each node
                    self.observe(a, 0)
                    self.observe(b, 0)
                # As in TwoChoices: no branch that cannot be predicted, and both loads are written.
                latency_a, latency_b = latency[a], latency[b]
                if (latency_a > 0) & (latency_b > 0):       # the usual case of `cost`
                    cheaper = latency_b * (load[b] + 1) < latency_a * (load[a] + 1)
                else:
                    cheaper = cost(latency, load, b) < cost(latency, load, a)
                load[a] += 1 - cheaper
                load[b] += cheaper
                out[i] = a + (b - a) * <int32_t>cheaper
            self.number += 2 * m
            self.flying += m

    cdef void observe(self, int32_t node, double latency_s) noexcept nogil:
        cdef double passed = self.now_s - self.stamp[node], old
        if latency_s > self.latency[node]:
            self.latency[node] = latency_s
        elif passed > 0:
            old = shrunk(passed / self.decay_s)
            self.latency[node] = self.latency[node] * old + latency_s * (1 - old)
        self.stamp[node] = self.now_s

    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        if latency_s >= 0:
            self.observe(node, latency_s)

    @property
    def latencies_s(self):
        """The average latency of each node as of its last look or answer, in seconds: float64, shape (nodes,)."""
        self.enter()
        try:
            return np.array(self.latency) if self.n else np.empty(0)
        finally:
            self.leave()

    cdef list more_repr(self):
        return [f"seed={self.seed}", f"decay_s={self.decay_s}"]
