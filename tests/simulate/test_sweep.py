"""Sweeps: the same table from every executor; what fails, stops and goes on."""

import json
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import lbcore
from lbcore.simulate import Table, queue, sweep

GRID = {"policy": [lbcore.RoundRobin, lbcore.Random], "load": [0.5, 0.8], "seed": range(3)}


def point(policy: Any, load: float, seed: int) -> Any:
    made = policy(5) if policy is lbcore.RoundRobin else policy(5, seed=seed)
    return queue(made, 4000, load=load, seed=seed)


def square(x: int) -> dict[str, Any]:
    return {"square": x * x, "text": f"{x}"}


def expected() -> Table:
    """In plain loops, in this process."""
    return Table(
        {"policy": policy.__name__, "load": load, "seed": seed, **point(policy, load, seed).row()}
        for policy in GRID["policy"]
        for load in GRID["load"]
        for seed in GRID["seed"]
    )


def test_every_executor_gives_the_same_table() -> None:
    assert sweep(point, GRID, progress=False) == expected()
    with ThreadPoolExecutor(2) as threads:
        assert sweep(point, GRID, threads, progress=False) == expected()
        assert threads.submit(int, "3").result() == 3  # left as it was
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        assert sweep(point, GRID, processes, progress=False) == expected()


def test_a_dask_cluster_of_worker_processes_gives_the_same_table(tmp_path: Path) -> None:
    """A lambda too, which the workers cannot import by name."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path)
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        assert sweep(point, GRID, executor, progress=False) == expected()
        there = sweep(lambda x: {"pid": os.getpid()}, {"x": range(8)}, executor, progress=False)
        assert os.getpid() not in set(there["pid"].tolist())


def test_points_stand_in_the_grids_order_whenever_they_end() -> None:
    def slow_first(x: int) -> float:
        time.sleep(0.2 if x == 0 else 0)
        return x / 2

    with ThreadPoolExecutor(4) as threads:
        table = sweep(slow_first, {"x": [0, 1, 2, 3]}, threads, progress=False)
    assert table.rows == [{"x": x, "value": x / 2} for x in range(4)]


def test_points_may_be_listed_and_values_named() -> None:
    with ThreadPoolExecutor(1) as threads:
        table = sweep(lambda x, y=1: x(y), [{"x": abs}, {"x": math.sqrt, "y": 4}], threads, progress=False)
        assert table.rows == [{"x": "abs", "value": 1}, {"x": "sqrt", "y": 4, "value": 2.0}]
        table = sweep(
            lambda f: f(3), {"f": {"double": lambda x: 2 * x, "half": lambda x: x / 2}}, threads, progress=False
        )
        assert table.rows == [{"f": "double", "value": 6}, {"f": "half", "value": 1.5}]


def test_a_failed_point_keeps_its_parameters_and_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"

    def maybe(x: int) -> Any:
        if x == 1:
            raise ValueError("one is too many")
        return {2: {"y": [1]}, 3: {"x": 5}, 4: {"y": np.float64(0.5), "z": None}}.get(x, {"y": x})

    with ThreadPoolExecutor(2) as threads:
        table = sweep(maybe, {"x": range(5)}, threads, resume=path, progress=False)
        assert table.failed.rows == [
            {"x": 1, "error": "ValueError: one is too many"},
            {"x": 2, "error": "TypeError: the function returned 'y': [1]; a row holds numbers and texts by name"},
            {"x": 3, "error": "ValueError: the function returned 'x', which is a parameter"},
        ]
        assert [row["x"] for row in table] == [0, 1, 2, 3, 4] and table.rows[4] == {"x": 4, "y": 0.5, "z": None}
        assert "[5 rows; 3 failed]" in repr(table)
        # The failed ones are run again.
        again = sweep(lambda x: {"y": 10 * x}, {"x": range(5)}, threads, resume=path, progress=False)
    assert [row["y"] for row in again] == [0, 10, 20, 30, 0.5]


def nap(x: int) -> int:
    """The first two are soon done, the others never."""
    time.sleep(0 if x < 2 else 600)
    return x


def test_control_c_keeps_what_is_there_and_ends_the_workers(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"

    def interrupt() -> None:
        while not path.exists() or path.read_text().count("\n") < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    table = sweep(nap, {"x": range(6)}, resume=path, progress=False)
    thread.join()
    assert table.rows == [{"x": 0, "value": 0}, {"x": 1, "value": 1}]
    assert table.missing == 4 and "stopped with 4 points to go" in repr(table)
    # Not join(): the executor's own thread waits for the same processes, and of two waits one comes back empty-handed.
    patience = time.monotonic() + 60.0
    while multiprocessing.active_children() and time.monotonic() < patience:
        time.sleep(0.02)
    assert multiprocessing.active_children() == []


SCRIPT = """
import sys, lbcore
from lbcore.simulate import sweep
{hide}
scale = 10
def scaled(x):
    return scale * x + len(lbcore.RoundRobin(x).nodes)
{guard}print(sweep({function}, {{"x": [1, 2]}}, progress=False).rows)
"""
HIDE = "sys.modules['cloudpickle'] = None"
GUARD = "if __name__ == '__main__': "


def script(tmp_path: Path, **parts: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(**{"hide": "", "guard": GUARD, "function": "scaled", **parts}))
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, cwd=tmp_path)


def test_functions_of_the_main_module_and_lambdas_reach_the_processes(tmp_path: Path) -> None:
    for function in ("scaled", "lambda x: scaled(x)"):
        done = script(tmp_path, function=function)
        assert done.stdout.strip() == "[{'x': 1, 'value': 11}, {'x': 2, 'value': 22}]", done.stderr


def test_or_the_error_says_what_to_do(tmp_path: Path) -> None:
    without = script(tmp_path, hide=HIDE).stderr
    assert "TypeError: function: it cannot be sent to another process: function: scaled of __main__" in without
    assert "pip install 'lbcore[sweep]', or move it into a module" in without
    unguarded = script(tmp_path, guard="").stderr
    assert "RuntimeError: executor: its worker processes could not start. In a script, call sweep() below" in unguarded


@pytest.mark.parametrize(
    ("grid", "kind", "said"),
    [
        ({}, ValueError, "grid: there is no point"),
        ([], ValueError, "grid: there is no point"),
        ({"x": []}, ValueError, "grid: 'x' has no value"),
        ({"x": 3}, TypeError, "grid: 'x' has 3; give a list"),
        ({"x": "abc"}, TypeError, "grid: 'x' has 'abc'; give a list"),
        ("x", TypeError, "grid: 'x' is neither a dict of lists nor a list of dicts"),
        ([1], TypeError, r"grid: \[1\] is neither"),
        ({"x": [1, 1]}, ValueError, "grid: points 0 and 1 look the same in the table"),
        ({"x": [object()]}, TypeError, "grid: <object object at .* has no name for the table"),
        ({"x": [10**5000]}, ValueError, "grid: Exceeds the limit .* give {'a name': value}"),
        ({"parameters": [1]}, ValueError, "grid: 'parameters' cannot be the name of a parameter"),
        ({"error": [1]}, ValueError, "grid: 'error' cannot be the name of a parameter"),
        ([{1: 2}], ValueError, "grid: 1 cannot be the name of a parameter"),
    ],
)
def test_bad_grids(grid: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        sweep(square, grid, progress=False)


def test_bad_functions_and_executors() -> None:
    with pytest.raises(TypeError, match="function: 3 cannot be called"):
        sweep(3, {"x": [1]})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"executor: 'dask' has no submit\(\)"):
        sweep(square, {"x": [1]}, "dask")  # type: ignore[arg-type]


def test_any_submit_that_returns_futures_will_do() -> None:
    """PEP 3148 asks for no more."""

    class AtOnce:
        def submit(self, function: Any, /, *arguments: Any) -> "Future[Any]":
            future: Future[Any] = Future()
            future.set_result(function(*arguments))
            return future

    assert sweep(square, {"x": [3]}, AtOnce(), progress=True).rows == [{"x": 3, "square": 9, "text": "3"}]  # type: ignore[arg-type]


class TestTable:
    rows: ClassVar = [{"load": 0.5, "policy": "a", "mean_s": 1.5}, {"load": 0.9, "policy": "b", "mean_s": math.inf}]

    def test_columns_and_rows(self) -> None:
        table = Table([*self.rows, {"load": 1, "error": "E"}])
        assert table.columns == ["load", "policy", "mean_s", "error"]
        assert table["load"].tolist() == [0.5, 0.9, 1.0] and np.isnan(table["mean_s"][2])
        assert table.where(policy="b", load=0.9).rows == self.rows[1:]
        assert table.failed.rows == [{"load": 1, "error": "E"}] and len(table) == 3
        for call in (lambda: table["x"], lambda: table.where(x=1)):
            with pytest.raises(KeyError, match="column: 'x' is none of load, policy, mean_s, error"):
                call()

    def test_files(self, tmp_path: Path) -> None:
        table = Table(self.rows)
        table.save(tmp_path / "t.jsonl")
        assert Table.load(tmp_path / "t.jsonl") == table
        assert json.loads((tmp_path / "t.jsonl").read_text().splitlines()[0]) == self.rows[0]
        table.to_csv(tmp_path / "t.csv")
        assert (tmp_path / "t.csv").read_text().splitlines() == ["load,policy,mean_s", "0.5,a,1.5", "0.9,b,inf"]

    def test_looks(self) -> None:
        table = Table([{"load": 0.5, "policy": "<b>", "mean_s": 1.23456789}] * 25)
        assert repr(table).splitlines()[:2] == ["load  policy  mean_s", " 0.5     <b>   1.235"]
        assert repr(table).endswith("[25 rows; the first 20 are shown]") and len(repr(table).splitlines()) == 22
        page = table._repr_html_()
        assert page.count("<tr>") == 21 and "&lt;b&gt;" in page and "<b>" not in page
        assert repr(Table()) == "[0 rows]"
