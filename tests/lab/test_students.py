"""A student's own class in lbcore's place: how it is made, asked, and what is said when it errs."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from lbcore import HashSlots, ModuloHash, Random, RoundRobin, WeightedRoundRobin
from lbcore.lab import balance
from lbcore.lab.student import classes
from lbcore.selectors import reference


class ByCount:
    def __init__(self, n):
        self.n, self.i = n, -1

    def select(self):
        self.i += 1
        return self.i % self.n


class ByRng:
    def __init__(self, n, rng):
        self.size, self.rng = n, rng

    def select(self):
        return self.rng.below(self.size)


class ByWeights:
    def __init__(self, weights, seed=1):
        self.weights, self.seed = weights, seed

    def select(self):
        return self.weights.index(max(self.weights))


class ByKey:
    def __init__(self, nodes):
        self.nodes = nodes

    def select(self, key):
        return key % (self.nodes if isinstance(self.nodes, int) else len(self.nodes))


class Nothing:
    def select(self):
        return 0


@pytest.mark.parametrize(
    ("cls", "how", "arguments"),
    [
        (RoundRobin, {}, {"nodes": 10}),
        (Random, {"nodes": 3, "seed": 7}, {"nodes": 3, "seed": 7}),
        (WeightedRoundRobin, {"weights": [5, 1, 1]}, {"nodes": 3, "weights": [5, 1, 1]}),
        (WeightedRoundRobin, {"nodes": ["a", "b"]}, {"nodes": ["a", "b"], "weights": [1, 1]}),
        (HashSlots, {"nodes": 3}, {"nodes": 3}),
        (HashSlots, {"nodes": 3, "slots": 1024}, {"nodes": 3, "slots": 1024}),
        (reference.HashSlots, {"nodes": 3}, {"n": 3, "slots": 16384}),
        (reference.WeightedRandom, {"weights": [2, 1]}, {"weights": [2, 1], "seed": 0}),
        (ByCount, {"nodes": ["a", "b"]}, {"n": 2}),
        (ByRng, {"nodes": 4, "seed": 7}, {"n": 4, "rng": 7}),
        (ByWeights, {"nodes": 2, "seed": 3}, {"weights": [1, 1], "seed": 3}),
        (ByKey, {"nodes": 5}, {"nodes": 5}),
        (Nothing, {}, {}),
    ],
)
def test_a_class_is_made_by_the_names_of_its_parameters(cls, how, arguments):
    recipe = classes.recipe(cls, **how)
    assert dict(recipe.arguments) == arguments
    assert type(recipe()) is cls is type(classes.build(cls, **how))


def test_the_students_rng_is_lbcores_draws():
    mine, draws = classes.build(ByRng, 10, seed=7), reference.Draws(7)
    assert [mine.select() for _ in range(50)] == [draws.below(10) for _ in range(50)]


def test_a_seeded_recipe_takes_the_other_seed():
    assert classes.recipe(ByRng, 3).seeded(5) == classes.recipe(ByRng, 3, seed=5)
    assert classes.recipe(RoundRobin, 3).seeded(5) == classes.recipe(RoundRobin, 3)


class Odd:
    def __init__(self, n, colour):
        pass

    def select(self):
        return 0


@pytest.mark.parametrize(
    ("cls", "how", "error", "words"),
    [
        (Odd, {}, TypeError, "'colour'"),
        (RoundRobin(3), {}, TypeError, "no class"),
        (int, {}, TypeError, "no select"),
        (ByCount, {"weights": [1, 2]}, ValueError, "takes no weights"),
        (WeightedRoundRobin, {"nodes": 2, "weights": [1]}, ValueError, "1 weights for 2 nodes"),
    ],
)
def test_what_cannot_be_made_is_said(cls, how, error, words):
    with pytest.raises(error, match=words):
        classes.recipe(cls, **how)


def test_who_picks_by_key():
    for keyed in (ByKey, ByKey(3), ModuloHash, ModuloHash(3), reference.ModuloHash):
        assert classes.is_keyed(keyed)
    for keyless in (ByCount, ByCount(3), Random, Random(3), reference.Random):
        assert not classes.is_keyed(keyless)


def wrong(answer, n=3):
    class Wrong:
        def __init__(self):
            self.n, self.asked = n, 0

        def select(self):
            self.asked += 1
            if self.asked < 4:
                return 0
            if isinstance(answer, Exception):
                raise answer
            return answer

    return Wrong()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (3, "returned 3; the nodes have the numbers 0 to 2"),
        (-1, "returned -1"),
        (None, "returned None; it must return the number of a node"),
        (1.0, "returned 1.0"),
        (True, "returned True"),
        ("0", "returned '0'"),
        (IndexError("list index out of range"), "failed with IndexError: list index out of range"),
        (ZeroDivisionError("division by zero"), "failed with ZeroDivisionError"),
        (KeyError("node"), "failed with KeyError"),
    ],
)
def test_what_a_class_did_wrong_is_a_sentence(answer, words):
    with pytest.raises(classes.StudentError, match=r"Request 4: Wrong\.select") as caught:
        balance(wrong(answer), 10)
    assert words in str(caught.value)


def test_a_stub_is_not_finished_rather_than_wrong():
    with pytest.raises(classes.StudentError, match=r"^Wrong is not finished yet: replace its `\.\.\.`"):
        balance(wrong(...), 10)


def test_no_node_left_is_no_error():
    result = balance(wrong(LookupError("no node is left")), 10)
    assert result.counts.tolist() == [3, 0, 0]


def test_a_plain_class_stops_in_time_and_says_so():
    result = balance(ByCount(10), 1_000_000)
    assert (result.requests, result.asked) == (classes.MOST_PICKS, 1_000_000)
    assert "only 100,000 of 1,000,000 requests were made" in result.sentence()
    assert balance(ByCount(200), 1_000_000).requests == classes.FEWEST_PICKS
    assert balance(ByCount(10), 5_000).requests == 5_000


def test_a_twin_gives_the_same_result_as_its_selector():
    for compiled, twin in ((Random(5, seed=3), reference.Random(5, 3)), (RoundRobin(5), reference.RoundRobin(5))):
        assert balance(compiled, 2000) == balance(twin, 2000)


def test_how_many_nodes_a_plain_class_has():
    assert len(balance(ByCount(4), 1).nodes) == 4
    assert len(balance(ByWeights([1, 2, 3]), 1).nodes) == 3
    assert balance(ByKey(["x", "y"]), 10).nodes == ("x", "y")
    assert len(balance(ByRng(4, reference.Draws(1)), 100).nodes) == 4  # the highest that was picked
    assert len(balance(ByRng(4, reference.Draws(1)), 1, nodes=4).nodes) == 4


def test_a_selector_stays_as_it_is():
    mine = ByCount(3)
    assert classes.made(mine, 5, seed=3) is mine and classes.made(ByCount, 5).n == 5


def test_only_who_can_go_down_goes_down():
    with pytest.raises(ValueError, match="neither mark_down"):
        balance(ByCount(3), 10, down=[1])
    with pytest.raises(ValueError, match="not a node"):
        balance(reference.RoundRobin(3), 10, down=[3])


def test_a_cell_shows_the_sentence_and_no_traceback():
    cell = """
from lbcore.lab import balance
class Mine:
    def __init__(self, n): self.n = n
    def select(self): ...
balance(Mine, 10, nodes=3)
"""
    with capture_output() as shown:
        InteractiveShell().run_cell(cell)
    assert shown.stdout.strip() == "Mine is not finished yet: replace its `...`, run that cell, then this one"
