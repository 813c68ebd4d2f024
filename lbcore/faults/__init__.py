"""What if a node fails? Rules that notice, retry and protect, all pure: each is told the time, and answers.

Threads carry the rules, and a `Clock` carries the threads: `RealClock` on wall time, `VirtualClock` on simulated time.

Measuring and experiments have rooms of their own: `quality` (how good is a detector?), `contention` (clients that race
to write one row) and `metastable` (an outage that outlives its cause).
"""

from lbcore.faults.breaker import BreakerState, CircuitBreaker
from lbcore.faults.budget import Budget, RetryBudget, TokenBucket
from lbcore.faults.clock import Clock
from lbcore.faults.detectors import Chen, Detector, FixedTimeout, FreshnessPoints, PhiAccrual, Rise
from lbcore.faults.ejection import OutlierEjection
from lbcore.faults.errors import DeadlockError, Unwound
from lbcore.faults.real_clock import RealClock
from lbcore.faults.retry import ErrorThreshold, GiveUp, Hedge, Retry, RetryPolicy, Stop, Tries, amplification, pick
from lbcore.faults.virtual_clock import VirtualClock
from lbcore.faults.waits import DecorrelatedJitter, EqualJitter, Exponential, FixedWait, FullJitter, Wait

__all__ = [
    "BreakerState",
    "Budget",
    "Chen",
    "CircuitBreaker",
    "Clock",
    "DeadlockError",
    "DecorrelatedJitter",
    "Detector",
    "EqualJitter",
    "ErrorThreshold",
    "Exponential",
    "FixedTimeout",
    "FixedWait",
    "FreshnessPoints",
    "FullJitter",
    "GiveUp",
    "Hedge",
    "OutlierEjection",
    "PhiAccrual",
    "RealClock",
    "Retry",
    "RetryBudget",
    "RetryPolicy",
    "Rise",
    "Stop",
    "TokenBucket",
    "Tries",
    "Unwound",
    "VirtualClock",
    "Wait",
    "amplification",
    "pick",
]
