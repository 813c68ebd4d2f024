"""From a selector to a trace: who gets each request, and when it is served."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.lab.frame.inputs import number
from lbcore.lab.player.trace import Event, Trace, amount, column
from lbcore.lab.student import classes

__all__ = ["MOST_KEYS", "MOST_REQUESTS", "traffic"]

#: More than this nobody follows by eye.
MOST_REQUESTS = 5_000
#: So many keys have a mark of their own, the most frequent ones; the others share a grey one.
MOST_KEYS = 16
#: How much of the time nodes of speed 1 would be busy under an even load, where no service time is given.
_USUAL_LOAD = 0.7


def traffic(
    selector: Any,
    requests: int | None = None,
    rate_per_s: float = 10.0,
    service_s: float | ArrayLike | None = None,
    speeds: ArrayLike | None = None,
    keys: Sequence[Any] | NDArray[Any] | None = None,
    down: Iterable[str | int] = (),
    *,
    sent_s: ArrayLike | None = None,
    travel_s: float = 0.8,
    nodes: int | Sequence[str] | None = None,
    weights: Sequence[int] | None = None,
    seed: int = 0,
) -> Trace:
    """Send requests through a copy of `selector` to nodes that serve one at a time, first come first served.

    selector: one of lbcore's, any object with `select`, or a class of either kind, which is then made with `nodes`
    (3 where not said), `weights` and `seed`.
    requests: how many; 120, or one for each of `keys`, where not said. They leave evenly at `rate_per_s`, or at the
    times `sent_s`, and each is `travel_s` on its way.
    service_s: how long serving one takes on a node of speed 1, one number or one a request; by default such nodes
    would be busy 70 % of the time. speeds: one a node. down: nodes that are down from the start.
    Raises ValueError or TypeError, naming the argument; a plain class that fails is a StudentError, a ValueError.
    """
    if isinstance(selector, type):
        selector = classes.build(selector, 3 if nodes is None else nodes, weights, seed)
    elif weights is not None:
        raise TypeError("weights: give them to the selector, or give its class")
    if not callable(getattr(selector, "select", None)):
        raise TypeError(f"selector: {classes.name_of(selector)} has no select(), so it cannot pick a node")
    keys = _keys(keys)
    if requests is None:
        requests = 120 if keys is None else len(keys)
    m = number("requests", requests, 1, MOST_REQUESTS)
    if keys is not None and len(keys) != m:
        raise ValueError(f"keys: expected {m} keys, one a request, got {len(keys)}")
    if keys is None and classes.is_keyed(selector):
        raise TypeError(f"keys: {classes.name_of(selector)} picks by key; give one a request")
    if keys is not None and not classes.is_keyed(selector):
        raise TypeError(f"keys: {classes.name_of(selector)} picks without a key")
    if isinstance(down, (str, bytes)) or not isinstance(down, Iterable):
        raise TypeError(f"down: expected a list of nodes, got {down!r}")
    sent = _sent(sent_s, m, amount("rate_per_s", rate_per_s, above=0))
    travel = amount("travel_s", travel_s)

    ran = classes.run(selector, m if keys is None else keys, down, nodes)
    n = len(ran.names)
    speed = column("speeds", np.ones(n) if speeds is None else speeds, np.float64, n)
    if (speed <= 0).any():
        raise ValueError("speeds: every speed must be above 0")
    arrival = sent + travel
    start, end = _serve(ran.picks, arrival, _work(service_s, sent, n) / speed[np.maximum(ran.picks, 0)])
    group, group_names = (None, ()) if keys is None else _groups(keys)
    gone = tuple(Event(0.0, int(node), False) for node in np.flatnonzero(~ran.up))
    return Trace(
        ran.names,
        arrival,
        ran.picks,
        start,
        end,
        speed,
        travel,
        group,
        group_names,
        events=gone,
        name=classes.name_of(selector),
    )


def _keys(keys: Any) -> list[Any] | None:
    if keys is None:
        return None
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Iterable):
        raise TypeError(f"keys: expected a list of keys, one a request, got {keys!r}")
    if isinstance(keys, np.ndarray) and keys.ndim != 1:
        raise ValueError(f"keys: expected one dimension, got {keys.ndim}")
    return list(keys.tolist() if isinstance(keys, np.ndarray) else keys)


def _sent(sent_s: Any, m: int, rate_per_s: float) -> NDArray[np.float64]:
    if sent_s is None:
        if not math.isfinite(m / rate_per_s):
            raise ValueError(f"rate_per_s: {rate_per_s!r} is too small")
        return np.arange(m) / rate_per_s
    sent = column("sent_s", sent_s, np.float64, m)
    if sent[0] < 0 or (np.diff(sent) < 0).any():
        raise ValueError("sent_s: the times must be 0 or later, and in order")
    return sent


def _work(service_s: Any, sent: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """How long a node of speed 1 serves each request."""
    m = len(sent)
    if service_s is None:
        spacing_s = (sent[-1] - sent[0]) / (m - 1) if m > 1 else 0.1
        return np.full(m, _USUAL_LOAD * n * spacing_s)
    if np.ndim(service_s) == 0:
        return np.full(m, amount("service_s", service_s))
    work = column("service_s", service_s, np.float64, m)
    if (work < 0).any():
        raise ValueError("service_s: every value must be 0 or more")
    return work


def _serve(
    node: NDArray[np.int32], arrival_s: NDArray[np.float64], takes_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When each request starts and ends: its node takes them one at a time, first come first served."""
    start, end = np.full((2, len(node)), np.nan)
    free: dict[int, float] = {}
    for i, where in enumerate(node.tolist()):
        if where >= 0:
            start[i] = max(arrival_s[i], free.get(where, 0.0))
            end[i] = free[where] = start[i] + takes_s[i]
    return start, end


def _groups(keys: list[Any]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Number the most frequent keys from 0, the others -1; equally frequent ones by first appearance."""
    often: dict[Any, int] = {}
    for key in keys:
        often[key] = often.get(key, 0) + 1
    top = sorted(often, key=lambda key: -often[key])[:MOST_KEYS]
    rank = {key: i for i, key in enumerate(top)}
    names = tuple(key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key) for key in top)
    return np.array([rank.get(key, -1) for key in keys], np.int32), names
