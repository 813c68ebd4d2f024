"""One panel for every widget: controls above, then the picture, its sentence, and the line of code that makes both."""

import math
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets
from matplotlib.figure import Figure

from lbcore.lab.frame import still, style
from lbcore.lab.frame.cells import watch
from lbcore.lab.frame.controls import Choice, ChoiceSpec, Slider, SliderSpec
from lbcore.lab.frame.told import Told
from lbcore.lab.frame.veil import VEIL, revealed
from lbcore.lab.frame.words import Expected, guess, judged, listed, spoken

__all__ = ["Board", "Panel"]

_HERE = Path(__file__).parent
#: A run that takes longer shows how far it is.
PATIENCE_S = 2.0

#: Controls whose label is a noun that their value counts: '10 nodes', not 'nodes 10'.
COUNTED = {"nodes", "after", "requests", "keys", "runs", "upto"}


class Board(anywidget.AnyWidget):
    """What a panel shows: an SVG, its sentence (announced, and the picture's alternative text), and a line of code."""

    _esm = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("kernel.js", "panel.js"))
    _css = _HERE / "panel.css"
    picture = traitlets.Unicode().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    #: The part of the sentence that is to be read below the picture; empty for all of it.
    caption = traitlets.Unicode().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)
    progress = traitlets.Float(-1.0).tag(sync=True)
    #: The room on the page, in CSS pixels; 0 until the page says it.
    width = traitlets.Int(0).tag(sync=True)
    #: How often it was drawn, which tells the front end that what it asked for is there.
    drawn = traitlets.Int().tag(sync=True)
    #: Why the picture is not the one that it should be; empty where it is.
    note = traitlets.Unicode().tag(sync=True)

    def __repr__(self) -> str:
        return self.sentence


class Panel(Told, ipywidgets.VBox):
    """Controls, and an experiment that runs again and is drawn again whenever one of them moves.

    Attributes: `controls` (name to control), `result`, `figure`, `sentence`, `code`, `redraws` (how often it was
    drawn), `error` (the exception that became the sentence, else None), `veiled` (waiting for a prediction).
    """

    def __init__(
        self,
        specs: Mapping[str, SliderSpec | ChoiceSpec],
        run: Callable[[Mapping[str, Any], Callable[[float], None]], Any],
        code: Callable[[Mapping[str, Any]], str],
        *,
        labels: Mapping[str, str],
        prediction: Any = None,
        expect: Callable[[Mapping[str, Any], str], Expected] | None = None,
        uses: Collection[type] = (),
    ) -> None:
        """Make a control for each of `specs`, and draw unless a `prediction` is still to be committed.

        run: takes the controls' values by name, and a `progress` function; returns a result. code: takes the same
        values and returns the line that does the same. labels: what each control is called. expect: takes the same
        values and the prediction's unit, and returns what the prediction is judged by; left out, each result does
        that. uses: the classes of a notebook that are drawn.
        """
        self.uses = uses
        self.run, self.code_of, self.prediction = run, code, prediction
        self.result: Any = None
        self.figure: Any = None
        self.error: Exception | None = None
        self.redraws = 0
        self.controls: dict[str, Slider | Choice] = {}
        for name, spec in specs.items():
            control = Slider(labels[name], spec) if isinstance(spec, SliderSpec) else Choice(labels[name], spec)
            control.observe(self._moved, names="value")
            self.controls[name] = control
        self._starts = {name: (control.text, control.value) for name, control in self.controls.items()}
        self._expect = expect
        self._expected: tuple[str, Expected] | None = None  # for predictions in this unit
        self.board = Board()
        self.board.observe(self._fit, names="width")
        show = ipywidgets.Button(description="Show it")
        show.on_click(lambda _: self.reveal())
        self.veil = ipywidgets.VBox([ipywidgets.HTML(f'<p style="{still.TEXT};padding:0 5px">{VEIL}</p>'), show])
        self.veiled = prediction is not None and guess(prediction) is None and not revealed()
        super().__init__()
        self.add_class("lbcore-panel")
        if hasattr(prediction, "observe"):
            prediction.observe(self._moved, names="value")
        self._arrange()
        if not self.veiled:
            self.redraw()
        if uses:
            watch(self)

    @property
    def values(self) -> dict[str, Any]:
        """The controls' values by name."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def sentence(self) -> str:
        """The sentence that stands below the picture; what to do where it is veiled."""
        return VEIL if self.veiled else self.board.sentence

    def paper(self) -> str:
        """What stands below its still: no more than below the living picture."""
        return self.sentence if self.veiled else self.board.caption or self.sentence

    @property
    def code(self) -> str:
        """The line of code that reproduces the picture."""
        return self.board.code

    def reveal(self) -> None:
        """Show the picture, with or without a prediction."""
        if self.veiled:
            self.veiled = False
            self._arrange()
            self.redraw()
            self.restill()

    def drawn(self) -> Figure | None:
        """The picture that it shows now."""
        return None if self.result is None else self.figure

    def redraw(self) -> None:
        """Run the experiment with the controls' values, and show what came out: never a traceback."""
        self.redraws += 1
        line = ""
        try:
            line = self.code_of(self.values)
            result = self.run(self.values, self._watch())
            drawn, sentence = self._figure(result), self._sentence(result) + result.printed
            caption = str(result.caption(sentence))
            shown = {"picture": style.svg(drawn), "sentence": sentence, "caption": caption, "code": line}
            self.result, self.figure, self.error = result, drawn, None
        except Exception as error:
            self.result, self.error = None, error
            shown = {"picture": "", "sentence": sentence_of(error), "caption": "", "code": line}
        with self.board.hold_sync():
            for name, value in {**shown, "progress": -1.0, "drawn": self.redraws}.items():
                setattr(self.board, name, value)

    def _fit(self, _: Any) -> None:
        """Draw the same result for the room that there is now."""
        if self.result is not None and self.error is None:
            self.figure = self._figure(self.result)
            self.board.picture = style.svg(self.figure)

    def _figure(self, result: Any) -> Figure:
        """The result as a picture; a prediction belongs to the one that it was made for."""
        said = None if self._elsewhere() else guess(self.prediction)
        return still.figure(result, said, style.fitted(self.board.width))

    def _sentence(self, result: Any) -> str:
        """What came out; a prediction is judged only where it was made."""
        said, moved = guess(self.prediction), self._elsewhere()
        if said is None or (self._expect is None and not moved):
            return str(result.sentence(said))
        if not moved:
            truth = self._truth(said.unit)
            return str(result.sentence()) + (judged(said, truth) if math.isfinite(truth.mean) else "")
        asked = listed(
            [
                f"with {self._starts[name][0]} {control.label}"
                if name in COUNTED
                else f"with “{control.label}” at {self._starts[name][0]}"
                for name, control in moved.items()
            ]
        )
        return f"{result.sentence()} Your prediction, {spoken(*said)}, was made {asked}."

    def _elsewhere(self) -> dict[str, Slider | Choice]:
        """The controls that stand elsewhere than where the prediction was made, which any seed is."""
        return {n: c for n, c in self.controls.items() if n != "seed" and c.text != self._starts[n][0]}

    def _truth(self, unit: str) -> Expected:
        """What a prediction in this unit is judged by, found once."""
        if self._expected is None or self._expected[0] != unit:
            assert self._expect is not None
            self._expected = unit, self._expect({name: value for name, (_, value) in self._starts.items()}, unit)
        return self._expected[1]

    def _moved(self, _: Any) -> None:
        try:
            if self.veiled:
                self.reveal()
            else:
                self.redraw()
        except KeyboardInterrupt:
            # No cell runs that could be stopped: this picture is what was meant.
            with self.board.hold_sync():
                self.board.progress, self.board.drawn = -1.0, self.redraws
                self.board.note = "Stopped before it was drawn. Move a control to try again."
        else:
            self.board.note = self.stale()

    def stale(self) -> str:
        """Why the picture is that of yesterday's class: what a student has defined again since; empty where nothing."""
        now = vars(sys.modules["__main__"])
        again = [cls.__name__ for cls in self.uses if now.get(cls.__name__, cls) is not cls]
        return "" if not again else f"{listed(again)} was defined again: run this cell again to see what it does now."

    def _arrange(self) -> None:
        self.children = (*self.controls.values(), self.veil if self.veiled else self.board)

    def _watch(self) -> Callable[[float], None]:
        """A function that is told how much is done, and shows it once that takes long."""
        begun = shown = time.monotonic()

        def progress(share: float) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - begun > PATIENCE_S and now - shown > 0.1:
                shown = now
                self.board.progress = min(1.0, float(share))

        return progress

    def __repr__(self) -> str:
        return self.sentence


def sentence_of(error: Exception) -> str:
    """An exception as a sentence to a student."""
    text = str(error).strip().rstrip(".")
    kind = "" if isinstance(error, (ValueError, TypeError)) else f" ({type(error).__name__})"
    return f"This cannot be drawn{kind}: {text or 'no reason was given'}."
