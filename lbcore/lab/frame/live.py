"""A live demonstration: real threads on wall time, started and stopped by two buttons, shown while they run.

A demonstration is a function `run(clock, report)` that returns a result as an experiment does. It runs inside a
`RealClock`, on threads beside the kernel's own, so that the kernel goes on answering. It waits through `clock` alone
and spawns its threads there; Stop then unwinds them all, wherever they wait. `report(share)` moves the progress bar,
`report(share, result)` also draws what there is so far.

What comes out is never the same twice, so nothing of it is committed: a lesson's record is the invitation to start it.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import ipywidgets

from lbcore._checks import real
from lbcore.faults import Clock, RealClock
from lbcore.lab.frame import style
from lbcore.lab.frame.panel import Board
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.told import Told

__all__ = ["Live", "Report"]

#: No demonstration may ask for more of a lesson's time.
MOST_S = 10.0
#: A drawing takes some 30 ms of the same processor that the demonstration runs on: a third of it, and no more.
SHARE = 0.33
#: And more often than this nobody sees.
PAUSE_S = 0.15


class Report(Protocol):
    """What a demonstration tells while it runs, from any of its threads."""

    def __call__(self, share: float, result: Any = None, /) -> None:
        """`share` of it is done, from 0 to 1; `result`, where given, is what there is so far, to be drawn."""


class Live(Told, ipywidgets.VBox):
    """Start, Stop, a progress bar, the picture and its sentence.

    Attributes: `running`, `result` (of the last run that came to its end, else None), `error` (the exception that
    became the sentence, else None), `figure`, `sentence`, `start_button`, `stop_button`.
    """

    def __init__(self, run: Callable[[Clock, Report], Any], seconds: float, title: str = "") -> None:
        """Offer `run`, which takes about `seconds` (up to 10). title: what it shows, to stand in the invitation."""
        if not callable(run):
            raise TypeError(f"run: expected a function of a clock and a report, got {run!r}")
        self.run = run
        self.seconds = real("seconds", seconds, 0.0, MOST_S, above=True)
        takes = f"{self.seconds:g} second" + "s" * (self.seconds != 1)
        self.invitation = f"A live demonstration{f', {title}' if title else ''}: press Start. It takes {takes}."
        self.result: Any = None
        self.figure: Any = None
        self.error: BaseException | None = None
        self.running = False
        self._thread: threading.Thread | None = None
        self._over = RealClock().event()
        self._drawing = threading.Lock()
        self.start_button = ipywidgets.Button(description="Start", button_style="primary")
        self.stop_button = ipywidgets.Button(description="Stop", disabled=True)
        self.start_button.on_click(lambda _: self.start())
        self.stop_button.on_click(lambda _: self.stop())
        self.board = Board(sentence=self.invitation)
        super().__init__([ipywidgets.HBox([self.start_button, self.stop_button]), self.board])
        self.add_class("lbcore-live")

    @property
    def sentence(self) -> str:
        """The sentence that stands below the picture: the invitation, what goes on, or what came out."""
        return str(self.board.sentence)

    def __repr__(self) -> str:
        return self.sentence

    def start(self) -> None:
        """Begin, as the Start button does; where it runs already, nothing."""
        if self.running:
            return
        self.running, self.result, self.error = True, None, None
        self.start_button.disabled, self.stop_button.disabled = True, False
        self._show(picture="", sentence="Running.", progress=0.0)
        clock = RealClock()
        self._over = clock.event()
        self._thread = threading.Thread(target=self._perform, args=(clock, self._over), name="lbcore-live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it now, as the Stop button does. Its threads take some 50 ms to hear it; `join` waits for them."""
        self.stop_button.disabled = True
        self._over.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended, and whether it has; not needed in a lesson."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return not self.running

    def _perform(self, clock: RealClock, over: Any) -> None:
        """One run from its start to its end, on the thread beside the kernel's."""
        ended = False

        def demonstrate() -> None:
            nonlocal ended
            self.result = self.run(clock, self._reporter(clock))
            ended = True
            over.set()

        def main() -> None:
            clock.spawn(demonstrate, name="demonstration")
            over.wait()

        try:
            clock.run(main)
            if ended:
                drawn = figure(self.result, None, style.fitted(self.board.width))
                self._show(picture=style.svg(drawn), sentence=self.result.sentence(), progress=-1.0)
                self.figure = drawn
            else:
                self._show(sentence="Stopped. Press Start to see it from the beginning.", progress=-1.0)
        # Also SystemExit: nobody is above this thread who could show it.
        except BaseException as error:
            self.result, self.error = None, error
            self._show(picture="", sentence=_sentence(error), progress=-1.0)
        self.running = False
        self.stop_button.disabled, self.start_button.disabled = True, False

    def _reporter(self, clock: RealClock) -> Report:
        """The `report` of one run."""
        next_s = 0.0

        def report(share: float, result: Any = None, /) -> None:
            nonlocal next_s
            clock.hear()
            with self._drawing:
                shown: dict[str, Any] = {"progress": min(1.0, max(0.0, float(share)))}
                begun_s = time.monotonic()
                if result is not None and begun_s >= next_s:
                    self.figure = figure(result, None, style.fitted(self.board.width))
                    shown["picture"] = style.svg(self.figure)
                    now_s = time.monotonic()
                    next_s = now_s + max(PAUSE_S, (now_s - begun_s) * (1 / SHARE - 1))
                self._show(**shown)

        return report

    def _show(self, **shown: Any) -> None:
        with self.board.hold_sync():
            for name, value in shown.items():
                setattr(self.board, name, value)


def _sentence(error: BaseException) -> str:
    """An exception as a sentence to a student."""
    text = str(error).strip().rstrip(".") or "no reason was given"
    return f"The demonstration did not get to its end ({type(error).__name__}): {text}. Press Start to try again."
