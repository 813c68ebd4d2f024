"""EVERY selector against its twin in plain Python: one by one, and whatever is mixed."""

import copy
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .rows import SEED, Row, ask, every, keys, one, requests_of


@every
@pytest.mark.parametrize("n", [1, 2, 10, 300])
def test_picks_of_the_twin(row: Row, n: int) -> None:
    """Three seeds and stretches of keys instead of one long run.

    Turns repeat after the sum of the weights, at most 42 here, and draws and keys do not know how many there were
    before; so a difference shows within a few hundred picks or never, and other weights, draws and keys find more of
    them than further picks. At 10 nodes it is 21,000 picks.
    """
    if row.twin_cost > 3:
        n = min(n, 100)
    m = (7_000 if n == 10 else 1_000 if n < 10 else 300) // row.twin_cost
    for i, seed in enumerate((SEED, SEED + 1, SEED + 2)):
        selector = row.make(n, seed)
        picks = selector.select_many(requests_of(selector, m, i * m)).tolist()
        assert picks == ask(row.twin(n, seed), selector.keyed, m, i * m)


@every
@pytest.mark.parametrize("n", [2, 3, 5])
def test_picks_of_the_twin_where_requests_are_tried_again(row: Row, n: int) -> None:
    """Rounds end while nodes are avoided: what keeps a place in a round must keep it, or lose it, as the rule says."""
    selector, twin, rng, tried = row.make(n), row.dressed(n), random.Random(n), []
    for start in range(300 // row.twin_cost):
        key = keys(selector.keyed, start - len(tried))
        picks = one(selector, *key, avoid=tried), one(twin, *key, avoid=tried)
        assert picks[0] == picks[1]
        tried = [*tried, picks[0]] if picks[0] >= 0 and len(tried) < 3 and rng.random() < 0.5 else []


# One step of a mixed use: what to do, and a number that says to which node or how often.
steps = st.lists(
    st.tuples(
        st.sampled_from(["one", "many", "down", "up", "avoid", "copy", "pickle", "all down", "all up", "reset"]),
        st.integers(0, 40),
    ),
    max_size=30,
)


@every
def test_picks_of_the_twin_whatever_is_mixed(row: Row) -> None:
    drawn = given(row=st.just(row), n=st.integers(1, 12), steps=steps)
    settings(max_examples=max(60 // row.twin_cost, 15), deadline=None)(drawn(mix))()


def mix(row: Row, n: int, steps: list[tuple[str, int]]) -> None:
    selector, twin = row.make(n), row.dressed(n)
    start = 0
    for step, number in steps:
        node = number % n
        match step:
            case "one":
                assert ask(selector, selector.keyed, 1, start) == ask(twin, selector.keyed, 1, start)
                start += 1
            case "many":
                requests = requests_of(selector, number, start)
                assert selector.select_many(requests).tolist() == twin.select_many(requests).tolist()
                start += number
            case "down":
                selector.mark_down(node)
                twin.mark_down(node)
            case "up":
                selector.mark_up(f"node-{node}")
                twin.mark_up(node)
            case "all down" | "all up":
                for each in (selector, twin):
                    for i in range(n):
                        (each.mark_up if step == "all up" else each.mark_down)(i)
            case "avoid":
                key, avoid = keys(selector.keyed, start), list(range(node))
                assert one(selector, *key, avoid=avoid) == one(twin, *key, avoid=avoid)
                start += 1
            case "copy":
                selector = copy.copy(selector) if number % 2 else selector.copy()
            case "pickle":
                selector = pickle.loads(pickle.dumps(selector))
            case "reset":
                selector.reset()
                twin.reset()
        assert selector.up.tolist() == twin.up.tolist()
