"""Sooner, or less often wrong: the detection time of a rule against its false alarms, as its threshold moves."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lbcore._checks import real
from lbcore._counting import bincount
from lbcore.faults import Chen, Detector, ExponentialDelay, FixedTimeout, PhiAccrual
from lbcore.faults._checks import seconds
from lbcore.faults.quality import beats
from lbcore.lab.exhibits.heartbeats._rules import THRESHOLDS, WARM_UP, called, label, replay, several
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, listed
from lbcore.lab.student.recipes import name_of

#: Where each rule's trade-off curve is measured.
SWEEPS: dict[type, tuple[float, ...]] = {
    FixedTimeout: (1.15, 1.4, 1.7, 1.9, 2.1, 2.4, 2.7, 2.9, 3.1, 3.4, 3.7, 3.9),
    Chen: (0.15, 0.4, 0.7, 0.9, 1.1, 1.4, 1.7, 1.9, 2.1, 2.4, 2.7, 2.9),
    PhiAccrual: (0.5, 0.8, 1.2, 1.8, 2.5, 3.5, 5.0, 7.0, 9.0, 12.0, 16.0),
}
MARKS = (("o", "○"), ("s", "□"), ("^", "△"), ("D", "◇"))


@dataclass(frozen=True, eq=False, repr=False)
class TradeOffRow(Result):
    """One rule as its threshold moves: how soon it notices, and how often it is wrong."""

    name: str
    detection_s: Numbers  # the mean, at each of a row of thresholds
    hourly: Numbers  # false alarms an hour, there
    here: tuple[float, float]  # both at the threshold in use


@dataclass(frozen=True, eq=False, repr=False)
class TradeOff(Result):
    """Detection time against false alarms for some rules in one network, where a node beats once a second."""

    rows: tuple[TradeOffRow, ...]
    theory: tuple[Numbers, Numbers] | None  # of a fixed timeout: detection time, false alarms an hour
    missed: int | None  # how many beats in a row the timeout forgives: a gap with so many lasts one interval more
    loss: float
    delay_s: float
    hours: float
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        parts = []
        for row in self.rows:
            soon, rate = row.here
            parts.append(f"{row.name} notices a death after {soon:.2f} s, with {hourly(rate)} false alarms an hour")
        text = f"Seed {self.seed}, {100 * self.loss:g} % of the beats lost. In the mean {listed(parts)}."
        if self.missed is not None and len(self.rows) == 1:
            lost = f"{self.missed} lost beat{'s' * (self.missed != 1)} in a row" if self.missed else "no lost beat"
            text += f" It forgives {lost}."
        return text

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A curve of hollow marks for each rule; of one alone also where it stands, and of a fixed timeout theory."""
        style.blank(330, fig)
        several = len(self.rows) > 1
        ax = style.place(fig, right=124 if several else 24, bottom=62)[0, 0]
        least = min((float(rate) for row in self.rows for rate in (*row.hourly, row.here[1]) if rate > 0), default=1.0)
        floor, most_s, top = max(0.4 / self.hours, 0.28 * least), 3.7, 600.0
        ax.set(yscale="log", xlim=(0, most_s))
        if self.theory is not None:
            ax.plot(*self.theory, color=style.INK, linewidth=0.9, zorder=2, gid="theory")
            top = max(top, 1.4 * float(self.theory[1].max()))
        labels = []
        for row, (mark, glyph) in zip(self.rows, MARKS * len(self.rows), strict=False):
            inside = row.detection_s <= most_s
            rates = np.maximum(row.hourly, floor)
            look: Any = {
                "markersize": 7,
                "markerfacecolor": style.PAPER,
                "markeredgewidth": 1.5,
                "color": style.NEUTRAL,
            }
            ax.plot(row.detection_s[inside], rates[inside], mark, zorder=3, clip_on=False, gid="measured", **look)
            labels.append((float(rates[-1]), f"{glyph} {row.name.partition('(')[0]}", style.INK))
            top = max(top, 1.4 * float(rates.max()), 1.4 * row.here[1])
        ax.set_ylim(floor, top)
        places = [10.0**p for p in range(-3, 5) if floor <= 10.0**p <= top]
        ax.set_yticks(places, [f"{place:,g}" for place in places])
        ax.minorticks_off()
        ax.set_title("false alarms an hour (log scale)")
        words = [*["thin: theory"] * (self.theory is not None), "hollow: measured", *["filled: here"] * (not several)]
        ax.set_xlabel(f"seconds until a death is noticed, in the mean\n({'; '.join(words)})")
        if several:
            style.edge_labels(ax, labels)
            return
        soon, rate = min(self.rows[0].here[0], most_s), max(self.rows[0].here[1], floor)
        ax.plot([soon, soon, 0], [floor, rate, rate], color=style.INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=2.5)
        ax.plot([soon], [rate], MARKS[0][0], color=style.INK, markersize=10, zorder=4, clip_on=False, gid="here")


@exhibit(called={"detector": "algorithm", "threshold": called, "loss": "share of beats lost"})
def tradeoff(
    detector: Any,
    threshold: float | None = None,
    *,
    loss: float = 0.1,
    delay_s: float = 0.05,
    beats: int = 10_000,
    seed: int = 7,
) -> TradeOff:
    """Mean detection time and false alarms an hour as each rule's threshold moves; the threshold given is marked.

    detector: a FixedTimeout, Chen or PhiAccrual, a list of them, or the class of one, to be made with `threshold`. A
    node beats once a second, `beats` times.
    """
    rules = several(detector, threshold)
    loss, delay_s = real("loss", loss, 0.0, 0.9), seconds("delay_s", delay_s)
    count, seed = number("beats", beats, 100, 100_000), number("seed", seed, 0, 2**63)
    for rule in rules:
        if type(rule) not in SWEEPS:
            raise TypeError(f"detector: {name_of(rule)} is no FixedTimeout, Chen or PhiAccrual")
    rows, theory, missed = [], None, None
    for rule in rules:
        name, values = THRESHOLDS[type(rule)], SWEEPS[type(rule)]
        curve = [_point(*_parts(replace(rule, **{name: value})), loss, delay_s, count, seed) for value in values]
        here = _point(*_parts(rule), loss, delay_s, count, seed)
        soon_s, rates = np.array(curve).T
        rows.append(TradeOffRow(label(rule), soon_s, rates, here))
        if isinstance(rule, FixedTimeout):
            times_s = np.arange(101, 400) / 100
            law = [_hourly(float(t), loss, delay_s) for t in times_s]
            theory = (np.array([_expected_s(float(t), loss) for t in times_s]) + delay_s, np.array(law))
            missed = math.ceil(rule.timeout_s) - 2
    return TradeOff(tuple(rows), theory, missed, loss, delay_s, count / 3600, seed)


def _expected_s(timeout_s: float, loss: float) -> float:
    """The mean detection time of a fixed timeout where each beat is lost with chance `loss`, and none is late.

    The last j beats were lost with chance (1 - loss) loss^j: then only timeout - j is left when the last one is sent.
    A death that comes while the node counts as failed already is noticed at once.
    """
    lost = np.arange(math.ceil(timeout_s) + 1)
    return float(((1 - loss) * loss**lost * _left_s(timeout_s - lost)).sum())


def _hourly(timeout_s: float, loss: float, delay_s: float) -> float:
    """The false alarms an hour of a fixed timeout where beats are lost with chance `loss`, the others late.

    After a beat that came d late, an alarm needs that none of those due in the timeout has come by then: the one sent
    j later came in time with chance (1 - loss) F(d + timeout - j). The mean over d is taken over 200 equal shares.
    """
    late_s = -delay_s * np.log1p(-(np.arange(200) + 0.5) / 200)
    none = np.ones(200)
    for j in range(1, math.ceil(timeout_s) + 1):
        left_s = np.maximum(late_s + timeout_s - j, 0.0)
        in_time = -np.expm1(-left_s / delay_s) if delay_s else (late_s + timeout_s >= j).astype(float)
        none *= 1 - (1 - loss) * in_time
    return 3600 * (1 - loss) * float(none.mean())


def _left_s(left_s: Any) -> Numbers:
    """The mean of max(0, left - x) over x from 0 to 1: a crash is uniform between two beats."""
    mean_s: Numbers = np.where(left_s >= 1.0, left_s - 0.5, np.maximum(left_s, 0.0) ** 2 / 2)
    return mean_s


def _parts(rule: Any) -> tuple[Any, tuple[tuple[str, Any], ...]]:
    """A rule as its class and what it is made with, which can be looked up."""
    return type(rule), tuple((part.name, getattr(rule, part.name)) for part in fields(rule) if part.init)


@lru_cache(maxsize=256)
def _point(
    cls: Callable[..., Detector], parts: tuple[tuple[str, Any], ...], loss: float, delay_s: float, count: int, seed: int
) -> tuple[float, float]:
    """The mean detection time and the false alarms an hour of a rule, given in its parts, in one stream of beats."""
    stream = beats(1.0, count, loss=loss, delay=ExponentialDelay(delay_s), seed=seed)
    if cls is FixedTimeout:  # the same as below, a hundred times faster
        deadlines_s = stream.arrivals_s + dict(parts)["timeout_s"]
        false = stream.arrivals_s[1:] > deadlines_s[:-1]
    else:
        deadlines_s, false = replay(cls(**dict(parts)), stream.arrivals_s, stream.numbers)
    # A crash at a moment of the second after beat i was sent: the deadline stands as the last beat until then left it.
    latest = np.maximum.accumulate(bincount(stream.numbers, np.arange(len(stream.numbers)), minlength=count))
    left_s = deadlines_s[latest.astype(np.int64)] - np.arange(count)
    return float(_left_s(left_s[WARM_UP:]).mean()), float(false.sum()) * 3600 / count


def hourly(rate: float) -> str:
    """A rate an hour: 331, 31, 4.3, 0."""
    return f"{rate:,.0f}" if rate >= 10 or rate == 0 else f"{rate:.1f}" if rate >= 1 else f"{rate:.2f}"
