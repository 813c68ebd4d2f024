"""Every exhibit as a widget: each control at its ends and each option, and what is drawn is what the result holds.

What a topic's exhibits are driven with stands in driven/<topic>.py: WIDGETS makes panels, CHECKS compares a figure with
a result of its kind, NAMES are the classes of a student in them, and BAD are calls that must end in a sentence that
begins with the name of the argument.
"""

import importlib
import random
import re
from pathlib import Path
from typing import Any

import pytest

import lbcore
from lbcore import faults, lab
from lbcore.lab import exhibits
from lbcore.lab.frame.controls import ChoiceSpec
from lbcore.lab.frame.panel import Panel
from lbcore.selectors import reference

TOPICS = {
    path.stem: importlib.import_module(f"driven.{path.stem}") for path in Path(__file__).parent.glob("driven/*.py")
}
WIDGETS = [(topic, name) for topic, module in TOPICS.items() for name in module.WIDGETS]
#: The first widget of each picture; what others add to it (names, weights, a student's class) is seen as it stands.
CALLED = {
    (topic, name): set(TOPICS[topic].WIDGETS[name].__code__.co_names) & set(exhibits.names()) for topic, name in WIDGETS
}
FIRST = {next((one for one in WIDGETS if name in CALLED[one]), None) for name in exhibits.names()}
BAD = [(topic, name) for topic, module in TOPICS.items() for name in module.BAD]
#: They run on wall time, and have tests of their own.
LIVE = {name for name in exhibits.names() if name.startswith("live_")}


def names_of(topic: str) -> dict[str, Any]:
    """What stands in a line that a panel shows."""
    pictures = {name: exhibits.find(name) for name in exhibits.names()}
    return {**vars(faults), **vars(lbcore), "reference": reference, **pictures, **TOPICS[topic].NAMES}


def look(topic: str, panel: Panel, redraws: int) -> None:
    """No error, drawn once for each move, and the picture shows the result."""
    assert panel.error is None, f"{panel.values}: {panel.error!r}"
    assert panel.redraws == redraws, panel.values
    TOPICS[topic].CHECKS[type(panel.result)](panel.figure, panel.result)
    assert panel.board.picture.startswith("<svg") and panel.sentence == panel.board.sentence != ""
    assert len(panel.sentence) < 1200 and not re.search(r"\bnan\b", panel.sentence)


def reproduces(topic: str, panel: Panel) -> None:
    """The line below the picture makes the same result."""
    assert eval(panel.code, names_of(topic)) == panel.result, panel.code


@pytest.mark.parametrize(("topic", "name"), [one for one in WIDGETS if one not in FIRST])
def test_as_it_stands(topic: str, name: str) -> None:
    panel = TOPICS[topic].WIDGETS[name]()
    look(topic, panel, 1)
    reproduces(topic, panel)


@pytest.mark.parametrize(
    ("topic", "name"), [pytest.param(*one, marks=() if one in FIRST else pytest.mark.soak) for one in WIDGETS]
)
def test_every_control_at_every_end(topic: str, name: str) -> None:
    panel = TOPICS[topic].WIDGETS[name]()
    assert panel.controls
    redraws = 1
    look(topic, panel, redraws)
    reproduces(topic, panel)
    for control in panel.controls.values():
        spec = control.spec
        for value in list(spec.options) if isinstance(spec, ChoiceSpec) else [spec.low, spec.high, spec.start]:
            redraws += control.value != value
            control.value = value
            look(topic, panel, redraws)


def wander(topic: str, name: str, states: int) -> None:
    """One control after another to a place of its own."""
    panel = TOPICS[topic].WIDGETS[name]()
    draw, redraws, controls = random.Random(name), panel.redraws, list(panel.controls.values())
    for _ in range(states):
        control = draw.choice(controls)
        spec = control.spec
        position = draw.randint(0, len(spec.options) - 1 if isinstance(spec, ChoiceSpec) else spec.positions)
        value = spec.options[position] if isinstance(spec, ChoiceSpec) else spec.value_at(position)
        redraws += control.value != value
        control.value = value
        look(topic, panel, redraws)
    reproduces(topic, panel)


@pytest.mark.soak
@pytest.mark.parametrize(("topic", "name"), WIDGETS)
def test_places_between_the_ends(topic: str, name: str) -> None:
    wander(topic, name, 50)


@pytest.mark.parametrize(("topic", "name"), BAD)
def test_what_cannot_be_is_a_sentence_and_no_traceback(
    topic: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, argument = TOPICS[topic].BAD[name]
    panel = make()
    assert panel.sentence.startswith(f"This cannot be drawn: {argument}: ") and panel.board.picture == ""
    assert capsys.readouterr() == ("", "")


def test_no_exhibit_is_left_out() -> None:
    assert set(exhibits.names()) - set.union(*CALLED.values()) == LIVE
    for name in exhibits.names():
        assert callable(getattr(lab, name)) and name in dir(lab)
