"""How many retries can a service bear? Two budgets that keep many clients' retries from becoming the outage.

Retries are load that comes when there is least room for it. A budget is shared by all requests of a client and says
no once retries are too large a share of them. Neither kind here holds a lock: whoever shares one among threads guards
it.
"""

from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from lbcore.faults._checks import count, moment, real

__all__ = ["Budget", "RetryBudget", "TokenBucket"]


class Budget(Protocol):
    """What a retry policy tells a budget, and asks it. All times are seconds on one clock, never going back."""

    def sent(self, now_s: float) -> None:
        """A request was sent for the first time."""

    def succeeded(self, now_s: float) -> None:
        """An attempt succeeded."""

    def failed(self, now_s: float) -> None:
        """An attempt failed."""

    def take(self, now_s: float) -> bool:
        """Whether a retry may go; one that may is paid for at once."""

    def fresh(self) -> Self:
        """A budget with the same parameters, as at the start."""


@dataclass(slots=True, eq=False)
class RetryBudget:
    """Finagle's and Linkerd's: retries up to a share of the requests of the last seconds, and a few a second besides.

    share: how many retries each request pays for, 0 to 1000 (0.2: one retry for five requests). per_s: how many a
    second are free, a whole number, so that a quiet client can retry at all. keep_s: for how long a request counts,
    and how many seconds of free retries can be taken at once: 1 to 60.

    The sums are Finagle's own, to the token: a request puts in 1000, a retry takes 1000 / share (rounded down), the
    free ones are a reserve of per_s * keep_s retries that does not grow, and time passes in ten slices of whole
    milliseconds; what a slice held, withdrawals too, is forgotten when it is keep_s old. The reserve is full at the
    start: as it stands, 100 retries can be taken at once, and by one request, whose own limit is a policy's `Stop`.

    Source: Finagle, RetryBudget.scala; twitter/util, TokenBucket.newLeakyBucket and WindowedAdder.

    >>> budget = RetryBudget(share=0.2, per_s=0)
    >>> for request in range(10):
    ...     budget.sent(0.0)
    >>> [budget.take(0.5) for retry in range(3)]
    [True, True, False]
    """

    share: float = 0.2
    per_s: int = 10
    keep_s: float = 10.0
    _put: int = field(default=0, init=False, repr=False)
    _cost: int = field(default=1, init=False, repr=False)
    _reserve: int = field(default=0, init=False, repr=False)
    _slice_ms: int = field(default=0, init=False, repr=False)
    _past: list[int] = field(default_factory=list, init=False, repr=False)
    _at: int = field(default=0, init=False, repr=False)
    _present: int = field(default=0, init=False, repr=False)
    _since_ms: int | None = field(default=None, init=False, repr=False)

    SLICES = 10
    SCALE = 1000

    def __post_init__(self) -> None:
        self.share = real("share", self.share, 0.0, float(self.SCALE))
        self.per_s = count("per_s", self.per_s, 0)
        self.keep_s = real("keep_s", self.keep_s, 1.0, 60.0)
        # With no share, a retry costs one token of the reserve and requests pay nothing in.
        self._put = self.SCALE if self.share > 0 else 0
        self._cost = int(self.SCALE / self.share) if self.share > 0 else 1
        self._reserve = self.per_s * int(self.keep_s) * self._cost
        self._slice_ms = round(self.keep_s * 1000) // self.SLICES
        self._past = [0] * (self.SLICES - 1)

    def _turn(self, now_s: float) -> None:
        """Close the present slice if it is over, and forget those that are too old."""
        now_ms = round(moment("now_s", now_s, endless=False) * 1000)
        if self._since_ms is None:
            self._since_ms = now_ms
        elapsed = (now_ms - self._since_ms) // self._slice_ms
        if elapsed < 1:
            return
        self._past[self._at] = self._present
        self._present = 0
        self._at = (self._at + 1) % len(self._past)
        for _ in range(min(elapsed - 1, len(self._past))):
            self._past[self._at] = 0
            self._at = (self._at + 1) % len(self._past)
        self._since_ms = now_ms

    def _tokens(self) -> int:
        return self._present + sum(self._past) + self._reserve

    def balance(self, now_s: float) -> int:
        """How many retries could go now."""
        self._turn(now_s)
        return max(0, self._tokens() // self._cost) if self._put or self._reserve else 0

    def sent(self, now_s: float) -> None:
        """A request was sent for the first time: it pays in."""
        self._turn(now_s)
        self._present += self._put

    def succeeded(self, now_s: float) -> None:
        """Changes nothing: only requests pay in."""

    def failed(self, now_s: float) -> None:
        """Changes nothing: only retries cost."""

    def take(self, now_s: float) -> bool:
        """Take one retry's worth, or nothing where there is less."""
        self._turn(now_s)
        if not (self._put or self._reserve) or self._tokens() < self._cost:
            return False
        self._present -= self._cost
        return True

    def fresh(self) -> Self:
        """One with the same parameters, as at the start."""
        return replace(self)


@dataclass(slots=True, eq=False)
class TokenBucket:
    """gRPC's retry throttling: a failure costs a token, a success earns a part of one; retries stop at half.

    max_tokens: what the bucket holds, and begins with: above 0, at most 1000. ratio: what a success earns, above 0;
    both are kept in whole thousandths. Every failed attempt costs one token, down to none; retries may go only while
    more than half are left. Time plays no part.

    Source: gRPC proposal A6, 'Client retries'; retry_throttle.cc.

    >>> bucket = TokenBucket(max_tokens=4, ratio=1.6)
    >>> answers = []
    >>> for outcome in "FSFFF":
    ...     bucket.failed() if outcome == "F" else bucket.succeeded()
    ...     answers.append((bucket.tokens, bucket.take()))
    >>> answers
    [(3.0, True), (4.0, True), (3.0, True), (2.0, False), (1.0, False)]
    """

    max_tokens: float = 10.0
    ratio: float = 0.1
    _most: int = field(default=0, init=False, repr=False)
    _earn: int = field(default=0, init=False, repr=False)
    _left: int = field(default=0, init=False, repr=False)

    SCALE = 1000

    def __post_init__(self) -> None:
        self.max_tokens = real("max_tokens", self.max_tokens, 0.0, 1000.0, above=True)
        self.ratio = real("ratio", self.ratio, 0.0, 1000.0, above=True)
        self._most = round(self.max_tokens * self.SCALE)
        self._earn = round(self.ratio * self.SCALE)
        for name, thousandths in (("max_tokens", self._most), ("ratio", self._earn)):
            if thousandths == 0:
                raise ValueError(f"{name}: {getattr(self, name)!r} is less than a thousandth")
        self._left = self._most

    @property
    def tokens(self) -> float:
        """How many tokens are left."""
        return self._left / self.SCALE

    def sent(self, now_s: float = 0.0) -> None:
        """Changes nothing: only outcomes count."""

    def succeeded(self, now_s: float = 0.0) -> None:
        """An attempt succeeded: earn `ratio` tokens, up to the bucket's brim."""
        self._left = min(self._most, self._left + self._earn)

    def failed(self, now_s: float = 0.0) -> None:
        """An attempt failed: lose one token, if there is one."""
        self._left = max(0, self._left - self.SCALE)

    def take(self, now_s: float = 0.0) -> bool:
        """Whether more than half the tokens are left; asking costs nothing."""
        return 2 * self._left > self._most

    def fresh(self) -> Self:
        """One with the same parameters, full."""
        return replace(self)
