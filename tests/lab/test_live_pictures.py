"""What a live demonstration draws while it runs: how often, one at a time, and beside other pictures."""

import threading
import time
from types import SimpleNamespace

import pytest

from lbcore import RoundRobin
from lbcore.lab import balance
from lbcore.lab.frame import live as live_module
from lbcore.lab.frame.live import Live
from lbcore.lab.frame.style import fitted

PATIENCE_S = 30.0


def some(requests=100):
    return balance(RoundRobin(4), requests)


def played(live):
    live.start()
    assert live.join(PATIENCE_S)
    return live


@pytest.mark.usefixtures("no_thread_left")
def test_it_shows_how_far_it_is_and_what_there_is():
    seen = []

    def run(clock, report):
        for share in (0.25, 2.0, -1.0):
            report(share, some(100))
            seen.append((live.board.progress, live.board.picture[:4], live.sentence, live.start_button.disabled))
        return some()

    live = Live(run, 1)
    played(live)
    assert seen == [(share, "<svg", "Running.", True) for share in (0.25, 1.0, 0.0)]


@pytest.mark.parametrize(
    ("report_s", "drawing_s", "times"),
    [(0.01, 0.0, 14), (0.01, 0.25, 4), (1.0, 0.25, 200)],
    ids=["not more often than seen", "a third of the time", "each that comes seldom"],
)
def test_it_draws_no_more_often_than_anybody_sees(monkeypatch, report_s, drawing_s, times):
    """On a clock of its own, which a report and a drawing push on."""
    now_s, drawn = 0.0, []

    def svg(figure):
        nonlocal now_s
        now_s += drawing_s
        drawn.append(now_s)
        return "<svg/>"

    def run(clock, report):
        nonlocal now_s
        for step in range(200):
            now_s += report_s
            report(step / 200, some())
        return some()

    monkeypatch.setattr(live_module, "time", SimpleNamespace(monotonic=lambda: now_s))
    monkeypatch.setattr(live_module, "figure", lambda result, prediction, width_pt: None)
    monkeypatch.setattr(live_module, "style", SimpleNamespace(svg=svg, fitted=fitted))
    assert played(Live(run, 1)).result == some()
    assert len(drawn) == times + 1  # and the last one


@pytest.mark.usefixtures("no_thread_left")
def test_two_of_its_threads_do_not_draw_at_the_same_time(monkeypatch):
    drawing, together = [], []

    def svg(figure):
        drawing.append(threading.current_thread())
        together.append(len(drawing))
        time.sleep(0.02)
        drawing.pop()
        return "<svg/>"

    def run(clock, report):
        done = clock.queue()
        for _ in range(4):
            clock.spawn(lambda: done.put(report(0.5, some())))
        for _ in range(4):
            done.get()
        return some()

    monkeypatch.setattr(live_module, "figure", lambda result, prediction, width_pt: None)
    monkeypatch.setattr(live_module, "style", SimpleNamespace(svg=svg, fitted=fitted))
    monkeypatch.setattr(live_module, "PAUSE_S", 0.0)
    monkeypatch.setattr(live_module, "SHARE", 1.0)
    assert played(Live(run, 1)).error is None
    assert set(together) == {1} and len(together) > 1


def test_two_draw_at_the_same_time_and_matplotlib_keeps_its_settings():
    import matplotlib

    from lbcore.lab.frame.still import figure
    from lbcore.lab.frame.style import svg

    before = dict(matplotlib.rcParams)

    def run(clock, report):
        for step in range(6):
            clock.hear()
            svg(figure(some(step)))
        return some()

    both = [Live(run, 1), Live(run, 1)]
    for live in both:
        live.start()
    pictures = {svg(figure(some())) for _ in range(6)}
    assert all(live.join(PATIENCE_S) and live.result == some() for live in both)
    assert {live.board.picture for live in both} == pictures and len(pictures) == 1
    assert dict(matplotlib.rcParams) == before
