"""The traffic player: it plays traces of requests at any speed; its front end is the .js files beside it.

The whole trace goes to the browser once. Every frame is computed there, so it does not matter how far the kernel is.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure

from lbcore.lab.frame import style
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.told import Told
from lbcore.lab.frame.written import code
from lbcore.lab.player import race as races
from lbcore.lab.player.columns import Event
from lbcore.lab.player.race import Race
from lbcore.lab.player.trace import Trace
from lbcore.lab.player.traffic import traffic
from lbcore.lab.player.words import at_first, sentence
from lbcore.lab.student import classes

__all__ = ["BUTTONS", "MOST_NODES", "SPEEDS", "Player", "play", "race"]

#: What the speed control offers; 1 is real time.
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
#: With more boxes than this none could be read.
MOST_NODES = 128

#: What a lesson may add to the controls, and what it is called there.
BUTTONS = {"add": "Add a node", "remove": "Remove a node"}

_HERE = Path(__file__).parent
#: One module in the browser, made of a file for each part, in the order in which they build on each other.
_PARTS = (
    "../frame/kernel.js",
    *(f"{part}.js" for part in ("trace", "words", "layout", "brush", "nodes", "timeline", "painter", "controls")),
)


def _packed(trace: Trace) -> dict[str, Any]:
    """A trace as the front end reads it: columns as bytes, since a list of numbers takes three times the room."""

    def column(values: Any, dtype: str) -> bytes | None:
        return None if values is None else np.ascontiguousarray(values, dtype).tobytes()

    assert trace.speeds is not None
    return {
        "nodes": list(trace.nodes),
        "arrival_s": column(trace.arrival_s, "<f8"),
        "node": column(trace.node, "<i4"),
        "start_s": column(trace.start_s, "<f8"),
        "end_s": column(trace.end_s, "<f8"),
        "group": column(trace.group, "<i4"),
        "ok": column(trace.ok, "u1"),
        "origin": column(trace.origin, "<i4"),
        "speeds": trace.speeds.tolist(),
        "travel_s": trace.travel_s,
        "digits": trace.digits,
        "duration_s": trace.duration_s,
        "group_names": list(trace.group_names),
        "events": _events(trace.events),
        "noticed": None if trace.noticed is None else _events(trace.noticed),
        "members": _events(trace.members),
        "there": at_first(trace),
        "moved_keys": list(trace.moved_keys),
        "keys": trace.keys,
        "looks_s": column(trace.looks_s, "<f8"),
        "hung_up_s": column(trace.hung_up_s, "<f8"),
        "late_s": column(None if trace.late_s is None else trace.turned_late_s, "<f8"),
        "limit_s": trace.late_s,
        "name": trace.name,
        "colours": list(style.COLOURS),
    }


def _events(events: tuple[Event, ...]) -> list[list[Any]]:
    return [[event.time_s, event.node, event.up] for event in events]


class Player(Told, anywidget.AnyWidget):
    """Plays a trace: requests flow from the clients through the balancer to the nodes and queue there.

    A race plays several traces side by side. With `trace=None` it shows `message`, a sentence, in place of the picture.
    """

    _esm = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in _PARTS)
    _css = _HERE / "play.css"

    _traces: Any = traitlets.List().tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)
    reproduce = traitlets.Unicode("").tag(sync=True)
    buttons = traitlets.List(traitlets.Unicode()).tag(sync=True)
    speed = traitlets.Float(1.0).tag(sync=True)
    autoplay = traitlets.Bool(True).tag(sync=True)
    #: Why a button did nothing.
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        trace: Trace | Race | None,
        *,
        speed: float = 1.0,
        autoplay: bool = True,
        reproduce: str = "",
        message: str = "",
        buttons: Sequence[str] = (),
        pressed: Callable[[str, float], tuple[Trace | Race, str]] | None = None,
    ) -> None:
        """Make a player of a trace; `speed` is one of SPEEDS, `autoplay` starts it when it is first seen.

        buttons: names in BUTTONS. pressed: is told which one was pressed, and the time shown then, and returns what is
        played from then on and the line that makes it.
        """
        if speed not in SPEEDS:
            raise ValueError(f"speed: {speed!r} is not one of {', '.join(f'{s:g}' for s in SPEEDS)}")
        if isinstance(buttons, str) or (wrong := [name for name in buttons if name not in BUTTONS]):
            raise ValueError(
                f"buttons: {buttons if isinstance(buttons, str) else wrong[0]!r} is not in {list(BUTTONS)}"
            )
        self.trace: Trace | Race | None = None
        self._names, self._pressed = list(buttons), pressed
        super().__init__(
            message=message or ("" if trace is not None else "There is no traffic to play."),
            buttons=[BUTTONS[name] for name in buttons],
            speed=float(speed),
            autoplay=bool(autoplay),
        )
        if trace is not None:
            self._put(trace, reproduce)
        self.on_msg(self._heard)

    def _put(self, trace: Trace | Race, reproduce: str) -> None:
        """Play this trace."""
        if not isinstance(trace, (Trace, Race)):
            raise TypeError(f"trace: expected a Trace or a Race, got {type(trace).__name__}")
        traces = trace.traces if isinstance(trace, Race) else (trace,)
        most = max(len(one.nodes) for one in traces)
        if most > MOST_NODES:
            raise ValueError(f"nodes: {most} are too many to be told apart; up to {MOST_NODES} are shown")
        self.trace = trace
        with self.hold_sync():
            self.summary, self.reproduce, self.message = trace.sentence(), reproduce, ""
            self._traces = [_packed(one) for one in traces]

    def _heard(self, _: Any, content: Any, __: Any) -> None:
        """A button was pressed in the browser."""
        self.press(self._names[int(content["button"])], float(content["time_s"]))

    def press(self, button: str, time_s: float) -> None:
        """Do what a button does, at a time of the trace."""
        if self._pressed is None:
            return
        try:
            trace, line = self._pressed(button, time_s)
        except Exception as error:
            self.note = _why(error)
            return
        self.note = ""
        self._put(trace, line)

    def text_at(self, time_s: float) -> str:
        """The sentence below the picture at a moment of the trace, in seconds."""
        if self.trace is None:
            return self.message
        return self.trace.text_at(time_s) if isinstance(self.trace, Race) else sentence(self.trace, time_s)

    def __repr__(self) -> str:
        """What the player shows, in words: the same on every run."""
        return self.message or self.summary

    def drawn(self) -> Figure | None:
        """The whole trace as a still picture."""
        return None if self.trace is None else figure(self.trace)


def play(
    selector_or_trace: Any, *, speed: float = 1.0, autoplay: bool = True, buttons: Sequence[str] = (), **how: Any
) -> Player:
    """Play a trace, a race, or the traffic of a selector: `how` is what `traffic` takes.

    buttons: "add" adds a node at the time shown, "remove" removes the last one.
    It never raises: where the traffic cannot be made, the player says in a sentence why.
    """
    if not isinstance(selector_or_trace, (Trace, Race)):
        return _player(
            lambda more: traffic(selector_or_trace, **more),
            lambda more: _line("play", (selector_or_trace,), more),
            how,
            {"speed": speed, "autoplay": autoplay, "buttons": buttons},
        )
    try:
        if how or buttons:
            raise TypeError(f"{next(iter(how), 'buttons')}: the trace is made already; this belongs to traffic()")
        return Player(selector_or_trace, speed=speed, autoplay=autoplay)
    except Exception as error:
        return _excuse(error)


def race(*selectors: Any, speed: float = 1.0, autoplay: bool = True, buttons: Sequence[str] = (), **how: Any) -> Player:
    """Play the traffic of several selectors side by side, on the same arrivals: `how` is what `traffic` takes.

    Arrivals and work are uneven, drawn by `seed`, where they are not given. A request is late `late_s` after it left
    its client: where not said, five mean service times after its way. buttons: as for `play`.
    It never raises: where the traffic cannot be made, the player says in a sentence why.
    """
    return _player(
        lambda more: races.run(selectors, **more),
        lambda more: _line("race", selectors, more),
        how,
        {"speed": speed, "autoplay": autoplay, "buttons": buttons},
    )


def _player(make: Callable[..., Trace | Race], line: Callable[..., str], how: dict[str, Any], look: Any) -> Player:
    """A player of what `make` makes; a button adds a change to `how`, and makes it anew."""
    how = dict(how)

    def pressed(button: str, time_s: float) -> tuple[Trace | Race, str]:
        # What was to come after this moment is no more: the student decides now.
        earlier = [one for one in how.get("changes", ()) if one[0] <= time_s]
        more = {**how, "changes": [*earlier, (round(time_s, 2), button)]}
        made = make(more)
        how.update(more)
        return made, line(more)

    try:
        return Player(make(how), reproduce=line(how), pressed=pressed, **look)
    except Exception as error:  # a student's class may raise anything
        return _excuse(error)


def _excuse(error: Exception) -> Player:
    return Player(None, message=f"This traffic cannot be played: {_why(error)}")


def _why(error: Exception) -> str:
    why = str(error).strip() or type(error).__name__
    return f"{why}{'' if why[-1] in '.!?' else '.'}"


def _line(function: str, selectors: tuple[Any, ...], how: dict[str, Any]) -> str:
    """The line of code that computes the same trace; empty where it would not be short, or not be code."""
    texts = []
    for selector in selectors:
        if isinstance(selector, type):
            texts.append(selector.__name__)
        elif classes.is_plain(selector):
            texts.append(f"{classes.name_of(selector)}(...)")
        else:
            texts.append(races.written(selector))
    for name, value in how.items():
        given = code(value)
        # What is long was in a variable, most likely of that name.
        texts.append(f"{name}={given if len(given) <= 40 or name == 'changes' else name}")
    line = f"{function}({', '.join(texts)})"
    return line if len(line) <= 160 and "<" not in line and "\n" not in line else ""
