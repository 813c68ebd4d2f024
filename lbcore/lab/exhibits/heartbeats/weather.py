"""A network that changes: the silences that a rule forgives in the calm and in a storm, and the gaps between beats."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore.faults import ExponentialDelay, LognormalDelay
from lbcore.lab.exhibits.heartbeats._rows import above, alarms
from lbcore.lab.exhibits.heartbeats._rules import called, label, replay, rule_of, several
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess

CALM, STORM = ExponentialDelay(0.02), LognormalDelay(1.0, 1.0)


@dataclass(frozen=True, eq=False, repr=False)
class WeatherRow(Result):
    """One rule in a network that changes: the silence it forgave after each beat, and which of them were too long."""

    name: str
    forgiven_s: Numbers  # one for each gap; infinity where nothing was suspected yet
    false: Counts  # which gaps were longer


@dataclass(frozen=True, eq=False, repr=False)
class Weather(Result):
    """The gaps between the beats of one node that never died, in a calm network and then in a storm."""

    at_s: Numbers  # when each gap began
    gaps_s: Numbers
    storm_s: float
    rows: tuple[WeatherRow, ...]
    seed: int

    def alarms(self, row: WeatherRow) -> tuple[int, int]:
        """False alarms in the calm and in the storm: one belongs where the beat that ends its gap arrives."""
        storm = (self.at_s + self.gaps_s)[row.false] >= self.storm_s
        return int((~storm).sum()), int(storm.sum())

    def forgiven_s(self, row: WeatherRow) -> tuple[float, float]:
        """The silence forgiven in the calm and in the storm, in the mean once each had lasted for a minute."""
        calm = (self.at_s >= 60.0) & (self.at_s < self.storm_s)
        return _mean(row.forgiven_s[calm]), _mean(row.forgiven_s[self.at_s >= self.storm_s + 60.0])

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        parts = []
        for row in self.rows:
            calm, storm = self.alarms(row)
            forgiven = [
                f"{mean_s:.2f} s" if math.isfinite(mean_s) else "any silence" for mean_s in self.forgiven_s(row)
            ]
            parts.append(
                f"{row.name}: {alarms(calm)} in the calm, where it forgives a silence of {forgiven[0]}, "
                f"and {storm:,} in the storm, where it forgives {forgiven[1]}."
            )
        return f"Seed {self.seed}, a node that never died. " + " ".join(parts)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A panel for each rule: gaps as dots, crosses where it found them too long, and as a line what it forgives."""
        rows = len(self.rows)
        style.blank(96 + (190 if rows == 1 else 140 * rows), fig)
        grid = {"hspace": 0.46}
        axes = style.place(fig, rows, 1, right=24, top=52, bottom=46, sharex=True, sharey=True, gridspec_kw=grid)[:, 0]
        minutes, end = self.at_s / 60, float(self.at_s[-1]) / 60
        # Neither a rule that forgives for ever nor one gap may press the others flat.
        lines = [float(row.forgiven_s[np.isfinite(row.forgiven_s)].max(initial=0.0)) for row in self.rows]
        most = min(12.0, 1.1 * max(3.0, float(self.gaps_s.max()), *lines))
        for ax, row in zip(axes, self.rows, strict=True):
            false = np.zeros(len(minutes), bool)
            false[row.false] = True
            ax.axvspan(self.storm_s / 60, end, facecolor=style.BAND, alpha=0.25, linewidth=0, zorder=0, gid="storm")
            ax.plot(
                minutes[~false], self.gaps_s[~false], ".", color=style.NEUTRAL, markersize=3.5, zorder=2, gid="gaps"
            )
            late = np.minimum(self.gaps_s[false], most)
            ax.plot(
                minutes[false], late, "x", color="#D55E00", markersize=6, markeredgewidth=1.6, zorder=4, gid="false"
            )
            forgiven = np.where(np.isfinite(row.forgiven_s), row.forgiven_s, np.nan)
            ax.plot(minutes, np.minimum(forgiven, 2 * most), color=style.INK, linewidth=1.3, zorder=3, gid="forgiven")
            calm, storm = self.alarms(row)
            ax.set_title(f"{row.name}: false alarms {calm} + {storm}")
            ax.yaxis.set_major_locator(MaxNLocator(4))
            ax.set(xlim=(0, end), ylim=(0, most))
            ax.set_ylabel("seconds")
        first = self.rows[0]
        calm, storm = self.alarms(first)
        axes[0].set_title(f"{first.name}: false alarms {calm} + {storm}", pad=20)
        above(axes[0], self.storm_s / 120, "calm")
        above(axes[0], (self.storm_s / 60 + end) / 2, "storm")
        axes[-1].set_xlabel("minutes (dots: gaps; line: forgiven; x: too long)")


@exhibit(called={"detector": "algorithm", "threshold": called})
def weather(detector: Any, threshold: float | None = None, *, minutes: int = 5, seed: int = 7) -> Weather:
    """A node that never dies beats once a second: `minutes` through a calm network, and as long through a storm.

    detector: one or several, of lbcore's or a student's, or the class of one, to be made with `threshold`. In the calm
    a beat is late by 0.02 s in the mean, in the storm by 1 s, and sometimes by several; none is lost.
    """
    rules = [rule_of(one) for one in several(detector, threshold)]
    half, seed = 60 * number("minutes", minutes, 2, 60), number("seed", seed, 0, 2**63)
    generator = np.random.default_rng(seed)
    late_s = np.concatenate([CALM.draw(generator, half), STORM.draw(generator, half)])
    arrivals_s = np.arange(2 * half) + late_s
    order = np.argsort(arrivals_s, kind="stable")
    arrivals_s = arrivals_s[order]
    rows = []
    for rule in rules:
        deadlines_s, false = replay(rule, arrivals_s, order)
        rows.append(WeatherRow(label(rule), (deadlines_s - arrivals_s)[:-1], np.flatnonzero(false)))
    return Weather(arrivals_s[:-1], np.diff(arrivals_s), float(half), tuple(rows), seed)


def _mean(values: Numbers) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else math.inf
