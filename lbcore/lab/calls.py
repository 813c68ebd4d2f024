"""One call of an experiment, to be made or to be written down: why the line below a picture is what was drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lbcore.lab import students
from lbcore.lab.recipes import code
from lbcore.selectors import reference

__all__ = ["Call", "Text"]


@dataclass(frozen=True)
class Text:
    """A value that is written in a way of its own."""

    value: Any
    code: str


@dataclass(frozen=True)
class Call:
    """One call of an experiment: to be made, or to be written down."""

    experiment: Callable[..., Any]
    first: tuple[Any, ...]
    named: dict[str, Any]

    def __call__(self, **more: Any) -> Any:
        """The experiment's result."""
        return self.experiment(
            *(_made(part) for part in self.first), **{name: _made(value) for name, value in self.named.items()}, **more
        )

    def __str__(self) -> str:
        parts = [_written(part) for part in self.first]
        parts += [f"{name}={_written(value)}" for name, value in self.named.items()]
        return f"experiments.{self.experiment.__name__}({', '.join(parts)})"


def _made(part: Any) -> Any:
    """What an argument stands for: a selector for its recipe."""
    if isinstance(part, list):
        return [_made(one) for one in part]
    return part() if isinstance(part, students.Recipe) else part.value if isinstance(part, Text) else part


def _written(part: Any) -> str:
    """An argument as somebody would type it."""
    if isinstance(part, list):
        return f"[{', '.join(_written(one) for one in part)}]"
    if isinstance(part, Text):
        return part.code
    if isinstance(part, type):
        return ("reference." if part.__module__.startswith(reference.__name__) else "") + part.__name__
    return str(part) if isinstance(part, students.Recipe) else code(part)
