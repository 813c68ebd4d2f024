"""What the experiments on heartbeats found."""

import math
from dataclasses import dataclass

import numpy as np

from lbcore.lab.results import Counts, Numbers, Result

__all__ = ["Detection", "Raster", "Silence", "Silences", "Span", "TradeOff", "TradeOffRow", "Weather", "WeatherRow"]

#: From, and until, in seconds.
Span = tuple[float, float]


@dataclass(frozen=True, eq=False, repr=False)
class Detection(Result):
    """How long it took to notice each of many crashes, with a fixed timeout."""

    timeout_s: float
    interval_s: float
    check_s: float
    delay_s: float
    times_s: Numbers
    expected_s: float  # the mean by theory
    seed: int


@dataclass(frozen=True, eq=False, repr=False)
class Raster(Result):
    """Beats of some nodes as a monitor heard them, and what its detector made of the first node's."""

    name: str
    scale: str  # what the suspicion is measured in
    threshold: float
    nodes: tuple[str, ...]
    heard_s: tuple[Numbers, ...]  # when the beats of each node arrived
    lost_s: tuple[Numbers, ...]  # when those that were lost had been sent
    failed_s: tuple[tuple[Span, ...], ...]  # when each node counted as failed
    at_s: Numbers  # where the suspicion was looked at
    suspicion: Numbers
    crash_s: float
    until_s: float  # so far
    whole_s: float  # until when it is watched
    live: bool
    seed: int

    @property
    def lost(self) -> int:
        """How many beats never arrived."""
        return sum(map(len, self.lost_s))

    @property
    def beats(self) -> int:
        """How many beats were sent, but for those still under way."""
        return self.lost + sum(map(len, self.heard_s))

    @property
    def false_s(self) -> tuple[tuple[Span, ...], ...]:
        """When each node counted as failed, and was alive."""
        kept = []
        for node, spans in enumerate(self.failed_s):
            dies_s = self.crash_s if node == 0 else math.inf
            kept.append(tuple((start_s, min(end_s, dies_s)) for start_s, end_s in spans if start_s < dies_s))
        return tuple(kept)

    @property
    def detection_s(self) -> float:
        """From the crash of the first node to the moment it counts as failed for good; infinity where it does not."""
        start_s, end_s = self.failed_s[0][-1] if self.failed_s[0] else (math.inf, 0.0)
        return max(0.0, start_s - self.crash_s) if self.crash_s < self.until_s <= end_s else math.inf


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
    missed: int | None  # how many beats in a row the timeout forgives
    loss: float
    delay_s: float
    hours: float
    seed: int


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
        """False alarms in the calm and in the storm."""
        storm = self.at_s[row.false] >= self.storm_s
        return int((~storm).sum()), int(storm.sum())

    def forgiven_s(self, row: WeatherRow) -> tuple[float, float]:
        """The silence forgiven in the calm and in the storm, in the mean once each had lasted for a minute."""
        calm = (self.at_s >= 60.0) & (self.at_s < self.storm_s)
        return _mean(row.forgiven_s[calm]), _mean(row.forgiven_s[self.at_s >= self.storm_s + 60.0])


def _mean(values: Numbers) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else math.inf


@dataclass(frozen=True, eq=False, repr=False)
class Silence(Result):
    """One node that fell silent: what it sent, what was heard, and when the monitor held it for failed."""

    what: str
    sent_s: Numbers
    heard_s: Numbers
    failed_s: tuple[Span, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Silences(Result):
    """Three nodes that fell silent at the same moment: one paused, one cut off, one dead."""

    rows: tuple[Silence, ...]
    from_s: float
    back_s: float
    timeout_s: float
    until_s: float
