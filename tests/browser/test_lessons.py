"""Lessons in a real JupyterLab: Run All, look at it, move each slider from the keyboard.

Lesson 00, the first that anybody opens, stands for all; test_look and test_encounter have a notebook each with what
the others add: predictions that veil, a race, a live demonstration, a quiz. Each widget's states are tested without a
browser, in tests/lab. All lessons at three widths are for --soak.
"""

import os
from pathlib import Path

import pytest
from labpage import LabPage, opened

LESSONS = sorted(path.name for path in (Path(__file__).parents[2] / "lessons").glob("[0-9]*.ipynb"))
FIRST = "00_start_here.ipynb"
PLAIN = {(FIRST, 1280)}
EVERY = [(name, width) for width in (900, 1280, 1600) for name in LESSONS]


def case(name: str, width: int):
    return pytest.param((name, width), id=f"{name}-{width}", marks=() if (name, width) in PLAIN else pytest.mark.soak)


@pytest.fixture(scope="module", params=[case(*one) for one in EVERY])
def lesson(request, browser, server):
    """A lesson, open and run, in a window of some width."""
    name, width = request.param
    with opened(browser, server, name, viewport={"width": width, "height": 1600}) as lab:
        lab.run_all()
        yield lab


def test_the_lessons_of_the_plain_run_are_there():
    assert set(EVERY) >= PLAIN


def test_every_cell_ran_without_an_error(lesson: LabPage):
    assert lesson.executed() == list(range(1, len(lesson.code_cells()) + 1))
    assert lesson.errors() == []


def test_every_widget_is_drawn(lesson: LabPage):
    assert lesson.empty_widgets() == []
    assert lesson.too_wide() == []


def test_nothing_is_inaccessible(lesson: LabPage):
    assert lesson.violations() == []


def test_a_committed_prediction_lifts_the_veil(lesson: LabPage):
    lesson.commit_predictions()
    for _ in range(50):  # a picture is drawn once its panel knows how much room it has
        if all(lesson.pictures()):
            break
        lesson.page.wait_for_timeout(100)
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


@pytest.mark.parametrize("lesson", [case(FIRST, 1280)], indirect=True)
def test_the_player_starts_by_itself_unless_motion_is_reduced(lesson: LabPage):
    page = lesson.page
    player = page.locator(".lbcore-player")
    button, slider = player.locator(".lbcore-player-play"), player.get_by_role("slider")
    on_its_way = "Number(document.querySelector('.lbcore-player input[type=range]').value) > 0"
    pixels = "player => player.querySelector('canvas').toDataURL()"

    page.emulate_media(reduced_motion="reduce")
    lesson.run_all()
    player.scroll_into_view_if_needed()
    before = player.evaluate(pixels)
    page.wait_for_timeout(1500)
    assert (slider.input_value(), player.evaluate(pixels), button.inner_text()) == ("0", before, "Play")
    button.focus()
    page.keyboard.press("Space")
    assert button.inner_text() == "Pause"
    page.wait_for_function(on_its_way)

    page.emulate_media(reduced_motion="no-preference")
    lesson.run_all()
    player.scroll_into_view_if_needed()
    page.wait_for_function(on_its_way)
    player.get_by_role("button", name="Restart").click()
    assert button.inner_text() == "Pause"
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function("document.querySelector('.lbcore-player-play').innerText === 'Play'")
    assert lesson.errors() == []


def test_it_asks_nothing_of_other_machines_and_logs_no_error(lesson: LabPage):
    """Last, so that it covers what the tests above did, too."""
    assert lesson.abroad == []
    assert lesson.console_errors == []
    if folder := os.environ.get("LBCORE_SCREENSHOTS"):
        width = lesson.page.viewport_size["width"]
        lesson.screenshot(Path(folder) / f"{Path(lesson.name).stem}_{width}.png")
