"""Runs of the compiled simulation, and of its plain-Python twin, over the same requests."""

from collections import deque
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any

import numpy as np

from lbcore.simulate import Exponential, Poisson, reference


def drawn(
    seed: int, requests: int, rate_per_s: float, arrivals: Any = None, service: Any = None
) -> tuple[list[float], list[float]]:
    """The twin's arrival times and works."""
    gaps, works = reference.streams(seed)
    arrived, now = [], 0.0
    for gap in reference.times((arrivals or Poisson()).constants(1.0 / rate_per_s), gaps, requests):
        now += gap
        arrived.append(now)
    return arrived, reference.times((service or Exponential()).constants(), works, requests)


def same(result: Any, twin: list[tuple[int, float, float]]) -> None:
    """Every request went to the same node, and started and ended at the same time, to the last bit."""
    kept = result.requests
    nodes, starts, ends = (np.array(column) for column in zip(*twin, strict=True))
    served = nodes >= 0
    assert kept.node.tolist() == nodes.tolist()
    assert kept.started_s[served].tolist() == starts[served].tolist()
    assert kept.ended_s[served].tolist() == ends[served].tolist()
    assert np.isnan(kept.started_s[~served]).all()


class Cluster:
    """Nodes with several servers that slow down, stand still, crash and return: an event loop over one heap.

    Written apart from the compiled one. Its heap holds everything that is to happen: (when, kind, who, what, ticket),
    kind 0 a departure, 1 the schedule, 2 an arrival; a departure whose ticket is old never takes place.
    """

    def __init__(self, selector: Any, arrived: Any, works: Any, speeds: Any, servers: int, schedule: Any):
        self.selector, self.works, self.speeds, self.servers = selector, works, list(speeds), servers
        n = len(self.speeds)
        self.waiting: list[deque[int]] = [deque() for _ in range(n)]
        self.serving: list[int | None] = [None] * (n * servers)
        self.left, self.since, self.ticket = [0.0] * (n * servers), [0.0] * (n * servers), [0] * (n * servers)
        self.down = [False] * n
        self.log: dict[int, list[Any]] = {}
        numbers = count()
        self.heap: list[Any] = []
        for when, node, what in schedule:
            heappush(self.heap, (when, 1, next(numbers), node, what))
        for number, when in enumerate(arrived):
            heappush(self.heap, (when, 2, number, None, None))
        while self.heap:
            self.now, kind, who, node, what = heappop(self.heap)
            if kind == 0 and what == self.ticket[who]:
                self.depart(who)
            elif kind == 1:
                self.change(node, what)
            elif kind == 2:
                self.arrive(who)

    def arrive(self, number: int) -> None:
        try:
            node = self.selector.select()
        except LookupError:
            self.log[number] = [self.now, -1, inf, inf, "refused"]
            return
        self.log[number] = [self.now, node, inf, inf, "left"]
        if self.down[node]:
            self.end(number, "lost")
            return
        self.waiting[node].append(number)
        self.begin(node)

    def begin(self, node: int) -> None:
        """The lowest idle server takes the first that waits."""
        for server in range(node * self.servers, (node + 1) * self.servers):
            if self.serving[server] is None and self.waiting[node]:
                number = self.waiting[node].popleft()
                self.serving[server], self.left[server] = number, self.works[number]
                self.log[number][2] = self.now
                self.plan(server)

    def plan(self, server: int) -> None:
        """Puts a departure on the heap, from the work that is left."""
        speed = self.speeds[server // self.servers]
        self.ticket[server] += 1
        if speed:
            self.since[server] = self.now + self.left[server] / speed
            heappush(self.heap, (self.since[server], 0, server, None, self.ticket[server]))

    def depart(self, server: int) -> None:
        number, self.serving[server] = self.serving[server], None
        assert number is not None
        self.end(number, "served")
        self.begin(server // self.servers)

    def end(self, number: int, how: str) -> None:
        self.log[number][3:] = [self.now, how]
        if hasattr(self.selector, "release"):
            self.selector.release(self.log[number][1])

    def change(self, node: int, what: Any) -> None:
        mine = range(node * self.servers, (node + 1) * self.servers)
        if what in ("mark_down", "mark_up"):
            self.selector.up[node] = what == "mark_up"
        elif what == "up":
            self.down[node] = False
        elif what == "down":
            self.down[node] = True
            held = [self.serving[server] for server in mine] + list(self.waiting[node])
            self.waiting[node].clear()
            for server in mine:
                self.serving[server] = None
                self.ticket[server] += 1
            for number in held:
                if number is not None:
                    self.end(number, "lost")
        else:
            for server in mine:
                if self.serving[server] is not None and self.speeds[node]:
                    self.left[server] = (self.since[server] - self.now) * self.speeds[node]
            self.speeds[node] = what
            for server in mine:
                if self.serving[server] is not None:
                    self.plan(server)
