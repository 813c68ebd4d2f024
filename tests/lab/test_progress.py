"""What is done is kept whole or not at all, is there again, and is lost to no other notebook."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from lbcore.lab import check, forget, predict, progress, quiz
from lbcore.lab.frame import notebook
from lbcore.lab.student import progress as progress_module
from lbcore.lab.student.exercises import known
from lbcore.lab.student.progress import keep, kept

QUESTION = "requests at the busiest of 10 nodes"


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("LBCORE_PROGRESS", str(tmp_path / "done.json"))
    return tmp_path / "done.json"


def test_a_prediction_is_there_again(file):
    asked = predict(QUESTION, 0, 300, "requests")
    assert not asked.committed and not file.exists()
    asked.slider.value = 103
    asked.commit()
    again = predict(QUESTION, 0, 300, "requests")
    assert again.committed and again.value == again.slider.value == 103 and "earlier to" in again.said.value
    # Another question, other bounds, another unit: another prediction.
    assert not predict("something else", 0, 300, "requests").committed
    assert not predict(QUESTION, 200, 300, "requests").committed
    assert not predict(QUESTION, 0, 300, "%").committed


def test_answers_of_a_quiz_are_there_again(file):
    made = quiz("02")
    made.answers = [1, None, 0]
    assert quiz("02").answers == [1, None, 0] and quiz("03").answers == [None] * 3
    assert "You answered b." in quiz("02").paper()


def test_an_exercise_that_is_passed_is_kept_and_a_wrong_one_is_not(file, capsys):
    exercise = known()["02-two-choices"]
    check("02-two-choices", type("TwoChoices", (), {}))
    assert not file.exists()
    check("02-two-choices", exercise.right)
    assert kept("passed", "02-two-choices") is True


def test_it_says_what_is_done_and_forgets_it(file, monkeypatch, capsys):
    assert repr(progress()) == "Nothing is done yet: lesson 01 is a good start."
    monkeypatch.setattr(progress_module, "lesson", lambda: "01")
    asked = predict(QUESTION, 0, 300, "requests")
    asked.slider.value = 103
    asked.commit()
    keep(True, "passed", "01-skip-the-dead")
    right = quiz("02")
    right.answers = [question.right for question in right.questions]
    assert repr(progress()).split("\n") == [
        f"Lesson 01: you predicted 103 requests ({QUESTION}) and the exercise 'skip-the-dead' is passed.",
        "Lesson 02: quiz 3 of 3 right.",
    ]
    forget()
    assert "Forgotten" in capsys.readouterr().out and not file.exists()
    assert repr(progress()).startswith("Nothing is done yet") and not predict(QUESTION, 0, 300, "requests").committed


def test_empty_means_none(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(notebook, "shell", lambda: SimpleNamespace(kernel=1, user_ns={}))
    monkeypatch.setenv("LBCORE_PROGRESS", "")
    predict("x", 0, 9).commit()
    forget()
    assert "Nothing is kept here" in repr(progress()) and capsys.readouterr().out.endswith("Nothing is kept here.\n")
    assert list(tmp_path.iterdir()) == []


def test_it_stands_beside_the_lesson(tmp_path, monkeypatch):
    monkeypatch.delenv("LBCORE_PROGRESS", raising=False)
    assert progress_module.place() is None  # no notebook
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(notebook, "shell", lambda: SimpleNamespace(kernel=1, user_ns={}))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert progress_module.place() == tmp_path / ".lbcore-progress.json" and progress_module.lesson() == ""
    lesson = tmp_path / "lessons" / "07_heartbeats.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(lesson))
    assert progress_module.lesson() == ""  # renamed, or gone
    lesson.parent.mkdir()
    lesson.write_text("{}")
    assert progress_module.place() == lesson.parent / ".lbcore-progress.json" and progress_module.lesson() == "07"


def test_two_notebooks_lose_nothing(file):
    code = (
        "import sys; from lbcore.lab.student.progress import keep\n"
        "for i in range(40): keep(i, 'predictions', sys.argv[1], f'question {i}')"
    )
    environment = os.environ | {"LBCORE_PROGRESS": str(file)}
    both = [subprocess.Popen([sys.executable, "-c", code, name], env=environment) for name in ("01", "02")]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    questions = {f"question {i}": i for i in range(40)}
    assert json.loads(file.read_text())["predictions"] == {"01": questions, "02": questions}


def test_a_quiz_that_is_open_twice_loses_no_answer(file):
    one, other = quiz("02"), quiz("02")
    one.answers = [1, None, None]
    other.answers = [None, 0, None]
    assert kept("quizzes", "02") == quiz("02").answers == [1, 0, None]
    one.answers = [2, None, None]  # thought again: what was answered last stands
    assert kept("quizzes", "02") == [2, 0, None]
    # What nobody here wrote is no answer.
    keep([99, "x", None], "quizzes", "02")
    one.answers = [None, None, 1]
    assert kept("quizzes", "02") == [None, None, 1]


def test_a_write_that_breaks_off_leaves_what_was_there(file, monkeypatch):
    keep(3, "predictions", "01", "a")
    before = file.read_text()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    keep(4, "predictions", "01", "b")
    assert file.read_text() == before and {path.name for path in file.parent.iterdir()} == {
        file.name,
        f"{file.name}.lock",
    }
    assert "The last of it could not be kept" in repr(progress()) and "No space left" in repr(progress())


def test_a_lock_that_is_held_is_waited_for_and_then_told(file, monkeypatch):
    monkeypatch.setattr(progress_module, "PATIENCE_S", 0.05)
    with progress_module._alone(file):
        keep(1, "passed", "x")
    assert not file.exists() and "another notebook holds it" in repr(progress())
    keep(1, "passed", "x")
    assert kept("passed", "x") == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_a_broken_file_is_put_aside(file, text):
    file.write_text(text)
    assert kept("passed") is None
    keep(True, "passed", "02-two-choices")
    assert kept("passed", "02-two-choices") and file.with_name(f"{file.name}.unreadable").read_text() == text


@pytest.mark.parametrize("found", [3, "a", [1], [True, "requests"], ["x", "requests"], [1e9, "requests"], {}, None])
def test_what_nobody_here_wrote_is_passed_over(file, found):
    content = {"predictions": {"": {QUESTION: found}, "x": 3}, "quizzes": {"02": found, "99": [0]}, "passed": found}
    file.write_text(json.dumps(content))
    assert not predict(QUESTION, 0, 300, "requests").committed
    assert quiz("02").answers == [None] * 3
    assert isinstance(repr(progress()), str)


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("LBCORE_PROGRESS", str(tmp_path / "missing" / "done.json"))
    asked = predict("x", 0, 9)
    asked.commit()
    assert asked.committed and "could not be kept" in repr(progress())


def test_a_prediction_whose_cell_is_run_again_is_followed_by_the_first(file):
    first, second = predict("x", 0, 9), predict("x", 0, 9)
    other = predict("y", 0, 9)
    second.slider.value = 5
    second.commit()
    assert first.value == 5 and first.slider.value == 5 and other.value is None
