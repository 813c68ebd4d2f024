"""Calling one's own function under a rule: `rule.call(function, ...)`, or `@rule.wraps()` before it, on any clock.

`RetryPolicy`, `CircuitBreaker` and `Bulkhead` are called alike, and can be nested. A rule stays pure: what stands here
reads the time, calls, and tells the rule how it went, also where an exception that is no `Exception` (Ctrl-C, the end
of a clock's run) passes through.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

from lbcore.faults._checks import function_of
from lbcore.faults.clocks import Clock, RealClock

__all__ = ["Calls", "Which", "which"]

T = TypeVar("T")
P = ParamSpec("P")
Which = type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool]

#: The clock of calls that name none.
_WALL = RealClock()


def which(name: str, given: Which) -> Callable[[Exception], bool]:
    """Whether an error is meant: one of a class, of any of several, or one of which a function says so."""
    if callable(given) and not isinstance(given, type):
        return given
    kinds = given if isinstance(given, tuple) else (given,)
    if not all(isinstance(kind, type) and issubclass(kind, Exception) for kind in kinds):
        raise TypeError(f"{name}: expected classes of Exception or a function of an error, got {given!r}")
    return lambda error: isinstance(error, kinds)


class Calls(ABC):
    """A rule that functions can be called under."""

    __slots__ = ()

    @abstractmethod
    def perform(self, function: Callable[[], T], clock: Clock, name: str) -> T:
        """`function()` under the rule, which waits and reads the time on `clock`."""

    @overload
    def call(self, function: Callable[..., T], /, *args: Any, clock: Clock, **kwargs: Any) -> T: ...
    @overload
    def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...
    def call(self, function: Callable[..., T], /, *args: Any, clock: Any = None, **kwargs: Any) -> T:
        """The result of `function(*args, **kwargs)`, called under the rule.

        clock: what is waited on and asked for the time; wall time by default. Inside a clock's `run` give that clock.
        """
        function_of("function", function)
        if clock is not None and not isinstance(clock, Clock):
            raise TypeError(f"clock: expected a clock, got {clock!r}")
        return self.perform(functools.partial(function, *args, **kwargs), clock or _WALL, _name(function))

    def wraps(self, clock: Clock | None = None) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """A decorator: the function, each call of which goes under the rule. clock: as for `call`."""
        if clock is not None and not isinstance(clock, Clock):
            raise TypeError(f"clock: expected a clock, got {clock!r}; write @rule.wraps() with its brackets")

        def decorate(function: Callable[P, T]) -> Callable[P, T]:
            function_of("function", function)

            @functools.wraps(function)
            def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
                return self.perform(functools.partial(function, *args, **kwargs), clock or _WALL, _name(function))

            return wrapped

        return decorate


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", type(function).__name__)
