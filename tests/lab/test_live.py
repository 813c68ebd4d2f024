"""A live demonstration: it starts, reports, ends, can be stopped, fails in words, and leaves no thread behind."""

import re
import threading
import time

import pytest

from lbcore import Random, RoundRobin
from lbcore.lab import balance
from lbcore.lab.frame.live import Live

PATIENCE_S = 30.0


def some(requests=100):
    return balance(RoundRobin(4), requests)


def short(clock, report):
    """Three threads, and three reports."""
    counted = clock.queue()
    for thread in range(3):
        clock.spawn(counted.put, thread)
    for done in (1, 2, 3):
        counted.get()
        report(done / 3, some(done))
    return some()


def endless(clock, report):
    """Threads that wait in every way there is, for ever."""
    lock = clock.lock()
    lock.acquire()
    for wait in (lock.acquire, clock.event().wait, clock.queue().get, lambda: clock.sleep(1000.0)):
        clock.spawn(wait)
    report(0.5, some(7))
    clock.sleep(1000.0)


def of_a_clock(before):
    """The threads there are beside those of before."""
    return [thread for thread in threading.enumerate() if thread not in before]


def played(live):
    live.start()
    assert live.join(PATIENCE_S)
    return live


def until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


def test_before_it_starts_it_is_a_fixed_sentence():
    live = Live(short, 6)
    assert repr(live) == live.sentence == "A live demonstration: press Start. It takes 6 seconds."
    assert live._repr_mimebundle_()["text/plain"] == repr(live)
    assert live.start_button.description == "Start" and not live.start_button.disabled
    assert live.stop_button.description == "Stop" and live.stop_button.disabled
    assert live.board.progress == -1 and live.board.picture == "" and not live.running
    assert repr(Live(short, 1, "ten nodes")) == "A live demonstration, ten nodes: press Start. It takes 1 second."


@pytest.mark.usefixtures("no_thread_left")
def test_it_starts_and_shows_what_came_out():
    live = Live(short, 1)
    live.start_button.click()
    assert live.join(PATIENCE_S)
    assert live.result == some() and live.error is None
    assert live.sentence == repr(live) == repr(some()) and live.board.picture.startswith("<svg")
    assert live.board.progress == -1 and live.board.code == ""
    assert not live.start_button.disabled and live.stop_button.disabled


@pytest.mark.usefixtures("no_thread_left")
def test_stop_unwinds_every_thread_wherever_it_waits():
    before = threading.enumerate()
    live = Live(endless, 10)
    live.start()
    until(lambda: live.board.progress == 0.5 and live.board.picture)
    # The four that wait, the one that spawned them, and the one that runs the clock.
    until(lambda: len(of_a_clock(before)) == 6)
    own = next(one for one in of_a_clock(before) if one.name == "lbcore-live")
    live.stop_button.click()
    assert live.stop_button.disabled
    assert live.join(PATIENCE_S) and not live.running
    assert own.daemon, "it would hold up the kernel's end"
    assert live.sentence == "Stopped. Press Start to see it from the beginning." and live.board.progress == -1
    assert live.result is None and live.error is None and live.board.picture.startswith("<svg")
    assert not live.start_button.disabled and live.stop_button.disabled


@pytest.mark.usefixtures("no_thread_left")
def test_stop_is_heard_by_one_that_only_reports():
    def run(clock, report):
        while True:
            report(0.0)

    live = Live(run, 1)
    live.start()
    live.stop()
    assert live.join(PATIENCE_S) and live.sentence.startswith("Stopped.")


@pytest.mark.usefixtures("no_thread_left")
@pytest.mark.parametrize("where", ["main", "thread"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("clients: too odd."), "(ValueError): clients: too odd."),
        (ZeroDivisionError(), "(ZeroDivisionError): no reason was given."),
        (SystemExit(), "(SystemExit): no reason was given."),
    ],
)
def test_an_exception_becomes_a_sentence(where, error, said, capsys):
    def fail():
        raise error

    def run(clock, report):
        report(0.5, some())
        if where == "main":
            fail()
        clock.spawn(fail)
        clock.sleep(1000.0)

    live = played(Live(run, 1))
    assert live.sentence == f"The demonstration did not get to its end {said} Press Start to try again."
    assert live.error is error and live.result is None and live.board.picture == "" and live.board.progress == -1
    assert not live.start_button.disabled and capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("no_thread_left")
@pytest.mark.parametrize("result", [None, 3])
def test_what_cannot_be_drawn_is_a_sentence(result):
    live = played(Live(lambda clock, report: result, 1))
    assert "(TypeError): result: there is no picture of a" in live.sentence and live.result is None


@pytest.mark.usefixtures("no_thread_left")
def test_it_starts_again_after_each_kind_of_end():
    runs = [endless, short, lambda clock, report: 1 / 0, short, endless, endless]
    begun_with = []

    def run(clock, report):
        begun_with.append((live.board.picture, live.result, live.error))
        return runs.pop(0)(clock, report)

    live = Live(run, 1)
    for expected in ("Stopped", "Round", "The demonstration", "Round", "Stopped", "Stopped"):
        live.start()
        assert live.sentence == "Running." or not live.running
        if expected == "Stopped":
            until(lambda: begun_with)
            live.stop()
        assert live.join(PATIENCE_S)
        assert live.sentence.startswith(expected if expected != "Round" else repr(some()))
        assert begun_with.pop() == ("", None, None) and begun_with == []
        assert (live.error is not None) == (expected == "The demonstration")
    assert runs == []


def test_a_second_start_while_it_runs_changes_nothing():
    started = []

    def run(clock, report):
        started.append(clock)
        clock.sleep(1000.0)

    live = Live(run, 1)
    live.start()
    live.start()
    until(lambda: started)
    live.start()
    live.stop()
    assert live.join(PATIENCE_S) and len(started) == 1


def test_stop_before_and_after_changes_nothing():
    live = Live(short, 1)
    live.stop()
    assert live.join() and live.sentence == live.invitation
    played(live)
    live.stop()
    assert live.sentence == repr(some())


def test_the_callers_thread_goes_on_at_once():
    """While it runs, whoever started it draws pictures of other experiments, as other cells do."""
    from lbcore.lab import balance, slider

    live = Live(endless, 10)
    live.start()
    panel = balance(Random, nodes=slider(1, 9))
    panel.controls["nodes"].value = 5
    assert live.running and panel.error is None and panel.redraws == 2
    live.stop()
    assert live.join(PATIENCE_S)


@pytest.mark.parametrize("seconds", [0, -1, 10.5, float("nan"), float("inf"), "6", None, True])
def test_the_time_it_takes_is_a_number_up_to_ten(seconds):
    with pytest.raises((ValueError, TypeError), match=re.escape("seconds: ")):
        Live(short, seconds)


def test_run_must_be_a_function():
    with pytest.raises(TypeError, match="run: "):
        Live(3, 1)
