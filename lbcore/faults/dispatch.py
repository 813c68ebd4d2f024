"""One request from its first attempt to its end: pick a node, send, wait, and try again until it is done or given up.

Runs on the threads of the balancer's pool. What they share (routing, policy, records) is guarded by one lock, held for
a moment only and never across a call in which a virtual thread could switch.
"""

import math
import threading
from collections import defaultdict
from itertools import count as counter
from queue import Empty
from typing import Any

from lbcore.faults.clocks.interface import Clock, Queue
from lbcore.faults.hedge import Hedge
from lbcore.faults.report import Attempt, Failure, Outcome, RequestFailed
from lbcore.faults.retry import GiveUp, RetryPolicy
from lbcore.faults.routing import Routing
from lbcore.faults.workers import Open, Workers

__all__ = ["Dispatcher"]

#: Two times no further apart than this are one: sums of floats end a hair before their time.
TICK_S = 1e-9

Answers = Queue[tuple[Open, Outcome, Any]]


class _Request:
    """What a request carries through its attempts."""

    __slots__ = ("answers", "key", "number", "numbers", "path", "payload")

    def __init__(self, number: int, payload: Any, key: Any, answers: Answers):
        self.number, self.payload, self.key, self.answers = number, payload, key, answers
        self.path: list[str] = []
        self.numbers = counter(1)


class Dispatcher:
    """Handles requests, and keeps the records of all of them."""

    def __init__(
        self,
        clock: Clock,
        routing: Routing,
        workers: Workers,
        retries: RetryPolicy,
        hedge: Hedge | None,
        timeout_s: float,
    ):
        self._clock, self._routing, self._workers = clock, routing, workers
        self._retries, self._hedge, self._timeout_s = retries, hedge, timeout_s
        self._guard = threading.Lock()
        self._attempts: list[Open] = []
        self._under_way: dict[str, set[Open]] = defaultdict(set)
        self._failures: list[Failure] = []
        self._submitted_s: list[float] = []
        self._ended_s: list[float] = []

    def register(self) -> int:
        """A request has been submitted: its number."""
        with self._guard:
            self._submitted_s.append(self._clock.now())
            self._ended_s.append(math.nan)
            return len(self._submitted_s) - 1

    def records(self) -> tuple[tuple[float, ...], tuple[float, ...], tuple[Attempt, ...], tuple[Failure, ...]]:
        """When each request was submitted and ended, the attempts that have ended, and the failures."""
        with self._guard:
            attempts = tuple(attempt.closed() for attempt in self._attempts if attempt.outcome is not None)
            return tuple(self._submitted_s), tuple(self._ended_s), attempts, tuple(self._failures)

    def fail(self, node: str) -> None:
        """The node counts as failed: nothing more goes there, and what it holds is reassigned."""
        with self._guard:
            self._routing.fail(node)
            held = sorted(self._under_way[node], key=lambda one: (one.request, one.number))
        for attempt in held:
            attempt.answer.put((attempt, Outcome.REASSIGNED, None))

    def restore(self, node: str) -> None:
        """The node is back, and its errors are forgiven."""
        with self._guard:
            self._routing.restore(node, self._clock.now())
            if self._retries.errors is not None:
                self._retries.errors.clear(node)

    def handle(self, number: int, payload: Any, key: Any) -> Any:
        """What the handler returned for the request, after as many attempts as it takes. RequestFailed for good."""
        clock = self._clock
        request = _Request(number, payload, key, clock.queue())
        with self._guard:
            tries = self._retries.start(clock.now(), number)
        again: str | None = None
        while True:
            last, value = self._attempt(request, again)
            with self._guard:
                now_s = clock.now()
                if last.outcome is Outcome.OK:
                    self._ended_s[number] = now_s
                    tries.succeeded(last.node, now_s)
                    return value
                if last.outcome is Outcome.REASSIGNED:
                    # Not the request's fault: it moves at once, to the backup where there is one, and spends no retry.
                    backup = self._routing.stand_in(last.node)
                    again = None if backup in request.path else backup
                    continue
                step = tries.failed(last.node, now_s)
                if isinstance(step, GiveUp):
                    error = value if last.outcome is Outcome.ERROR else None
                    said = str(last.outcome) if error is None else f"{type(error).__name__}: {error}"
                    self._ended_s[number] = now_s
                    self._failures.append(Failure(number, step.reason, said))
                    raise RequestFailed(number, step.reason) from error
            again = str(step.node) if step.node else None
            clock.sleep(step.wait_s)

    def _attempt(self, request: _Request, again: str | None) -> tuple[Open, Any]:
        """Send an attempt, and its copies where a hedge sends some, and wait: the one that ended it, and its value."""
        first = self._send(request, request.path, again)
        if first.route is None:
            return first, None
        clock, waiting, copies = self._clock, [first], 0
        while True:
            copy_s = math.inf if self._hedge is None else self._hedge.next_s(first.sent_s, copies)
            until_s = min(copy_s, *(one.sent_s + self._timeout_s for one in waiting))
            try:
                ended = [request.answers.get(timeout_s=max(0.0, until_s - clock.now()))]
            except Empty:
                now_s = clock.now() + TICK_S
                late = [one for one in waiting if one.sent_s + self._timeout_s <= now_s]
                ended = [(one, Outcome.TIMEOUT, None) for one in late]
                if copy_s <= now_s:
                    copies += 1
                    copy = self._send(request, [*request.path, *(one.node for one in waiting)], None)
                    waiting += [copy] if copy.route is not None else []
            for one, outcome, value in ended:
                if one not in waiting:
                    continue  # an answer that nobody waits for any more
                waiting.remove(one)
                request.path.append(one.node)
                self._close(one, outcome)
                if outcome is Outcome.OK:
                    for other in waiting:
                        self._close(other, Outcome.SUPERSEDED)
                if outcome is Outcome.OK or not waiting:
                    return one, value

    def _send(self, request: _Request, path: list[str], again: str | None) -> Open:
        """Pick a node and send an attempt there; one that finds no node has ended already, as refused."""
        with self._guard:
            now_s = self._clock.now()
            attempt = Open(request.number, next(request.numbers), request.payload, None, request.answers, now_s)
            self._attempts.append(attempt)
            try:
                attempt.route = self._routing.pick(request.key, path, now_s, again)
            except LookupError:
                attempt.ended_s, attempt.outcome = now_s, Outcome.REFUSED
                return attempt
            self._under_way[attempt.node].add(attempt)
        self._workers.send(attempt)
        return attempt

    def _close(self, attempt: Open, outcome: Outcome) -> None:
        """Stop waiting for an attempt."""
        with self._guard:
            now_s = self._clock.now()
            attempt.outcome, attempt.ended_s = outcome, now_s
            self._under_way[attempt.node].discard(attempt)
            assert attempt.route is not None
            ok = {Outcome.OK: True, Outcome.SUPERSEDED: None}.get(outcome, False)
            self._routing.ended(attempt.route, ok, now_s, now_s - attempt.sent_s)
