"""The contract of a selector: nodes, weights, who is up, one lock, and the checks at the door.

Three layers. The `def` methods check what they are given and raise. The `cdef ... noexcept nogil` methods compute and
cannot fail. The `.pxd` files declare. A family (round_robin.pyx, randomized.pyx, ...) fills in `pick` or `place`, and
overrides the whole batch where that pays.
"""

from copyreg import __newobj__
from operator import index

import numpy as np

from cpython.long cimport PyLong_AsUnsignedLongLongMask
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int32_t, int64_t, uint64_t

from lbcore.selectors cimport _hashes

MAX_NODES = 1 << 20
MAX_WEIGHT = (1 << 31) - 1      # of all nodes together
MAX_BATCH = (1 << 31) - 1       # requests in one call

cdef enum:
    CHUNK = 1024                # integer keys hashed at a time: 8 kB, which stays in the nearest cache


cdef class Selector:
    """Which node gets this request? The base of every selector; it has no algorithm of its own.

    Nodes are given as a list of names, or as a number n for `node-0` to `node-(n-1)`. Every selector is safe to share
    between threads: no pick is lost or doubled.
    """

    keyed = False

    def __init__(self):
        raise TypeError("Selector has no algorithm: use one of its families, such as RoundRobin(3)")

    # ---- nodes -------------------------------------------------------------------------------------------------------

    @property
    def nodes(self):
        """The nodes' names, in the order of their indices."""
        with self.lock:
            return self.names if self.n else ()

    @property
    def weights(self):
        """The nodes' weights: int64, shape (nodes,), a copy; all ones where the algorithm has none."""
        with self.lock:
            return np.array(self.weight, dtype=np.int64) if self.n else np.empty(0, np.int64)

    @property
    def up(self):
        """Which nodes are up: bool, shape (nodes,), a copy. Change it through `mark_down` and `mark_up`."""
        with self.lock:
            return np.array(self.is_up, dtype=np.bool_) if self.n else np.empty(0, np.bool_)

    def mark_down(self, node):
        """Give `node` (a name or an index) no more requests until `mark_up`. Only its own traffic moves."""
        self._mark(node, 0)

    def mark_up(self, node):
        """Give `node` (a name or an index) its share of the requests again."""
        self._mark(node, 1)

    def _mark(self, node, bint up):
        cdef Py_ssize_t i
        node = node_of(node, "node")
        with self.lock:
            i = self.find(node, "node")
            self.is_up[i] = up
            self.refresh()

    def add(self, node, weight=1):
        """Add a node at the end.

        Raises TypeError for a name that is not text, ValueError for a name that is taken, for a weight below zero or
        one that brings the sum to 2^31, and for a weight other than 1 where the algorithm has no weights.
        """
        cdef str name = name_of(node, "node")
        cdef int64_t w = weight_of(weight, "weight")
        cdef int64_t total
        with self.lock:
            if name in self.index_of:
                raise ValueError(f"node: {name!r} is a node already")
            if self.n == MAX_NODES:
                raise ValueError(f"node: a selector holds at most {MAX_NODES} nodes")
            self.check_add(w)
            total = w + np.sum(self.weight)
            if total > MAX_WEIGHT:
                raise ValueError(f"weight: the weights would add up to {total}; their sum must stay below 2^31")
            weights, up = np.append(self.weight, np.int64(w)), np.append(self.is_up, np.uint8(1))
            self.assign(self.names + (name,), weights, up)
            self.reshape(-1)

    def remove(self, node):
        """Take a node out; the indices behind it move down by one.

        Raises ValueError for an unknown name or the last node, IndexError for an index out of range.
        """
        cdef int32_t i
        node = node_of(node, "node")
        with self.lock:
            i = self.find(node, "node")
            if self.n == 1:
                raise ValueError(f"node: {self.names[i]!r} is the only node; a selector needs one")
            weights = np.delete(self.weight, i)
            if not weights.any():
                raise ValueError(f"node: without {self.names[i]!r} every weight would be zero")
            self.assign(self.names[:i] + self.names[i + 1:], weights, np.delete(self.is_up, i))
            self.reshape(i)

    # ---- picking -----------------------------------------------------------------------------------------------------

    def select(self, key=None, *, avoid=()):
        """The index of the node for one request.

        key: str, bytes or int for a keyed selector, None for the others. avoid: nodes that were tried already.
        Raises LookupError where no node is left, TypeError for a missing, superfluous or unsuitable key.
        """
        cdef uint64_t h = 0
        cdef int32_t node
        if self.by_key:
            if key is None:
                raise TypeError(f"key: {type(self).__name__} selects by key; call select(key)")
            h = hash_key(key, -1)
        elif key is not None:
            raise TypeError(f"key: {type(self).__name__} takes no key; call select()")
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
        cdef list given, avoided = []
        scalar = isinstance(avoid, (str, bytes)) or isinstance(avoid, np.ndarray) and avoid.ndim == 0
        if scalar or not hasattr(avoid, "__iter__"):
            raise TypeError(f"avoid: {short(avoid)} is of type {type(avoid).__name__}; give a list of nodes")
        given = [node_of(other, "avoid") for other in avoid]
        with self.lock:
            given = [self.find(other, "avoid") for other in given]
            for i in given:
                if self.is_up[i]:
                    self.is_up[i] = 0
                    avoided.append(i)
            self.refresh()
            node = self.place(h) if self.by_key else self.pick()
            for i in avoided:
                self.is_up[i] = 1
            self.refresh()
        return node

    def select_many(self, requests, *, out=None):
        """The nodes of many requests at once: exactly the picks of as many calls of `select()`, faster.

        requests: how many, or for a keyed selector the keys (a list of str, bytes or int, or a 1-D integer array).
        out: a writable, contiguous 1-D int32 array of at least as many places, filled at the front and returned up to
        there; else a new array. Returns int32, shape (requests,): indices, or -1 where no node is up. Releases the GIL.
        """
        if self.by_key:
            return self.select_keys(requests, out)
        cdef Py_ssize_t m = count_of(requests, type(self).__name__)
        picks = picks_array(out, m)
        cdef int32_t[::1] view = picks
        if m:
            with nogil:
                self.pick_many(&view[0], m)
        return picks

    cdef select_keys(self, keys, out):
        cdef Py_ssize_t m, done, k, i
        cdef uint64_t chunk[CHUNK]
        cdef const uint64_t[::1] given
        cdef int32_t[::1] view
        cdef bint hashed = not isinstance(keys, np.ndarray) or keys.dtype.kind not in "iu"
        given = hash_keys(keys, type(self).__name__) if hashed else key_words(keys)
        m = given.shape[0]
        if isinstance(keys, np.ndarray) and out is not None and np.may_share_memory(keys, out):
            raise ValueError("out: shares its memory with the keys")
        picks = picks_array(out, m)
        view = picks
        if m == 0:
            return picks
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

    def release(self, node, ok=True, latency_s=None):
        """A request at `node` has ended.

        node: a name, an index, or an integer array of indices, one for each request that ended. ok: whether it
        succeeded. latency_s: how long it took in seconds, 0 or more. Selectors that keep no load ignore it.
        Raises ValueError where a node has fewer requests in flight than that, before any is released.
        """
        check_latency(latency_s)
        many = isinstance(node, (list, tuple)) or isinstance(node, np.ndarray) and node.ndim > 0
        if many:
            node = array_of(node, "node")
            if node.ndim != 1 or node.size and node.dtype.kind not in "iu":
                raise TypeError("node: an array of nodes must be 1-D and of integers")
        else:
            node = node_of(node, "node")
        with self.lock:
            if not many:
                node = np.array([self.find(node, "node")])
            elif node.size and (node.min() < 0 or node.max() >= self.n):
                raise IndexError(f"node: an index in the array is outside 0 to {self.n - 1}")
            self.ended(np.ascontiguousarray(node, dtype=np.int32))

    # ---- state -------------------------------------------------------------------------------------------------------

    def reset(self):
        """Back to the first pick: cursor, draws and load as new, every node up. The nodes, weights and slots stay."""
        with self.lock:
            if self.n:
                self.is_up[:] = 1
                self.refresh()
                self.rewind()

    def copy(self):
        """An independent selector in the same state: the two go on with the same picks."""
        other = type(self).__new__(type(self))
        other.__setstate__(self.__getstate__())
        return other

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        return __newobj__, (type(self),), self.__getstate__()

    def __getstate__(self):
        with self.lock:
            if not self.n:
                return {}
            weights, up = np.array(self.weight), np.array(self.is_up)
            return {"nodes": self.names, "weights": weights, "up": up, **self.more_state()}

    def __setstate__(self, state):
        if not state:
            return
        with self.lock:
            names = names_of(state["nodes"])
            up = np.array(state["up"], dtype=np.uint8)
            if up.shape != (len(names),):
                raise ValueError("state: up and nodes differ in length")
            self.assign(names, weights_of(state["weights"], len(names)), up)
            self.restore(state)

    def __repr__(self):
        cdef int32_t i
        with self.lock:
            numbered = self.n == 0 or self.names == tuple([f"node-{i}" for i in range(self.n)])
            parts = [str(self.n) if numbered else name_list(self.names)] + self.more_repr()
            down = [self.names[i] for i in range(self.n) if not self.is_up[i]]
        text = f"{type(self).__name__}({', '.join(parts)})"
        return f"<{text}, down: {', '.join(down[:6])}{', ...' if len(down) > 6 else ''}>" if down else text

    # ---- for the families --------------------------------------------------------------------------------------------

    cdef begin(self, nodes, weights):
        """Checks the arguments of a constructor, then takes them."""
        names = names_of(nodes)
        weights = weights_of(weights, len(names))
        with self.lock:
            self.assign(names, weights, np.ones(len(names), np.uint8))

    cdef assign(self, tuple names, weights, up):
        self.index_of = {name: i for i, name in enumerate(names)}
        live, is_live = np.empty(len(names), np.int32), np.empty(len(names), np.uint8)
        self.names, self.weight, self.is_up, self.live, self.is_live = names, weights, up, live, is_live
        self.n = len(names)
        self.by_key = type(self).keyed
        self.refresh()

    cdef refresh(self):
        """Lists the live nodes anew; after every change of `is_up`."""
        cdef int32_t i
        self.n_live = 0
        for i in range(self.n):
            self.is_live[i] = self.is_up[i] and self.weight[i] > 0
            if self.is_live[i]:
                self.live[self.n_live] = i
                self.n_live += 1

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

    cdef ended(self, const int32_t[::1] nodes):
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


# ---- checks ----------------------------------------------------------------------------------------------------------

cdef object int_of(value, str argument, str wanted):
    """An integer that is no bool, as a Python int."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{argument}: {value!r} is a bool; {wanted}")
    try:
        return index(value)
    except TypeError:
        raise TypeError(f"{argument}: {short(value)} is of type {type(value).__name__}; {wanted}") from None


cdef object array_of(value, str argument):
    try:
        return np.asarray(value)
    except ValueError:
        raise TypeError(f"{argument}: {short(value)} is no array: its rows differ in length") from None


cdef str short(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


cdef str name_list(names):
    return "[" + ", ".join(map(repr, names[:6])) + (", ...]" if len(names) > 6 else "]")


cdef object node_of(node, str argument):
    """A node given by name or index, as a plain str or int: no foreign code runs once the lock is held."""
    if isinstance(node, str):
        return str(node)
    return int_of(node, argument, "a node is given by its name or its index")


cdef str name_of(name, str argument):
    if not isinstance(name, str):
        raise TypeError(f"{argument}: {short(name)} is of type {type(name).__name__}; a node's name is text")
    if not name:
        raise ValueError(f"{argument}: a node's name cannot be empty")
    return str(name)


cdef tuple names_of(nodes):
    """The names that `nodes` (a number or names) stands for."""
    if isinstance(nodes, (str, bytes, set, frozenset, dict)):
        raise TypeError(f"nodes: {short(nodes)} is of type {type(nodes).__name__}; give a list of names, or a number")
    if isinstance(nodes, (list, tuple)) or isinstance(nodes, np.ndarray) and nodes.ndim:
        names = tuple([name_of(name, f"nodes[{i}]") for i, name in enumerate(nodes)])
        if len(names) > MAX_NODES:
            raise ValueError(f"nodes: {len(names)} are too many; a selector holds at most {MAX_NODES}")
    else:
        n = int_of(nodes, "nodes", "give a list of names, or a number")
        if n > MAX_NODES:
            raise ValueError(f"nodes: {n} are too many; a selector holds at most {MAX_NODES}")
        names = tuple([f"node-{i}" for i in range(n)])
    if not names:
        raise ValueError(f"nodes: {short(nodes)} gives no node; a selector needs one")
    if len(set(names)) < len(names):
        seen = set()
        twice = next(name for name in names if name in seen or seen.add(name))
        raise ValueError(f"nodes: {twice!r} is given twice; names must differ")
    return names


cdef int64_t weight_of(weight, str argument) except -1:
    if isinstance(weight, (float, np.floating)):
        raise ValueError(f"{argument}: {weight!r} is not an integer; a weight is an integer of 0 or more")
    w = int_of(weight, argument, "a weight is an integer of 0 or more")
    if w < 0:
        raise ValueError(f"{argument}: {w} is below zero; a weight is an integer of 0 or more")
    if w > MAX_WEIGHT:
        raise ValueError(f"{argument}: {w} is too large; the weights must add up to less than 2^31")
    return w


cdef object weights_of(weights, Py_ssize_t n):
    """A new int64 array of the weights; all ones for None."""
    if weights is None:
        return np.ones(n, np.int64)
    if isinstance(weights, (str, bytes, set, frozenset, dict)) or not hasattr(weights, "__len__"):
        raise TypeError(f"weights: {short(weights)} is of type {type(weights).__name__}; give a list of integers")
    if array_of(weights, "weights").ndim != 1:
        raise TypeError(f"weights: {short(weights)} is not a flat list of integers")
    if len(weights) != n:
        raise ValueError(f"weights: {len(weights)} weights for {n} nodes")
    result = np.array([weight_of(w, f"weights[{i}]") for i, w in enumerate(weights)], dtype=np.int64)
    total = sum(result.tolist())
    if total == 0:
        raise ValueError("weights: every weight is zero; one must be above")
    if total > MAX_WEIGHT:
        raise ValueError(f"weights: they add up to {total}; their sum must stay below 2^31")
    return result


cdef uint64_t seed_of(seed) except? 0:
    """64 bits from a seed: an int, a numpy Generator (one draw), or None (fresh entropy)."""
    if seed is None:
        seed = np.random.SeedSequence().generate_state(1, np.uint64)[0]
    elif isinstance(seed, np.random.Generator):
        seed = seed.integers(0, 1 << 64, dtype=np.uint64)
    value = int_of(seed, "seed", "a seed is an integer, a numpy Generator or None")
    if not 0 <= value < 1 << 64:
        raise ValueError(f"seed: {value} is outside 0 to 2^64 - 1")
    return value


cdef Py_ssize_t count_of(requests, str name) except -1:
    if isinstance(requests, (str, bytes, list, tuple)) or isinstance(requests, np.ndarray) and requests.ndim:
        raise TypeError(f"requests: {name} takes no keys; give the number of requests")
    m = int_of(requests, "requests", "give the number of requests")
    if m < 0:
        raise ValueError(f"requests: {m} is below zero")
    if m > MAX_BATCH:
        raise ValueError(f"requests: {m} is more than one batch holds ({MAX_BATCH})")
    return m


cdef object picks_array(out, Py_ssize_t m):
    """Where the picks go: a new array, or the front of `out`."""
    if out is None:
        return np.empty(m, np.int32)
    if not isinstance(out, np.ndarray) or out.dtype != np.int32:
        raise TypeError(f"out: an int32 array is needed, not {getattr(out, 'dtype', type(out).__name__)}")
    if not out.dtype.isnative:
        raise TypeError("out: an int32 array in this machine's byte order is needed")
    if out.ndim != 1:
        raise ValueError(f"out: a 1-D array is needed, not {out.ndim}-D")
    if not out.flags.c_contiguous or not out.flags.aligned:
        raise ValueError("out: a contiguous array is needed, not a strided view")
    if not out.flags.writeable:
        raise ValueError("out: the array is read-only")
    if out.shape[0] < m:
        raise ValueError(f"out: {out.shape[0]} places for {m} requests")
    return out[:m]


cdef check_latency(latency_s):
    if latency_s is None:
        return
    try:
        values = np.asarray(latency_s, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"latency_s: {short(latency_s)} is not a number of seconds") from None
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError(f"latency_s: {short(latency_s)}; a latency is finite and not below zero")


# ---- keys ------------------------------------------------------------------------------------------------------------

cdef uint64_t hash_key(key, Py_ssize_t i) except? 0:
    """The 64-bit hash of one key (number i of many, or -1 for the only one): xxHash64 with seed 0.

    A str is hashed as its UTF-8 bytes, an int as its eight little-endian bytes modulo 2^64.
    """
    cdef Py_ssize_t size
    cdef const char* text
    if isinstance(key, str):
        try:
            text = PyUnicode_AsUTF8AndSize(key, &size)
        except UnicodeEncodeError:
            raise ValueError(f"{key_name(i)}: {short(key)} has a lone surrogate, which UTF-8 cannot hold") from None
        return _hashes.xxh64(<const unsigned char*>text, size, 0)
    if type(key) is int:
        return _hashes.xxh64_word(PyLong_AsUnsignedLongLongMask(key))
    if isinstance(key, bytes):
        return _hashes.xxh64(<const unsigned char*><bytes>key, len(<bytes>key), 0)
    value = int_of(key, key_name(i), "a key is str, bytes or int")
    return _hashes.xxh64_word(PyLong_AsUnsignedLongLongMask(value))


cdef str key_name(Py_ssize_t i):
    return "key" if i < 0 else f"requests[{i}]"


cdef object hash_keys(keys, str name):
    """The hashes of a list of keys, all checked before the first is used."""
    cdef Py_ssize_t i
    cdef uint64_t[::1] hashes
    if isinstance(keys, np.ndarray) and keys.ndim == 1 and keys.dtype.kind in "OUS":
        keys = keys.tolist()
    if not isinstance(keys, (list, tuple)):
        what = f"a {keys.ndim}-D array of {keys.dtype}" if isinstance(keys, np.ndarray) else type(keys).__name__
        raise TypeError(f"requests: {name} selects by key; give a list of keys or a 1-D integer array, not {what}")
    keys = tuple(keys)      # a list could change under us
    result = np.empty(len(keys), np.uint64)
    hashes = result
    for i, key in enumerate(keys):
        hashes[i] = hash_key(key, i)
    return result


cdef object key_words(keys):
    """An integer array's keys as 64-bit words: int64 is viewed, narrower types are widened with their sign."""
    if keys.ndim != 1:
        raise TypeError(f"requests: a 1-D array of keys is needed, not {keys.ndim}-D")
    wide = np.uint64 if keys.dtype.kind == "u" else np.int64
    return np.ascontiguousarray(keys, dtype=wide).view(np.uint64)
