"""Who runs the points of a sweep: processes of its own, or an executor that was given; and who hears Ctrl-C."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from lbcore._checks import short

CAN_HOLD = hasattr(signal, "pthread_sigmask")  # not on Windows


def check(executor: Any) -> None:
    """Raises TypeError for what is no executor."""
    if isinstance(executor, type):
        raise TypeError(f"executor: {executor.__name__} is a class; give {executor.__name__}()")
    if not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor: {short(executor)} has no submit(); give an executor as of concurrent.futures")


class Processes(ProcessPoolExecutor):
    """Processes of this machine, which leave Ctrl-C to the process that asked."""

    def __init__(self, processes: int):
        # Spawned, not forked: a fork of a process with threads, such as a notebook's, may hang.
        super().__init__(
            processes, mp_context=multiprocessing.get_context("spawn"), initializer=leave_interrupts_to_the_parent
        )
        self.first = self.submit(os.getpid)

    def submit(self, *arguments: Any, **more: Any) -> "Future[Any]":
        """A process may be born here: with Ctrl-C held back, from its first moment."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if CAN_HOLD else None
        try:
            return super().submit(*arguments, **more)
        finally:
            if before is not None:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def check_start(self) -> None:
        """Raises RuntimeError where not even the first process lived to do anything."""
        error = self.first.exception()
        if isinstance(error, BrokenExecutor):
            raise RuntimeError(
                "executor: its worker processes could not start. In a script, call sweep() below "
                "`if __name__ == '__main__':`"
            ) from error

    def give_up(self) -> None:
        """End every process at once, whatever it does."""
        processes = list((self._processes or {}).values())
        # It cancels what waits itself: where others do, it prints an InvalidStateError once its processes are gone.
        self.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()


def leave_interrupts_to_the_parent() -> None:
    """The first thing a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if CAN_HOLD:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def workers_of(executor: Executor | None, task: Any, tasks: int) -> Iterator[Executor]:
    """The executor given, or processes of our own, for so many tasks like this one."""
    if executor is not None:
        yield executor
        return
    try:
        pickle.dumps(task)
    except Exception as error:
        raise TypeError(f"function: it cannot be sent to another process: {error}") from error
    workers = Processes(min(tasks, cores()))
    try:
        yield workers
    except BaseException:
        workers.give_up()
        raise
    workers.shutdown()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Interrupts:
    """Ctrl-C during a sweep: `asked` becomes True and `tell` is called, and nothing is torn up half-way.

    Where the program has a handler of its own for SIGINT, or this is not the main thread, all stays as it is.
    """

    def __init__(self, tell: Callable[[], None]):
        self.tell, self.asked, self.may_raise, self.mine = tell, False, False, False

    def __enter__(self) -> "Interrupts":
        main = threading.current_thread() is threading.main_thread()
        self.mine = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self.mine:
            signal.signal(signal.SIGINT, self.noted)
        return self

    def __exit__(self, *_: object) -> None:
        if self.mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def noted(self, *_: object) -> None:
        """The handler."""
        first, self.asked = not self.asked, True
        self.tell()
        if first and self.may_raise:
            raise KeyboardInterrupt

    def let_in(self, submit: Callable[[Any], Any], task: Any) -> Any:
        """Submit a task; an executor may run it here and now, and Ctrl-C is to end it with a KeyboardInterrupt."""
        self.may_raise = True
        try:
            return submit(task)
        finally:
            self.may_raise = False
