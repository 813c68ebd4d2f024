"""The exercises, folder by folder: the stub is not attempted, right is right, every mistake hears its own sentence."""

import ast
import difflib
import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest
from mutants import mutants
from typed import typed

from lbcore.lab.student import exercises, limits, verdict
from lbcore.lab.student.exercises import Exercise, known
from lbcore.selectors import reference

RIGHT_ANSWERS = Path(__file__).parent / "right_answers"
each = pytest.mark.parametrize("exercise", known().values(), ids=known())
#: A sentence of the rule, and one that names the mistake.
LONGEST = 270
#: The verdict on a class whose sentence more than one test looks at.
said_of = cache(verdict)


@cache
def other_right_answers(exercise):
    """The classes that are right in another way than the solution: those in right_answers/, where there are some."""
    path = RIGHT_ANSWERS / f"{exercise.folder}.py"
    if not path.exists():
        return []
    spec = importlib.util.spec_from_file_location(f"right_{exercise.folder}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    return [cls for cls in classes if cls.__module__ == module.__name__ and cls.__name__ != "Given"]


def every(classes, plain=1):
    """Each class with the name of its exercise; of so many one in the plain run, and all in the soak."""
    pairs = [(name, cls) for name, exercise in known().items() for cls in classes(exercise)]
    return pytest.mark.parametrize(
        ("name", "cls"),
        [
            pytest.param(name, cls, id=f"{name}-{cls.__name__}", marks=pytest.mark.soak if at % plain else ())
            for at, (name, cls) in enumerate(pairs)
        ],
    )


def code(source):
    """The lines of the class in a source text, without comments."""
    return [line.split("#")[0].rstrip() for line in ("\n" + source).split("\nclass ")[1].splitlines()]


def test_every_folder_is_an_exercise():
    folders = {path.name for path in Path(exercises.__file__).parent.iterdir() if path.is_dir()} - {"__pycache__"}
    assert {exercise.folder for exercise in known().values()} == folders
    assert {path.stem for path in RIGHT_ANSWERS.glob("*.py")} <= folders
    assert list(known()) == sorted(known())


@each
def test_it_has_a_solution_and_known_mistakes(exercise):
    assert len(exercise.wrong) >= 10
    changed = [line for line in difflib.ndiff(code(exercise.stub), code(exercise.solution)) if line.startswith("+ ")]
    assert 1 <= len([line for line in changed if line[2:].strip()]) <= 8
    assert ast.get_docstring(ast.parse(exercise.solution))
    assert exercise.right.__name__ == ast.parse(exercise.stub).body[0].name
    assert "# stub" not in exercise.stub + exercise.solution


@each
@pytest.mark.parametrize("readable", [True, False])
def test_stub_is_not_attempted(exercise, readable):
    said = verdict(exercise.name, typed(exercise.stub, f"<stub {exercise.name}>", readable))
    # Python drops a lone `...` when it compiles: without the source all that is left to see is that nothing happened.
    if exercise.name == "04-hash-slots" and not readable:
        assert "has no slot" in said
    elif exercise.name == "01-skip-the-dead" and not readable:
        assert said.startswith("Request 1, with 0 1 2 3 up: select returned nothing.")
    else:
        words = {1: "", 2: "two ", 3: "three ", 4: "four "}[exercise.stub.count("...")]
        assert said == f"Not attempted yet: replace the {words}`...`."


@each
def test_solution_is_right(exercise):
    assert verdict(exercise.name, typed(exercise.solution, f"<solution {exercise.name}>")).startswith("Right: ")


@every(other_right_answers)
def test_another_right_answer_is_right(name, cls):
    assert verdict(name, cls).startswith("Right: ")


def sentences(cls):
    """What may be said of a known wrong class: its own sentence, and those of the groups that it derives from."""
    return [" ".join(base.__doc__.split()) for base in cls.__mro__[:-1] if base.__doc__]


@every(lambda exercise: exercise.wrong, plain=6)
def test_wrong_answer_hears_its_own_sentence(name, cls):
    said = said_of(name, cls)
    assert any(sentence in said for sentence in sentences(cls)), said
    assert "\n" not in said
    assert len(said) < LONGEST


@pytest.mark.soak
@each
def test_only_mistakes_of_one_kind_hear_the_same(exercise):
    said = {}
    for cls in exercise.wrong:
        other = said.setdefault(said_of(exercise.name, cls), cls)
        assert set(sentences(cls)) & set(sentences(other)), f"{cls.__name__} and {other.__name__} hear the same"


@each
def test_the_sentence_is_the_same_each_time(exercise):
    cls = exercise.wrong[0]
    assert said_of(exercise.name, cls) == verdict(exercise.name, cls)


def gives_away(exercise, said):
    """Whether a sentence holds a line that a student has to write, or the code of one."""
    secret = {line.strip() for line in code(exercise.solution)} - {line.strip() for line in code(exercise.stub)}
    secret = {line for line in secret if len(line) > 12} | {"%", "max("}
    assert len(secret) > 2
    return any(line in said for line in secret)


@each
def test_no_sentence_gives_the_solution_away(exercise):
    assert gives_away(exercise, exercise.solution)
    for cls in exercise.wrong:
        for said in sentences(cls):
            assert not gives_away(exercise, said), said


@pytest.mark.soak
@each
def test_nothing_that_is_heard_gives_the_solution_away(exercise):
    for cls in exercise.wrong:
        assert not gives_away(exercise, said_of(exercise.name, cls))


#: Lines in place of the solution's own with which it is still right, though they come about by a change of one thing.
STILL_RIGHT = {
    "01-skip-the-dead": {"self.turn = (self.turn - 1) % self.n"},
    "02-two-choices": {
        "self.counts, self.rng = ([-1] * n, rng)",
        "self.counts, self.rng = ([1] * n, rng)",
        "self.counts[node] += 2",
        "node = b if self.counts[b] <= self.counts[a] else a",
    },
    "03-smooth-weighted": {
        "self.current = [-1] * len(weights)",
        "self.current = [1] * len(weights)",
    },
}


@pytest.mark.parametrize("name", STILL_RIGHT)
def test_a_mutant_is_right_only_where_it_does_right(name, monkeypatch):
    monkeypatch.setattr(limits, "CALL_S", 0.3)
    solution = known()[name].solution
    before = ast.unparse(ast.parse(solution)).splitlines()
    right = set()
    for at, mutant in enumerate(mutants(solution)):
        if verdict(name, typed(mutant, f"<mutant {at} of {name}>")).startswith("Right"):
            right |= {line.strip() for line in mutant.splitlines() if line not in before}
    assert right == STILL_RIGHT[name]


MARKED = '''"""Two turns."""

from math import ceil


class Turns:
    def one(self):
        if self:
            # stub: ...  # the first

            first = 1

        # stub: if ...:
        if first:
            # stub: return ...
            return ceil(2)
        return 1

    def two(self):
        # stub: a = ...
        a = 1
        a += 1
        # given
        return a  # given
'''
STUB = """class Turns:
    def one(self):
        if self:
            ...  # the first
        if ...:
            return ...
        return 1

    def two(self):
        a = ...
        return a  # given"""


def test_marks_say_what_a_student_writes(tmp_path, monkeypatch):
    (tmp_path / "turns").mkdir()
    (tmp_path / "turns" / "right.py").write_text(MARKED)
    monkeypatch.setattr(exercises, "_HERE", tmp_path)
    turns = Exercise("turns")
    assert turns.stub == STUB
    without_marks = [line for line in MARKED.splitlines(keepends=True) if "# stub" not in line]
    assert turns.solution == "".join(without_marks).replace("        # given\n", "", 1)
    assert turns.fold == turns.solution.removeprefix('"""Two turns."""').strip()


def test_what_is_said_of_two_choices_is_so():
    """'The busiest now has 2 or 3, not 4 or 5': exact enough with 300 runs of each."""
    two = known()["02-two-choices"].right

    def busiest(balancer):
        picks = [balancer.select() for _ in range(100)]
        return max(picks.count(node) for node in picks)

    chosen = [busiest(two(100, reference.Draws(seed))) for seed in range(300)]
    random = [busiest(reference.Random(100, seed)) for seed in range(300)]
    assert sum(b in (2, 3) for b in chosen) >= 297
    assert sum(b in (4, 5) for b in random) >= 220
    assert 2.45 < sum(chosen) / 300 < 2.65


def test_every_sentence_for_a_right_answer_is_so():
    cls = known()["04-hash-slots"].right
    slots = cls(10, 110)
    before = list(slots.owner)
    slots.add()
    assert sum(a != b for a, b in zip(before, slots.owner, strict=True)) == 10
    assert sum(key % 10 != key % 11 for key in range(110)) == 100
    smooth = known()["03-smooth-weighted"].right([5, 1, 1])
    shown = re.search(r"5, 1 and 1 give ([0-9 ]+)\.", verdict("03-smooth-weighted", type(smooth)))
    assert shown[1].split() == [str(smooth.select()) for _ in range(7)] == list("0010200")
