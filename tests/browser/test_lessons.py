"""Every lesson in a real JupyterLab: Run All, look at it, move a slider from the keyboard."""

import os
from pathlib import Path

import pytest
from labpage import LabPage, opened

LESSONS = sorted(path.name for path in (Path(__file__).parents[2] / "lessons").glob("[0-9]*.ipynb"))


@pytest.fixture(scope="module", params=LESSONS)
def lesson(request, browser, lessons_server):
    """A lesson, open and run."""
    with opened(browser, lessons_server, request.param) as lab:
        lab.run_all()
        yield lab


def test_there_are_lessons():
    assert LESSONS


def test_every_cell_ran_without_an_error(lesson: LabPage):
    assert lesson.executed() == list(range(1, len(lesson.code_cells()) + 1))
    assert lesson.errors() == []


def test_every_widget_is_drawn(lesson: LabPage):
    assert lesson.empty_widgets() == []


def test_nothing_is_inaccessible(lesson: LabPage):
    assert lesson.violations() == []


def test_a_committed_prediction_lifts_the_veil(lesson: LabPage):
    lesson.commit_predictions()
    assert all(lesson.pictures())


def test_a_slider_moved_from_the_keyboard_changes_the_picture(lesson: LabPage, record_property):
    """Times are printed and recorded, never asserted: they depend on the machine."""
    assert lesson.panels() or not lesson.pictures()
    for number, panel in enumerate(lesson.panels(), 1):
        listed = " ".join(f"{time_ms:.0f}" for time_ms in lesson.move_slider(panel))
        lesson.settle()
        print(f"\n{lesson.name}, panel {number}: slider to screen {listed} ms")
        record_property(f"panel_{number}_slider_to_screen_ms", listed)
    assert lesson.errors() == []


def test_nothing_is_inaccessible_after_use(lesson: LabPage):
    assert lesson.violations() == []


def test_it_asks_nothing_of_other_machines_and_logs_no_error(lesson: LabPage):
    """Last, so that it covers what the tests above did, too."""
    assert lesson.abroad == []
    assert lesson.console_errors == []
    if folder := os.environ.get("LBCORE_SCREENSHOTS"):
        lesson.screenshot(Path(folder) / f"{Path(lesson.name).stem}.png")
