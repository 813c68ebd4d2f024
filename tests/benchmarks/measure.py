"""Timing on a machine that is shared: all who do the same work take turns, and what they do not agree on is said.

What is compared is a ratio of CPU times within one run; where threads matter, of wall times. Each round times everybody
once (A B A B ...), after a warm-up. A figure is the fastest of its rounds. A ratio is taken of the first half of the
rounds and of the second; the two must be within a tenth of each other, or there are more rounds, and at last no ratio.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

TOLERANCE = 0.1


@dataclass(frozen=True)
class Work:
    """Something to time. units: how many requests, or whatever the job counts, one call does."""

    call: Callable[[], Any]
    units: int = 1


@dataclass(frozen=True)
class Job:
    """The same work done by lbcore and by others.

    unit: s, ms, us or ns for each unit of work. peers: by name; a str says why that one is missing. floor: the least
    that the machine could do it in. marks: how many times as fast as a peer lbcore shall be; "before" is another build
    of lbcore. wall: time of the clock on the wall, instead of the processor's.
    """

    ours: Work
    peers: dict[str, Work | str] = field(default_factory=dict)
    unit: str = "ns"
    floor: Work | None = None
    marks: dict[str, float] = field(default_factory=dict)
    wall: bool = False


Maker = Callable[[bool], Job]  # quick or not -> the job


class Timed(Protocol):
    """Whoever can be told to do its work once more; the seconds for one unit of it."""

    def once_s(self) -> float: ...


class Build(Timed, Protocol):
    """A build of lbcore in a process of its own. able: whether it has what the job asks for."""

    able: bool


class Here:
    """Work in this process, repeated until a sample is long enough."""

    def __init__(self, work: Work, wall: bool, least_s: float) -> None:
        self.work, self.clock, self.repeats = work, time.perf_counter if wall else time.process_time, 1
        spent_s = self.once_s() * work.units  # warms up
        if spent_s < 100 * least_s:
            spent_s = self.once_s() * work.units
        self.repeats = max(1, round(least_s / max(spent_s, 1e-9)))

    def once_s(self) -> float:
        call, start = self.work.call, self.clock()
        for _ in range(self.repeats):
            call()
        return (self.clock() - start) / (self.repeats * self.work.units)


@dataclass(frozen=True)
class Ratio:
    """How many times as long as lbcore somebody took: in both halves of the rounds, the lower and the higher."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        return (self.low * self.high) ** 0.5

    @property
    def spread(self) -> float:
        """How far the halves are apart, as a part of the lower."""
        return self.high / self.low - 1

    @property
    def agreed(self) -> bool:
        return self.spread <= TOLERANCE


def ratio(ours: list[float], theirs: list[float]) -> Ratio:
    """Of the fastest of each half of the rounds."""
    half = len(ours) // 2
    first, second = min(theirs[:half]) / min(ours[:half]), min(theirs[half:]) / min(ours[half:])
    return Ratio(min(first, second), max(first, second))


def rounds(
    ours: Timed, others: dict[str, Timed], least: int, most: int
) -> tuple[float, dict[str, tuple[float, Ratio]]]:
    """Our seconds for one unit; and of each other the same, with its ratio to ours."""
    mine: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in others}
    for done in range(1, most + 1):
        mine.append(ours.once_s())
        for name, other in others.items():
            theirs[name].append(other.once_s())
        if done >= least and all(ratio(mine, times).agreed for times in theirs.values()):
            break
    return min(mine), {name: (min(times), ratio(mine, times)) for name, times in theirs.items()}


@dataclass(frozen=True)
class Row:
    """What a job came to. peers: seconds for one unit and ratio, or why that one is missing."""

    name: str
    unit: str
    ours_s: float
    floor_s: float | None
    peers: dict[str, tuple[float, Ratio] | str]
    marks: dict[str, float]

    def lines(self) -> Iterator[str]:
        """The row of the table: a line for each peer."""
        scale = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[self.unit]
        floor = "" if self.floor_s is None else f"{self.floor_s * scale:.2f}"
        start = f"{self.name:36} {self.ours_s * scale:10,.2f} {self.unit:2} {floor:>8}"
        for name, found in self.peers.items() or [("", "")]:
            if isinstance(found, str):
                yield f"{start}   {name:26} {found}".rstrip()
            else:
                seconds, times = found
                yield f"{start}   {name:26} {seconds * scale:12,.2f}  {self.verdict(name, times)}"
            start = " " * len(start)

    def verdict(self, name: str, times: Ratio) -> str:
        mark = self.marks.get(name)
        wanted = "" if mark is None else f"  mark {mark:.2f}x"
        if not times.agreed:
            return f"could not: {times.low:.2f}x to {times.high:.2f}x{wanted}"
        met = "" if mark is None else " met" if times.middle >= mark else " MISSED"
        return f"{times.middle:8.2f}x ±{50 * times.spread:3.1f} %{wanted}{met}"

    def record(self) -> dict[str, Any]:
        """For JSON."""
        peers = {
            name: {"missing": found}
            if isinstance(found, str)
            else {"s": found[0], "ratio": found[1].middle, "low": found[1].low, "high": found[1].high}
            for name, found in self.peers.items()
        }
        marks = {name: mark for name, mark in self.marks.items() if name in self.peers}
        return {"job": self.name, "s": self.ours_s, "floor_s": self.floor_s, "peers": peers, "marks": marks}


def measured(name: str, job: Job, quick: bool, before: Build | None = None, ours: Build | None = None) -> Row:
    """Times a job. before, ours: another build of lbcore and this one, where both run in processes of their own."""
    least_s = 0.003 if quick else 0.02
    others: dict[str, Timed] = {"before": before} if before is not None and before.able else {}
    others |= {peer: Here(work, job.wall, least_s) for peer, work in job.peers.items() if isinstance(work, Work)}
    ours_s, found = rounds(ours or Here(job.ours, job.wall, least_s), others, 2 if quick else 10, 8 if quick else 40)
    floor_s = None
    if job.floor is not None:
        floor = Here(job.floor, job.wall, least_s)
        floor_s = min(floor.once_s() for _ in range(5))
    missing = {peer: why for peer, why in job.peers.items() if isinstance(why, str)}
    if before is not None and not before.able:
        missing["before"] = "cannot do this job"
    return Row(name, job.unit, ours_s, floor_s, {**found, **missing}, job.marks)
