"""A widget from a call of an experiment: those of its arguments that are sliders and choices become the controls."""

from collections.abc import Callable, Mapping
from typing import Any

from lbcore.lab import students
from lbcore.lab.calls import Call
from lbcore.lab.controls import ChoiceSpec, SliderSpec
from lbcore.lab.panel import Panel

__all__ = ["LABELS", "controlled"]

#: What a control is called where its argument's name is not plain enough.
LABELS = {
    "cls": "algorithm",
    "down": "node that is down",
    "after": "nodes after the change",
    "every": "one heavy request in",
    "heavy": "cost of a heavy request",
    "exponent": "Zipf exponent",
    "upto": "requests",
    "threshold": "error threshold",
    "retries": "retries allowed",
    "budget": "retry budget, % of the requests",
    "per": "errors are counted for each",
}


def controlled(
    call: Callable[..., Call],
    arguments: dict[str, Any],
    prediction: Any = None,
    reports: bool = False,
    called: Mapping[str, str] | None = None,
) -> Panel:
    """A panel for `call`: what is a spec in `arguments`, also inside a list of weights, becomes a control.

    reports: whether the experiment says how far it is. called: what a control is called here, before LABELS are asked.
    """
    specs: dict[str, Any] = {}
    labels = {**LABELS, **(called or {})}
    for name, value in arguments.items():
        if isinstance(value, (SliderSpec, ChoiceSpec)):
            specs[name] = value
    weights = arguments.get("weights")
    if isinstance(weights, (list, tuple)):
        names = students.names_of(None, arguments.get("nodes") or len(weights))
        for i, weight in enumerate(weights):
            if isinstance(weight, (SliderSpec, ChoiceSpec)):
                specs[f"weight_{i}"] = weight
                labels[f"weight_{i}"] = f"weight of {names[i] if i < len(names) else i}"

    def filled(values: dict[str, Any]) -> Call:
        given = {name: values.get(name, value) for name, value in arguments.items()}
        if isinstance(weights, (list, tuple)):
            given["weights"] = [values.get(f"weight_{i}", weight) for i, weight in enumerate(weights)]
        return call(**given)

    def run(progress: Callable[[float], None] | None = None, **values: Any) -> Any:
        return filled(values)(progress=progress) if reports else filled(values)()

    return Panel(specs, run, lambda **values: str(filled(values)), labels=labels, prediction=prediction)
