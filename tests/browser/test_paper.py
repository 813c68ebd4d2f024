"""A notebook that was exported as a page by JupyterLab itself: what stands there, with nothing from the network."""

import nbformat
import pytest
from nbconvert import HTMLExporter

from lbcore import RoundRobin
from lbcore.lab import balance, play, quiz, slider

MAKE = {
    "still": lambda: balance(RoundRobin(3), 9),
    "panel": lambda: balance(RoundRobin, nodes=4, requests=slider(0, 40, start=10)),
    "player": lambda: play(RoundRobin(3), requests=20),
    "quiz": lambda: quiz("02"),
}


def outputs(shown):
    """As they stand in a file: of a widget its still, and the view of what is no more."""
    new = nbformat.v4.new_output
    if not hasattr(shown, "_told"):
        return [new("display_data", shown._repr_mimebundle_())]
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "gone"}, "text/plain": repr(shown)}
    return [new("display_data", shown._told()), new("display_data", view)]


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    cells = [nbformat.v4.new_code_cell(name, outputs=outputs(make())) for name, make in MAKE.items()]
    text, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    file = tmp_path_factory.mktemp("paper") / "exported.html"
    file.write_text(text, encoding="utf-8")
    page = browser.new_page(viewport={"width": 900, "height": 1200})
    page.goto(file.as_uri(), wait_until="domcontentloaded")
    yield page
    page.close()


def test_it_shows_each_picture_once_and_does_not_say_run_it(page):
    assert page.locator("img:visible").count() == 3
    assert all(page.locator("img:visible").evaluate_all("all => all.map((one) => one.naturalWidth > 0)"))
    text = page.inner_text("main")
    assert "Run this notebook" not in text and "A still picture" not in text
    for name, make in MAKE.items():
        shown = make()
        said = shown.paper() if hasattr(shown, "paper") else shown.caption(shown.sentence())
        assert text.count(" ".join(said.replace("`", "").split())[:60]) == 1, name


def test_the_quiz_can_be_read(page):
    assert "1. " in page.inner_text("main") and "a) " in page.inner_text("main")


def test_on_a_wide_page_the_wide_pictures_stand(page):
    page.set_viewport_size({"width": 1600, "height": 1200})
    assert page.locator("img.lbcore-wide:visible").count() == 1  # of a widget there is one alone
    assert page.locator("img:visible").count() == 3
