"""What a trace is made of, checked: columns of numbers, events, and which visit follows which."""

import math
import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Event", "amount", "column", "events_of", "origin_of", "times_of"]


class Event(NamedTuple):
    """A node goes down (`up` is False) or comes back (`up` is True), or the balancer takes it for so."""

    time_s: float
    node: int
    up: bool


def column(name: str, values: Any, dtype: Any, length: int | None = None, *, gaps: bool = False) -> NDArray[Any]:
    """`values` as a read-only array of one dimension, all of it finite unless `gaps` allows NaN."""
    try:
        found = np.array(values)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected a list of numbers") from None
    if found.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got {found.ndim}")
    if found.size and found.dtype.kind not in ("b" if dtype is np.bool_ else "iuf" if dtype is np.float64 else "iu"):
        raise TypeError(f"{name}: expected {np.dtype(dtype).name} values, got {found.dtype}")
    if length is not None and len(found) != length:
        raise ValueError(f"{name}: expected {length} values, got {len(found)}")
    array = found.astype(dtype)
    if dtype is np.float64 and (np.isinf(array).any() or (not gaps and np.isnan(array).any())):
        raise ValueError(f"{name}: every value must be a finite number")
    array.setflags(write=False)
    return array


def amount(name: str, value: Any, *, above: float | None = None) -> float:
    """`value` as a finite float, at least 0, or above `above`."""
    if isinstance(value, (bool, str, bytes)):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}") from None
    if not math.isfinite(number):
        raise ValueError(f"{name}: {value!r} is not a finite number")
    if number <= above if above is not None else number < 0:
        raise ValueError(f"{name}: {value!r} is not {'above 0' if above is not None else '0 or more'}")
    return number


def events_of(key: str, given: Any, nodes: int) -> tuple[Event, ...]:
    """Events, checked and in the order of time."""
    events = []
    for time_s, where, up in given:
        where = operator.index(where)
        if not 0 <= where < nodes:
            raise ValueError(f"{key}: node {where} is not between 0 and {nodes - 1}")
        events.append(Event(amount(key, time_s), where, bool(up)))
    return tuple(sorted(events, key=lambda event: event.time_s))


def times_of(key: str, given: Any) -> NDArray[np.float64]:
    """Times, checked and in order."""
    times = column(key, given, np.float64)
    if (times < 0).any():
        raise ValueError(f"{key}: every time must be 0 or later")
    return np.sort(times)


def origin_of(given: Any, arrival_s: NDArray[Any], node: NDArray[Any], end_s: NDArray[Any]) -> NDArray[np.int32]:
    """The column `origin`, checked: each visit follows an earlier one, which no other visit follows."""
    origin: NDArray[np.int32] = column("origin", given, np.int32, len(arrival_s))
    later = np.flatnonzero(origin != -1)
    before = origin[later]
    if (before < 0).any() or (before >= later).any():
        raise ValueError("origin: every value must be -1 or the number of an earlier entry")
    if len(np.unique(before)) < len(before):
        raise ValueError("origin: two entries follow the same one")
    if (node[before] < 0).any() or (node[later] < 0).any():
        raise ValueError("origin: a request is moved from a node to a node")
    if (end_s[before] > arrival_s[later]).any():
        raise ValueError("origin: a request arrives at a node before it has left the other")
    return origin
