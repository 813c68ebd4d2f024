"""Rules that several families share: smooth turns by weight, and the least loaded for its weight. As in NGINX."""

from libc.stdint cimport int32_t, int64_t


cdef inline int32_t smooth_turn(
    const int32_t* among, int32_t n, const int64_t* earns, int64_t* credit
) noexcept nogil:
    """Of n nodes, 1 or more, each earns; the first of the richest serves, and pays what all have earned."""
    cdef int32_t k, i, best = among[0]
    cdef int64_t total = 0
    for k in range(n):
        i = among[k]
        credit[i] += earns[i]
        total += earns[i]
        if credit[i] > credit[best]:
            best = i
    credit[best] -= total
    return best


cdef inline int32_t least_loaded(
    const int32_t* among, int32_t n, const int64_t* load, const int64_t* weight, int32_t* equals
) noexcept nogil:
    """Of n nodes, 1 or more: how many share the least load over weight. They are listed in `equals`, in their order."""
    cdef int32_t k, i, best = among[0], many = 1
    cdef int64_t mine, others
    equals[0] = best
    for k in range(1, n):
        i = among[k]
        mine, others = load[i] * weight[best], load[best] * weight[i]
        if mine < others:
            best = i
            many = 0
        if mine <= others:
            equals[many] = i
            many += 1
    return many
