"""A small tidy table: one row a run, one column a parameter or a result."""

import csv
import html
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHOWN = 20  # rows of a repr
RESERVED = ("error", "parameters")  # the columns that a table has a use for itself


class Table:
    """Rows of a sweep: a list of flat dicts (`rows`). `pandas.DataFrame(table.rows)` is the same in pandas.

    A row whose run failed has the column "error". Iterating gives the rows, `table["mean_s"]` a column. Two tables are
    equal if their rows are, NaN being equal to NaN.
    """

    def __init__(self, rows: Iterable[dict[str, Any]] = (), missing: int = 0, parameters: Sequence[str] = ()):
        self.rows = [{name: _plain(value) for name, value in row.items()} for row in rows]
        #: Points of the sweep that were not run, because it was stopped.
        self.missing = missing
        #: The columns that are parameters of the sweep's grid; the others are results. Empty if nobody knows.
        self.parameters = tuple(parameters)

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in the order of their appearance; "error" is the last."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        return sorted(names, key=lambda name: name == "error")

    @property
    def failed(self) -> "Table":
        """The rows of which the run failed: their parameters and the error."""
        return Table((row for row in self.rows if "error" in row), parameters=self.parameters)

    def where(self, **values: Any) -> "Table":
        """The rows with these values in these columns."""
        for name in values:
            self._check(name)
        rows = (row for row in self.rows if all(row.get(name) == value for name, value in values.items()))
        return Table(rows, parameters=self.parameters)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """A column as an array; NaN where a row has no such number."""
        self._check(column)
        values = [row.get(column) for row in self.rows]
        if any(isinstance(value, (int, float)) for value in values):
            values = [np.nan if value is None else value for value in values]
        return np.array(values)

    def _check(self, column: str) -> None:
        if column not in self.columns:
            raise KeyError(f"column: {column!r} is none of {', '.join(self.columns) or 'this empty table'}")

    def save(self, path: str | Path) -> None:
        """Write the rows as JSON, one a line; `Table.load` and `pandas.read_json(path, lines=True)` read it.

        Each line has one more entry, "parameters": the list of them. A sweep needs it to go on from the file.
        """
        lines = "".join(line_of(row, self.parameters) for row in self.rows)
        Path(path).write_text(lines, encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Table":
        """Read what `save` or a sweep has written; a last line that was cut off is left out. Raises ValueError.

        A file whose lines are of grids with different parameters is read as well, and has none.
        """
        return read("path", Path(path))[0]

    def to_csv(self, path: str | Path) -> None:
        """Write the table with a line of column names first."""
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Table)
            and len(self.rows) == len(other.rows)
            and all(_same(ours, theirs) for ours, theirs in zip(self.rows, other.rows, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]

    def _cells(self) -> tuple[list[str], list[list[str]], str]:
        columns = self.columns
        cells = [[_cell(row.get(name, "")) for name in columns] for row in self.rows[:SHOWN]]
        notes = [f"{len(self.rows)} rows"]
        if len(self.rows) > SHOWN:
            notes.append(f"the first {SHOWN} are shown")
        if self.failed:
            notes.append(f"{len(self.failed)} failed")
        if self.missing:
            notes.append(f"stopped with {self.missing} points to go")
        return columns, cells, "; ".join(notes)

    def __repr__(self) -> str:
        columns, cells, notes = self._cells()
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        lines = [
            "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in [columns, *cells]
        ]
        return "\n".join([*(lines if columns else []), f"[{notes}]"])

    def _repr_html_(self) -> str:
        columns, cells, notes = self._cells()
        head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{html.escape(notes)}</p>"


def line_of(row: dict[str, Any], parameters: Sequence[str]) -> str:
    """A row as a line of a file."""
    return json.dumps({**row, "parameters": list(parameters)} if parameters else row) + "\n"


def read(name: str, path: Path, grid: Sequence[str] = ()) -> tuple[Table, bytes]:
    """The table of a file, and what stands behind its last row: a line that was cut off, zero bytes of a power cut.

    grid: the parameters of the sweep that goes on from the file. A file that was cut off in its first line is known by
    them alone. A byte order mark, blank lines and zero bytes around a row are no part of it. Raises ValueError, which
    names the argument.
    """
    content = path.read_bytes()
    body = content.rstrip(b"\0")
    behind = len(content) - len(body)
    *lines, last = body.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    rows: list[dict[str, Any]] = []
    parameters: list[Any] = []
    for number, line in enumerate([*lines, last], 1):
        if not line.strip(b"\0 \t\r"):
            continue
        try:
            row = json.loads(line.strip(b"\0").decode())
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            parameters.append(row.pop("parameters") if isinstance(row.get("parameters"), list) else [])
            rows.append(row)
        elif number > len(lines) and (line.startswith(b"{") if rows else _begun(line, grid)):
            behind += len(line)
        else:
            shown = line[:60].decode(errors="replace")
            raise ValueError(
                f"{name}: line {number} of {str(path)!r} is no row of a table: {shown!r}. If a sweep has written the "
                "file, delete this line, and the sweep runs its point again; if not, give another path"
            )
    known = parameters[0] if parameters and all(each == parameters[0] for each in parameters) else []
    return Table(rows, parameters=known), content[len(content) - behind :]


def _begun(line: bytes, grid: Sequence[str]) -> bool:
    """Whether this can be the beginning of a row, which has one of these parameters first."""
    starts = [json.dumps({name: 0}).removesuffix("0}").encode() for name in grid]
    return any(line.startswith(start) or start.startswith(line) for start in starts)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    if ours.keys() != theirs.keys():
        return False
    pairs = [(value, theirs[name]) for name, value in ours.items()]
    return all(a == b or (a != a and b != b) for a, b in pairs)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
