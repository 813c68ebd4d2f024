"""What if a node fails? Rules that notice, retry and protect, all pure: each is told the time, and answers.

Threads carry the rules, and a `Clock` carries the threads: `RealClock` on wall time, `VirtualClock` on simulated time.
`clocks` and `detectors` are rooms of their own; `failover` puts all together.

Measuring has a room of its own: `quality` (how good is a detector?).
"""

from lbcore.faults.breaker import BreakerState, CircuitBreaker
from lbcore.faults.budget import Budget, RetryBudget, TokenBucket
from lbcore.faults.clocks import Clock, DeadlockError, RealClock, Unwound, VirtualClock
from lbcore.faults.delays import ConstantDelay, Delay, ExponentialDelay, LognormalDelay, UniformDelay
from lbcore.faults.detectors import Chen, Detector, FixedTimeout, FreshnessPoints, PhiAccrual, Rise
from lbcore.faults.ejection import OutlierEjection
from lbcore.faults.failover import Cluster
from lbcore.faults.heartbeat import Beat, Change, Heartbeats
from lbcore.faults.hedge import Hedge
from lbcore.faults.network import Network
from lbcore.faults.plan import Crash, Cut, Drift, Fault, FaultPlan, Pause, Slow, partition
from lbcore.faults.report import Attempt, Outcome, Report, RequestFailed
from lbcore.faults.retry import ErrorThreshold, GiveUp, Retry, RetryPolicy, Stop, Tries, amplification, pick
from lbcore.faults.waits import DecorrelatedJitter, EqualJitter, Exponential, FixedWait, FullJitter, Wait

__all__ = [
    "Attempt",
    "Beat",
    "BreakerState",
    "Budget",
    "Change",
    "Chen",
    "CircuitBreaker",
    "Clock",
    "Cluster",
    "ConstantDelay",
    "Crash",
    "Cut",
    "DeadlockError",
    "DecorrelatedJitter",
    "Delay",
    "Detector",
    "Drift",
    "EqualJitter",
    "ErrorThreshold",
    "Exponential",
    "ExponentialDelay",
    "Fault",
    "FaultPlan",
    "FixedTimeout",
    "FixedWait",
    "FreshnessPoints",
    "FullJitter",
    "GiveUp",
    "Heartbeats",
    "Hedge",
    "LognormalDelay",
    "Network",
    "Outcome",
    "OutlierEjection",
    "Pause",
    "PhiAccrual",
    "RealClock",
    "Report",
    "RequestFailed",
    "Retry",
    "RetryBudget",
    "RetryPolicy",
    "Rise",
    "Slow",
    "Stop",
    "TokenBucket",
    "Tries",
    "UniformDelay",
    "Unwound",
    "VirtualClock",
    "Wait",
    "amplification",
    "partition",
    "pick",
]
