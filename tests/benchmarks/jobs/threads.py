"""Threads: two that pick at once, and a hundred that beat on simulated time. By the clock on the wall."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from heapq import heappop, heappush
from typing import Any

import numpy as np

import lbcore
from lbcore.faults import Crash, FaultPlan, FixedTimeout, Heartbeats, Network, PhiAccrual, VirtualClock
from lbcore.faults.detectors import Detector
from tests.benchmarks.measure import Job, Maker, Work

NODES, INTERVAL_S, TIMEOUT_S, DELAY_S = 100, 1.0, 3.0, 0.02


def two(make: Callable[[], tuple[lbcore.Selector, lbcore.Selector]], quick: bool) -> Job:
    """Two threads with a batch each, beside one thread with both batches. One unit is one request."""
    requests = 1 << 18 if quick else 1 << 22
    both = [(selector, np.empty(requests, np.int32)) for selector in make()]
    pool = ThreadPoolExecutor(2)

    def picks(part: tuple[lbcore.Selector, Any]) -> None:
        for _ in range(4):
            part[0].select_many(requests, out=part[1])

    one = Work(lambda: [picks(part) for part in both], 8 * requests)
    at_once = Work(lambda: list(pool.map(picks, both)), 8 * requests)
    return Job(at_once, {"one thread": one}, marks={"one thread": 1.8}, wall=True)


def shared() -> tuple[lbcore.Selector, lbcore.Selector]:
    selector = lbcore.RoundRobin(10)
    return selector, selector


def threads(until_s: float, detector: Detector) -> list[str]:
    """Real threads on a VirtualClock; node-0 dies half-way."""
    clock = VirtualClock(seed=1)
    plan = FaultPlan(Crash("node-0", at_s=until_s / 2))
    names = [f"node-{node}" for node in range(NODES)]
    watch = Heartbeats(clock, names, detector, network=Network(clock, delay=DELAY_S, seed=1), plan=plan)

    def main() -> None:
        watch.start()
        clock.sleep(until_s)
        watch.stop()

    clock.run(main)
    return [change.node for change in watch.changes if change.failed]


def event_loop(until_s: float) -> list[str]:
    """The same beats, arrivals and deadlines on one heap: the least that simulating the messages can cost in Python."""
    last_s = dict.fromkeys(range(NODES), 0.0)
    failed: list[str] = []
    heap = [(INTERVAL_S * node / NODES, number, "send", node) for number, node in enumerate(range(NODES))]
    heappush(heap, (TIMEOUT_S, NODES, "look", 0))
    number = NODES
    while heap:
        now_s, _, what, node = heappop(heap)
        if now_s > until_s:
            break
        number += 1
        if what == "arrive":
            last_s[node] = now_s
        elif what == "look":
            for silent in [silent for silent, at_s in last_s.items() if now_s >= at_s + TIMEOUT_S]:
                failed.append(f"node-{silent}")
                del last_s[silent]
            heappush(heap, (min(last_s.values()) + TIMEOUT_S, number, "look", 0))
        elif node != 0 or now_s < until_s / 2:
            heappush(heap, (now_s + DELAY_S, number, "arrive", node))
            number += 1
            heappush(heap, (now_s + INTERVAL_S, number, "send", node))
    return failed


def hand_overs(until_s: float) -> None:
    """As many threads that only sleep in turn: the batons of all the beats, and nothing else."""
    clock = VirtualClock(seed=1)

    def beat() -> None:
        for _ in range(round(until_s / INTERVAL_S)):
            clock.sleep(INTERVAL_S)

    def main() -> None:
        for node in range(NODES):
            clock.spawn(beat, name=f"beat-{node}")
        clock.sleep(until_s + 1)

    clock.run(main)


def heartbeats(detector: Callable[[], Detector], quick: bool) -> Job:
    """A hundred threads that beat. One unit is one simulated second."""
    until_s = 20 if quick else 600
    assert threads(until_s, detector()) == event_loop(until_s) == ["node-0"]
    peers: dict[str, Work | str] = {
        "bare hand-overs": Work(lambda: hand_overs(until_s), until_s),
        "an event loop on one heap": Work(lambda: event_loop(until_s), until_s),
    }
    return Job(Work(lambda: threads(until_s, detector()), until_s), peers, "us", marks={"before": 1.5}, wall=True)


JOBS: dict[str, Maker] = {
    "two threads, a Random each": partial(two, lambda: (lbcore.Random(10, seed=1), lbcore.Random(10, seed=2))),
    "two threads, one RoundRobin": partial(two, shared),
    "100 threads beat, fixed timeout": partial(heartbeats, lambda: FixedTimeout(TIMEOUT_S)),
    "100 threads beat, phi accrual": partial(heartbeats, PhiAccrual),
}
