"""Code of the lessons fits a window of 900 px with the list of files open: so many characters a line."""

import json
from pathlib import Path

import pytest

#: Measured in JupyterLab; tests/browser/test_look.py measures it again.
COLUMNS = 57
LESSONS = sorted((Path(__file__).parents[2] / "lessons").glob("[0-9]*.ipynb"))


def too_long(path: Path) -> list[str]:
    """The lines of a lesson's code that do not fit, each with the place of its cell."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        f"[{place}] {len(line)}: {line}"
        for place, cell in enumerate(cells)
        if cell["cell_type"] == "code"
        for line in "".join(cell["source"]).splitlines()
        if len(line) > COLUMNS
    ]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_line_of_code_fits(path: Path):
    assert too_long(path) == []
