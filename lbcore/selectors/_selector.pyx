"""Which node gets this request? Picking one, picking many, and the end of a request: the same for every family."""

import numpy as np

from libc.stdint cimport int32_t, uint8_t, uint64_t

from lbcore.selectors cimport _hashes
from lbcore.selectors._checks cimport (
    array_of, count_of, flags_of, latencies_of, latest_s, moment_of, node_of, picks_array, plain_list, short,
)
from lbcore.selectors._keys cimport hash_key, hash_keys, key_words
from lbcore.selectors._pickle cimport Pickled
from lbcore.selectors._state cimport alone, batch_begins, batch_ends
from lbcore.selectors.errors import AllFull

cdef enum:
    CHUNK = 1024                # integer keys hashed at a time: 8 kB, which stays in the nearest cache


cdef class Selector(Pickled):
    """Which node gets this request? The base of every selector; it has no algorithm of its own.

    Nodes are given as a list of names, or as a number n for `node-0` to `node-(n-1)`. Every selector is safe to share
    between threads: no pick is lost or doubled. A function that a selector is given (`points`, `table`, `inner`) must
    not call that selector, nor may a `__del__`: where the call would have to wait for itself, it is a RuntimeError.
    A process that `os.fork` makes while a thread is in a call has that selector locked for ever: fork before threads
    share one, or send a pickle, as `multiprocessing` does.
    """

    def __init__(self):
        raise TypeError("Selector has no algorithm: use one of its families, such as RoundRobin(3)")

    def select(self, key=None, *, avoid=()):
        """The index of the node for one request.

        key: str, bytes or int for a keyed selector, None for the others. avoid: nodes that were tried already.
        Raises LookupError where no node is left; by a rule whose requests wait AllFull, which is one, where all are
        full; TypeError for a missing, superfluous or unsuitable key.
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
            if alone(self):     # a lock would cost as much again as the call
                node = self.place(h) if self.by_key else self.pick()
            else:
                with self.lock:
                    node = self.place(h) if self.by_key else self.pick()
        else:
            node = self.select_other(h, avoid)
        if node < 0:
            if self.all_full():
                raise AllFull(f"every node is full: {self!r}")
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
        given = [node_of(other, "avoid") for other in plain_list(avoid)]
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
        cdef int32_t[::1] view
        view, picks = picks_array(out, m)
        if m:
            if self.clock is not None:
                self.tell_time()
            self.check_caller()
            batch_begins(self)
            with nogil:
                self.pick_many(&view[0], m)
            batch_ends(self)
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
        view, picks = picks_array(out, m)
        if m == 0:
            return picks
        if self.clock is not None:
            self.tell_time()
        self.check_caller()
        batch_begins(self)
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
        batch_ends(self)
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
        cdef double now_s
        clock = self.clock
        if clock is None:       # since the caller looked, another thread has called the constructor
            return
        now_s = moment_of(clock(), "clock")
        self.check_caller()
        with self.lock:
            if self.elsewhere:      # another machine's clock may show less; there, time would stand still
                self.ahead_s, self.elsewhere = max(0.0, self.now_s - now_s), False
            self.now_s = max(self.now_s, min(now_s + self.ahead_s, latest_s()))

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
                    send(self, nodes[j])
                raise ValueError(f"node: {self.names[nodes[i]]!r} has no more requests in flight to release")
            self.load[nodes[i]] -= 1
            self.flying -= 1

    cdef bint finish(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        if self.by_load:
            if self.load[node] == 0:
                return False
            self.load[node] -= 1
            self.flying -= 1
        self.ended(node, ok, latency_s)
        return True

    cdef bint all_full(self) noexcept nogil:
        return False

    cdef bint asks_anyway(self) noexcept nogil:
        return False

    cdef bint accept_at(self, int32_t node) noexcept nogil:
        return False

    # ---- for the families --------------------------------------------------------------------------------------------

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

    cdef Ends hears(self) noexcept nogil:
        return EVERYWHERE if self.by_load else NEVER
