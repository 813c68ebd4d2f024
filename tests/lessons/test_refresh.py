"""Saving a lesson as committed, and strict nbval over it: a drifted output goes red."""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from lbcore.lab.student.exercises import known
from lbcore.lab.student.quiz import load

ROOT = Path(__file__).parents[2]
CELLS = {
    "greeting": "for word in 'one', 'two':\n    print(word, flush=True)",
    "widget": "import ipywidgets\nclass Panel(ipywidgets.VBox):\n    def __repr__(self): return 'Ten bars.'\n\nPanel()",
    "exercise": "class TwoChoices: 'edited by hand'",
    "picture": (
        'from IPython.display import HTML\n\nHTML(\'<img alt="Ten bars" src="data:image/svg+xml;base64,QUJD">\')'
    ),
}


def run(*command):
    return subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory):
    """A small notebook, as an editor saves it, then refreshed: the path of its executed copy."""
    path = tmp_path_factory.mktemp("refresh") / "02_small.ipynb"
    new = nbformat.v4
    cells = [new.new_code_cell(source, id=name) for name, source in CELLS.items()]
    cells[0].update(execution_count=7, outputs=[new.new_output("stream", text="one\n")])
    cells[2].metadata.update(tags=["exercise"])
    cells[0].metadata.update(tags=["kept"], trusted=True, execution={"iopub.execute_input": "2020-01-01"})
    cells.insert(0, new.new_markdown_cell("## Play", id="play", metadata={"lbcore": {"minutes": 5}, "editable": True}))
    fold = "<summary>Solution</summary>\n\n```python\nedited by hand\n```\n\n</details>"
    cells.append(new.new_markdown_cell(fold, id="fold"))
    metadata = {"lbcore": {"minutes": 5}, "language_info": {"name": "python"}, "widgets": {}}
    nbformat.write(new.new_notebook(cells=cells, metadata=metadata), path)
    done = run(ROOT / "lessons" / "refresh.py", path)
    assert done.returncode == 0, done.stderr
    return path.parent / "executed" / path.name


def test_it_keeps_ids_tags_minutes_counts_and_text(refreshed):
    notebook = nbformat.read(refreshed, as_version=4)
    play, greeting, widget, _, picture, _ = notebook.cells
    assert set(notebook.metadata) == {"kernelspec", "lbcore"}
    assert [cell.id for cell in notebook.cells] == ["play", *CELLS, "fold"]
    assert dict(play.metadata) == {"lbcore": {"minutes": 5}}
    assert dict(greeting.metadata) == {"tags": ["kept"]}
    assert [cell.execution_count for cell in (greeting, widget, picture)] == [1, 2, 4]
    assert [output.text for output in greeting.outputs] == ["one\ntwo\n"]
    assert dict(widget.outputs[0].data) == {"text/plain": "Ten bars."}


def test_the_lesson_keeps_its_cells_and_loses_its_outputs(refreshed):
    lesson, copy = (nbformat.read(path, as_version=4) for path in (lesson_of(refreshed), refreshed))
    assert all(cell.outputs == [] and cell.execution_count is None for cell in lesson.cells[1:-1])
    for cell in copy.cells[1:-1]:
        cell.update(outputs=[], execution_count=None)
    assert lesson == copy


def test_the_exercise_is_made_from_the_right_class(refreshed):
    exercise = known()["02-two-choices"]
    *_, cell, _, fold = nbformat.read(refreshed, as_version=4).cells
    assert cell.source == exercise.stub
    assert fold.source == f"<summary>Solution</summary>\n\n```python\n{exercise.fold}\n```\n\n</details>"
    assert (refreshed.parents[1] / "solutions" / "02_small.py").read_text() == exercise.solution


def test_twice_changes_nothing(refreshed):
    paths = refreshed, lesson_of(refreshed)
    before = [path.read_bytes() for path in paths]
    assert run(ROOT / "lessons" / "refresh.py", lesson_of(refreshed)).returncode == 0
    assert [path.read_bytes() for path in paths] == before


def lesson_of(executed):
    return executed.parents[1] / executed.name


DRIFTS = {
    "pixels": {"base64,QUJD": "base64,REVG"},
    "words": {"two\\n": "three\\n", '"Ten bars."': '"Nine bars."', 'alt=\\"Ten bars': 'alt=\\"Nine bars'},
}


def test_strict_nbval_with_this_repositorys_settings(refreshed, tmp_path):
    """A changed word of an output does not pass, whether printed, a widget's or a picture's; changed pixels do."""
    for name, changes in DRIFTS.items():
        notebook = refreshed.read_text()
        for old, new in changes.items():
            cut = notebook.rindex(old)
            notebook = notebook[:cut] + new + notebook[cut + len(old) :]
        (tmp_path / f"{name}.ipynb").write_text(notebook)
    settings = ("-c", ROOT / "pyproject.toml", f"--rootdir={tmp_path}", "-p", "no:cacheprovider", "-n", "0")
    done = run("-m", "pytest", *settings, tmp_path)
    failed = re.findall(r"^FAILED .*?(\w+)\.ipynb::Cell (\d)", done.stdout, re.MULTILINE)
    assert failed == [("words", "0"), ("words", "1"), ("words", "3")], done.stdout
    assert "3 failed, 5 passed" in done.stdout


def test_a_page_for_paper_shows_the_quiz_and_asks_nothing_of_the_network(tmp_path):
    lesson = tmp_path / "02_random.ipynb"
    (tmp_path / "executed").mkdir()
    shutil.copy(ROOT / "lessons" / "executed" / lesson.name, tmp_path / "executed")
    done = run(ROOT / "lessons" / "refresh.py", "--html", lesson)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "02_random.html").read_text(encoding="utf-8")
    assert "<script" not in page and "<iframe" not in page
    # What a page loads, and what its style sheets do.
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']+["']""", re.sub("<a .*?>", "", page)) == []
    assert re.findall(r"""url\(["']?(?:https?:)?//|@import""", page) == []
    text = " ".join(html.unescape(re.sub("<.*?>", "", page)).split())
    for question in load("02"):
        for words in (question.text, *(choice.text for choice in question.choices)):
            assert " ".join(words.replace("`", "").split()) in text


def test_the_check_of_a_machine_says_nothing_before_it_has_run_here():
    copy = nbformat.read(ROOT / "lessons" / "executed" / "00_start_here.ipynb", as_version=4)
    (check,) = [cell for cell in copy.cells if "doctor.environment()" in cell.source and cell.cell_type == "code"]
    assert check.outputs == [] and check.execution_count == 1
