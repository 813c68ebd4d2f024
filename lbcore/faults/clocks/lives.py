"""Whether a real thread begins, and whether it has ended, where Ctrl-C may have come in between.

`Thread.start` waits for the new thread's first sign of life, so an exception out of it says nothing of whether there is
a thread. And an exception out of `Thread.join` makes `is_alive` say no while the thread runs on (CPython 3.11, 3.12);
the interpreter's list of threads is right.
"""

import threading
from collections.abc import Callable, Iterable
from time import monotonic, sleep

__all__ = ["begins", "leave", "lives", "never"]

#: How long the system may take to begin a thread. One that begins later finds its run over, and does nothing.
BIRTH_S = 1.0
#: How long to wait before looking again.
LOOK_S = 0.001


def begins(begun: Callable[[], bool]) -> bool:
    """Wait until `begun()`, for no longer than BIRTH_S; what it says in the end."""
    end_s = monotonic() + BIRTH_S
    while not begun() and monotonic() < end_s:
        sleep(LOOK_S)
    return begun()


def never(real: threading.Thread) -> bool:
    """Whether a thread will not begin, its `start` having raised: Python has taken it off its list again."""
    return real not in threading.enumerate()


def lives(real: threading.Thread, ended: bool, wait_s: float = 0.0) -> bool:
    """Whether a thread that began has still to end, after a wait of up to `wait_s`; `ended`: whether it has said so."""
    if real.is_alive():
        if wait_s:
            real.join(wait_s)
        return real.is_alive()
    if ended or real not in threading.enumerate():
        return False
    sleep(min(wait_s, LOOK_S))
    return True


def leave(reals: Iterable[threading.Thread]) -> None:
    """Wait until threads that have ended are gone: they are on their last lines."""
    left = set(reals)
    while not left.isdisjoint(threading.enumerate()):
        sleep(LOOK_S)
