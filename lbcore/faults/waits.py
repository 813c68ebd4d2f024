"""How long to wait before a retry: five rules, each a line of arithmetic and at most one random draw.

Clients that fail together retry together, and fail again; a pause that doubles gives the service time, and a random
part of it (jitter) takes the clients apart. Retries are counted from 1. All times are seconds.

Source: Brooker, 'Exponential backoff and jitter', AWS Architecture Blog (2015).
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol

from lbcore.faults._checks import seconds, uniform
from lbcore.selectors.reference import Draws

__all__ = ["DecorrelatedJitter", "EqualJitter", "Exponential", "FixedWait", "FullJitter", "Wait"]


class Wait(Protocol):
    """A rule for the pause before a retry."""

    def wait_s(self, retry: int, previous_s: float, draws: Draws) -> float:
        """The pause in seconds before retry number `retry` (from 1).

        previous_s: this request's last pause, 0 before its first retry. draws: the randomness of this request.
        """


@dataclass(frozen=True, slots=True)
class FixedWait:
    """Always the same pause; 0 is to retry at once.

    >>> FixedWait(0.5).wait_s(7, 0.5, Draws(0))
    0.5
    """

    pause_s: float = 0.0

    def __post_init__(self) -> None:
        seconds("pause_s", self.pause_s)

    def wait_s(self, retry: int, previous_s: float, draws: Draws) -> float:
        """The pause."""
        return self.pause_s


@dataclass(frozen=True, slots=True)
class Exponential:
    """Twice as long each time: min(cap, base 2^n), n from 0.

    base_s: the first pause, above 0 (the source counts n from 1, so its base is half of this). cap_s: the longest
    pause, at least base_s; infinity for none.

    >>> rule = Exponential(base_s=0.05, cap_s=1.0)
    >>> [rule.wait_s(retry, 0.0, Draws(0)) for retry in range(1, 7)]
    [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]
    """

    base_s: float
    cap_s: float = math.inf

    def __post_init__(self) -> None:
        _check(self.base_s, self.cap_s)

    def ceiling_s(self, retry: int) -> float:
        """min(cap, base 2^(retry - 1)), for any retry from 1."""
        # 2^1000 is as good as endless; 2^1024 would overflow.
        return min(self.cap_s, self.base_s * 2.0 ** min(retry - 1, 1000))

    def wait_s(self, retry: int, previous_s: float, draws: Draws) -> float:
        """The pause."""
        return self.ceiling_s(retry)


class FullJitter(Exponential):
    """Anywhere from nothing to the exponential pause: U(0, min(cap, base 2^n)), n from 0.

    >>> rule, draws = FullJitter(base_s=0.05, cap_s=1.0), Draws(1)
    >>> all(0 <= rule.wait_s(3, 0.0, draws) < 0.2 for _ in range(100))
    True
    """

    __slots__ = ()

    def wait_s(self, retry: int, previous_s: float, draws: Draws) -> float:
        """The pause."""
        return uniform(draws, 0.0, self.ceiling_s(retry))


class EqualJitter(Exponential):
    """Half the exponential pause for certain, the other half by chance: v / 2 + U(0, v / 2).

    >>> rule, draws = EqualJitter(base_s=0.05, cap_s=1.0), Draws(1)
    >>> all(0.1 <= rule.wait_s(3, 0.0, draws) < 0.2 for _ in range(100))
    True
    """

    __slots__ = ()

    def wait_s(self, retry: int, previous_s: float, draws: Draws) -> float:
        """The pause."""
        half_s = self.ceiling_s(retry) / 2
        return half_s + uniform(draws, 0.0, half_s)


@dataclass(frozen=True, slots=True)
class DecorrelatedJitter:
    """Up to three times the last pause, never less than the base: min(cap, U(base, 3 previous)).

    Before the first retry, the last pause counts as the base. base_s: above 0; cap_s: at least base_s.

    >>> rule, draws = DecorrelatedJitter(base_s=0.05, cap_s=1.0), Draws(1)
    >>> all(0.05 <= rule.wait_s(9, 0.1, draws) < 0.3 for _ in range(100))
    True
    """

    base_s: float
    cap_s: float = math.inf

    def __post_init__(self) -> None:
        _check(self.base_s, self.cap_s)

    def wait_s(self, retry: int, previous_s: float, draws: Draws) -> float:
        """The pause."""
        # Three times a huge pause may be infinite, and a uniform draw up to infinity no number.
        high_s = min(3 * max(previous_s, self.base_s), 1e300)
        return min(self.cap_s, uniform(draws, self.base_s, high_s))


def _check(base_s: Any, cap_s: Any) -> None:
    base_s = seconds("base_s", base_s, zero=False)
    cap_s = seconds("cap_s", cap_s, zero=False, endless=True)
    if cap_s < base_s:
        raise ValueError(f"cap_s: {cap_s:g} s is shorter than base_s, {base_s:g} s")
