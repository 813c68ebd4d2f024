"""The browser harness itself: a notebook with one fault of each kind, and each is reported."""

import nbformat
import pytest
from labpage import LabPage, opened

WIDGET = """
import anywidget
class {name}(anywidget.AnyWidget):
    _esm = "export default {{ render({{ el }}) {{ {script} }} }}"
    def __repr__(self): return "{name}"
{name}()
"""
CELLS = {
    "fine": "print('fine')",
    "error": "1 / 0",
    "console": WIDGET.format(name="Console", script="el.textContent = 'x'; console.error('a fault of the page');"),
    "abroad": WIDGET.format(
        name="Abroad", script="el.textContent = 'x'; fetch('https://example.org/').catch(() => 0);"
    ),
    "empty": WIDGET.format(name="Empty", script="el.style.display = 'none';"),
    "gone": "display({'application/vnd.jupyter.widget-view+json': {'model_id': 'none'}, 'text/plain': ''}, raw=True)",
    "wide": WIDGET.format(name="Wide", script="el.innerHTML = '<p style=width:5000px>x</p>';"),
    "nameless": WIDGET.format(name="Nameless", script="el.innerHTML = '<input type=range>';"),
    "stuck": WIDGET.format(
        name="Stuck",
        script="el.innerHTML = '<label>n<input type=range></label><div class=lbcore-panel-picture><svg></svg></div>';",
    ),
    "slow": "import time; time.sleep(1); print('slept')",
}


@pytest.fixture(scope="module")
def faulty(browser, server):
    """The faulty notebook, open and run."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.values()]
    for cell in cells:
        cell.metadata["tags"] = ["raises-exception"]
        cell.outputs = [nbformat.v4.new_output("stream", text="an old output")]
        cell.execution_count = 1
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), server.root / "faulty.ipynb")
    with opened(browser, server, "faulty.ipynb") as lab:
        lab.run_all()
        yield lab


def number(name: str) -> int:
    return list(CELLS).index(name) + 1


def test_every_cell_was_run_anew(faulty: LabPage):
    assert faulty.executed() == list(range(1, len(CELLS) + 1))
    texts = [str(cell["outputs"]) for cell in faulty.code_cells()]
    assert "fine" in texts[0] and "slept" in texts[-1]
    assert not any("an old output" in text for text in texts)


def test_an_error_is_seen(faulty: LabPage):
    errors = faulty.errors()
    assert "ZeroDivisionError: division by zero" in errors
    assert "Traceback" in errors


def test_console_errors_are_seen(faulty: LabPage):
    assert any("a fault of the page" in text for text in faulty.console_errors)


def test_a_request_to_another_machine_is_seen_and_does_not_leave(faulty: LabPage):
    assert faulty.abroad == ["https://example.org/"]
    assert any("ERR_NAME_NOT_RESOLVED" in text for text in faulty.console_errors)


def test_widgets_that_show_nothing_are_seen(faulty: LabPage):
    assert number("empty") in faulty.empty_widgets()
    assert number("nameless") not in faulty.empty_widgets()
    assert any("widget" in text for text in faulty.errors())


def test_an_output_wider_than_its_place_is_seen(faulty: LabPage):
    assert faulty.too_wide() == [number("wide")]


def test_a_control_without_a_name_is_seen(faulty: LabPage):
    assert [text for text in faulty.violations() if text.startswith("label (")]


def test_a_picture_that_does_not_change_is_seen(faulty: LabPage):
    (panel,) = faulty.panels()
    with pytest.raises(Exception, match="the picture did not change"):
        faulty.press(panel, "End", patience_ms=500)
