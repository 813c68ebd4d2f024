"""Ctrl-C at every step of a run at which Python can raise it in the main thread, one run each: what is left behind.

    python -m tests.faults.clocks.steps real [every n-th step]

Python looks for signals after calls, at jumps back and where a function begins. No signal can be sent to one of these,
but a trace function can raise there, in lbcore's code and in the standard library's alike.
"""

import dis
import faulthandler
import os
import sys
import threading
from types import CodeType, FrameType
from typing import Any

from lbcore.faults import Clock, RealClock, VirtualClock
from tests.faults.clocks.presses import surplus

LOOKS = ("CALL", "RESUME", "JUMP_BACKWARD")
#: A run that takes longer hangs: the process ends, and shows where.
HANGS_S = 30.0


class Step:
    """A trace function that raises KeyboardInterrupt at a step, and counts them."""

    def __init__(self, number: int):
        self.number, self.seen, self.where = number, 0, ""
        self._last: dict[FrameType, tuple[str, int]] = {}
        self._codes: dict[CodeType, tuple[bytes, list[Any]]] = {}

    def __call__(self, frame: FrameType, event: str, arg: object) -> "Step":
        frame.f_trace_opcodes = True
        if event == "opcode":
            code, at = frame.f_code, frame.f_lasti
            if code not in self._codes:
                self._codes[code] = code.co_code, dis._parse_exception_table(code)  # type: ignore[attr-defined]
            ops, table = self._codes[code]
            last, last_at = self._last.get(frame, ("", 0))
            self._last[frame] = dis.opname[ops[at]], at
            # This is the next instruction: only where the same handlers guard both is it as good as the last.
            guards = [[entry.target for entry in table if entry.start <= one < entry.end] for one in (last_at, at)]
            if last.startswith(LOOKS) and guards[0] == guards[1]:
                self.seen += 1
                if self.seen == self.number:
                    self.where = f"{code.co_name} in {os.path.basename(code.co_filename)}, line {frame.f_lineno}"
                    self._last.clear()
                    raise KeyboardInterrupt
        else:  # a call, a return or an exception: no instruction of this frame came just before
            self._last.pop(frame, None)
        return self


def work(clock: Clock) -> None:
    """A little of all that a main thread does: spawn, time, wait, queue, sleep, a pool."""
    bell, queue = clock.event(), clock.queue()

    def node() -> None:
        while True:
            clock.sleep(0.0005)
            queue.put(1)

    clock.spawn(node)
    clock.call_later(0.0002, bell.set)
    pool = clock.executor(1)
    bell.wait(0.01)
    queue.get()
    clock.wait([pool.submit(clock.sleep, 0.0005)])
    clock.sleep(0.0001)


def run(kind: str, number: int) -> tuple[Step, Clock, str]:
    """A run that is interrupted at a step, and how it ended."""
    clock: Clock = VirtualClock(1) if kind == "virtual" else RealClock()
    step, end = Step(number), "done"
    sys.settrace(step)
    try:
        clock.run(work, clock)
    except BaseException as error:
        end = type(error).__name__
    finally:
        sys.settrace(None)
    return step, clock, end


def main(kind: str, every: int = 1) -> None:
    """Print what each step left behind, and at the end the sums."""
    steps, bad, tried, ends = run(kind, 0)[0].seen, 0, 0, dict[str, int]()
    for number in range(1, steps + 1, every):
        faulthandler.dump_traceback_later(HANGS_S, exit=True)
        step, clock, end = run(kind, number)
        faulthandler.cancel_dump_traceback_later()
        left = surplus()
        try:
            again = clock.run(lambda: 7)
        except BaseException as error:
            again = repr(error)
        ends[end], tried = ends.get(end, 0) + 1, tried + 1
        if left or again != 7 or end not in ("KeyboardInterrupt", "done"):
            bad += 1
            print(f"step {number}, {step.where}: {end}, {threading.enumerate()}, next run {again}", flush=True)
    print(f"{kind}: {tried} of {steps} steps {ends}; bad {bad}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
