"""Run lessons and save them the way they are committed: `python lessons/refresh.py`, or with the lessons' names.

The lesson itself is saved without outputs. A copy in executed/ carries them, for who cannot run it, and for the tests,
which compare it. What changes from run to run, or belongs to one machine, is dropped: widget views (their text stays),
times, kernel details. The exercise's cell, its fold "Solution" and its file in solutions/ are written anew from the
right class in lbcore/lab/student/exercises/. Running it twice changes nothing.

`python lessons/refresh.py --html`, also with names, writes the copies to html/ for who reads on paper: pages that ask
nothing of the network.
"""

import copy
import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from lbcore.lab.student.exercises import known

HERE = Path(__file__).parent
WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
#: A page on paper needs none, and nbconvert's are fetched from the network.
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
FOLD = re.compile(r"(?<=<summary>Solution</summary>\n\n```python\n).*?(?=\n```)", re.DOTALL)


def refresh(path: Path) -> None:
    """Write the notebook at `path` back without outputs, and run it from the top into executed/ beside it."""
    lesson = nbformat.read(path, as_version=4)
    clean(lesson)
    write_exercise(lesson, path)
    executed = copy.deepcopy(lesson)
    for cell in lesson.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    nbformat.write(lesson, path)
    # The copies show at once what a prediction would hold back, and nothing of what somebody has done.
    os.environ |= {"LBCORE_REVEAL": "1", "LBCORE_PROGRESS": ""}
    here = {"metadata": {"path": str(path.parent.resolve())}}
    NotebookClient(executed, timeout=120, kernel_name="python3", resources=here, coalesce_streams=True).execute()
    clean(executed)
    for cell in executed.cells:
        # What another machine found out about itself would be taken for an answer about this one.
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            cell.outputs = []
    (path.parent / "executed").mkdir(exist_ok=True)
    nbformat.write(nbformat.from_dict(executed), path.parent / "executed" / path.name)


def clean(notebook: Any) -> None:
    """Drop what an editor or a run adds to a notebook besides outputs and counts."""
    notebook.metadata = {"kernelspec": KERNEL, "lbcore": notebook.metadata.get("lbcore", {})}
    for cell in notebook.cells:
        cell.metadata = {name: cell.metadata[name] for name in ("lbcore", "tags") if name in cell.metadata}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)


def write_exercise(lesson: Any, path: Path) -> None:
    """Fill the cell with the tag `exercise` and the fold "Solution" of a lesson, and write its file in solutions/."""
    for exercise in known().values():
        if exercise.lesson != path.stem[:2]:
            continue
        for cell in lesson.cells:
            if "exercise" in cell.metadata.get("tags", []):
                cell.source = exercise.stub
            cell.source = FOLD.sub(lambda _, fold=exercise.fold: fold, cell.source)
        (path.parent / "solutions").mkdir(exist_ok=True)
        (path.parent / "solutions" / f"{path.stem}.py").write_text(exercise.solution, encoding="utf-8")


def to_html(path: Path) -> None:
    """Write the executed copy of the lesson at `path` as a page into html/ beside it."""
    page, _ = HTMLExporter().from_filename(str(path.parent / "executed" / path.name))
    (path.parent / "html").mkdir(exist_ok=True)
    (path.parent / "html" / f"{path.stem}.html").write_text(SCRIPT.sub("", page), encoding="utf-8")


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--html"]
    for path in [Path(name) for name in names] or sorted(HERE.glob("[0-9]*.ipynb")):
        if path.parent.name == "executed":
            sys.exit(f"{path} is made from the lesson: name the lesson itself")
        (to_html if "--html" in sys.argv else refresh)(path)
