"""Selectors that keep load: the compiled ones beside their twins, while requests end and nodes go down."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lbcore
from lbcore.selectors import reference
from lbcore.selectors.systems import envoy, grpc, haproxy

BIASES = (1.0, 0.5, 0.0, 1.7, 1.0)
MAKE: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "LeastRequest": (
        lambda weights, number: envoy.LeastRequest(
            len(weights), weights, 1 + number % 4, seed=number, bias=BIASES[number % 5]
        ),
        lambda weights, number: reference.LeastRequest(weights, 1 + number % 4, number, bias=BIASES[number % 5]),
    ),
    "FastLeastConnections": (
        lambda weights, _: haproxy.FastLeastConnections(len(weights), weights),
        lambda weights, _: reference.FastLeastConnections(weights),
    ),
    "BoundedNearestRing": (
        lambda weights, number: haproxy.BoundedNearestRing(len(weights), weights, 3, 100 + number),
        lambda weights, number: reference.BoundedNearestRing(weights, 3, 100 + number),
    ),
    "BoundedAlternates": (
        lambda weights, number: envoy.BoundedAlternates(len(weights), weights, 100 + number),
        lambda weights, number: reference.BoundedAlternates(weights, 100 + number),
    ),
}
steps = st.lists(
    st.tuples(
        st.sampled_from(["pick", "pick", "pick", "avoid", "end", "many", "copy", "down", "up"]), st.integers(0, 60)
    ),
    max_size=100,
)


@pytest.mark.parametrize("name", MAKE)
@settings(max_examples=150, deadline=None)
@given(
    weights=st.lists(st.integers(0, 5), min_size=1, max_size=7).filter(any) | st.integers(1, 6).map(lambda n: [1] * n),
    number=st.integers(0, 120),
    steps=steps,
)
def test_picks_of_the_twin(name: str, weights: list[int], number: int, steps: list[tuple[str, int]]) -> None:
    selector, twin = (make(weights, number) for make in MAKE[name])
    in_flight: list[int] = []
    for step, value in steps:
        match step:
            case "pick" | "avoid":
                avoid = list(range(value % len(weights))) if step == "avoid" else []
                key = [value % 4] if selector.keyed else []
                try:
                    wanted = twin.select(*key, avoid=avoid)
                except LookupError:
                    wanted = -1
                try:
                    pick = selector.select(*key, avoid=avoid)
                except LookupError:
                    pick = -1
                assert pick == wanted
                in_flight += [pick] if pick >= 0 else []
            case "end" if in_flight:
                node = in_flight.pop(value % len(in_flight))
                selector.release(node)
                twin.release(node)
            case "many":
                ended, in_flight = in_flight[: value % 9], in_flight[value % 9 :]
                selector.release(ended)
                for node in ended:
                    twin.release(node)
            case "copy":
                selector = selector.copy()
            case "down" | "up":
                (selector.mark_up if step == "up" else selector.mark_down)(value % len(weights))
                twin.mark(value % len(weights), step == "up")
        assert selector.in_flight.tolist() == twin.load


def test_two_draws_may_be_one_node() -> None:
    """So the busier of two nodes serves a quarter of the requests, where two different draws would give it none."""
    selector = envoy.LeastRequest(2, seed=1)
    busy, m = selector.select(), 20_000
    count = 0
    for _ in range(m):
        node = selector.select()
        selector.release(node)
        count += node == busy
    assert abs(count - m / 4) < 6 * (m * 3 / 16) ** 0.5


def test_arguments() -> None:
    for wrong in (0, 1025, 2.0, "2", None, True):
        with pytest.raises((TypeError, ValueError), match=r"^choices: "):
            envoy.LeastRequest(3, choices=wrong)
    for wrong in (-0.5, float("inf"), float("nan"), "1", None, True):
        with pytest.raises((TypeError, ValueError), match=r"^bias: "):
            envoy.LeastRequest(3, bias=wrong)
    for wrong in (-1, 2**64, 1.0, "1", None, True):
        with pytest.raises((TypeError, ValueError), match=r"^start: "):
            envoy.EarliestDeadline(3, start=wrong)
        with pytest.raises((TypeError, ValueError), match=r"^start: "):
            grpc.StaticStride(3, start=wrong)
    for wrong in (99, 65536, 1.0, "150", None, True):
        with pytest.raises((TypeError, ValueError), match=r"^factor: "):
            haproxy.BoundedNearestRing(3, factor=wrong)
    for wrong in (99, 2**32, 1.0, "150", None, True):
        with pytest.raises((TypeError, ValueError), match=r"^factor: "):
            envoy.BoundedAlternates(3, factor=wrong)
    for inner in (None, lambda nodes, weights: 5, lambda nodes, weights: lbcore.HashRing(2)):
        with pytest.raises(TypeError, match=r"^inner: "):
            envoy.BoundedAlternates(3, inner=inner)
