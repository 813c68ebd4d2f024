"""Failures noticed on the requests themselves: no one probes the nodes.

The problem: a node that refuses requests should get fewer of them before anybody marks it down. The idea: whoever sends
a request says how it ended (`release(node, ok)`). A node that failed `max_fails` times is left out for `fail_timeout_s`
seconds and then tried again; and what it earns by its weight is cut at each failure, and grows back by one a pick. It
is how NGINX's upstream module checks servers passively. The cost: O(nodes) a pick, as in smooth weighted round robin.
"""

import time

import numpy as np

from libc.math cimport floor
from libc.stdint cimport int32_t, int64_t

from lbcore.selectors._checks cimport clock_of, int_of, node_of, short
from lbcore.selectors._selector cimport Selector, of_nodes, weights_repr


cdef class PassiveRoundRobin(Selector):
    """Smooth turns by weight among the nodes that have not failed of late, and only when there are none, the backups.

    nodes: names, or a number. weights: an integer of 0 or more for each node. max_fails: how many failures leave a node
    out; 0: none ever does. fail_timeout_s: for how many whole seconds, and within which time failures add up. backup:
    nodes, by name or index, that serve only when no other can. clock: a function that tells the time in seconds; whole
    seconds count. A single node is never left out.

    >>> balancer = PassiveRoundRobin(3, [5, 1, 1], clock=lambda: 0)
    >>> balancer.select()
    0
    >>> balancer.release(0, ok=False)
    >>> balancer.select_many(4).tolist()
    [1, 2, 1, 2]
    """

    def __init__(self, nodes, weights=None, max_fails=1, fail_timeout_s=10, backup=(), clock=time.time):
        self.start(nodes, weights, max_fails, fail_timeout_s, backup, clock)
        self.ready()

    cdef start(self, nodes, weights, max_fails, fail_timeout_s, backup, clock):
        cdef list given
        max_fails = int_of(max_fails, "max_fails", "give a number of failures")
        timeout = int_of(fail_timeout_s, "fail_timeout_s", "give whole seconds")
        for name, value in (("max_fails", max_fails), ("fail_timeout_s", timeout)):
            if not 0 <= value < 1 << 31:
                raise ValueError(f"{name}: {value} is outside 0 to 2^31 - 1")
        if isinstance(backup, (str, bytes)) or not hasattr(backup, "__iter__"):
            raise TypeError(f"backup: {short(backup)} is of type {type(backup).__name__}; give a list of nodes")
        given = [node_of(node, "backup") for node in backup]
        clock = clock_of(clock)
        self.begin(nodes, weights)
        given = [self.find(node, "backup") for node in given]
        if len(set(given)) == self.n:
            raise ValueError("backup: every node is one; a node must be left to serve first")
        self.clock, self.max_fails, self.fail_timeout_s = clock, max_fails, timeout
        self.is_backup = np.isin(np.arange(self.n), given).astype(np.uint8)
        self.rewind()

    cdef check_add(self, int64_t w):
        pass

    cdef check_remove(self, int32_t i):
        if not np.delete(1 - np.asarray(self.is_backup), i).any():
            raise ValueError(f"node: without {self.names[i]!r} every node would be a backup")

    cdef bint open(self, int32_t node) noexcept nogil:
        if not self.is_live[node]:
            return False
        if self.alone or self.max_fails == 0 or self.fails[node] < self.max_fails:
            return True
        return <int64_t>floor(self.now_s) - self.checked_s[node] > self.fail_timeout_s

    cdef void earn(self, int32_t node) noexcept nogil:
        """What failures took comes back by one a pick, but only to the next one."""
        self.credit[node] += self.earning[node]
        if self.earning[node] < self.weight[node]:
            self.earning[node] += 1

    cdef int32_t serve(self, int32_t node) noexcept nogil:
        cdef int64_t now_s = <int64_t>floor(self.now_s)
        if now_s - self.checked_s[node] > self.fail_timeout_s:
            self.checked_s[node] = now_s
        return node

    cdef int32_t turn_of(self, bint backup) noexcept nogil:
        cdef int32_t k, i, best = -1
        cdef int64_t total = 0
        for k in range(self.n_live):
            i = self.live[k]
            if self.is_backup[i] == backup and self.open(i):
                total += self.earning[i]
                self.earn(i)
                if best < 0 or self.credit[i] > self.credit[best]:
                    best = i
        if best < 0:
            return -1
        self.credit[best] -= total
        return self.serve(best)

    cdef int32_t turn(self) noexcept nogil:
        cdef int32_t node = self.turn_of(False)
        return node if node >= 0 else self.turn_of(True)

    cdef int32_t pick(self) noexcept nogil:
        return self.turn()

    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        cdef int64_t now_s = <int64_t>floor(self.now_s)
        if self.alone:
            return
        if not ok:
            self.fails[node] += 1
            self.failed_s[node] = self.checked_s[node] = now_s
            if self.max_fails:
                self.earning[node] = max(0, self.earning[node] - self.weight[node] // self.max_fails)
        elif self.failed_s[node] < self.checked_s[node]:
            self.fails[node] = 0

    cdef marked(self):
        self.stands = np.array(self.is_up)

    cdef rewind(self):
        self.credit, self.fails = np.zeros(self.n, np.int64), np.zeros(self.n, np.int64)
        self.failed_s, self.checked_s = np.zeros(self.n, np.int64), np.zeros(self.n, np.int64)
        self.earning = np.array(self.weight)
        self.alone = self.n == 1
        self.marked()

    cdef reshape(self, int32_t removed):
        cdef list now = [np.asarray(self.credit), np.asarray(self.earning), np.asarray(self.fails)]
        now += [np.asarray(self.failed_s), np.asarray(self.checked_s), np.asarray(self.is_backup)]
        if removed < 0:
            fresh = (0, self.weight[self.n - 1], 0, 0, 0, 0)
            now = [np.append(values, values.dtype.type(new)) for values, new in zip(now, fresh)]
        else:
            now = [np.delete(values, removed) for values in now]
        self.credit, self.earning, self.fails, self.failed_s, self.checked_s, self.is_backup = now
        self.alone = self.n == 1
        self.marked()

    cdef dict more_state(self):
        return {
            "max_fails": self.max_fails, "fail_timeout_s": self.fail_timeout_s, "backup": np.array(self.is_backup),
            "credit": np.array(self.credit), "earning": np.array(self.earning), "fails": np.array(self.fails),
            "failed_s": np.array(self.failed_s), "checked_s": np.array(self.checked_s),
        }

    cdef restore(self, dict state):
        self.max_fails, self.fail_timeout_s = state["max_fails"], state["fail_timeout_s"]
        self.credit = of_nodes(self, state["credit"], "credit")
        self.earning = of_nodes(self, state["earning"], "earning")
        self.fails = of_nodes(self, state["fails"], "fails")
        self.failed_s = of_nodes(self, state["failed_s"], "failed_s")
        self.checked_s = of_nodes(self, state["checked_s"], "checked_s")
        self.is_backup = of_nodes(self, state["backup"], "backup").astype(np.uint8)
        self.alone = self.n == 1
        self.marked()

    cdef list more_repr(self):
        parts = [weights_repr(self)]
        if self.n:
            parts += [f"max_fails={self.max_fails}"] if self.max_fails != 1 else []
            parts += [f"fail_timeout_s={self.fail_timeout_s}"] if self.fail_timeout_s != 10 else []
            parts += [f"backup={np.flatnonzero(self.is_backup).tolist()}"] if np.any(self.is_backup) else []
        return parts


cdef class PassiveLeastConnections(PassiveRoundRobin):
    """The node with fewest requests in flight over its weight serves; equal ones take smooth turns by weight.

    The arguments are those of PassiveRoundRobin, and failures are noticed in the same way. A request is in flight from
    its pick until `release`. Only nodes from the first of the equals on take part in their turns.

    >>> PassiveLeastConnections(3, [5, 1, 1]).select_many(7).tolist()
    [0, 1, 2, 0, 0, 0, 0]
    """

    keeps_load = True

    cdef bint counts(self) noexcept:
        return True

    cdef int32_t least_of(self, bint backup) noexcept nogil:
        cdef int32_t k, i, best = -1, first = 0
        cdef bint many = False
        cdef int64_t total = 0, mine, its
        for k in range(self.n_live):
            i = self.live[k]
            if self.is_backup[i] == backup and self.open(i):
                mine = self.load[i] * self.weight[best] if best >= 0 else 0
                its = self.load[best] * self.weight[i] if best >= 0 else 1
                if mine < its:
                    best, first, many = i, k, False
                elif mine == its:
                    many = True
        if best < 0:
            return -1
        if many:
            for k in range(first, self.n_live):
                i = self.live[k]
                if (
                    self.is_backup[i] == backup and self.open(i)
                    and self.load[i] * self.weight[best] == self.load[best] * self.weight[i]
                ):
                    total += self.earning[i]
                    self.earn(i)
                    if self.credit[i] > self.credit[best]:
                        best = i
        self.credit[best] -= total
        return self.serve(best)

    cdef int32_t pick(self) noexcept nogil:
        cdef int32_t node = self.least_of(False)
        if node < 0:
            node = self.least_of(True)
        if node >= 0:
            self.load[node] += 1
        return node
