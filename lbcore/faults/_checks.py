"""What the rules check their arguments with, and where their random draws come from."""

import math
from typing import Any

import numpy as np

from lbcore._checks import real, whole
from lbcore.selectors.reference import GOLDEN, MASK, Draws, mix

__all__ = [
    "Seed",
    "count",
    "duration",
    "function_of",
    "limit",
    "moment",
    "patience",
    "real",
    "seconds",
    "seed_bits",
    "stream",
    "thread_name",
    "uniform",
]

Seed = int | np.random.Generator | None


def seconds(name: str, value: Any, *, zero: bool = True, endless: bool = False) -> float:
    """A length of time in seconds, >= 0: `zero` says whether 0 is one, `endless` whether infinity is."""
    return real(name, value, 0.0, above=not zero, finite=not endless)


def duration(name: str, value: float) -> float:
    """`seconds`, for those who ask often."""
    if type(value) is float and 0.0 <= value < 1e300:
        return value
    return seconds(name, value)


def limit(name: str, value: float | None) -> float | None:
    """`value` as a timeout in seconds; None for none."""
    return None if value is None else duration(name, value)


def patience(blocking: bool, timeout_s: float | None) -> float | None:
    """How many seconds a call may wait: None for ever, 0 not at all."""
    left_s = limit("timeout_s", timeout_s)
    if blocking:
        return left_s
    if left_s is not None:
        raise ValueError("timeout_s: a call that does not wait takes none")
    return 0.0


def moment(name: str, value: Any, *, endless: bool = True) -> float:
    """A point in time, in seconds from any start that is always the same; `endless` says whether infinity is one."""
    if type(value) is float and -math.inf < value < math.inf:
        return value
    number = real(name, value, finite=not endless)
    if number == -math.inf:
        raise ValueError(f"{name}: {value!r} is not a time at which anything happens")
    return number


def count(name: str, value: Any, least: int = 1) -> int:
    """A whole number from `least`."""
    return whole(name, value, least)


def function_of(name: str, function: object) -> None:
    """A TypeError where `function` cannot be called."""
    if not callable(function):
        raise TypeError(f"{name}: expected something to call, got {function!r}")


def thread_name(function: object, name: str | None, number: int) -> str:
    """The name of a new thread: as given, or made from the function's."""
    if name is None:
        return f"{getattr(function, '__name__', 'thread')}-{number}"
    if not isinstance(name, str) or not name:
        raise TypeError(f"name: expected a name, got {name!r}")
    return name


def seed_bits(seed: Seed) -> int:
    """The 64 bits that a seed stands for: an int is its own, a Generator gives one draw, None takes entropy."""
    if seed is None:
        seed = np.random.default_rng()
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(0, 2**64, dtype=np.uint64))
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed: expected an int, a numpy Generator or None, got {seed!r}")
    return int(seed) & MASK


def stream(bits: int, number: int) -> Draws:
    """The draws of request `number` under a seed: its own, so that no other request can shift them."""
    return Draws(mix(bits ^ mix(number * GOLDEN + GOLDEN & MASK)))


def uniform(draws: Draws, low: float, high: float) -> float:
    """One draw, uniform from `low` up to `high`."""
    return low + (high - low) * ((draws.next() >> 11) * 2.0**-53)
