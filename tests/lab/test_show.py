"""What a cell shows: a source, and a result as a still picture with its sentence."""

import base64
import html
import re
import xml.etree.ElementTree as ElementTree

import pytest
from IPython.display import Markdown
from IPython.utils.capture import capture_output

from lbcore import Random, RoundRobin, TwoChoices, WeightedRoundRobin
from lbcore.lab import balance, growth, luck, sequence, show
from lbcore.lab.frame import show as showing
from lbcore.lab.frame import style
from lbcore.lab.frame.still import bundle
from lbcore.selectors import reference


@pytest.fixture
def shown(monkeypatch):
    """What `show` displays, in order."""
    seen: list[Markdown] = []
    monkeypatch.setattr(showing, "display", seen.append)
    return seen


def test_the_source_of_a_twin_is_shown_as_python(shown):
    show(reference.RoundRobin)
    text = shown[0].data
    assert text.startswith("```python\nclass RoundRobin:") and text.endswith("\n```")
    assert "def select(self)" in text


def test_a_nested_source_loses_its_indentation(shown):
    def inner():
        return 1

    show(inner)
    assert shown[0].data == "```python\ndef inner():\n    return 1\n```"


@pytest.mark.parametrize("thing", [RoundRobin, 3])
def test_what_has_no_source_is_told(thing):
    with pytest.raises(TypeError, match=r"lbcore\.selectors\.reference"):
        show(thing)


RESULTS = {
    "balance": lambda: balance(Random),
    "balance of 64": lambda: balance(Random, 1_000_000, nodes=64),
    "sequence": lambda: sequence([WeightedRoundRobin(3, [5, 1, 1]), Random(12, seed=1)], 120),
    "luck": lambda: luck([Random, TwoChoices], 100, 100, runs=50),
    "growth": lambda: growth([Random, TwoChoices], 10, 10_000),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_a_small_image_for_narrow_and_wide_places_with_its_sentence(name):
    result = RESULTS[name]()
    for prediction, shown in ((None, result._repr_mimebundle_()), (105, bundle(result, 105))):
        pictures = re.findall(
            r'<img [^>]*alt="([^"]+)"[^>]*src="data:image/svg\+xml;base64,([^"]+)"', shown["text/html"]
        )
        caption = re.search(r"<figcaption[^>]*>(.*?)<", shown["text/html"], re.DOTALL)[1]
        widths = []
        for alt, data in pictures:
            svg = base64.b64decode(data)
            assert len(svg) < 120_000
            root = ElementTree.fromstring(svg)
            widths.append(float(root.get("viewBox").split()[2]))
            assert html.unescape(alt) == shown["text/plain"]
            # Both themes are in it, and it takes the size of its place.
            assert "prefers-color-scheme:dark" in root[0].text and "--lbcore-ink:#" in root[0].text
            assert root.get("style") == "stroke-linejoin:round;stroke-linecap:butt"
        assert widths == [style.WIDTH_PT, style.WIDE_PT]
        assert html.unescape(caption) == result.caption(shown["text/plain"])
        said = shown["text/plain"]
        assert said.startswith(result.sentence()) and ("You said 105" in said) == (prediction == 105)


def test_the_sentence_cannot_break_out_of_its_tag():
    shown = balance(RoundRobin(['a"><script>', "b"]), 3, down=[0])._repr_mimebundle_()
    assert "<script>" in shown["text/plain"] and "<script>" not in shown["text/html"]


def test_nothing_is_printed():
    with capture_output() as captured:
        balance(Random, 10)._repr_mimebundle_()
    assert captured.stderr == captured.stdout == ""
