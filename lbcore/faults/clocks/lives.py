"""Whether a thread begins whose start was interrupted: nobody can tell but by waiting a while."""

from collections.abc import Callable
from time import monotonic, sleep

__all__ = ["begins"]

#: How long the system may take to begin a thread. One that begins later finds its run over, and does nothing.
BIRTH_S = 1.0


def begins(begun: Callable[[], bool]) -> bool:
    """Wait until `begun()`, for no longer than BIRTH_S; what it says in the end.

    `Thread.start` waits for the new thread's first sign of life, so an exception out of it, such as Ctrl-C, says
    nothing of whether there is one.
    """
    end_s = monotonic() + BIRTH_S
    while not begun() and monotonic() < end_s:
        sleep(0.001)
    return begun()
