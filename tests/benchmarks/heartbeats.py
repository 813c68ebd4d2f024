"""Wall time of many node threads that beat to a monitor on simulated time, beside a plain event loop in the same run.

    python tests/benchmarks/heartbeats.py [nodes] [simulated seconds]

The event loop (heapq, no threads, no detector but a dict of last arrivals that is scanned when a deadline is due) is
the least that simulating the same messages can cost in Python. Each figure is the best of several repetitions; the
ratio is what to compare between machines.
"""

import sys
import time
from collections.abc import Callable
from heapq import heappop, heappush

from lbcore.faults import Crash, FaultPlan, FixedTimeout, Heartbeats, Network, PhiAccrual, VirtualClock
from lbcore.faults.detectors import Detector

REPETITIONS = 3
INTERVAL_S, TIMEOUT_S, DELAY_S = 1.0, 3.0, 0.02


def best_s(call: Callable[[], list[str]]) -> tuple[float, list[str]]:
    """The shortest wall time of some calls, and what they found."""
    times_s, found = [], []
    for _ in range(REPETITIONS):
        start_s = time.perf_counter()
        found = call()
        times_s.append(time.perf_counter() - start_s)
    return min(times_s), found


def threads(nodes: int, until_s: float, detector: Detector) -> list[str]:
    """Real threads on a VirtualClock; node-0 dies half-way."""
    clock = VirtualClock(seed=1)
    plan = FaultPlan(Crash("node-0", at_s=until_s / 2))
    names = [f"node-{node}" for node in range(nodes)]
    watch = Heartbeats(clock, names, detector, network=Network(clock, delay=DELAY_S, seed=1), plan=plan)

    def main() -> None:
        watch.start()
        clock.sleep(until_s)
        watch.stop()

    clock.run(main)
    return [change.node for change in watch.changes if change.failed]


def event_loop(nodes: int, until_s: float) -> list[str]:
    """The same beats, arrivals and deadlines on one heap."""
    last_s = dict.fromkeys(range(nodes), 0.0)
    failed: list[str] = []
    heap = [(INTERVAL_S * node / nodes, number, "send", node) for number, node in enumerate(range(nodes))]
    heappush(heap, (TIMEOUT_S, nodes, "look", 0))
    number = nodes
    while heap:
        now_s, _, what, node = heappop(heap)
        if now_s > until_s:
            break
        number += 1
        if what == "arrive":
            last_s[node] = now_s
        elif what == "look":
            for silent in [silent for silent, at_s in last_s.items() if now_s >= at_s + TIMEOUT_S]:
                failed.append(f"node-{silent}")
                del last_s[silent]
            heappush(heap, (min(last_s.values()) + TIMEOUT_S, number, "look", 0))
        elif node != 0 or now_s < until_s / 2:
            heappush(heap, (now_s + DELAY_S, number, "arrive", node))
            number += 1
            heappush(heap, (now_s + INTERVAL_S, number, "send", node))
    return failed


def main(nodes: int = 100, until_s: int = 600) -> None:
    """Print the table."""
    plain_s, plain = best_s(lambda: event_loop(nodes, until_s))
    print(f"{nodes} nodes, {until_s} simulated seconds, best of {REPETITIONS}")
    print(f"{'heapq event loop':28} {plain_s:6.2f} s")
    for name, detector in {"fixed timeout": FixedTimeout(TIMEOUT_S), "phi accrual": PhiAccrual()}.items():
        ours_s, found = best_s(lambda detector=detector: threads(nodes, until_s, detector))
        assert found == plain == ["node-0"]
        print(f"{'node threads, ' + name:28} {ours_s:6.2f} s   {ours_s / plain_s:5.1f} times the event loop")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
