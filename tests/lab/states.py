"""Puts a widget through states: every control at each of its ends, and some drawn at random."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from lbcore.lab.controls import ChoiceSpec
from lbcore.lab.panel import Panel

COUNTS = [3, pytest.param(50, marks=pytest.mark.soak)]  # of random states, beside each control's ends
Look = Callable[[Panel, int], None]  # asserts that a panel is right, after so many redraws


def look(panel: Panel, redraws: int, checks: dict[type, Callable[..., None]], names: dict[str, Any]) -> None:
    """No error, redrawn so often, the picture shows the result, and the line to reproduce gives it again."""
    assert panel.error is None, f"{panel.values}: {panel.error!r}"
    assert panel.redraws == redraws, panel.values
    checks[type(panel.result)](panel.figure, panel.result)
    assert eval(panel.code, dict(names)) == panel.result, panel.code
    assert panel.board.picture.startswith("<svg") and panel.sentence == panel.board.sentence != ""
    assert len(panel.sentence) < 1200 and "nan" not in panel.sentence


def every_end(panel: Panel, look: Look) -> None:
    """Each control at its ends and its start, or at each of its options."""
    redraws = 1
    look(panel, redraws)
    for control in panel.controls.values():
        spec = control.spec
        for value in list(spec.options) if isinstance(spec, ChoiceSpec) else [spec.low, spec.high, spec.start]:
            redraws += control.value != value
            control.value = value
            look(panel, redraws)


def random_states(panel: Panel, seed: str, count: int, look: Look) -> None:
    """One control after another to a place of its own, drawn from the seed."""
    draw, redraws, controls = random.Random(seed), panel.redraws, list(panel.controls.values())
    for _ in range(count):
        control = draw.choice(controls)
        spec = control.spec
        position = draw.randint(0, len(spec.options) - 1 if isinstance(spec, ChoiceSpec) else spec.positions)
        value = spec.options[position] if isinstance(spec, ChoiceSpec) else spec.value_at(position)
        redraws += control.value != value
        control.value = value
        look(panel, redraws)
