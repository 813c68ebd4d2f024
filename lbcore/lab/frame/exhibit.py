"""One picture is one function: constants give its result, a control in the place of a constant gives the widget."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np

from lbcore.lab.frame.controls import ChoiceSpec, SliderSpec
from lbcore.lab.frame.inputs import legible
from lbcore.lab.frame.panel import Panel
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Expected, expected
from lbcore.lab.frame.written import line
from lbcore.lab.student.classes import limited

__all__ = ["LABELS", "exhibit"]

P = ParamSpec("P")
R = TypeVar("R")
#: What a control is called, or a function of the exhibit's arguments that says it.
Label = str | Callable[[Mapping[str, Any]], str]

#: What a control is called where the name of its argument is not plain enough, and the exhibit does not say.
LABELS = {
    "after": "nodes after the change",
    "cls": "algorithm",
    "down": "node that is down",
    "exponent": "Zipf exponent",
    "selector": "algorithm",
}


def exhibit(
    *, called: Mapping[str, Label] | None = None, truth: Callable[[Any, str], Any] | None = None, seeds: int = 200
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make an exhibit of a function that returns a Result.

    Called with constants, it is the function. Where a `slider(...)` or `choice(...)` stands in the place of one, also
    inside a list, or with a `prediction`, it returns a Panel: the same call, made again whenever a control moves. A
    function with a parameter `progress` is told there whom to tell how much is done, from 0 to 1.

    called: what a control is called, by the name of its argument; or a function of the arguments that says it. Of one
    inside a list, the name ends in `[]`, and `{}` stands for its place.

    truth: the number that a prediction is about, from a result and the prediction's unit. It is judged by what to
    expect, not by one run: the function is called again with so many `seeds` as its argument `seed`. Where one result
    holds many runs, the truth is an array of them.
    """
    labels: dict[str, Label] = {**LABELS, **(called or {})}

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        parameters = inspect.signature(function).parameters
        reports = "progress" in parameters

        def shown(*args: Any, **named: Any) -> Any:
            for name, value in {**dict(zip(parameters, args, strict=False)), **named}.items():
                legible(name, value)
            if not (mine := _classes(list(args) + list(named.values()))):
                return function(*args, **named)
            result, printed = limited(mine[0], lambda: function(*args, **named))
            if printed and isinstance(result, Result):
                object.__setattr__(result, "printed", printed)
            return result

        @functools.wraps(function)
        def call(*args: Any, prediction: Any = None, **named: Any) -> Any:
            given = dict(zip(parameters, args, strict=False))
            if len(given) < len(args) or given.keys() & named.keys():
                return function(*args, **named)  # Python says what is wrong with it
            arguments = {**given, **named}
            specs = dict(_specs(arguments))
            if prediction is None and not specs:
                return shown(*args, **named)

            def run(values: Mapping[str, Any], progress: Callable[[float], None]) -> Any:
                now = _filled(arguments, values)
                first = [now.pop(name) for name in given]
                if reports:
                    now["progress"] = progress
                return shown(*first, **now)

            def written(values: Mapping[str, Any]) -> str:
                return line(function.__name__, _filled(arguments, values), len(given))

            def over(values: Mapping[str, Any], unit: str) -> Expected:
                """What to expect, at these values of the controls."""
                assert truth is not None

                def of(seed: int | None) -> Any:
                    return truth(run({**values, **({} if seed is None else {"seed": seed})}, lambda share: None), unit)

                first = of(None)
                if np.ndim(first) or "seed" not in parameters:
                    return expected(np.atleast_1d(first))
                return expected([of(seed) for seed in range(seeds)])

            said = {name: label(arguments) if callable(label) else label for name, label in labels.items()}
            names = {key: _label(key, said) for key in specs}
            return Panel(
                specs,
                run,
                written,
                labels=names,
                prediction=prediction,
                expect=truth and over,
                uses=_classes(arguments),
            )

        return call

    return decorate


def _specs(arguments: Mapping[str, Any]) -> Any:
    """The controls among the arguments, each with its key: `nodes`, or `weights[0]` inside a list."""
    for name, value in arguments.items():
        inside = enumerate(value) if isinstance(value, (list, tuple)) else ()
        if isinstance(value, (SliderSpec, ChoiceSpec)):
            yield name, value
        yield from ((f"{name}[{i}]", one) for i, one in inside if isinstance(one, (SliderSpec, ChoiceSpec)))


def _classes(given: Any) -> list[type]:
    """The classes of the notebook among the arguments, or whose instances are."""
    if isinstance(given, Mapping):
        given = list(given.values())
    elif isinstance(given, ChoiceSpec):
        given = given.options
    if isinstance(given, (list, tuple)):
        return [cls for one in given for cls in _classes(one)]
    cls = given if isinstance(given, type) else type(given)
    return [cls] if cls.__module__ == "__main__" else []


def _filled(arguments: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with the controls' values in their places; a seed may also be given where there was none."""
    filled = {}
    for name, value in arguments.items():
        if isinstance(value, (list, tuple)):
            value = [values.get(f"{name}[{i}]", one) for i, one in enumerate(value)]
        filled[name] = values.get(name, value)
    return filled if "seed" not in values else {**filled, "seed": values["seed"]}


def _label(key: str, labels: Mapping[str, str]) -> str:
    name, _, place = key.partition("[")
    if not place:
        return labels.get(name, name.replace("_", " "))
    return labels.get(f"{name}[]", f"{name} {{}}").format(place.rstrip("]"))
