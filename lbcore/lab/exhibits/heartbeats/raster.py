"""Beats as a monitor hears them, and its suspicion of a node that dies."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore.faults import (
    Beat,
    Clock,
    Crash,
    Detector,
    ExponentialDelay,
    FaultPlan,
    Heartbeats,
    Network,
    VirtualClock,
)
from lbcore.lab.exhibits.heartbeats._rows import Span, above, alarms, beats, failed, named
from lbcore.lab.exhibits.heartbeats._rules import called, label, made, rule_of, scale_of
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.live import Report
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, upper


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

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        count, spans = len(self.nodes), [span for row in self.false_s for span in row]
        wrong_s = sum(end_s - start_s for start_s, end_s in spans)
        seed = "On real threads" if self.live else f"Seed {self.seed}"
        text = (
            f"{seed}, {self.name}: {count} node{'s' * (count != 1)} beat for {self.until_s:.0f} s, {self.lost} of "
            f"{self.beats} beats were lost. {upper(alarms(len(spans)))}"
        )
        text += f", {wrong_s:.1f} s in all." if spans else "."
        if self.until_s <= self.crash_s:
            return text + f" {self.nodes[0]} is still alive."
        text += f" {self.nodes[0]} died at {self.crash_s:.1f} s"
        if math.isinf(self.detection_s):
            return text + " and is not noticed yet."
        if self.detection_s == 0.0:
            return text + ", while it counted as failed already."
        return text + f" and counted as failed {self.detection_s:.2f} s later."

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A row of beats for each node above, the suspicion of the first and its threshold below."""
        rows = len(self.nodes)
        style.blank(44 + 30 * rows + 54 + 150 + 46, fig)
        grid = {"hspace": 54 / ((30 * rows + 150) / 2), "height_ratios": (30 * rows, 150)}
        top, level = style.place(fig, 2, 1, left=62, right=96, top=44, bottom=46, sharex=True, gridspec_kw=grid)[:, 0]
        for row, (heard_s, lost_s) in enumerate(zip(self.heard_s, self.lost_s, strict=True)):
            beats(top, row, heard_s, lost_s)
        for row, (spans, false) in enumerate(zip(self.failed_s, self.false_s, strict=True)):
            failed(top, row, spans, false)
        named(top, [name.removeprefix("node-") for name in self.nodes])
        top.set_ylabel("node")
        top.set_title(f"beats heard (x: lost); {alarms(sum(map(len, self.false_s)))}", pad=20)
        top.tick_params(axis="x", labelbottom=False, length=0)
        most = max(2.2 * self.threshold, 1e-9)
        if self.suspicion.size:
            level.plot(
                self.at_s,
                np.minimum(self.suspicion, 1.2 * most),
                color=style.colour(0),
                linewidth=1.6,
                zorder=3,
                gid="suspicion",
            )
        level.axhline(self.threshold, color=style.INK, linewidth=1.0, zorder=4, gid="threshold")
        level.set(xlim=(0, self.whole_s), ylim=(0, most))
        level.set_title(f"suspicion of node {self.nodes[0].removeprefix('node-')} ({self.scale})")
        level.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        level.set_xlabel("seconds")
        if self.crash_s < self.until_s:
            for ax in (top, level):
                ax.axvline(self.crash_s, color=style.INK, linewidth=1.2, linestyle=(0, (1, 1.5)), zorder=4, gid="crash")
            above(top, self.crash_s, f"node {self.nodes[0].removeprefix('node-')} dies")
        if 0.0 < self.detection_s < math.inf:
            noticed_s = self.crash_s + self.detection_s
            level.axvspan(self.crash_s, noticed_s, facecolor=style.BAND, alpha=0.3, linewidth=0, gid="unnoticed")
            right = self.crash_s > 0.5 * self.whole_s
            level.annotate(
                f"unnoticed for {self.detection_s:.1f} s",
                (self.crash_s if right else noticed_s, 0.9 * most),
                (-5 if right else 5, 0),
                textcoords="offset points",
                ha="right" if right else "left",
                va="center",
                bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1},
                zorder=5,
            )
        style.edge_labels(level, [(self.threshold, f"threshold {self.threshold:g}", style.INK)])


@exhibit(called={"detector": "algorithm", "threshold": called, "loss": "share of beats lost"})
def raster(
    detector: Any,
    threshold: float | None = None,
    *,
    nodes: int = 3,
    seconds: int = 40,
    loss: float = 0.1,
    delay_s: float = 0.05,
    crash_s: float = 32.4,
    seed: int = 7,
) -> Raster:
    """Node threads that beat once a second to a monitor, on simulated time; the first node dies at `crash_s`.

    detector: one of lbcore's, an object of a student's with `heartbeat(now_s)` and `timeout_s()`, or the class of
    either, to be made with `threshold`. delay_s: the mean of exponential delays.
    """
    nodes, until_s = number("nodes", nodes, 1, 8), number("seconds", seconds, 5, 120)
    seed = number("seed", seed, 0, 2**63)
    rule = rule_of(made(detector, threshold))
    clock = VirtualClock(seed)
    network = Network(clock, delay=ExponentialDelay(delay_s), loss=loss, seed=seed)
    crash = Crash("node-0", crash_s)
    return clock.run(watched, clock, network, rule, nodes, 1.0, crash, float(until_s), seed, None)


def watched(
    clock: Clock,
    network: Network,
    detector: Detector,
    nodes: int,
    interval_s: float,
    crash: Crash,
    until_s: float,
    seed: int,
    report: Report | None,
) -> Raster:
    """Inside the clock's run: what the monitor has heard after `until_s`; `report` is told on the way there."""
    names = [f"node-{node}" for node in range(nodes)]
    plan = FaultPlan(crash)
    watch = Heartbeats(clock, names, detector, interval_s=interval_s, network=network, plan=plan, record=True)
    start_s = clock.elapsed()
    watch.start()
    if report is not None:
        while (done_s := clock.elapsed() - start_s) < until_s:
            clock.sleep(min(0.2, until_s - done_s))
            now_s = min(clock.elapsed() - start_s, until_s)
            report(now_s / until_s, _seen(watch, detector, crash, start_s, now_s, until_s, seed))
    else:
        clock.sleep(until_s)
    watch.stop()
    return _seen(watch, detector, crash, start_s, until_s, until_s, seed)


def _seen(
    watch: Heartbeats, detector: Detector, crash: Crash, start_s: float, until_s: float, whole_s: float, seed: int
) -> Raster:
    """What the monitor has heard by now; every time counts from the start."""
    # Other threads may add to these lists meanwhile.
    sent, changes = list(watch.beats), list(watch.changes)
    # Neither what is not sent yet nor what is still under way.
    here = [beat for beat in sent if beat.sent_s <= start_s + until_s and not beat.arrived_s > start_s + until_s]
    rows: list[list[Beat]] = [[beat for beat in here if beat.node == node] for node in watch.nodes]
    lost = [np.array([beat.sent_s for beat in row if math.isnan(beat.arrived_s)]) for row in rows]
    heard = [sorted((b.arrived_s - start_s, b.number) for b in row if not math.isnan(b.arrived_s)) for row in rows]
    spans = []
    for node in watch.nodes:
        edges = [c.time_s - start_s for c in changes if c.node == node and c.time_s - start_s < until_s]
        edges += [until_s] * (len(edges) % 2)
        spans.append(tuple(zip(edges[::2], edges[1::2], strict=True)))
    at_s, levels = _suspicion(detector, heard[0], until_s)
    return Raster(
        label(detector),
        scale_of(detector),
        detector.threshold,
        watch.nodes,
        tuple(np.array([at_s for at_s, _ in row]) for row in heard),
        tuple(row - start_s for row in lost),
        tuple(spans),
        at_s,
        levels,
        crash.at_s - start_s,
        until_s,
        whole_s,
        not isinstance(watch.clock, VirtualClock),
        seed,
    )


def _suspicion(detector: Detector, heard: list[tuple[float, int]], until_s: float) -> tuple[Numbers, Numbers]:
    """The suspicion over time of a monitor that hears these beats: looked at between any two, and at the deadline."""
    rule, at_s, levels = detector.fresh(), [], []
    rule.heartbeat(0.0)  # the start of watching stands for the first beat, until one comes
    for at, (next_s, beat) in enumerate([*heard, (until_s, 0)]):
        now_s = heard[at - 1][0] if at else 0.0
        looks = np.linspace(now_s, max(now_s, next_s), 12).tolist()
        if now_s < rule.deadline_s < next_s:
            looks = sorted([*looks, rule.deadline_s])
        at_s += looks
        levels += [rule.suspicion(look) for look in looks]
        rule = rule if at else detector.fresh()
        rule.heartbeat(next_s, beat)
    return np.array(at_s), np.array(levels)
