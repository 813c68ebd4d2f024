"""An outage that outlives its cause: retries of timed-out requests keep a server busy with work nobody waits for.

One server with a queue works off what comes in order, also what its client has given up on. A short outage fills the
queue; requests time out, are sent again, and the extra load keeps the queue full after the server is back. The state
is stable: it ends only where the load with all its retries is below what the server can do, by rule of thumb
rate x (1 + min(retries, budget)), or where the server drops what it could only finish too late.

Source: Bronson and others, 'Metastable failures in distributed systems' (2021).
"""

import heapq
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lbcore._counting import bincount
from lbcore.faults import BreakerState, Budget, CircuitBreaker, FixedWait, Wait
from lbcore.faults._checks import Seed, count, moment, real, seconds, seed_bits, stream
from lbcore.selectors.reference import Draws

__all__ = ["Drop", "Metastable", "metastable"]

#: A second in which at least this share of the offered requests is answered in time is a good one.
GOOD = 0.9
#: What a server drops when its turn has come: what has waited for timeout_s, or what would end later than that.
Drop = Literal["waited", "hopeless"]


@dataclass(frozen=True, slots=True, eq=False)
class Metastable:
    """What happened in each second of the run, and how it ended; the first arrays hold one entry a second.

    offered: requests begun; attempts: what reached the server; again: those of them that were retries; good: requests
    answered in time, by the second of the answer; wasted: what was finished too late; refused: attempts that a breaker
    kept back, and requests turned away at the door. recovered: whether the last ten seconds were good (on average nine
    tenths of the offered requests answered). recovery_s: how long after the end of the outage the seconds from which
    on it was good for good began; infinity where it did not recover.

    sent_s, begin_s, end_s: of each attempt that reached the server, when it was sent, taken up and finished (NaN: never
    was). states: (time, state) of the breaker, each time that it changed.
    """

    offered: NDArray[np.int64]
    attempts: NDArray[np.int64]
    again: NDArray[np.int64]
    good: NDArray[np.int64]
    wasted: NDArray[np.int64]
    refused: NDArray[np.int64]
    recovered: bool
    recovery_s: float
    sent_s: NDArray[np.float64]
    begin_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    states: tuple[tuple[float, BreakerState], ...]


def metastable(
    rate_per_s: float,
    retries: int = 0,
    *,
    wait: Wait | None = None,
    budget: Budget | None = None,
    breaker: CircuitBreaker | None = None,
    drop: Drop | None = None,
    capacity_per_s: float = 300.0,
    timeout_s: float = 1.0,
    outage_from_s: float = 10.0,
    outage_s: float = 3.0,
    outage_capacity_per_s: float = 0.0,
    restart_s: float = math.inf,
    turned_away: float = 0.0,
    door_s: float = 10.0,
    until_s: float = 180.0,
    seed: Seed = None,
) -> Metastable:
    """Run one server through an outage, and see whether it comes back.

    rate_per_s: requests begin at random moments (a Poisson process) at this rate; a longer run begins as a shorter one.
    retries: how often a request may be sent again, each time timeout_s after it was sent without an answer, plus a
    pause by the rule `wait` (none by default). budget, breaker: rules that all requests share; a fresh one of each is
    used. A request that the breaker keeps back has failed, at once and for good. drop: what the server does not take
    up; dropping takes no time, and the client is not told. capacity_per_s: what the server can do; in the outage, from
    outage_from_s for outage_s, only outage_capacity_per_s: nothing by default, more in a brown-out. restart_s: when the
    queue is lost; from then on for door_s this share of the new requests is turned away, and does not come again.
    seed: an int, a numpy Generator, or None. All times are seconds.

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
    if drop not in (None, "waited", "hopeless"):
        raise ValueError(f"drop: {drop!r} is none of 'waited', 'hopeless'")
    restart_s = seconds("restart_s", restart_s, endless=True)
    away, open_s = real("turned_away", turned_away, 0.0, 1.0) * 2.0**64, restart_s + seconds("door_s", door_s)
    wait = FixedWait() if wait is None else wait
    budget = None if budget is None else budget.fresh()
    breaker = None if breaker is None else breaker.fresh()

    bits = seed_bits(seed)
    starts_s = _poisson(rate_per_s, until_s, bits)
    door = stream(bits, 2**63)  # no request has this number
    to_come = starts_s.tolist()
    to_come.reverse()
    size = math.ceil(until_s)
    again, refused = [0] * size, [0] * size
    sent: list[float] = []
    begun: list[float] = []
    ended: list[float] = []
    states: list[tuple[float, BreakerState]] = []
    free_s, restarted = 0.0, False
    # (when, order, request, retry, its last pause, which attempt has ended): -1 is an attempt to be sent.
    events: list[tuple[float, int, int, int, float, int]] = []
    order = requests = 0
    draws: dict[int, Draws] = {}
    while events or to_come:
        # First attempts are in order already, and would only make the heap slow.
        if to_come and (not events or to_come[-1] <= events[0][0]):
            now_s, request, retry, pause_s, attempt = to_come.pop(), requests, 0, 0.0, -1
            requests += 1
        else:
            now_s, _, request, retry, pause_s, attempt = heapq.heappop(events)
        if now_s >= until_s:
            break
        order += 1
        if now_s >= restart_s and not restarted:
            restarted, free_s = True, restart_s
            for lost in range(len(ended) - 1, -1, -1):
                if ended[lost] <= restart_s:
                    break
                ended[lost] = math.nan
                begun[lost] = begun[lost] if begun[lost] <= restart_s else math.nan
        if attempt < 0:
            if retry == 0 and restart_s <= now_s < open_s and door.next() < away:
                refused[int(now_s)] += 1
                continue
            if retry == 0 and budget is not None:
                budget.sent(now_s)
            if breaker is not None:
                may = breaker.allow(now_s)
                _note(states, breaker, now_s)
                if not may:
                    # Not sent again: whoever says no to spare the server means every attempt.
                    refused[int(now_s)] += 1
                    continue
            again[int(now_s)] += retry > 0
            begin_s = max(now_s, free_s)
            done_s = _done(begin_s, capacity_per_s, outage_from_s, back_s, low_per_s)
            if (begin_s if drop == "waited" else done_s) - now_s > timeout_s and drop is not None:
                begin_s = done_s = math.nan
            else:
                free_s = done_s
            sent.append(now_s)
            begun.append(begin_s)
            ended.append(done_s)
            # Work is done in order, so that how it ends is known as it is sent, unless the server is restarted.
            answer_s = done_s if done_s - now_s <= timeout_s else now_s + timeout_s
            heapq.heappush(events, (answer_s, order, request, retry, pause_s, len(sent) - 1))
            continue
        ok = ended[attempt] - sent[attempt] <= timeout_s
        if not ok and now_s < sent[attempt] + timeout_s:
            # The answer was lost in the restart: its client learns it as all others do.
            heapq.heappush(events, (sent[attempt] + timeout_s, order, request, retry, pause_s, attempt))
            continue
        if breaker is not None:
            breaker.record(ok, now_s)
            _note(states, breaker, now_s)
        if ok:
            if budget is not None:
                budget.succeeded(now_s)
            continue
        if budget is not None:
            budget.failed(now_s)
        if retry < retries and (budget is None or budget.take(now_s)):
            if request not in draws:
                draws[request] = stream(bits, request)
            pause_s = wait.wait_s(retry + 1, pause_s, draws[request])
            heapq.heappush(events, (now_s + pause_s, order, request, retry + 1, pause_s, -1))
    sent_s, begin_s_, end_s = (np.array(row, dtype=np.float64) for row in (sent, begun, ended))
    within, in_time = end_s < until_s, end_s - sent_s <= timeout_s
    offered, attempts, good, wasted = (
        bincount(np.floor(times_s).astype(np.int64), minlength=size)
        for times_s in (starts_s, sent_s, end_s[within & in_time], end_s[within & ~in_time])
    )
    more, kept = (np.array(row, dtype=np.int64) for row in (again, refused))
    return Metastable(
        offered, attempts, more, good, wasted, kept, *_verdict(offered, good, back_s), sent_s, begin_s_, end_s,
        tuple(states),
    )  # fmt: skip


def _note(states: list[tuple[float, BreakerState]], breaker: CircuitBreaker, now_s: float) -> None:
    state = breaker.state(now_s)
    if not states or states[-1][1] is not state:
        states.append((now_s, state))


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
    """Second by second, so that how long the run is changes nothing before its end."""
    generator = np.random.default_rng(bits)
    parts = [s + np.sort(generator.random(generator.poisson(rate_per_s))) for s in range(math.ceil(until_s))]
    starts_s: NDArray[np.float64] = np.concatenate(parts)
    return starts_s[starts_s < until_s]


def _verdict(offered: NDArray[np.int64], good: NDArray[np.int64], back_s: float) -> tuple[bool, float]:
    recovered = bool(good[-10:].sum() >= GOOD * offered[-10:].sum())
    if not recovered:
        return False, math.inf
    # The last five seconds of each second smooth the luck of single arrivals.
    window = np.ones(5)
    share = np.convolve(good, window, "valid") / np.maximum(1, np.convolve(offered, window, "valid"))
    bad = np.flatnonzero(share < GOOD)
    return True, max(0.0, float(bad[-1] + 1) - back_s) if len(bad) else 0.0
