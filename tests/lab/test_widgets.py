"""The widget contract: every control at its ends and each option, random states, and what is drawn is true."""

import random

import pytest
import states

from lbcore import (
    BurstRoundRobin,
    HashSlots,
    ModuloHash,
    Random,
    RoundRobin,
    TwoChoices,
    WeightedRandom,
    WeightedRoundRobin,
)
from lbcore.lab import choice, experiments, slider, widgets
from lbcore.lab.controls import ChoiceSpec
from lbcore.selectors import reference


class Mine:
    """What a student may write in lesson 02."""

    def __init__(self, n, rng):
        self.counts, self.rng = [0] * n, rng

    def select(self):
        a, b = self.rng.below(len(self.counts)), self.rng.below(len(self.counts))
        node = a if self.counts[a] <= self.counts[b] else b
        self.counts[node] += 1
        return node


class MyHash:
    """What a student may write in lesson 04."""

    def __init__(self, nodes):
        self.nodes = nodes

    def select(self, key):
        return key % self.nodes


CLASSES = (BurstRoundRobin, HashSlots, ModuloHash, Random, RoundRobin, TwoChoices, WeightedRandom, WeightedRoundRobin)
NAMES = {"experiments": experiments, "reference": reference, **{c.__name__: c for c in (*CLASSES, Mine, MyHash)}}
KEYS = [f"user-{i % 70}" for i in range(500)]
SEEDS = slider(0, 1000, start=7)

WIDGETS = {
    "balance": lambda: widgets.balance(
        Random, nodes=slider(1, 200, start=10), requests=slider(10, 1_000_000, start=1000), seed=SEEDS
    ),
    "balance of many nodes": lambda: widgets.balance(Random, nodes=slider(2, 10_000, start=100), requests=100),
    "balance of an algorithm": lambda: widgets.balance(
        choice(RoundRobin, Random, TwoChoices, ModuloHash, HashSlots, WeightedRandom, Mine, MyHash),
        nodes=slider(1, 64, start=10),
        requests=slider(0, 5000, start=1000),
    ),
    "balance by weight": lambda: widgets.balance(
        choice(WeightedRandom, WeightedRoundRobin, reference.BurstRoundRobin),
        weights=[slider(0, 10, start=5), 1, slider(1, 9)],
        requests=slider(10, 1_000_000),
    ),
    "balance with a node down": lambda: widgets.balance(
        choice(RoundRobin, Random, ModuloHash), nodes=4, down=choice("none", "node-0", "node-3", ["node-1", "node-2"])
    ),
    "balance of slots": lambda: widgets.balance(
        HashSlots, slots=choice(16, 1024, 16384), nodes=slider(1, 16), seed=SEEDS
    ),
    "balance of keys": lambda: widgets.balance(
        ModuloHash, keys=KEYS, nodes=slider(1, 20), requests=slider(0, 500, start=500)
    ),
    "sequence": lambda: widgets.sequence(
        [BurstRoundRobin, WeightedRoundRobin], weights=[slider(1, 10, start=5), 1, 1], requests=slider(0, 120, start=14)
    ),
    "sequence of one": lambda: widgets.sequence(
        choice(RoundRobin, Random, Mine), nodes=slider(1, 100, start=3), requests=slider(1, 120, start=14), seed=SEEDS
    ),
    "luck": lambda: widgets.luck(
        [Random, TwoChoices],
        nodes=slider(1, 200, start=100),
        requests=slider(0, 500, start=100),
        runs=slider(1, 100),
        seed=SEEDS,
    ),
    "luck of mine": lambda: widgets.luck(
        choice(Mine, Random), nodes=slider(2, 50), requests=slider(0, 2000), runs=choice(1, 30)
    ),
    "work": lambda: widgets.work(
        [RoundRobin, Random],
        nodes=slider(1, 70, start=3),
        requests=slider(0, 3000, start=900),
        every=slider(1, 10, start=3),
        heavy=slider(1, 100, start=10),
    ),
    "work of mine": lambda: widgets.work(choice(Mine, RoundRobin), heavy=slider(0.0, 2.0, step=0.5)),
    "moves": lambda: widgets.moves(
        [ModuloHash, HashSlots],
        nodes=slider(1, 64, start=10),
        after=slider(1, 64, start=11),
        keys=slider(1, 10_000),
        seed=SEEDS,
    ),
    "moves of mine": lambda: widgets.moves([MyHash, HashSlots], nodes=slider(1, 20, start=10), keys=choice(10, 1000)),
    "moves of one": lambda: widgets.moves(
        choice(ModuloHash, HashSlots, MyHash), nodes=slider(1, 20), slots=choice(64, 16384)
    ),
    "hot keys": lambda: widgets.hot_keys(
        ModuloHash,
        nodes=slider(1, 100, start=10),
        requests=slider(0, 100_000, start=10_000),
        exponent=slider(0.0, 3.0, start=1.0, step=0.1),
        keys=slider(1, 10_000, start=1000),
        seed=SEEDS,
    ),
    "hot keys of an algorithm": lambda: widgets.hot_keys(choice(RoundRobin, Random, HashSlots, MyHash), requests=5000),
    "growth": lambda: widgets.growth(
        [Random, TwoChoices], nodes=slider(1, 200, start=10), upto=slider(10, 100_000), runs=slider(1, 5), seed=SEEDS
    ),
    "growth of mine": lambda: widgets.growth(
        choice(Mine, RoundRobin), nodes=slider(1, 20), upto=choice(10, 1000), runs=2
    ),
}
tried = {"states": 0}


def drawn_line(panel):
    """What the reproduce line evaluates to."""
    return eval(panel.code, {**NAMES, "keys": KEYS})


def look(panel, redraws, check_drawn):
    tried["states"] += 1
    assert panel.error is None, f"{panel.values}: {panel.error!r}"
    assert panel.redraws == redraws, panel.values
    check_drawn(panel.figure, panel.result)
    assert drawn_line(panel) == panel.result, panel.code
    assert panel.board.picture.startswith("<svg") and panel.sentence == panel.board.sentence != ""
    assert len(panel.sentence) < 1200


def ends(control):
    """A control's extreme values, or each option."""
    spec = control.spec
    return list(spec.options) if isinstance(spec, ChoiceSpec) else [spec.low, spec.high]


@pytest.mark.parametrize("name", WIDGETS)
def test_every_control_at_every_end(name, check_drawn):
    panel = WIDGETS[name]()
    redraws = 1
    look(panel, redraws, check_drawn)
    for control in panel.controls.values():
        start = control.value
        for value in [*ends(control), start]:
            changes = control.value is not value and control.value != value
            control.value = value
            redraws += changes
            look(panel, redraws, check_drawn)


@pytest.mark.parametrize("count", states.COUNTS)
@pytest.mark.parametrize("name", WIDGETS)
def test_random_states(name, count, check_drawn):
    """A random walk: all controls are thrown once, then one of them for each further state."""
    panel, draw = WIDGETS[name](), random.Random(name)
    redraws, controls = panel.redraws, list(panel.controls.values())
    for state in range(count):
        for control in [draw.choice(controls)] if state else controls:
            spec = control.spec
            options = isinstance(spec, ChoiceSpec)
            value = draw.choice(spec.options) if options else spec.value_at(draw.randint(0, spec.positions))
            redraws += control.value is not value and control.value != value
            control.value = value
        look(panel, redraws, check_drawn)


def test_how_many_states_were_tried(record_property, capsys):
    record_property("widget_states", tried["states"])
    with capsys.disabled():
        print(f"\n{tried['states']} widget states tried")


def test_no_control_no_change():
    panel = widgets.balance(RoundRobin)
    assert panel.controls == {} and panel.code == "experiments.balance(RoundRobin(10), requests=1_000)"


def test_the_line_that_the_lesson_shows():
    panel = widgets.balance(Random, nodes=10, requests=slider(10, 1_000_000, start=1_000))
    assert panel.code == "experiments.balance(Random(10, seed=7), requests=1_000)"
    assert list(panel.controls) == ["requests"]


def test_the_seed_in_the_line_is_the_controls():
    panel = widgets.balance(ModuloHash, seed=slider(0, 9, start=3))
    assert panel.code == "experiments.balance(ModuloHash(10), requests=1_000, seed=3)"
    assert panel.sentence.startswith("Seed 3: ")
    panel = widgets.balance(Random, seed=slider(0, 9, start=3))
    assert panel.code == "experiments.balance(Random(10, seed=3), requests=1_000)"


def test_controls_are_called_in_plain_words():
    panel = widgets.hot_keys(ModuloHash, nodes=slider(1, 9), exponent=slider(0.0, 3.0, step=0.1))
    assert [control.label for control in panel.controls.values()] == ["nodes", "Zipf exponent"]
    panel = widgets.balance(WeightedRandom, nodes=["a", "b"], weights=[slider(1, 9), 2])
    assert [control.label for control in panel.controls.values()] == ["weight of a"]
    panel = widgets.balance(choice(RoundRobin, Random), down=choice("none", "node-1"))
    assert [control.label for control in panel.controls.values()] == ["algorithm", "node that is down"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: widgets.balance(int),
        lambda: widgets.balance(Random, nodes=0),
        lambda: widgets.balance(Random, requests=-1),
        lambda: widgets.balance(RoundRobin, weights=[1, 2]),
        lambda: widgets.balance(RoundRobin, down="node-77"),
        lambda: widgets.balance(RoundRobin(3)),
        lambda: widgets.moves(RoundRobin),
        lambda: widgets.luck(Random, runs=0),
        lambda: widgets.sequence(Random, requests=1000),
        lambda: widgets.work(Random, heavy=-1),
        lambda: widgets.growth("Random"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_traceback(make, capsys):
    panel = make()
    assert panel.error is not None and panel.sentence.startswith("This cannot be drawn: ")
    assert "Traceback" not in panel.sentence and capsys.readouterr() == ("", "")


def test_a_wrong_class_is_told_in_the_sentence():
    class Open:
        def __init__(self, n, rng):
            self.n = n

        def select(self):
            return self.n

    panel = widgets.balance(Open, nodes=slider(2, 20))
    assert "Request 1: Open.select() returned 2; the nodes have the numbers 0 to 1" in panel.sentence
    panel.controls["nodes"].value = 5
    assert panel.redraws == 2 and panel.error is not None
