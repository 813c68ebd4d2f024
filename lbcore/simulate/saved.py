"""The table that a sweep goes on from: which points it has, and the file that gets the others."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lbcore._checks import short
from lbcore.simulate.grid import key
from lbcore.simulate.table import Table, line_of, read


class Saved:
    """What `resume` is: nothing, a table, or a file. Nothing is written before `open`.

    Raises TypeError, ValueError or OSError, which name `resume`, for what is no table over these parameters.
    """

    def __init__(self, resume: Any, parameters: Sequence[str]):
        self.parameters = parameters
        self.table, self.cut = Table(), b""
        self.path: Path | None = None
        self.unwritten: list[bytes] = []
        self.why = ""
        if isinstance(resume, Table):
            self.table = resume
        elif isinstance(resume, (str, os.PathLike)):
            self.path = Path(resume)
            if self.path.is_file():
                with named():
                    self.table, self.cut = read("resume", self.path, parameters)
            elif self.path.exists():
                raise ValueError(f"resume: {str(resume)!r} is not a file")
        elif resume is not None:
            raise TypeError(f"resume: {short(resume)} is neither a Table nor the path of a file")
        if self.table.rows and not self.table.parameters:
            raise ValueError(
                "resume: the table does not say which columns are parameters; Table(rows, parameters=[...]) does"
            )
        if self.table.rows and set(self.table.parameters) != set(parameters):
            theirs, ours = ", ".join(self.table.parameters), ", ".join(parameters)
            raise ValueError(f"resume: a table over {theirs}; the grid is over {ours}")

    def rows(self, labels: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
        """For each point the row that is there already, or None."""
        done = {}
        for i, row in enumerate(self.table.rows):
            if "error" not in row:
                point = {name: row[name] for name in self.parameters if name in row}
                try:
                    done[key(point)] = row
                except TypeError:
                    raise TypeError(f"resume: row {i} has {short(point)}, which is no number or text") from None
        found = [done.get(key(point)) for point in labels]
        return [None if row is None else {**point, **row} for point, row in zip(labels, found, strict=True)]

    def open(self) -> None:
        """Make the file ready for more rows, before any work is done for them."""
        if self.path is None:
            return
        with named(), self.path.open("a+b") as file:
            file.seek(0)
            content = file.read()
            if self.cut and content.endswith(self.cut):
                content = content.removesuffix(self.cut)
                file.truncate(len(content))
            if content and not content.endswith(b"\n"):
                file.write(b"\n")

    def write(self, row: dict[str, Any]) -> None:
        """One more line, at once; where the disk takes none, it is kept and tried again with the next."""
        if self.path is None:
            return
        self.unwritten.append(line_of(row, self.parameters).encode())
        lines = b"".join(self.unwritten)
        try:
            with self.path.open("ab", buffering=0) as file:
                end = os.fstat(file.fileno()).st_size
                try:
                    while lines:
                        lines = lines[file.write(lines) :]
                except OSError:
                    file.truncate(end)  # no half of a line stays
                    raise
        except OSError as error:
            self.why = error.strerror or str(error)
        else:
            self.unwritten.clear()

    def close(self) -> None:
        """Warn of rows that the file has not got."""
        if self.unwritten:
            warnings.warn(
                f"resume: {len(self.unwritten)} of the rows are not in {str(self.path)!r}: {self.why}; the table that "
                "sweep() returns has them: save() it elsewhere",
                stacklevel=3,
            )


@contextmanager
def named() -> Iterator[None]:
    """An error of the disk that says for which argument it was."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"resume: {error.strerror}", error.filename) from error
