"""The quizzes: every file is well formed, a bad one is refused, answers travel, and the numbers are right."""

import re

import numpy as np
import pytest
from scipy import stats

from lbcore import LeastConnections, RoundRobin, TwoChoices
from lbcore.faults import Exponential, amplification
from lbcore.lab import cascade, failover, latency, shares
from lbcore.lab.exhibits.retries._metastable import metastable
from lbcore.lab.student.quiz import Quiz, load, parse, quiz
from lbcore.selectors import reference

LESSONS = ("01", "02", "03", "04", "05", "06", "07", "08", "09")


def source(questions=3, choices=3, right=0, **replaced):
    lines = []
    for q in range(questions):
        lines += ["[[question]]", f'text = "Question {q}?"']
        for c in range(choices):
            lines += ["[[question.choice]]", f'text = "choice {c}"', f'feedback = "feedback {c}"']
            lines += ["right = true"] if c == right else []
    text = "\n".join(lines)
    for old, new in replaced.get("replace", ()):
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_three_good_questions(lesson):
    questions = load(lesson)
    assert len(questions) == 3
    for question in questions:
        assert question.text.endswith("?")
        assert len(question.choices) >= 3
        assert sum(c.right for c in question.choices) == 1
        assert question.choices[question.right].right
        for text in (question.text, *(c.text for c in question.choices), *(c.feedback for c in question.choices)):
            assert text == text.strip()
            assert text.count("`") % 2 == 0
            assert text.isascii()
        assert all(c.feedback.endswith((".", "?")) for c in question.choices)


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_right_choice_is_not_always_at_the_same_place(lesson):
    assert len({question.right for question in load(lesson)}) > 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (source(questions=2), "bad: 2 questions, a quiz has 3"),
        ("", "bad: 0 questions, a quiz has 3"),
        (source(choices=2), "bad, question 1: 2 choices, at least 3 are needed"),
        (source(right=9), "bad, question 1: exactly one choice must be right"),
        (
            source(replace=[('feedback = "feedback 1"', 'right = true\nfeedback = "feedback 1"')]),
            "exactly one choice must be right",
        ),
        (source(replace=[('text = "choice 1"', 'text = "choice 0"')]), "bad, question 1: 'choice 0' is there twice"),
        (source(replace=[('"feedback 1"', '"feedback 0"')]), "bad, question 1: 'feedback 0' is there twice"),
        (source(replace=[("Question 1?", "Question 0?")]), "bad: 'Question 0?' is there twice"),
        (
            source(replace=[('feedback = "feedback 2"', "")]),
            "bad, question 1, choice 3: 'feedback' is missing or empty",
        ),
        (source(replace=[('"feedback 2"', '" "')]), "'feedback' is missing or empty"),
        (source(replace=[('text = "Question 2?"', "")]), "bad, question 3: 'text' is missing or empty"),
        (source(replace=[("right = true", 'right = "yes"')]), "bad, question 1, choice 1: 'right' is true or false"),
        (source(replace=[("right = true", "rihgt = true")]), "'rihgt' is not known here"),
        (source(replace=[('text = "Question 1?"', 'text = "Question 1?"\nhint = "2"')]), "'hint' is not known here"),
        ("[[questions]]", "'questions' is not known here"),
        ("text = ", "bad: "),
        ("question = [1, 2, 3]", "bad, question 1: expected a table"),
    ],
)
def test_a_bad_quiz_is_refused(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(text, "bad")


def test_the_good_source_of_these_tests_is_good():
    assert len(parse(source(), "good")) == 3


def test_a_text_may_go_over_several_lines():
    text = source(replace=[('text = "Question 0?"', 'text = """Question\n    naught,\n  the  first?"""')])
    assert parse(text, "good")[0].text == "Question naught, the first?"


def test_the_front_end_is_told_the_questions_as_they_are():
    told = [(q["text"], [(c["text"], c["right"], c["feedback"]) for c in q["choices"]]) for q in quiz("02")._content]
    assert told == [(q.text, [(c.text, c.right, c.feedback) for c in q.choices]) for q in load("02")]


def test_an_unknown_lesson_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"lesson: there is no quiz '99'; there are 01, 02, 03, 04, 05, 06"):
        quiz("99")


def test_answers_are_kept_and_checked():
    widget = quiz("02")
    assert isinstance(widget, Quiz)
    assert repr(widget) == "Quiz 02: 3 questions, 0 answered, 0 right"
    assert widget._repr_mimebundle_()[0]["text/plain"] == repr(widget)
    widget.set_state({"answers": [1, None, 2]})
    assert widget.answers == [1, None, 2]
    assert repr(widget) == "Quiz 02: 3 questions, 2 answered, 1 right"
    for bad in ([0], [0, 0, 3], [-1, 0, 0]):
        with pytest.raises(ValueError, match="answers: "):
            widget.answers = bad
    assert widget.answers == [1, None, 2]
    assert quiz("02").answers == [None, None, None]


def said(lesson, question, choice):
    return load(lesson)[question].choices[choice].feedback


def test_the_numbers_of_lesson_01():
    twins = [reference.RoundRobin(4) for _ in range(6)]
    counts = np.bincount([twin.select() for twin in twins for _ in range(1_001)])
    assert counts.tolist() == [1_506, 1_500, 1_500, 1_500]
    assert "gets 1,506 requests, and the others 1,500" in said("01", 0, 2)
    assert "251 at node 0, 250 at the others" in said("01", 0, 0)
    assert load("01")[0].choices[1].text == "By six requests" and "1,506 and 1,500" in said("01", 0, 1)
    load_of_all = 0.4 * 3.5
    assert round(load_of_all / 4 / 0.5, 4) == 0.7 and round(load_of_all / 4, 4) == 0.35
    assert "it is 70 % busy, and the others 35 %" in said("01", 1, 2)
    assert [choice.text for choice in load("01")[1].choices[1:]] == ["35 %", "70 %"]


def test_the_numbers_of_lesson_02():
    assert round((131 - 100) / stats.binom.std(1000, 0.1), 1) == 3.3
    assert "3.3" in said("02", 0, 1)
    rng = np.random.default_rng(1)
    busiest = rng.multinomial(1000, [0.1] * 10, size=200_000).max(axis=1)
    assert abs((busiest >= 131).mean() - 0.0097) < 0.001
    assert "0.97 %" in said("02", 0, 1)
    # No node can be counted twice by more than this: the exact value lies between these two.
    one = stats.binom.sf(130, 1000, 0.1)
    assert 10 * one - 45 * one**2 < 0.0097 < 10 * one + 1e-4
    assert abs(busiest.mean() - 116) < 0.5
    assert "about 116" in said("02", 0, 2)
    many = rng.multinomial(1_000_000, [0.1] * 10, size=20_000).max(axis=1)
    assert abs(many.mean() - 100_000 - 490) < 10
    assert "about 490" in said("02", 1, 0)


def test_the_choices_of_lesson_02():
    rng = np.random.default_rng(3)
    means = []
    for draws in (1, 2, 3):
        total = 0
        for _ in range(400):
            counts = [0] * 100
            for _ in range(100):
                drawn = rng.permutation(100)[:draws] if draws > 1 else [rng.integers(100)]
                counts[min(drawn, key=counts.__getitem__)] += 1
            total += max(counts)
        means.append(total / 400)
    assert abs(means[0] - 4.24) < 0.15
    assert abs(means[1] - 2.55) < 0.1
    assert abs(means[2] - 2.04) < 0.05
    assert "1.7" in said("02", 2, 0)
    assert "0.5" in said("02", 2, 0)


def test_the_numbers_of_lesson_03():
    twin = reference.WeightedRoundRobin([3, 2])
    credits, picks = [], []
    for _ in range(5):
        credits.append([c + w for c, w in zip(twin.credit, twin.weights, strict=True)])
        picks.append(twin.select())
    assert picks == [0, 1, 0, 1, 0]
    assert twin.credit == [0, 0]
    assert load("03")[1].choices[1].text == " ".join(map(str, picks))
    assert credits == [[3, 2], [1, 4], [4, 1], [2, 3], [5, 0]]
    assert "3 2, then 1 4, 4 1, 2 3 and 5 0" in said("03", 1, 1)

    def longest(selector):
        picks = [selector.select() for _ in range(1000)]
        runs = np.diff(np.flatnonzero(np.diff([-1, *picks, -1])))
        return int(runs.max()), picks.count(0)

    assert longest(reference.BurstRoundRobin([50, 50])) == (50, 500)
    assert longest(reference.WeightedRoundRobin([50, 50])) == (1, 500)


def test_the_numbers_of_lesson_04():
    keys = np.arange(110 * 90)
    assert (keys % 10 == keys % 9).mean() == pytest.approx(1 / 10)
    assert "one key in ten stays" in said("04", 0, 2)
    assert round(0.3 + 0.7 / 10, 2) == 0.37
    slots = reference.HashSlots(10, 1024)
    before = list(slots.owner)
    slots.add()
    moved = [slot for slot in range(1024) if slots.owner[slot] != before[slot]]
    assert len(moved) == 1024 // 11
    assert {slots.owner[slot] for slot in moved} == {10}
    assert f"{16384 / 11:,.1f}" == "1,489.5"
    assert "1,489.5" in said("04", 2, 2)


def test_the_numbers_of_lesson_05():
    peaks = [10 * np.random.default_rng(5).dirichlet([v] * 10, 40_000).max(axis=1).mean() for v in (1, 100)]
    assert peaks == pytest.approx([2.93, 1.16], abs=0.02)
    assert round(sum(1 / k for k in range(1, 11)), 2) == 2.93 and "2.93 times the mean of 10 %" in said("05", 1, 1)
    assert "1.16 times, 11.6 %" in said("05", 1, 1) and load("05")[1].choices[1].text == "About 29 %"
    before, after = (reference.HashRing([1] * n, 100) for n in (10, 11))
    picks = [(before.select(key), after.select(key)) for key in range(2_000)]
    moved = {now for was, now in picks if was != now}
    assert moved == {10} and abs(sum(was != now for was, now in picks) / 2_000 - 1 / 11) < 0.03
    assert round(0.3 + 0.7 / 10, 2) == 0.37 and load("05")[2].choices[2].text.endswith("37 %")


def test_the_numbers_of_lesson_06():
    slow = 0.25 * 4.25 / 5 / 0.25
    assert round(slow, 4) == 0.85 and load("06")[0].choices[1].text == "85 %"
    assert round(0.25 * 4.25, 2) == 1.06 and round(slow / 4, 4) == 0.2125 and "0.2125 to each" in said("06", 0, 1)
    uneven = latency(RoundRobin, 25, speeds=[1, 1, 1, 1, 0.25])
    assert uneven.rows[0].utilisation.tolist() == pytest.approx([slow / 4] * 4 + [slow], abs=0.02)
    turns, views = latency(RoundRobin).rows[0].p99, [latency(TwoChoices, age=age).rows[0].p99 for age in (0, 3, 6, 9)]
    assert views[2] < turns < views[3] and "up to an age of about seven service times they are better" in said(
        "06", 1, 2
    )
    told = "At a load of 80 % and an age of three its p99 is 10, where a fresh view gives 8"
    assert [round(p99) for p99 in views[:2]] == [8, 10] and told in said("06", 1, 0)
    assert shares(LeastConnections, nodes=8, broken=7, workers=4).told(0) == pytest.approx(60, abs=4)
    assert 80 / 2 == 40 and "60 % of the requests" in load("06")[2].text and "forty times" in said("06", 2, 1)


def test_the_numbers_of_lesson_08():
    runs = [failover(6, rate_per_s=60.0, service_s=0.01, at_s=5 + i / 10, back_s=14.0, seconds=9.0) for i in range(10)]
    assert 2.3 < np.mean([one.noticed_s - one.setting.at_s for one in runs]) < 2.7
    assert 23 < np.mean([len(one.caught) for one in runs]) < 27
    assert load("08")[0].choices[1].text == "About 25: 10 a second for about 2.5 s"
    assert 60 * 2.5 == 150 and "About 150" in load("08")[0].choices[2].text
    assert cascade(3, load=70).after == pytest.approx(105)
    assert load("08")[2].choices[2].text == "105 %: 70 % times 3/2"
    assert round(70 * 4 / 3) == 93 and round(100 * 2 / 3) == 67


def test_the_numbers_of_lesson_09():
    assert amplification(0.2, 2) == pytest.approx(1.24) and amplification(1.0, 2) == 3
    assert load("09")[0].choices[1].text == "1.24 times as much: 1 + 0.2 + 0.04" and "1.24" in said("09", 0, 0)
    # 100 x (1 - x) x 3 < 200 where x is above a third, and < 100 where it is above two thirds.
    assert [choice.right for choice in load("09")[1].choices] == [False, False, True]
    for away in (0, 1 / 4, 2 / 3):
        how = {"capacity_per_s": 200, "restart_s": 25, "turned_away": away, "until_s": 50, "seed": 1}
        assert metastable(160, 2, outage_s=5, **how).recovered is (160 * (1 - away) * 3 < 200) is (away == 2 / 3)
    waits = [Exponential(1.0).wait_s(retry, 0.0, reference.Draws(0)) for retry in (1, 2, 3, 4)]
    assert waits == [1, 2, 4, 8] and np.cumsum(waits).tolist() == [1, 3, 7, 15]
    assert load("09")[2].choices[0].text.endswith("after 1, 3, 7 and 15 s")
