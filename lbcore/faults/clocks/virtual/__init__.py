"""Simulated time, and real threads that run one at a time."""

from lbcore.faults.clocks.virtual.clock import VirtualClock

__all__ = ["VirtualClock"]
