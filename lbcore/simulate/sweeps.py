"""A function run at every point of a grid, on the cores of this machine or on any executor, into one table.

Nothing of a point's result depends on where or when it runs, as its seed is part of the point: every executor gives the
same table.
"""

import json
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from lbcore.simulate._checks import short
from lbcore.simulate.table import Table

Grid = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def sweep(
    function: Callable[..., Any],
    grid: Grid,
    executor: Executor | None = None,
    *,
    resume: Table | str | Path | None = None,
    progress: bool = True,
) -> Table:
    """Call function(**point) at every point of a grid; returns a table with a row for each, in the grid's order.

    function: returns a dict of numbers and texts, a number, or a result with `row()` such as a `QueueResult`.
    grid: the values of each parameter, of which every combination is a point, {"load": [0.5, 0.9], "seed": range(10)};
    or the points themselves, a list of dicts. A value that is no number or text stands in the table by its name; values
    without one may be given as {"a name": value}. Give the seed as a parameter.

    executor: None for a pool of processes, one a core; or any executor of PEP 3148, used as it is and not shut down:
    a ThreadPoolExecutor (the compiled simulation releases the GIL), or `dask.distributed.Client(...).get_executor()`
    for many machines. Functions of a notebook reach other processes by cloudpickle (`pip install 'lbcore[sweep]'`).

    A point that fails does not stop the others: its row has its parameters and the error. Ctrl-C stops the sweep and
    returns what is there. resume: a table, or the path of a file; the points that are there are not run again, and a
    file gets each row as soon as it is known. progress: show a bar, if tqdm is installed.

    Raises TypeError or ValueError for a grid that is none, RuntimeError where worker processes cannot start.
    """
    if not callable(function):
        raise TypeError(f"function: {short(function)} cannot be called")
    points = points_of(grid)
    labels = [{name: label(value) for name, value in point.items()} for point in points]
    points = [{name: value.value if isinstance(value, Named) else value for name, value in p.items()} for p in points]
    rows: list[dict[str, Any] | None] = known(labels, resume)
    to_do = [i for i, row in enumerate(rows) if row is None]
    tasks = {i: Task(function, points[i]) for i in to_do}
    path = None if resume is None or isinstance(resume, Table) else Path(resume)
    stopped = False
    if tasks:
        with pool(executor, tasks[to_do[0]], len(tasks)) as (workers, give_up), bar(len(tasks), progress) as step:
            futures: dict[Future[dict[str, Any]], int] = {}

            def ended(future: Future[dict[str, Any]]) -> None:
                i = futures[future]
                rows[i] = row = row_of(labels[i], future)
                if path is not None and "error" not in row:
                    append(path, row)

            try:
                for i, task in tasks.items():
                    futures[workers.submit(task)] = i
                for future in as_completed(futures):
                    ended(future)
                    step()
            except KeyboardInterrupt:
                stopped = True
                for future, i in futures.items():
                    if rows[i] is None and not future.cancel() and future.done():
                        ended(future)
                give_up()
            except BrokenExecutor as error:
                raise RuntimeError(BROKEN) from error
    there = [row for row in rows if row is not None]
    return Table(there, missing=len(rows) - len(there) if stopped else 0)


BROKEN = (
    "executor: its worker processes ended before their work was done. In a script, call sweep() below "
    "`if __name__ == '__main__':`; a function that needs too much memory ends its process too"
)


class Named:
    """A value of a grid with the name it has in the table."""

    def __init__(self, name: str, value: Any):
        self.name, self.value = name, value


class Task:
    """One call; where it has to travel, cloudpickle takes along what a notebook has defined."""

    def __init__(self, function: Callable[..., Any], point: dict[str, Any]):
        self.function, self.point = function, point

    def __call__(self) -> dict[str, Any]:
        try:
            return values_of(self.function(**self.point))
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def __reduce__(self) -> Any:
        try:
            import cloudpickle
        except ModuleNotFoundError:
            where = getattr(self.function, "__module__", None)
            name = getattr(self.function, "__qualname__", type(self.function).__name__)
            if where == "__main__" or "<" in name:
                raise pickle.PicklingError(
                    f"function: {name} of {where} cannot be sent to another process: pip install 'lbcore[sweep]', or "
                    "move it into a module, or give executor=ThreadPoolExecutor()"
                ) from None
            return Task, (self.function, self.point)
        return unpacked, (cloudpickle.dumps((self.function, self.point)),)


def unpacked(parts: bytes) -> Task:
    """A task on its arrival."""
    return Task(*pickle.loads(parts))


def values_of(result: Any) -> dict[str, Any]:
    """A function's result as the flat dict of a row."""
    if callable(getattr(result, "row", None)):
        result = result.row()
    if not isinstance(result, Mapping):
        result = {"value": result}
    values = {}
    for name, value in result.items():
        value = value.item() if isinstance(value, (np.generic, np.ndarray)) and value.size == 1 else value
        if not isinstance(name, str) or not isinstance(value, (str, int, float, type(None))):
            raise TypeError(f"the function returned {name!r}: {short(value)}; a row holds numbers and texts by name")
        values[name] = value
    return values


def row_of(labels: dict[str, Any], future: "Future[dict[str, Any]]") -> dict[str, Any]:
    """The row of a point that has ended."""
    try:
        values = future.result()
    except BrokenExecutor:
        raise
    except Exception as error:
        values = {"error": f"{type(error).__name__}: {error}"}
    twice = [name for name in values if name in labels]
    if twice:
        values = {"error": f"ValueError: the function returned {twice[0]!r}, which is a parameter"}
    return {**labels, **values}


# ---- the grid --------------------------------------------------------------------------------------------------------


def points_of(grid: Any) -> list[dict[str, Any]]:
    """Every point, as a dict of its parameters."""
    points: list[dict[str, Any]]
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
                raise TypeError(f"grid: {name!r} has {short(values)}; give a list of its values")
            if not len(values):
                raise ValueError(f"grid: {name!r} has no value")
        axes = [
            [Named(str(name), value) for name, value in values.items()] if isinstance(values, Mapping) else list(values)
            for values in grid.values()
        ]
        points = [dict(zip(grid, values, strict=True)) for values in product(*axes)] if axes else []
    elif isinstance(grid, (list, tuple)) and all(isinstance(point, Mapping) for point in grid):
        points = [dict(point) for point in grid]
    else:
        raise TypeError(f"grid: {short(grid)} is neither a dict of lists nor a list of dicts")
    if not points:
        raise ValueError("grid: there is no point in it")
    for name in {name for point in points for name in point}:
        if not isinstance(name, str) or name == "error":
            raise ValueError(f"grid: {name!r} cannot be the name of a parameter")
    return points


def label(value: Any) -> Any:
    """How a value stands in the table."""
    if isinstance(value, Named):
        return value.name
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, int, float)):
        return value
    name = getattr(value, "__name__", None) or repr(value)
    if " at 0x" in name:
        raise TypeError(f"grid: {short(value)} has no name for the table; give {{'a name': value}}")
    return name


def key(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """What tells one point from another."""
    return json.dumps([row[name] for name in names])


def known(labels: list[dict[str, Any]], resume: Table | str | Path | None) -> list[dict[str, Any] | None]:
    """For each point the row that is there already, or None."""
    seen: dict[str, int] = {}
    for i, point in enumerate(labels):
        first = seen.setdefault(json.dumps(point, sort_keys=True), i)
        if first != i:
            raise ValueError(
                f"grid: points {first} and {i} look the same in the table: {short(point)}; name the values"
            )
    if resume is None:
        return [None] * len(labels)
    table = resume if isinstance(resume, Table) else read(Path(resume))
    found: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
    rows: list[dict[str, Any] | None] = []
    for point in labels:
        names = tuple(point)
        if names not in found:
            done = [row for row in table.rows if "error" not in row and all(name in row for name in names)]
            found[names] = {key(row, names): row for row in done}
        row = found[names].get(key(point, names))
        rows.append(None if row is None else {**point, **row})
    return rows


def read(path: Path) -> Table:
    """The rows of a file, without a last line that was cut off, so that others can be written behind them."""
    if not path.exists():
        return Table()
    whole, _, cut = path.read_bytes().rpartition(b"\n")
    if cut:
        path.write_bytes(whole + b"\n" if whole else b"")
    return Table.load(path)


def append(path: Path, row: Any) -> None:
    """One more line, at once."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


# ---- who runs it -----------------------------------------------------------------------------------------------------


@contextmanager
def pool(executor: Any, task: Task, tasks: int) -> Iterator[tuple[Executor, Callable[[], None]]]:
    """The executor given, or processes of our own; and how to end what still runs there."""
    if executor is not None:
        if not callable(getattr(executor, "submit", None)):
            raise TypeError(f"executor: {short(executor)} has no submit(); give an executor as of concurrent.futures")
        yield executor, lambda: None
        return
    try:
        pickle.dumps(task)
    except Exception as error:
        raise TypeError(f"function: it cannot be sent to another process: {error}") from error
    # Spawned, not forked: a fork of a process with threads, such as a notebook's, may hang.
    workers = ProcessPoolExecutor(
        min(tasks, cores()), mp_context=multiprocessing.get_context("spawn"), initializer=ignore_interrupts
    )

    def give_up() -> None:
        for process in list((workers._processes or {}).values()):
            process.terminate()

    with workers:
        yield workers, give_up


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ignore_interrupts() -> None:
    """Ctrl-C is for the process that asked; it ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def bar(points: int, wanted: bool) -> Iterator[Callable[[], object]]:
    """A progress bar's step; none where tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ModuleNotFoundError:
        wanted = False
    if not wanted:
        yield lambda: None
        return
    with tqdm(total=points, unit="point") as progress:
        yield progress.update
