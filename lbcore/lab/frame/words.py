"""Words and numbers for the sentences below pictures."""

import math
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Expected",
    "Guess",
    "amount",
    "expected",
    "guess",
    "judged",
    "listed",
    "mean_of",
    "nodes",
    "percent",
    "scored",
    "significant",
    "spoken",
    "upper",
]


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


class Expected(NamedTuple):
    """What to expect of a number that depends on luck: its mean, and the ends between which it is nine times in ten."""

    mean: float
    low: float
    high: float
    seeds: int


def expected(values: Any) -> Expected:
    """What to expect, from one value for each seed (a sequence or an array)."""
    # Ends that were seen: no node has half a request.
    low, high = np.percentile(values, [5, 95], method="inverted_cdf")
    return Expected(float(np.mean(values)), float(low), float(high), len(values))


def spoken(value: float, unit: str) -> str:
    """A predicted number in words, with its unit: 1 request, 116 requests, 2.50 s."""
    one = value == 1 and len(unit) > 1 and unit.endswith("s")
    number = f"{value:,.{0 if value == round(value) else 2}f}"
    return f"{number} {unit[:-1] if one else unit}".rstrip()


def judged(said: Guess, truth: Expected) -> str:
    """A prediction beside what to expect, as a sentence to add: one run is luck, and no measure of it."""
    value, unit = said
    size = max(abs(truth.mean), abs(truth.low), abs(truth.high))
    # So many digits as tell something, and none where every number is whole.
    whole = all(number == round(number) for number in (value, *truth[:3]))
    decimals = 0 if whole or size >= 100 else 1 if size >= 10 else 2
    mean, low, high = (round(number, decimals) for number in truth[:3])
    if low == high:
        gap = abs(round(value - mean, decimals))
        return f" You said {spoken(value, unit)}: {'exactly right' if gap == 0 else f'off by {gap:,.{decimals}f}'}."

    def said_of(number: float) -> str:
        return f"{round(number):,}" if number == round(number) else f"{number:,.{decimals}f}"

    beside = round(value - min(max(value, low), high), decimals)
    place = f"{said_of(abs(beside))} {'above' if beside > 0 else 'below'} that range" if beside else "inside"
    return (
        f" You said {spoken(value, unit)}. To expect: {said_of(mean)} on average, and {said_of(low)} to "
        f"{said_of(high)} nine times in ten ({truth.seeds:,} seeds). You are {place}."
    )


def scored(prediction: Any, truth: float, decimals: int = 0) -> str:
    """How far off a prediction was, as a sentence to add; empty without one."""
    said = guess(prediction)
    if said is None:
        return ""
    value, unit = said
    gap = abs(round(value - truth, decimals))
    return f" You said {spoken(value, unit)}: {'exactly right' if gap == 0 else f'off by {gap:,.{decimals}f}'}."


def percent(part: float) -> str:
    """A percentage with as many digits as tell something: 0.0001, 0.034, 0.49, 9.1, 17."""
    size = abs(part)
    least = 3 if size >= 0.0005 else min(9, -math.floor(math.log10(size or 1)))
    return f"{part:,.{0 if size >= 9.95 or size == 0 else 1 if size >= 0.995 else 2 if size >= 0.0995 else least}f}"


def amount(value: float) -> str:
    """A number without a needless fraction."""
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 or abs(value) >= 1000 else f"{value:,.1f}"


def mean_of(value: float, tenths_below: float = 1e4) -> str:
    """The label of a mean beside a picture, where there is room for as many digits as this."""
    if value >= 1e6:
        return f"mean {value / 1e6:,.4g}M"
    if value == round(value) or value >= tenths_below:
        return f"mean {value:,.0f}"
    return f"mean {value:,.1f}" if value >= 1000 else f"mean {value:.4g}"


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
