"""The controls of every widget: a slider, a choice and a button that deals again, native HTML with a real label.

ipywidgets' own sliders have no accessible name. These are `<input type=range>` and `<select>` with a `<label>`,
so that a keyboard and a screen reader work as in any web page. What a control may show is a small frozen
spec (`slider(...)`, `choice(...)`), which can be read and tested without a browser. (Longer than 300 lines: a control
and its spec check and show the same values.)
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["AgainSpec", "Choice", "ChoiceSpec", "Slider", "SliderSpec", "choice", "deal_again", "slider"]

_HERE = Path(__file__).parent

#: Twenty round values a decade. Each is a number that a person would choose.
_MANTISSAS = (1, 1.1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.2, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9)
#: From this ratio of high to low on, a slider is logarithmic unless told otherwise.
_LOG_FROM = 1000
#: Beyond it, a float in JavaScript no longer holds every int.
_LARGEST = 2**53


def _number(name: str, value: Any, *, whole: bool) -> int | float:
    """`value` as an int (where `whole`) or a float, or an error that names the argument."""
    if isinstance(value, (bool, str, bytes)):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}") from None
    if not math.isfinite(number):
        raise ValueError(f"{name}: {value!r} is not a finite number")
    if abs(number) > _LARGEST:
        raise ValueError(f"{name}: {value!r} is beyond 2**53, more than a slider can show exactly")
    if not whole:
        return number
    if number != int(number):
        raise ValueError(f"{name}: {value!r} is not a whole number; fractions need a float step (step=0.1)")
    return int(value)


def _decimals(number: int | float) -> int:
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    return max(0, -int(exponent))


@dataclass(frozen=True)
class SliderSpec:
    """What a slider can say: the values from `low` to `high`, where it starts, and how it is spaced.

    Values are ints unless `step` is a float. Both ends are always reached exactly, even where `step` does not
    divide the range. On a log scale there are about twenty round values a decade, and `step` is the grid they lie on.
    """

    low: int | float
    high: int | float
    start: int | float | None = None
    step: int | float = 1
    scale: str | None = None

    def __post_init__(self) -> None:
        """Check every argument and fill in the two that depend on others."""
        step = _number("step", self.step, whole=False)
        whole = not isinstance(self.step, float)
        step = _number("step", self.step, whole=whole)
        low, high = (_number(name, getattr(self, name), whole=whole) for name in ("low", "high"))
        if step <= 0:
            raise ValueError(f"step: {self.step!r} is not above 0")
        if low >= high:
            raise ValueError(f"low: {self.low!r} is not below high={self.high!r}")
        if step > (high - low) * (1 + 1e-9):  # 0.03 - 0.01 is a little less than 0.02
            raise ValueError(f"step: {self.step!r} is more than the whole way from {self.low!r} to {self.high!r}")
        start = low if self.start is None else _number("start", self.start, whole=whole)
        if not low <= start <= high:
            raise ValueError(f"start: {self.start!r} is not between low={self.low!r} and high={self.high!r}")
        scale = self.scale
        if scale is None:
            scale = "log" if low > 0 and high / low >= _LOG_FROM else "linear"
        if scale not in ("linear", "log"):
            raise ValueError(f"scale: {self.scale!r} is neither 'linear' nor 'log'")
        if scale == "log" and low <= 0:
            raise ValueError(f"low: {self.low!r} must be above 0 on a log scale")
        for name, value in (("low", low), ("high", high), ("start", start), ("step", step), ("scale", scale)):
            object.__setattr__(self, name, value)

    @property
    def whole(self) -> bool:
        """Whether the values are ints."""
        return isinstance(self.step, int)

    @cached_property
    def decimals(self) -> int:
        """How many digits stand after the decimal point in a value on a step."""
        if self.whole:
            return 0
        return max(_decimals(number) for number in (self.low, self.high, self.step))

    @cached_property
    def ticks(self) -> tuple[int | float, ...]:
        """The values of a log slider from first to last; empty on a linear one, whose values follow from `step`."""
        if self.scale == "linear":
            return ()
        # The start is a tick too, so that a student can come back to it.
        values = {self.low, self.high, self.start}
        for exponent in range(math.floor(math.log10(self.low)), math.floor(math.log10(self.high)) + 1):
            for mantissa in _MANTISSAS:
                value = round(mantissa * 10.0**exponent / self.step) * self.step
                value = int(value) if self.whole else round(value, self.decimals)
                if self.low < value < self.high:
                    values.add(value)
        return tuple(sorted(v for v in values if v is not None))

    @property
    def positions(self) -> int:
        """The last position of the slider; the first is 0."""
        if self.ticks:
            return len(self.ticks) - 1
        return math.ceil(round((self.high - self.low) / self.step, 9))

    def value_at(self, position: int) -> int | float:
        """The value at a position from 0 to `positions`."""
        if not 0 <= position <= self.positions:
            raise ValueError(f"position: {position!r} is not between 0 and {self.positions}")
        if self.ticks:
            return self.ticks[position]
        if position == self.positions:
            return self.high
        value = self.low + position * self.step
        return value if self.whole else round(value, self.decimals)

    def check(self, value: Any) -> int | float:
        """`value` as this slider holds it, or an error that says what is wrong with it."""
        number = _number("value", value, whole=self.whole)
        if not self.low <= number <= self.high:
            raise ValueError(f"value: {value!r} is not between {self.low} and {self.high}")
        return number

    def text(self, value: int | float, unit: str = "") -> str:
        """The value as people read it: `1,000 requests`.

        >>> slider(10, 1_000_000).text(1000, "requests")
        '1,000 requests'
        """
        # A value that Python set between two steps keeps its digits, up to six.
        decimals = 0 if self.whole else max(self.decimals, min(6, _decimals(value)))
        digits = f"{value:,.{decimals}f}"
        unit = unit[:-1] if value == 1 and len(unit) > 2 and unit.endswith("s") else unit  # 1 request
        return f"{digits} {unit}" if unit else digits


def slider(
    low: int | float,
    high: int | float,
    start: int | float | None = None,
    step: int | float = 1,
    scale: str | None = None,
) -> SliderSpec:
    """A slider from `low` to `high`, both reached; it starts at `low` unless told otherwise.

    Values are ints unless `step` is a float. `scale` is "linear" or "log"; left out, it is "log" from a
    thousandfold range on.

    >>> slider(10, 1_000_000, start=1_000).scale
    'log'
    >>> slider(0, 1, step=0.1).value_at(3)
    0.3
    """
    return SliderSpec(low, high, start, step, scale)


class AgainSpec(SliderSpec):
    """Seeds, one after the other: a slider that is a button."""


def deal_again(start: int = 7) -> AgainSpec:
    """A button *Deal again* in the place of a seed: luck with the seed `start`, and with the next one at each press.

    >>> deal_again(7).start
    7
    """
    return AgainSpec(0, 9_999, start)


def _option_label(option: Any) -> str:
    if isinstance(option, type) or (callable(option) and hasattr(option, "__name__")):
        return str(option.__name__)
    if isinstance(option, (int, float)) and not isinstance(option, bool):
        return f"{option:,}"
    return str(option)


def _position(options: tuple[Any, ...], value: Any) -> int | None:
    """Where `value` stands among `options`; the same object first, so that options need no `==`."""
    same = [index for index, option in enumerate(options) if option is value]
    equal = (index for index, option in enumerate(options) if bool(option == value))
    return same[0] if same else next(equal, None)


@dataclass(frozen=True)
class ChoiceSpec:
    """What a choice can say: one of `options`. An option is any Python value; a class is shown by its name."""

    options: tuple[Any, ...]
    start: Any = None

    def __post_init__(self) -> None:
        """Check that there are options, that they can be told apart, and that the start is one of them."""
        options = tuple(self.options)
        object.__setattr__(self, "options", options)
        if not options:
            raise ValueError("options: a choice needs at least one")
        seen: set[str] = set()
        for label in self.labels:
            if not label.strip():
                raise ValueError("options: an option has no text to show")
            if label in seen:
                raise ValueError(f"options: {label!r} is there twice")
            seen.add(label)
        if self.start is None:
            object.__setattr__(self, "start", options[0])
        elif _position(options, self.start) is None:
            raise ValueError(f"start: {_option_label(self.start)!r} is none of the options: {', '.join(self.labels)}")

    @property
    def labels(self) -> tuple[str, ...]:
        """The options as people read them."""
        return tuple(_option_label(option) for option in self.options)

    def index(self, value: Any) -> int:
        """Which option `value` is, or a ValueError that lists the options."""
        index = _position(self.options, value)
        if index is None:
            raise ValueError(f"value: {_option_label(value)!r} is none of the options: {', '.join(self.labels)}")
        return index


def choice(*options: Any, start: Any = None) -> ChoiceSpec:
    """One of several options, the first unless `start` says another.

    >>> choice("burst", "smooth").start
    'burst'
    """
    return ChoiceSpec(options, start)


def _label(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(f"label: expected text, got {type(text).__name__}")
    if not text.strip():
        raise ValueError("label: a control needs a name")
    return text


class _Control(anywidget.AnyWidget):
    _esm = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("kernel.js", "controls.js"))
    _css = _HERE / "controls.css"
    kind = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)


class Slider(_Control):
    """A labelled slider. `value` follows the hand while it drags; setting it moves the slider.

    A value outside the spec is a ValueError and changes nothing. A value between two steps is kept as it is.
    """

    # Not `Any`, which lets None past the check.
    value: traitlets.TraitType[Any, Any] = traitlets.TraitType(default_value=0).tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    # What the front end needs to know of the spec.
    low = traitlets.Any(read_only=True).tag(sync=True)
    high = traitlets.Any(read_only=True).tag(sync=True)
    step = traitlets.Any(read_only=True).tag(sync=True)
    ticks: traitlets.List[Any] = traitlets.List(read_only=True).tag(sync=True)
    positions = traitlets.Int(read_only=True).tag(sync=True)
    decimals = traitlets.Int(read_only=True).tag(sync=True)

    def __init__(self, label: str, spec: SliderSpec, unit: str = "") -> None:
        """Make a slider called `label`, with the values of `spec`."""
        if not isinstance(spec, SliderSpec):
            raise TypeError(f"spec: expected slider(low, high, ...), got {type(spec).__name__}")
        label = _label(label)
        self.spec = spec
        for name in ("low", "high", "step", "positions", "decimals"):
            self.set_trait(name, getattr(spec, name))
        self.set_trait("ticks", list(spec.ticks))
        kind = "again" if isinstance(spec, AgainSpec) else "slider"
        super().__init__(kind=kind, label=label, unit=unit, value=spec.start)

    @traitlets.validate("value")
    def _validate_value(self, proposal: Any) -> int | float:
        return self.spec.check(proposal["value"])

    @property
    def text(self) -> str:
        """The value as it is shown beside the slider."""
        return self.spec.text(self.value, self.unit)

    def __repr__(self) -> str:
        return f"{self.label}: {self.text}"


class Choice(_Control):
    """A labelled drop-down list. `value` is the chosen option itself; setting it to another option moves the list."""

    value: traitlets.TraitType[Any, Any] = traitlets.TraitType()
    index = traitlets.Int().tag(sync=True)
    labels: traitlets.List[Any] = traitlets.List(read_only=True).tag(sync=True)

    def __init__(self, label: str, spec: ChoiceSpec) -> None:
        """Make a list called `label`, with the options of `spec`."""
        if not isinstance(spec, ChoiceSpec):
            raise TypeError(f"spec: expected choice(option, ...), got {type(spec).__name__}")
        label = _label(label)
        self.spec = spec
        self.set_trait("labels", list(spec.labels))
        super().__init__(kind="choice", label=label, index=spec.index(spec.start), value=spec.start)

    @traitlets.validate("value")
    def _validate_value(self, proposal: Any) -> Any:
        return self.spec.options[self.spec.index(proposal["value"])]

    @traitlets.validate("index")
    def _validate_index(self, proposal: Any) -> int:
        index = int(proposal["value"])
        if not 0 <= index < len(self.spec.options):
            raise ValueError(f"index: {index} is not between 0 and {len(self.spec.options) - 1}")
        return index

    @traitlets.observe("value")
    def _value_changed(self, change: Any) -> None:
        self.index = self.spec.index(change["new"])

    @traitlets.observe("index")
    def _index_changed(self, change: Any) -> None:
        self.value = self.spec.options[change["new"]]

    @property
    def text(self) -> str:
        """The option as it is shown."""
        return self.spec.labels[self.index]

    def __repr__(self) -> str:
        return f"{self.label}: {self.text}"
