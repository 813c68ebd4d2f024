"""The contract of a selector: nodes, weights, who is up, one lock, and the checks at the door.

Three layers. The `def` methods check what they are given (_checks.pyx, _keys.pyx) and raise. The
`cdef ... noexcept nogil` methods compute and cannot fail. The `.pxd` files declare. A family (round_robin.pyx,
randomized.pyx, ...) fills in `pick` or `place`, and overrides the whole batch where that pays.

Every change has two steps. First the user's own functions are asked, and what they return is checked (`prepare`); an
error here leaves all as it was. Then everything changes, between `shut` and `reopen`; should that be interrupted, the
selector stays shut, picks nobody and refuses all other calls, rather than compute with arrays of different lengths.
"""

from copy import deepcopy
from copyreg import __newobj__

import numpy as np

from cpython.pythread cimport PyThread_get_thread_ident
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from lbcore.selectors cimport _hashes
from lbcore.selectors._checks cimport (
    MAX_NODES, MAX_WEIGHT, array_of, clock_of, count_of, flags_of, latencies_of, name_list, name_of, names_of, node_of,
    picks_array, seconds_of, short, weight_of, weights_of,
)
from lbcore.selectors._keys cimport hash_key, hash_keys, key_hash_of, key_words

cdef enum:
    CHUNK = 1024                # integer keys hashed at a time: 8 kB, which stays in the nearest cache


cdef class Selector:
    """Which node gets this request? The base of every selector; it has no algorithm of its own.

    Nodes are given as a list of names, or as a number n for `node-0` to `node-(n-1)`. Every selector is safe to share
    between threads: no pick is lost or doubled. A function that a selector is given (`points`, `table`, `inner`) must
    not call that selector, nor may a `__del__`: where the call would have to wait for itself, it is a RuntimeError.
    """

    keyed = False
    keeps_load = False

    def __init__(self):
        raise TypeError("Selector has no algorithm: use one of its families, such as RoundRobin(3)")

    # ---- nodes -------------------------------------------------------------------------------------------------------

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
            made = self.prepare(self.names, self.weight, is_up, False)
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
            self.change(self.names + (name,), weights, up, -1)
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

    cdef change(self, tuple names, weights, up, int32_t removed):
        """Takes other nodes, or where the family cannot, leaves everything as it was."""
        made = self.prepare(names, weights, up, True)
        self.shut()
        self.assign(names, weights, up)
        if self.by_load:
            self.load = np.append(self.load, np.int64(0)) if removed < 0 else np.delete(self.load, removed)
        self.made = made
        self.reshape(removed)
        self.reopen()

    # ---- picking -----------------------------------------------------------------------------------------------------

    def select(self, key=None, *, avoid=()):
        """The index of the node for one request.

        key: str, bytes or int for a keyed selector, None for the others. avoid: nodes that were tried already.
        Raises LookupError where no node is left, TypeError for a missing, superfluous or unsuitable key.
        """
        cdef uint64_t h = 0
        cdef int32_t node
        if self.holder:
            self.check_caller()
        if self.by_key:
            if key is None:
                raise TypeError(f"key: {type(self).__name__} selects by key; call select(key)")
            h = hash_key(key, -1, self.key_hash)
        elif key is not None:
            raise TypeError(f"key: {type(self).__name__} takes no key; call select()")
        if self.clock is not None:
            self.tell_time()
        if isinstance(avoid, tuple) and not avoid:
            with self.lock:
                node = self.place(h) if self.by_key else self.pick()
        else:
            node = self.select_other(h, avoid)
        if node < 0:
            raise LookupError(f"no node is left: {self!r}")
        return node

    cdef int32_t select_other(self, uint64_t h, avoid) except -2:
        """A pick for which the nodes to avoid are down."""
        cdef Py_ssize_t i
        cdef int32_t node
        cdef list given, avoided
        scalar = isinstance(avoid, (str, bytes)) or isinstance(avoid, np.ndarray) and avoid.ndim == 0
        if scalar or not hasattr(avoid, "__iter__"):
            raise TypeError(f"avoid: {short(avoid)} is of type {type(avoid).__name__}; give a list of nodes")
        given = [node_of(other, "avoid") for other in avoid]
        self.enter()
        try:
            given = [self.find(other, "avoid") for other in given]
            avoided = [i for i in given if self.is_up[i]]
            for i in avoided:
                self.is_up[i] = 0
            self.refresh()
            node = self.place(h) if self.by_key else self.pick()
            for i in avoided:
                self.is_up[i] = 1
            self.refresh()
        finally:
            self.leave()
        return node

    def select_many(self, requests, *, out=None):
        """The nodes of many requests at once: exactly the picks of as many calls of `select()`, faster.

        requests: how many, or for a keyed selector the keys (a list of str, bytes or int, or a 1-D integer array).
        out: a writable, contiguous 1-D int32 array of at least as many places, filled at the front and returned up to
        there; else a new array. Returns int32, shape (requests,): indices, or -1 where no node is up. Releases the GIL.
        A batch is one piece: Ctrl-C is answered when it is done.
        """
        if self.by_key:
            return self.select_keys(requests, out)
        cdef Py_ssize_t m = count_of(requests, type(self).__name__)
        picks = picks_array(out, m)
        cdef int32_t[::1] view = picks
        if m:
            if self.clock is not None:
                self.tell_time()
            self.check_caller()
            with nogil:
                self.pick_many(&view[0], m)
        return picks

    cdef select_keys(self, keys, out):
        cdef Py_ssize_t m, done, k, i
        cdef uint64_t chunk[CHUNK]
        cdef const uint64_t[::1] given
        cdef int32_t[::1] view
        cdef bint hashed = not isinstance(keys, np.ndarray) or keys.dtype.kind not in "iu" or self.key_hash is not None
        given = self.hashes_of(keys) if hashed else key_words(keys)
        m = given.shape[0]
        if isinstance(keys, np.ndarray) and out is not None and np.may_share_memory(keys, out):
            raise ValueError("out: shares its memory with the keys")
        picks = picks_array(out, m)
        view = picks
        if m == 0:
            return picks
        self.check_caller()
        with nogil:
            if hashed:
                self.place_many(&given[0], &view[0], m)
            else:
                done = 0
                while done < m:
                    k = min(m - done, <Py_ssize_t>CHUNK)
                    for i in range(k):
                        chunk[i] = _hashes.xxh64_word(given[done + i])
                    self.place_many(&chunk[0], &view[done], k)
                    done += k
        return picks

    cdef object hashes_of(self, keys):
        cdef Py_ssize_t i
        cdef const uint64_t[::1] words
        cdef uint64_t[::1] hashes
        if not isinstance(keys, np.ndarray) or keys.dtype.kind not in "iu":
            return hash_keys(keys, type(self).__name__, self.key_hash)
        words = key_words(keys)
        if self.key_hash is not None:
            return hash_keys(np.asarray(words).tolist(), type(self).__name__, self.key_hash)
        result = np.empty(words.shape[0], np.uint64)
        hashes = result
        for i in range(words.shape[0]):
            hashes[i] = _hashes.xxh64_word(words[i])
        return result

    cdef tell_time(self):
        """Asks the clock, which is foreign code, before the lock is held. Time never runs backwards."""
        cdef double now_s = seconds_of(self.clock(), "clock")
        self.check_caller()
        with self.lock:
            if self.elsewhere:      # another machine's clock may show less; there, time would stand still
                self.ahead_s, self.elsewhere = max(0.0, self.now_s - now_s), False
            self.now_s = max(self.now_s, now_s + self.ahead_s)

    def release(self, node, ok=True, latency_s=None):
        """A request at `node` has ended.

        node: a name, an index, or an integer array of indices, one for each request that ended. ok: whether it
        succeeded. latency_s: how long it took in seconds, 0 or more. For many requests, ok and latency_s are one for
        all or one for each. Selectors that keep no load ignore it. Raises ValueError where a node has fewer requests
        in flight than that, before any is released.
        """
        cdef Py_ssize_t i, m = 1
        cdef int32_t[::1] nodes
        cdef const uint8_t[::1] oks
        cdef const double[::1] latencies
        many = isinstance(node, (list, tuple)) or isinstance(node, np.ndarray) and node.ndim > 0
        if many:
            node = array_of(node, "node")
            if node.ndim != 1 or node.size and node.dtype.kind not in "iu":
                raise TypeError("node: an array of nodes must be 1-D and of integers")
            node = np.array(node, dtype=np.int64)       # a copy, which nobody changes once it is checked
            m = node.size
        else:
            node = node_of(node, "node")
        oks, latencies = flags_of(ok, m, many), latencies_of(latency_s, m, many)
        if self.clock is not None:
            self.tell_time()
        self.enter()
        try:
            if not many:
                node = np.array([self.find(node, "node")])
            elif m and (node.min() < 0 or node.max() >= self.n):
                raise IndexError(f"node: an index in the array is outside 0 to {self.n - 1}")
            if m:
                nodes = node.astype(np.int32)
                self.take(&nodes[0], m)
                for i in range(m):
                    self.ended(nodes[i], oks[i], latencies[i])
        finally:
            self.leave()

    cdef take(self, const int32_t* nodes, Py_ssize_t m):
        """These requests are in flight no more; or, where one is not in flight, all stay."""
        cdef Py_ssize_t i, j
        if not self.by_load:
            return
        for i in range(m):
            if self.load[nodes[i]] == 0:
                for j in range(i):
                    self.load[nodes[j]] += 1
                raise ValueError(f"node: {self.names[nodes[i]]!r} has no more requests in flight to release")
            self.load[nodes[i]] -= 1

    cdef bint finish(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        if self.by_load:
            if self.load[node] == 0:
                return False
            self.load[node] -= 1
        self.ended(node, ok, latency_s)
        return True

    # ---- state -------------------------------------------------------------------------------------------------------

    def reset(self):
        """Back to the first pick: cursor, draws and load as new, every node up. The nodes, weights and slots stay."""
        self.enter()
        try:
            if self.n:
                up = np.ones(self.n, np.uint8)
                made = self.prepare(self.names, self.weight, up, False)
                self.shut()
                self.is_up, self.made = up, made
                self.now_s, self.ahead_s, self.elsewhere = 0, 0, False
                if self.by_load:
                    self.load[:] = 0
                self.rewind()
                self.marked()
                self.reopen()
        finally:
            self.leave()

    def copy(self):
        """An independent selector in the same state: the two go on with the same picks.

        So are the attributes of a subclass in Python: they are copied with `copy.deepcopy`.
        """
        return self.__deepcopy__({})

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        cdef Selector other = type(self).__new__(type(self))
        memo[id(self)] = other      # an attribute may lead back here
        state = self.__getstate__()
        if "attributes" in state:
            state["attributes"] = deepcopy(state["attributes"], memo)
        other.__setstate__(state)
        other.ahead_s, other.elsewhere = self.ahead_s, self.elsewhere
        return other

    def __reduce__(self):
        return __newobj__, (type(self),), self.__getstate__()

    def __getstate__(self):
        self.enter()
        try:
            if not self.n:
                return {}
            state = {"nodes": self.names, "weights": np.array(self.weight), "up": np.array(self.is_up)}
            if self.by_load:
                state["load"] = np.array(self.load)
            if self.key_hash is not None:
                state["key_hash"] = self.key_hash
            if self.clock is not None:
                state["clock"], state["now_s"] = self.clock, self.now_s
            if getattr(self, "__dict__", None):     # a subclass in Python
                state["attributes"] = dict(self.__dict__)
            return {**state, **self.more_state()}
        finally:
            self.leave()

    def __setstate__(self, dict state not None):
        if not state:
            return
        names = names_of(state["nodes"])
        up = np.array(state["up"]).astype(np.bool_).astype(np.uint8)
        if up.shape != (len(names),):
            raise ValueError("state: up and nodes differ in length")
        weights = weights_of(state["weights"], len(names))
        clock, now_s = state.get("clock"), seconds_of(state.get("now_s", 0.0), "state")
        clock = None if clock is None else clock_of(clock)
        self.enter()
        try:
            if self.n:
                raise TypeError("state: only a new selector takes one")
            self.shut()
            self.assign(names, weights, up)
            if self.by_load:
                self.load = of_nodes(self, state["load"], "load")
            self.key_hash, self.clock, self.now_s = key_hash_of(state.get("key_hash")), clock, now_s
            self.elsewhere = clock is not None
            self.restore(state)
            self.reopen()
        finally:
            self.leave()
        if "attributes" in state:
            self.__dict__.update(state["attributes"])

    def __repr__(self):
        cdef int32_t i
        self.enter()
        try:
            numbered = self.n == 0 or self.names == tuple([f"node-{i}" for i in range(self.n)])
            parts = [str(self.n) if numbered else name_list(self.names)] + self.more_repr()
            down = [self.names[i] for i in range(self.n) if not self.is_up[i]]
        finally:
            self.leave()
        text = f"{type(self).__name__}({', '.join(parts)})"
        return f"<{text}, down: {', '.join(down[:6])}{', ...' if len(down) > 6 else ''}>" if down else text

    # ---- for the families --------------------------------------------------------------------------------------------

    cdef int check_caller(self) except -1:
        """Refuses a call from inside a call of the same selector, which would wait for its own lock for ever."""
        if self.holder == PyThread_get_thread_ident():
            raise RuntimeError(
                f"this {type(self).__name__} is at work: neither its own functions (such as points, table or inner) "
                f"nor a __del__ may call it"
            )
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

    cdef begin(self, nodes, weights):
        """Checks the arguments of a constructor, then takes them; the constructor ends with `ready`."""
        names = names_of(nodes)
        weights = weights_of(weights, len(names))
        self.enter(True)
        try:
            self.start_with(names, weights)
        finally:
            self.leave()

    cdef start_with(self, tuple names, weights):
        """`begin` with the lock held, for who must ask the user's functions before anything changes."""
        self.shut()
        self.assign(names, weights, np.ones(len(names), np.uint8))
        self.now_s, self.ahead_s, self.elsewhere, self.clock, self.key_hash = 0, 0, False, None, None
        if self.by_load:
            self.load = np.zeros(len(names), np.int64)

    cdef ready(self):
        self.enter(True)
        try:
            self.reopen()
        finally:
            self.leave()

    cdef assign(self, tuple names, weights, up):
        self.index_of = {name: i for i, name in enumerate(names)}
        live, is_live = np.empty(len(names), np.int32), np.empty(len(names), np.uint8)
        self.names, self.weight, self.is_up, self.live, self.is_live = names, weights, up, live, is_live
        self.n = len(names)
        self.by_key, self.by_load = type(self).keyed, self.counts()
        self.refresh()

    cdef bint counts(self) noexcept:
        """Whether `load` is kept. `keeps_load` says so too, but anybody may write that."""
        return False

    cdef object prepare(self, tuple names, weights, up, bint other_nodes):
        """What the user's own functions, checked, make of these nodes before anything changes; `made` holds it then."""
        return None

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

    cdef Py_ssize_t find(self, node, str argument) except -1:
        """The index of a node that has been through `node_of`."""
        if isinstance(node, str):
            if not self.n or node not in self.index_of:
                raise ValueError(f"{argument}: {short(node)} is not a node of {name_list(self.names or ())}")
            return self.index_of[node]
        if not 0 <= node < self.n:
            raise IndexError(f"{argument}: {node} is not an index of {self.n} nodes")
        return node

    cdef check_add(self, int64_t w):
        if w != 1:
            raise ValueError(f"weight: {type(self).__name__} has no weights; every node counts 1")

    cdef check_remove(self, int32_t i):
        pass

    cdef int32_t pick(self) noexcept nogil:
        return -1

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        return -1

    cdef void pick_many(self, int32_t* out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        with self.lock:
            for i in range(m):
                out[i] = self.pick()

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        with self.lock:
            for i in range(m):
                out[i] = self.place(hashes[i])

    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        pass

    cdef marked(self):
        pass

    cdef rewind(self):
        pass

    cdef reshape(self, int32_t removed):
        pass

    cdef dict more_state(self):
        return {}

    cdef restore(self, dict state):
        pass

    cdef list more_repr(self):
        return []


cdef object of_nodes(Selector selector, values, str name):
    """One int64 for each node, from a pickled state."""
    array = np.array(values, dtype=np.int64)
    if array.shape != (selector.n,):
        raise ValueError(f"state: {name} and nodes differ in length")
    return array


cdef str weights_repr(Selector selector):
    values = np.asarray(selector.weight[:6]).tolist() if selector.n else []
    return "[" + ", ".join(map(str, values)) + (", ...]" if selector.n > 6 else "]")
