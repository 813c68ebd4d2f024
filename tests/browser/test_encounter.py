"""What becomes of a lesson when its kernel is busy, restarted or gone, and when it is opened again the next day."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labpage import JupyterServer, LabPage, opened

CELLS = (
    "import os, time\nos.environ['LBCORE_PROGRESS'] = 'encounter.json'",
    "from lbcore import RoundRobin\nfrom lbcore.lab import balance, predict, quiz, slider\n"
    "from lbcore.lab.frame.live import Live",
    "guess = predict('requests at the busiest of ten', 0, 300, 'requests')\nguess",
    "balance(RoundRobin, nodes=10, requests=slider(1, 2_000, start=1_003), prediction=guess)",
    "balance(RoundRobin, nodes=4, requests=slider(0, 40, start=10))",
    "def run(clock, report):\n    for i in range(90):\n        report(i / 90)\n        clock.sleep(0.1)\n"
    "    return balance(RoundRobin(3), 9)\nLive(run, 9, 'a long one')",
    "quiz('02')",
    "nap_s = 0.0",
    "time.sleep(nap_s)",
    "from lbcore.lab import play\nplay(RoundRobin(3), requests=20, buttons=['add'], autoplay=False)",
)
NAME = "encounter.ipynb"
AGAIN = "Run this notebook from the top"


def write(server: JupyterServer, name: str = NAME) -> Path:
    """The notebook, new, and nothing kept."""
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for i, source in enumerate(CELLS)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (server.root / name).write_text(json.dumps(notebook), encoding="utf-8")
    (server.root / "encounter.json").unlink(missing_ok=True)
    return server.root / name


@pytest.fixture
def lab(browser, server) -> Iterator[LabPage]:
    write(server)
    with opened(browser, server, NAME) as page:
        page.run_all()
        yield page


def output(lab: LabPage, cell: int) -> Any:
    return lab.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea").first


def disabled(where: Any) -> list[bool]:
    return (
        where.locator(".lbcore-alive")
        .locator("button:visible, input:visible")
        .evaluate_all("all => all.map(one => one.disabled)")
    )


END = {
    "restarted": "await find().sessionContext.session.kernel.restart();",
    "shut down": "await find().sessionContext.shutdown();",
    "crashed": "find().sessionContext.session.kernel.requestExecute({code: 'os._exit(1)'});",
}


@pytest.mark.parametrize(
    "way", ["restarted", *(pytest.param(way, marks=pytest.mark.soak) for way in ("crashed", "shut down"))]
)
def test_a_kernel_that_ends_under_a_live_demonstration_is_told(lab, way):
    live, panel, asked, player = output(lab, 5), output(lab, 4), output(lab, 2), output(lab, 9)
    live.get_by_role("button", name="Start").click()
    live.locator("progress:visible").wait_for()
    assert disabled(panel) == [False] and not live.get_by_text("has ended").count()
    lab._in_lab(END[way])
    if way == "crashed":  # JupyterLab says so in a dialog of its own, above the page
        dialog = lab.page.locator(".jp-Dialog")
        dialog.wait_for()
        dialog.get_by_role("button", name="Ok").click()
    live.get_by_text("The kernel has ended before this did").wait_for()
    assert AGAIN in live.inner_text() and "Running." not in live.inner_text()
    assert disabled(live) == [True, True] and not live.locator("progress:visible").count()
    panel.get_by_text("The kernel has ended, and this picture stays as it is.").wait_for()
    assert panel.locator(".lbcore-panel-picture svg").count() == 1 and disabled(panel) == [True]
    asked.get_by_text("The kernel has ended.").wait_for()
    assert disabled(asked) == [True, True]
    # The player has all of its traffic: it goes on, but for the button that asks for more.
    player.get_by_text("The kernel has ended. What is here can still be played.").wait_for()
    assert AGAIN in player.inner_text()
    add, step = player.get_by_role("button", name="Add a node"), player.get_by_role("button", name="Step", exact=True)
    assert add.is_disabled() and disabled(player).count(True) == 1
    step.click()
    assert player.get_by_role("slider", name="Time").input_value() != "0"
    assert lab.console_errors == []
    lab.page.wait_for_timeout(500)
    if way == "restarted":
        lab.settle()
        lab.run_all()
        assert disabled(output(lab, 4)) == [False] and "has ended" not in lab.page.inner_text("body")


def test_a_picture_is_called_old_while_the_kernel_is_busy(lab):
    panel, page = output(lab, 4), lab.page
    lab._in_lab(
        "const [nap, sleep] = find().content.widgets.slice(7, 9);"
        "nap.model.sharedModel.setSource('nap_s = 3.0');"
        "find().content.deselectAll(); find().content.activeCellIndex = 7; "
        "await app.commands.execute('notebook:run-cell');"
        "find().content.activeCellIndex = 8; app.commands.execute('notebook:run-cell');"
    )
    page.wait_for_timeout(300)
    slider = panel.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("End")
    panel.get_by_text("The kernel is busy").wait_for()
    # What is committed meanwhile is what the slider showed at the press, not what the kernel had heard of by then.
    asked = output(lab, 2)
    asked.locator("input[type=range]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    asked.get_by_role("button", name="Commit").click()
    assert "got 3 of 10 requests" in panel.inner_text() and panel.locator(".lbcore-panel-old").count() == 1
    panel.get_by_text("got 10 of 40 requests").wait_for()
    panel.get_by_text("The kernel is busy").wait_for(state="hidden")
    asked.get_by_text("You committed to 3 requests").wait_for()
    assert panel.locator(".lbcore-panel-old").count() == 0
    # A kernel that answers at once is never called busy.
    slider.focus()
    page.keyboard.press("Home")
    panel.get_by_text("No request was made").wait_for()
    page.wait_for_timeout(600)
    assert not panel.get_by_text("The kernel is busy").is_visible()


def test_opened_again_a_notebook_shows_stills_and_what_was_done_is_there(browser, server):
    write(server)
    with opened(browser, server, NAME) as lab:
        lab.run_all()
        assert output(lab, 3).locator(".lbcore-panel-picture svg").count() == 0  # veiled
        output(lab, 2).locator("input[type=range]").focus()
        for _ in range(3):
            lab.page.keyboard.press("ArrowRight")
        output(lab, 2).get_by_role("button", name="Commit").click()
        output(lab, 3).locator(".lbcore-panel-picture svg").wait_for()
        output(lab, 6).get_by_role("radio").nth(1).click()
        lab.settle()
        lab._in_lab("await find().context.save();")
    with opened(browser, server, NAME) as lab:
        output(lab, 3).locator("img:visible").wait_for()
        lab.page.wait_for_timeout(1_000)
        text = lab.page.inner_text(".jp-Notebook")
        assert "Error displaying widget" not in text and "Loading widget" not in text
        assert text.count(AGAIN) == 6  # the prediction, two panels, the demonstration, the quiz, the player
        assert output(lab, 3).locator("img:visible").count() == 1 and "You said 3 requests" in text
        assert "you predict 3 requests" in text
        assert "1. " in output(lab, 6).inner_text() and "You answered b." in output(lab, 6).inner_text()
        lab.run_all()
        assert "You committed earlier to 3 requests" in output(lab, 2).inner_text()
        assert (
            "You said 3 requests" in output(lab, 3).inner_text()
            and output(lab, 3).locator(".lbcore-panel-picture svg").count() == 1
        )
        assert output(lab, 6).get_by_role("radio").nth(1).is_checked()
        assert AGAIN not in lab.page.inner_text(".jp-Notebook")
        # The widgets' own extension says so of each widget whose kernel is gone, whatever is shown in their place.
        assert [error for error in lab.console_errors if "widget model not found" not in error] == []
        assert lab.abroad == []


@pytest.mark.soak
def test_two_notebooks_open_at_once_lose_nothing_of_each_other(browser, server, lab):
    other = "encounter_too.ipynb"
    write(server, other)
    with opened(browser, server, other) as second:
        second.run_all()
        output(lab, 2).get_by_role("button", name="Commit").click()
        output(second, 6).get_by_role("radio").nth(1).click()
        lab.settle()
        second.settle()
        output(lab, 6).get_by_role("radio").nth(4).click()
        lab.settle()
    kept = json.loads((server.root / "encounter.json").read_text(encoding="utf-8"))
    assert list(kept["predictions"].values()) == [{"requests at the busiest of ten": [0, "requests"]}]
    assert kept["quizzes"]["02"][0] == 1 and kept["quizzes"]["02"][1] == 1
