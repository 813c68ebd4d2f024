"""An outage that outlives its cause: retries of timed-out requests keep a server busy with work nobody waits for.

One server with a queue works off what comes in order, also what its client has given up on. A short outage fills the
queue; requests time out, are sent again, and the extra load keeps the queue full after the server is back. The state
is stable: it ends only where the load with all its retries is below what the server can do, by rule of thumb
rate x (1 + min(retries, budget)).

Source: Bronson and others, 'Metastable failures in distributed systems' (2021).
"""

import heapq
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lbcore._counting import bincount
from lbcore.faults import Budget, CircuitBreaker, FixedWait, Wait
from lbcore.faults._checks import Seed, count, moment, seconds, seed_bits, stream
from lbcore.selectors.reference import Draws

__all__ = ["Metastable", "metastable"]

#: A second in which at least this share of the offered requests is answered in time is a good one.
GOOD = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Metastable:
    """What happened in each second of the run, and how it ended; arrays hold one entry a second.

    offered: requests begun; attempts: what reached the server; again: those of them that were retries; good: requests
    answered in time, by the second of the answer; refused: attempts that a breaker kept back. recovered: whether the
    last ten seconds were good (on average nine tenths of the offered requests answered). recovery_s: how long after
    the end of the outage the seconds from which on it was good for good began; infinity where it did not recover.
    """

    offered: NDArray[np.int64]
    attempts: NDArray[np.int64]
    again: NDArray[np.int64]
    good: NDArray[np.int64]
    refused: NDArray[np.int64]
    recovered: bool
    recovery_s: float


def metastable(
    rate_per_s: float,
    retries: int = 0,
    *,
    wait: Wait | None = None,
    budget: Budget | None = None,
    breaker: CircuitBreaker | None = None,
    capacity_per_s: float = 300.0,
    timeout_s: float = 1.0,
    outage_from_s: float = 10.0,
    outage_s: float = 3.0,
    outage_capacity_per_s: float = 0.0,
    until_s: float = 180.0,
    seed: Seed = None,
) -> Metastable:
    """Run one server through an outage, and see whether it comes back.

    rate_per_s: requests begin at random moments (a Poisson process) at this rate. retries: how often a request may be
    sent again, each time timeout_s after it was sent without an answer, plus a pause by the rule `wait` (none by
    default). budget, breaker: rules that all requests share; a fresh one of each is used. A request that the breaker
    keeps back has failed, at once and for good. capacity_per_s: what the server can do; in the outage, from
    outage_from_s for outage_s, only outage_capacity_per_s: nothing by default, more in a brown-out. seed: an int, a
    numpy Generator, or None. All times are seconds.

    >>> metastable(240, retries=0, seed=1).recovered, metastable(240, retries=1, seed=1).recovered
    (True, False)
    """
    rate_per_s = seconds("rate_per_s", rate_per_s, zero=False)
    retries = count("retries", retries, 0)
    capacity_per_s = seconds("capacity_per_s", capacity_per_s, zero=False)
    low_per_s = seconds("outage_capacity_per_s", outage_capacity_per_s)
    timeout_s = seconds("timeout_s", timeout_s, zero=False)
    back_s = moment("outage_from_s", outage_from_s, endless=False) + seconds("outage_s", outage_s)
    until_s = seconds("until_s", until_s, zero=False)
    if until_s < back_s + 10:
        raise ValueError(f"until_s: {until_s:g} s is less than 10 s after the outage ends, at {back_s:g} s")
    wait = FixedWait() if wait is None else wait
    budget = None if budget is None else budget.fresh()
    breaker = None if breaker is None else breaker.fresh()

    bits = seed_bits(seed)
    starts_s = _poisson(rate_per_s, until_s, bits)
    to_come = starts_s.tolist()
    to_come.reverse()
    size = math.ceil(until_s)
    attempts, again, good, refused = ([0] * size for _ in range(4))
    free_s = 0.0
    # (when, order, request, retry, its last pause, outcome): no outcome yet is an attempt to be sent.
    events: list[tuple[float, int, int, int, float, bool | None]] = []
    order = begun = 0
    draws: dict[int, Draws] = {}
    while events or to_come:
        # First attempts are in order already, and would only make the heap slow.
        if to_come and (not events or to_come[-1] <= events[0][0]):
            now_s, request, retry, pause_s, ok = to_come.pop(), begun, 0, 0.0, None
            begun += 1
        else:
            now_s, _, request, retry, pause_s, ok = heapq.heappop(events)
        if now_s >= until_s:
            break
        if ok is None:
            if retry == 0 and budget is not None:
                budget.sent(now_s)
            order += 1
            if breaker is not None and not breaker.allow(now_s):
                # Not sent again: whoever says no to spare the server means every attempt.
                refused[int(now_s)] += 1
                continue
            attempts[int(now_s)] += 1
            again[int(now_s)] += retry > 0
            free_s = _done(max(now_s, free_s), capacity_per_s, outage_from_s, back_s, low_per_s)
            # Work is done in order, so that how it ends is known as it is sent.
            ok = free_s - now_s <= timeout_s
            ends_s = free_s if ok else now_s + timeout_s
            heapq.heappush(events, (ends_s, order, request, retry, pause_s, ok))
            continue
        if breaker is not None:
            breaker.record(ok, now_s)
        if ok:
            good[int(now_s)] += 1
            if budget is not None:
                budget.succeeded(now_s)
            continue
        if budget is not None:
            budget.failed(now_s)
        if retry < retries and (budget is None or budget.take(now_s)):
            if request not in draws:
                draws[request] = stream(bits, request)
            pause_s = wait.wait_s(retry + 1, pause_s, draws[request])
            order += 1
            heapq.heappush(events, (now_s + pause_s, order, request, retry + 1, pause_s, None))
    offered = bincount(starts_s.astype(np.int64), minlength=size)
    sent, more, done, kept = (np.array(row, dtype=np.int64) for row in (attempts, again, good, refused))
    return Metastable(offered, sent, more, done, kept, *_verdict(offered, done, back_s))


def _done(begin_s: float, capacity_per_s: float, from_s: float, back_s: float, low_per_s: float) -> float:
    """When a request is done whose turn comes at begin_s: the rest of its work is taken at each phase's own rate."""
    left = 1.0
    for until_s, rate_per_s in ((from_s, capacity_per_s), (back_s, low_per_s)):
        if begin_s >= until_s:
            continue
        if left <= (until_s - begin_s) * rate_per_s:
            return begin_s + left / rate_per_s
        left -= (until_s - begin_s) * rate_per_s
        begin_s = until_s
    return begin_s + left / capacity_per_s


def _poisson(rate_per_s: float, until_s: float, bits: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(bits)
    return np.sort(generator.random(generator.poisson(rate_per_s * until_s)) * until_s)


def _verdict(offered: NDArray[np.int64], good: NDArray[np.int64], back_s: float) -> tuple[bool, float]:
    recovered = bool(good[-10:].sum() >= GOOD * offered[-10:].sum())
    if not recovered:
        return False, math.inf
    # The last five seconds of each second smooth the luck of single arrivals.
    window = np.ones(5)
    share = np.convolve(good, window, "valid") / np.maximum(1, np.convolve(offered, window, "valid"))
    bad = np.flatnonzero(share < GOOD)
    return True, max(0.0, float(bad[-1] + 1) - back_s) if len(bad) else 0.0
