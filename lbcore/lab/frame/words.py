"""Words and numbers for the sentences below pictures."""

import math
from typing import Any, NamedTuple

__all__ = ["Guess", "amount", "guess", "listed", "nodes", "percent", "scored", "significant", "spoken", "upper"]


class Guess(NamedTuple):
    """A prediction that was committed: its number and its unit."""

    value: float
    unit: str


def guess(prediction: Any) -> Guess | None:
    """A prediction as its number and its unit; None where there is none, or it is not committed yet.

    prediction: a number, or anything with a `value` and perhaps a `unit`.
    """
    if prediction is None or isinstance(prediction, Guess):
        return prediction
    value = getattr(prediction, "value", prediction)
    return None if value is None else Guess(float(value), str(getattr(prediction, "unit", "")).strip())


def spoken(value: float, unit: str) -> str:
    """A predicted number in words."""
    return f"{value:,.{0 if value == round(value) else 2}f}" + (" %" if unit == "%" else "")


def scored(prediction: Any, truth: float, decimals: int = 0) -> str:
    """How far off a prediction was, as a sentence to add; empty without one."""
    said = guess(prediction)
    if said is None:
        return ""
    value, unit = said
    gap = abs(round(value - truth, decimals))
    return f" You said {spoken(value, unit)}: {'exactly right' if gap == 0 else f'off by {gap:,.{decimals}f}'}."


def percent(part: float) -> str:
    """A percentage with as many digits as tell something: 0.034, 0.49, 9.1, 17."""
    size = abs(part)
    return f"{part:,.{0 if size >= 9.95 or size == 0 else 1 if size >= 0.995 else 2 if size >= 0.0995 else 3}f}"


def amount(value: float) -> str:
    """A number without a needless fraction."""
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 or abs(value) >= 1000 else f"{value:,.1f}"


def listed(parts: list[str]) -> str:
    """Words in a row: a, b and c."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def nodes(count: int) -> str:
    """1 node, 2 nodes, 1,000 nodes."""
    return f"{count:,} node" + "s" * (count != 1)


def upper(sentence: str) -> str:
    """The sentence with a capital, leaving the names in it as they are."""
    return sentence[:1].upper() + sentence[1:]


def significant(value: float) -> str:
    """A measured number with two digits that tell something: 0.012, 3.4, 1,200."""
    if value <= 0:
        return "0"
    value = float(value)  # numpy rounds otherwise
    decimals = max(0, 1 - math.floor(math.log10(value)))
    return f"{round(value, 1 - math.floor(math.log10(value))):,.{decimals}f}"
