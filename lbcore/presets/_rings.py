"""The ring that Envoy and gRPC build alike."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lbcore._counting import repeat


@dataclass(frozen=True)
class RingPoints:
    """At least `least` points, and at most about `most`, shared by weight; point i of a host is the hash of `host_i`.

    Shares are sums of float64 numbers that run on from host to host, so that a host may have one point more than its
    equal.
    """

    function: Callable[[bytes], int]
    least: int
    most: int

    def __call__(
        self, nodes: tuple[str, ...], weights: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        total = int(weights.sum())
        shares = [weight / total for weight in weights.tolist()]
        lightest = min(share for share in shares if share)
        scale = min(ceil(lightest * self.least) / lightest, float(self.most))
        points, counts, target, made = [], [], 0.0, 0
        for node, share in zip(nodes, shares, strict=True):
            target += scale * share
            stem, first = node.encode() + b"_", made
            while made < target:
                points.append(self.function(stem + b"%d" % (made - first)))
                made += 1
            counts.append(made - first)
        return np.array(points, np.uint64), repeat(np.arange(len(nodes), dtype=np.int32), counts)
