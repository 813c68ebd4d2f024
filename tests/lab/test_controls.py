"""The controls: what a slider or a choice can say, what it refuses, and that Python and the front end agree."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lbcore
from lbcore.lab import balance, predict
from lbcore.lab.frame import controls
from lbcore.lab.frame.controls import Choice, ChoiceSpec, Slider, SliderSpec, choice, deal_again, slider


def values(spec):
    return [spec.value_at(position) for position in range(spec.positions + 1)]


def test_a_linear_slider_reaches_every_step_and_both_ends():
    assert values(slider(2, 6)) == [2, 3, 4, 5, 6]
    assert values(slider(0, 25, step=10)) == [0, 10, 20, 25]
    assert values(slider(0, 1, step=0.1)) == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
    assert all(type(v) is int for v in values(slider(0, 5)))
    assert all(type(v) is float for v in values(slider(0, 5, step=1.0)))


def test_a_log_slider_has_round_values_and_both_ends():
    spec = slider(10, 1_000_000, start=1_000)
    assert spec.scale == "log"
    assert spec.ticks[0] == 10
    assert spec.ticks[-1] == 1_000_000
    assert spec.ticks[:21] == (10, 11, 12, 14, 16, 18, 20, 22, 25, 28, 32, 35, 40, 45, 50, 55, 60, 70, 80, 90, 100)
    assert len(spec.ticks) == 101
    assert values(slider(1, 10, scale="log")) == list(range(1, 11))
    assert slider(7, 8_888, start=1_234).ticks[0] == 7
    assert 1_234 in slider(7, 8_888, start=1_234).ticks


def test_a_step_may_go_into_the_range_but_for_a_rounding():
    assert values(slider(0.01, 0.03, step=0.02)) == [0.01, 0.03]
    assert values(slider(0.1, 0.4, step=0.1)) == [0.1, 0.2, 0.3, 0.4]
    assert slider(0, 2**53).high == 2**53


def test_log_is_the_default_from_a_thousandfold_range_on():
    assert slider(1, 999).scale == "linear"
    assert slider(1, 1000).scale == "log"
    assert slider(1, 1000, scale="linear").scale == "linear"
    assert slider(0, 1_000_000).scale == "linear"


def test_start_is_low_unless_told():
    assert slider(3, 9).start == 3
    assert slider(3, 9, 5).start == 5
    assert slider(3, np.int64(9), np.int32(5)) == slider(3, 9, 5)
    assert type(slider(3, np.int64(9)).high) is int


@given(low=st.integers(-(10**6), 10**6), width=st.integers(1, 10**6), step=st.integers(1, 10**4), log=st.booleans())
def test_any_whole_slider_rises_from_low_to_high(low, width, step, log):
    step = min(step, width)
    log = log and low > 0
    spec = slider(low, low + width, step=step, scale="log" if log else "linear")
    last = spec.positions
    some = sorted({0, 1, last // 3, last // 2, last - 1, last})
    seen = [spec.value_at(position) for position in some]
    assert seen[0] == low
    assert seen[-1] == low + width
    assert all(type(v) is int for v in seen)
    assert seen == sorted(set(seen))


@given(
    low=st.integers(1, 500),
    width=st.integers(2, 500),
    step=st.sampled_from([0.1, 0.05, 0.25, 0.5, 0.001]),
    log=st.booleans(),
)
def test_any_slider_of_fractions_has_short_numbers(low, width, step, log):
    spec = slider(low / 100, (low + width) / 100, step=min(step, width / 100), scale="log" if log else "linear")
    seen = values(spec)
    assert seen[0] == spec.low
    assert seen[-1] == spec.high
    assert seen == sorted(set(seen))
    assert all(spec.check(v) == v and len(repr(v)) <= 8 for v in seen)


BAD_SLIDERS = [
    ({"low": 5, "high": 5}, ValueError, "low: 5 is not below high=5"),
    ({"low": 6, "high": 5}, ValueError, "low: 6 is not below high=5"),
    ({"low": 0, "high": 5, "start": 6}, ValueError, "start: 6 is not between low=0 and high=5"),
    ({"low": 0, "high": 5, "start": -1}, ValueError, "start: -1 is not between"),
    ({"low": 0, "high": math.inf}, ValueError, "high: inf is not a finite number"),
    ({"low": math.nan, "high": 1}, ValueError, "low: nan is not a finite number"),
    ({"low": 0, "high": 1, "start": math.nan}, ValueError, "start: nan is not a finite number"),
    ({"low": 0, "high": 10, "scale": "log"}, ValueError, "low: 0 must be above 0 on a log scale"),
    ({"low": -1, "high": 10, "scale": "log"}, ValueError, "low: -1 must be above 0"),
    ({"low": 1, "high": 10, "scale": "cubic"}, ValueError, "scale: 'cubic' is neither 'linear' nor 'log'"),
    ({"low": 1, "high": 10, "step": 0}, ValueError, "step: 0 is not above 0"),
    ({"low": 1, "high": 10, "step": -1}, ValueError, "step: -1 is not above 0"),
    ({"low": 1, "high": 10, "step": 10}, ValueError, "step: 10 is more than the whole way"),
    ({"low": 1, "high": 10, "step": math.inf}, ValueError, "step: inf is not a finite number"),
    ({"low": 0.5, "high": 10}, ValueError, "low: 0.5 is not a whole number"),
    ({"low": 0, "high": 10, "start": 2.5}, ValueError, "start: 2.5 is not a whole number"),
    ({"low": 0, "high": 10**400}, TypeError, "high: expected a number"),
    ({"low": 0, "high": 10**30}, ValueError, "high: 1000000000000000000000000000000 is beyond 2**53"),
    ({"low": "0", "high": 10}, TypeError, "low: expected a number, got '0'"),
    ({"low": 0, "high": True}, TypeError, "high: expected a number, got True"),
    ({"low": None, "high": 1}, TypeError, "low: expected a number, got NoneType"),
    ({"low": 0, "high": [1]}, TypeError, "high: expected a number, got list"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_SLIDERS)
def test_a_bad_slider_says_what_is_wrong(arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        slider(**arguments)
    with pytest.raises(error, match=re.escape(message)):
        SliderSpec(**arguments)


def test_text_has_thousands_and_a_unit():
    assert slider(10, 1_000_000).text(123456, "requests") == "123,456 requests"
    assert slider(0, 1, step=0.05).text(0.5) == "0.50"
    assert slider(0, 1, step=0.1).text(0.333) == "0.333"
    assert slider(0, 1, step=0.1).text(1 / 3) == "0.333333"


def test_slider_takes_what_is_in_range_and_refuses_the_rest():
    control = Slider("requests", slider(10, 1000, start=100), unit="requests")
    seen = []
    control.observe(lambda change: seen.append(change["new"]), "value")
    control.value = 555
    control.value = np.int64(77)
    control.value = 80.0
    assert seen == [555, 77, 80]
    assert type(control.value) is int
    for bad, error in (
        (9, ValueError),
        (1001, ValueError),
        (math.nan, ValueError),
        (10.5, ValueError),
        ("50", TypeError),
        (None, TypeError),
        (True, TypeError),
    ):
        with pytest.raises(error, match="value: "):
            control.value = bad
        assert control.value == 80
    assert seen == [555, 77, 80]
    assert repr(control) == "requests: 80 requests" == control._repr_mimebundle_()[0]["text/plain"]


def test_a_front_end_can_set_the_value():
    control = Slider("share", slider(0, 1, start=0.5, step=0.1))
    control.set_state({"value": 1})  # JSON has no 1.0
    assert control.value == 1.0
    assert type(control.value) is float
    listing = Choice("algorithm", choice("a", "b", "c"))
    listing.set_state({"index": 2})
    assert listing.value == "c"


def test_the_front_end_is_told_all_it_needs():
    state = Slider("requests", slider(10, 1_000_000, start=1_000), unit="requests").get_state()
    assert (state["label"], state["unit"]) == ("requests", "requests")
    spec = slider(10, 1_000_000, start=1_000)
    assert state["ticks"] == list(spec.ticks)
    assert state["positions"] == spec.positions
    assert state["value"] == 1_000
    state = Slider("share", slider(0, 1, step=0.05)).get_state()
    assert (state["low"], state["high"], state["step"], state["decimals"], state["positions"]) == (0, 1, 0.05, 2, 20)
    asked = set(re.findall(r'model\.get\("(\w+)"\)', (Path(controls.__file__).with_suffix(".js")).read_text()))
    known = set(state) | set(Choice("c", choice("a")).get_state()) | set(predict("q", 0, 1).slider.get_state())
    assert asked <= known


class One:
    pass


class Two:
    pass


def test_choice_holds_any_options():
    control = Choice("class", choice(One, Two, start=Two))
    assert control.labels == ["One", "Two"]
    assert control.value is Two
    assert control.index == 1
    seen = []
    control.observe(lambda change: seen.append(change["new"]), "value")
    control.value = One
    control.index = 1
    assert seen == [One, Two]
    assert repr(control) == "class: Two"
    assert Choice("slots", choice(16, 16384)).labels == ["16", "16,384"]


def test_an_option_is_found_as_itself_before_its_equal():
    assert [choice(1, True, 2).index(option) for option in (1, True, 2, 2.0)] == [0, 1, 2, 2]


def test_choice_refuses_what_is_no_option():
    control = Choice("order", choice("burst", "smooth"))
    with pytest.raises(ValueError, match="value: 'other' is none of the options: burst, smooth"):
        control.value = "other"
    for index in (-1, 2):
        with pytest.raises(ValueError, match="index: "):
            control.index = index
    assert (control.value, control.index) == ("burst", 0)


@pytest.mark.parametrize(
    ("options", "start", "message"),
    [
        ((), None, "options: a choice needs at least one"),
        (("a", "b", "a"), None, "options: 'a' is there twice"),
        ((1, "1"), None, "options: '1' is there twice"),
        (("a", " "), None, "options: an option has no text"),
        (("a", "b"), "c", "start: 'c' is none of the options: a, b"),
    ],
)
def test_a_bad_choice_says_what_is_wrong(options, start, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        choice(*options, start=start)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Slider("", slider(0, 1)), ValueError),
        (lambda: Slider(3, slider(0, 1)), TypeError),
        (lambda: Slider("requests", (0, 1)), TypeError),
        (lambda: Slider("requests", choice("a")), TypeError),
        (lambda: Choice("", choice("a")), ValueError),
        (lambda: Choice("requests", slider(0, 1)), TypeError),
    ],
)
def test_a_control_needs_a_name_and_a_spec(make, error):
    with pytest.raises(error):
        make()


def test_specs_are_frozen():
    with pytest.raises(AttributeError):
        slider(0, 1).low = 3
    with pytest.raises(AttributeError):
        choice("a").start = "b"
    assert isinstance(choice("a"), ChoiceSpec)


def test_nothing_is_fetched():
    lab = Path(controls.__file__).parents[1]
    for name in ("frame/controls", "student/quiz"):
        for kind in (".js", ".css"):
            text = (lab / (name + kind)).read_text()
            assert "http" not in text
            assert "import " not in text
            assert "innerHTML" not in text


def test_a_widget_that_deals_again_has_a_seed_after_another():
    """The seed takes the place of the exhibit's own, and a prediction stays where it was made."""
    panel = balance(lbcore.Random, nodes=10, requests=1_000, seed=deal_again(7), prediction=101)
    button = panel.controls["seed"]
    assert (button.kind, button.value, button.high) == ("again", 7, 9_999)
    first = panel.result.counts.tolist()
    button.value = 8
    assert panel.result.counts.tolist() == balance(lbcore.Random, nodes=10, requests=1_000, seed=8).counts.tolist()
    assert panel.result.counts.tolist() != first and "seed=8" in panel.board.code
    assert "You said 101. To expect:" in panel.board.sentence
