"""Checks at the door of every rule: a number as it should be, or an error that names the argument."""

import math
import operator
from typing import Any

import numpy as np

from lbcore.selectors.reference import GOLDEN, MASK, Draws, mix

Seed = int | np.random.Generator | None


def real(name: str, value: Any, least: float = -math.inf, most: float = math.inf, *, above: bool = False) -> float:
    """`value` as a float from `least` to `most`; with `above`, greater than `least`. NaN is never right."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a number, got {value!r}") from None
    if math.isnan(number):
        raise ValueError(f"{name}: NaN is no number to work with")
    if number < least or number > most or (above and number == least):
        bound = f"greater than {least:g}" if above else f"at least {least:g}"
        limit = "" if most == math.inf else f" and at most {most:g}"
        raise ValueError(f"{name}: {value!r} is not {bound}{limit}")
    return number


def seconds(name: str, value: Any, *, zero: bool = True, endless: bool = False) -> float:
    """A length of time in seconds, >= 0: `zero` says whether 0 is one, `endless` whether infinity is."""
    length = real(name, value, 0.0, above=not zero)
    if length == math.inf and not endless:
        raise ValueError(f"{name}: {value!r} is not a finite time")
    return length


def moment(name: str, value: Any, *, endless: bool = True) -> float:
    """A point in time, in seconds from any start that is always the same; `endless` says whether infinity is one."""
    if type(value) is float and -math.inf < value < math.inf:
        return value
    number = real(name, value)
    if number == -math.inf or (number == math.inf and not endless):
        raise ValueError(f"{name}: {value!r} is not a time at which anything happens")
    return number


def count(name: str, value: Any, least: int = 1) -> int:
    """A whole number from `least`."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: expected a whole number, got {value!r}") from None
    if number < least:
        raise ValueError(f"{name}: {number:,} is not at least {least:,}")
    return number


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
