"""Hedges: when a copy goes, and how many."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbcore.faults import Hedge

INF = math.inf


@given(st.floats(1e-3, 100.0), st.integers(1, 5), st.floats(-1e3, 1e3))
def test_hedges_go_one_after_another_and_no_more_than_allowed(delay_s: float, most: int, started_s: float) -> None:
    hedge = Hedge(delay_s, most)
    times = [hedge.next_s(started_s, copies) for copies in range(most + 2)]
    assert times == sorted(times) and times[most:] == [INF, INF] and math.isfinite(times[most - 1])
    assert hedge.due(times[0], started_s, 0) and not hedge.due(started_s, started_s, 0)
    assert not hedge.due(started_s + 1e9, started_s, most)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Hedge(0.0), "delay_s"),
        (lambda: Hedge(1.0, 0), "most"),
        (lambda: Hedge(1.0).next_s(0.0, -1), "copies"),
    ],
)
def test_bad_parameters(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()
