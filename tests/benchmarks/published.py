"""Published figures beside lbcore's, for the fault-tolerance half: failure detectors by formula, and the jitter table.

    python tests/benchmarks/published.py [trials]

Sources: Chen, Toueg and Aguilera, 'On the quality of service of failure detectors' (2002), theorem 5; the simulator
published with Brooker, 'Exponential backoff and jitter' (2015), 100 trials of it.
"""

import sys

import numpy as np

from lbcore.faults import (
    DecorrelatedJitter,
    EqualJitter,
    Exponential,
    FixedTimeout,
    FixedWait,
    FreshnessPoints,
    FullJitter,
)
from lbcore.faults.delays import ExponentialDelay
from lbcore.faults.quality import (
    beats,
    detection_times_s,
    fixed_timeout_detection_s,
    fixed_timeout_mistakes,
    measure,
    nfd_s,
)
from lbcore.lab.exhibits.retries._contention import contention

#: Time in ms and calls, by rule and number of clients.
AWS = {
    10: {
        "none": (382, 50),
        "exponential": (3590, 51),
        "equal": (732, 42),
        "full": (465, 38),
        "decorrelated": (434, 37),
    },
    100: {
        "none": (2027, 2421),
        "exponential": (62862, 1853),
        "equal": (6658, 812),
        "full": (4879, 797),
        "decorrelated": (4530, 1002),
    },
}
BASE_S, CAP_S = 0.005, 2.0
WAITS = {
    "none": FixedWait(),
    "exponential": Exponential(BASE_S, CAP_S),
    "equal": EqualJitter(BASE_S, CAP_S),
    "full": FullJitter(BASE_S, CAP_S),
    "decorrelated": DecorrelatedJitter(BASE_S, CAP_S),
}
BEATS = 1_000_000


def detectors() -> None:
    """Mistakes over a million beats, and 4,000 deaths, beside the closed forms."""
    print(f"{'detector, beats every 1 s':44} {'':22} {'formula':>9} {'measured':>9}")
    delay = ExponentialDelay(0.02)
    stream = beats(1.0, BEATS, loss=0.01, delay=delay, seed=1)
    found = measure(FreshnessPoints(1.0, 0.5), stream.arrivals_s, numbers=stream.numbers)
    law = nfd_s(1.0, 0.5, 0.01, delay.cdf)
    rows = [("NFD-S, margin 0.5 s, 1 % lost, delay 0.02 s", law, found)]
    stream = beats(1.0, BEATS, loss=0.1, seed=2)
    found = measure(FixedTimeout(2.5), stream.arrivals_s)
    rows.append(("fixed timeout 2.5 s, 10 % lost", fixed_timeout_mistakes(2.5, 1.0, 0.1), found))
    for name, law, found in rows:
        print(f"{name:44} {'mistake recurrence, s':22} {law.recurrence_s:9.2f} {found.recurrence_s:9.2f}")
        print(f"{'':44} {'mistake duration, s':22} {law.duration_s:9.4f} {found.duration_s:9.4f}")
        print(f"{'':44} {'query accuracy':22} {law.accuracy:9.6f} {found.accuracy:9.6f}")
    for timeout_s, check_s in ((3.0, 0.0), (3.0, 1.0), (1.5, 0.25)):
        times_s = detection_times_s(FixedTimeout(timeout_s), 4000, interval_s=1.0, check_s=check_s, seed=3)
        expected_s = fixed_timeout_detection_s(timeout_s, 1.0, check_s)
        name = (
            f"fixed timeout {timeout_s:g} s, looked at every {check_s:g} s"
            if check_s
            else f"fixed timeout {timeout_s:g} s"
        )
        print(f"{name:44} {'detection time, s':22} {expected_s:9.3f} {float(np.mean(times_s)):9.3f}")


def jitter(trials: int) -> None:
    """Clients that race to write one row: mean time and calls."""
    print(f"\n{trials} trials")
    print(f"{'clients':>7} {'wait':14} {'time, ms':>9} {'published':>9} {'calls':>7} {'published':>9}")
    for clients, table in AWS.items():
        for name, (time_ms, calls) in table.items():
            runs = [contention(clients, WAITS[name], seed=seed) for seed in range(trials)]
            ours_ms = 1000 * np.mean([run.time_s for run in runs])
            ours = np.mean([run.calls for run in runs])
            print(f"{clients:7} {name:14} {ours_ms:9,.0f} {time_ms:9,} {ours:7,.0f} {calls:9,}")


if __name__ == "__main__":
    detectors()
    jitter(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
