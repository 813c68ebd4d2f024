"""Where a request goes that has failed on some nodes: never a node twice while another that is up is left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lbcore
from lbcore.faults import pick
from lbcore.selectors.systems.haproxy import FastWeightedRoundRobin

SELECTORS = {
    "round robin": lambda n: lbcore.RoundRobin(n),
    "random": lambda n: lbcore.Random(n, seed=1),
    "two choices": lambda n: lbcore.TwoChoices(n, seed=1),
    "weighted": lambda n: lbcore.WeightedRoundRobin(n, [3] * n),
    "modulo hash": lambda n: lbcore.ModuloHash(n),
    "hash slots": lambda n: lbcore.HashSlots(n, slots=64),
}


@pytest.mark.parametrize("name", SELECTORS)
@given(nodes=st.integers(1, 6), down=st.sets(st.integers(0, 5)), attempts=st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_never_the_same_node_twice_while_another_is_up(name: str, nodes: int, down: set[int], attempts: int) -> None:
    selector = SELECTORS[name](nodes)
    live = set(range(nodes)) - down
    for node in down & set(range(nodes)):
        selector.mark_down(node)
    key = b"key" if selector.keyed else None
    if not live:
        with pytest.raises(LookupError):
            pick(selector, key, tried=["node-0"])
        return
    tried: list[int] = []
    for _ in range(attempts):
        node = pick(selector, key, [f"node-{one}" for one in tried])
        assert node in live
        assert tried.count(node) == min(tried.count(other) for other in live)
        assert len(live) == 1 or not tried or node != tried[-1]
        tried.append(node)


def test_pick_passes_over_names_that_are_gone_and_refuses_wrong_numbers() -> None:
    nodes = lbcore.RoundRobin(["a", "b", "c"])
    assert nodes.nodes[pick(nodes, tried=["gone", "a", "b"])] == "c"
    for wrong in (3, -1):
        with pytest.raises(ValueError, match="tried"):
            pick(nodes, tried=[wrong])
    # The last one is up alone: better it than none.
    nodes.mark_down("a")
    nodes.mark_down("b")
    assert pick(nodes, tried=["c", "c"]) == 2


def test_pick_prefers_any_other_to_the_last_after_several_tries_on_one() -> None:
    assert pick(lbcore.RoundRobin(["a", "b"]), tried=["a", "a", "a", "b"]) == 0


def test_the_node_tried_last_is_told_last_to_selectors_that_avoid_it_alone() -> None:
    for tried in (("node-0", "node-1"), ("node-1", "node-0"), ("node-2", "node-0", "node-1")):
        for _ in range(20):
            assert pick(FastWeightedRoundRobin(3), tried=tried) != int(tried[-1][-1])
