"""The door of the queue simulation: checks what it is given, and drives the compiled loop from event to event."""

import math
from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore._checks import real, short, whole
from lbcore.simulate.foreseen import Foreseen, foreseeable
from lbcore.simulate.given import (
    MOST_REQUESTS,
    MOST_SERVERS,
    Event,
    arrivals_of,
    duplicate,
    flat,
    is_compiled,
    keys_of,
    mark,
    node_names,
    schedule_of,
    service_of,
    speed_of,
)
from lbcore.simulate.plain import Plain
from lbcore.simulate.queueing import Engine, key_hashes, seed_bits
from lbcore.simulate.results import QueueResult, Requests
from lbcore.simulate.shapes import Arrivals, Exponential, Poisson, Service

MOST_KEPT, MOST_LENGTHS = 10**8, 10**7
POISSON, EXPONENTIAL = Poisson(), Exponential()


def queue(
    selector: Any,
    requests: int | None = None,
    *,
    load: float | None = None,
    rate_per_s: float | None = None,
    arrivals: Arrivals | ArrayLike = POISSON,
    service: Service | ArrayLike = EXPONENTIAL,
    nodes: int | Sequence[str] | None = None,
    speeds: ArrayLike | None = None,
    servers: int = 1,
    keys: Sequence[Any] | NDArray[Any] | None = None,
    schedule: Sequence[tuple[float, int | str, str | float]] = (),
    warm_up: int = 0,
    seed: int | np.random.Generator | None = None,
    sample_every_s: float | None = None,
    keep: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> QueueResult:
    """Simulate a cluster: requests arrive, `selector` picks a node for each, each node serves first come, first served.

    >>> from lbcore import Random, TwoChoices
    >>> queue(Random(10, seed=1), 100_000, load=0.8, seed=1)
    <Random, 10 nodes: 100,000 of 100,000 requests served; mean 5.089 s, p50 3.559 s, p99 23.28 s>
    >>> queue(TwoChoices(10, seed=1), 100_000, load=0.8, seed=1)
    <TwoChoices, 10 nodes: 100,000 of 100,000 requests served; mean 2.098 s, p50 1.631 s, p99 7.977 s>

    selector: one of lbcore's, which runs compiled with the GIL released, or any object with `select()`, which is asked
    in Python. If it has `release(node)`, also with `ok` or `latency_s`, it is told of ends. Its `clock`, if it has one,
    is the simulated time. A copy picks: the one given stays as it is.

    requests: how many arrive. They come at `load` (of the capacity of all nodes, 1 is full) or at `rate_per_s`, in the
    shape of `arrivals`: `Poisson()`, `Bursty()`, or the times themselves, ascending, of at least `requests` requests.
    service: how long a request takes at speed 1: `Exponential()`, `Deterministic()`, `Pareto()`, each with `mean_s`, or
    the seconds of each request. Both come from `seed` (an int, a numpy Generator, or None for fresh entropy) and are
    the same whatever the selector picks.

    nodes: names or a number, where a plain selector does not tell. speeds: of each node, 1 where not given; 0 stands
    still. servers: requests that a node serves at the same time. keys: for a keyed selector, taken in turn, from the
    first again after the last.

    schedule: (time in seconds, node, what). "down": the node crashes; the requests it holds are lost, and so is every
    request sent to it, until "up". A number: its new speed; at 0 it stands still, and its requests wait. "mark_down"
    and "mark_up" are what the selector is told; a selector that is told nothing goes on sending. Of equal times,
    departures go first, then the schedule, then arrivals.

    warm_up: so many first requests are left out of the latencies and of the nodes' window. sample_every_s: look at the
    lengths of all queues that often. keep: keep every request (29 bytes each); else memory grows with the requests in
    the system alone. progress: called with (requests so far, requests) now and then. Ctrl-C is answered within about a
    second, however many nodes there are; a plain selector is interrupted wherever it is.

    After the last arrival the run goes on until every request has ended, or waits at a node that stands still for ever.
    Raises TypeError or ValueError, naming the argument, before anything runs, or for sample_every_s once there are too
    many lengths; RuntimeError if the selector's nodes change on the way. What a plain selector raises comes out with a
    note of the request at which it happened. A LookupError of its `select()` is a request refused. With AllFull it
    waits, and so do all behind it: whenever a request at a node has ended, or the node is marked up, `accept(node)` is
    asked to take the first.
    """
    names = node_names(selector, nodes)
    n = len(names)
    servers = whole("servers", servers, 1, MOST_SERVERS // n)
    speed = np.ones(n) if speeds is None else flat("speeds", speeds, "one number for each node")
    if len(speed) != n:
        raise ValueError(f"speeds: {len(speed)} speeds for {n} nodes")
    for i, value in enumerate(speed):
        speed_of(f"speeds[{i}]", value)
    works, mean_s = service_of(service)
    gaps, horizon_s, most = arrivals_of(arrivals, load, rate_per_s, math.fsum(speed) * servers / mean_s)
    if isinstance(works, np.ndarray):
        most = min(most, len(works))
    if requests is None:
        if most == MOST_REQUESTS:
            raise TypeError("requests: say how many are to arrive")
        requests = most
    requests = whole("requests", requests, 1, most)
    warm_up = whole("warm_up", warm_up, 0, requests - 1)
    mine = duplicate(selector)
    compiled = is_compiled(mine)
    taken = keys_of(mine, keys)
    if compiled and taken is not None:
        taken = key_hashes(mine, taken)
    events = schedule_of(schedule, names, mine)
    every_s = math.inf
    if sample_every_s is not None:
        every_s = real("sample_every_s", sample_every_s, 0.0, above=True, finite=True)
        if horizon_s(requests) / every_s * n > MOST_LENGTHS:
            raise ValueError(f"sample_every_s: {sample_every_s!r} gives more than {MOST_LENGTHS:,} queue lengths")
    if progress is not None and not callable(progress):
        raise TypeError(f"progress: {short(progress)} cannot be called; give a function of (requests so far, requests)")
    bits = seed_bits(seed)
    kept = None
    if keep:
        if requests > MOST_KEPT:
            raise ValueError(f"keep: {requests:,} requests are too many to keep; at most {MOST_KEPT:,}")
        kept = (*np.full((3, requests), np.nan), np.full(requests, -1, np.int32), np.full(requests, 3, np.int8))
    steady = servers == 1 and speed.all() and all(what in ("mark_down", "mark_up") for _, _, what in events)
    kind = Foreseen if compiled and steady and foreseeable(mine) else Engine
    engine = kind(
        mine if compiled else Plain(mine, names, taken),
        n,
        servers=servers,
        requests=requests,
        first_measured=warm_up,
        seed=bits,
        arrivals=gaps,
        services=works,
        speeds=speed,
        keys=taken,
        kept=kept,
    )
    run = Run(engine, mine, events, every_s, None if progress is None else lambda done: progress(done, requests))
    busy, area = run.all(requests, warm_up)
    return result(type(selector).__name__, names, bits, requests, warm_up, run, busy / servers, area, kept)


class Run:
    """Drives an engine through arrivals, the schedule, and the times at which queues are looked at."""

    def __init__(
        self,
        engine: Engine,
        selector: Any,
        schedule: list[Event],
        every_s: float,
        progress: Callable[[int], object] | None,
    ):
        self.engine, self.selector, self.schedule, self.progress = engine, selector, schedule, progress
        self.applied = 0
        self.sampled_s: list[float] = []
        self.lengths: list[NDArray[np.int32]] = []
        looks = ((k * every_s, -1, "look") for k in count()) if every_s < math.inf else iter(())
        # Of equal times, the schedule goes before a look.
        self.events: Iterator[Event] = merge(schedule, looks, key=lambda event: event[0])
        self.next: Event = next(self.events, (math.inf, -1, "look"))

    def all(self, requests: int, warm_up: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """From the first arrival to the last departure; returns each node's busy seconds and requests x seconds."""
        if warm_up:
            self.until(warm_up)
            self.engine.open()
        self.until(requests)
        measured = self.engine.close()
        for event in self.schedule[self.applied :]:
            if not self.engine.held:
                break
            self.engine.wait(event[0])
            self.apply(event)
        self.engine.wait(math.inf)
        return measured

    def until(self, number: int) -> None:
        """Until the request before `number` has arrived."""
        while self.engine.number < number:
            self.engine.advance(number, self.next[0], self.progress)
            if self.engine.number < number:
                self.engine.wait(self.next[0])
                self.apply(self.next)
                self.next = next(self.events, (math.inf, -1, "look"))

    def apply(self, event: Event) -> None:
        """One event, now."""
        at_s, node, what = event
        if what == "look":
            lengths = self.engine.lengths()
            if (len(self.lengths) + 1) * len(lengths) > MOST_LENGTHS:  # arrivals can take longer than expected
                raise ValueError(f"sample_every_s: by {at_s:g} s there are more than {MOST_LENGTHS:,} queue lengths")
            self.sampled_s.append(at_s)
            self.lengths.append(lengths)
            return
        self.applied += 1
        if what == "down":
            self.engine.crash(node)
        elif what == "up":
            self.engine.revive(node)
        elif isinstance(what, str):
            mark(self.selector, node, what)
            if what == "mark_up":
                self.engine.returned(node)
        else:
            self.engine.set_speed(node, what)


def result(
    name: str,
    names: tuple[str, ...],
    bits: int,
    requests: int,
    warm_up: int,
    run: Run,
    busy: NDArray[np.float64],
    area: NDArray[np.float64],
    kept: tuple[Any, ...] | None,
) -> QueueResult:
    """The result of a run that has ended."""
    engine, totals = run.engine, run.engine.totals()
    picked, served, lost = totals["at_node"]
    measured = totals["measured"]
    window = engine.closed_s - engine.opened_s
    refused, all_served, all_lost = totals["refused"], int(served.sum()), int(lost.sum())
    return QueueResult(
        name=name,
        nodes=names,
        seed=bits,
        offered=requests,
        served=all_served,
        refused=refused,
        waited=engine.waited,
        lost=all_lost,
        left=requests - all_served - refused - all_lost,
        measured=measured,
        mean_s=totals["sum_s"] / measured if measured else math.nan,
        wait_s=totals["waited_s"] / measured if measured else math.nan,
        longest_s=totals["longest_s"] if measured else math.nan,
        picked=picked,
        served_at=served,
        lost_at=lost,
        utilisation=busy / window if window else np.full(len(names), np.nan),
        in_system=area / window if window else np.full(len(names), np.nan),
        window_s=(engine.opened_s, engine.closed_s),
        sampled_s=np.array(run.sampled_s) if run.sampled_s else None,
        lengths=np.array(run.lengths) if run.lengths else None,
        requests=None if kept is None else Requests(*kept),
        bins=totals["bins"],
        edges_s=totals["edges_s"],
        warm_up=warm_up,
    )
