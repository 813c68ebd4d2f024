"""Sweeps that end badly: no point, executor, disk or Ctrl-C takes the rows of the others away."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import lbcore
from lbcore.simulate import Table, sweep
from lbcore.simulate.workers import Interrupts


class AtOnce(Executor):
    """Runs each point in submit(); what `before` raises or does comes first."""

    def __init__(self, before: Any = lambda number: None):
        self.before, self.submitted = before, 0

    def submit(self, function: Any, /, *arguments: Any, **more: Any) -> "Future[Any]":
        self.submitted += 1
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            self.before(self.submitted)
            future.set_result(function(*arguments, **more))
        except BrokenExecutor as error:
            future.set_exception(error)
        return future


# ---- a point ---------------------------------------------------------------------------------------------------------


def leaves(x: int) -> int:
    if x == 1:
        sys.exit("that is all")
    if x == 2:
        raise KeyboardInterrupt
    return x


def test_a_point_that_exits_is_a_failed_row() -> None:
    rows = [
        {"x": 0, "value": 0},
        {"x": 1, "error": "SystemExit: that is all"},
        {"x": 2, "error": "KeyboardInterrupt: "},
        {"x": 3, "value": 3},
    ]
    with ThreadPoolExecutor(1) as threads:
        for executor in (threads, AtOnce(), None):
            table = sweep(leaves, {"x": range(4)}, executor, progress=False)
            assert table.rows == rows and table.missing == 0


def test_a_point_takes_nothing_over_from_another() -> None:
    def pick(selector: Any, x: int) -> int:
        return int(selector.select())

    grid = {"selector": {"by turns": lbcore.RoundRobin(3)}, "x": [1, 2, 3]}
    with ThreadPoolExecutor(1) as threads:
        assert sweep(pick, grid, threads, progress=False)["value"].tolist() == [0, 0, 0]
        # What cannot be copied is shared, such as a module.
        assert sweep(lambda module: module.sep, {"module": [os.path]}, threads, progress=False)["value"] == [os.sep]


def test_what_no_row_can_hold() -> None:
    given: list[Any] = [
        {"mean": 1.0, "error": 0.01},
        {"parameters": 1},
        10**5000,
        signal.SIGINT,  # an int of a class of its own
    ]
    with ThreadPoolExecutor(1) as threads:
        table = sweep(lambda x: given[x], {"x": range(4)}, threads, progress=False)
    errors = [row["error"] for row in table.failed]
    assert errors[:2] == [
        "ValueError: the function returned 'error', which a table needs for itself; rename it",
        "ValueError: the function returned 'parameters', which a table needs for itself; rename it",
    ]
    assert errors[2].startswith("ValueError: the function returned 'value': Exceeds the limit (4300")
    assert type(table.rows[3]["value"]) is int
    # A name that is a parameter of another point alone.
    with ThreadPoolExecutor(1) as threads:
        table = sweep(lambda x, y=0: {"y": y}, [{"x": 1}, {"x": 2, "y": 3}], threads, progress=False)
    assert [row["error"] for row in table] == ["ValueError: the function returned 'y', which is a parameter"] * 2


# ---- an executor -----------------------------------------------------------------------------------------------------


def dies(path: str, x: int) -> int:
    """Point 3 ends its process once the rows of those before it are known."""
    if x == 3:
        while Path(path).read_text().count("\n") < 3:
            time.sleep(0.01)
        os._exit(1)
    return x


def test_a_worker_process_that_dies_leaves_the_finished_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    grid = {"path": [str(path)], "x": range(6)}
    table = sweep(dies, grid, resume=path, progress=False)
    assert [row["x"] for row in table] == list(range(6)) and table["value"][:3].tolist() == [0, 1, 2]
    assert table.rows[3]["error"].startswith("BrokenProcessPool: ")
    assert all(row.get("value") == row["x"] for row in table if "error" not in row)
    with ThreadPoolExecutor(1) as threads:
        whole = sweep(lambda path, x: x, grid, threads, resume=path, progress=False)
    assert whole["value"].tolist() == list(range(6)) and len(Table.load(path)) == 6


class Damaged:
    """Falls to pieces on its way."""

    def __reduce__(self) -> Any:
        return int, ("no number",)


def test_a_value_that_does_not_arrive_ends_no_process() -> None:
    table = sweep(lambda x: 1, {"x": {"whole": 0, "damaged": Damaged(), "sound": 2}}, progress=False)
    assert table.rows[::2] == [{"x": "whole", "value": 1}, {"x": "sound", "value": 1}]
    assert table.rows[1]["error"].startswith("ValueError: invalid literal for int()")


def raises(error: BaseException, at: int) -> Any:
    def before(number: int) -> None:
        if number == at:
            raise error

    return before


def test_a_point_that_an_executor_refuses_or_breaks_is_a_failed_row() -> None:
    for error in (RuntimeError("cannot schedule new futures after shutdown"), BrokenExecutor("gone")):
        table = sweep(lambda x: x, {"x": range(4)}, AtOnce(raises(error, 2)), progress=False)
        assert table.rows == [
            {"x": 0, "value": 0},
            {"x": 1, "error": f"{type(error).__name__}: {error}"},
            {"x": 2, "value": 2},
            {"x": 3, "value": 3},
        ]


def test_an_executor_that_takes_no_point_is_an_error() -> None:
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    with pytest.raises(RuntimeError, match="executor: it took no point: RuntimeError: cannot schedule new futures"):
        sweep(leaves, {"x": [0, 3]}, threads, progress=False)
    with pytest.raises(TypeError, match=r"executor: ThreadPoolExecutor is a class; give ThreadPoolExecutor\(\)"):
        sweep(leaves, {"x": [0]}, ThreadPoolExecutor, progress=False)  # type: ignore[arg-type]


# ---- a disk ----------------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_is_an_error_before_any_point_runs(tmp_path: Path) -> None:
    asked: list[int] = []
    with pytest.raises(FileNotFoundError, match="resume: No such file or directory"):
        sweep(lambda x: asked.append(x), {"x": [1, 2]}, AtOnce(), resume=tmp_path / "no" / "rows.jsonl", progress=False)
    assert not asked


@contextmanager
def limit(size: int) -> Iterator[Any]:
    """No file may grow above `size` bytes, as on a full disk, until the context ends or `lift` is called."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_costs_no_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with limit(200), pytest.warns(UserWarning, match=r"resume: \d+ of the rows are not in '.*rows.jsonl': File too l"):
        table = sweep(lambda x: x, {"x": range(20)}, AtOnce(), resume=path, progress=False)
    assert table["value"].tolist() == list(range(20)) and table.missing == 0
    written = Table.load(path)
    assert 0 < len(written) < 20 and written.rows == table.rows[: len(written)]
    assert path.read_text().endswith("}\n")  # no line is cut


def test_a_full_disk_that_gets_room_again_has_every_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with limit(200) as lift:
        table = sweep(lambda x: lift() if x == 15 else None, {"x": range(20)}, AtOnce(), resume=path, progress=False)
    assert Table.load(path) == table and len(table) == 20


# ---- Ctrl-C ----------------------------------------------------------------------------------------------------------


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Impatient(AtOnce):
    """Point 3 never ends; there Ctrl-C is pressed, and again where it is cancelled."""

    def submit(self, function: Any, /, *arguments: Any, **more: Any) -> "Future[Any]":
        if self.submitted < 2:
            return super().submit(function, *arguments, **more)

        class Never(Future[Any]):
            def cancel(self) -> bool:
                interrupt()
                return super().cancel()

        never = Never()
        self.submitted += 1
        if self.submitted == 4:
            interrupt()
        return never


def test_a_second_control_c_changes_nothing(tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGINT)
    table = sweep(lambda x: x, {"x": range(9)}, Impatient(), resume=tmp_path / "rows.jsonl", progress=False)
    assert table.rows == [{"x": 0, "value": 0}, {"x": 1, "value": 1}] and table.missing == 7
    assert Table.load(tmp_path / "rows.jsonl") == table
    assert signal.getsignal(signal.SIGINT) is handler


def test_control_c_ends_a_point_that_runs_in_this_thread() -> None:
    def long(x: int) -> int:
        if x == 1:
            interrupt()
            time.sleep(600)
        return x

    table = sweep(long, {"x": range(9)}, AtOnce(), progress=False)
    assert table.rows == [{"x": 0, "value": 0}, {"x": 1, "error": "KeyboardInterrupt: "}] and table.missing == 7


INTERRUPTED = """
import contextlib, multiprocessing, os, signal, threading, time
from pathlib import Path
from lbcore.simulate import sweep
path = Path("rows.jsonl")
def nap(x):
    time.sleep(0 if x < 2 else 600)
    return x
def once_two_rows_are_there():
    while not path.exists() or path.read_text().count("\\n") < 2:
        time.sleep(0.01)
    os.killpg(0, signal.SIGINT)
def from_their_birth():
    for _ in range(300):
        for process in multiprocessing.active_children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGINT)
        time.sleep(0.01)
if __name__ == "__main__":
    threading.Thread(target={when}, daemon=True).start()
    table = sweep(nap, {{"x": range({points})}}, resume=path, progress=False)
    print(len(table), table.missing, len(table.failed))
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Ctrl-C of Windows")
@pytest.mark.parametrize(
    ("when", "points", "said"), [("once_two_rows_are_there", 40, "2 38 0"), ("from_their_birth", 2, "2 0 0")]
)
def test_control_c_at_a_terminal_prints_nothing(tmp_path: Path, when: str, points: int, said: str) -> None:
    """It reaches every process of the group: the workers do not mind, however young."""
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED.format(when=when, points=points))
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, start_new_session=True
    )
    assert (done.stdout.strip(), done.stderr) == (said, "")


def test_a_second_control_c_ends_no_second_task() -> None:
    told: list[int] = []
    interrupts = Interrupts(lambda: told.append(1))

    def task(times: int) -> str:
        for _ in range(times):
            interrupts.noted()
        return "done"

    with pytest.raises(KeyboardInterrupt):
        interrupts.let_in(task, 1)
    assert interrupts.let_in(task, 2) == "done" and told == [1, 1, 1]
