"""What the notebook's cells tell: a class defined again, a cell that was run too early, a run that was stopped.

Nothing of a student's errors is changed but two, which would show lbcore's lines or no way on: a name that another cell
of the lesson defines, and Stop inside of lbcore.
"""

import contextlib
import dis
import json
import traceback
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import lbcore
from lbcore.lab.frame import notebook

__all__ = ["first_cell", "guide", "watch"]

_LBCORE = str(Path(lbcore.__file__).parent)


class _Stale(Protocol):
    board: Any

    def stale(self) -> str: ...


_watched: "weakref.WeakSet[Any]" = weakref.WeakSet()


def watch(panel: _Stale) -> None:
    """Whenever a cell has run, tell on this panel whether its classes are still those of the notebook."""
    running = notebook.shell()
    if running is None:
        return
    running.events.register("post_run_cell", _look)  # once, however often it is asked for
    _watched.add(panel)


def _look(_: Any) -> None:
    for panel in list(_watched):
        panel.board.note = panel.stale()


def guide() -> None:
    """From now on, a cell that was run too early says which one comes first, and Stop inside of lbcore is one line."""
    running = notebook.shell()
    # Whoever has set a handler of his own keeps it.
    if running is not None and not running.custom_exceptions:
        running.set_custom_exc((NameError, KeyboardInterrupt), _tell)


def _tell(shell: Any, kind: type, error: BaseException, trace: TracebackType, tb_offset: int | None = None) -> Any:
    """Show this exception of a cell: as a sentence where there is one, else as ever."""
    said = _stopped(trace) if kind is KeyboardInterrupt else _too_early(error) if kind is NameError else ""
    if not said:
        return shell.showtraceback((kind, error, trace), tb_offset=tb_offset, running_compiled_code=True)
    shell._showtraceback(kind, error, [said])
    return [said]


def _stopped(trace: TracebackType) -> str:
    """Where a run was stopped; empty where none of it is lbcore's, and Python's own words say it."""
    frames = traceback.extract_tb(trace)
    if not any(frame.filename.startswith(_LBCORE) for frame in frames):
        return ""
    mine = [frame for frame in frames if "ipykernel_" in frame.filename or frame.filename.startswith("<ipython-input")]
    line = mine[-1].line if mine else ""
    return f"Stopped at your line: {line}" if line else "Stopped."


def _too_early(error: BaseException) -> str:
    """Which cell of the lesson comes first; empty where none defines the name."""
    name, file = getattr(error, "name", None), notebook.path()
    if not name or file is None:
        return ""
    with contextlib.suppress(Exception):
        # A cell that defines the name itself, further down, is not told to wait for itself.
        found = None if name in _defines(_now()) else first_cell(file, name)
        if found is not None:
            section, source = found
            start = source.strip().splitlines()[0]
            under = f" under “{section}”" if section else ""
            return f"{name} is not there yet. Run first the cell{under} that begins with\n    {start}\nthen this one."
    return ""


def _now() -> str:
    """The source of the cell that runs now."""
    return str(notebook.shell().user_ns["In"][-1])


def first_cell(file: Path, name: str) -> tuple[str, str] | None:
    """The first code cell of a notebook that defines the name, with the heading above it; None where none does."""
    section = ""
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            headings = [line[3:].strip() for line in source.splitlines() if line.startswith("## ")]
            section = headings[-1] if headings else section
        elif cell["cell_type"] == "code" and name in _defines(source):
            return section, source
    return None


def _defines(source: str) -> Iterator[str]:
    """The names that a cell defines; none where it is no Python, or magic."""
    with contextlib.suppress(SyntaxError, ValueError):
        for step in dis.get_instructions(compile(source, "", "exec")):
            if step.opname in ("STORE_NAME", "STORE_GLOBAL"):
                yield str(step.argval)
