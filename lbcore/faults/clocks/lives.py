"""Starting a real thread, and knowing whether it lives, where Ctrl-C may come in between.

Python raises KeyboardInterrupt in its main thread, between any two steps of whatever Python code runs there, the
standard library's too. In `Thread.start` it can leave the lock of the thread's own start event taken: the new thread
then waits for that lock for ever, before its first line, and is listed as "initial". So no thread is started on the
main thread here, but on a helper, where nothing interrupts; the main thread waits on a lock of the interpreter's, in
one step. An exception out of `Thread.join` makes `is_alive` say no while the thread runs on (CPython 3.11, 3.12); the
interpreter's list of threads is right.
"""

import threading
from _thread import LockType, allocate_lock, start_new_thread
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic, sleep
from typing import Protocol

__all__ = ["Flag", "begins", "leave", "lives", "never", "start"]

#: How long the system may take to begin a thread. One that begins later finds its run over, and does nothing.
BIRTH_S = 1.0
#: How long to wait before looking again.
LOOK_S = 0.001


class Flag:
    """`threading.Event` without a lock that Ctrl-C could leave taken: each wait has one of its own, released once."""

    def __init__(self) -> None:
        self._up = False
        self._waiters: list[LockType] = []

    def is_set(self) -> bool:
        """Whether it is up."""
        return self._up

    def set(self) -> None:
        """Raise it, and wake all who wait. Interrupted, it may be called again."""
        self._up = True
        for waiter in list(self._waiters):
            with suppress(RuntimeError):  # somebody else has woken it already
                waiter.release()

    def clear(self) -> None:
        """Lower it."""
        self._up = False

    def wait(self, timeout_s: float) -> bool:
        """Whether it went up within `timeout_s` seconds."""
        if self._up or timeout_s <= 0.0:
            return self._up
        waiter = allocate_lock()
        waiter.acquire()
        self._waiters.append(waiter)
        try:
            # It may have gone up before it could know of this one.
            return self._up or waiter.acquire(timeout=timeout_s)
        finally:
            self._waiters.remove(waiter)


class Startable(Protocol):
    """A clock's thread. asked: whether its real one was asked to start, so that it begins unless that has raised."""

    real: threading.Thread
    asked: bool


def start(thread: Startable) -> None:
    """`thread.real.start()`, which runs to its end whatever interrupts this."""
    if threading.get_ident() != threading.main_thread().ident:
        thread.asked = True
        thread.real.start()
        return
    begun, errors = allocate_lock(), list[BaseException]()
    begun.acquire()
    thread.asked = True  # Python does not look for signals between this and the call
    start_new_thread(_start, (thread.real, begun, errors))
    begun.acquire()
    if errors:
        raise errors[0]


def _start(real: threading.Thread, begun: LockType, errors: list[BaseException]) -> None:
    try:
        real.start()
    except BaseException as error:
        errors.append(error)
    begun.release()


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
