"""What a lesson prints: a source, and a still picture with its sentence."""

import base64
import io
import re

import pytest
from IPython.core.displaypub import DisplayPublisher
from IPython.utils.capture import capture_output
from PIL import Image

from lbcore import Random, RoundRobin, TwoChoices, WeightedRoundRobin
from lbcore.lab import experiments, picture, show
from lbcore.lab.summaries import summary
from lbcore.selectors import reference


@pytest.fixture
def shown(monkeypatch):
    """The displayed data, in order."""
    seen = []

    class Publisher(DisplayPublisher):
        def publish(self, data, *args, **kwargs):
            seen.append(data)

    class Shell:
        display_pub = Publisher()
        display_formatter = None

    from IPython.core import display_functions, formatters
    from IPython.core.interactiveshell import InteractiveShell

    shell = Shell()
    shell.display_formatter = formatters.DisplayFormatter()
    monkeypatch.setattr(InteractiveShell, "initialized", classmethod(lambda cls: True))
    monkeypatch.setattr(InteractiveShell, "instance", classmethod(lambda cls: shell))
    assert display_functions
    return seen


def test_the_source_of_a_twin_is_shown_as_python(shown):
    show(reference.RoundRobin)
    text = shown[0]["text/markdown"]
    assert text.startswith("```python\nclass RoundRobin:") and text.endswith("\n```")
    assert "def select(self)" in text


def test_a_nested_source_loses_its_indentation(shown):
    def inner():
        return 1

    show(inner)
    assert shown[0]["text/markdown"] == "```python\ndef inner():\n    return 1\n```"


@pytest.mark.parametrize("thing", [RoundRobin, 3])
def test_what_has_no_source_is_told(thing):
    with pytest.raises(TypeError, match=r"lbcore\.selectors\.reference"):
        show(thing)


RESULTS = {
    "balance": lambda: experiments.balance(Random(10, seed=7), 1000),
    "balance64": lambda: experiments.balance(Random(64, seed=7), 1_000_000),
    "sequence": lambda: experiments.sequence([WeightedRoundRobin(3, [5, 1, 1]), Random(12, seed=1)], 120),
    "luck": lambda: experiments.luck([Random, TwoChoices], 100, 100, runs=50),
    "growth": lambda: experiments.growth([Random, TwoChoices], 10, 10_000),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_picture_is_one_small_sharp_image_with_its_sentence(shown, name):
    result = RESULTS[name]()
    picture(result, 105)
    assert len(shown) == 1
    tag = shown[0]["text/html"]
    alt, data, caption = re.search(
        r'<img alt="(.+?)".*?base64,([^"]+)".*<figcaption[^>]*>(.*?)<', tag, re.DOTALL
    ).groups()
    png = base64.b64decode(data)
    assert len(png) < 60_000
    assert Image.open(io.BytesIO(png)).width >= 1100
    sentence = summary(result, 105)
    assert alt == caption == shown[0]["text/plain"] == sentence


def test_the_sentence_cannot_break_out_of_its_tag(shown):
    picture(experiments.balance(RoundRobin(['a"><script>', "b"]), 3, down=[0]))
    tag = shown[0]["text/html"]
    assert "<script>" not in tag


def test_nothing_is_printed_to_stderr():
    with capture_output() as captured:
        picture(experiments.balance(Random(3, seed=1), 10))
    assert captured.stderr == ""
