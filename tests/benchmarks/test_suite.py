"""The suite runs and says what it found. What it found is nothing to assert: that is the machine's business."""

import json
import sys

import pytest

from tests.benchmarks import __main__ as suite
from tests.benchmarks.jobs import JOBS
from tests.benchmarks.measure import Row, ratio


def test_one_job_of_the_quick_suite(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick", "--job", "round robin", "--json"])
    suite.main()
    [job] = json.loads(capsys.readouterr().out)["jobs"]
    assert job["job"] == "round robin"
    assert job["s"] > 0 and job["floor_s"] > 0
    assert job["peers"]["numpy arange % n"]["ratio"] > 0


def test_another_build_does_the_job_in_a_process_of_its_own() -> None:
    found = suite.row("round robin", True, suite.ROOT)
    assert list(found.peers) == ["before", "numpy arange % n"]


def test_halves_that_disagree_give_no_ratio() -> None:
    row = Row("picks", "ns", 1e-9, None, {"theirs": (2e-9, ratio([1, 1], [2, 3])), "gone": "not installed"}, {})
    theirs, gone = row.lines()
    assert theirs.endswith("could not: 2.00x to 3.00x")
    assert gone.split() == ["gone", "not", "installed"]


def test_fastest_of_both_halves() -> None:
    times = ratio([2, 1, 4, 2], [3, 4, 8, 4.2])
    assert (times.low, times.high) == (2.1, 3.0)
    assert not times.agreed and ratio([1, 1], [2, 2.1]).agreed


def test_a_job_that_is_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--job", "nothing"])
    with pytest.raises(SystemExit):
        suite.main()
    told = " ".join(capsys.readouterr().err.split())
    assert all(name in told for name in JOBS)
