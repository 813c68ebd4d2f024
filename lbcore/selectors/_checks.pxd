"""What the families check their arguments with. Each raises an error whose message starts with the argument's name."""

from libc.stdint cimport int64_t, uint64_t

cdef enum:
    MAX_NODES = 1 << 20
    MAX_WEIGHT = 0x7FFFFFFF         # of all nodes together
    MAX_BATCH = 0x7FFFFFFF          # requests in one call
    MAX_LIMIT = 0x7FFFFFFF          # of what one node may have


cdef object int_of(value, str argument, str wanted)
cdef object array_of(value, str argument)
cdef object plain_list(value)
cdef str short(value)
cdef str name_list(names)
cdef object node_of(node, str argument)
cdef str name_of(name, str argument)
cdef Py_ssize_t index_in(tuple names, dict index_of, node, str argument) except -1
cdef tuple names_of(nodes)
cdef int64_t weight_of(weight, str argument) except -1
cdef object weights_of(weights, Py_ssize_t n)
cdef object limits_of(given, str argument, Py_ssize_t n)
cdef uint64_t seed_of(seed) except? 0
cdef Py_ssize_t count_of(requests, str name) except -1
cdef tuple picks_array(out, Py_ssize_t m)
cdef object flags_of(ok, Py_ssize_t m, bint many)
cdef object latencies_of(latency_s, Py_ssize_t m, bint many)
cdef double seconds_of(value, str argument) except -1
cdef double moment_of(value, str argument) except -1
cdef object clock_of(clock)


cdef inline double latest_s() noexcept nogil:
    """The last moment below 2^62 s: a sum of two still has its whole seconds in 64 bits."""
    return 4611686018427387392.0
