"""Themes and sizes in a real JupyterLab: a picture follows the theme under its feet, and has the width of the page."""

import io
import json
import re
from pathlib import Path

import pytest
from labpage import LabPage, opened
from PIL import Image

from lbcore.lab.frame import style
from tests.lessons.test_columns import COLUMNS

CELLS = (
    "from lbcore import LeastConnections, Random, RoundRobin\n"
    "from lbcore.lab import balance, latency, luck, play, predict, race, show, slider\n"
    "from lbcore.selectors import reference",
    "balance(Random, nodes=4, requests=slider(10, 1_000))",
    "balance(Random, nodes=10, requests=slider(10, 1_000))",
    "balance(RoundRobin(5), 100, down=[1])",
    "luck(Random, 10, 100, runs=20)",
    "latency([RoundRobin, LeastConnections], 54, speeds=[1, 1, 1, slider(1, 4)], requests=2_000)",
    "race(RoundRobin(4), LeastConnections(4, stale_s=1.0), patience_s=2)",
    "guess = predict('a question that is much too long for one line beside a slider', low=0, high=9)\nguess",
    "print('insider ' * 60)",
    "show(reference.HashRing)",
)
FILE = "look.ipynb"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
SVG = ".lbcore-panel-picture svg"
#: The size of each text in the live pictures, in CSS pixels.
SIZES = f"""() => [...document.querySelectorAll('{SVG}')].map((svg) => {{
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return Math.min(...[...svg.querySelectorAll('text')].map((text) => parseFloat(getComputedStyle(text).fontSize)))
        * scale;
}})"""
STILL = "img.lbcore-image:visible"
#: The share of its place that each live picture fills.
FILLED = f"""() => [...document.querySelectorAll('{SVG}')].map((svg) =>
    svg.getBoundingClientRect().width / svg.closest('.jp-OutputArea-output').clientWidth)"""


def notebook(cells) -> str:
    code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    made = [{**code, "id": f"cell-{i}", "source": source} for i, source in enumerate(cells)]
    return json.dumps({"cells": made, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def lab(browser, server):
    (server.root / FILE).write_text(notebook(CELLS))
    with opened(browser, server, FILE, viewport={"width": 1280, "height": 1600}) as page:
        page.run_all()
        yield page


def themed(lab: LabPage, theme: str) -> None:
    lab._in_lab(f"await app.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}});")
    light = "true" if theme == "Light" else "false"
    lab.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")
    lab.page.wait_for_timeout(600)


def colours(lab: LabPage) -> list[str]:
    """The ground of the first picture, its writing, and the ground of the page."""
    return lab.page.evaluate(
        f"""() => {{
            const svg = document.querySelector('{SVG}');
            const ground = [...svg.querySelectorAll('path')].map((path) => getComputedStyle(path).fill)[0];
            const page = document.createElement('div');
            page.style.color = 'var(--jp-layout-color0)';
            document.body.append(page);
            const found = [ground, getComputedStyle(svg.querySelector('text')).fill, getComputedStyle(page).color];
            page.remove();
            return found;
        }}"""
    )


def luminance(rgb: str) -> float:
    red, green, blue = (int(part) for part in re.findall(r"\d+", rgb)[:3])
    return style.luminance(f"#{red:02x}{green:02x}{blue:02x}")


def test_an_open_picture_follows_the_theme(lab: LabPage):
    before = lab.page.evaluate(f"document.querySelector('{SVG}').outerHTML")
    for theme in ("Light", "Dark", "Light"):
        themed(lab, theme)
        ground, ink, page = colours(lab)
        assert ground == page
        low, high = sorted((luminance(ground), luminance(ink)))
        assert (high + 0.05) / (low + 0.05) >= 7
        assert (luminance(ground) > luminance(ink)) == (theme == "Light")
    # Nothing was asked of the kernel for it.
    assert lab.page.evaluate(f"document.querySelector('{SVG}').outerHTML") == before


def test_a_still_follows_the_theme_too(lab: LabPage):
    """Its ground is the page's, and a node keeps its colour."""
    for theme in ("Dark", "Light"):
        themed(lab, theme)
        image = Image.open(io.BytesIO(lab.page.locator(STILL).first.screenshot())).convert("RGB")
        assert image.getpixel((1, 1)) == {"Dark": (0x11,) * 3, "Light": (0xFF,) * 3}[theme]
        seen = {"#" + bytes(colour).hex().upper() for _, colour in image.getcolors(2**24)}
        assert {style.COLOURS[0], style.COLOURS[2], style.COLOURS[3]} <= seen


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_it_can_be_read_in_both_themes(lab: LabPage, theme: str):
    themed(lab, theme)
    assert lab.violations() == []
    themed(lab, "Light")


def test_the_player_follows_the_theme(lab: LabPage):
    corner = "[...document.querySelector('canvas').getContext('2d').getImageData(2, 2, 1, 1).data].slice(0, 3)"
    canvas = lab.page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    for theme, ground in (("Dark", [0x11] * 3), ("Light", [0xFF] * 3)):
        themed(lab, theme)
        lab.page.wait_for_function(f"({corner}).join() === '{','.join(map(str, ground))}'")


# 640 is a window of 1280 at a zoom of 200 %.
SIZES_AND_THEMES = [(width, theme) for width in (900, 1600, 1280, 640) for theme in ("Light", "Dark")]


@pytest.mark.parametrize(
    ("width", "theme"),
    [pytest.param(*one, marks=() if one == (900, "Light") else pytest.mark.soak) for one in SIZES_AND_THEMES],
)
def test_at_every_width(lab: LabPage, width: int, theme: str):
    themed(lab, theme)
    lab.page.set_viewport_size({"width": width, "height": 1600})
    lab.page.wait_for_timeout(500)
    lab.settle()
    lab.page.wait_for_timeout(300)
    assert lab.too_wide() == []
    assert lab.violations() == []
    assert all(12 <= size <= 18.5 for size in lab.page.evaluate(SIZES)), lab.page.evaluate(SIZES)
    assert all(filled > 2 / 3 for filled in lab.page.evaluate(FILLED))
    # Stills too, but for those that are drawn for a narrow place.
    stills = lab.page.locator(STILL).evaluate_all(
        "all => all.map((one) => [one.clientWidth, one.closest('.jp-OutputArea-output').clientWidth,"
        "one.classList.contains('lbcore-wide')])"
    )
    assert stills and all(shown > 2 / 3 * room for shown, room, _ in stills)
    for shown, _, wide in stills:
        assert 11 <= shown * style.FONT_PT / (style.WIDE_PT if wide else style.WIDTH_PT) <= 22
    # A slider is long enough to be moved, and its name stands in one line where there is room for it.
    sliders = lab.page.evaluate(
        "() => [...document.querySelectorAll('.lbcore-control')].map((control) => ["
        "control.querySelector('input').clientWidth, control.querySelector('label').clientHeight,"
        "control.querySelector('label').clientWidth, control.clientWidth])"
    )
    assert sliders and all(long >= 100 for long, _, _, _ in sliders)
    assert all(high < 30 for _, high, wide, room in sliders if wide < 0.9 * room)
    buttons = ".jp-OutputArea-output button"
    cut = f"() => [...document.querySelectorAll('{buttons}')].filter((one) => one.scrollWidth > one.clientWidth + 1)"
    assert lab.page.evaluate(f"({cut})().map((one) => one.textContent)") == []
    lab.page.set_viewport_size({"width": 1280, "height": 1600})
    themed(lab, "Light")


def test_printed_text_breaks_between_words_and_shown_code_nowhere(lab: LabPage):
    pre = lab.page.locator(".jp-RenderedText pre").filter(has_text="insider").first
    assert pre.evaluate("pre => getComputedStyle(pre).wordBreak") == "normal"
    code = lab.page.locator(".jp-OutputArea .jp-RenderedMarkdown pre code").first
    assert code.evaluate("code => getComputedStyle(code).whiteSpace") == "pre"
    assert code.evaluate("code => getComputedStyle(code.parentElement).overflowX") == "auto"


def test_a_line_of_code_fits_a_small_window(lab: LabPage):
    """With the list of files open at 900 px; tests/lessons/test_columns.py holds the lessons to it."""
    lab.page.set_viewport_size({"width": 900, "height": 1600})
    lab.page.wait_for_timeout(500)
    room = lab.page.evaluate(
        """() => {
            const line = document.querySelector('.jp-CodeCell .cm-line');
            const range = document.createRange();
            range.selectNodeContents(line);
            const style = getComputedStyle(line);
            const free = document.querySelector('.jp-CodeCell .cm-scroller').clientWidth
                - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
            return free / (range.getBoundingClientRect().width / line.textContent.length);
        }"""
    )
    lab.page.set_viewport_size({"width": 1280, "height": 1600})
    print(f"\n{room:.1f} characters of code fit at 900 px")
    assert room >= COLUMNS


def test_it_logs_no_error(lab: LabPage):
    assert lab.errors() == [] and lab.console_errors == []


def test_the_page_says_every_colour_that_follows_the_theme():
    css = (Path(style.__file__).with_name("panel.css")).read_text(encoding="utf-8")
    said = set(re.findall(r"--lbcore-([a-z-]+):", css))
    assert said == set(style.THEMED.values())
