"""How a run ends other than well: a deadlock, and the exception that unwinds a thread."""

__all__ = ["DeadlockError", "Unwound"]


class Unwound(BaseException):
    """The run is over: raised inside a thread of a clock, so that it cleans up and ends. Let it pass."""

    #: How often one thread may swallow it.
    BOUND = 100


class DeadlockError(RuntimeError):
    """Every thread waits for another one. `waiting` has a pair for each: its name, and what it waits for."""

    def __init__(self, now_s: float, waiting: list[tuple[str, str]]):
        lines = "".join(f"\n  {name} waits for {what}" for name, what in waiting)
        super().__init__(f"deadlock at {now_s:g} s: every thread waits, and nothing is due{lines}")
        self.waiting = waiting
