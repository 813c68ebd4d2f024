"""Wall time, and threads that truly run side by side."""

from lbcore.faults.clocks.real.clock import RealClock

__all__ = ["RealClock"]
