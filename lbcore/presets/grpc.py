"""gRPC's load balancing policies, as its C-core has them: https://github.com/grpc/proposal (A42, A58)"""

from collections.abc import Sequence
from math import floor, log2
from typing import SupportsFloat, SupportsIndex

import numpy as np

from lbcore._checks import short
from lbcore.presets._checks import TextHash, Weights, integer, texts, weights_of
from lbcore.presets._rings import RingPoints
from lbcore.selectors import HashRing, Selector
from lbcore.selectors.hash_functions import xxh64
from lbcore.selectors.systems.grpc import StaticStride

SIZE_CAP = 4096
MOST_POINTS = 8388608


def ring_hash(
    hosts: Sequence[str],
    weights: Weights | None = None,
    min_ring_size: SupportsIndex = 1024,
    max_ring_size: SupportsIndex = SIZE_CAP,
) -> Selector:
    """ring_hash: Envoy's ring, of at most 4096 points whatever is asked for. A weight is 1 or more.

    A key is the text whose xxHash64 the request carries. While a host is down its keys go on to the next points.
    """
    least = integer(min_ring_size, "min_ring_size", 1, MOST_POINTS)
    most = integer(max_ring_size, "max_ring_size", 1, MOST_POINTS)
    if least > most:
        raise ValueError(f"min_ring_size: {least} is above the max_ring_size of {most}")
    names = texts(hosts, "hosts")
    points = RingPoints(xxh64, min(least, SIZE_CAP), min(most, SIZE_CAP))
    return HashRing(names, weights_of(weights, len(names), 1), points=points, key_hash=TextHash(xxh64))


def weighted_round_robin(weights: Sequence[SupportsFloat], start: SupportsIndex = 0) -> Selector:
    """weighted_round_robin: the static stride scheduler, for weights as the endpoints report them.

    weights: numbers of 0 or more (queries per second over utilization). 0 is not known yet, and counts as the mean of
    the others; all 0 is plain turns. start: the sequence number of the first turn, which gRPC draws at random. The
    selector's own weights are these, or where one is 0 or broken, integers in the same proportions.

    >>> weighted_round_robin([5, 1, 1]).select_many(7).tolist()
    [0, 2, 0, 0, 1, 0, 0]
    """
    if isinstance(weights, (str, bytes, dict, set)) or not hasattr(weights, "__len__"):
        raise TypeError(f"weights: {short(weights)} is of type {type(weights).__name__}; give a list of numbers")
    numbers = []
    for i, weight in enumerate(weights):
        if isinstance(weight, (bool, np.bool_, str, bytes)) or not isinstance(weight, SupportsFloat):
            raise TypeError(f"weights[{i}]: {short(weight)} is of type {type(weight).__name__}; give a number")
        value = float(weight)
        if not 0 <= value < 2**31:
            raise ValueError(f"weights[{i}]: {short(weight)} is outside 0 to 2^31 - 1")
        numbers.append(float(np.float32(value)))
    if not numbers:
        raise ValueError("weights: the list is empty; give one at least")
    first = integer(start, "start", 0, 2**32 - 1)
    known = [number for number in numbers if number] or [1.0]
    if all(number and number.is_integer() for number in numbers) and sum(numbers) < 2**31:
        return StaticStride(len(numbers), [int(number) for number in numbers], first)
    mean = sum(known) / len(known)
    numbers = [number or mean for number in numbers]
    # By a power of 2, so that no quotient changes; as large as a selector's weights may be.
    scale = 2.0 ** floor(30 - log2(sum(numbers)))
    return StaticStride(len(numbers), [max(1, round(number * scale)) for number in numbers], first)
