"""Clients that race to write one row: the writes that they send, under rules for the pause after a refusal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore.faults import DecorrelatedJitter, EqualJitter, Exponential, FixedWait, FullJitter, Wait
from lbcore.lab.exhibits.failover._words import some
from lbcore.lab.exhibits.retries._contention import contention
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, scored, upper

#: The pauses of the AWS article on jitter: base 5 ms, cap 2 s.
RULES: dict[str, Wait] = {
    "no wait": FixedWait(),
    "exponential": Exponential(0.005, 2.0),
    "equal jitter": EqualJitter(0.005, 2.0),
    "full jitter": FullJitter(0.005, 2.0),
    "decorrelated jitter": DecorrelatedJitter(0.005, 2.0),
}


@dataclass(frozen=True, eq=False, repr=False)
class Crowd(Result):
    """Clients that race to write one row, under rules for the pause after a refusal."""

    rules: tuple[str, ...]
    clients: int
    calls_s: tuple[Numbers, ...]  # of the first run, for each rule: when each write reached the database
    time_s: tuple[Numbers, ...]  # until all had written: one value for each run
    calls: tuple[Counts, ...]  # writes sent, one value for each run
    seed: int

    @property
    def bin_s(self) -> float:
        """How wide a bar of the picture is: a hundredth of what is shown, in round numbers."""
        return next((w for w in (0.005, 0.01, 0.02, 0.05, 0.1) if 120 * w >= self.until_s), 0.1)

    @property
    def until_s(self) -> float:
        """Up to when calls are shown: all of them, but no more than the first 12 seconds."""
        return min(12.0, max(float(row.max(initial=0.0)) for row in self.calls_s))

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows, runs = [], len(self.time_s[0])
        for rule, time_s, calls in zip(self.rules, self.time_s, self.calls, strict=True):
            took = time_s.mean()
            when = f"{took * 1000:,.0f} ms" if took < 1 else f"{took:,.1f} s"
            rows.append(f"{rule} {some(round(calls.mean()), 'write')} in {when}")
        seeds = f"seeds {self.seed} to {self.seed + runs - 1}, means" if runs > 1 else f"seed {self.seed}"
        text = upper(f"{seeds}: {some(self.clients, 'client')} and one row, until each has written once.")
        told = "".join(f"\n{upper(row)}." for row in rows) if len(rows) > 2 else f" {upper('; '.join(rows))}."
        return text + told + scored(prediction, float(self.calls[0].mean()))

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """For each rule the writes that reach the database, over time."""
        rows = len(self.rules)
        style.blank(78 + (170 if rows == 1 else 124 * rows), fig)
        grid = {"hspace": 0.5}
        axes = style.place(fig, rows, 1, right=36, bottom=56, sharex=True, sharey=True, gridspec_kw=grid)[:, 0]
        edges = np.arange(0, math.ceil(self.until_s / self.bin_s - 1e-9) + 1) * self.bin_s
        for ax, rule, calls_s, time_s, calls in zip(
            axes, self.rules, self.calls_s, self.time_s, self.calls, strict=True
        ):
            ax.stairs(np.histogram(calls_s, edges)[0], edges, fill=True, color=style.NEUTRAL, linewidth=0, zorder=2)
            beyond = calls_s[-1] > edges[-1]
            last = f"{time_s[0]:,.2f}" if time_s[0] < 1 else f"{time_s[0]:,.1f}"
            ax.set_title(f"{rule}: {some(int(calls[0]), 'write')}, all done after {last} s" + (" →" if beyond else ""))
            ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
            style.thousands(ax.yaxis)
        axes[-1].set_xlim(0, edges[-1])
        axes[-1].set_xlabel(f"seconds (bars: writes sent in {1000 * self.bin_s:.0f} ms)")


@exhibit()
def crowd(
    rules: str | Sequence[str] = ("exponential", "full jitter"), clients: int = 100, *, runs: int = 1, seed: int = 7
) -> Crowd:
    """Let `clients` clients race to write one row, under each of these RULES; run i has the seed `seed + i`."""
    names = (rules,) if isinstance(rules, str) else tuple(rules)
    clients, runs = number("clients", clients, 1, 500), number("runs", runs, 1, 1_000)
    seed = number("seed", seed, 0, 2**63)
    for name in names:
        if name not in RULES:
            raise ValueError(f"rules: {name!r} is none of {', '.join(RULES)}")
    if not names:
        raise ValueError("rules: give at least one")
    found = [[contention(clients, RULES[name], seed=seed + i) for i in range(runs)] for name in names]
    return Crowd(
        names,
        clients,
        tuple(np.array(row[0].calls_s) for row in found),
        tuple(np.array([run.time_s for run in row]) for row in found),
        tuple(np.array([run.calls for run in row]) for row in found),
        seed,
    )
