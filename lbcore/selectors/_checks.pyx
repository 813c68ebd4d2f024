"""The checks at the door: every argument is turned into what the core computes with, or refused by name."""

from operator import index

import numpy as np

from libc.stdint cimport int64_t, uint64_t


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


cdef object plain_list(value):
    """An array as a list, whatever a subclass of it says of its length and places; all else as it is."""
    return np.asarray(value).tolist() if isinstance(value, np.ndarray) else value


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


cdef Py_ssize_t index_in(tuple names, dict index_of, node, str argument) except -1:
    """The index of a node that has been through `node_of`. index_of: of each name."""
    if isinstance(node, str):
        if node not in index_of:
            raise ValueError(f"{argument}: {short(node)} is not a node of {name_list(names)}")
        return index_of[node]
    if not 0 <= node < len(names):
        raise IndexError(f"{argument}: {node} is not an index of {len(names)} nodes")
    return node


cdef tuple names_of(nodes):
    """The names that `nodes` (a number or names) stands for."""
    if isinstance(nodes, (str, bytes, set, frozenset, dict)):
        raise TypeError(f"nodes: {short(nodes)} is of type {type(nodes).__name__}; give a list of names, or a number")
    if isinstance(nodes, (list, tuple)) or isinstance(nodes, np.ndarray) and nodes.ndim:
        names = tuple([name_of(name, f"nodes[{i}]") for i, name in enumerate(plain_list(nodes))])
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
    weights = list(plain_list(weights))     # a list could change under us
    if len(weights) != n:
        raise ValueError(f"weights: {len(weights)} weights for {n} nodes")
    result = np.array([weight_of(w, f"weights[{i}]") for i, w in enumerate(weights)], dtype=np.int64)
    total = sum(result.tolist())
    if total == 0:
        raise ValueError("weights: every weight is zero; one must be above")
    if total > MAX_WEIGHT:
        raise ValueError(f"weights: they add up to {total}; their sum must stay below 2^31")
    return result


cdef object limits_of(given, str argument, Py_ssize_t n):
    """A limit of each node: int64, shape (n,), from one number for all or from one for each, 0 to 2^31 - 1."""
    if isinstance(given, (list, tuple)) or isinstance(given, np.ndarray) and given.ndim:
        if len(given) != n:
            raise ValueError(f"{argument}: {len(given)} values for {n} nodes")
        each = list(given)
    else:
        each = [given] * n
    values = [int_of(value, argument, "give whole numbers") for value in each]
    for value in values:
        if not 0 <= value <= MAX_LIMIT:
            raise ValueError(f"{argument}: {value} is outside 0 to 2^31 - 1")
    return np.array(values, np.int64)


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


cdef tuple picks_array(out, Py_ssize_t m):
    """Where the picks go, and what is returned of it: a new array, or the front of `out`.

    The first is a plain array: what one of a subclass says of itself, its length too, need not be so.
    """
    if out is None:
        picks = np.empty(m, np.int32)
        return picks, picks
    if not isinstance(out, np.ndarray) or out.dtype != np.int32:
        raise TypeError(f"out: an int32 array is needed, not {getattr(out, 'dtype', type(out).__name__)}")
    plain = np.asarray(out)
    if plain.dtype != np.int32 or not plain.dtype.isnative:
        raise TypeError("out: an int32 array in this machine's byte order is needed")
    if plain.ndim != 1:
        raise ValueError(f"out: a 1-D array is needed, not {plain.ndim}-D")
    if not plain.flags.c_contiguous or not plain.flags.aligned:
        raise ValueError("out: a contiguous array is needed, not a strided view")
    if not plain.flags.writeable:
        raise ValueError("out: the array is read-only")
    if plain.shape[0] < m:
        raise ValueError(f"out: {plain.shape[0]} places for {m} requests")
    return plain[:m], out[:m]


cdef object flags_of(ok, Py_ssize_t m, bint many):
    """Whether each of m requests succeeded: uint8, shape (m,)."""
    if isinstance(ok, (bool, np.bool_)):
        return np.full(m, ok, np.uint8)
    flags = np.array(array_of(ok, "ok"))
    if not many or flags.ndim != 1 or flags.size and flags.dtype != np.bool_:
        raise TypeError(f"ok: {short(ok)} is not True or False" + (" for each request" if many else ""))
    if flags.size != m:
        raise ValueError(f"ok: {flags.size} answers for {m} requests")
    return flags.astype(np.uint8)


cdef object latencies_of(latency_s, Py_ssize_t m, bint many):
    """How long each of m requests took: float64, shape (m,); -1 where that is not known."""
    if latency_s is None:
        return np.full(m, -1.0)
    try:
        values = np.array(latency_s, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"latency_s: {short(latency_s)} is not a number of seconds") from None
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError(f"latency_s: {short(latency_s)}; a latency is finite and not below zero")
    if values.ndim == 0:
        return np.full(m, values)
    if not many or values.shape != (m,):
        raise ValueError(f"latency_s: an array of shape {values.shape} for {m} request{'s' if many else ''}")
    return values


cdef double seconds_of(value, str argument) except -1:
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise TypeError(f"{argument}: {short(value)} is not a number of seconds")
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{argument}: {short(value)} is not a number of seconds") from None
    if not 0 <= seconds < np.inf:
        raise ValueError(f"{argument}: {short(value)}; a time in seconds is finite and not below zero")
    return seconds


cdef double moment_of(value, str argument) except -1:
    """What a clock shows, whose whole seconds are computed with in 64 bits."""
    cdef double now_s = seconds_of(value, argument)
    if now_s > latest_s():
        raise ValueError(f"{argument}: {short(value)}; a time in seconds is below 2^62")
    return now_s


cdef object clock_of(clock):
    if not callable(clock):
        raise TypeError(f"clock: {short(clock)} cannot be called; give a function such as time.monotonic")
    return clock
