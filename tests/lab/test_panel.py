"""A panel: one redraw a change, a veil before a prediction, and no exception that reaches a student."""

import numpy as np
import pytest

from lbcore import Random, RoundRobin
from lbcore.lab import balance, luck, predict, slider
from lbcore.lab.frame import panel as panel_module
from lbcore.lab.frame import style
from lbcore.lab.frame.controls import choice
from lbcore.lab.frame.panel import Panel
from lbcore.lab.frame.veil import VEIL, reveal


def make(run=None, **more):
    run = run or (lambda values, progress: balance(RoundRobin(values["nodes"]), 100))
    specs, names = {"nodes": slider(1, 20, start=10)}, {"nodes": "nodes"}
    return Panel(specs, run, lambda values: f"nodes={values['nodes']}", labels=names, **more)


def test_it_draws_at_once_and_once_a_change():
    panel = make()
    assert panel.redraws == 1 and panel.error is None
    for i, nodes in enumerate((11, 20, 1)):
        panel.controls["nodes"].value = nodes
        assert panel.redraws == i + 2
        assert len(panel.result.nodes) == nodes and panel.code == f"nodes={nodes}"
    panel.controls["nodes"].value = 1
    assert panel.redraws == 4  # nothing changed


def test_a_wider_page_draws_the_same_result_anew_and_runs_nothing():
    ran = []

    def run(values, progress):
        ran.append(values)
        return balance(RoundRobin(values["nodes"]), 100)

    panel = make(run)
    before, result = panel.board.picture, panel.result
    panel.board.width = 1_100
    assert style.width_of(panel.figure) == style.fitted(1_100) > style.WIDTH_PT
    assert panel.board.picture != before and panel.result is result and len(ran) == 1
    panel.controls["nodes"].value = 3
    assert style.width_of(panel.figure) == style.fitted(1_100) and len(ran) == 2
    waiting = make(run, prediction=predict("a number", 0, 9))
    waiting.board.width = 900
    assert not waiting.board.picture and waiting.veiled


def test_what_it_shows_belongs_together():
    panel = make()
    assert panel.board.picture.startswith("<svg") and panel.board.sentence == panel.sentence == repr(panel)
    assert repr(panel.board) == panel.sentence == repr(panel.result)
    assert panel.children[-1] is panel.board and panel.children[0] is panel.controls["nodes"]


def test_one_message_a_change():
    panel = make()
    sent = []
    panel.board.send_state = lambda key=None: sent.append(set(key))
    panel.controls["nodes"].value = 3
    assert len(sent) == 1 and {"picture", "sentence", "code"} <= set(sent[0])


@pytest.mark.parametrize(
    "error", [ValueError("nodes: too odd"), RuntimeError("out of luck"), ZeroDivisionError(), KeyError("a")]
)
def test_an_exception_becomes_a_sentence(error, capsys):
    def run(values, progress):
        if values["nodes"] == 13:
            raise error
        return balance(RoundRobin(values["nodes"]), 100)

    panel = make(run)
    panel.controls["nodes"].value = 13
    assert panel.error is error and panel.result is None
    told = panel.sentence.removeprefix("This cannot be drawn").partition(":")
    assert told[0] == ("" if type(error) is ValueError else f" ({type(error).__name__})") and told[2].endswith(".")
    assert panel.board.picture == "" and panel.code == "nodes=13"
    panel.controls["nodes"].value = 14
    assert panel.error is None and panel.board.picture.startswith("<svg")
    assert capsys.readouterr() == ("", "")


def test_stop_while_a_slider_is_answered_is_a_note(capsys):
    def run(values, progress):
        if values["nodes"] == 13:
            raise KeyboardInterrupt
        return balance(RoundRobin(values["nodes"]), 100)

    panel = make(run)
    panel.controls["nodes"].value = 13
    assert panel.board.note == "Stopped before it was drawn. Move a control to try again."
    assert panel.board.progress == -1 and panel.board.drawn == panel.redraws == 2
    panel.controls["nodes"].value = 14
    assert panel.board.note == "" and len(panel.result.nodes) == 14
    assert capsys.readouterr() == ("", "")


def test_a_prediction_veils_the_picture_until_it_is_committed():
    said = predict("requests at the busiest of 10 nodes", 100, 200)
    panel = make(prediction=said)
    assert panel.veiled and panel.redraws == 0 and panel.result is None and repr(panel) == VEIL
    assert panel.board not in panel.children and panel.veil in panel.children
    said.slider.value = 105
    assert panel.veiled
    said.commit()
    assert not panel.veiled and panel.redraws == 1 and panel.board in panel.children
    assert "You said 105: off by 95." in panel.sentence and "you: 105" in panel.board.picture
    said.slider.value = 110
    said.commit()
    assert panel.redraws == 2 and "You said 110" in panel.sentence


def test_a_prediction_is_scored_where_it_was_made():
    panel = make(prediction=12)
    assert panel.sentence.endswith("You said 12: off by 2.")
    panel.controls["nodes"].value = 20
    assert panel.sentence.endswith("Your prediction, 12, was made with 10 nodes.") and "You said" not in panel.sentence
    assert "you: 12" not in panel.board.picture  # it is about another picture
    panel.controls["nodes"].value = 10
    assert panel.sentence.endswith("You said 12: off by 2.")
    panel = balance(Random, seed=slider(0, 9), prediction=12)
    panel.controls["seed"].value = 5
    assert "You said 12" in panel.sentence


def test_a_moved_control_or_the_button_lifts_the_veil():
    panel = make(prediction=predict("x", 0, 9))
    panel.controls["nodes"].value = 4
    assert not panel.veiled and panel.redraws == 1 and "You said" not in panel.sentence
    panel = make(prediction=predict("x", 0, 9))
    button = panel.veil.children[1]
    assert button.description == "Show it"
    button.click()
    button.click()
    assert not panel.veiled and panel.redraws == 1 and panel.error is None


def test_a_committed_prediction_or_a_number_needs_no_veil():
    said = predict("x", 0, 9)
    said.commit()
    assert make(prediction=said).redraws == 1
    assert "You said 10: exactly right." in make(prediction=10).sentence


def test_a_long_run_shows_how_far_it_is(monkeypatch):
    now = iter(np.arange(0, 1000, 0.6))
    monkeypatch.setattr(panel_module.time, "monotonic", lambda: float(next(now)))
    shown = []

    def run(values, progress):
        for i in range(10):
            progress((i + 1) / 10)
            shown.append(panel.board.progress if panel else -1)
        return balance(RoundRobin(values["nodes"]), 100)

    panel = None
    panel = make(run)
    shown.clear()
    panel.redraw()
    assert shown[:3] == [-1, -1, -1] and shown[3] == 0.4 and shown[-1] == 1
    assert panel.board.progress == -1


def test_a_bar_moves_ten_times_a_second_at_most(monkeypatch):
    now = iter(np.arange(0, 1000, 0.03))
    monkeypatch.setattr(panel_module.time, "monotonic", lambda: float(next(now)))
    told = []

    def run(nodes, progress):
        for i in range(200):
            progress(i)
        return balance(RoundRobin(nodes), 100)

    panel = make(run)
    panel.board.observe(lambda change: told.append(change["new"]), names="progress")
    monkeypatch.setattr(panel_module, "PATIENCE_S", -1.0)
    panel._watch()(0.25)
    watched = panel._watch()
    for i in range(1, 13):
        watched(i / 10)
    # Every fourth is more than a tenth of a second after the one before; more than all of it is all of it.
    assert told == [0.4, 0.8, 1.0]


def test_a_label_is_the_name_in_words():
    panel = luck(Random, runs=slider(20, 30), nodes=slider(2, 3))
    assert [control.label for control in panel.controls.values()] == ["runs", "nodes"]
    assert [control.label for control in balance(Random, down=choice(0)).controls.values()] == ["node that is down"]


def test_a_short_run_shows_no_bar():
    panel = luck(Random, runs=slider(20, 30))
    assert panel.error is None and panel.board.progress == -1


def test_a_choice_draws_once_too():
    panel = balance(choice(RoundRobin, Random), requests=9)
    panel.controls["selector"].index = 1
    assert panel.redraws == 2 and panel.result.name == "Random"
    panel.controls["selector"].value = RoundRobin
    assert panel.redraws == 3


def test_the_front_end_keeps_its_live_region():
    """The sentence's element must stay when the sentence changes, or a screen reader stays silent."""
    script = panel_module.Board._esm if isinstance(panel_module.Board._esm, str) else str(panel_module.Board._esm)
    assert 'setAttribute("aria-live", "polite")' in script and script.count('make("p", "sentence")') == 1


def test_reveal_lifts_every_veil(monkeypatch):
    reveal()
    try:
        assert not make(prediction=predict("x", 0, 9)).veiled
    finally:
        reveal(False)
    assert make(prediction=predict("x", 0, 9)).veiled
    monkeypatch.setenv("LBCORE_REVEAL", "1")
    assert not make(prediction=predict("x", 0, 9)).veiled
