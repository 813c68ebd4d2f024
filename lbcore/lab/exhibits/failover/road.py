"""The road from a thread pool that knows nothing of failures to a cluster that loses no request.

Every stage gets the same requests, the same crash and the same lossy network; one part is added at each.
"""

import math
from dataclasses import dataclass

from matplotlib.figure import Figure

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
from lbcore.lab.exhibits.failover._account import Stage, account, accounts
from lbcore.lab.exhibits.failover._sketches import serve
from lbcore.lab.exhibits.failover._words import over_s
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
        loss = f"{100 * self.loss:g} % of the messages are lost" if self.loss else "no message is lost"
        head = f"Seed {self.seed}: {self.node} crashes at {over_s(self.at_s)}, {loss}."
        return "\n".join([head, *(upper(str(one)) for one in self.stages)])

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """For each stage what became of the requests, and beside it how many are lost and how many were done twice."""
        accounts(fig, self.stages)


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
        asked = Open(request, 1, request, Route(node, NAMES.index(node)), clock.queue(), clock.elapsed())
        workers.send(asked)
        asked.answer.get()
        asked.ended_s, asked.outcome = clock.elapsed(), Outcome.OK
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
            clock.sleep(time_s - clock.elapsed())
            futures.append(cluster.submit(request))
        clock.wait(futures)

    clock.run(main)
    return account(label, cluster.report())
