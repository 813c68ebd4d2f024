"""What to do when a request fails: try again or give up, after which pause, and on which node.

A `RetryPolicy` is put together from rules: when to stop, how long to wait (`waits`), how many errors move a node's
requests elsewhere (`threshold`), and a budget for all retries together (`budget`). It starts one `Tries` for each
request, which is told each outcome and answers with a `Retry` or a `GiveUp`. Nothing of that sleeps, sends, or knows
the time: the caller does, or `RetryPolicy.call`. Times are seconds on one clock. Threads may share a policy; a budget
or a threshold that several policies share is not locked between them.
"""

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count as numbers
from typing import Any, Literal, TypeVar

from lbcore.faults._checks import Seed, count, function_of, moment, real, seconds, seed_bits, stream
from lbcore.faults.budget import Budget
from lbcore.faults.calls import Calls, Which, which
from lbcore.faults.clocks import Clock
from lbcore.faults.threshold import ErrorThreshold, Node
from lbcore.faults.waits import FullJitter, Wait
from lbcore.selectors.reference import Draws

__all__ = ["CallFailed", "GiveUp", "Retry", "RetryPolicy", "Stop", "Tries", "amplification"]

T = TypeVar("T")
Reason = Literal["attempts", "deadline", "budget", "error"]

#: So many of its last attempts a `CallFailed` shows.
SHOWN = 10


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
    """The request has failed for good: its "attempts", its "deadline", the "budget" or an "error" not worth a retry."""

    reason: Reason


class CallFailed(Exception):
    """A function called under a `RetryPolicy` has failed for good; the cause is its last error.

    name: the function's; reason: "attempts", "deadline" or "budget"; attempts: how many; took_s: how long they and
    their pauses took, in seconds. Its notes show how the last ten ended.
    """

    def __init__(self, name: str, reason: Reason, attempts: int, took_s: float):
        super().__init__(name, reason, attempts, took_s)
        self.name, self.reason, self.attempts, self.took_s = name, reason, attempts, took_s

    def __str__(self) -> str:
        tried = "1 attempt" if self.attempts == 1 else f"{self.attempts:,} attempts"
        return f"{self.name}: given up ({self.reason}) after {tried} in {self.took_s:g} s"


class RetryPolicy(Calls):
    """When, after which pause and where to try again, put together from rules.

    stop: 3 attempts in all by default. wait: full jitter, of up to 0.1 s before the first retry and doubled up to 10 s,
    by default. errors: an `ErrorThreshold`; without one a failed request always goes to another node. budget: a
    `RetryBudget`, a `TokenBucket` or another, asked last, so that nothing is paid for a retry that will not be. seed:
    an int, a numpy Generator, or None for entropy; a request's pauses depend on the seed and its number alone.

    retry_on: the errors worth a retry, as a class, a tuple of classes or a function of the error; all others are given
    up at once. retry_if: a function of what was returned that says whether to try again. retry_after: how long a server
    asks to wait, in seconds, as the name of an attribute of the error or the returned, or a function of it; None there
    is no wish. The pause is at least that long. As in tenacity, resilience4j and urllib3.

    >>> from lbcore.faults.waits import FixedWait
    >>> policy = RetryPolicy(stop=Stop(attempts=3), wait=FixedWait(0.5), seed=1, retry_on=OSError)
    >>> tries = policy.start(now_s=10.0, request=0)
    >>> tries.failed("node-2", now_s=11.0)
    Retry(wait_s=0.5, at_s=11.5, node=None, avoid=('node-2',))
    >>> tries.failed("node-0", 12.0, TimeoutError()).avoid, tries.failed("node-1", 13.0, ValueError())
    (('node-2', 'node-0'), GiveUp(reason='error'))

    `call` does all that for a function of one's own, and raises `CallFailed` from its last error:

    >>> from lbcore.faults import VirtualClock
    >>> clock, answers = VirtualClock(seed=1), iter([503, 503, 200])
    >>> policy = RetryPolicy(wait=FixedWait(0.5), retry_if=lambda status: status == 503)
    >>> clock.run(lambda: (policy.call(next, answers, clock=clock), clock.now()))
    (200, 1.0)
    """

    __slots__ = ("_after", "_bits", "_numbers", "_worth", "budget", "errors", "guard", "retry_if", "stop", "wait")

    def __init__(
        self,
        stop: Stop | None = None,
        wait: Wait | None = None,
        *,
        errors: ErrorThreshold | None = None,
        budget: Budget | None = None,
        seed: Seed = None,
        retry_on: Which = Exception,
        retry_if: Callable[[Any], bool] | None = None,
        retry_after: str | Callable[[Any], float | None] | None = None,
    ):
        self.stop = Stop(attempts=3) if stop is None else stop
        self.wait = FullJitter(0.1, 10.0) if wait is None else wait
        for name, rule, method, kind in (
            ("stop", self.stop, "reason", "a Stop, such as Stop(attempts=3)"),
            ("wait", self.wait, "wait_s", "a rule for the pause, such as FixedWait(0.5)"),
            ("errors", errors, "error", "an ErrorThreshold"),
            ("budget", budget, "take", "a RetryBudget or another budget"),
        ):
            if rule is not None and not callable(getattr(rule, method, None)):
                raise TypeError(f"{name}: expected {kind}, got {rule!r}")
        self.errors, self.budget = errors, budget
        self._worth = which("retry_on", retry_on)
        if retry_if is not None:
            function_of("retry_if", retry_if)
        if retry_after is not None and not isinstance(retry_after, str):
            function_of("retry_after", retry_after)
        self.retry_if, self._after = retry_if, retry_after
        self._bits = seed_bits(seed)
        self._numbers = numbers()
        #: Held for a moment only, around what requests share.
        self.guard = threading.Lock()

    def __repr__(self) -> str:
        return f"RetryPolicy({self.stop}, {self.wait}, errors={self.errors}, budget={self.budget})"

    def worth(self, said: Any) -> bool:
        """Whether an attempt that ended with `said`, an error or something returned, is worth another."""
        return self._worth(said) if isinstance(said, Exception) else True

    def after_s(self, said: Any) -> float:
        """How many seconds a server asks to wait, 0 where it does not: a time that is over is no wish."""
        if said is None or self._after is None:
            return 0.0
        asked = getattr(said, self._after, None) if isinstance(self._after, str) else self._after(said)
        return 0.0 if asked is None else max(0.0, real("retry_after", asked))

    def start(self, now_s: float, request: int | None = None) -> "Tries":
        """A request is sent for the first time, at `now_s`. request: its number, from 0.

        By default this policy's next number, so that no two requests have the same pauses or the same errors.
        """
        now_s = moment("now_s", now_s, endless=False)
        request = next(self._numbers) if request is None else count("request", request, 0)
        if self.budget is not None:
            with self.guard:
                self.budget.sent(now_s)
        return Tries(self, request, now_s, stream(self._bits, request))

    def perform(self, function: Callable[[], T], clock: Clock, name: str) -> T:
        """`call`, in a word: until it succeeds, or the policy gives up."""
        tries, ends = self.start(clock.now()), deque[Any](maxlen=SHOWN)
        try:
            while True:
                value = error = None
                try:
                    value = function()
                except Exception as raised:
                    error = raised
                else:
                    if self.retry_if is None or not self.retry_if(value):
                        tries.succeeded(name, clock.now())
                        return value
                ends.append(value if error is None else error)
                now_s = clock.now()
                step = tries.failed(name, now_s, ends[-1])
                if isinstance(step, Retry):
                    clock.sleep(step.wait_s)
                    continue
                if error is not None and step.reason == "error":
                    raise error
                attempts = len(tries.tried)
                failure = CallFailed(name, step.reason, attempts, now_s - tries.started_s)
                for number, end in enumerate(ends, attempts - len(ends) + 1):
                    failure.add_note(f"(attempt {number}: {end!r})")
                raise failure from error
        finally:
            tries.abandon()


@dataclass(slots=True, eq=False)
class Tries:
    """One request's attempts so far; `RetryPolicy.start` makes it. `tried`: the nodes that failed it, in order."""

    policy: RetryPolicy = field(repr=False)
    request: int
    started_s: float
    draws: Draws = field(repr=False)
    tried: list[Node] = field(default_factory=list)
    wait_s: float = 0.0
    over: bool = False

    def failed(self, node: Node, now_s: float, said: Any = None) -> Retry | GiveUp:
        """An attempt on `node` failed at `now_s`: what now? RuntimeError where the request is over.

        said: the error, or the answer, that it ended with; None for none. An error that is not worth a retry says
        nothing of the node, so neither the threshold nor the budget hears of it.
        """
        now_s, policy = self._going(now_s), self.policy
        worth, after_s = policy.worth(said), policy.after_s(said)
        with policy.guard:
            self.tried.append(node)
            if not worth:
                return self._give_up("error")
            moves = policy.errors is None or policy.errors.error(node, now_s, self.request)
            if policy.budget is not None:
                policy.budget.failed(now_s)
            if policy.stop.reason(len(self.tried), now_s - self.started_s) == "attempts":
                return self._give_up("attempts")
            own_s = policy.wait.wait_s(len(self.tried), self.wait_s, self.draws)
            wait_s = max(own_s, after_s)
            if policy.stop.reason(len(self.tried), now_s + wait_s - self.started_s) == "deadline":
                return self._give_up("deadline")
            if policy.budget is not None and not policy.budget.take(now_s):
                return self._give_up("budget")
            # A server's wish is no pause of the rule's, which may draw its next one from its last.
            self.wait_s = own_s
            return Retry(wait_s, now_s + wait_s, None if moves else node, tuple(self.tried))

    def succeeded(self, node: Node, now_s: float) -> None:
        """An attempt on `node` succeeded at `now_s`; the request is over."""
        now_s = self._going(now_s)
        with self.policy.guard:
            if self.policy.budget is not None:
                self.policy.budget.succeeded(now_s)
            self._over()

    def abandon(self) -> None:
        """Nobody waits for the request any more: it is over, if it was not, and neither failed nor succeeded."""
        with self.policy.guard:
            self._over()

    def _going(self, now_s: float) -> float:
        if self.over:
            raise RuntimeError(f"request {self.request} is over: start another")
        return moment("now_s", now_s, endless=False)

    def _give_up(self, reason: Reason) -> GiveUp:
        self._over()
        return GiveUp(reason)

    def _over(self) -> None:
        self.over = True
        if self.policy.errors is not None:
            self.policy.errors.done(self.request)


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
