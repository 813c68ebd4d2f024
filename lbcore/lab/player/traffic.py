"""From a selector to a trace: who gets each request, and when it is served."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore.lab.frame.inputs import number
from lbcore.lab.player.columns import Event, amount, column
from lbcore.lab.player.dispatch import Change, Dispatch, changes_of
from lbcore.lab.player.trace import Trace
from lbcore.lab.student import classes
from lbcore.simulate.reference import streams, times

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
    patience_s: float | None = None,
    late_s: float | None = None,
    changes: Sequence[Change] = (),
    uneven: bool = False,
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
    would be busy 70 % of the time. uneven: where no times are given, gaps and work are exponential, drawn by `seed`.
    speeds: one a node. down: nodes that are down from the start. patience_s: after this long its client goes away, and
    the node works on. late_s: from when on a request counts as late. Both begin when it leaves its client.
    changes: (time in seconds, "add" or "remove"): a node comes, or the last one goes once it has served what it holds.
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
    rate = amount("rate_per_s", rate_per_s, above=0)
    travel = amount("travel_s", travel_s)
    arrivals, services = streams(number("seed", seed, 0, 2**64 - 1)) if uneven else (None, None)
    sent = _sent(sent_s, m, rate, arrivals)
    known = len(classes.names_of(selector, nodes)) or len(classes.run(selector, m if keys is None else keys).names)
    takes = _work(service_s, sent, known, services)
    speed = None if speeds is None else column("speeds", speeds, np.float64)
    if speed is not None and (speed <= 0).any():
        raise ValueError("speeds: every speed must be above 0")
    run = Dispatch(selector, sent + travel, travel, takes, speed, keys, changes_of(changes))
    ran = classes.run(run.selector, m if keys is None else keys, down, nodes, run.before)
    run.finish(ran.picks, ran.names)
    n = len(run.names)
    if speed is not None and len(speed) != n:
        raise ValueError(f"speeds: expected {n} values, got {len(speed)}")
    group, group_names = (None, ()) if keys is None else _groups(keys)
    hung_up = None
    if patience_s is not None:
        leaves = sent + amount("patience_s", patience_s)
        hung_up = np.where(leaves < run.end_s, leaves, np.nan)
    return Trace(
        tuple(run.names),
        sent + travel,
        run.node,
        run.start_s,
        run.end_s,
        np.ones(n) if speed is None else speed,
        travel,
        group,
        group_names,
        events=tuple(Event(0.0, node, False) for node in run.down),
        name=classes.name_of(selector),
        members=tuple(run.members),
        moved_keys=tuple(run.moved_keys) if keys else (),
        keys=len(run.keys),
        looks_s=np.array(run.looks_s) if run.looks_s else None,
        hung_up_s=hung_up,
        late_s=late_s,
    )


def _keys(keys: Any) -> list[Any] | None:
    if keys is None:
        return None
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Iterable):
        raise TypeError(f"keys: expected a list of keys, one a request, got {keys!r}")
    if isinstance(keys, np.ndarray) and keys.ndim != 1:
        raise ValueError(f"keys: expected one dimension, got {keys.ndim}")
    return list(keys.tolist() if isinstance(keys, np.ndarray) else keys)


def _sent(sent_s: Any, m: int, rate_per_s: float, draws: Any) -> NDArray[np.float64]:
    if sent_s is None:
        if not math.isfinite(m / rate_per_s):
            raise ValueError(f"rate_per_s: {rate_per_s!r} is too small")
        if draws is None:
            return np.arange(m) / rate_per_s
        return np.cumsum(times(_exponential(1 / rate_per_s), draws, m))
    sent = column("sent_s", sent_s, np.float64, m)
    if sent[0] < 0 or (np.diff(sent) < 0).any():
        raise ValueError("sent_s: the times must be 0 or later, and in order")
    return sent


def _exponential(mean_s: float) -> tuple[str, float, float, float, float]:
    return "exponential", mean_s, 0.0, 0.0, 0.0


def _work(service_s: Any, sent: NDArray[np.float64], n: int, draws: Any) -> NDArray[np.float64]:
    """How long a node of speed 1 serves each request."""
    m = len(sent)
    if service_s is None:
        spacing_s = (sent[-1] - sent[0]) / (m - 1) if m > 1 else 0.1
        mean_s = _USUAL_LOAD * n * spacing_s
        return np.full(m, mean_s) if draws is None else np.array(times(_exponential(mean_s), draws, m))
    if np.ndim(service_s) == 0:
        return np.full(m, amount("service_s", service_s))
    work = column("service_s", service_s, np.float64, m)
    if (work < 0).any():
        raise ValueError("service_s: every value must be 0 or more")
    return work


def _groups(keys: list[Any]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Number the most frequent keys from 0, the others -1; equally frequent ones by first appearance."""
    often: dict[Any, int] = {}
    for key in keys:
        often[key] = often.get(key, 0) + 1
    top = sorted(often, key=lambda key: -often[key])[:MOST_KEYS]
    rank = {key: i for i, key in enumerate(top)}
    names = tuple(key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key) for key in top)
    return np.array([rank.get(key, -1) for key in keys], np.int32), names
