"""What a queue simulation is given: each argument as the compiled loop takes it, or an error that names it."""

import copy
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lbcore._checks import real, short, whole
from lbcore.selectors import Selector
from lbcore.simulate.shapes import Bursty, Constants, Deterministic, Exponential, Pareto, Poisson

#: When, at which node, what: "down", "up", "mark_down", "mark_up", or a new speed.
Event: TypeAlias = tuple[float, int, str | float]

MOST_REQUESTS, MOST_SERVERS = 10**12, 1 << 20
WHAT = ("down", "up", "mark_down", "mark_up")
LONGEST = 1e15  # seconds, or any other number of a list: 30 million years


def flat(name: str, values: Any, what: str) -> NDArray[np.float64]:
    """A flat list or array of numbers from 0 to LONGEST, as a new float64 array."""
    if isinstance(values, (str, bytes, dict, set, frozenset)) or not hasattr(values, "__len__"):
        raise TypeError(f"{name}: {short(values)} is of type {type(values).__name__}; give {what}")
    try:
        given = np.asarray(values)
        if given.dtype.kind not in "iuf" and given.size:
            raise TypeError
        array = np.array(given, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise TypeError(f"{name}: {short(values)} is not a flat list of numbers; give {what}") from None
    if array.ndim != 1:
        raise TypeError(f"{name}: {short(values)} is not a flat list of numbers; give {what}")
    bad = np.flatnonzero(~((array >= 0) & (array <= LONGEST)))  # NaN too
    if bad.size:
        raise ValueError(f"{name}[{bad[0]}]: {array[bad[0]]:g} is not from 0 to {LONGEST:g}")
    return array + 0.0


def service_of(service: Any) -> tuple[Constants | NDArray[np.float64], float]:
    """The service times for the engine, and their mean."""
    if isinstance(service, (Exponential, Deterministic, Pareto)):
        return service.constants(), float(service.mean_s)
    works = flat("service", service, "Exponential(), Deterministic(), Pareto() or the seconds of each request")
    if not works.any():
        raise ValueError("service: no request takes any time")
    return works, float(works.mean())


def arrivals_of(
    arrivals: Any, load: Any, rate_per_s: Any, capacity_per_s: float
) -> tuple[Constants | NDArray[np.float64], Callable[[int], float], int]:
    """The gaps or times for the engine, about when the last of so many requests comes, and how many there can be."""
    if isinstance(arrivals, (Poisson, Bursty)):
        if (load is None) == (rate_per_s is None):
            raise TypeError("load: give either load or rate_per_s")
        if rate_per_s is None:
            rate = real("load", load, 0.0, above=True, finite=True) * capacity_per_s
            if not rate:
                raise ValueError("load: every node stands still; give rate_per_s")
        else:
            rate = real("rate_per_s", rate_per_s, 0.0, above=True, finite=True)
        if not 1e-12 <= rate <= 1e12:
            name = "load" if rate_per_s is None else "rate_per_s"
            raise ValueError(f"{name}: {rate:g} requests a second are not from 1e-12 to 1e12")
        return arrivals.constants(1.0 / rate), lambda requests: requests / rate, MOST_REQUESTS
    listed = flat("arrivals", arrivals, "Poisson(), Bursty() or the times in seconds")
    for name, value in (("load", load), ("rate_per_s", rate_per_s)):
        if value is not None:
            raise TypeError(f"{name}: the arrivals are given as times; leave it out")
    if not len(listed):
        raise ValueError("arrivals: no time is given")
    back = np.flatnonzero(np.diff(listed) < 0)
    if back.size:
        raise ValueError(f"arrivals[{back[0] + 1}]: {listed[back[0] + 1]:g} is before the one in front of it")
    return listed, lambda requests: float(listed[requests - 1]), len(listed)


def node_names(selector: Any, nodes: Any) -> tuple[str, ...]:
    """The names of a selector's nodes, or those given for a plain one."""
    if not callable(getattr(selector, "select", None)) or isinstance(selector, type):
        raise TypeError(f"selector: {short(selector)} has no select() to call")
    if nodes is None:
        known = (getattr(selector, name, None) for name in ("nodes", "n", "up", "weights"))
        nodes = next((value for value in known if is_nodes(value)), None)
        if nodes is None:
            raise TypeError(f"nodes: {type(selector).__name__} does not tell its nodes; give their number")
        if not all(isinstance(name, str) for name in ([] if isinstance(nodes, (int, np.integer)) else nodes)):
            nodes = len(nodes)
    elif isinstance(selector, Selector):
        raise TypeError(f"nodes: {type(selector).__name__} has its own; leave it out")
    nodes = nodes.tolist() if isinstance(nodes, np.ndarray) else nodes
    if isinstance(nodes, (list, tuple)) and all(isinstance(name, str) for name in nodes):
        whole("nodes", len(nodes), 1, MOST_SERVERS)
        return tuple(nodes)
    return tuple(f"node-{i}" for i in range(whole("nodes", nodes, 1, MOST_SERVERS)))


def is_nodes(value: Any) -> bool:
    """Whether this attribute says how many nodes there are."""
    if isinstance(value, (int, np.integer)):
        return not isinstance(value, bool) and bool(value > 0)
    return isinstance(value, (list, tuple, np.ndarray)) and len(value) > 0


def duplicate(selector: Any) -> Any:
    """A copy in the same state."""
    try:
        return Selector.copy(selector) if isinstance(selector, Selector) else copy.deepcopy(selector)
    except Exception as error:
        raise TypeError(f"selector: {type(selector).__name__} cannot be copied: {error}") from error


def is_compiled(selector: Any) -> bool:
    """Whether the compiled loop may ask it below the door: no subclass has one of these methods of its own."""
    kind = type(selector)
    return (
        isinstance(selector, Selector)
        and all(
            getattr(kind, name) is getattr(Selector, name)
            for name in ("select", "release", "mark_down", "mark_up", "add", "remove")
        )
        and not isinstance(getattr(kind, "accept", None), FunctionType)
    )


def keys_of(selector: Any, keys: Any) -> Any:
    """The keys, if this selector takes any."""
    keyed = getattr(selector, "keyed", None)
    who = type(selector).__name__
    if keys is None:
        if keyed is True:
            raise TypeError(f"keys: {who} selects by key; give keys=[...]")
        return None
    if keyed is False:
        raise TypeError(f"keys: {who} takes no key; leave them out")
    if not isinstance(keys, (list, tuple)) and not (isinstance(keys, np.ndarray) and keys.ndim == 1):
        raise TypeError(f"keys: {short(keys)} is not a list of keys")
    if not len(keys):
        raise ValueError("keys: no key is given")
    return keys


def schedule_of(schedule: Any, names: tuple[str, ...], selector: Any) -> list[Event]:
    """The events in the order of their times, each node as its index."""
    if not isinstance(schedule, (list, tuple)):
        raise TypeError(f"schedule: {short(schedule)} is not a list of (time in seconds, node, what)")
    events: list[Event] = []
    for i, given in enumerate(schedule):
        name = f"schedule[{i}]"
        if not isinstance(given, (list, tuple)) or len(given) != 3:
            raise TypeError(f"{name}: {short(given)} is not (time in seconds, node, what)")
        at_s, node, what = given
        at_s = real(name, at_s, 0.0, finite=True)
        if isinstance(node, str):
            if node not in names:
                raise ValueError(f"{name}: {node!r} is not a node")
            node = names.index(node)
        node = whole(name, node, 0, len(names) - 1)
        if not isinstance(what, str):
            what = speed_of(name, what)
        elif what not in WHAT:
            raise ValueError(f"{name}: {what!r} is none of {', '.join(WHAT)}, and no speed")
        elif what.startswith("mark") and not can_mark(selector, what, len(names)):
            raise TypeError(f"{name}: {type(selector).__name__} has neither {what}() nor a list `up`")
        events.append((at_s, node, what))
    return sorted(events, key=lambda event: event[0])


def speed_of(name: str, value: Any) -> float:
    """0, or a speed at which a request of any length ends."""
    speed = real(name, value, 0.0, 1e9)
    if 0 < speed < 1e-9:
        raise ValueError(f"{name}: {value!r} is slower than 1e-09 and yet not 0")
    return speed


def can_mark(selector: Any, what: str, n: int) -> bool:
    """Whether this selector can be told so."""
    up = getattr(selector, "up", None)
    return callable(getattr(selector, what, None)) or (isinstance(up, list) and len(up) == n)


def mark(selector: Any, node: int, what: str) -> None:
    """Tell it so: by its own method, or in the list `up` that a twin keeps."""
    if callable(getattr(selector, what, None)):
        getattr(selector, what)(node)
    else:
        selector.up[node] = what == "mark_up"
