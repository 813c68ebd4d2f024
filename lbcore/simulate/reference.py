"""The readable twin of the queue simulation: the same requests, picks and times in plain Python, event by event.

A lesson shows it, and the tests hold the compiled loop to it, request by request. Nothing is checked here.
"""

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from math import frexp, inf, ldexp
from typing import Any

from lbcore.selectors.errors import AllFull
from lbcore.selectors.reference import Draws, again

LN2_HIGH, LN2_LOW = 6.931471803691238e-01, 1.9082149292705877e-10  # ln 2 in two parts; the first ends in 21 zero bits


def ln(x: float) -> float:
    """The natural logarithm of x > 0, by the same steps and so with the same bits everywhere."""
    m, e = frexp(x)
    if m < 0.7071067811865476:
        m, e = 2.0 * m, e - 1
    s = (m - 1.0) / (m + 1.0)
    q, p = s * s, 0.0
    for k in range(19, 1, -2):
        p = 2.0 / k + q * p
    return e * LN2_HIGH + (s * (2.0 + q * p) + e * LN2_LOW)


def exp(x: float) -> float:
    """e^x for 0 <= x < 700."""
    k = int(x * 1.4426950408889634 + 0.5)
    r, p = (x - k * LN2_HIGH) - k * LN2_LOW, 1.0
    for i in range(13, 0, -1):
        p = 1.0 + p * r / i
    return ldexp(p, k)


def unit(bits: int) -> float:
    """64 random bits as a number above 0 and up to 1."""
    return ((bits >> 11) + 1) * 2.0**-53


def times(constants: tuple[str, float, float, float, float], draws: Draws, m: int) -> list[float]:
    """m random times of a shape: see `constants` in shapes.py."""
    kind, mean, a, b, c = constants
    drawn = []
    for _ in range(m):
        bits = draws.next()
        if kind == "exponential":
            drawn.append(mean * -ln(unit(bits)))
        elif kind == "constant":
            drawn.append(mean)
        elif kind == "pareto":
            drawn.append(a * exp(-ln(1.0 - b * (1.0 - unit(bits))) * c))
        else:  # bursty
            gap, more = a * -ln(unit(bits)), again(bits)
            drawn.append(gap + b * -ln(unit(again(more))) if unit(more) <= c else gap)
    return drawn


def streams(seed: int) -> tuple[Draws, Draws]:
    """The draws of the gaps between arrivals, and of the services."""
    draws = Draws(seed)
    return Draws(draws.next()), Draws(draws.next())


def queue(
    selector: Any, arrived: Sequence[float], works: Sequence[float], speeds: Sequence[float]
) -> list[tuple[int, float, float]]:
    """The node, start and end of each request: every node serves one request at a time, first come, first served.

    arrived: times, ascending. works: seconds each request takes at speed 1. A departure goes before an arrival at the
    same time, and of two departures the one at the lower node. Requests that find no node get (-1, inf, inf); those for
    which all are full wait until one of these accepts them.
    """
    outside: deque[int] = deque()
    waiting: list[deque[int]] = [deque() for _ in speeds]
    departures: list[tuple[float, int]] = []
    done = [(-1, inf, inf)] * len(arrived)

    def start(number: int, node: int, now: float) -> None:
        end = now + works[number] / speeds[node]
        done[number] = (node, now, end)
        heappush(departures, (end, node))

    def depart(until: float) -> None:
        while departures and departures[0][0] <= until:
            now, node = heappop(departures)
            waiting[node].popleft()
            if hasattr(selector, "release"):
                selector.release(node)
            if waiting[node]:
                start(waiting[node][0], node, now)
            while outside and selector.accept(node):
                join(outside.popleft(), node, now)

    def join(number: int, node: int, now: float) -> None:
        waiting[node].append(number)  # the first of a queue is the one in service
        if len(waiting[node]) == 1:
            start(number, node, now)

    for number, now in enumerate(arrived):
        depart(now)
        try:
            if outside:
                raise AllFull
            node = selector.select()
        except AllFull:
            outside.append(number)
        except LookupError:
            pass
        else:
            join(number, node, now)
    depart(inf)
    return done
