"""What a cell shows: a source, and a result as a still picture with its sentence."""

import base64
import html
import io
import re

import pytest
from IPython.display import Markdown
from IPython.utils.capture import capture_output
from PIL import Image

from lbcore import Random, RoundRobin, TwoChoices, WeightedRoundRobin
from lbcore.lab import balance, growth, luck, sequence, show
from lbcore.lab.frame import show as showing
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
def test_a_result_is_one_small_sharp_image_with_its_sentence(name):
    result = RESULTS[name]()
    for prediction, shown in ((None, result._repr_mimebundle_()), (105, bundle(result, 105))):
        alt, data, caption = re.search(
            r'<img [^>]*alt="(.+?)".*?base64,([^"]+)".*<figcaption[^>]*>(.*?)<', shown["text/html"], re.DOTALL
        ).groups()
        png = base64.b64decode(data)
        assert len(png) < 60_000
        assert Image.open(io.BytesIO(png)).width >= 1100
        assert alt == shown["text/plain"] and html.unescape(caption) == result.caption(html.unescape(alt))
        assert shown["text/plain"].startswith(result.sentence()) and ("You said 105" in alt) == (prediction == 105)


def test_the_sentence_cannot_break_out_of_its_tag():
    shown = balance(RoundRobin(['a"><script>', "b"]), 3, down=[0])._repr_mimebundle_()
    assert "<script>" in shown["text/plain"] and "<script>" not in shown["text/html"]


def test_nothing_is_printed():
    with capture_output() as captured:
        balance(Random, 10)._repr_mimebundle_()
    assert captured.stderr == captured.stdout == ""
