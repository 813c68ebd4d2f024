"""A prediction that is made before anything is drawn: a slider and a button, then it stands."""

import contextlib
import weakref
from typing import Any, ClassVar

import ipywidgets
import traitlets

from lbcore.lab.frame.controls import Slider, SliderSpec
from lbcore.lab.frame.still import TEXT
from lbcore.lab.frame.told import Told
from lbcore.lab.student import progress

__all__ = ["Prediction", "predict"]


class Asked(Slider):
    """A slider with a Commit button. `said` counts how often it was pressed, and holds the number it showed then."""

    said: traitlets.List[Any] = traitlets.List([0, None]).tag(sync=True)

    def __init__(self, label: str, spec: SliderSpec, unit: str = "") -> None:
        """Make a slider called `label`, with the values of `spec`."""
        super().__init__(label, spec, unit)
        self.kind = "predict"


class Prediction(Told, ipywidgets.VBox):
    """A question, a slider and a Commit button. `value` is None until it was pressed; pressing again changes it.

    `question` and `unit` are text; `committed` tells whether there is a value. Where its cell is run again, the one
    made first follows the new one, so that a picture which waits for the first shows what was committed last.
    """

    value = traitlets.Any(None, allow_none=True)
    committed = traitlets.Bool(False)
    _made: ClassVar["weakref.WeakSet[Prediction]"] = weakref.WeakSet()

    def __init__(
        self, question: str, low: float, high: float, unit: str = "", *, start: float | None = None, step: float = 1
    ) -> None:
        """Ask `question`; the answer is from `low` to `high`, `step` apart, and the slider starts at `start`."""
        if not isinstance(question, str) or not question.strip():
            raise ValueError(f"question: expected text, got {question!r}")
        self.question, self.unit = question, unit
        # A linear scale, whatever the range: a logarithmic one would hint at where the answer lies.
        self.slider = Asked(f"You predict: {question}", SliderSpec(low, high, start, step, "linear"), unit)
        self.slider.observe(lambda change: self._commit(change["new"][1]), names="said")
        self.said = ipywidgets.HTML()
        super().__init__([self.slider, self.said])
        self.add_class("lbcore-prediction")
        self._made.add(self)

    def commit(self) -> None:
        """Let the slider's number stand as the prediction, as the button does."""
        self._commit(self.slider.value)

    def _commit(self, said: Any) -> None:
        value = self.slider.spec.check(said)
        progress.keep([value, self.unit], "predictions", progress.lesson(), self.question)
        for other in list(self._made):
            if (other.question, other.unit, other.slider.spec) == (self.question, self.unit, self.slider.spec):
                other._stand(value, "You committed to")

    def recall(self) -> None:
        """Let stand what was committed the last time that this lesson was open, if that was kept."""
        # What somebody else wrote into the file may be anything.
        with contextlib.suppress(TypeError, ValueError):
            value, unit = progress.kept("predictions", progress.lesson(), self.question) or (None, None)
            if value is not None and unit == self.unit:
                self._stand(self.slider.spec.check(value), "You committed earlier to")

    def _stand(self, value: float, said: str) -> None:
        """Show the value as the one that stands. said: the words before it."""
        # Announced by a screen reader because the text takes the role of a status.
        self.said.value = (
            f'<div role="status" style="{TEXT}">{said} <b>{self._text(value)}</b>. '
            "Move the slider and commit again to change it.</div>"
        )
        self.slider.value = value
        with self.hold_trait_notifications():
            self.value = value
            self.committed = True
        self.restill()

    def _text(self, value: float) -> str:
        return self.slider.spec.text(value, self.unit)

    def __repr__(self) -> str:
        answer = "no prediction yet" if self.value is None else f"you predict {self._text(self.value)}"
        return f"{self.question}: {answer}"


def predict(question: str, low: float, high: float, unit: str = "", **how: Any) -> Prediction:
    """Ask for a prediction between `low` and `high`; give what this returns to a widget, which keeps and judges it.

    unit: shown behind the number; "%" where the answer is a percentage. how: `start` and `step` of the slider.
    """
    asked = Prediction(question, low, high, unit, **how)
    asked.recall()
    return asked
