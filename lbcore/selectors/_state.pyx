"""What every selector keeps: its nodes and their weights, who is up, and one lock.

Three layers. The `def` methods check (_checks.pyx, _keys.pyx) and raise. The `cdef ... noexcept nogil` methods compute
and cannot fail. The `.pxd` files declare. Here are the nodes, in _pickle.pyx copy, pickle and reset, in _selector.pyx
the picks. A family (round_robin.pyx, ring.pyx, ...) fills in `pick` or `place`, and hooks that _state.pxd lists.

Every change has two steps. First all is checked, the user's own functions are asked, and what they return is checked
(`check`, `prepare`); an error here leaves all as it was. Then everything changes, between `shut` and `reopen` and in
the same hold of the lock, so that no other thread sees arrays of different lengths; should that be interrupted, the
selector stays shut, picks nobody and refuses all other calls. A constructor is such a change, of all there is.
"""

import numpy as np

from cpython.pythread cimport PyThread_get_thread_ident
from libc.stdint cimport int32_t, int64_t

from lbcore.selectors._checks cimport (
    MAX_NODES, MAX_WEIGHT, index_in, name_list, name_of, names_of, node_of, weight_of, weights_of,
)
from lbcore.selectors._columns cimport LOADED, MADE, RESET, RESIZED, Columns, Occasion


cdef class State:
    """The nodes of a selector, who is up, and the lock."""

    keyed = False
    weighted = False
    keeps_load = False

    @property
    def nodes(self):
        """The nodes' names, in the order of their indices."""
        self.enter()
        try:
            return self.names if self.n else ()
        finally:
            self.leave()

    @property
    def weights(self):
        """The nodes' weights: int64, shape (nodes,), a copy; all ones where the algorithm has none."""
        self.enter()
        try:
            return np.array(self.weight, dtype=np.int64) if self.n else np.empty(0, np.int64)
        finally:
            self.leave()

    @property
    def up(self):
        """Which nodes are up: bool, shape (nodes,), a copy. Change it through `mark_down` and `mark_up`."""
        self.enter()
        try:
            return np.array(self.is_up, dtype=np.bool_) if self.n else np.empty(0, np.bool_)
        finally:
            self.leave()

    @property
    def in_flight(self):
        """Requests in flight at each node: int64, shape (nodes,), a copy. Only where the algorithm keeps load."""
        if not self.counts():
            raise AttributeError(f"{type(self).__name__} keeps no load, so it has no in_flight")
        self.enter()
        try:
            return np.array(self.load, dtype=np.int64) if self.n else np.empty(0, np.int64)
        finally:
            self.leave()

    def mark_down(self, node):
        """Give `node` (a name or an index) no more requests until `mark_up`. Only its own traffic moves."""
        self._mark(node, 0)

    def mark_up(self, node):
        """Give `node` (a name or an index) its share of the requests again."""
        self._mark(node, 1)

    def _mark(self, node, bint up):
        cdef Py_ssize_t i
        node = node_of(node, "node")
        self.enter()
        try:
            i = self.find(node, "node")
            is_up = np.array(self.is_up)
            is_up[i] = up
            made = self.prepare(self.parameters, self.names, self.weight, is_up, OTHERS_UP)
            self.shut()
            self.is_up, self.made = is_up, made
            self.marked()
            self.reopen()
        finally:
            self.leave()

    def add(self, node, weight=1):
        """Add a node at the end.

        Raises TypeError for a name that is not text, ValueError for a name that is taken, for a weight below zero or
        one that brings the sum to 2^31, and for a weight other than 1 where the algorithm has no weights.
        """
        cdef str name = name_of(node, "node")
        cdef int64_t w = weight_of(weight, "weight")
        cdef int64_t total
        self.enter()
        try:
            if not self.n:
                raise TypeError(f"node: this {type(self).__name__} was never initialised")
            if name in self.index_of:
                raise ValueError(f"node: {name!r} is a node already")
            if self.n == MAX_NODES:
                raise ValueError(f"node: a selector holds at most {MAX_NODES} nodes")
            self.check_add(w)
            total = w + np.sum(self.weight)
            if total > MAX_WEIGHT:
                raise ValueError(f"weight: the weights would add up to {total}; their sum must stay below 2^31")
            weights, up = np.append(self.weight, np.int64(w)), np.append(self.is_up, np.uint8(1))
            self.change(self.names + (name,), weights, up, ADDED)
        finally:
            self.leave()

    def remove(self, node):
        """Take a node out; the indices behind it move down by one.

        Raises ValueError for an unknown name or the last node, IndexError for an index out of range.
        """
        cdef int32_t i
        node = node_of(node, "node")
        self.enter()
        try:
            i = self.find(node, "node")
            if self.n == 1:
                raise ValueError(f"node: {self.names[i]!r} is the only node; a selector needs one")
            self.check_remove(i)
            weights = np.delete(self.weight, i)
            if not weights.any():
                raise ValueError(f"node: without {self.names[i]!r} every weight would be zero")
            self.change(self.names[:i] + self.names[i + 1:], weights, np.delete(self.is_up, i), i)
        finally:
            self.leave()

    def __repr__(self):
        cdef int32_t i
        self.enter()
        try:
            numbered = self.n == 0 or self.names == tuple([f"node-{i}" for i in range(self.n)])
            parts = [str(self.n) if numbered else name_list(self.names)]
            if self.n:
                if type(self).weighted:
                    values = np.asarray(self.weight[:6]).tolist()
                    parts.append("[" + ", ".join(map(str, values)) + (", ...]" if self.n > 6 else "]"))
                parts += self.more_repr()
            down = [self.names[i] for i in range(self.n) if not self.is_up[i]]
        finally:
            self.leave()
        text = f"{type(self).__name__}({', '.join(parts)})"
        return f"<{text}, down: {', '.join(down[:6])}{', ...' if len(down) > 6 else ''}>" if down else text

    cdef construct(self, nodes, weights, dict given):
        """A whole constructor. given: its other arguments, by the names that `check` knows."""
        names = names_of(nodes)
        self.fill(names, weights_of(weights, len(names)), np.ones(len(names), np.uint8), given, MADE)

    cdef fill(self, tuple names, weights, up, dict given, Occasion occasion):
        """Takes everything new, from a constructor or a pickle. names, weights, up, and now_s in given: checked."""
        cdef dict parameters = self.check(names, weights, given)
        self.enter(occasion == MADE)
        try:
            if occasion == LOADED and self.n:
                raise TypeError("state: only a new selector takes one")
            made = self.prepare(parameters, names, weights, up, ANEW)
            self.shut()
            self.key_hash, self.clock = parameters.pop("key_hash", None), parameters.pop("clock", None)
            self.now_s, self.ahead_s = given.get("now_s", 0.0), 0
            self.elsewhere = occasion == LOADED and self.clock is not None
            self.parameters, self.held, self.made = parameters, {}, made
            self.assign(names, weights, up)     # behind the parameters, which may say whether load is kept
            self.settle(occasion, given, ALL)
        finally:
            self.leave()

    cdef change(self, tuple names, weights, up, int32_t removed):
        """Takes other nodes, or where the family cannot, leaves everything as it was."""
        made = self.prepare(self.parameters, names, weights, up, OTHER_NODES)
        self.shut()
        self.assign(names, weights, up)
        self.made = made
        self.settle(RESIZED, {}, removed)

    cdef assign(self, tuple names, weights, up):
        self.index_of = {name: i for i, name in enumerate(names)}
        live, is_live = np.empty(len(names), np.int32), np.empty(len(names), np.uint8)
        self.names, self.weight, self.is_up, self.live, self.is_live = names, weights, up, live, is_live
        self.n = len(names)
        self.by_key, self.by_load = type(self).keyed, self.counts()

    cdef remember(self, Occasion occasion, dict state, int32_t removed):
        """Lets the family declare its state, behind what is the base's own."""
        cdef Columns columns = Columns.__new__(Columns)
        columns.occasion, columns.n, columns.removed = occasion, self.n, removed
        columns.held, columns.state = self.held, state
        if self.by_load:
            self.load = columns.column("load", np.int64)
            self.flying = np.sum(self.load)
        self.declare(columns)

    cdef settle(self, Occasion occasion, dict state, int32_t removed):
        """The second step of a change, once the nodes are those that they shall be."""
        self.remember(occasion, state, removed)
        if occasion != RESET:
            self.reshape(removed)
        if occasion in (MADE, RESET):
            self.rewind()
        if occasion == LOADED:
            self.restored()
        else:
            self.marked()
        self.reopen()

    cdef refresh(self):
        """Lists the live nodes anew; after every change of `is_up`."""
        cdef int32_t i
        self.n_live, self.all_live = 0, not self.is_shut
        if self.is_shut:
            return
        for i in range(self.n):
            self.is_live[i] = self.is_up[i] and self.weight[i] > 0
            if self.is_live[i]:
                self.live[self.n_live] = i
                self.n_live += 1
            elif self.weight[i] > 0:
                self.all_live = False

    cdef int check_caller(self) except -1:
        """Refuses a call from inside a call of the same selector, which would wait for its own lock for ever."""
        if self.holder == PyThread_get_thread_ident():
            functions = "neither its own functions (such as points, table or inner) nor a __del__ may call it"
            raise RuntimeError(f"this {type(self).__name__} is at work: {functions}")
        return 0

    cdef int enter(self, bint anew=False) except -1:
        """Takes the lock for work with Python objects, in which foreign code may run; `leave` must follow."""
        self.check_caller()
        self.lock.acquire()
        if self.is_shut and not anew:
            self.lock.release()
            raise RuntimeError(f"an error left this {type(self).__name__} half made; make a new one")
        self.holder = PyThread_get_thread_ident()
        return 0

    cdef void leave(self) noexcept:
        self.holder = 0
        self.lock.release()

    cdef shut(self):
        """Picks nobody, and answers nothing, until `reopen`."""
        self.is_shut = True
        self.refresh()

    cdef reopen(self):
        self.is_shut, self.made = False, None
        self.refresh()

    cdef Py_ssize_t find(self, node, str argument) except -1:
        """The index of a node that has been through `node_of`."""
        return index_in(self.names or (), self.index_of or {}, node, argument)

    cdef dict check(self, tuple names, weights, dict given):
        """The parameters, checked; `key_hash` and `clock` among them are taken by the base."""
        return {}

    cdef object prepare(self, dict parameters, tuple names, weights, up, Change change):
        """What the user's own functions, checked, make of these nodes before anything changes; `made` holds it then."""
        return None

    cdef declare(self, Columns state):
        pass

    cdef reshape(self, int32_t removed):
        pass

    cdef rewind(self):
        pass

    cdef marked(self):
        pass

    cdef restored(self):
        self.marked()

    cdef bint counts(self) noexcept:
        """Whether `load` is kept. `keeps_load` says so too, but anybody may write that."""
        return False

    cdef check_add(self, int64_t w):
        if w != 1 and not type(self).weighted:
            raise ValueError(f"weight: {type(self).__name__} has no weights; every node counts 1")

    cdef check_remove(self, int32_t i):
        pass

    cdef list more_repr(self):
        return []
