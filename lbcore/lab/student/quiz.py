"""The quiz at the end of a lesson: three questions, each choice with its own feedback.

The content lies in `quizzes/NN.toml`, one file a lesson:

    [[question]]
    text = "What is asked? Text between `backticks` is shown as code."

    [[question.choice]]
    text = "What a student may answer"
    right = true            # exactly one choice of a question
    feedback = "Why this is right, or what is behind the mistake."
"""

import contextlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from lbcore.lab.frame.told import Told
from lbcore.lab.student import progress

__all__ = ["Quiz", "QuizChoice", "QuizQuestion", "load", "parse", "quiz"]

_HERE = Path(__file__).parent
_QUESTIONS = 3
_FEWEST_CHOICES = 3


@dataclass(frozen=True)
class QuizChoice:
    """One answer that a student may choose, and what the quiz says to it."""

    text: str
    feedback: str
    right: bool = False


@dataclass(frozen=True)
class QuizQuestion:
    """One question and its choices, of which exactly one is right."""

    text: str
    choices: tuple[QuizChoice, ...]

    @property
    def right(self) -> int:
        """Which choice is right, counted from 0."""
        return next(index for index, choice in enumerate(self.choices) if choice.right)


def _text(table: dict[str, Any], name: str, where: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: {name!r} is missing or empty")
    return " ".join(value.split())


def _known_names_only(table: Any, names: set[str], where: str) -> None:
    if not isinstance(table, dict):
        raise ValueError(f"{where}: expected a table")
    unknown = sorted(set(table) - names)
    if unknown:
        raise ValueError(f"{where}: {unknown[0]!r} is not known here")


def _all_different(texts: list[str], where: str) -> None:
    for index, text in enumerate(texts):
        if text in texts[:index]:
            raise ValueError(f"{where}: {text!r} is there twice")


def parse(source: str, name: str) -> tuple[QuizQuestion, ...]:
    """The questions in a TOML text, or a ValueError that says where the text called `name` is wrong."""
    try:
        tables = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name}: {error}") from None
    _known_names_only(tables, {"question"}, name)
    questions = []
    for number, table in enumerate(tables.get("question", []), start=1):
        where = f"{name}, question {number}"
        _known_names_only(table, {"text", "choice"}, where)
        choices = []
        for letter, entry in enumerate(table.get("choice", []), start=1):
            place = f"{where}, choice {letter}"
            _known_names_only(entry, {"text", "right", "feedback"}, place)
            right = entry.get("right", False)
            if not isinstance(right, bool):
                raise ValueError(f"{place}: 'right' is true or false")
            choices.append(QuizChoice(_text(entry, "text", place), _text(entry, "feedback", place), right))
        if len(choices) < _FEWEST_CHOICES:
            raise ValueError(f"{where}: {len(choices)} choices, at least {_FEWEST_CHOICES} are needed")
        if sum(choice.right for choice in choices) != 1:
            raise ValueError(f"{where}: exactly one choice must be right")
        _all_different([choice.text for choice in choices], where)
        _all_different([choice.feedback for choice in choices], where)
        questions.append(QuizQuestion(_text(table, "text", where), tuple(choices)))
    if len(questions) != _QUESTIONS:
        raise ValueError(f"{name}: {len(questions)} questions, a quiz has {_QUESTIONS}")
    _all_different([question.text for question in questions], name)
    return tuple(questions)


def load(lesson: str) -> tuple[QuizQuestion, ...]:
    """The questions of a lesson, named by its two digits: `load("02")`."""
    folder = _HERE / "quizzes"
    known = sorted(path.stem for path in folder.glob("*.toml"))
    if lesson not in known:
        raise ValueError(f"lesson: there is no quiz {lesson!r}; there are {', '.join(known)}")
    return parse((folder / f"{lesson}.toml").read_text(encoding="utf-8"), f"quizzes/{lesson}.toml")


class Quiz(Told, anywidget.AnyWidget):
    """Three questions with radio buttons; the feedback to a choice appears below it and is read out."""

    _esm = _HERE / "quiz.js"
    _css = _HERE / "quiz.css"
    lesson = traitlets.Unicode(read_only=True).tag(sync=True)
    #: For each question the choice that was taken, counted from 0; None while it is open.
    answers = traitlets.List(traitlets.Int(allow_none=True)).tag(sync=True)
    _content: traitlets.List[Any] = traitlets.List(read_only=True).tag(sync=True)

    def __init__(self, lesson: str) -> None:
        """Show the quiz of `lesson`, named by its two digits."""
        questions = load(lesson)
        self.questions = questions
        self.set_trait("lesson", lesson)
        content = [
            {
                "text": question.text,
                "choices": [{"text": c.text, "right": c.right, "feedback": c.feedback} for c in question.choices],
            }
            for question in questions
        ]
        self.set_trait("_content", content)
        super().__init__(answers=[None] * len(questions))

    @traitlets.validate("answers")
    def _validate_answers(self, proposal: Any) -> list[int | None]:
        answers = list(proposal["value"])
        if len(answers) != len(self.questions):
            raise ValueError(f"answers: expected {len(self.questions)} of them, got {len(answers)}")
        for question, answer in zip(self.questions, answers, strict=True):
            if answer is not None and not 0 <= answer < len(question.choices):
                raise ValueError(f"answers: {answer} is not between 0 and {len(question.choices) - 1}")
        return answers

    @traitlets.observe("answers")
    def _answered(self, change: Any) -> None:
        # The answers that it begins with are none.
        if any(answer is not None for answer in change["new"]):
            progress.keep(change["new"], "quizzes", self.lesson, join=self._joined)
            self.restill()

    def _joined(self, kept: Any, answers: list[int | None]) -> list[int | None]:
        """The answers, and what another notebook has kept meanwhile of the questions that are open here."""
        if not isinstance(kept, list) or len(kept) != len(answers):
            return answers
        return [
            old if new is None and type(old) is int and 0 <= old < len(question.choices) else new
            for question, old, new in zip(self.questions, kept, answers, strict=True)
        ]

    @property
    def right(self) -> int:
        """How many questions are answered right at the moment."""
        return sum(a == question.right for question, a in zip(self.questions, self.answers, strict=True))

    def paper(self) -> str:
        """The questions with their choices, for who has no kernel: which is right is not said."""
        parts = []
        for number, (question, answer) in enumerate(zip(self.questions, self.answers, strict=True), start=1):
            choices = [f"{chr(97 + c)}) {choice.text}" for c, choice in enumerate(question.choices)]
            said = "" if answer is None else f"\nYou answered {chr(97 + answer)}."
            parts.append("\n".join([f"{number}. {question.text}", *choices]) + said)
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        answered = sum(answer is not None for answer in self.answers)
        return f"Quiz {self.lesson}: {len(self.questions)} questions, {answered} answered, {self.right} right"


def quiz(lesson: str) -> Quiz:
    """The quiz of a lesson, named by its two digits: `quiz("02")`. Answers that were kept stand again."""
    made = Quiz(lesson)
    # What somebody else wrote into the file may be anything.
    with contextlib.suppress(TypeError, ValueError, traitlets.TraitError):
        made.answers = progress.kept("quizzes", lesson) or made.answers
    return made
