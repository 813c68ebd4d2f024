"""What a lesson asks before it shows: nobody is right without thinking, and each question is judged by many runs."""

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest

from lbcore.lab.frame.panel import Panel
from lbcore.lab.student.predict import Prediction

LESSONS = sorted((Path(__file__).parents[2] / "lessons").glob("0[1-9]_*.ipynb"))


def predicted(path: Path) -> list[Panel]:
    """The panels of a lesson that wait for a prediction: its imports, its questions and those cells are run."""
    names: dict[str, Any] = {}
    panels = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code" or not any(word in cell.source for word in ("import ", "predict(", "prediction=")):
            continue
        *before, last = ast.parse(cell.source).body
        exec(compile(ast.Module(before, []), path.name, "exec"), names)
        if not isinstance(last, ast.Expr):
            exec(compile(ast.Module([last], []), path.name, "exec"), names)
            continue
        shown = eval(compile(ast.Expression(last.value), path.name, "eval"), names)
        if isinstance(shown, Panel) and isinstance(shown.prediction, Prediction):
            panels.append(shown)
    return panels


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_slider_of_a_prediction_rests_nowhere_that_is_nearly_right(path):
    panels = predicted(path)
    assert panels
    for panel in panels:
        assert panel.veiled
        slider, truth = panel.prediction.slider, panel._truth(panel.prediction.unit)
        near = (slider.spec.high - slider.spec.low) / 20
        assert not truth.low - near <= slider.value <= truth.high + near
        assert slider.spec.low <= truth.mean <= slider.spec.high and panel.prediction.unit
