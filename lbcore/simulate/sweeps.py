"""A function run at every point of a grid, on the cores of this machine or on any executor, into one table.

Where and when a point runs is no matter to its result: its seed is part of the point, and it gets a copy of the grid's
values. So every executor gives the same table, of a function that remembers nothing from one call to the next.
"""

import copy
import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from lbcore._checks import short
from lbcore.simulate.grid import Grid, points_of
from lbcore.simulate.saved import Saved
from lbcore.simulate.table import RESERVED, Table
from lbcore.simulate.workers import Interrupts, Processes, check, workers_of


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
    without one may be given as {"a name": value}. Each call gets a copy of them. Give the seed as a parameter.

    executor: None for a pool of processes, one a core; or any executor of PEP 3148, used as it is and not shut down:
    a ThreadPoolExecutor (the compiled simulation releases the GIL), or `dask.distributed.Client(...).get_executor()`
    for many machines. Functions of a notebook reach other processes by cloudpickle (`pip install 'lbcore[sweep]'`).

    A point that fails, exits, or is refused by the executor does not stop the others: its row has its parameters and
    the error. A worker process that dies breaks a pool of processes: the points that are done by then keep their rows,
    and each of the others has a row with the error (the culprit is among the first, one a core). Ctrl-C stops the sweep
    and returns what is there; a second one changes nothing. The pool's processes are ended then; on an executor that
    was given, a point that has begun goes on.

    resume: a table of a sweep over the same parameters, or the path of its file, which is made where there is none.
    Points that are there are not run again, but failed ones are. The file gets each row as soon as it is known, except
    failed ones. Rows that the disk refuses are tried again with the next; a warning says how many are missing in
    the end. progress: show a bar, if tqdm is installed.

    Raises TypeError or ValueError for a grid that is none, or a `resume` that is none or has other parameters; OSError
    for a file that cannot be read or written, before any point runs; RuntimeError where worker processes cannot start,
    or the executor takes no point at all.
    """
    if not callable(function):
        raise TypeError(f"function: {short(function)} cannot be called")
    if executor is not None:
        check(executor)
    points, labels = points_of(grid)
    parameters = tuple(dict.fromkeys(name for point in points for name in point))
    saved = Saved(resume, parameters)
    rows = saved.rows(labels)
    waiting = {i: Task(function, points[i]) for i, row in enumerate(rows) if row is None}
    if waiting:
        saved.open()
        arrived = Arrivals()
        with (
            Interrupts(partial(arrived.put, None)) as interrupts,
            workers_of(executor, next(iter(waiting.values())), len(waiting)) as workers,
            bar(len(waiting), progress) as step,
        ):

            def keep(i: int, values: dict[str, Any]) -> None:
                row = row_of(labels[i], values, parameters)
                if "error" not in row:
                    saved.write(row)
                rows[i] = row
                del waiting[i]
                step()

            run(waiting, workers, keep, arrived, interrupts)
        saved.close()
    return Table((row for row in rows if row is not None), missing=len(waiting), parameters=parameters)


Arrivals = SimpleQueue["tuple[int, Future[dict[str, Any]]] | None"]  # points as they end; None for Ctrl-C


def run(
    waiting: dict[int, "Task"],
    workers: Executor,
    keep: Callable[[int, dict[str, Any]], None],
    arrived: Arrivals,
    interrupts: Interrupts,
) -> None:
    """Submit the points that wait, and keep the values of each, until none waits or Ctrl-C comes."""
    futures: dict[int, Future[dict[str, Any]]] = {}
    refused: Exception | None = None
    submit = workers.submit if isinstance(workers, Processes) else partial(interrupts.let_in, workers.submit)
    try:
        for i, task in list(waiting.items()):
            if interrupts.asked:
                break
            try:
                future = submit(task)
            except Exception as error:
                refused = error
                keep(i, failure(error))
                continue
            futures[i] = future
            future.add_done_callback(lambda future, i=i: arrived.put((i, future)))  # type: ignore[misc]
            while not arrived.empty():
                take(arrived, keep)
        while waiting and not interrupts.asked:
            take(arrived, keep)
    except KeyboardInterrupt:
        pass
    while not arrived.empty():
        take(arrived, keep)
    if isinstance(workers, Processes):
        if waiting:
            workers.give_up()
        elif all(future.exception() for future in futures.values()):
            workers.check_start()
    elif refused is not None and not futures:
        raise RuntimeError(f"executor: it took no point: {failure(refused)['error']}") from refused
    else:
        for i in list(waiting):
            if i in futures and not futures[i].cancel() and futures[i].done():
                keep(i, values_in(futures[i]))


def take(arrived: Arrivals, keep: Callable[[int, dict[str, Any]], None]) -> None:
    """Keep what comes next, if it comes soon: on Windows Ctrl-C is heard between two waits only."""
    try:
        arrival = arrived.get(timeout=1.0)
    except Empty:
        return
    if arrival is not None:
        i, future = arrival
        keep(i, values_in(future))


class Task:
    """One call; where it has to travel, cloudpickle takes along what a notebook has defined."""

    def __init__(self, function: Callable[..., Any], point: dict[str, Any]):
        self.function, self.point = function, point

    def __call__(self) -> dict[str, Any]:
        try:
            return values_of(self.function(**copied(self.point)))
        except BaseException as error:  # sys.exit() too ends the point alone
            return failure(error)

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
            return Parcel, (pickle.dumps((self.function, self.point)),)
        return Parcel, (cloudpickle.dumps((self.function, self.point)),)


class Parcel:
    """A task on its arrival. It is opened when it is called: before, what fails would end the worker process."""

    def __init__(self, parts: bytes):
        self.parts = parts

    def __call__(self) -> dict[str, Any]:
        try:
            task = Task(*pickle.loads(self.parts))
        except Exception as error:
            return failure(error)
        return task()


def copied(point: dict[str, Any]) -> dict[str, Any]:
    """A point of its own for each call; what cannot be copied is shared, such as a module or a lock."""
    memo: dict[int, Any] = {}
    own = {}
    for name, value in point.items():
        try:
            own[name] = copy.deepcopy(value, memo)
        except Exception:
            own[name] = value
    return own


def failure(error: BaseException) -> dict[str, Any]:
    """What the row of a failed point has instead of values."""
    return {"error": f"{type(error).__name__}: {error}"}


def values_of(result: Any) -> dict[str, Any]:
    """A function's result as the flat dict of a row, as it will be read again from a file."""
    if callable(getattr(result, "row", None)):
        result = result.row()
    if not isinstance(result, Mapping):
        result = {"value": result}
    values = {}
    for name, value in result.items():
        value = value.item() if isinstance(value, (np.generic, np.ndarray)) and value.size == 1 else value
        if not isinstance(name, str) or not isinstance(value, (str, int, float, type(None))):
            raise TypeError(f"the function returned {name!r}: {short(value)}; a row holds numbers and texts by name")
        if name in RESERVED:
            raise ValueError(f"the function returned {name!r}, which a table needs for itself; rename it")
        try:
            values[name] = json.loads(json.dumps(value))
        except ValueError as error:  # an integer of thousands of digits
            raise ValueError(f"the function returned {name!r}: {error}") from None
    return values


def values_in(future: "Future[dict[str, Any]]") -> dict[str, Any]:
    """What a point that has ended brought, or why it brought nothing."""
    try:
        error = future.exception()
        return future.result() if error is None else failure(error)
    except Exception as cancelled:
        return failure(cancelled)


def row_of(labels: dict[str, Any], values: dict[str, Any], parameters: tuple[str, ...]) -> dict[str, Any]:
    """The row of a point that has ended."""
    twice = [name for name in values if name in parameters]
    if twice:
        values = {"error": f"ValueError: the function returned {twice[0]!r}, which is a parameter"}
    return {**labels, **values}


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
