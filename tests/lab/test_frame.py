"""The frame: one signature for a result and its widget, the line that makes it again, stills, what is found where."""

import inspect
import pickle
import re
import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import lbcore
from lbcore import RoundRobin
from lbcore.lab import balance, choice, exhibits, predict, ring, show, slider
from lbcore.lab.frame.panel import Panel
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.show import source
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.words import Guess
from lbcore.lab.frame.written import code, line
from lbcore.selectors import reference


def test_constants_give_the_result_and_a_control_in_a_constants_place_the_widget():
    result, panel = ring(3, after=11), ring(slider(1, 9, start=3), after=11)
    assert isinstance(result, Result) and isinstance(panel, Panel)
    assert panel.result == result and panel.code == "ring(3, after=11)"
    panel.controls["virtual_nodes"].value = 9
    assert panel.result == ring(9, after=11) and panel.code == "ring(9, after=11)"
    veiled = ring(3, prediction=predict("largest share", 0, 100))
    assert isinstance(veiled, Panel) and veiled.veiled and not veiled.controls


def test_a_control_inside_a_list():
    panel = balance(lbcore.WeightedRandom, weights=[slider(1, 9, start=5), 1, choice(1, 2)], requests=70)
    assert list(panel.controls) == ["weights[0]", "weights[2]"]
    assert panel.controls["weights[2]"].label == "weight of node-2"
    panel.controls["weights[2]"].value = 2
    assert panel.code == "balance(WeightedRandom, weights=[5, 1, 2], requests=70)"


def test_what_python_refuses_is_refused_in_its_words():
    with pytest.raises(TypeError, match="unexpected keyword argument 'node'"):
        ring(node=3)
    with pytest.raises(TypeError, match="multiple values for argument 'virtual_nodes'"):
        ring(slider(1, 9), virtual_nodes=3)
    assert "unexpected keyword argument 'node'" in ring(slider(1, 9), node=3).sentence


@pytest.mark.parametrize("name", exhibits.names())
def test_an_exhibit_is_a_function_with_a_signature_of_its_own(name):
    exhibit = exhibits.find(name)
    assert inspect.isfunction(exhibit) and exhibit.__name__ == name and exhibit.__doc__
    assert pickle.loads(pickle.dumps(exhibit)) is exhibit
    module = sys.modules[exhibit.__module__]
    assert module.__doc__ and module.__name__.rpartition(".")[2] == name
    parameters = inspect.signature(exhibit).parameters.values()
    assert parameters and not any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_000, "1_000"),
        (True, "True"),
        (0.25, "0.25"),
        ("a", "'a'"),
        ((1, 2_000), "[1, 2_000]"),
        (RoundRobin, "RoundRobin"),
        (reference.RoundRobin, "reference.RoundRobin"),
        (RoundRobin(3), "RoundRobin(3)"),
        ({"a": RoundRobin}, "{'a': RoundRobin}"),
        (None, "None"),
    ],
)
def test_a_value_as_somebody_would_type_it(value, text):
    assert code(value) == text


def test_a_call_as_somebody_would_type_it():
    assert line("ring", {"virtual_nodes": 3, "after": 11}, 1) == "ring(3, after=11)"
    assert line("f", {"keys": list(range(100))}, 0) == "f(keys=keys)"


def shown(thing):
    """The outputs of a cell that ends in this thing."""
    shell = InteractiveShell.instance()
    with capture_output() as captured:
        data, _ = shell.display_formatter.format(thing)
    return [output.data for output in captured.outputs] or [data]


def test_a_result_shows_itself():
    [data] = shown(ring(3))
    sentence = ring(3).sentence()
    assert data["text/plain"] == sentence == repr(ring(3))
    # Drawn for a narrow place and for a wide one, of which one is shown.
    assert data["text/html"].count("<img") == data["text/html"].count(f'alt="{sentence}"') == 2


@pytest.mark.parametrize(
    "make", [lambda: ring(slider(1, 9)), lambda: predict("x", 0, 9), lambda: lbcore.lab.quiz("02")]
)
def test_a_widget_shows_its_still_first_and_then_itself(make):
    widget = make()
    still, alive = shown(widget)
    assert 'class="lbcore-still"' in still["text/html"] and "Run All Cells" in still["text/html"]
    assert still["text/plain"] == alive["text/plain"] == repr(widget)
    assert "application/vnd.jupyter.widget-view+json" in alive and "lbcore-alive" in widget._dom_classes
    # A `:has` in another would drop the whole rule.
    depth = deepest = 0
    for token in re.findall(r":has\(|\(|\)", re.search("<style>(.*?)</style>", still["text/html"])[1]):
        depth += {":has(": 1, ")": -1}.get(token, 0) if token != "(" else 0
        deepest = max(deepest, depth)
    assert deepest <= 2  # :not(:has()) is one inside :not


def test_a_veil_that_lifts_puts_the_picture_into_the_still():
    said = predict("largest share", 0, 100)
    panel = ring(slider(1, 9), prediction=said)
    assert "<img" not in shown(panel)[0]["text/html"]
    with capture_output() as captured:
        said.commit()
    updates = [output.data["text/html"] for output in captured.outputs if "text/html" in output.data]
    assert any("<img" in html and "You said 0" in html for html in updates)


def test_names_of_a_user_cannot_write_html():
    html = shown(balance(RoundRobin(["<b>", "a&b"]), 10))[0]["text/html"]
    assert "<b>" not in html


def test_what_is_no_result_has_no_picture():
    with pytest.raises(TypeError, match="result: there is no picture of a dict"):
        figure({})
    with pytest.raises(TypeError, match="result: there is no picture of a MovesRow"):
        figure(lbcore.lab.moves(lbcore.ModuloHash, keys=9).rows[0])
    assert "you: 3" in str(
        [text.get_text() for text in figure(ring(3), Guess(3, "")).findobj() if hasattr(text, "get_text")]
    )


def test_the_source_of_a_twin():
    assert source(reference.RoundRobin).startswith("class RoundRobin")
    with pytest.raises(TypeError, match="RoundRobin has no Python source"):
        show(lbcore.RoundRobin)


def test_the_lab_loads_what_is_asked_for_and_no_more():
    code = (
        "import sys, lbcore.lab, lbcore.lab.exhibits.retries._metastable; "
        "print(sorted({'matplotlib', 'ipywidgets', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
    with pytest.raises(AttributeError, match=r"lbcore\.lab has no 'rings'; it has FirstOfEquals, Trusting, agreement"):
        lbcore.lab.rings  # noqa: B018
