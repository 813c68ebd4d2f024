"""The traffic player: one canvas that plays a trace of requests at any speed; the front end is play.js.

The whole trace goes to the browser once. Every frame is computed there, so it does not matter how far the kernel is.
"""

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
from lbcore.lab.player.trace import Event, Trace
from lbcore.lab.player.traffic import traffic
from lbcore.lab.player.words import sentence
from lbcore.lab.student import classes

__all__ = ["MOST_NODES", "SPEEDS", "Player", "play"]

#: What the speed control offers; 1 is real time.
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
#: With more boxes than this none could be read.
MOST_NODES = 128

_HERE = Path(__file__).parent


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
        "name": trace.name,
        "colours": list(style.COLOURS),
    }


def _events(events: tuple[Event, ...]) -> list[list[Any]]:
    return [[event.time_s, event.node, event.up] for event in events]


class Player(Told, anywidget.AnyWidget):
    """Plays a trace: requests flow from the clients through the balancer to the nodes and queue there.

    With `trace=None` it shows `message`, a sentence, in place of the picture.
    """

    _esm = _HERE / "play.js"
    _css = _HERE / "play.css"

    _trace = traitlets.Dict().tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)
    reproduce = traitlets.Unicode("").tag(sync=True)
    speed = traitlets.Float(1.0).tag(sync=True)
    autoplay = traitlets.Bool(True).tag(sync=True)

    def __init__(
        self, trace: Trace | None, *, speed: float = 1.0, autoplay: bool = True, reproduce: str = "", message: str = ""
    ) -> None:
        """Make a player of a trace; `speed` is one of SPEEDS, `autoplay` starts it when it is first seen."""
        if trace is not None and not isinstance(trace, Trace):
            raise TypeError(f"trace: expected a Trace, got {type(trace).__name__}")
        if speed not in SPEEDS:
            raise ValueError(f"speed: {speed!r} is not one of {', '.join(f'{s:g}' for s in SPEEDS)}")
        if trace is not None and len(trace.nodes) > MOST_NODES:
            raise ValueError(f"nodes: {len(trace.nodes)} are too many to be told apart; up to {MOST_NODES} are shown")
        self.trace = trace
        super().__init__(
            _trace={} if trace is None else _packed(trace),
            message=message or ("" if trace is not None else "There is no traffic to play."),
            summary="" if trace is None else trace.sentence(),
            reproduce=reproduce,
            speed=float(speed),
            autoplay=bool(autoplay),
        )

    def text_at(self, time_s: float) -> str:
        """The sentence below the picture at a moment of the trace, in seconds."""
        return self.message if self.trace is None else sentence(self.trace, time_s)

    def __repr__(self) -> str:
        """What the player shows, in words: the same on every run."""
        return self.message or self.summary

    def drawn(self) -> Figure | None:
        """The whole trace as a still picture."""
        return None if self.trace is None else figure(self.trace)


def play(selector_or_trace: Any, *, speed: float = 1.0, autoplay: bool = True, **how: Any) -> Player:
    """Play a trace, or the traffic of a selector: `how` is what `traffic` takes.

    It never raises: where the traffic cannot be made, the player says in a sentence why.
    """
    try:
        if isinstance(selector_or_trace, Trace):
            if how:
                raise TypeError(f"{next(iter(how))}: the trace is made already; this belongs to traffic()")
            return Player(selector_or_trace, speed=speed, autoplay=autoplay)
        trace = traffic(selector_or_trace, **how)
        return Player(trace, speed=speed, autoplay=autoplay, reproduce=_line(selector_or_trace, how))
    except Exception as error:  # a student's class may raise anything
        why = str(error).strip() or type(error).__name__
        return Player(None, message=f"This traffic cannot be played: {why}{'' if why[-1] in '.!?' else '.'}")


def _line(selector: Any, how: dict[str, Any]) -> str:
    """The line of code that computes the same trace; empty where it would not be short, or not be code."""
    if isinstance(selector, type):
        text = selector.__name__
    elif classes.is_plain(selector):
        text = f"{classes.name_of(selector)}(...)"
    else:
        text = repr(selector)
    for name, value in how.items():
        given = code(value)
        # What is long was in a variable, most likely of that name.
        text += f", {name}={given if len(given) <= 40 else name}"
    line = f"play({text})"
    return line if len(line) <= 120 and "<" not in line and "\n" not in line else ""
