"""One death brings others: what each node holds while the dead leave their load to the living."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from lbcore import RoundRobin
from lbcore.faults import Cluster, Crash, FaultPlan, FixedWait, Network, Report, RetryPolicy, Stop, VirtualClock
from lbcore.faults._checks import seconds
from lbcore.lab.exhibits.failover._setting import CLIENTS
from lbcore.lab.exhibits.failover._trace import trace
from lbcore.lab.exhibits.failover._words import over_s, some
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, listed, nodes
from lbcore.lab.player.trace import Trace

#: How long a request keeps a node busy, when the first node crashes, and for how long requests come at most.
SERVICE_S, CRASH_S, CASCADE_S = 0.2, 5.0, 75.0
#: The dead node is noticed within so long, and so long requests come when all are dead.
NOTICE_S = 3.0


@dataclass(frozen=True, eq=False, repr=False)
class Cascade(Result):
    """Nodes that die of what the dead leave them: each dies when it holds `limit` requests."""

    nodes: tuple[str, ...]
    load: int  # of each node while all are up, in per cent of what it can do
    limit: int
    deaths: tuple[tuple[str, float], ...]  # in the order of time: the first is the crash, the others follow from it
    at_s: tuple[Numbers, ...]  # for each node the times at which what it holds changes
    held: tuple[Counts, ...]  # and how many it holds from then on
    report: Report
    delay_s: float
    seconds: float
    seed: int

    @property
    def trace(self) -> Trace:
        """The same for the traffic player."""
        return trace(self.report, _plan(self.deaths), delay_s=self.delay_s, name="failover")

    @property
    def after(self) -> float:
        """The load of a survivor after the first death, in per cent of what it can do."""
        n = len(self.nodes)
        return self.load * n / (n - 1)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        n, (first, *others) = len(self.nodes), self.deaths
        text = (
            f"{nodes(n)}, each {self.load} % busy. {first[0]} crashes at {over_s(first[1])}, so "
            f"{'the others are' if n > 2 else 'the other is'} asked for {self.after:.4g} % of what "
            f"{'they' if n > 2 else 'it'} can do. "
        )
        if others:
            died = [f"{name} at {at_s:.1f} s" for name, at_s in others]
            text += f"Holding {some(self.limit, 'request')} is too much for a node, so {listed(died)} "
            text += "dies too. " if len(died) == 1 else "die too. "
        elif self.after > 100:
            text += (
                f"Their queues grow; up to {self.seconds:g} s none holds {self.limit:,} requests, so none dies of it. "
            )
        else:
            text += "They hold out. "
        report = self.report
        return text + f"{report.submitted:,} submitted = {report.completed:,} completed + {report.failed:,} failed."

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """What each node holds over time, until it dies."""
        n = len(self.nodes)
        tall = max(46.0, min(84.0, 360.0 / n))
        style.blank(74 + n * tall, fig)
        axes = style.place(fig, n, 1, sharex=True, sharey=True, top=28, gridspec_kw={"hspace": 0.22})[:, 0]
        died = dict(self.deaths)
        for i, (ax, name, at_s, held) in enumerate(zip(axes, self.nodes, self.at_s, self.held, strict=True)):
            ax.set(xlim=(0, self.seconds), ylim=(0, 1.5 * self.limit))
            edges = np.append(np.minimum(at_s, self.seconds), self.seconds)
            ax.stairs(held, edges, fill=True, color=style.colour(i), linewidth=0, zorder=2, gid=f"held: {name}")
            ax.axhline(self.limit, color=style.INK, linewidth=1.0, zorder=3)
            ax.set_yticks([0, self.limit])
            ax.tick_params(axis="x", labelbottom=i == n - 1, length=3.5 if i == n - 1 else 0)
            ax.text(1.012, 0.5, name, transform=ax.transAxes, va="center", ha="left")
            if name not in died:
                continue
            ax.axvspan(died[name], self.seconds, **style.CROSSED, gid="down")
            left = died[name] < 0.66 * self.seconds
            ax.text(
                died[name] + (0.02 if left else -0.02) * self.seconds,
                1.25 * self.limit,  # above what it holds, which no word may cover
                f"crashes at {died[name]:g} s" if name == self.deaths[0][0] else f"dies of it at {died[name]:.1f} s",
                ha="left" if left else "right",
                va="center",
                bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 2},
                zorder=4,
            )
        axes[0].set_title(f"requests that each node holds; {self.limit} are too many")
        axes[-1].set_xlabel("time (s)")


@exhibit(called={"load": "load of a node, per cent"})
def cascade(nodes: int = 3, load: int = 80, *, limit: int = 20, delay_s: float = 0.0, seed: int = 7) -> Cascade:
    """Nodes that die of overload: node-1 crashes, and whichever other holds `limit` requests runs out of memory.

    load: how busy each node is while all are up, in per cent. The first run has the one crash; the first node to reach
    the limit gets a crash of its own at that moment, and all is run again with the same seed, which changes nothing
    before that moment; until no further node reaches it. Requests come for 75 s, or until 3 s after the last death.
    delay_s: of each message.
    """
    nodes, load = number("nodes", nodes, 2, 12), number("load", load, 1, 100)
    limit, seed = number("limit", limit, 2, 1_000), number("seed", seed, 0, 2**63)
    rate_per_s = load / 100 * nodes / SERVICE_S
    delay_s = seconds("delay_s", delay_s)
    names = [f"node-{i}" for i in range(nodes)]
    deaths = [(names[1], CRASH_S)]
    while True:
        until_s = _until_s(load, nodes, limit, deaths)
        times_s = [delay_s + (i + 0.5) / rate_per_s for i in range(round(rate_per_s * until_s))]
        report = _overloaded(names, deaths, times_s, delay_s, seed)
        steps = {name: _held(report, name, dict(deaths)) for name in names}
        reached = [
            (float(at_s[held >= limit][0]), name)
            for name, (at_s, held) in steps.items()
            if name not in dict(deaths) and (held >= limit).any()
        ]
        if not reached:
            break
        died_s, name = min(reached)
        deaths.append((name, died_s))
    return Cascade(
        tuple(names),
        load,
        limit,
        tuple(deaths),
        tuple(at_s for at_s, _ in steps.values()),
        tuple(held for _, held in steps.values()),
        report,
        delay_s,
        CASCADE_S,
        seed,
    )


def _until_s(load: int, nodes: int, limit: int, deaths: list[tuple[str, float]]) -> float:
    """Until when requests have to come, so that the next death is among what happens.

    A survivor's queue grows by what comes and is too much for it.
    """
    left, last_s = nodes - len(deaths), deaths[-1][1]
    if not left:
        return min(CASCADE_S, last_s + NOTICE_S)
    too_many = (load / 100 * nodes / left - 1) / SERVICE_S  # requests a second at each survivor
    return min(CASCADE_S, last_s + NOTICE_S + (limit / too_many if too_many > 0 else math.inf))


def _plan(deaths: Sequence[tuple[str, float]]) -> FaultPlan:
    return FaultPlan(*(Crash(name, at_s) for name, at_s in deaths))


def _overloaded(
    names: list[str], deaths: list[tuple[str, float]], times_s: list[float], delay_s: float, seed: int
) -> Report:
    clock, plan = VirtualClock(seed), _plan(deaths)
    cluster = Cluster(
        clock,
        RoundRobin(names),
        service_s=SERVICE_S,
        clients=CLIENTS,
        retries=RetryPolicy(Stop(attempts=2), FixedWait(0.1), seed=seed),
        timeout_s=60.0,
        network=Network(clock, delay=delay_s, plan=plan, seed=seed),
        seed=seed,
    )
    return cluster.run(len(times_s), at_s=times_s)


def _held(report: Report, name: str, deaths: dict[str, float]) -> tuple[Numbers, Counts]:
    """At which times what a node holds changes, and how many requests it holds from then on: none once it is dead."""
    mine = [one for one in report.attempts if one.node == name]
    came, went = np.array([one.sent_s for one in mine]), np.array([one.ended_s for one in mine])
    at_s = np.unique(np.concatenate([[0.0], came, went]))
    held = np.searchsorted(np.sort(came), at_s, "right") - np.searchsorted(np.sort(went), at_s, "right")
    if name in deaths:
        alive = at_s < deaths[name]
        at_s, held = np.append(at_s[alive], deaths[name]), np.append(held[alive], 0)
    return at_s, held.astype(np.int64)
