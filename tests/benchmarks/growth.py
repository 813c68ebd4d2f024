"""How costs grow: the time of a pick against the number of nodes, of a batch against its requests, and the exponents;
and the memory of a simulation and of batches that are streamed, up to 10^9 requests.

The exponent is the slope of a straight line through the logarithms: 0 is a cost that stays, 1 one that grows in
proportion. It is fitted to the larger half of the sizes, where what costs always is small.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import lbcore
from lbcore.simulate import queue
from tests.benchmarks.jobs.peers import integer_keys, names

#: Every selector, by how many nodes; and the most nodes it is asked for.
SELECTORS: dict[str, tuple[Callable[[int], lbcore.Selector], int]] = {
    "RoundRobin": (lambda n: lbcore.RoundRobin(n), 100_000),
    "Random": (lambda n: lbcore.Random(n, seed=1), 100_000),
    "TwoChoices": (lambda n: lbcore.TwoChoices(n, seed=1), 100_000),
    "WeightedRoundRobin": (lambda n: lbcore.WeightedRoundRobin(n, weights(n)), 10_000),
    "BurstRoundRobin": (lambda n: lbcore.BurstRoundRobin(n, weights(n)), 100_000),
    "WeightedRandom": (lambda n: lbcore.WeightedRandom(n, weights(n), seed=1), 100_000),
    "LeastConnections": (lambda n: lbcore.LeastConnections(n), 100_000),
    "PeakEwma": (lambda n: lbcore.PeakEwma(n, seed=1, clock=float), 100_000),
    "ModuloHash": (lambda n: lbcore.ModuloHash(n), 100_000),
    "HashSlots": (lambda n: lbcore.HashSlots(n, slots=1 << 18), 100_000),
    "HashRing": (lambda n: lbcore.HashRing(names(n)), 100_000),
    "BoundedRing": (lambda n: lbcore.BoundedRing(names(n)), 100_000),
    "JumpHash": (lambda n: lbcore.JumpHash(n), 100_000),
    "Rendezvous": (lambda n: lbcore.Rendezvous(names(n)), 100_000),
    "Maglev": (lambda n: lbcore.Maglev(names(n), table_size=1_000_003), 100_000),
}
LONGEST_S = 0.5  # of a size that takes longer, no larger one is tried


def weights(n: int) -> list[int]:
    """Small ones, all kinds of them."""
    return [1 + i % 7 for i in range(n)]


def fastest_s(call: Callable[[], Any]) -> float:
    """Of three, in time of the processor."""
    times_s = []
    for _ in range(3):
        start = time.process_time()
        call()
        times_s.append(time.process_time() - start)
    return min(times_s)


def exponent(sizes: list[int], times_s: list[float]) -> float:
    """The slope in the larger half, two sizes at least."""
    half = min(len(sizes) // 2, len(sizes) - 2)
    return float(np.polyfit(np.log(sizes[half:]), np.log(times_s[half:]), 1)[0])


def asked(selector: lbcore.Selector, requests: int) -> Any:
    """What `select_many` takes."""
    return integer_keys(requests) if selector.keyed else requests


def line(name: str, sizes: list[int], times_s: list[float], per: list[int]) -> str:
    """The costs of one unit in ns, and the exponent of the whole."""
    costs = "".join(f"{1e9 * t / p:12,.1f}" for t, p in zip(times_s, per, strict=True))
    fit = f"{exponent(sizes, times_s):6.2f}" if len(sizes) > 1 else "     ?"
    return f"{name:20} {fit} {costs}"


def grown(cost: Callable[[int], Callable[[], Any]], sizes: list[int]) -> list[float]:
    """The times of the sizes, up to the first that takes too long."""
    times_s: list[float] = []
    for size in sizes:
        call = cost(size)
        times_s.append(fastest_s(call))
        if times_s[-1] > LONGEST_S:
            break
    return times_s


def streamed(m: int) -> None:
    """m requests in batches that use one array again."""
    selector, out = lbcore.TwoChoices(100, seed=1), np.empty(1 << 20, np.int32)
    for done in range(0, m, len(out)):
        selector.select_many(min(len(out), m - done), out=out[: m - done])


def memory(quick: bool) -> None:
    """Print the processor's time and the peak memory of this process so far, after ever more requests: minutes in all.

    It comes first, as the peak tells nothing once anything else has been larger.
    """
    if sys.platform == "win32":
        print("memory: Windows tells the peak otherwise")
        return
    import resource

    print("a summary of so many requests, 100 nodes, TwoChoices: ns for one, and the most memory so far in MB")
    for m in (10**6, 10**7) if quick else (10**6, 10**7, 10**8, 10**9):
        for name, call in (("streamed", streamed), ("queue", simulated)):
            start = time.process_time()
            call(m)
            spent_ns = 1e9 * (time.process_time() - start) / m
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            print(f"{name:20} {m:15,} {spent_ns:8.1f} {peak / 2**20:8.0f}", flush=True)


def simulated(m: int) -> None:
    """A simulation of which only the summary is kept."""
    queue(lbcore.TwoChoices(100, seed=1), m, load=0.8, seed=1)


def main(quick: bool, only: list[str] | None) -> None:
    """Print the tables."""
    memory(quick)
    kinds = {name: kind for name, kind in SELECTORS.items() if not only or any(part in name for part in only)}
    sizes = [1, 10, 100, 1_000] if quick else [1, 10, 100, 1_000, 10_000, 100_000]
    print("a pick of a batch against nodes: exponent, then ns at " + ", ".join(f"{n:,}" for n in sizes))
    for name, (make, most) in kinds.items():
        mine = [n for n in sizes if n <= most]
        requests = 1 << 12 if quick else 1 << 14

        def picks(n: int, make: Callable[[int], lbcore.Selector] = make, requests: int = requests) -> Callable[[], Any]:
            selector = make(n)
            given, out = asked(selector, requests), np.empty(requests, np.int32)
            return lambda: selector.select_many(given, out=out)

        times_s = grown(picks, mine)
        print(line(name, mine[: len(times_s)], times_s, [requests] * len(times_s)), flush=True)
    sizes = [1_000, 10_000, 100_000] if quick else [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
    print("a batch against requests, 100 nodes: exponent, then ns for one at " + ", ".join(f"{m:,}" for m in sizes))
    for name, (make, _) in kinds.items():

        def batch(m: int, make: Callable[[int], lbcore.Selector] = make) -> Callable[[], Any]:
            selector = make(100)
            given, out = asked(selector, m), np.empty(m, np.int32)
            return lambda: selector.select_many(given, out=out)

        times_s = grown(batch, sizes)
        print(line(name, sizes[: len(times_s)], times_s, sizes[: len(times_s)]), flush=True)

    times_s = grown(lambda m: lambda: simulated(m), sizes)
    print(line("queue, TwoChoices", sizes[: len(times_s)], times_s, sizes[: len(times_s)]))
