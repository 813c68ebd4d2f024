"""Paused, cut off and dead: three silences that are one to a monitor, until two of them end."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lbcore.faults import Clock, Crash, Cut, Fault, FaultPlan, FixedTimeout, Heartbeats, Pause, VirtualClock
from lbcore.lab.exhibits.heartbeats._rows import Span, beats, failed, named
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, listed


@dataclass(frozen=True, eq=False, repr=False)
class Silence(Result):
    """One node that fell silent: what it sent, what was heard, and when the monitor held it for failed."""

    what: str
    sent_s: Numbers
    heard_s: Numbers
    failed_s: tuple[Span, ...]
    held: bool  # whether it counts as failed in the end


@dataclass(frozen=True, eq=False, repr=False)
class Silences(Result):
    """Three nodes that fell silent at the same moment: one paused, one cut off, one dead."""

    rows: tuple[Silence, ...]
    from_s: float
    back_s: float
    timeout_s: float
    until_s: float

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = dict(zip("ABC", self.rows, strict=True))
        heard = [f"{int((row.heard_s <= self.until_s).sum())} beats of {name}" for name, row in rows.items()]
        failed = [name for name, row in rows.items() if row.held]
        text = f"Timeout {self.timeout_s:g} s. After {self.until_s:.0f} s the monitor has heard {listed(heard)}; "
        text += f"{listed(failed)} count{'s' * (len(failed) == 1)} as failed. " if failed else "none counts as failed. "
        if self.until_s < self.from_s:
            return text + "All three are well."
        was = "was" if self.until_s >= self.back_s else "is"
        truth = [f"{name} {'is' if row.what == 'dead' else was} {row.what}" for name, row in rows.items()]
        return text + f"In truth {listed(truth)}."

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A row for each node: what the monitor hears above, what happens below."""
        style.blank(330, fig)
        grid = {"hspace": 0.5}
        heard, truth = style.place(fig, 2, 1, left=78, right=24, top=36, sharex=True, gridspec_kw=grid)[:, 0]
        names = "ABC"
        for row, one in enumerate(self.rows):
            arrived = one.heard_s[one.heard_s <= self.until_s]
            sent = one.sent_s[one.sent_s <= self.until_s]
            cut = np.array([at_s for at_s in sent if at_s not in arrived])
            beats(heard, row, arrived, np.empty(0))
            failed(heard, row, one.failed_s)
            beats(truth, row, arrived, cut)
            end_s = self.until_s if one.what == "dead" else min(self.back_s, self.until_s)
            if one.what != "cut off" and end_s > self.from_s:
                look: Any = {"facecolor": style.BAND, "alpha": 0.4, "linewidth": 0, "zorder": 1}
                truth.barh(row, end_s - self.from_s, 0.92, self.from_s, gid=one.what, **look)
        most = max(30.0, self.until_s)
        named(heard, [f"node {name}" for name in names])
        named(truth, [f"{name} {one.what}" for name, one in zip(names, self.rows, strict=True)])
        for ax in (heard, truth):
            ax.set_xlim(0, most)
            ax.axvline(self.until_s, color=style.INK, linewidth=1.0, linestyle=(0, (2, 2)), zorder=4, gid="now")
        heard.tick_params(axis="x", labelbottom=False, length=0)
        heard.set_title("what the monitor hears (crossed: counts as failed)")
        truth.set_title("what happens (x: lost; shaded: no beat is sent)")
        truth.set_xlabel("seconds (dashed: now)")


@exhibit()
def silences(seconds: int = 30, *, timeout_s: float = 3.0, from_s: float = 10.5, for_s: float = 10.0) -> Silences:
    """Three nodes fall silent at `from_s`: one pauses, one is cut off, one dies. Watched for `seconds`, on threads."""
    until_s = number("seconds", seconds, 1, 60)
    faults: dict[str, Fault] = {
        "paused": Pause("node", from_s, for_s),
        "cut off": Cut(frozenset(["node"]), frozenset(["monitor"]), from_s, for_s),
        "dead": Crash("node", from_s),
    }
    rows = []
    for what, fault in faults.items():
        clock = VirtualClock(0)
        watch = Heartbeats(clock, ["node"], FixedTimeout(timeout_s), plan=FaultPlan(fault), record=True)
        clock.run(_watched, clock, watch, until_s + 1e-6)
        edges = [change.time_s for change in watch.changes if change.time_s <= until_s]
        held = len(edges) % 2 == 1
        edges += [float(until_s)] * held
        spans: tuple[Span, ...] = tuple(zip(edges[::2], edges[1::2], strict=True))
        heard = [beat.arrived_s for beat in watch.beats if not math.isnan(beat.arrived_s)]
        rows.append(Silence(what, np.array([beat.sent_s for beat in watch.beats]), np.array(heard), spans, held))
    return Silences(tuple(rows), from_s, from_s + for_s, timeout_s, float(until_s))


def _watched(clock: Clock, watch: Heartbeats, until_s: float) -> None:
    watch.start()
    clock.sleep(until_s)
    watch.stop()
