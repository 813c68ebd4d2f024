"""Failures that requests report: the compiled selectors beside their twins, while time passes and nodes go down."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lbcore
from lbcore.selectors import reference
from lbcore.selectors.systems import nginx

TURNS = ["PassiveRoundRobin", "PassiveLeastConnections"]
KINDS = [*TURNS, "PassiveRandom", "PassiveTwoRandom", "PassiveHash", "PassivePrefixHash", "PassiveRing"]
steps = st.lists(
    st.tuples(
        st.sampled_from(["pick", "pick", "pick", "fail", "fail", "end", "time", "down", "up"]), st.integers(0, 60)
    ),
    max_size=120,
)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=150, deadline=None)
@given(
    weights=st.lists(st.integers(0, 9), min_size=1, max_size=7).filter(any),
    steps=steps,
    data=st.data(),
)
def test_picks_of_the_twin(name: str, weights: list[int], steps: list[tuple[str, int]], data: st.DataObject) -> None:
    now, n = [1000.0], len(weights)

    def limit(most: int) -> Any:
        """One number for all nodes, or one for each."""
        return data.draw(st.integers(0, most) | st.lists(st.integers(0, most), min_size=n, max_size=n))

    how: dict[str, Any] = {"max_fails": limit(4), "fail_timeout_s": limit(5), "max_conns": limit(3)}
    how["max_conns"] = how["max_conns"] if data.draw(st.booleans()) else 0
    if name in TURNS and n > 1:
        how["backup"] = data.draw(st.sets(st.integers(0, n - 1), max_size=n - 1))
    if name in ("PassiveRandom", "PassiveTwoRandom"):
        how["seed"] = data.draw(st.integers(0, 9))
    twin = getattr(reference, name)(weights.copy(), **how)
    if name == "PassiveRing":
        twin = reference.PassiveRing(weights.copy(), **how, servers=[f"s{i % 3}" for i in range(n)])
        how["servers"] = {f"node-{i}": f"s{i % 3}" for i in range(n)}
    selector = getattr(nginx, name)(n, weights, clock=lambda: now[0], **how)
    in_flight: list[int] = []
    for step, number in steps:
        twin.now_s = now[0]
        match step:
            case "pick" | "fail":
                avoid = list(range(number % n)) if number % 5 == 0 else []
                key = [data.draw(st.binary(max_size=8))] if selector.keyed else []
                try:
                    wanted = twin.select(*key, avoid=avoid)
                except LookupError:
                    wanted = -1
                try:
                    pick = selector.select(*key, avoid=avoid)
                except LookupError:
                    pick = -1
                assert pick == wanted
                if pick < 0:
                    continue
                if step == "fail":
                    selector.release(pick, ok=False)
                    twin.release(pick, ok=False)
                else:
                    in_flight.append(pick)
            case "end" if in_flight:
                node = in_flight.pop(number % len(in_flight))
                selector.release(node, ok=number % 3 > 0)
                twin.release(node, ok=number % 3 > 0)
            case "time":
                now[0] += number / 7
            case "down" | "up":
                (selector.mark_up if step == "up" else selector.mark_down)(number % n)
                twin.mark(number % n, step == "up")


@pytest.mark.parametrize(
    "kind", [nginx.PassiveRoundRobin, nginx.PassiveHash, nginx.PassivePrefixHash, nginx.PassiveRing]
)
def test_a_batch_looks_at_the_clock(kind: type[lbcore.Selector]) -> None:
    """As one pick does: a node that has rested is tried again, whichever way the next requests come."""
    now = [0.0]
    batch, single = (kind(3, max_fails=1, fail_timeout_s=10, clock=lambda: now[0]) for _ in range(2))
    requests = [f"user:{i}".encode() for i in range(40)] if batch.keyed else 40
    for selector in (batch, single):
        selector.release(1, ok=False)
    assert 1 not in batch.select_many(requests)
    single.select_many(requests)
    now[0] = 11.0
    picks = batch.select_many(requests).tolist()
    assert picks == [single.select(*([key] if batch.keyed else [])) for key in (requests if batch.keyed else range(40))]
    assert 1 in picks


def test_a_node_rests_and_is_tried_again() -> None:
    now = [0.0]
    selector = nginx.PassiveRoundRobin(3, [4, 2, 2], 2, 10, clock=lambda: now[0])
    for _ in range(2):
        selector.release(0, ok=False)
    assert 0 not in selector.select_many(50)
    now[0] = 10.99  # the eleventh second has not begun
    assert 0 not in selector.select_many(50)
    now[0] = 11
    assert 0 in selector.select_many(8)


def test_arguments() -> None:
    for wrong in (-1, 2**31, 1.5, "2", None, True):
        with pytest.raises((TypeError, ValueError), match=r"^max_fails: "):
            nginx.PassiveRoundRobin(3, max_fails=wrong)
        with pytest.raises((TypeError, ValueError), match=r"^fail_timeout_s: "):
            nginx.PassiveHash(3, fail_timeout_s=wrong)
    for wrong in ("node-1", 1, [3], [-1], ["nobody"], [1.0], [True], [0, 1, 2]):
        with pytest.raises((TypeError, ValueError, IndexError), match=r"^backup: "):
            nginx.PassiveRoundRobin(3, backup=wrong)
    with pytest.raises(TypeError, match=r"^clock: "):
        nginx.PassiveRing(3, clock=5)
    selector = nginx.PassiveRoundRobin(3, backup=[1, 2])
    with pytest.raises(ValueError, match=r"^node: without 'node-0' every node would be a backup"):
        selector.remove(0)


def test_the_numbered_keys_crc32_is_computed_from_the_keys() -> None:
    """Tries up to 10 and more: with all but one of many nodes down, twenty numbers are put in front of the key."""
    nodes = 40
    for alive in (3, 17, 39):
        selector, twin = nginx.PassiveHash(nodes), reference.PassiveHash([1] * nodes)
        for node in range(nodes):
            if node not in (alive, 0):
                selector.mark_down(node)
                twin.mark(node, False)
        for i in range(300):
            key = "x" * (i % 70) + str(i)
            assert selector.select(key) == twin.select(key)


@pytest.mark.parametrize("name", ["PassiveRandom", "PassiveTwoRandom"])
def test_a_refusal_leaves_the_draws_as_they_were(name: str) -> None:
    """One server has failed of late and the others are to be avoided: nobody is drawn, and nothing is used up."""
    selector = getattr(nginx, name)(3, [3, 1, 1], clock=lambda: 5.0, seed=1)
    selector.release(selector.select(avoid=[0, 1]), ok=False)
    same = selector.copy()
    with pytest.raises(LookupError, match="no node is left"):
        selector.select(avoid=[0, 1])
    assert selector.select_many(12).tolist() == same.select_many(12).tolist()
