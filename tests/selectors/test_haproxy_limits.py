"""HAProxy's turns and least connections with a limit for each node, against their twins; live tests ask HAProxy."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbcore.selectors import reference
from lbcore.selectors.systems import haproxy

PAIRS = [
    (haproxy.FastWeightedRoundRobin, reference.FastWeightedRoundRobin),
    (haproxy.MapRoundRobin, reference.MapRoundRobin),
    (haproxy.FastLeastConnections, reference.FastLeastConnections),
]


@pytest.mark.parametrize(("ours", "twin"), PAIRS)
@given(data=st.data())
def test_picks_while_nodes_are_full(ours: Any, twin: Any, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 6))
    weights = data.draw(st.lists(st.integers(0, 9), min_size=n, max_size=n).filter(any))
    limits = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    balancer, plain = ours(n, weights, max_conns=limits), twin(weights, limits)
    held: list[int] = []
    for step in data.draw(st.lists(st.sampled_from("ppppprrm"), max_size=60)):
        if step == "r" and held:
            node = held.pop(data.draw(st.integers(0, len(held) - 1)))
            plain.release(node)
            if balancer.keeps_load or any(limits):
                balancer.release(node)
        elif step == "m":
            node, up = data.draw(st.integers(0, n - 1)), data.draw(st.booleans())
            plain.mark(node, up)
            (balancer.mark_up if up else balancer.mark_down)(node)
        elif step == "p":
            avoid = data.draw(st.lists(st.integers(0, n - 1), max_size=2))
            try:
                wanted = plain.select(avoid)
            except LookupError:
                wanted = -1
            assert wanted < 0 or not 0 < limits[wanted] < plain.load[wanted]
            if wanted < 0:
                with pytest.raises(LookupError):
                    balancer.select(avoid=avoid)
            else:
                assert balancer.select(avoid=avoid) == wanted
                held.append(wanted)
        if data.draw(st.integers(0, 19)) == 0:
            balancer = pickle.loads(pickle.dumps(balancer))


@pytest.mark.parametrize(("ours", "twin"), PAIRS)
def test_a_limit_for_all_and_for_new_nodes(ours: Any, twin: Any) -> None:
    balancer = ours(3, [5, 1, 1], max_conns=2)
    assert np.bincount(balancer.select_many(8)[:6]).tolist() == [2, 2, 2] and "max_conns=2" in repr(balancer)
    assert balancer.select_many(2).tolist() == [-1, -1] and balancer.in_flight.tolist() == [2, 2, 2]
    balancer.add("node-3")
    assert balancer.select_many(3).tolist() == [3, 3, -1]
    balancer.release([0, 3])
    assert sorted(balancer.select_many(3).tolist()) == [-1, 0, 3]
    balancer.reset()
    assert balancer.in_flight.tolist() == [0, 0, 0, 0] and balancer.select_many(9).tolist().count(-1) == 1
    # Without a limit turns hold nothing.
    assert hasattr(ours(3), "in_flight") == (ours is haproxy.FastLeastConnections)


@pytest.mark.parametrize(("ours", "twin"), PAIRS)
@pytest.mark.parametrize(
    ("limits", "error", "said"),
    [
        (-1, ValueError, "max_conns: -1 is outside 0 to 2\\^31 - 1"),
        ([1, 2], ValueError, "max_conns: 2 values for 3 nodes"),
        (1.5, TypeError, "max_conns: 1.5 is of type float"),
        (2**31, ValueError, "max_conns: 2147483648 is outside"),
        (None, TypeError, "max_conns: None is of type NoneType"),
    ],
)
def test_bad_limits(ours: Any, twin: Any, limits: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        ours(3, max_conns=limits)
