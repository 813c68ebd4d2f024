"""Time, waiting and threads, on wall time or on simulated time; the rules stand at the head of `interface`."""

from lbcore.faults.clocks.errors import DeadlockError, Unwound
from lbcore.faults.clocks.interface import Clock
from lbcore.faults.clocks.real import RealClock
from lbcore.faults.clocks.virtual import VirtualClock

__all__ = ["Clock", "DeadlockError", "RealClock", "Unwound", "VirtualClock"]
