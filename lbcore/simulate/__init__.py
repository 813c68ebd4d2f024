"""How long does it take? A cluster simulated request by request, and sweeps of such runs over a grid."""

from typing import TYPE_CHECKING, Any

from lbcore.simulate.queues import queue
from lbcore.simulate.results import OUTCOMES, QueueResult, Requests
from lbcore.simulate.shapes import Bursty, Deterministic, Exponential, Pareto, Poisson
from lbcore.simulate.table import Table

if TYPE_CHECKING:
    from lbcore.simulate.sweeps import sweep

__all__ = [
    "OUTCOMES",
    "Bursty",
    "Deterministic",
    "Exponential",
    "Pareto",
    "Poisson",
    "QueueResult",
    "Requests",
    "Table",
    "queue",
    "sweep",
]


def __getattr__(name: str) -> Any:
    # It needs processes, which a browser has not; a queue is simulated there too.
    if name == "sweep":
        from lbcore.simulate.sweeps import sweep

        return sweep
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
