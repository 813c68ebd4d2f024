"""In a real kernel: a cell run too early says which comes first, Stop is one line, a class defined again is told."""

import json
import os
import time

import pytest
from jupyter_client.manager import start_new_kernel

from lbcore.lab.frame.cells import first_cell

LESSON = [
    ("markdown", "# 02 · Random"),
    ("code", "from lbcore.lab import balance, slider"),
    ("markdown", "Text.\n\n## Predict\n\nMore."),
    ("code", "\nguess = 116\nother = [x for x in range(3)]"),
    ("code", "guess = 117"),
    ("code", "%%magic that is no Python\nhidden = 1"),
    ("markdown", "## Exercise"),
    ("code", "class Mine:\n    inside = 1\n    def select(self):\n        local = 1"),
]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    file = tmp_path_factory.mktemp("lessons") / "02_random.ipynb"
    cells = [{"cell_type": kind, "source": source.splitlines(keepends=True)} for kind, source in LESSON]
    file.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return file


def test_the_first_cell_that_defines_a_name(lesson):
    assert first_cell(lesson, "guess") == ("Predict", LESSON[3][1])
    assert first_cell(lesson, "Mine") == ("Exercise", LESSON[7][1])
    assert first_cell(lesson, "slider") == ("", LESSON[1][1])
    assert [first_cell(lesson, name) for name in ("x", "hidden", "inside", "local", "select", "nothing")] == [None] * 6


@pytest.fixture(scope="module")
def run(lesson):
    """A kernel of the lesson: `run(code)` returns what it printed and what it raised, in the words of the page."""
    environment = os.environ | {"JPY_SESSION_NAME": str(lesson), "LBCORE_PROGRESS": ""}
    manager, client = start_new_kernel(env=environment, cwd=str(lesson.parent))

    def execute(code, stop_after_s=None):
        said = []
        asked = client.execute(code)
        if stop_after_s is not None:
            time.sleep(stop_after_s)
            manager.interrupt_kernel()
        while True:
            message = client.get_iopub_msg(timeout=60)
            content = message["content"]
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "error":
                said += content["traceback"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return "\n".join(said)

    yield execute
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_cell_out_of_order_says_which_cell_comes_first(run):
    assert "Traceback" in run("print(guess)")  # nothing of lbcore has run: Python's own words
    assert run(LESSON[1][1]) == ""
    assert run("balance(guess)") == (
        "guess is not there yet. Run first the cell under “Predict” that begins with\n    guess = 116\nthen this one."
    )
    assert "under “Exercise”" in run("def later():\n    return Mine\nlater()")


@pytest.mark.parametrize("code", ["nonsense", "1 / 0", "def f():\n    print(a)\n    a = 1\nf()", "[].nothing"])
def test_every_other_error_is_shown_as_ever(run, code):
    run(LESSON[1][1])
    assert "Traceback" in run(code)


def test_the_cell_that_defines_a_name_is_not_told_to_run_itself(run):
    run(LESSON[1][1])
    assert "Traceback" in run(LESSON[7][1].replace("inside = 1", "inside = Mine"))


def test_stop_inside_of_lbcore_is_one_sentence(run):
    run(LESSON[1][1])
    student = "class Slow:\n    def __init__(self, n): self.n = n\n    def select(self):\n        while True: pass\n"
    run("from lbcore.lab import latency\n" + student)
    assert run("print('begun'); balance(Slow, requests=10)", stop_after_s=2.0) in (
        "begun\n\nSlow was stopped before its end.",
        "begun\nSlow was stopped before its end.",
    )
    assert "Traceback" in run("while True: pass", stop_after_s=0.5)


def test_a_class_that_is_defined_again_is_told_on_the_old_panel(run):
    run(LESSON[1][1])
    student = "class Mine:\n    def __init__(self, n): pass\n    def select(self): return 0\n"
    run(student + "panel = balance(Mine, requests=slider(1, 9))")
    assert run("print(panel.board.note)") == "\n"
    run(student)
    note = "Mine was defined again: run this cell again to see what it does now.\n"
    assert run("print(panel.board.note)") == note
    assert run("panel.controls['requests'].value = 5; print(panel.board.note)") == note
    run("panel = balance(Mine(3), requests=slider(1, 9))")
    assert run("print(panel.board.note)") == "\n"
