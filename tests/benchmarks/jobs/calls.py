"""One `select()` at a time from Python. One unit is one call in a loop."""

import itertools
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import lbcore
from tests.benchmarks.jobs.peers import MISSING, names, package
from tests.benchmarks.measure import Job, Maker, Work

CALLS = 2_000
KEY = "user:1000"


def each(call: Callable[..., Any], *arguments: Any) -> Work:
    """A loop over one call."""

    def loop() -> None:
        for _ in itertools.repeat(None, CALLS):
            call(*arguments)

    def bare() -> None:
        for _ in itertools.repeat(None, CALLS):
            call()

    return Work(loop if arguments else bare, CALLS)


def job(
    make: Callable[[], lbcore.Selector], peers: dict[str, Callable[[], Any]], marks: dict[str, float], _: bool
) -> Job:
    """A selector without keys."""
    return Job(each(make().select), {name: each(call) for name, call in peers.items()}, marks=marks)


def on_a_ring(_: bool) -> Job:
    """A text on a ring of 100 nodes."""
    ring, fastring, uhashring = lbcore.HashRing(names(100)), package("fastring"), package("uhashring")
    peers: dict[str, Work | str] = {"fastring": MISSING, "uhashring": MISSING}
    if fastring:
        other = fastring.HashRing(virtual_nodes=160)
        for name in names(100):
            other.add_node(name)
        peers["fastring"] = each(other.get_node, KEY)
    if uhashring:
        peers["uhashring"] = each(uhashring.HashRing(nodes=names(100), vnodes=160).get_node, KEY)
    return Job(each(ring.select, KEY), peers, marks={"fastring": 1.3})


def hashed(_: bool) -> Job:
    """A text, hash mod N."""
    xxhash = package("xxhash")
    peers: dict[str, Work | str] = {"xxhash, of bytes": MISSING}
    if xxhash:
        peers["xxhash, of bytes"] = each(xxhash.xxh64_intdigest, KEY.encode())
    return Job(each(lbcore.ModuloHash(10).select, KEY), peers)


CYCLE = {"next(itertools.cycle)": itertools.cycle(range(10)).__next__}
#: Without a GIL a pick takes a lock.
FREE = not getattr(sys, "_is_gil_enabled", lambda: True)()

JOBS: dict[str, Maker] = {
    "one round robin": partial(
        job, lambda: lbcore.RoundRobin(10), CYCLE, {"next(itertools.cycle)": 1 / 2 if FREE else 1 / 1.3}
    ),
    "one random": partial(
        job, lambda: lbcore.Random(10, seed=1), {"numpy integers": partial(np.random.default_rng(1).integers, 10)}, {}
    ),
    "one two choices": partial(job, lambda: lbcore.TwoChoices(10, seed=1), CYCLE, {}),
    "one hash mod N, text": hashed,
    "one on a ring, text": on_a_ring,
}
