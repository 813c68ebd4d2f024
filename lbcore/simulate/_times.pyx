"""How times are given to the queue simulation: listed, or as the kind and the constants of a shape."""

import numpy as np

cdef dict KINDS = {
    "exponential": EXPONENTIAL,
    "constant": CONSTANT,
    "pareto": PARETO,
    "bursty": BURSTY,
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
