"""A cluster through a fault at one of its nodes: a timeline of every request, and how long each took."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore.faults import VirtualClock
from lbcore.lab.exhibits.failover import _timeline as timeline
from lbcore.lab.exhibits.failover._run import Fate, Run
from lbcore.lab.exhibits.failover._setting import COLD, Setting, cluster
from lbcore.lab.exhibits.failover._words import over_s, some
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import digits
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.words import Guess, nodes, scored, upper

#: Heights in points: of the lower picture, and between the two.
LATENCY, GAP = 128.0, 34.0
#: What may happen to a request on its way, the worst last: its mark in the lower picture.
WORSE = (Fate.MOVED, Fate.TIMED_OUT, Fate.TWICE, Fate.FAILED)
#: What befalls the node.
BEGAN = {
    "crash": "crashes",
    "pause": "stands still",
    "requests lost": "is sent requests that get lost",
    "answers lost": "answers, and its answers get lost,",
}


@dataclass(frozen=True, eq=False, repr=False)
class Failover(Run):
    """A cluster before, during and after a fault at one of its nodes."""

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        setting, report = self.setting, self.report
        text = "live: " if self.live else f"seed {setting.seed}: "
        text += f"{self.node} of {nodes(setting.nodes)} {BEGAN[setting.fault]} at {setting.at_s:g} s"
        caught = len(self.caught)
        if self.noticed_s is None:
            why = "nobody watches it" if setting.policy == "nothing" else "the balancer does not count it as failed"
            text = f"{upper(text)}, and {why}. {some(caught, 'request')} of {report.submitted:,} got no answer there."
        else:
            assert self.expected is not None
            text = (
                f"{upper(text)}; the balancer notices after {over_s(self.noticed_s - setting.at_s)}. By then "
                f"{some(caught, 'request')} {'is' if caught == 1 else 'are'} caught there (theory: "
                f"{setting.rate_per_s / setting.nodes:.3g} a second for {over_s(self.noticed_s - setting.at_s)}: "
                f"{self.expected:.1f}, and what it held already)"
            )
            text += "" if not caught else ", and" if self.moved == caught else f". Of those {self.moved:,}"
            text += (
                f" {'is moved to another node' if self.moved == 1 else 'are moved to other nodes'}." if caught else "."
            )
        account = f"{report.submitted:,} submitted = {report.completed:,} completed + {report.failed:,} failed"
        pending = report.submitted - report.completed - report.failed
        account += f" + {pending:,} under way" if pending else ""
        text += f" {account}; {len(self.twice) or 'none'} done twice."
        if report.submitted > pending:
            usual = f", where {over_s(self.usual_s)} is usual" if math.isfinite(self.usual_s) else ""
            took_s = self.latencies_s[~np.isnan(self.latencies_s)]
            text += f" The slowest took {over_s(float(took_s.max()))}{usual}."
        if setting.cold_s:
            cold = np.array(report.submitted_s) >= setting.back_s
            late = int((self.latencies_s[cold] > self.late_s).sum())
            text += (
                f" Back at {setting.back_s:g} s, it is {COLD:g} times as slow for {setting.cold_s:g} s: "
                f"{some(late, 'request')} from then on {'is' if late == 1 else 'are'} late."
            )
        if not pending:
            text += (
                " It had not recovered by the end."
                if self.recovery_s is None
                else f" Time to recover: {over_s(self.recovery_s)}."
            )
        return text + ("" if self.recovery_s is None else scored(prediction, self.recovery_s, 2))

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A lane for each node with all that it was sent, and below how long each request took."""
        n = len(self.nodes)
        lane = 64.0 if n <= 4 else max(22.0, 270.0 / n)
        key = timeline.key(self, style.width_of(fig))
        top = 30 + 17 * len(key)
        style.blank(top + n * lane + GAP + LATENCY + 46, fig)
        ratios = {"height_ratios": (n * lane, LATENCY), "hspace": GAP / ((n * lane + LATENCY) / 2)}
        upper, lower = style.place(fig, 2, 1, top=top, right=18, sharex=True, gridspec_kw=ratios)[:, 0]
        until_s = max(self.setting.seconds, *(one.ended_s for one in self.visits), 1.0) if self.visits else 1.0
        upper.set(xlim=(0, until_s), ylim=(n, 0))
        timeline.phases(self, upper, lower)
        timeline.lanes(self, upper)
        for line, marks in enumerate(key):
            timeline.explain(marks, fig, upper, 13 + 17 * line)
        _latencies(self, lower)
        if prediction is not None:
            _guess(lower, self.setting.at_s + prediction[0], f"you: {digits(prediction[0], '')} s")


@exhibit(
    called={"timeout_s": "timeout, seconds", "slow_start_s": "slow start, seconds"},
    truth=lambda result, _: math.inf if result.recovery_s is None else result.recovery_s,
    seeds=5,
)
def failover(
    nodes: int = 4,
    timeout_s: float = 3.0,
    policy: str = "reassign",
    *,
    fault: str = "crash",
    rate_per_s: float = 20.0,
    service_s: float = 0.1,
    at_s: float = 5.0,
    back_s: float = 15.0,
    seconds: float = 20.0,
    interval_s: float = 1.0,
    patience_s: float = 10.0,
    slow_start_s: float = 0.0,
    cold_s: float = 0.0,
    delay_s: float = 0.0,
    seed: int = 7,
) -> Failover:
    """A cluster whose node-1 has a fault from at_s to back_s, on simulated time.

    timeout_s: of the detector; each node beats every interval_s. policy: "reassign" moves what the node held to the
    others, "backup" to a node that stands by besides, "nothing" notices nothing and tries nothing again. fault: one of
    "crash", "pause", "requests lost", "answers lost". patience_s: after so long a request without an answer is given up
    (and, but for "nothing", tried again, up to two times). cold_s: so long its work takes four times as long once it is
    back; slow_start_s: so long its share grows, up to that of the others. seconds: how long requests come.
    """
    given = (nodes, timeout_s, policy, fault, rate_per_s, service_s, at_s, back_s, seconds, interval_s, patience_s)
    setting = Setting(*given, slow_start_s, delay_s, seed, cold_s)
    made = cluster(VirtualClock(setting.seed), setting)
    return Failover(made.run(len(setting.times_s), at_s=setting.times_s), setting)


def _latencies(run: Run, ax: Axes) -> None:
    """How long each request took, marked by the worst that happened to it, and the time to recover.

    A mark stands where the request came; the line of one that was late goes on to its end, where the time to recover
    ends too.
    """
    submitted, took_s = np.array(run.report.submitted_s), run.latencies_s
    by_fate: dict[Fate, list[int]] = {}
    worst = sorted((WORSE.index(one.fate), one.request) for one in run.visits if one.fate in WORSE)
    hurt = {request: WORSE[rank] for rank, request in worst}
    for request in range(run.report.submitted):
        by_fate.setdefault(hurt.get(request, Fate.ANSWERED), []).append(request)
    for fate, found in by_fate.items():
        look = timeline.plain(timeline.LOOKS[fate])
        ax.scatter(submitted[found], took_s[found], zorder=3, gid=f"took: {fate}", **look)
    late = np.flatnonzero(np.isfinite(took_s) & (took_s > run.late_s))
    ended_s = np.array(run.report.ended_s)[late]
    ax.hlines(took_s[late], submitted[late], ended_s, color=style.NEUTRAL, linewidth=0.7, zorder=1, gid="late")
    top = float(np.nanmax(took_s, initial=0.2))
    ax.set_ylim(0, top * 1.6)
    ax.yaxis.set_major_locator(MaxNLocator(4, min_n_ticks=3))
    ax.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
    ax.set_title("seconds that each request took")
    ax.set_xlabel("time (s); of a late request a line leads to its answer")
    if not run.recovery_s:
        return
    from_s, to_s, last_s = run.setting.at_s, run.setting.at_s + run.recovery_s, ax.get_xlim()[1]
    y, said = top * 1.18, f"time to recover {over_s(run.recovery_s)}"
    ends = {"arrowstyle": "<->", "color": style.INK, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (to_s, y), (from_s, y), arrowprops=ends)
    ax.plot([to_s] * 2, [0, y], color=style.INK, linewidth=0.8, linestyle=":", gid="recovered")
    beside = to_s < 0.6 * last_s
    middle = min(max((from_s + to_s) / 2, 0.2 * last_s), 0.8 * last_s)
    ax.text(
        to_s + 0.01 * last_s if beside else middle,
        y if beside else top * 1.22,
        said,
        ha="left" if beside else "center",
        va="center" if beside else "bottom",
    )


def _guess(ax: Axes, at_s: float, said: str) -> None:
    """A predicted time to recover; where it lies beyond the picture, an arrow at its edge."""
    low, high = ax.get_xlim()
    there = low <= at_s <= high
    if there:
        ax.axvline(at_s, color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction")
    left = at_s < 0.6 * high
    ax.annotate(
        said if there else f"{said} →",
        (min(at_s, high), 0.94),
        (4 if left else -4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        color=style.GUESS,
        ha="left" if left else "right",
        va="center",
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1},
        zorder=5,
    )
