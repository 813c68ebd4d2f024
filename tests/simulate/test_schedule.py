"""Nodes that slow down, stand still, crash and return; several servers at a node; and every request accounted for."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lbcore
from lbcore.selectors import reference as twins
from lbcore.simulate import OUTCOMES, QueueResult, queue

from .twins import Cluster


def accounted(result: QueueResult) -> None:
    assert result.offered == result.served + result.refused + result.lost + result.left
    assert result.picked.sum() == result.offered - result.refused
    assert result.served == result.served_at.sum() and result.lost == result.lost_at.sum()
    if result.requests is not None:
        counts = np.bincount(result.requests.outcome, minlength=4).tolist()
        assert counts == [result.served, result.refused, result.lost, result.left]


def events(n: int) -> st.SearchStrategy[list[tuple[float, int, Any]]]:
    what = st.one_of(
        st.sampled_from(["down", "up", "mark_down", "mark_up"]), st.sampled_from([0.0, 0.5, 1.0, 2.0, 0.3])
    )
    # Whole seconds, so that the schedule falls on arrivals and departures too.
    return st.lists(st.tuples(st.integers(0, 60).map(float), st.integers(0, n - 1), what), max_size=12)


@settings(max_examples=80)
@given(
    st.integers(1, 4).flatmap(lambda n: st.tuples(st.just(n), events(n))),
    st.integers(1, 3),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_any_schedule_is_the_twins_to_the_last_bit(
    drawn: tuple[int, list[tuple[float, int, Any]]], servers: int, seed: int, ties: bool
) -> None:
    n, schedule = drawn
    rng = np.random.default_rng(seed)
    arrived, works = np.sort(rng.random(120) * 60), rng.exponential(0.7 * n * servers / 2, 120)
    if ties:
        arrived, works = np.floor(arrived), np.ceil(works)
    ordered = sorted(schedule, key=lambda event: event[0])
    result = queue(
        lbcore.TwoChoices(n, seed=3), arrivals=arrived, service=works, servers=servers, schedule=schedule, keep=True
    )
    accounted(result)
    kept = result.requests
    assert kept is not None
    log = Cluster(twins.TwoChoices(n, 3), arrived.tolist(), works.tolist(), [1.0] * n, servers, ordered).log
    for i in range(120):
        arrival, node, start, end, how = log[i]
        assert (kept.arrived_s[i], kept.node[i], OUTCOMES[kept.outcome[i]]) == (arrival, node, how)
        assert np.isnan(kept.started_s[i]) if start == np.inf or how == "left" else kept.started_s[i] == start
        assert np.isnan(kept.ended_s[i]) if end == np.inf else kept.ended_s[i] == end


def test_by_hand() -> None:
    """One node: what each change does to the request in service and to the one behind it."""

    def times(schedule: list[tuple[float, int, Any]]) -> list[float]:
        result = queue(lbcore.RoundRobin(1), arrivals=[0.0, 1.0], service=[4.0, 2.0], schedule=schedule, keep=True)
        accounted(result)
        assert result.requests is not None
        return [float(t) for t in result.requests.ended_s]

    assert times([]) == [4.0, 6.0]
    assert times([(2.0, 0, 0.5)]) == [6.0, 10.0]  # 2 of work are left, which take 4; then 2 take 4
    assert times([(2.0, 0, 0.0), (10.0, 0, 1.0)]) == [12.0, 14.0]  # 8 s of standing still
    assert times([(4.0, 0, 0.0), (10.0, 0, 1.0)]) == [4.0, 12.0]  # a departure at 4 goes before the change at 4
    assert times([(2.0, 0, "down"), (3.0, 0, "up")]) == [2.0, 2.0]  # both are lost at 2
    assert times([(2.0, 0, "mark_down")]) == [4.0, 6.0]  # who is there is served
    assert times([(0.5, 0, "mark_down")])[0] == 4.0 and np.isnan(times([(0.5, 0, "mark_down")])[1])


def test_a_selector_that_is_told_nothing_goes_on_sending_to_a_dead_node() -> None:
    told = [(100.0, 0, "down"), (100.0, 0, "mark_down"), (200.0, 0, "up"), (200.0, 0, "mark_up")]
    untold = [event for event in told if not event[2].startswith("mark")]
    results = [
        queue(lbcore.RoundRobin(4), 2000, load=0.5, seed=1, schedule=events, keep=True) for events in (told, untold)
    ]
    for result in results:
        accounted(result)
    kept = results[1].requests
    assert kept is not None
    dead = (kept.node == 0) & (kept.arrived_s >= 100) & (kept.arrived_s < 200)
    assert dead.sum() > 20 and (kept.outcome[dead] == OUTCOMES.index("lost")).all()
    assert results[0].lost < 5 < results[1].lost
    assert results[0].requests is not None
    while_dead = results[0].requests.node[(kept.arrived_s >= 100) & (kept.arrived_s < 200)]
    assert set(while_dead.tolist()) == {1, 2, 3}


def test_nobody_left_is_refused_and_a_node_that_stands_still_for_ever_keeps_its_requests() -> None:
    nobody = queue(lbcore.Random(3, seed=1), 500, load=0.5, seed=1, schedule=[(0.0, i, "mark_down") for i in range(3)])
    accounted(nobody)
    assert nobody.refused == 500 and nobody.measured == 0 and np.isnan(nobody.mean_s) and np.isnan(nobody.p99_s)
    still = queue(lbcore.RoundRobin(2), 500, rate_per_s=1.0, seed=1, speeds=[1.0, 0.0])
    accounted(still)
    assert still.left == 250 and still.served == 250
    dead = lbcore.RoundRobin(2)
    dead.mark_down(1)
    assert queue(dead, 500, rate_per_s=0.5, seed=1).picked.tolist() == [500, 0]  # as it was given


def test_the_schedule_goes_on_after_the_last_arrival() -> None:
    result = queue(
        lbcore.RoundRobin(1), arrivals=[0.0], service=[4.0], schedule=[(1.0, 0, 0), (9.0, 0, 1), (1e6, 0, 2)], keep=True
    )
    assert result.requests is not None and result.requests.ended_s.tolist() == [12.0]


def test_twins_can_be_marked_by_their_list_and_by_name() -> None:
    schedule = [(50.0, "node-1", "mark_down")]
    kept = [
        queue(selector, 500, load=0.5, seed=1, schedule=schedule, keep=True).requests
        for selector in (lbcore.RoundRobin(3), twins.RoundRobin(3))
    ]
    assert kept[0] is not None and kept[1] is not None
    assert kept[0].node.tolist() == kept[1].node.tolist()


@pytest.mark.parametrize("servers", [1, 3, 16])
def test_servers_of_one_node_are_one_queue(servers: int) -> None:
    """A node of c servers starts its requests in the order of their arrival, and never more than c at a time."""
    result = queue(lbcore.RoundRobin(1), 3000, load=0.9, servers=servers, seed=4, keep=True)
    kept = result.requests
    assert kept is not None
    assert (np.diff(kept.started_s) >= 0).all()
    starts = np.searchsorted(np.sort(kept.ended_s), kept.started_s, side="right")
    assert (np.arange(3000) - starts < servers).all()


def test_of_equal_times_the_schedule_goes_before_a_look() -> None:
    result = queue(
        lbcore.RoundRobin(1), 1000, rate_per_s=1.0, service=[50.0] * 1000, seed=1, schedule=[(100.0, 0, "down")],
        sample_every_s=50.0,
    )  # fmt: skip
    assert result.sampled_s is not None and result.lengths is not None
    at = result.sampled_s.tolist().index(100.0)
    assert result.lengths[at - 1, 0] > 0 and result.lengths[at, 0] == 0
