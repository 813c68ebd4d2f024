"""Batches without keys, beside numpy's way of doing the same. One unit is one request."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import lbcore
from tests.benchmarks.measure import Job, Maker, Work


def size(quick: bool) -> int:
    """Requests of a batch."""
    return 1 << 16 if quick else 1 << 20


def batch(make: Callable[[], lbcore.Selector], requests: int) -> Work:
    """All picks into one array. Nothing is released: where load is kept, it is all requests so far."""
    selector, out = make(), np.empty(requests, np.int32)
    return Work(lambda: selector.select_many(requests, out=out), requests)


def job(
    make: Callable[[], lbcore.Selector],
    peers: Callable[[int], dict[str, Callable[[], Any]]],
    marks: dict[str, float],
    quick: bool,
) -> Job:
    """A selector beside numpy. peers: of the number of requests."""
    requests, out = size(quick), np.empty(size(quick), np.int32)
    others: dict[str, Work | str] = {name: Work(call, requests) for name, call in peers(requests).items()}
    return Job(batch(make, requests), others, floor=Work(lambda: out.fill(1), requests), marks=marks)


NODES = 10
WEIGHTS = [1 + i % 10 for i in range(NODES)]
CYCLE = np.repeat(np.arange(NODES, dtype=np.int32), WEIGHTS)


def draws(requests: int, nodes: int = NODES) -> dict[str, Callable[[], Any]]:
    """What numpy can do of two choices. The loads depend on each other, so no vector operation picks."""
    rng = np.random.default_rng(1)

    def two() -> Any:
        first, second = rng.integers(0, nodes, requests), rng.integers(0, nodes - 1, requests)
        second += second >= first
        return second

    return {"numpy: the two draws alone": two}


def integers(requests: int) -> dict[str, Callable[[], Any]]:
    rng = np.random.default_rng(1)
    return {"numpy integers(int32)": lambda: rng.integers(0, NODES, requests, dtype=np.int32)}


def choice(requests: int) -> dict[str, Callable[[], Any]]:
    rng, shares = np.random.default_rng(1), np.array(WEIGHTS) / sum(WEIGHTS)
    return {"numpy choice(p=)": lambda: rng.choice(NODES, requests, p=shares)}


def repeated(requests: int) -> dict[str, Callable[[], Any]]:
    return {"numpy: a cycle, resized": lambda: np.resize(CYCLE, requests)}


def turns(requests: int) -> dict[str, Callable[[], Any]]:
    return {"numpy arange % n": lambda: np.arange(requests, dtype=np.int32) % NODES}


def answered() -> lbcore.PeakEwma:
    """Every node has a latency."""
    selector = lbcore.PeakEwma(NODES, seed=1, clock=float)
    selector.release(selector.select_many(1000), latency_s=0.1)
    return selector


def of_two_choices(nodes: int) -> Callable[[int], dict[str, Callable[[], Any]]]:
    return lambda requests: {"TwoChoices": batch(lambda: lbcore.TwoChoices(nodes, seed=1), requests).call}


JOBS: dict[str, Maker] = {
    "round robin": partial(job, lambda: lbcore.RoundRobin(NODES), turns, {}),
    "random": partial(job, lambda: lbcore.Random(NODES, seed=1), integers, {"numpy integers(int32)": 2.5}),
    "two choices": partial(job, lambda: lbcore.TwoChoices(NODES, seed=1), draws, {"numpy: the two draws alone": 1.5}),
    "weighted round robin": partial(job, lambda: lbcore.WeightedRoundRobin(NODES, WEIGHTS), repeated, {}),
    "burst round robin": partial(job, lambda: lbcore.BurstRoundRobin(NODES, WEIGHTS), repeated, {}),
    "weighted random": partial(
        job, lambda: lbcore.WeightedRandom(NODES, WEIGHTS, seed=1), choice, {"numpy choice(p=)": 10.0}
    ),
    "least connections, 10 nodes": partial(
        job, lambda: lbcore.LeastConnections(10), of_two_choices(10), {"TwoChoices": 1 / 1.5}
    ),
    "least connections, weights": partial(job, lambda: lbcore.LeastConnections(NODES, WEIGHTS), of_two_choices(10), {}),
    "least connections, 1,000 nodes": partial(
        job, lambda: lbcore.LeastConnections(1000), of_two_choices(1000), {"TwoChoices": 1 / 3}
    ),
    "peak ewma": partial(job, answered, draws, {"before": 2.0}),
}
