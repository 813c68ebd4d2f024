"""Clients that call a service while it is down: without jitter they come back together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore._counting import bincount
from lbcore.faults import Clock, Exponential, FullJitter, GiveUp, RetryPolicy, Stop, VirtualClock, Wait
from lbcore.lab.exhibits.failover._words import some
from lbcore.lab.exhibits.retries._shaded import PALE, shaded
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, scored, upper


@dataclass(frozen=True, eq=False, repr=False)
class Stampede(Result):
    """Clients that call a service which is down for a while: when each call came, with and without jitter."""

    rules: tuple[str, ...]
    clients: int
    down_s: float
    until_s: float
    first_s: tuple[Numbers, ...]  # each client's first call
    again_s: tuple[Numbers, ...]  # the retries
    served: tuple[int, ...]
    live: bool
    seed: int

    BIN_S = 0.05

    def bins(self, calls_s: Numbers) -> Counts:
        """Calls in each 50 ms; what comes later than `until_s` counts in the last."""
        size = round(self.until_s / self.BIN_S)
        # The bin of 0.3 s is the one that begins there, though 0.3 / 0.05 is a little less than 6.
        at = np.minimum((calls_s / self.BIN_S + 1e-9).astype(np.int64), size - 1)
        return bincount(at, minlength=size)

    @property
    def busiest(self) -> tuple[int, ...]:
        """The most retries in 50 ms, for each rule."""
        return tuple(int(self.bins(row).max(initial=0)) for row in self.again_s)

    @property
    def calls(self) -> tuple[int, ...]:
        """All calls, for each rule."""
        return tuple(len(first) + len(again) for first, again in zip(self.first_s, self.again_s, strict=True))

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        where = "Real threads on this machine's clock" if self.live else f"Simulated time, seed {self.seed}"
        rows = [
            f"with {rule} {some(most, 'retry')} in the busiest 50 ms and {calls:,} calls in all"
            for rule, most, calls in zip(self.rules, self.busiest, self.calls, strict=True)
        ]
        return (
            f"{where}: {some(self.clients, 'client')} call a service that is down for {self.down_s:g} s. "
            f"{upper('; '.join(rows))}." + scored(prediction, self.busiest[0])
        )

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """For each rule the calls over time, the first ones pale."""
        rows = len(self.rules)
        style.blank(78 + 124 * rows, fig)
        grid = {"hspace": 0.5}
        axes = style.place(fig, rows, 1, right=36, top=48, bottom=56, sharex=True, sharey=True, gridspec_kw=grid)[:, 0]
        edges = np.linspace(0, self.until_s, round(self.until_s / self.BIN_S) + 1)
        for row, (ax, rule, most) in enumerate(zip(axes, self.rules, self.busiest, strict=True)):
            first, again = self.bins(self.first_s[row]), self.bins(self.again_s[row])
            ax.stairs(first, edges, fill=True, color=PALE, linewidth=0, zorder=2, gid="first")
            ax.stairs(
                first + again, edges, baseline=first, fill=True, color=style.NEUTRAL, linewidth=0, zorder=2, gid="again"
            )
            shaded(ax, 0.0, self.down_s, "" if row else "down")
            ax.set_title(f"{rule}: up to {some(most, 'retry')} at a time", pad=20 if row == 0 else None)
            ax.set_ylim(0, self.clients * 1.2)
            ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
        axes[-1].set_xlim(0, self.until_s)
        axes[-1].set_xlabel("seconds (bars: calls in 50 ms; faint: the first call)")


@exhibit(truth=lambda result, _: result.busiest[0], seeds=30)
def stampede(clients: int = 40, down_s: float = 2.0, *, seed: int = 7) -> Stampede:
    """Clients call a service at the moment it goes down, and again until it is back: on simulated time."""
    clock = VirtualClock(seed)
    return clock.run(calling, clock, lambda *done: None, clients, down_s, seed)


def calling(
    clock: Clock, report: Callable[..., None], clients: int = 40, down_s: float = 2.0, seed: int = 7
) -> Stampede:
    """The threads of `stampede`, inside any clock: one for each client, twice as many in all.

    Half of them double the pause, the others take full jitter. The longest pause is as long as the service is down.
    """
    clients, seed = number("clients", clients, 1, 200), number("seed", seed, 0, 2**63)
    if not 0.1 <= down_s <= 4.0:
        raise ValueError(f"down_s: {down_s!r} is not between 0.1 and 4")
    waits: dict[str, Wait] = {
        "backoff": Exponential(down_s / 5, down_s),
        "backoff and full jitter": FullJitter(down_s / 5, down_s),
    }
    first: list[list[float]] = [[] for _ in waits]
    again: list[list[float]] = [[] for _ in waits]
    served = [0 for _ in waits]
    gate, over = clock.event(), clock.queue()
    live, until_s = not isinstance(clock, VirtualClock), 2 * down_s

    def client(row: int, policy: RetryPolicy, name: int) -> None:
        gate.wait()
        now_s = clock.now()
        first[row].append(now_s - start_s)
        tries = policy.start(now_s, name)
        while now_s - start_s < down_s:
            answer = tries.failed("service", now_s)
            assert not isinstance(answer, GiveUp)
            clock.sleep(answer.wait_s)
            now_s = clock.now()
            again[row].append(now_s - start_s)
        over.put(row)

    def so_far() -> Stampede:
        firsts, agains = ([np.sort(np.array(row, dtype=np.float64)) for row in rows] for rows in (first, again))
        return Stampede(tuple(waits), clients, down_s, until_s, tuple(firsts), tuple(agains), tuple(served), live, seed)

    for row, wait in enumerate(waits.values()):
        policy = RetryPolicy(Stop(), wait, seed=seed)
        for name in range(clients):
            clock.spawn(client, row, policy, name, name=f"client {name + 1}, {'jitter' if row else 'backoff'}")
    start_s = clock.now()
    gate.set()
    while sum(served) < len(waits) * clients:
        clock.sleep(0.1)
        while not over.empty():
            served[over.get()] += 1
        report(min((clock.now() - start_s) / until_s, 1.0), so_far())
    return so_far()
