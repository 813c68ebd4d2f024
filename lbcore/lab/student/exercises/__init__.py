"""The exercises, one folder each: a new folder here is a new exercise. Its name in a lesson is "01-skip-the-dead".

right.py  the right class, with marks for what a student writes. From it come the stub in the lesson's cell, the fold
          "Solution" and the file in lessons/solutions/: run `python lessons/refresh.py` after a change
rule.py   LESSON, its two digits, and `grade(cls)`, which returns the sentence for a right answer and raises
          `trial.Wrong` with the sentence for a wrong one; it calls the student's code through `trial.ask` only
wrong.py  known wrong classes; the docstring of each is the part of its sentence that names the mistake

A mark is a comment. `# stub: node = ...  # the richest` stands in the stub without its first words, in place of the
lines below it: up to the next mark, `# given`, or a line less indented.
"""

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType

__all__ = ["Exercise", "known", "words"]

_HERE = Path(__file__).parent
_STUB, _GIVEN = "# stub: ", "# given"


@dataclass(frozen=True)
class Exercise:
    """An exercise, by the name of its folder."""

    folder: str

    @property
    def name(self) -> str:
        """What `check` is called with."""
        return f"{self.lesson}-{self.folder.replace('_', '-')}"

    @property
    def lesson(self) -> str:
        """The two digits of its lesson."""
        return str(self.rule.LESSON)

    @cached_property
    def rule(self) -> ModuleType:
        """The module that judges."""
        return self._module("rule")

    @cached_property
    def right(self) -> type:
        """The right class."""
        [cls] = _classes(self._module("right"))
        return cls

    @cached_property
    def wrong(self) -> list[type]:
        """The known wrong classes, without the groups, which are a sentence and nothing else, and without the right base."""
        return [
            cls
            for cls in _classes(self._module("wrong"))
            if words(cls) and any(name == "__init__" or not name.startswith("__") for name in vars(cls))
        ]

    @cached_property
    def solution(self) -> str:
        """The file in lessons/solutions/: right.py without its marks."""
        lines = self._source.splitlines(keepends=True)
        return "".join(line for line in lines if not line.lstrip().startswith(_STUB) and line.strip() != _GIVEN)

    @property
    def fold(self) -> str:
        """The code in the lesson's fold: the solution without its docstring."""
        start = ast.parse(self.solution).body[0].end_lineno
        return "".join(self.solution.splitlines(keepends=True)[start:]).strip()

    @cached_property
    def stub(self) -> str:
        """The code in the lesson's cell: the right class, with the lines of the marks in place of the solution's."""
        lines: list[str] = []
        hidden: int | None = None  # where the solution's lines are left out: the indentation of their mark
        for line in self._source[self._source.index("\nclass ") + 1 :].splitlines():
            text = line.strip()
            indent = len(line) - len(line.lstrip())
            if text.startswith(_STUB):
                hidden = indent
                lines.append(" " * indent + text.removeprefix(_STUB))
            elif text == _GIVEN:
                hidden = None
            elif hidden is None or (text and indent < hidden):
                hidden = None
                lines.append(line)
        return "\n".join(lines)

    @cached_property
    def _source(self) -> str:
        return (_HERE / self.folder / "right.py").read_text(encoding="utf-8")

    def _module(self, name: str) -> ModuleType:
        return import_module(f"{__name__}.{self.folder}.{name}")


def _classes(module: ModuleType) -> list[type]:
    """The classes that a module defines."""
    return [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__]


def words(cls: type) -> str:
    """The sentence of a known wrong class, its own or that of the group that it derives from, on one line."""
    return next((" ".join(base.__doc__.split()) for base in cls.__mro__[:-1] if base.__doc__), "")


@cache
def known() -> dict[str, Exercise]:
    """Every exercise by its name, in the order of the lessons."""
    found = [Exercise(path.parent.name) for path in _HERE.glob("*/rule.py")]
    return {exercise.name: exercise for exercise in sorted(found, key=lambda exercise: exercise.name)}
