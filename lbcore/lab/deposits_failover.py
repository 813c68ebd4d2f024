"""Deposits over a cluster that fails: silence looks the same from here, whether the work was done or not."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lbcore import RoundRobin
from lbcore.faults import Cluster, FaultPlan, FixedTimeout, FixedWait, Network, Outcome, RetryPolicy, Stop, VirtualClock
from lbcore.lab import students
from lbcore.lab.inputs import labelled, number
from lbcore.lab.results_failover import KINDS, Deposits, DepositsRow, fault_of
from lbcore.lab.sketches_failover import Trusting

__all__ = ["deposits"]

NODES, RATE_PER_S, SECONDS, SERVICE_S = 3, 10.0, 20.0, 0.05
AT_S, FOR_S = 5.0, 6.0
NOTICE_S, PATIENCE_S = 3.0, 2.0
#: So many attempts that every deposit is answered in the end.
ATTEMPTS = 10


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
        self.error: students.StudentError | None = None
        self.account = self._ask(f"{self.name}()", cls)
        if not callable(getattr(self.account, "handle", None)):
            raise TypeError(f"accounts: {self.name} has no handle(key, amount)")

    def handle(self, request: int, node: str) -> Any:
        """One deposit. The node's error is kept, for the cluster would only try again elsewhere."""
        if self.error is None:
            try:
                return self._ask(f"{self.name}.handle()", self.account.handle, f"key-{request}", 1)
            except students.StudentError as error:
                self.error = error
        return None

    def balance(self) -> float:
        """What is in the account at the end."""
        balance = getattr(self.account, "balance", None)
        if isinstance(balance, (bool, np.bool_)) or not isinstance(balance, (int, float, np.number)):
            raise students.StudentError(f"{self.name} has no number `balance` to be read")
        value = float(balance)
        return int(value) if value.is_integer() else value

    def _ask(self, what: str, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            answer = call(*arguments)
        except Exception as error:
            if "ellipsis" in str(error):
                raise students.StudentError(students.unfinished(self.name)) from error
            raise students.StudentError(f"{what} failed with {type(error).__name__}: {error}") from error
        if answer is Ellipsis:
            raise students.StudentError(students.unfinished(self.name))
        return answer
