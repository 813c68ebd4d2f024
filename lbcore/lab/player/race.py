"""Several selectors on the same arrivals, side by side: queues, shares, and how many requests are late."""

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess
from lbcore.lab.player import lanes, words
from lbcore.lab.player.trace import Trace
from lbcore.lab.player.traffic import traffic
from lbcore.lab.student import classes

__all__ = ["MOST_RACERS", "Race", "run", "written"]

#: More pictures than this are too small side by side.
MOST_RACERS = 4
#: A request is late, where nothing is said, once it has taken so many mean service times after its way.
LATE_SERVICES = 5


@dataclass(frozen=True, eq=False, repr=False)
class Race(Result):
    """Traces of the same arrivals, to be played on one time axis."""

    traces: tuple[Trace, ...]

    def __post_init__(self) -> None:
        """Check that the requests are the same."""
        object.__setattr__(self, "traces", tuple(self.traces))
        if not all(isinstance(trace, Trace) for trace in self.traces):
            raise TypeError("traces: expected a list of Trace")
        if not 1 <= len(self.traces) <= MOST_RACERS:
            raise ValueError(f"traces: expected 1 to {MOST_RACERS} of them, got {len(self.traces)}")
        first = self.traces[0]
        for trace in self.traces[1:]:
            if not np.array_equal(trace.sent_s[trace.first], first.sent_s[first.first]):
                raise ValueError("traces: their requests are sent at different times")

    def __repr__(self) -> str:
        """Short and the same on every run: notebooks compare it."""
        return f"Race({', '.join(trace.name for trace in self.traces)})"

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came of the requests with each."""
        return " ".join(words.whole(trace) for trace in self.traces)

    def text_at(self, time_s: float) -> str:
        """What is happening at a moment with each; the player shows the same words."""
        longest = max(self.traces, key=lambda trace: trace.duration_s)
        told = (f"{trace.name}: {words.said(trace, time_s)}." for trace in self.traces)
        return f"{words.clock(longest, time_s)}. {' '.join(told)}"

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """The lanes of each, below each other on one time axis."""
        lanes.draw(fig, *self.traces)


def run(selectors: tuple[Any, ...], *, late_s: float | None = None, **how: Any) -> Race:
    """Send the same requests through each of the selectors; `how` is what `traffic` takes.

    Arrivals and work are uneven where nothing else is said, as even ones would hide what the selectors differ in.
    """
    if not 1 <= len(selectors) <= MOST_RACERS:
        raise ValueError(f"selectors: expected 1 to {MOST_RACERS} of them, got {len(selectors)}")
    how = {"uneven": True, **how}
    nodes = {len(classes.names_of(one, how.get("nodes"))) for one in selectors} - {0}
    if len(nodes) > 1:
        raise ValueError("selectors: they have different numbers of nodes, so their traffic would differ")
    if late_s is None:
        first = traffic(selectors[0], **how)
        served = first.node >= 0
        assert first.speeds is not None
        work_s = (first.end_s - first.start_s)[served] * first.speeds[first.node[served]]
        late_s = float(f"{first.travel_s + LATE_SERVICES * work_s.mean():.2g}") if served.any() else first.travel_s
    traces = (traffic(one, late_s=late_s, **how) for one in selectors)
    return Race(tuple(replace(trace, name=name) for trace, name in zip(traces, _names(selectors), strict=True)))


def written(selector: Any) -> str:
    """A selector as somebody would make it: without weights that are all one."""
    return re.sub(r", \[1(, 1)*\]", "", repr(selector))


def _names(selectors: tuple[Any, ...]) -> list[str]:
    """What each is called; those of one class with what they were made with, or numbered."""
    names = [classes.name_of(one) for one in selectors]
    for name in {name for name in names if names.count(name) > 1}:
        same = [i for i, other in enumerate(names) if other == name]
        texts = [written(selectors[i]) for i in same]
        if len(set(texts)) < len(texts) or any("<" in text or len(text) > 60 for text in texts):
            texts = [f"{name} {k + 1}" for k in range(len(same))]
        for i, text in zip(same, texts, strict=True):
            names[i] = text
    return names
