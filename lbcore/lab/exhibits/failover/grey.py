"""A node that is ill beside a perfect heartbeat: what each way of choosing gives it, and what finds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from lbcore import LeastConnections, RoundRobin
from lbcore.faults import Clock, Cluster, FaultPlan, FixedTimeout, OutlierEjection, Report, Slow, VirtualClock
from lbcore.lab.exhibits.failover._account import Stage, account, accounts
from lbcore.lab.exhibits.failover._words import over_s
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess, upper

NODES, RATE_PER_S, SECONDS, SERVICE_S = 4, 20.0, 20.0, 0.1
NODE, AT_S, FOR_S = "node-1", 5.0, 10.0
NOTICE_S, PATIENCE_S = 3.0, 2.0
#: How many times as long its work takes, and what is said of it.
ILL = {"slow": (15.0, "takes 15 times as long"), "fails at once": (0.01, "answers each request with an error, at once")}
ROWS = (
    ("round robin", RoundRobin, False),
    ("+ ejection", RoundRobin, True),
    ("least conn.", LeastConnections, False),
    ("+ ejection", LeastConnections, True),
)


@dataclass(frozen=True, eq=False, repr=False)
class Grey(Result):
    """A node that is ill while its heart beats on time, under two selectors, each without and with ejection."""

    fault: str
    stages: tuple[Stage, ...]
    shares: tuple[int, ...]  # of each run: how many attempts the node had while it was ill
    ejected_s: tuple[float | None, ...]  # after how long it was ejected
    beats_missed: int
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        beats = f"speaks {self.beats_missed} times" if self.beats_missed else "never speaks"
        rows = [
            f"Seed {self.seed}: from {AT_S:g} to {AT_S + FOR_S:g} s {NODE} {ILL[self.fault][1]}, and beats on time: "
            f"the detector {beats}."
        ]
        for one, share, after_s in zip(self.stages, self.shares, self.ejected_s, strict=True):
            out = "" if after_s is None else f", ejected after {over_s(after_s)}"
            rows.append(f"{upper(str(one))[:-1]}; {NODE} had {share} meanwhile{out}.")
        return "\n".join(rows)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """For each way of choosing what became of all requests."""
        accounts(fig, self.stages)


@exhibit()
def grey(fault: str = "slow", *, seed: int = 7) -> Grey:
    """What becomes of 400 requests while node-1 of 4 is ill for 10 s and its heart beats on.

    fault: "slow", 15 times as long for each request; or "fails at once", an error for each, in no time. A request
    without an answer after 2 s, or with an error, has failed; none is tried again. Ejection: five failures in a row,
    and a node is out for 30 s; one may be out at a time.
    """
    seed = number("seed", seed, 0, 2**63)
    if fault not in ILL:
        raise ValueError(f"fault: {fault!r} is none of {', '.join(ILL)}")
    runs = [_run(fault, make, ejects, seed) for _, make, ejects in ROWS]
    shares = [
        sum(one.node == NODE and one.sent_s < AT_S + FOR_S and one.ended_s > AT_S for one in report.attempts)
        for report, _ in runs
    ]
    return Grey(
        fault,
        tuple(account(label, report) for (label, _, _), (report, _) in zip(ROWS, runs, strict=True)),
        tuple(shares),
        tuple(ejected_s for _, ejected_s in runs),
        sum(len(report.changes) for report, _ in runs),
        seed,
    )


def _run(fault: str, make: Any, ejects: bool, seed: int) -> tuple[Report, float | None]:
    clock = VirtualClock(seed)
    selector = _Ejecting(make(NODES), clock) if ejects else make(NODES)

    def handler(request: int, node: str) -> str:
        if fault == "fails at once" and node == NODE and AT_S <= clock.elapsed() < AT_S + FOR_S:
            raise RuntimeError("ill")
        return node

    cluster = Cluster(
        clock,
        selector,
        handler=handler,
        service_s=SERVICE_S,
        clients=64,
        detector=FixedTimeout(NOTICE_S),
        retries=None,
        timeout_s=PATIENCE_S,
        plan=FaultPlan(Slow(NODE, AT_S, FOR_S, ILL[fault][0])),
        seed=seed,
    )
    times_s = [(i + 0.5) / RATE_PER_S for i in range(round(RATE_PER_S * SECONDS))]
    report = cluster.run(len(times_s), at_s=times_s)
    ejected_s = selector.ejected_s if isinstance(selector, _Ejecting) else None
    return report, None if ejected_s is None else ejected_s - AT_S


class _Ejecting:
    """A selector whose nodes are judged by how their requests end; who fails too often gets none for a while."""

    def __init__(self, selector: Any, clock: Clock) -> None:
        self._selector, self._clock = selector, clock
        self._rule = OutlierEjection(selector.nodes, always_one=True)
        self._swept_s = 0.0
        self.ejected_s: float | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._selector, name)

    def select(self, key: Any = None, *, avoid: Sequence[Any] = ()) -> int:
        """The pick, after the look that is due."""
        now_s = self._clock.elapsed()
        if now_s >= self._swept_s + self._rule.interval_s:
            self._swept_s = now_s
            for node in self._rule.sweep(now_s)[1]:
                self._selector.mark_up(node)
        picked: int = self._selector.select(key, avoid=avoid)
        return picked

    def release(self, node: int, ok: bool = True, latency_s: float | None = None) -> None:
        """A request has ended: the node is judged by it."""
        self._selector.release(node, ok, latency_s)
        now_s, name = self._clock.elapsed(), self._selector.nodes[node]
        if latency_s is not None and self._rule.record(name, ok, now_s):
            self._selector.mark_down(name)
            self.ejected_s = now_s
