"""Checks at the door of a simulation: a value as it should be, or an error that names the argument."""

import math
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray


def real(name: str, value: Any, least: float = 0.0, most: float = math.inf, *, above: bool = False) -> float:
    """`value` as a finite float from `least` to `most`; with `above`, greater than `least`."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise TypeError(f"{name}: {value!r} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        raise TypeError(f"{name}: {short(value)} is not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{name}: {short(value)} is not finite")
    if number < least or number > most or (above and number == least):
        limit = "" if most == math.inf else f" and at most {most:g}"
        raise ValueError(f"{name}: {value!r} is not {'greater than' if above else 'at least'} {least:g}{limit}")
    return number + 0.0  # -0.0 is 0.0 from here on


def whole(name: str, value: Any, least: int, most: int) -> int:
    """`value` as an int from `least` to `most`."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: {value!r} is not a whole number")
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name}: {short(value)} is not a whole number") from None
    if not least <= number <= most:
        raise ValueError(f"{name}: {number:,} is not from {least:,} to {most:,}")
    return number


LONGEST = 1e15  # seconds, or any other number of a list: 30 million years


def flat(name: str, values: Any, what: str) -> NDArray[np.float64]:
    """A flat list or array of numbers from 0 to LONGEST, as a new float64 array."""
    if isinstance(values, (str, bytes, dict, set, frozenset)) or not hasattr(values, "__len__"):
        raise TypeError(f"{name}: {short(values)} is of type {type(values).__name__}; give {what}")
    try:
        given = np.asarray(values)
        if given.dtype.kind not in "iuf" and given.size:
            raise TypeError
        array = np.array(given, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise TypeError(f"{name}: {short(values)} is not a flat list of numbers; give {what}") from None
    if array.ndim != 1:
        raise TypeError(f"{name}: {short(values)} is not a flat list of numbers; give {what}")
    bad = np.flatnonzero(~((array >= 0) & (array <= LONGEST)))  # NaN too
    if bad.size:
        raise ValueError(f"{name}[{bad[0]}]: {array[bad[0]]:g} is not from 0 to {LONGEST:g}")
    return array + 0.0


def short(value: Any) -> str:
    """A repr that fits into a sentence."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an int of more than 4300 digits
        text = f"a huge {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
