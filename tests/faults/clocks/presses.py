"""Ctrl-C at random moments of many runs of one clock, once or many times: what is left behind, as one line.

python -m tests.faults.clocks.presses virtual 1000 [seed]
"""

import os
import random
import signal
import sys
import threading
import time

from lbcore.faults import Clock, RealClock, VirtualClock

#: How long threads of the system may take to be gone after their last line.
SETTLE_S = 2.0


def work(clock: Clock, log: list[str]) -> None:
    """Threads that sleep, wait, queue, spawn and end; whatever they do after their run is in its log."""
    bell, queue = clock.event(), clock.queue()

    def node() -> None:
        try:
            while True:
                clock.sleep(0.001)
                queue.put(1)
                clock.spawn(bell.set)
                log.append("works")
        finally:
            log.append("ends")

    for _ in range(6):
        clock.spawn(node)
    pool = clock.executor(2)
    clock.call_later(0.002, bell.set)
    for _ in range(200):
        queue.get()
        bell.wait(0.001)
        bell.clear()
        clock.wait([pool.submit(clock.sleep, 0.001)])


class Signals:
    """A timer's signals are Ctrl-C while they are `armed`."""

    armed = False

    @classmethod
    def press(cls, *_: object) -> None:
        if cls.armed:
            raise KeyboardInterrupt


def pressed(clock: Clock, log: list[str], after_s: float, every_s: float) -> str:
    """How a run ended that is interrupted `after_s` after its start, and again every so many seconds."""
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, after_s, every_s)
            Signals.armed = True
            clock.run(work, clock, log)
        finally:
            Signals.armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt as error:
        Signals.armed = False
        return (
            "left behind" if any("left behind" in note for note in getattr(error, "__notes__", ())) else "interrupted"
        )
    except Exception as error:
        return type(error).__name__
    return "done"


def listed() -> int:
    """How many threads the system lists, where it does."""
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else threading.active_count()


#: The system's threads before any run: numpy may have some.
OWN = listed()


def surplus() -> int:
    """How many threads there are too many, known to Python or not, once those that end have ended."""
    end_s = time.monotonic() + SETTLE_S
    while (found := max(threading.active_count() - 1, listed() - OWN)) > 0:
        if time.monotonic() > end_s:
            break
        time.sleep(0.001)
    return found


def main(kind: str, runs: int, seed: int = 1) -> None:
    """Print how the runs ended, how many left threads or worked on after them, and how many next runs failed."""
    signal.signal(signal.SIGALRM, Signals.press)
    draw, ends, left, touched, failed = random.Random(seed), dict[str, int](), 0, 0, 0
    for number in range(runs):
        clock: Clock = VirtualClock(number) if kind == "virtual" else RealClock()
        log: list[str] = []
        after_s, every_s = draw.uniform(1e-5, 0.03), draw.choice([0.0, draw.uniform(2e-4, 5e-3)])
        end = pressed(clock, log, after_s, every_s)
        signal.setitimer(signal.ITIMER_REAL, 0)
        ends[end] = ends.get(end, 0) + 1
        known, logged = surplus(), len(log)
        left += known
        if known:
            print(number, end, threading.enumerate(), flush=True)
        try:
            failed += clock.run(lambda clock=clock: clock.sleep(0.002) or 7) != 7
        except BaseException as error:
            failed += 1
            print(number, end, repr(error), flush=True)
        touched += len(log) != logged
    print(
        f"{kind}: {runs} runs {ends}; threads left {left}, worked on {touched}, next runs failed {failed}", flush=True
    )


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
