"""The exercises, one folder each: a new folder here is a new exercise. Its name in a lesson is "01-skip-the-dead".

right.py  the right class, with marks for what a student writes. From it come the stub in the lesson's cell, the fold
          "Solution" and the file in lessons/solutions/: run `python lessons/refresh.py` after a change
rule.py   LESSON, its two digits; STAGES, which judge what a class does; RIGHT, the sentence for a right answer
wrong.py  known wrong classes; the docstring of each is the sentence that names its mistake

A rule says what must hold for the answers of any class, however it is written: what is allowed after each call, given
the class's own answers so far, with all ties free. It leaves no mistake room: every number of nodes, all but one down,
two objects side by side, whatever a wrong class might get away with. It names no mistake; its sentence shows the first
request that breaks it, and what it asks there.
- Nothing is drawn (01, 03 to 05, 07 to 09): a stage is `match.Scripted(scripts, play, rule)`. play(script, cls, calls)
  makes the calls: `calls.make` for a constructor or a `mark_down`, `calls.ask` for what has an answer. rule(script,
  tape) goes through `tape.wheres` and `tape.answers` and raises `trial.Wrong`. Put the scripts that a loop without end
  may not leave last.
  `calls.ask` may be given a function that returns a list of what is compared, and has the rest as attributes for the
  rule: so what is free (04: which slots) or not asked for (08: which error) tells no classes apart.
- Nothing is drawn but ties (06): known mistakes follow the student's picks; `nearest` prefers those that leave less
  open. Where chance matters the picks must be as frequent, too. A limit may have any number (09): so a mistake can be
  several at once, of which those stay that have answered as the student's class did.
- The class draws (02): a stage is `drawn.Drawn(...)`. Its rule speaks of the chances of the answers, which are found by
  handing it every draw (`draws.odds`); so no way of drawing is prescribed. For much longer runs use `draws.unlikely`,
  which accuses a right class once in 10,000 million times.
- Several stages: where what comes later can be wrong in many ways whatever was wrong before (01: no node is up). Known
  mistakes are compared within the stage that is broken first, and only if they keep the stages before it, too.

wrong.py is data. A wrong class is the base `Given`, which is right and has no docstring, with one thing done in another
way; `match.free(options)` where any of several answers is as good, `match.forever()` for a loop without end. It is the
student's mistake if it does the same in every script. Where several mistakes do the same, derive them from one class,
a group, that has a docstring and nothing else: what they have in common. A class without a docstring has its group's.
A sentence says what the class does, not how it may be written: it must be true of every class that does the same.

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
        """The known wrong classes: neither the groups, which are a sentence and nothing else, nor the right base."""
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
