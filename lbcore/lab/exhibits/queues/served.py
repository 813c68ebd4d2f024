"""A few requests by hand: which node serves which, and when."""

from collections.abc import Sequence
from typing import Any

from lbcore.lab.exhibits.queues._runs import simulated
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.player.trace import Trace
from lbcore.lab.student.recipes import recipe


@exhibit()
def served(cls: Any, arrivals: Sequence[float], service: Sequence[float], *, nodes: int = 3) -> Trace:
    """A few requests with these times, as a trace: its picture shows when each node serves which."""
    found = simulated(cls, recipe(cls, nodes, seed=0)(), nodes=nodes, arrivals=arrivals, service=service, keep=True)
    kept = found.requests
    assert kept is not None
    return Trace(found.nodes, kept.arrived_s, kept.node, kept.started_s, kept.ended_s, travel_s=0.0, name=found.name)
