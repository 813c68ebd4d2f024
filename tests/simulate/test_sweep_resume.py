"""Sweeps that go on from a saved table: the right rows, and no harm to a file."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lbcore.simulate import Table, sweep


def run(function: Any, grid: Any, resume: Any = None) -> Table:
    with ThreadPoolExecutor(1) as threads:
        return sweep(function, grid, threads, resume=resume, progress=False)


def square(x: int) -> dict[str, Any]:
    return {"square": x * x, "text": f"{x}"}


def test_a_sweep_goes_on_where_its_table_ends(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    asked: list[int] = []

    def once(x: int) -> dict[str, Any]:
        asked.append(x)
        return square(x)

    first = run(once, {"x": [1, 2]}, path)
    assert Table.load(path) == first
    path.write_text(path.read_text() + '{"x": 3, "squ')  # a process was killed here
    assert Table.load(path) == first
    whole = run(once, {"x": [1, 2, 3]}, path)
    assert asked == [1, 2, 3]
    assert whole.rows == [{"x": x, **square(x)} for x in (1, 2, 3)]
    assert Table.load(path) == whole
    assert run(once, {"x": [3, 4]}, whole)["square"].tolist() == [9, 16]
    assert asked == [1, 2, 3, 4]
    assert run(once, {"x": [1]}, path).rows == whole.rows[:1]
    path.write_text(path.read_text()[:-1])  # an editor may leave the last line without its end
    assert run(once, {"x": [3, 5]}, path).rows == [{"x": x, **square(x)} for x in (3, 5)]
    assert asked == [1, 2, 3, 4, 5] and Table.load(path)["x"].tolist() == [1, 2, 3, 5]


@pytest.mark.parametrize(
    "content",
    [
        b'{"x": 1, "important": [1, 2, 3]}',
        b'{"x": 1, "value": 2}\n',
        b"line one\nline two, the last one",
        b"no table\n",
        b'{"y": 1, "val',
        b'{"x": 1,\n "val',
        b"\0\0{",
        b'{"x": 1, "value": 1, "parameters": ["x"]}\nthe last line',
        b"[1, 2]",
        b"[" * 100_000,
        b"\xff\xfe\x00\n",
    ],
)
def test_a_file_that_is_no_table_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "precious.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^resume: "):
        run(square, {"x": [1, 2]}, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("grid", [{"x": [1, 2, 3]}, {'a "name"': [1], "x": [1, 2, 3]}])
def test_a_file_torn_anywhere_is_repaired(tmp_path: Path, grid: dict[str, list[int]]) -> None:
    """A machine may die at any byte, and a file system may leave zero bytes where the rest should be."""

    def named(**point: int) -> dict[str, Any]:
        return square(point["x"])

    path = tmp_path / "rows.jsonl"
    whole = run(named, grid, path)
    content = path.read_bytes()
    for size in range(len(content) + 1):
        for zeros in (0, 5):
            path.write_bytes(content[:size] + bytes(zeros))
            assert run(named, grid, path) == whole, size
            assert Table.load(path) == whole, size
            if size < len(content) - 1:  # where no row is missing, nothing is written
                assert path.read_bytes() == content, size


@pytest.mark.parametrize("dirt", [b"\n", b"\n\n", b"\r\n", b"\0", bytes(4096), b"\0\0\n", b" \t\n", b"\n\0\0"])
def test_what_else_may_stand_behind_or_before_the_rows(tmp_path: Path, dirt: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    whole, mark = run(square, {"x": [1, 2, 3]}, path), b"\xef\xbb\xbf"
    first, second, third = path.read_bytes().splitlines(keepends=True)
    for rows in (
        b"",
        mark,
        first + second,
        mark + first + second,
        first[:9],
        mark + first[:9],
        mark + first + second[:9],
    ):
        path.write_bytes(rows + dirt)
        if rows[-1:] == first[8:9] and b"\n" in dirt:  # half a line with an end is nothing that a crash leaves
            with pytest.raises(
                ValueError, match=r"^resume: line . of .* delete this line, and the sweep runs its point"
            ):
                run(square, {"x": [1, 2, 3]}, path)
        else:
            assert run(square, {"x": [1, 2, 3]}, path) == whole == Table.load(path)
    path.write_bytes(first + second + dirt + third)
    assert run(square, {"x": [1, 2, 3]}, path) == whole


def test_the_table_of_another_grid_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    saved = run(lambda load, seed: {"r": 100 * load + seed}, {"load": [1, 2], "seed": [3]}, path)
    before = path.read_bytes()
    for resume in (path, saved, saved.where(load=1)):
        for grid in ({"load": [1, 2]}, {"load": [1], "seed": [3], "r": [103]}, {"r": [103]}):
            with pytest.raises(ValueError, match=r"^resume: a table over load, seed; the grid is over [a-z, ]+$"):
                run(lambda **point: {"new": 1}, grid, resume)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match=r"^resume: the table does not say which columns are parameters; Table\(rows,"):
        run(square, {"x": [1]}, Table([{"x": 1, "square": 1}]))
    assert run(square, {"x": [1]}, Table()).rows == [{"x": 1, **square(1)}]
    # The order of the parameters is no matter, and more values are none.
    again = run(lambda load, seed: {"r": 0}, {"seed": [3, 4], "load": [1]}, path)
    assert again.rows == [{"seed": 3, "load": 1, "r": 103}, {"seed": 4, "load": 1, "r": 0}]


def test_points_with_parameters_of_their_own_are_told_apart(tmp_path: Path) -> None:
    points = [{"x": 1}, {"x": 1, "y": 2}, {"x": 2, "y": 2}]
    path = tmp_path / "rows.jsonl"
    first = run(lambda x, y=0: x + y, points, path)
    assert first["value"].tolist() == [1, 3, 4]
    assert run(lambda x, y=0: -1, [*points, {"x": 2}], path)["value"].tolist() == [1, 3, 4, -1]


def test_values_that_look_alike_are_not_taken_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    near = [np.array([0.1]), np.array([0.1 + 1e-12])]
    assert run(lambda x: float(x[0]), {"x": near[:1]}, path)["value"] == near[0]
    assert run(lambda x: float(x[0]), {"x": near[1:]}, path)["value"] == near[1]
    for value in (np.arange(5000), [np.arange(5000)], lambda x: x):
        with pytest.raises(TypeError, match=r"grid: .* has no name for the table"):
            run(lambda x: 1, [{"x": value}])
    assert run(lambda x: int(x.sum()), {"x": {"all": np.arange(5000)}}).rows == [{"x": "all", "value": 12497500}]


def test_a_table_made_by_hand_goes_on_too() -> None:
    rows = [{"x": np.int64(1), "value": np.float64(3)}]
    assert run(lambda x: 0, {"x": [1, 2]}, Table(rows, parameters=["x"]))["value"].tolist() == [3, 0]
    with pytest.raises(TypeError, match=r"resume: row 0 has {'x': <object object at .*}, which is no number or text"):
        run(square, {"x": [1]}, Table([{"x": object()}], parameters=["x"]))


def test_what_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"resume: 5 is neither a Table nor the path of a file"):
        run(square, {"x": [1]}, 5)
    with pytest.raises(ValueError, match=r"resume: '.*' is not a file"):
        run(square, {"x": [1]}, tmp_path)
    (tmp_path / "t").write_text("no table")
    with pytest.raises(ValueError, match=r"path: line 1 of .* is no row of a table: 'no table'\. If a sweep"):
        Table.load(tmp_path / "t")


def test_a_saved_table_knows_its_parameters(tmp_path: Path) -> None:
    table = run(lambda x: {"mean": float("nan")}, {"x": [1, 2]})
    assert table.parameters == ("x",) == table.failed.parameters == table.where(x=1).parameters
    table.save(tmp_path / "t.jsonl")
    loaded = Table.load(tmp_path / "t.jsonl")
    assert loaded.parameters == ("x",) and loaded == table and "parameters" not in loaded.columns
    assert loaded != Table([*table.rows[:1], {"x": 2, "mean": 0.0}]) and loaded != Table(table.rows[:1])
    # Two files in one, of grids that differ: nobody can say which columns were parameters.
    run(lambda y: {"mean": 0.5}, {"y": [1]}).save(tmp_path / "u.jsonl")
    (tmp_path / "t.jsonl").write_text((tmp_path / "t.jsonl").read_text() + (tmp_path / "u.jsonl").read_text())
    both = Table.load(tmp_path / "t.jsonl")
    assert len(both) == 3 and both.parameters == ()
