"""What the clocks refuse: each with an error that names the argument."""

import concurrent.futures
from collections.abc import Callable

import pytest

from lbcore.faults import Clock

nan, inf = float("nan"), float("inf")
BAD_CALLS: dict[str, tuple[type[Exception], str, Callable[[Clock], object]]] = {
    "sleep -1": (ValueError, "seconds", lambda c: c.sleep(-1)),
    "sleep nan": (ValueError, "seconds", lambda c: c.sleep(nan)),
    "sleep inf": (ValueError, "seconds", lambda c: c.sleep(inf)),
    "sleep str": (TypeError, "seconds", lambda c: c.sleep("1")),  # type: ignore[arg-type]
    "sleep True": (TypeError, "seconds", lambda c: c.sleep(True)),
    "sleep None": (TypeError, "seconds", lambda c: c.sleep(None)),  # type: ignore[arg-type]
    "spawn": (TypeError, "function", lambda c: c.spawn(3)),  # type: ignore[arg-type]
    "spawn name": (TypeError, "name", lambda c: c.spawn(print, name=3)),  # type: ignore[arg-type]
    "spawn empty name": (TypeError, "name", lambda c: c.spawn(print, name="")),
    "call_later": (TypeError, "function", lambda c: c.call_later(1, None)),  # type: ignore[arg-type]
    "call_later -1": (ValueError, "delay_s", lambda c: c.call_later(-1, print)),
    "run": (TypeError, "main", lambda c: c.run("main")),  # type: ignore[arg-type]
    "max_workers 0": (ValueError, "max_workers", lambda c: c.executor(0)),
    "max_workers 1.5": (TypeError, "max_workers", lambda c: c.executor(1.5)),  # type: ignore[arg-type]
    "submit": (TypeError, "fn", lambda c: c.executor(1).submit(1)),  # type: ignore[arg-type]
    "event": (ValueError, "timeout_s", lambda c: c.event().wait(inf)),
    "lock": (ValueError, "timeout_s", lambda c: c.lock().acquire(timeout_s=-1)),
    "lock, no waiting": (ValueError, "timeout_s", lambda c: c.lock().acquire(False, 1.0)),
    "get": (ValueError, "timeout_s", lambda c: c.queue().get(timeout_s=-1)),
    "join": (ValueError, "timeout", lambda c: c.spawn(print).join(-1)),
    "wait": (ValueError, "timeout_s", lambda c: c.wait([], -1)),
    "return_when": (ValueError, "return_when", lambda c: c.wait([], return_when="SOON")),
    "futures": (TypeError, "futures", lambda c: c.wait([concurrent.futures.Future()])),  # type: ignore[list-item]
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_input(clock: Clock, name: str) -> None:
    error, argument, call = BAD_CALLS[name]
    if name == "run":
        with pytest.raises(error, match=f"^{argument}: "):
            call(clock)
        return

    def main() -> None:
        with pytest.raises(error, match=f"^{argument}: "):
            call(clock)

    clock.run(main)


def test_threads_and_callbacks_belong_inside_run(clock: Clock) -> None:
    calls = (lambda: clock.spawn(print), lambda: clock.call_later(1.0, print), lambda: clock.executor(1).submit(print))
    for call in calls:
        with pytest.raises(RuntimeError, match="run"):
            call()
