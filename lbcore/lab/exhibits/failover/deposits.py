"""Deposits over a cluster that fails: silence looks the same from here, whether the work was done or not."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore import RoundRobin
from lbcore.faults import Cluster, FaultPlan, FixedTimeout, FixedWait, Network, Outcome, RetryPolicy, Stop, VirtualClock
from lbcore.lab.exhibits.failover._setting import KINDS, fault_of
from lbcore.lab.exhibits.failover._sketches import Trusting
from lbcore.lab.exhibits.failover._words import some
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import labelled, number
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess, listed, upper
from lbcore.lab.student.asking import answer
from lbcore.lab.student.classes import StudentError

NODES, RATE_PER_S, SECONDS, SERVICE_S = 3, 10.0, 20.0, 0.05
AT_S, FOR_S = 5.0, 6.0
NOTICE_S, PATIENCE_S = 3.0, 2.0
#: So many attempts that every deposit is answered in the end.
ATTEMPTS = 10


@dataclass(frozen=True, eq=False, repr=False)
class DepositsRow(Result):
    """One kind of fault: deposits that got no answer in time, and those of them that were made all the same."""

    fault: str
    unanswered: int
    done: int
    failed: int
    balances: tuple[float, ...]  # at the end, of each class of account


@dataclass(frozen=True, eq=False, repr=False)
class Deposits(Result):
    """Deposits of 1 into accounts, over a network and nodes that fail in different ways."""

    labels: tuple[str, ...]
    requests: int
    rows: tuple[DepositsRow, ...]
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for row in self.rows:
            money = [f"{label} {balance:,}" for label, balance in zip(self.labels, row.balances, strict=True)]
            which = "none" if not row.done else "all" if row.done == row.unanswered else f"{row.done:,}"
            rows.append(
                f"{row.fault}: {some(row.unanswered, 'attempt')} unanswered, {which} of them done all the same, "
                f"balance {listed(money) if len(money) > 1 else f'{row.balances[0]:,}'}"
            )
        text = f"Seed {self.seed}, {some(self.requests, 'deposit')} of 1. "
        return text + upper("; ".join(rows)) + "."

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """Attempts that got no answer, and what too much is in the account of each class, for each kind of fault."""
        rows, classes = len(self.rows), len(self.labels)
        style.blank(74 + (54 + 30 * rows) * (1 + classes), fig)
        axes = style.place(fig, 1 + classes, 1, left=108, right=100, sharex=False, gridspec_kw={"hspace": 0.5})[:, 0]
        places = np.arange(rows)
        silent = np.array([row.unanswered for row in self.rows])
        done = np.array([row.done for row in self.rows])
        extra = np.array([row.balances for row in self.rows]) - self.requests
        for ax in axes:
            ax.set_yticks(places, [row.fault for row in self.rows])
            ax.set(ylim=(rows - 0.5, -0.5))
            ax.tick_params(axis="y", length=0)
            ax.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=2))
        first = axes[0]
        first.barh(places, silent - done, 0.7, left=done, color=style.DOWN, gid="not done")
        look: dict[str, Any] = style.striped("#0072B2")
        first.barh(places, done, 0.7, gid="done", **look)
        first.set_title("attempts without an answer (striped: done)")
        first.set_xlim(0, max(1, int(silent.max(initial=0))) * 1.06)
        for place, (much, made) in enumerate(zip(silent, done, strict=True)):
            text = f"{made} of {much} done"
            first.text(1.012, place, text, transform=first.get_yaxis_transform(), va="center", ha="left")
        low, high = min(0, int(extra.min(initial=0))), max(1, int(extra.max(initial=0)))
        for k, (ax, label) in enumerate(zip(axes[1:], self.labels, strict=True)):
            ax.barh(places, extra[:, k], 0.7, color="#D55E00", gid=f"extra: {label}")
            ax.axvline(0, color=style.INK, linewidth=1)
            ax.set_xlim(low * 1.06, high * 1.06)
            ax.set_title(f"{style.shorten(label, 24)}: balance minus {self.requests:,} deposits")
            for place, much in enumerate(extra[:, k]):
                text = f"{much:+,}" if much else "right"
                ax.text(1.012, place, text, transform=ax.get_yaxis_transform(), va="center")


@exhibit()
def deposits(
    accounts: Any = Trusting, faults: str | Sequence[str] = KINDS, *, requests: int = 200, seed: int = 7
) -> Deposits:
    """Deposits of 1, ten a second, over three nodes of which node-1 has a fault from 5 to 11 s.

    accounts: a class, or several: an account is made without arguments, and its `handle(key, amount)` makes a deposit
    and returns the new balance. key: the same for every attempt of a request, and different for different requests.
    All nodes work on the one account. faults: one or more of "crash", "pause", "requests lost", "answers lost". A
    request that is not answered within 2 s is tried again; a node that is not heard of for 3 s counts as failed.
    """
    requests, seed = number("requests", requests, 1, 2_000), number("seed", seed, 0, 2**63)
    kinds = (faults,) if isinstance(faults, str) else tuple(faults)
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"faults: {kind!r} is none of {', '.join(KINDS)}")
    if not kinds:
        raise ValueError("faults: give at least one")
    if isinstance(accounts, (list, tuple, dict)) and not accounts:
        raise ValueError("accounts: give at least one")
    classes = labelled(accounts)
    for label, cls in classes:
        if not inspect.isclass(cls):
            raise TypeError(f"accounts: {label} is no class; give the class itself")
    return Deposits(
        tuple(label for label, _ in classes),
        requests,
        tuple(_row(kind, dict(classes), requests, seed) for kind in kinds),
        seed,
    )


def _row(kind: str, classes: Mapping[str, Any], requests: int, seed: int) -> DepositsRow:
    balances = []
    for cls in classes.values():
        account = _Teller(cls)
        report = _run(kind, account.handle, requests, seed)
        if account.error is not None:
            raise account.error
        balances.append(account.balance())
    silent = [one for one in report.attempts if one.outcome in (Outcome.TIMEOUT, Outcome.REASSIGNED)]
    return DepositsRow(kind, len(silent), sum(one.executed for one in silent), report.failed, tuple(balances))


def _run(kind: str, handle: Callable[[int, str], Any], requests: int, seed: int) -> Any:
    clock = VirtualClock(seed)
    plan = FaultPlan(fault_of(kind, "node-1", AT_S, AT_S + FOR_S))
    cluster = Cluster(
        clock,
        RoundRobin(NODES),
        handler=handle,
        service_s=SERVICE_S,
        detector=FixedTimeout(NOTICE_S),
        retries=RetryPolicy(Stop(attempts=ATTEMPTS), FixedWait(0.1), seed=seed),
        timeout_s=PATIENCE_S,
        network=Network(clock, plan=plan, seed=seed),
        seed=seed,
    )
    return cluster.run(requests, at_s=[(i + 0.5) / RATE_PER_S for i in range(requests)])


class _Teller:
    """An account of a student's class, asked by the nodes' threads; what goes wrong with it becomes a sentence."""

    def __init__(self, cls: Any) -> None:
        self.name = cls.__name__
        self.error: StudentError | None = None
        self.account = answer(self.name, f"{self.name}()", cls)
        if not callable(getattr(self.account, "handle", None)):
            raise TypeError(f"accounts: {self.name} has no handle(key, amount)")

    def handle(self, request: int, node: str) -> Any:
        """One deposit. The node's error is kept, for the cluster would only try again elsewhere."""
        if self.error is None:
            try:
                return answer(self.name, f"{self.name}.handle()", self.account.handle, f"key-{request}", 1)
            except StudentError as error:
                self.error = error
        return None

    def balance(self) -> float:
        """What is in the account at the end."""
        balance = getattr(self.account, "balance", None)
        if isinstance(balance, (bool, np.bool_)) or not isinstance(balance, (int, float, np.number)):
            raise StudentError(f"{self.name} has no number `balance` to be read")
        value = float(balance)
        return int(value) if value.is_integer() else value
