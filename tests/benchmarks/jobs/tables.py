"""Building what lookups read, and changing it: one unit is one build, or one node added and removed."""

from collections.abc import Callable
from functools import partial
from typing import Any

import lbcore
from tests.benchmarks.jobs.peers import MISSING, names, package
from tests.benchmarks.measure import Job, Maker, Work

VIRTUAL_NODES = 160


def changed(_: bool) -> Job:
    """A node comes to a ring of 100 and goes again."""
    ring, fastring, uhashring = lbcore.HashRing(names(100)), package("fastring"), package("uhashring")
    peers: dict[str, Work | str] = {"fastring": MISSING, "uhashring": MISSING}

    def ours() -> None:
        ring.add("new")
        ring.remove("new")

    def theirs(other: Any) -> Work:
        def come_and_go() -> None:
            other.add_node("new")
            other.remove_node("new")

        return Work(come_and_go)

    if fastring:
        other = fastring.HashRing(virtual_nodes=VIRTUAL_NODES)
        for name in names(100):
            other.add_node(name)
        peers["fastring"] = theirs(other)
    if uhashring:
        peers["uhashring"] = theirs(uhashring.HashRing(nodes=names(100), vnodes=VIRTUAL_NODES))
    return Job(Work(ours), peers, "us", marks={"fastring": 1.5})


def ring_built(_: bool) -> Job:
    uhashring = package("uhashring")
    peers: dict[str, Work | str] = {"uhashring": MISSING}
    if uhashring:
        peers["uhashring"] = Work(lambda: uhashring.HashRing(nodes=names(100), vnodes=VIRTUAL_NODES))
    return Job(Work(lambda: lbcore.HashRing(names(100))), peers, "us")


def built(make: Callable[[], Any], marks: dict[str, float], _: bool) -> Job:
    return Job(Work(make), {}, "us", marks=marks)


JOBS: dict[str, Maker] = {
    "ring, a node added and removed": changed,
    "ring, built": ring_built,
    "maglev, built": partial(built, lambda: lbcore.Maglev(names(100)), {"before": 2.0}),
    "rendezvous, built": partial(built, lambda: lbcore.Rendezvous(names(100)), {}),
    "jump, built": partial(built, lambda: lbcore.JumpHash(names(100)), {}),
}
