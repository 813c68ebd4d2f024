"""How long does it take? A cluster simulated request by request, and sweeps of such runs over a grid."""

from lbcore.simulate.queues import queue
from lbcore.simulate.results import OUTCOMES, QueueResult, Requests
from lbcore.simulate.shapes import Bursty, Deterministic, Exponential, Pareto, Poisson
from lbcore.simulate.sweeps import sweep
from lbcore.simulate.table import Table

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
