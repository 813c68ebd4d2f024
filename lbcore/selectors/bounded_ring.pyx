"""A ring on which a hot key cannot overload its node.

The problem: consistent hashing sends every request of a key to one node, however many there are. The idea: a node with
clearly more than the mean in flight takes no more, and the request walks on to the next node with room (Mirrokni,
Thorup and Zadimoghaddam 2018). The cost: a count for each node, and a key that is spread over several nodes while it is
hot. HAProxy has it as `hash-balance-factor`, Envoy as `hash_balance_factor`.
"""

import numpy as np

from libc.stdint cimport int32_t, uint64_t

from lbcore.selectors._checks cimport short
from lbcore.selectors._columns cimport Columns
from lbcore.selectors._hashes cimport mulhi
from lbcore.selectors._selector cimport Selector, send
from lbcore.selectors.ring cimport HashRing


cdef class BoundedRing(HashRing):
    """A ring that passes a request on when its node has more than its share: no node runs far above the mean.

    nodes, weights, virtual_nodes and the parameters behind them: as of HashRing. eps: how far above, rounded to
    millionths, above 0 and up to 1000. Of m requests in flight, this one counted, a node that already holds
    ceil((1 + eps) m w / W) or more is not picked, w being its weight and W the sum of those that are up; the request
    goes on to the next point of a node with room, which there always is. A request is in flight from its pick until
    `release`.

    >>> ring = BoundedRing(3, eps=0.5)
    >>> ring.select_many(["ann", "ann", "ann", "ann"]).tolist()
    [1, 0, 1, 0]
    >>> ring.in_flight.tolist()
    [2, 2, 0]
    """

    keeps_load = True
    cdef double eps
    cdef uint64_t factor        # 1 + eps, in millionths
    cdef uint64_t live_weight   # of all nodes that are live

    def __init__(
        self, nodes, weights=None, virtual_nodes=160, eps=0.25, *,
        points=None, rule="first", bits=64, rebuild=False, key_hash=None,
    ):
        self.construct(nodes, weights, {
            "virtual_nodes": virtual_nodes, "eps": eps, "points": points, "rule": rule, "bits": bits,
            "rebuild": rebuild, "key_hash": key_hash,
        })

    cdef dict check(self, tuple names, weights, dict given):
        eps = given["eps"]
        if isinstance(eps, (bool, np.bool_, str, bytes)):
            raise TypeError(f"eps: {short(eps)} is not a number")
        try:
            eps = float(eps)
        except (TypeError, ValueError, OverflowError):
            raise TypeError(f"eps: {short(eps)} is not a number") from None
        if not 1e-6 <= eps <= 1000:
            raise ValueError(f"eps: {eps} is outside 0.000001 to 1000")
        return {"eps": eps, **HashRing.check(self, names, weights, given)}

    cdef declare(self, Columns state):
        HashRing.declare(self, state)
        self.eps = self.parameters["eps"]
        self.factor = 1_000_000 + round(self.eps * 1e6)

    cdef bint counts(self) noexcept:
        return True

    cdef bint full(self, int32_t node) noexcept nogil:
        """Whether load >= (1 + eps) m w / W: the ceiling of an integer's bound may be left out. In 128-bit integers."""
        cdef uint64_t held = <uint64_t>self.load[node] * self.live_weight
        cdef uint64_t share = <uint64_t>(self.flying + 1) * <uint64_t>self.weight[node]
        cdef uint64_t a = mulhi(held, 1_000_000), b = mulhi(share, self.factor)
        return a > b or a == b and held * 1_000_000 >= share * self.factor

    cdef int32_t place(self, uint64_t h) noexcept nogil:
        cdef Py_ssize_t i = self.home(h)
        if i >= 0:
            i = self.onwards(i, True)       # -1 where those that are up and have room own no point
        return send(self, self.owner[i]) if i >= 0 else -1

    cdef void place_many(self, const uint64_t* hashes, int32_t* out, Py_ssize_t m) noexcept nogil:
        Selector.place_many(self, hashes, out, m)       # each pick depends on those before it

    cdef refresh(self):
        cdef int32_t k
        HashRing.refresh(self)
        self.live_weight = 0
        for k in range(self.n_live):
            self.live_weight += self.weight[self.live[k]]

    cdef list more_repr(self):
        return HashRing.more_repr(self) + [f"eps={self.eps}"]
