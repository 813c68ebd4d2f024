"""The exercise checker: the stub is not attempted, the solution is right, every wrong answer hears its own sentence."""

import ast
import difflib
import importlib.util
import linecache
import re
from pathlib import Path

import pytest

from lbcore.lab import exercises
from lbcore.lab.exercises import check, verdict
from lbcore.lab.graders import KNOWN
from lbcore.selectors import reference

HERE = Path(__file__).parent
SOLUTIONS = HERE.parents[1] / "lessons" / "solutions"
SOLUTION_OF = {
    "01-skip-the-dead": "01_round_robin",
    "02-two-choices": "02_random",
    "03-smooth-weighted": "03_weighted",
    "04-hash-slots": "04_hashing",
    "05-bounded-ring": "05_consistent_hashing",
    "06-fewest-in-flight": "06_least_loaded",
    "07-adaptive-timeout": "07_heartbeats",
    "08-idempotent": "08_failover",
    "09-retry-budget": "09_retries",
}


def module(path):
    spec = importlib.util.spec_from_file_location(f"answers_{path.parent.name}_{path.stem}", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def answers(folder, name):
    loaded = module(HERE / folder / f"{name.replace('-', '_')}.py")
    classes = [value for value in vars(loaded).values() if isinstance(value, type)]
    return [cls for cls in classes if cls.__module__ == loaded.__name__ and cls.__name__ != "Given"]


def typed(source, name="<a cell>", readable=True):
    """The last class in a source text, as if it had been typed into a cell."""
    if readable:
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    else:
        linecache.cache.pop(name, None)
    space = {"reference": reference}
    exec(compile(source, name, "exec"), space)
    return [value for value in space.values() if isinstance(value, type)][-1]


def solution(name):
    return (SOLUTIONS / f"{SOLUTION_OF[name]}.py").read_text()


def cases(folder):
    return [pytest.param(name, cls, id=f"{name}-{cls.__name__}") for name in KNOWN for cls in answers(folder, name)]


WRONG, RIGHT = cases("wrong_answers"), cases("right_answers")


def test_every_exercise_has_a_solution_and_answers_of_both_kinds():
    assert list(KNOWN) == list(SOLUTION_OF)
    for name in KNOWN:
        assert len(answers("wrong_answers", name)) >= 10
        assert len(answers("right_answers", name)) >= 4


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("name", KNOWN)
def test_stub_is_not_attempted(name, readable):
    words = {
        "01-skip-the-dead": "",
        "02-two-choices": "two ",
        "03-smooth-weighted": "three ",
        "04-hash-slots": "",
        "05-bounded-ring": "two ",
        "06-fewest-in-flight": "three ",
        "07-adaptive-timeout": "four ",
        "08-idempotent": "three ",
        "09-retry-budget": "two ",
    }
    cls = typed(KNOWN[name].STUB, f"<stub {name}>", readable)
    if name == "04-hash-slots" and not readable:
        # Python drops a lone `...` when it compiles, so nothing is left to see but that nothing happened.
        assert "has no slot" in verdict(name, cls)
        return
    if name == "01-skip-the-dead" and not readable:
        assert verdict(name, cls).startswith("Request 1: select returned nothing.")
        return
    assert verdict(name, cls) == f"Not attempted yet: replace the {words[name]}`...`."


@pytest.mark.parametrize("name", KNOWN)
def test_stub_and_solution(name):
    assert verdict(name, typed(solution(name), f"<solution {name}>")).startswith("Right: ")
    stub = [line.split("#")[0].rstrip() for line in KNOWN[name].STUB.splitlines()]
    text = solution(name)
    body = [line.split("#")[0].rstrip() for line in text[text.index("class ") :].splitlines()]
    changed = [line for line in difflib.ndiff(stub, body) if line.startswith("+ ") and line[2:].strip()]
    assert 1 <= len(changed) <= 8
    assert ast.parse(KNOWN[name].STUB).body[0].name == KNOWN[name].CLASS == ast.parse(body_class(text)).body[0].name
    assert max(len(line) for line in (KNOWN[name].STUB + text).splitlines()) <= 120


def body_class(text):
    return text[text.index("class ") :]


@pytest.mark.parametrize(("name", "cls"), RIGHT)
def test_another_right_answer_is_right(name, cls):
    assert verdict(name, cls).startswith("Right: ")


@pytest.mark.parametrize(("name", "cls"), WRONG)
def test_wrong_answer_hears_its_own_sentence(name, cls):
    said = verdict(name, cls)
    assert cls.__doc__ in said
    assert "\n" not in said
    assert len(said) < 230
    assert said == verdict(name, cls), "the sentence must be the same each time"


@pytest.mark.parametrize("name", KNOWN)
def test_no_two_mistakes_are_taken_for_each_other(name):
    said = {}
    for cls in answers("wrong_answers", name):
        sentence = verdict(name, cls)
        if "LeastOfAll" not in cls.__name__:
            assert sentence not in said, f"{cls.__name__} and {said[sentence]} hear the same"
        said[sentence] = cls.__name__


@pytest.mark.parametrize("name", KNOWN)
def test_no_sentence_gives_the_solution_away(name):
    stub = {line.split("#")[0].strip() for line in KNOWN[name].STUB.splitlines()}
    text = body_class(solution(name))
    secret = {line.split("#")[0].strip() for line in text.splitlines()} - stub - {""}
    secret = {line for line in secret if len(line) > 12}
    assert secret
    for cls in answers("wrong_answers", name):
        said = verdict(name, cls)
        assert not any(line in said for line in secret)
        assert "%" not in said
        assert "max(" not in said


def test_check_prints_one_line_and_returns_nothing(capsys):
    cls = answers("right_answers", "02-two-choices")[-1]
    assert cls.__name__ == "Prints"
    assert check("02-two-choices", cls) is None
    said = capsys.readouterr()
    assert said.out.startswith("Right: 10,000 requests")
    assert said.out.count("\n") == 1
    assert said.err == ""


def test_half_a_stub_is_not_finished():
    half = KNOWN["02-two-choices"].STUB.replace("a, b = ...", "a, b = self.rng.below(10), self.rng.below(9)")
    assert verdict("02-two-choices", typed(half, "<half>")) == "Not finished yet: replace the other `...`."
    third = KNOWN["03-smooth-weighted"].STUB.replace("node = ...", "node = self.current.index(max(self.current))")
    assert verdict("03-smooth-weighted", typed(third, "<third>")) == "Not finished yet: replace the other two `...`."


def test_an_unknown_name_lists_the_known_ones():
    said = verdict("02-three-choices", int)
    assert said.startswith("There is no exercise '02-three-choices'.")
    assert all(name in said for name in KNOWN)


@pytest.mark.parametrize("answer", [3, None, "TwoChoices", lambda: 0, object()])
def test_something_that_is_no_class(answer):
    assert verdict("02-two-choices", answer) == (
        'check wants the class itself, without brackets or quotes: check("02-two-choices", TwoChoices).'
    )


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("cls", [int, str, object, type, Exception, dict, bool])
def test_any_class_gets_a_sentence(name, cls):
    said = verdict(name, cls)
    assert said
    assert "\n" not in said
    assert not said.startswith("Right")
    assert "could not judge" not in said


def broken(statement):
    head = "class TwoChoices:\n    def __init__(self, n, rng): pass\n\n    def select(self):\n"
    return typed(f"{head}        {statement}\n", f"<{statement}>")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("return 1 / 0", "Request 1: your code stopped in line 5 with ZeroDivisionError: division by zero."),
        ("raise SystemExit", "Request 1: your code stopped in line 5 with SystemExit."),
        ("raise ValueError('one\\ntwo')", "Request 1: your code stopped in line 5 with ValueError: one."),
        ("assert False", "Request 1: your code stopped in line 5 with AssertionError."),
        (
            "int([])",
            "Request 1: your code stopped in line 5 with TypeError: int() argument must be a string, a bytes-like "
            "object or a real number, not 'list'.",
        ),
        ("return nodes", "Request 1: your code stopped in line 5 with NameError: name 'nodes' is not defined."),
        ("return 0.0", "Request 1: select returned 0.0, not the number of a node (0 to 9)."),
        ("return -1", "Request 1: select returned -1. The nodes have the numbers 0 to 9."),
        ("return []", "Request 1: select returned a list, not the number of a node (0 to 9)."),
    ],
)
def test_an_exception_becomes_a_sentence_with_the_students_line(statement, expected):
    assert verdict("02-two-choices", broken(statement)) == expected


def test_a_long_message_is_cut():
    said = verdict("02-two-choices", broken("raise ValueError('x' * 5000)"))
    assert len(said) < 230


def test_deep_recursion_becomes_a_sentence():
    assert "RecursionError" in verdict("02-two-choices", broken("return self.select()"))


def test_an_exception_in_the_constructor():
    cls = typed("class TwoChoices:\n    def __init__(self, n):\n        self.n = n\n", "<short>")
    assert verdict("02-two-choices", cls).startswith("TwoChoices(10, rng): your code stopped with TypeError: ")


def test_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        check("02-two-choices", broken("raise KeyboardInterrupt"))


def test_a_loop_that_catches_everything_still_ends():
    source = """class SkipTheDead:
    def __init__(self, n):
        self.n, self.up = n, [True] * n

    def select(self):
        node = 0
        while True:
            try:
                node = (node + 1) % self.n
                self.up[node]
            except Exception:
                pass
"""
    said = verdict("01-skip-the-dead", typed(source, "<greedy>"))
    assert said == "Request 1: your loop does not end. What should stop it?"


def test_a_fault_of_the_grader_is_a_sentence_too(monkeypatch):
    monkeypatch.setattr(KNOWN["01-skip-the-dead"], "grade", lambda cls: 1 / 0)
    said = verdict("01-skip-the-dead", int)
    assert said == "check could not judge this class. It met ZeroDivisionError: division by zero."


def test_what_is_said_of_two_choices_is_so():
    """'The busiest now has 2 or 3, not 4 or 5': exact enough with 300 runs of each."""
    two = typed(solution("02-two-choices"), "<two>")

    def busiest(balancer):
        picks = [balancer.select() for _ in range(100)]
        return max(picks.count(node) for node in picks)

    chosen = [busiest(two(100, reference.Draws(seed))) for seed in range(300)]
    random = [busiest(reference.Random(100, seed)) for seed in range(300)]
    assert sum(b in (2, 3) for b in chosen) >= 297
    assert sum(b in (4, 5) for b in random) >= 220
    assert 2.45 < sum(chosen) / 300 < 2.65


def test_every_sentence_for_a_right_answer_is_so():
    cls = typed(solution("04-hash-slots"), "<slots>")
    slots = cls(10, 110)
    before = list(slots.owner)
    slots.add()
    assert sum(a != b for a, b in zip(before, slots.owner, strict=True)) == 10
    assert sum(key % 10 != key % 11 for key in range(110)) == 100
    smooth = typed(solution("03-smooth-weighted"), "<smooth>")([5, 1, 1])
    shown = re.search(r"5, 1, 1: ([0-9 ]+)\.", verdict("03-smooth-weighted", type(smooth)))
    assert shown[1].split() == [str(smooth.select()) for _ in range(7)] == list("0010200")


def test_the_module_names_what_it_exports():
    assert exercises.__all__ == ["check", "verdict"]
