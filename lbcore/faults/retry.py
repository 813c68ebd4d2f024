"""What to do when a request fails: try again or give up, after which pause, and on which node.

A `RetryPolicy` is put together from rules: when to stop, how long to wait (`waits`), how many errors move a node's
requests elsewhere, and a budget for all retries together (`budget`). It starts one `Tries` for each request, which is
told each outcome and answers with a `Retry` or a `GiveUp`. Nothing here sleeps, sends, or knows the time: the caller
does. Times are seconds on one clock. Rules that requests share (thresholds, budgets) are not locked: whoever shares
them among threads guards them.
"""

import math
from collections import Counter, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import count as numbers
from typing import Any, Literal

from lbcore.faults._checks import Seed, count, moment, real, seconds, seed_bits, stream
from lbcore.faults.budget import Budget
from lbcore.faults.waits import FullJitter, Wait
from lbcore.selectors.reference import Draws

__all__ = ["ErrorThreshold", "GiveUp", "Retry", "RetryPolicy", "Stop", "Tries", "amplification", "pick"]

Node = str | int


@dataclass(frozen=True, slots=True)
class Stop:
    """When enough is enough.

    attempts: how many in all, the first one too; None for no limit. deadline_s: no attempt begins later than this
    after the first one began; infinity for no limit.

    >>> Stop(attempts=3).reason(attempts=3, next_s=0.0), Stop(deadline_s=10).reason(attempts=7, next_s=9.5)
    ('attempts', None)
    """

    attempts: int | None = None
    deadline_s: float = math.inf

    def __post_init__(self) -> None:
        if self.attempts is not None:
            count("attempts", self.attempts)
        seconds("deadline_s", self.deadline_s, zero=False, endless=True)

    def reason(self, attempts: int, next_s: float) -> Literal["attempts", "deadline"] | None:
        """Why to stop after so many attempts, if the next would begin `next_s` after the first; None to go on."""
        if self.attempts is not None and attempts >= self.attempts:
            return "attempts"
        return "deadline" if next_s > self.deadline_s else None


class ErrorThreshold:
    """Errors are recorded; when a node's reach the threshold, its requests are reassigned to another node.

    threshold: how many errors, from 1. per: "node" adds up what all requests met on a node, "request" what one request
    met there; below the threshold a failed request tries the same node again. keep_s: how long an error counts, in
    seconds; infinity for ever. A node that is taken back starts anew with `clear`.

    >>> rule = ErrorThreshold(3)
    >>> [rule.error("node-1", now_s) for now_s in (0.0, 1.0, 2.0)], rule.reached("node-1", 2.0)
    ([False, False, True], True)
    >>> rule.clear("node-1")
    >>> rule.reached("node-1", 2.0)
    False
    """

    __slots__ = ("_times", "keep_s", "per", "threshold")

    def __init__(self, threshold: int = 3, *, per: Literal["node", "request"] = "node", keep_s: float = math.inf):
        self.threshold = count("threshold", threshold)
        if per not in ("node", "request"):
            raise ValueError(f"per: {per!r} is not 'node' or 'request'")
        self.per = per
        self.keep_s = seconds("keep_s", keep_s, zero=False, endless=True)
        # For each request, or for None where they are all one: the last `threshold` errors of each node. No others
        # matter, for the threshold is reached while the oldest of these still counts.
        self._times: dict[Hashable, dict[Node, deque[float]]] = {}

    def __repr__(self) -> str:
        return f"ErrorThreshold({self.threshold}, per={self.per!r}, keep_s={self.keep_s:g})"

    def _scope(self, request: Hashable) -> Hashable:
        return request if self.per == "request" else None

    def error(self, node: Node, now_s: float, request: Hashable = None) -> bool:
        """Record an error on a node; whether the threshold is reached with it."""
        now_s = moment("now_s", now_s, endless=False)
        nodes = self._times.setdefault(self._scope(request), {})
        nodes.setdefault(node, deque(maxlen=self.threshold)).append(now_s)
        return self.reached(node, now_s, request)

    def reached(self, node: Node, now_s: float, request: Hashable = None) -> bool:
        """Whether requests should leave the node."""
        return self.errors(node, now_s, request) >= self.threshold

    def errors(self, node: Node, now_s: float, request: Hashable = None) -> int:
        """How many errors count against the node, up to the threshold."""
        now_s = moment("now_s", now_s)
        times_s = self._times.get(self._scope(request), {}).get(node, ())
        return sum(now_s - time_s < self.keep_s for time_s in times_s)

    def clear(self, node: Node) -> None:
        """Forget all errors of a node."""
        for nodes in self._times.values():
            nodes.pop(node, None)

    def done(self, request: Hashable) -> None:
        """A request is over: forget what was recorded for it alone."""
        if self.per == "request":
            self._times.pop(request, None)


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again. wait_s: after this pause; at_s: which ends then. node: on this node again; None: on one yet to pick.

    avoid: the nodes that failed this request already, in order, to be given to `pick`.
    """

    wait_s: float
    at_s: float
    node: Node | None
    avoid: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The request has failed for good, because of its "attempts", its "deadline" or the "budget"."""

    reason: Literal["attempts", "deadline", "budget"]


class RetryPolicy:
    """When, after which pause and where to try again, put together from rules.

    stop: 3 attempts in all by default. wait: full jitter from 0.1 s (times 2^retry) up to 10 s by default. errors: an
    `ErrorThreshold`; without one a failed request always goes to another node. budget: a `RetryBudget`, a
    `TokenBucket` or another, asked last, so that nothing is paid for a retry that will not be. seed: an int, a numpy
    Generator, or None for entropy; a request's pauses depend on the seed and its number alone, not on what the other
    requests do.

    >>> from lbcore.faults.waits import FixedWait
    >>> policy = RetryPolicy(stop=Stop(attempts=3), wait=FixedWait(0.5), seed=1)
    >>> tries = policy.start(now_s=10.0, request=0)
    >>> tries.failed("node-2", now_s=11.0)
    Retry(wait_s=0.5, at_s=11.5, node=None, avoid=('node-2',))
    >>> tries.failed("node-0", now_s=12.0).avoid
    ('node-2', 'node-0')
    >>> tries.failed("node-1", now_s=13.0)
    GiveUp(reason='attempts')
    """

    __slots__ = ("_bits", "_numbers", "budget", "errors", "stop", "wait")

    def __init__(
        self,
        stop: Stop | None = None,
        wait: Wait | None = None,
        *,
        errors: ErrorThreshold | None = None,
        budget: Budget | None = None,
        seed: Seed = None,
    ):
        self.stop = Stop(attempts=3) if stop is None else stop
        self.wait = FullJitter(0.1, 10.0) if wait is None else wait
        for name, rule, method in (
            ("stop", self.stop, "reason"),
            ("wait", self.wait, "wait_s"),
            ("errors", errors, "error"),
            ("budget", budget, "take"),
        ):
            if rule is not None and not callable(getattr(rule, method, None)):
                raise TypeError(f"{name}: {rule!r} is no rule of that kind")
        self.errors, self.budget = errors, budget
        self._bits = seed_bits(seed)
        self._numbers = numbers()

    def __repr__(self) -> str:
        return f"RetryPolicy({self.stop}, {self.wait}, errors={self.errors}, budget={self.budget})"

    def start(self, now_s: float, request: int | None = None) -> "Tries":
        """A request is sent for the first time, at `now_s`. request: its number, from 0.

        By default this policy's next number, so that no two requests have the same pauses or the same errors.
        """
        now_s = moment("now_s", now_s, endless=False)
        request = next(self._numbers) if request is None else count("request", request, 0)
        if self.budget is not None:
            self.budget.sent(now_s)
        return Tries(self, request, now_s, stream(self._bits, request))


@dataclass(slots=True, eq=False)
class Tries:
    """One request's attempts so far; `RetryPolicy.start` makes it. `tried`: the nodes that failed it, in order."""

    policy: RetryPolicy = field(repr=False)
    request: int
    started_s: float
    draws: Draws = field(repr=False)
    tried: list[Node] = field(default_factory=list)
    wait_s: float = 0.0

    def failed(self, node: Node, now_s: float) -> Retry | GiveUp:
        """An attempt on `node` failed at `now_s`: what now?"""
        now_s = moment("now_s", now_s, endless=False)
        policy = self.policy
        self.tried.append(node)
        moves = policy.errors is None or policy.errors.error(node, now_s, self.request)
        if policy.budget is not None:
            policy.budget.failed(now_s)
        if policy.stop.reason(len(self.tried), now_s - self.started_s) == "attempts":
            return self._give_up("attempts")
        wait_s = policy.wait.wait_s(len(self.tried), self.wait_s, self.draws)
        if policy.stop.reason(len(self.tried), now_s + wait_s - self.started_s) == "deadline":
            return self._give_up("deadline")
        if policy.budget is not None and not policy.budget.take(now_s):
            return self._give_up("budget")
        self.wait_s = wait_s
        return Retry(wait_s, now_s + wait_s, None if moves else node, tuple(self.tried))

    def succeeded(self, node: Node, now_s: float) -> None:
        """An attempt on `node` succeeded at `now_s`; the request is over."""
        now_s = moment("now_s", now_s, endless=False)
        if self.policy.budget is not None:
            self.policy.budget.succeeded(now_s)
        self._over()

    def _give_up(self, reason: Literal["attempts", "deadline", "budget"]) -> GiveUp:
        self._over()
        return GiveUp(reason)

    def _over(self) -> None:
        if self.policy.errors is not None:
            self.policy.errors.done(self.request)


def pick(selector: Any, key: Any = None, tried: Iterable[Node] = ()) -> int:
    """The index of the selector's pick for a request that failed on the nodes `tried`, in that order.

    Never a node twice while another that is up has been tried less often, and never the last one again while another
    is up. Nodes that are gone since are passed over, if they are given by name. LookupError where no node is up.

    >>> from lbcore import RoundRobin
    >>> nodes = RoundRobin(["a", "b", "c"])
    >>> [pick(nodes, tried=tried) for tried in ((), ("b",), ("b", "c"), ("b", "c", "a"))]
    [0, 2, 0, 1]
    """
    path = _indices(selector.nodes, tried)
    times = Counter(path)
    # The one tried last comes last: there are selectors that avoid it alone.
    order = list(dict.fromkeys(reversed(path)))[::-1]
    for most in range(max(times.values(), default=0) + 1):
        avoid = tuple(node for node in order if times[node] > most or node == path[-1])
        try:
            return int(selector.select(key, avoid=avoid))
        except LookupError:
            continue
    return int(selector.select(key))


def _indices(names: tuple[str, ...], tried: Iterable[Node]) -> list[int]:
    path = []
    for node in tried:
        if not isinstance(node, str):
            if not 0 <= node < len(names):
                raise ValueError(f"tried: {node!r} is not an index of {len(names)} nodes")
            path.append(int(node))
        elif node in names:
            path.append(names.index(node))
    return path


def amplification(failure_rate: float, retries: int) -> float:
    """Attempts for each request, on average, where an attempt fails with chance f and r retries are allowed.

    1 + f + ... + f^r = (1 - f^(r+1)) / (1 - f): 1 where nothing fails, r + 1 where everything does.

    >>> amplification(0.5, 3), amplification(1.0, 3)
    (1.875, 4.0)
    """
    f = real("failure_rate", failure_rate, 0.0, 1.0)
    attempts = count("retries", retries, 0) + 1
    if f in (0.0, 1.0):
        return 1.0 if f == 0.0 else float(attempts)
    # expm1 keeps the digits that 1 - f^attempts would lose where f is close to 1.
    return -math.expm1(attempts * math.log(f)) / (1 - f)
