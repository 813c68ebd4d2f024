"""check: one sentence about anything that a student may give it."""

import pytest
from typed import typed

from lbcore.lab.student import check, limits, verdict
from lbcore.lab.student.exercises import known


def test_check_prints_one_line_and_returns_nothing(capsys):
    solution = known()["02-two-choices"].solution
    printing = solution.replace("        return node", "        print(node)\n        return node")
    assert check("02-two-choices", typed(printing)) is None
    said = capsys.readouterr()
    assert said.out.startswith("Right: 10,000 requests")
    assert said.out.count("\n") == 1
    assert said.err == ""


def test_half_a_stub_is_not_finished():
    half = known()["02-two-choices"].stub.replace("a, b = ...", "a, b = self.rng.below(10), self.rng.below(9)")
    assert verdict("02-two-choices", typed(half, "<half>")) == "Not finished yet: replace the other `...`."
    third = known()["03-smooth-weighted"].stub.replace("node = ...", "node = self.current.index(max(self.current))")
    assert verdict("03-smooth-weighted", typed(third, "<third>")) == "Not finished yet: replace the other two `...`."


def test_an_unknown_name_lists_the_known_ones():
    said = verdict("02-three-choices", int)
    assert said.startswith("There is no exercise '02-three-choices'.")
    assert all(name in said for name in known())


@pytest.mark.parametrize("answer", [3, None, "TwoChoices", lambda: 0, object()])
def test_something_that_is_no_class(answer):
    assert verdict("02-two-choices", answer) == (
        'check wants the class itself, without brackets or quotes: check("02-two-choices", TwoChoices).'
    )


@pytest.mark.parametrize("name", known())
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


def test_the_line_in_the_constructor():
    cls = typed("class TwoChoices:\n    def __init__(self, n, rng):\n        self.n = m\n", "<names>")
    assert verdict("02-two-choices", cls) == (
        "TwoChoices(10, rng): your code stopped in line 3 with NameError: name 'm' is not defined."
    )


def test_the_line_of_an_exception_in_a_helper():
    source = known()["03-smooth-weighted"].solution
    source += "\n    def pay(self):\n        return 1 // 0\n"
    said = verdict("03-smooth-weighted", typed(source.replace("sum(self.weights)", "self.pay()"), "<helper>"))
    last = source.count("\n")
    assert f"request 1: your code stopped in line {last} with ZeroDivisionError" in said


@pytest.mark.parametrize(
    ("arguments", "words"), [("", "takes 0 positional arguments"), ("self, key", "missing 1 required positional arg")]
)
def test_a_select_of_another_arity(arguments, words):
    cls = typed(known()["02-two-choices"].solution.replace("def select(self)", f"def select({arguments})"), "<arity>")
    assert words in verdict("02-two-choices", cls)


def test_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        check("02-two-choices", broken("raise KeyboardInterrupt"))


def test_a_loop_that_catches_everything_still_ends(monkeypatch):
    monkeypatch.setattr(limits, "CALL_S", 0.2)
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
    assert said.startswith(
        "Request 1, with 0 1 2 3 up: your code had not come back after 0.2 s, and was stopped in line "
    )


def test_a_loop_without_end_is_told_its_mistake(monkeypatch):
    monkeypatch.setattr(limits, "CALL_S", 0.2)
    endless = known()["01-skip-the-dead"].solution.replace("for _ in range(self.n):", "while True:")
    assert verdict("01-skip-the-dead", typed(endless, "<endless>")).endswith(
        "was stopped in line 19. Your loop looks for a live node, and there is none."
    )
    never = known()["02-two-choices"].solution.replace("b += b >= a", "while a == b: pass")
    assert verdict("02-two-choices", typed(never, "<never>")).endswith("what the loop waits for?")


def test_a_fault_of_the_rule_is_a_sentence_too(monkeypatch):
    monkeypatch.setattr(known()["01-skip-the-dead"].rule, "STAGES", (0,))
    said = verdict("01-skip-the-dead", int)
    assert said == "check could not judge this class. It met AttributeError: 'int' object has no attribute 'watch'."
