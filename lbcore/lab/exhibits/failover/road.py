"""The road from a thread pool that knows nothing of failures to a cluster that loses no request.

Every stage gets the same requests, the same crash and the same lossy network; one part is added at each.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lbcore import RoundRobin
from lbcore._checks import real
from lbcore.faults import (
    Attempt,
    Change,
    Clock,
    Cluster,
    Crash,
    FaultPlan,
    FixedTimeout,
    FixedWait,
    Heartbeats,
    Network,
    Outcome,
    Report,
    RetryPolicy,
    Stop,
    VirtualClock,
)
from lbcore.faults.failover import BALANCER
from lbcore.faults.routing import Route
from lbcore.faults.workers import Open, Workers, service_law
from lbcore.lab.exhibits.failover._sketches import serve
from lbcore.lab.exhibits.failover._words import over_s
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess, upper

NODES, RATE_PER_S, SECONDS, SERVICE_S = 4, 20.0, 20.0, 0.1
NODE, CRASH_S = "node-1", 5.0
#: The detector's timeout, and how long a request waits for an answer. The first is shorter, so that it comes first.
NOTICE_S, PATIENCE_S = 3.0, 4.0
#: When the sketch, which would wait for ever, is cut off.
CUT_S = 60.0
CLIENTS = 256
NAMES = tuple(f"node-{i}" for i in range(NODES))
#: A request is late that took longer than this.
LATE_S = 1.0
#: What became of the requests at a stage of the road: its colour, and a hatching that tells it apart without one.
FATES = (
    ("in_time", "in time", style.NEUTRAL, ""),
    ("late", f"late: over {LATE_S:g} s", "#E69F00", "\\\\"),
    ("lost", "lost", "#000000", "xx"),
)


class Stage(NamedTuple):
    """One stage of the road: submitted = in time + late + failed + hanging; `twice` of them were done twice."""

    label: str
    in_time: int
    late: int
    failed: int
    hanging: int
    twice: int

    @property
    def submitted(self) -> int:
        """All requests."""
        return self.in_time + self.late + self.failed + self.hanging

    @property
    def lost(self) -> int:
        """The requests that were never answered."""
        return self.failed + self.hanging


def account(label: str, report: Report) -> Stage:
    """The account of a run, which may have been cut off."""
    failed = {failure.request for failure in report.failures}
    counts = Counter(
        "hanging" if math.isnan(took_s) else "failed" if i in failed else "late" if took_s > LATE_S else "in time"
        for i, took_s in enumerate(report.latencies_s())
    )
    return Stage(
        label, counts["in time"], counts["late"], counts["failed"], counts["hanging"], len(report.executed_twice)
    )


@dataclass(frozen=True, eq=False, repr=False)
class Road(Result):
    """The road from a thread pool that knows nothing of failures to a cluster that loses no request."""

    stages: tuple[Stage, ...]
    node: str
    at_s: float
    loss: float
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for one in self.stages:
            twice = f", {one.twice:,} done twice" if one.twice else ""
            parts = [f"{one.in_time:,} in time", f"{one.late:,} late"]
            parts += [f"{one.hanging:,} still waiting"] if one.hanging else [f"{one.failed:,} failed"]
            rows.append(f"{one.label}: {' + '.join(parts)} = {one.submitted:,}{twice}.")
        loss = f"{100 * self.loss:g} % of the messages are lost" if self.loss else "no message is lost"
        head = f"Seed {self.seed}: {self.node} crashes at {over_s(self.at_s)}, {loss}."
        return "\n".join([head, *(upper(row) for row in rows)])

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """For each stage what became of the requests, and beside it how many are lost and how many were done twice."""
        rows = self.stages
        style.blank(86 + 44 * len(rows), fig)
        ax = style.place(fig, left=108, right=98, top=38)[0][0]
        places, left = np.arange(len(rows)), np.zeros(len(rows))
        width, height = fig.get_size_inches() * 72
        x = 108.0
        for name, words, face, hatch in FATES:
            values = np.array([getattr(one, name) for one in rows])
            look: dict[str, Any] = {"facecolor": face, "edgecolor": "white", "hatch": hatch, "linewidth": 0}
            ax.barh(places, values, 0.62, left=left, gid=name, **look)
            left = left + values
            square = Rectangle((x / width, 1 - 24 / height), 12 / width, 12 / height, transform=fig.transFigure, **look)
            fig.add_artist(square)
            fig.text((x + 17) / width, 1 - 19 / height, words, va="center")
            x += 34 + 7 * len(words)
        ax.set_yticks(places, [one.label for one in rows])
        ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(0, rows[0].submitted))
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("requests")
        for place, one in enumerate(rows):
            twice = f"\n{one.twice} done twice" if one.twice else ""
            ax.text(1.012, place, f"{one.lost} lost{twice}", transform=ax.get_yaxis_transform(), va="center", ha="left")


@exhibit()
def road(loss: float = 0.01, *, seed: int = 7) -> Road:
    """What becomes of 400 requests at each stage, when node-1 of 4 crashes at 5 s and messages get lost now and then.

    loss: the chance that a message is lost, of a request, an answer or a beat. The stages: the sketch, which waits for
    every answer as long as it takes; with a timeout of 4 s; with heartbeats, which mark the dead node down after 3 s;
    with failover, which moves what it held; with retries, up to 4 attempts in all.
    """
    loss, seed = real("loss", loss, 0.0, 0.5), number("seed", seed, 0, 2**63)
    once, again = 1, 4
    stages = (
        _sketch(loss, seed),
        _cluster("+ timeout", loss, seed, once),
        _watched("+ heartbeats", loss, seed),
        _cluster("+ failover", loss, seed, once, FixedTimeout(NOTICE_S)),
        _cluster("+ retries", loss, seed, again, FixedTimeout(NOTICE_S)),
    )
    return Road(stages, NODE, CRASH_S, loss, seed)


def _times_s() -> list[float]:
    return [(i + 0.5) / RATE_PER_S for i in range(round(RATE_PER_S * SECONDS))]


def _sketch(loss: float, seed: int) -> Stage:
    """`serve`, to the letter, with a handler that asks the node and waits for its answer."""
    clock, plan = VirtualClock(seed), FaultPlan(Crash(NODE, CRASH_S))
    workers = Workers(
        clock,
        NAMES,
        handler=lambda request, node: node,
        service=service_law(SERVICE_S, seed),
        each=1,
        network=Network(clock, loss=loss, plan=plan, seed=seed),
        plan=plan,
        balancer=BALANCER,
    )
    times_s = _times_s()
    ended_s = [math.nan] * len(times_s)
    attempts: list[Attempt] = []

    def handler(request: int, node: str) -> None:
        asked = Open(request, 1, request, Route(node, NAMES.index(node)), clock.queue(), clock.now())
        workers.send(asked)
        asked.answer.get()
        asked.ended_s, asked.outcome = clock.now(), Outcome.OK
        ended_s[request] = asked.ended_s
        attempts.append(asked.closed())

    def main() -> None:
        workers.start()
        clock.spawn(serve, clock, handler, NAMES, times_s)
        clock.sleep(CUT_S)

    clock.run(main)
    return account("the sketch", Report(NAMES, tuple(times_s), tuple(ended_s), tuple(attempts), (), (), CUT_S))


def _cluster(label: str, loss: float, seed: int, attempts: int, detector: FixedTimeout | None = None) -> Stage:
    cluster, _ = _made(VirtualClock(seed), loss, seed, attempts, detector)
    return account(label, cluster.run(len(_times_s()), at_s=_times_s()))


def _made(
    clock: Clock, loss: float, seed: int, attempts: int, detector: FixedTimeout | None
) -> tuple[Cluster, RoundRobin]:
    selector, plan = RoundRobin(NAMES), FaultPlan(Crash(NODE, CRASH_S))
    cluster = Cluster(
        clock,
        selector,
        service_s=SERVICE_S,
        clients=CLIENTS,
        detector=detector,
        retries=RetryPolicy(Stop(attempts=attempts), FixedWait(0.1), seed=seed),
        timeout_s=PATIENCE_S,
        network=Network(clock, loss=loss, plan=plan, seed=seed),
        seed=seed,
    )
    return cluster, selector


def _watched(label: str, loss: float, seed: int) -> Stage:
    """Heartbeats that mark nodes down and up, and no more: what the dead node held stays where it is."""
    clock = VirtualClock(seed)
    cluster, selector = _made(clock, loss, seed, 1, None)

    def mark(change: Change) -> None:
        (selector.mark_down if change.failed else selector.mark_up)(change.node)

    plan = FaultPlan(Crash(NODE, CRASH_S))
    beats = Heartbeats(
        clock,
        NAMES,
        FixedTimeout(NOTICE_S),
        network=Network(clock, loss=loss, plan=plan, seed=seed),
        plan=plan,
        monitor=BALANCER,
        on_change=mark,
    )

    def main() -> None:
        cluster.start()
        beats.start()
        futures = []
        for request, time_s in enumerate(_times_s()):
            clock.sleep(time_s - clock.now())
            futures.append(cluster.submit(request))
        clock.wait(futures)

    clock.run(main)
    return account(label, cluster.report())
