"""A prediction stands once it is committed, and can be committed again."""

import pytest

from lbcore.lab import predict


def test_there_is_no_value_before_the_button():
    asked = predict("requests at the busiest of 10 nodes", 100, 200)
    asked.slider.value = 150
    assert asked.value is None and not asked.committed
    assert repr(asked) == "requests at the busiest of 10 nodes: no prediction yet"


def test_the_button_commits_and_commits_again():
    asked, seen = predict("keys that move", 0, 100, "%"), []
    asked.observe(lambda change: seen.append(change["new"]), names="value")
    asked.slider.value = 9
    asked.button.click()
    assert (asked.value, asked.committed, asked.unit) == (9, True, "%")
    assert "9 %" in asked.said.value and repr(asked) == "keys that move: you predict 9 %"
    asked.slider.value = 91
    assert asked.value == 9
    asked.button.click()
    asked.button.click()
    assert asked.value == 91 and seen == [9, 91]


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
