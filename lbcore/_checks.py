"""What the rooms check their arguments with: a value as it should be, or an error that names the argument."""

import math
from operator import index
from typing import Any

import numpy as np


def real(
    name: str,
    value: Any,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    above: bool = False,
    finite: bool = False,
) -> float:
    """`value` as a float from `least` to `most`; with `above`, greater than `least`. NaN is never right.

    Infinity is right only where nothing limits it: no `most`, and not `finite`.
    """
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise TypeError(f"{name}: {short(value)} is not a number")
    try:
        number = float(value)
    except OverflowError:  # an int beyond every double
        number, finite = math.inf, True
    except (TypeError, ValueError):
        raise TypeError(f"{name}: {short(value)} is not a number") from None
    if not math.isfinite(number) and (finite or most < math.inf):
        raise ValueError(f"{name}: {short(value)} is not finite")
    if math.isnan(number):
        raise ValueError(f"{name}: NaN is no number to work with")
    if number < least or number > most or (above and number == least):
        limit = "" if most == math.inf else f" and at most {most:g}"
        raise ValueError(f"{name}: {value!r} is not {'greater than' if above else 'at least'} {least:g}{limit}")
    return number + 0.0  # -0.0 is 0.0 from here on


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """`value` as an int from `least` to `most`, or without an end."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: {value!r} is not a whole number")
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name}: {short(value)} is not a whole number") from None
    if number < least or (most is not None and number > most):
        right = f"at least {least:,}" if most is None else f"between {least:,} and {most:,}"
        raise ValueError(f"{name}: {number:,} is not {right}")
    return number


def short(value: object) -> str:
    """A repr that fits into a sentence."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an int of more than 4300 digits
        text = f"a huge {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
