"""Nodes at work: each has a queue and threads that take attempts from it, work, and answer.

What goes wrong is told by the plan: a dead node drops what it holds and answers nobody, a paused one takes longer. A
node knows nothing of the balancer's patience: it also does the work that nobody waits for any more.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lbcore.faults._checks import seconds
from lbcore.faults.clocks.interface import Clock, Queue
from lbcore.faults.delays import Delay
from lbcore.faults.network import Network
from lbcore.faults.plan import FaultPlan
from lbcore.faults.report import Attempt, Outcome
from lbcore.faults.routing import Route

__all__ = ["Open", "Workers", "service_law"]

Service = Callable[[int, int], float]


@dataclass(slots=True, eq=False)
class Open:
    """An attempt under way: what is known of it so far. `answer` is where the node's answer goes."""

    request: int
    number: int
    payload: Any
    route: Route | None
    answer: Queue[tuple["Open", Outcome, Any]]
    sent_s: float
    arrived_s: float = math.nan
    start_s: float = math.nan
    done_s: float = math.nan
    ended_s: float = math.nan
    outcome: Outcome | None = None

    @property
    def node(self) -> str:
        """The node's name, "" for none."""
        return self.route.node if self.route else ""

    def closed(self) -> Attempt:
        """The attempt as a record."""
        assert self.outcome is not None
        return Attempt(
            self.request, self.number, self.node, self.sent_s, self.start_s, self.done_s, self.ended_s, self.outcome
        )


def service_law(service_s: float | Delay, bits: int) -> Service:
    """How long the work of an attempt takes: always the same, or a draw of its own from a law."""
    if not callable(getattr(service_s, "draw", None)):
        fixed_s = seconds("service_s", service_s)
        return lambda request, number: fixed_s
    law: Any = service_s

    def drawn(request: int, number: int) -> float:
        return float(law.draw(np.random.default_rng([bits, request, number]), 1)[0])

    return drawn


class Workers:
    """The threads of all nodes. `each` of them for every node; `handler(payload, node)` does the work."""

    def __init__(
        self,
        clock: Clock,
        names: tuple[str, ...],
        *,
        handler: Callable[[Any, str], Any],
        service: Service,
        each: int,
        network: Network,
        plan: FaultPlan,
        balancer: str,
    ):
        self._clock, self._handler, self._service = clock, handler, service
        self._network, self._plan, self._balancer = network, plan, balancer
        self._queues: dict[str, Queue[Open]] = {name: clock.queue() for name in names}
        self._each = each
        # How many attempts are at a node or on their way to it. Held for a moment only, and never across a call in
        # which a virtual thread could switch: setting and clearing an event are none.
        self._guard = threading.Lock()
        self._under_way = 0
        self._idle = clock.event()

    def start(self) -> None:
        """Start every node's threads."""
        self._idle.set()
        for name in self._queues:
            for number in range(self._each):
                self._clock.spawn(self._serve, name, name=name if self._each == 1 else f"{name}.{number + 1}")

    def send(self, attempt: Open) -> None:
        """Send an attempt to its node; on the way it may get lost, and the node may be dead when it arrives."""
        with self._guard:
            self._under_way += 1
            self._idle.clear()
        if self._network.send(self._balancer, attempt.node, self._arrives, attempt) is None:
            self._over()

    def drain(self) -> None:
        """Wait until no node has anything to do."""
        self._idle.wait()

    def _arrives(self, attempt: Open) -> None:
        attempt.arrived_s = self._clock.now()
        if self._plan.alive(attempt.node, attempt.arrived_s):
            self._queues[attempt.node].put(attempt)
        else:
            self._over()

    def _over(self) -> None:
        with self._guard:
            self._under_way -= 1
            if self._under_way == 0:
                self._idle.set()

    def _serve(self, name: str) -> None:
        queue = self._queues[name]
        while True:
            attempt = queue.get()
            self._work(name, attempt)
            self._over()

    def _work(self, name: str, attempt: Open) -> None:
        clock, plan = self._clock, self._plan
        now_s = clock.now()
        if plan.crashed_between(name, attempt.arrived_s, now_s):
            return  # it stood in the queue of a node that died
        attempt.start_s = now_s
        finish = plan.finish(name, now_s, self._service(attempt.request, attempt.number))
        clock.sleep(max(0.0, finish.at_s - now_s))
        if not finish.done:
            return
        outcome, value = Outcome.OK, None
        try:
            value = self._handler(attempt.payload, name)
        except Exception as error:
            outcome, value = Outcome.ERROR, error
        attempt.done_s = clock.now() if outcome is Outcome.OK else math.nan
        if plan.alive(name, clock.now()):
            self._network.send(name, self._balancer, attempt.answer.put, (attempt, outcome, value))
