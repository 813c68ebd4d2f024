"""A student's code with a limit in time, and its prints muted: in check, and in a picture of the class."""

import _thread
import re
import sys
import threading

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from typed import typed

from lbcore.lab import balance, brownout, slider
from lbcore.lab.student import check, limits, verdict
from lbcore.lab.student.classes import StudentError
from lbcore.lab.student.exercises import known

#: The lines from the seventh on are the body of `select`.
HEAD = """import time
class SkipTheDead:
    def __init__(self, n):
        self.n, self.up, self.node = n, [True] * n, -1

    def select(self):
"""
RIGHT = "        self.node = (self.node + 1) % self.n\n        return self.node\n"
FOREVER = "        while True: pass\n"
STUBBORN = "        while True:\n            try: time.sleep(0)\n            except: pass\n"
SLEEPS = "        time.sleep(30)\n        return 0\n"
SLOW = "        time.sleep(0.02)\n" + RIGHT
PRINTS = "        print('a')\n        print('b')\n" + RIGHT


def with_select(body, name="<limits>"):
    return typed(HEAD + body, name)


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(limits, "CALL_S", 0.2)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (FOREVER, "Request 1, with 0 1 2 3 up: your code had not come back after 0.2 s, and was stopped in line 7."),
        (STUBBORN, "Request 1, with 0 1 2 3 up: your code had not come back after 0.2 s, and was stopped in line "),
        (SLEEPS, "Request 1, with 0 1 2 3 up: line 7, `time.sleep(30)`, had not come back after 0.2 s, and was left "),
    ],
)
def test_check_ends_a_call(soon, body, expected):
    assert verdict("01-skip-the-dead", with_select(body)).startswith(expected)


def test_check_names_a_loop_in_the_constructor(soon):
    cls = typed("class SkipTheDead:\n    def __init__(self, n):\n        while n: pass\n", "<init>")
    assert verdict("01-skip-the-dead", cls).startswith(
        "SkipTheDead(4): your code had not come back after 0.2 s, and was stopped in line 3."
    )


def test_check_ends_many_slow_calls(monkeypatch):
    monkeypatch.setattr(limits, "ALL_S", 0.3)
    said = verdict("01-skip-the-dead", with_select(SLOW))
    assert "check has stopped after 0.3 s and " in said
    assert said.endswith(" ms each. It is too slow for so many.")


@pytest.mark.parametrize("name", known())
def test_every_exercise_has_the_limit(soon, name):
    source = known()[name].solution
    endless = re.sub(r"(    def (?!__init__).*:\n)", r"\1        while True: pass\n", source)
    said = verdict(name, typed(endless, f"<endless {name}>"))
    line = re.search(r"code had not come back after 0\.2 s, and was stopped in line (\d+)\.", said)
    assert endless.splitlines()[int(line[1]) - 1] == "        while True: pass"


def test_what_a_class_prints_is_counted_not_shown(capsys):
    cls = with_select("        print('a')\n        print('b', file=sys.stderr)\n" + RIGHT)
    cls.select.__globals__["sys"] = sys
    check("01-skip-the-dead", cls)
    shown = capsys.readouterr()
    assert shown.out.count("\n") == 1
    assert " lines, which are not shown." in shown.out
    assert shown.err == ""


def test_one_word_printed_is_a_number_of_characters(capsys):
    printed = limits.Printed()
    assert limits.within(lambda: print("abc", end=""), lambda: None, printed, "it") is None
    assert str(printed) == " It printed 3 characters, which are not shown."
    assert capsys.readouterr().out == ""


def test_what_others_print_meanwhile_is_shown(capsys):
    def work():
        other = threading.Thread(target=print, args=("from another thread",))
        other.start()
        other.join()

    printed = limits.Printed()
    limits.within(work, lambda: None, printed, "it")
    assert capsys.readouterr().out == "from another thread\n"
    assert str(printed) == ""


def test_streams_are_put_back():
    before = sys.stdout, sys.stderr
    with pytest.raises(ZeroDivisionError):
        limits.within(lambda: 1 / 0, lambda: None, limits.Printed(), "it")
    assert (sys.stdout, sys.stderr) == before


def test_without_threads_there_is_no_limit(monkeypatch, capsys):
    def no_threads(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_threads)
    said = verdict("01-skip-the-dead", with_select("        print('a')\n" + RIGHT))
    assert " which are not shown." in said
    assert balance(with_select(RIGHT), 12, nodes=4).counts.tolist() == [3, 3, 3, 3]
    assert capsys.readouterr().out == ""


def pressed(work, delay_s=0.3):
    """What Stop raises in the middle of `work()`."""
    stop = threading.Timer(delay_s, _thread.interrupt_main)
    stop.start()
    try:
        work()
    except KeyboardInterrupt as stopped:
        return stopped
    finally:
        stop.cancel()
        stop.join()
    return None


@pytest.mark.parametrize("body", [FOREVER, STUBBORN, "        time.sleep(0.01)\n" + RIGHT])
@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda cls: check("01-skip-the-dead", cls), "check was stopped before its end."),
        (lambda cls: balance(cls, 1000, nodes=4), "SkipTheDead.select() was stopped before its end."),
    ],
)
def test_stop_is_one_sentence_and_leaves_no_thread(no_thread_left, body, work, expected):
    stopped = pressed(lambda: work(with_select(body)))
    assert stopped._render_traceback_() == [expected]


def test_a_notebook_shows_the_sentence_alone():
    InteractiveShell.instance().user_ns["cls"] = with_select(FOREVER)
    cell = "from lbcore.lab import check\ncheck('01-skip-the-dead', cls)"
    stop = threading.Timer(0.5, _thread.interrupt_main)
    with capture_output() as shown:
        stop.start()
        InteractiveShell.instance().run_cell(cell)
    stop.join()
    assert shown.stdout.strip() == "check was stopped before its end."


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (FOREVER, r"Request 1: SkipTheDead.select\(\) had not come back after 0.2 s, and was stopped in line 7"),
        (STUBBORN, r"Request 1: SkipTheDead.select\(\) had not come back after 0.2 s, and was stopped in line "),
        (SLEEPS, r"Request 1: SkipTheDead.select\(\) had not come back after 0.2 s in line 7, and was left alone"),
        (
            "        while self.node == 2: pass\n" + RIGHT,
            r"Request 4: SkipTheDead.select\(\) had not come back after 0.2 s, and was stopped in line 7",
        ),
    ],
)
def test_a_picture_ends_a_call(soon, body, words):
    with pytest.raises(StudentError, match=words):
        balance(with_select(body), 1000, nodes=4)


def test_a_picture_ends_many_slow_calls(monkeypatch):
    monkeypatch.setattr(limits, "ALL_S", 0.3)
    with pytest.raises(StudentError, match=r"was stopped in line \d+ after 0\.3 s: it is too slow"):
        balance(with_select(SLOW), 1000, nodes=4)


def test_a_picture_ends_a_constructor(soon):
    cls = typed(
        "class Mine:\n    def __init__(self, n):\n        while n: pass\n    def select(self): return 0\n", "<m>"
    )
    with pytest.raises(
        StudentError, match=r"^Mine.__init__\(\) had not come back after 0.2 s, and was stopped in line"
    ):
        balance(cls, 10, nodes=4)


def test_a_picture_mutes_prints(capsys):
    result = balance(with_select(PRINTS), 12, nodes=4)
    assert result.counts.tolist() == [3, 3, 3, 3]
    assert capsys.readouterr().out == ""


BUDGET = """class Budget:
    def __init__(self, share):
        self.share = share

    def sent(self):
        print("sent")

    def take(self):
        {}
"""


def budget(body):
    made = typed(BUDGET.format(body), "<limits>")
    made.__module__ = "__main__"  # as in a notebook
    return made


def test_whatever_picture_asks_a_class_its_prints_are_counted(capsys):
    """Some pictures ask a class in a simulation of their own; one of those that ask it themselves counts once."""
    result = brownout(budget("return False"))
    assert re.search(r"recovered .* It printed 14,\d{3} lines, which are not shown\.$", repr(result))
    assert "which are not shown" in result._repr_mimebundle_()["text/html"]
    printing = with_select(PRINTS)
    printing.__module__ = "__main__"
    panel = balance(printing, nodes=4, requests=slider(1, 100, start=10))
    assert panel.board.sentence.endswith("It printed 20 lines, which are not shown.")
    assert capsys.readouterr() == ("", "")


def test_whatever_picture_asks_a_class_it_ends(monkeypatch):
    monkeypatch.setattr(limits, "ALL_S", 0.5)
    with pytest.raises(StudentError, match=r"Budget was stopped in line 9 after 0\.5 s: it is too slow"):
        brownout(budget("while True: pass"))
