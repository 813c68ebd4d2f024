"""A prediction stands once it is committed, and can be committed again; it is judged by what to expect."""

import numpy as np
import pytest

from lbcore import ModuloHash, Random, RoundRobin
from lbcore.lab import balance, luck, moves, predict, slider
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.words import Expected, Guess, judged, spoken


def press(asked, value):
    """The Commit button, as the page tells of it."""
    asked.slider.set_state({"value": value, "said": [asked.slider.said[0] + 1, value]})


def test_there_is_no_value_before_the_button():
    asked = predict("requests at the busiest of 10 nodes", 100, 200)
    asked.slider.value = 150
    assert asked.value is None and not asked.committed
    assert repr(asked) == "requests at the busiest of 10 nodes: no prediction yet"


def test_the_button_commits_and_commits_again():
    asked, seen = predict("keys that move", 0, 100, "%"), []
    asked.observe(lambda change: seen.append(change["new"]), names="value")
    press(asked, 9)
    assert (asked.value, asked.committed, asked.unit) == (9, True, "%")
    assert "9 %" in asked.said.value and repr(asked) == "keys that move: you predict 9 %"
    asked.slider.value = 91
    assert asked.value == 9
    press(asked, 91)
    press(asked, 91)
    assert asked.value == 91 and seen == [9, 91]


def test_the_value_at_the_press_is_committed():
    """While the kernel is busy what the page holds back becomes one message: moved to 60, pressed, moved on to 70."""
    asked = predict("keys that move", 0, 100, "%")
    asked.slider.set_state({"value": 70, "said": [1, 60]})
    assert asked.value == 60


def test_a_prediction_can_have_fractions_and_a_start():
    asked = predict("the mean", 1, 5, start=2.5, step=0.1)
    asked.commit()
    assert asked.value == 2.5


def test_the_slider_is_linear_and_says_what_is_asked():
    asked = predict("requests", 1, 1_000_000)
    assert asked.slider.spec.scale == "linear"
    assert asked.slider.label == "You predict: requests"


@pytest.mark.parametrize("question", ["", "  ", None, 3])
def test_a_question_is_text(question):
    with pytest.raises(ValueError, match="question"):
        predict(question, 0, 1)


def test_bad_bounds_are_told():
    with pytest.raises(ValueError, match="low"):
        predict("x", 5, 5)


def test_one_run_is_no_measure_of_a_prediction():
    """Who says what is right on average is not told to be off, whatever this one run came to."""
    each = [balance(Random, nodes=10, requests=1_000, seed=seed).busiest for seed in range(200)]
    low, high = np.percentile(each, [5, 95], method="inverted_cdf")
    panel = balance(Random, nodes=10, requests=slider(10, 10_000, start=1_000), prediction=Guess(116, "requests"))
    assert panel.result.busiest == 121
    assert panel.sentence.endswith(
        f"You said 116 requests. To expect: {np.mean(each):.0f} on average, and {low:.0f} to {high:.0f} nine times in "
        "ten (200 seeds). You are inside."
    )
    assert "(300 seeds)" in luck(Random, 10, 100, runs=300, prediction=12).sentence
    fixed = balance(RoundRobin, nodes=10, requests=slider(10, 10_000, start=1_003), prediction=Guess(103, "requests"))
    assert fixed.sentence.endswith("You said 103 requests: off by 2.")
    share = balance(Random, nodes=10, requests=1_000, prediction=Guess(50, "%"))
    assert "You said 50 %. To expect: 11.6 on average" in share.sentence


@pytest.mark.parametrize(
    ("said", "place"),
    [(110, "inside"), (120, "inside"), (90, "17 below that range"), (130, "4 above that range"), (107, "inside")],
)
def test_a_prediction_stands_beside_a_range(said, place):
    assert judged(Guess(said, ""), Expected(115.7, 107.0, 126.0, 200)).endswith(f"You are {place}.")


def test_a_number_has_its_unit():
    assert [
        spoken(*one) for one in ((1, "requests"), (13, "service times"), (2.5, "s"), (1, "s"), (9, "%"), (3, ""))
    ] == [
        "1 request",
        "13 service times",
        "2.50 s",
        "1 s",
        "9 %",
        "3",
    ]


def test_moved_keys_and_their_prediction_are_measured_from_the_same_end():
    fig = figure(moves(ModuloHash, 11), 91.0)
    strip = fig.axes[0]
    (line,) = [line for line in strip.lines if line.get_gid() == "prediction"]
    (moved,) = [bar for bar in strip.patches if bar.get_gid() == "moved"]
    assert line.get_xdata()[0] == 91.0 and moved.get_x() == 0 and round(moved.get_width()) == 91
