"""All nodes are silent: all dead, or is the monitor cut off? A panic threshold, in that case and where some died."""

from collections import deque
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from lbcore import RoundRobin
from lbcore._counting import bincount
from lbcore.faults import Change, Clock, Crash, Cut, Fault, FaultPlan, FixedTimeout, Heartbeats, VirtualClock
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess

NODES = tuple(f"node-{i}" for i in range(10))
DEAD = NODES[:3]
FROM_S, CUT_S, UNTIL_S = 10.0, 8.0, 30
REQUESTS_A_SECOND = 10
FAILED = "#D55E00"


@dataclass(frozen=True, eq=False, repr=False)
class Scene(Result):
    """One thing that happened: whom the monitor trusted meanwhile, and which requests failed."""

    what: str
    at_s: Numbers  # when the number of trusted nodes changed
    trusted: Counts  # from then on
    failed: Counts  # requests in each second


@dataclass(frozen=True, eq=False, repr=False)
class FailOpen(Result):
    """A monitor that is cut off, and nodes that die, with one panic threshold for both."""

    panic: int
    scenes: tuple[Scene, ...]

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        cut, died = (int(scene.failed.sum()) for scene in self.scenes)
        asked = UNTIL_S * REQUESTS_A_SECOND
        text = f"Panic threshold {self.panic} %. While the monitor hears nobody, {cut} of {asked} requests fail; "
        return text + f"where {len(DEAD)} of {len(NODES)} nodes die, {died} do."

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A panel for each: bars for the requests that failed in each second, a line for the nodes trusted."""
        style.blank(396, fig)
        grid = {"hspace": 0.5}
        axes = style.place(fig, 2, 1, left=46, right=84, top=36, bottom=62, sharex=True, gridspec_kw=grid)[:, 0]
        for ax, scene in zip(axes, self.scenes, strict=True):
            at = np.arange(UNTIL_S) + 0.5
            ax.bar(at, scene.failed, 0.86, color=FAILED, linewidth=0, zorder=2, gid="failed")
            edges = np.append(scene.at_s, UNTIL_S)
            ax.stairs(scene.trusted, edges, baseline=None, color=style.INK, linewidth=1.6, zorder=3, gid="trusted")
            level = self.panic * len(NODES) / 100
            ax.axhline(level, color=style.INK, linewidth=1.0, linestyle=(0, (2, 2)), gid="panic")
            ax.set(xlim=(0, UNTIL_S), ylim=(0, 1.12 * len(NODES)), yticks=(0, 5, 10))
            ax.set_title(f"{scene.what}: {scene.failed.sum()} requests fail")
            style.edge_labels(ax, [(float(scene.trusted[-1]), "trusted", style.INK), (level, "panic", style.INK)])
        axes[0].tick_params(axis="x", labelbottom=False, length=0)
        axes[-1].set_xlabel("seconds\n(bars: requests that fail, of 10 a second; line: nodes trusted)")


@exhibit(called={"panic": "panic threshold, %"})
def fail_open(panic: int = 50) -> FailOpen:
    """Ten nodes that beat once a second and count as failed after 2.5 s; requests go round among the trusted ones.

    panic: in per cent; while fewer nodes than that are trusted, requests go to all, as if nothing were known. In one
    scene all beats to the monitor are lost for 8 s, in the other three nodes die. A request that meets a dead node
    fails, and so does one for which no node is left.
    """
    panic = number("panic", panic, 0, 100)
    cut = f"the monitor is cut off for {CUT_S:g} s"
    return FailOpen(panic, (_scene(cut, panic, ()), _scene(f"{len(DEAD)} of {len(NODES)} nodes die", panic, DEAD)))


def _scene(what: str, panic: int, dead: tuple[str, ...]) -> Scene:
    at_s, trusted, failed_s = [0.0], [len(NODES)], []
    turns, down = RoundRobin(NODES), set[str]()
    changes = deque(_changes(dead))
    for request in range(UNTIL_S * REQUESTS_A_SECOND):
        now_s = (request + 0.5) / REQUESTS_A_SECOND
        while changes and changes[0].time_s <= now_s:
            change = changes.popleft()
            (down.add if change.failed else down.discard)(change.node)
            at_s.append(change.time_s)
            trusted.append(len(NODES) - len(down))
        panics = 100 * trusted[-1] < panic * len(NODES)
        for name in NODES:
            (turns.mark_down if name in down and not panics else turns.mark_up)(name)
        node = NODES[turns.select()] if panics or trusted[-1] else None
        if node is None or (node in dead and now_s >= FROM_S):
            failed_s.append(int(now_s))
    return Scene(what, np.array(at_s), np.array(trusted), bincount(np.array(failed_s, np.int64), minlength=UNTIL_S))


@lru_cache(maxsize=2)
def _changes(dead: tuple[str, ...]) -> tuple[Change, ...]:
    """What a monitor on simulated time makes of it: some nodes die, or, where none does, it is cut off itself."""
    faults: list[Fault] = [Crash(node, FROM_S) for node in dead]
    faults = faults or [Cut(frozenset(NODES), frozenset(["monitor"]), FROM_S, CUT_S)]
    clock = VirtualClock(0)
    watch = Heartbeats(clock, NODES, FixedTimeout(2.5), plan=FaultPlan(*faults))
    clock.run(_watched, clock, watch)
    return tuple(watch.changes)


def _watched(clock: Clock, watch: Heartbeats) -> None:
    watch.start()
    clock.sleep(UNTIL_S)
    watch.stop()
