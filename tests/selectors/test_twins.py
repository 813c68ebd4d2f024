"""EVERY selector against its twin in plain Python: one by one, and whatever is mixed."""

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .rows import Row, ask, every, keys, requests_of


def mark(twin: Any, node: int, up: bool) -> None:
    """A twin that must do more than remember who is up says so."""
    if hasattr(twin, "mark"):
        twin.mark(node, up)
    else:
        twin.up[node] = up


def avoiding(twin: Any, keyed: bool, start: int, avoid: list[int]) -> int:
    """One pick of a twin; nodes to avoid are down for it, unless it knows the difference."""
    try:
        if hasattr(twin, "mark"):
            return twin.select(*keys(keyed, start), avoid=avoid)
        kept, twin.up[:] = twin.up.copy(), [up and node not in avoid for node, up in enumerate(twin.up)]
        [pick] = ask(twin, keyed, 1, start)
        twin.up[:] = kept
        return pick
    except LookupError:
        return -1


@every
@pytest.mark.parametrize("n", [1, 2, 10, 10_000])
def test_picks_of_the_twin(row: Row, n: int) -> None:
    if row.twin_picks <= 1_000:
        n = min(n, 200)  # it walks along its ring, point by point
    m = {1: 20_000, 2: 20_000, 10: row.twin_picks}.get(n, 300)
    selector = row.make(n)
    assert selector.select_many(requests_of(selector, m)).tolist() == ask(row.twin(n), selector.keyed, m, 0)


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
    # A twin that builds its ring anew whenever a node is marked takes a hundred times as long as the others.
    examples = 150 if row.twin_picks > 50_000 else 40
    drawn = given(row=st.just(row), n=st.integers(1, 12), steps=steps)
    settings(max_examples=examples, deadline=None)(drawn(mix))()


def mix(row: Row, n: int, steps: list[tuple[str, int]]) -> None:
    selector, twin = row.make(n), row.twin(n)
    start = 0
    for step, number in steps:
        node = number % n
        match step:
            case "one":
                assert ask(selector, selector.keyed, 1, start) == ask(twin, selector.keyed, 1, start)
                start += 1
            case "many":
                many = selector.select_many(requests_of(selector, number, start)).tolist()
                assert many == ask(twin, selector.keyed, number, start)
                start += number
            case "down":
                selector.mark_down(node)
                mark(twin, node, False)
            case "up":
                selector.mark_up(f"node-{node}")
                mark(twin, node, True)
            case "all down" | "all up":
                for i in range(n):
                    (selector.mark_up if step == "all up" else selector.mark_down)(i)
                    mark(twin, i, step == "all up")
            case "avoid":
                avoid = list(range(node))
                wanted = avoiding(twin, selector.keyed, start, avoid)
                key = keys(1, start)[0] if selector.keyed else None
                if wanted < 0:
                    with pytest.raises(LookupError, match="no node is left"):
                        selector.select(key, avoid=avoid)
                else:
                    assert selector.select(key, avoid=avoid) == wanted
                start += 1
            case "copy":
                selector = copy.copy(selector) if number % 2 else selector.copy()
            case "pickle":
                selector = pickle.loads(pickle.dumps(selector))
            case "reset":
                selector.reset()
                twin = row.twin(n)
        assert selector.up.tolist() == twin.up
