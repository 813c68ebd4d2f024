"""A program that leaves much to chance, and its trace under a seed."""

from collections.abc import Callable

from lbcore.faults import VirtualClock

__all__ = ["Step", "crowd", "traced"]

Step = tuple[float, str, str]


def crowd(clock: VirtualClock) -> Callable[[], list[str]]:
    """Six threads that sleep, lock, queue, submit and time callbacks at the same few moments."""
    lock, items, pool = clock.lock(), clock.queue(), clock.executor(2)
    seen: list[str] = []

    def node(number: int) -> None:
        for beat in range(4):
            clock.sleep(beat % 2 * 0.5)
            with lock:
                seen.append(f"{number} has the lock")
                clock.sleep(0.0)
            items.put(number)
            clock.call_later(0.5, seen.append, f"message from {number}")

    def monitor() -> None:
        while True:
            seen.append(f"{items.get()} got at {clock.now()}")

    def task(number: int) -> int:
        clock.sleep(0.5)
        seen.append(f"task {number}")
        return number

    def main() -> list[str]:
        clock.spawn(monitor)
        threads = [clock.spawn(node, number) for number in range(4)]
        futures = {pool.submit(task, number) for number in range(5)}
        seen.append(str([future.result() for future in clock.wait(futures, 0.5).done]))
        for thread in threads:
            thread.join()
        clock.sleep(1.0)
        return seen

    return main


def traced(seed: int) -> tuple[list[Step], list[str]]:
    trace: list[Step] = []
    clock = VirtualClock(seed, trace=lambda *step: trace.append(step))
    return trace, clock.run(crowd(clock))
