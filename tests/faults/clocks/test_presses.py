"""Ctrl-C at every step and at random moments, once and many times: no thread is left, the next run pays for nothing."""

import os
import subprocess
import sys

import pytest

SOAK = pytest.mark.soak


def last_line(module: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.clocks.{module}", *map(str, arguments)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()}, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("kind", ["virtual", "real"])
@pytest.mark.parametrize("every", [23, pytest.param(1, marks=SOAK)])
def test_every_step(kind: str, every: int) -> None:
    assert last_line("steps", kind, every).endswith("; bad 0")


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="the system does not list its threads")
@pytest.mark.parametrize("kind", ["virtual", "real"])
@pytest.mark.parametrize("runs", [30, pytest.param(1000, marks=SOAK)])
def test_random_moments(kind: str, runs: int) -> None:
    line = last_line("presses", kind, runs)
    assert line.endswith("threads left 0, worked on 0, next runs failed 0") and "left behind" not in line
