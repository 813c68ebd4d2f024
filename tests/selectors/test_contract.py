"""The contract, held against EVERY selector: the same picks however they are asked for, and who is up or down."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import lbcore
from lbcore import Selector
from lbcore.selectors.systems import envoy, grpc, haproxy, nginx

from .rows import ROWS, Row, ask, every, keys, one, requests_of, weights


@dataclass(frozen=True)
class Side:
    """A compiled selector, or its twin, in a test that both must pass."""

    name: str
    row: Row
    make: Callable[[int], Any]
    compiled: bool

    def picks(self, m: int) -> int:
        """How many picks a test can wait for, of m that it would like."""
        return m if self.compiled else max(m // 10 // self.row.twin_cost, 250)

    def __str__(self) -> str:
        return self.name if self.compiled else f"{self.name}, twin"


SIDES = {
    str(side): side
    for name, row in ROWS.items()
    for side in (Side(name, row, row.make, True), Side(name, row, row.dressed, False))
}
both = pytest.mark.parametrize("side", SIDES.values(), ids=str)


def test_every_public_selector_has_a_row() -> None:
    rooms = (lbcore, envoy, grpc, haproxy, nginx)
    classes = {
        name: kind
        for room in rooms
        for name, kind in vars(room).items()
        if isinstance(kind, type) and issubclass(kind, lbcore.Selector)
    }
    # What others are built on: these ask a function, and have tests of their own, or pick nobody.
    built_on = {"Selector", "HashTable", "AttemptTable", "Limited"}
    assert set(ROWS) == classes.keys() - built_on
    assert all(type(row.make(2)) is classes[name] for name, row in ROWS.items())


@every
@pytest.mark.parametrize("n", [1, 2, 10, 1_000])
def test_a_batch_is_that_many_single_picks(row: Row, n: int) -> None:
    selector, single = row.make(n), row.make(n)
    start = 0
    for m in (1, 0, 7, 3 * n if n < 100 else 500, 2_000):
        assert selector.select_many(requests_of(selector, m, start)).tolist() == ask(single, single.keyed, m, start)
        start += m


@both
def test_a_copy_goes_its_own_way(side: Side) -> None:
    selector = side.make(5)
    selector.select_many(requests_of(selector, 3))
    other = selector.copy()
    other.mark_down(2)
    other.select_many(requests_of(other, 4))
    assert selector.up.all() and not other.up.all()
    fresh = side.make(5)
    fresh.select_many(requests_of(fresh, 3))
    assert (
        selector.select_many(requests_of(selector, 100, 3)).tolist()
        == fresh.select_many(requests_of(fresh, 100, 3)).tolist()
    )


@pytest.mark.parametrize("side", [side for side in SIDES.values() if side.row.own_pick], ids=str)
def test_only_the_dead_nodes_requests_move_and_they_come_back(side: Side) -> None:
    before = side.make(10)
    requests = requests_of(before, side.picks(20_000))
    picks = before.select_many(requests)
    for dead in ([3], [3, 5], [0, 1, 2, 3, 4, 5, 6, 8, 9]):
        selector = side.make(10)
        for node in dead:
            selector.mark_down(node)
        now = selector.select_many(requests)
        kept = ~np.isin(picks, dead)
        assert (now[kept] == picks[kept]).all()
        assert not np.isin(now, dead).any()
        for node in dead:
            selector.mark_up(node)
        selector.reset()
        assert (selector.select_many(requests) == picks).all()


@both
def test_the_dead_nodes_requests_are_spread_over_all_the_others(side: Side) -> None:
    selector = side.make(10)
    selector.mark_down(3)
    m = side.picks(50_000)
    counts = np.bincount(selector.select_many(requests_of(selector, m)), minlength=10)
    share = np.array(selector.weights, dtype=float) ** side.row.share_power
    share[3] = 0
    expected = m * share / share.sum()
    # Six standard deviations of a binomial count, and of a ring's shares; turns and two choices are closer still.
    assert (np.abs(counts - expected) <= 6 * np.sqrt(expected + (side.row.share_cv * expected) ** 2) + 6).all()


@both
def test_zero_weight_takes_nothing(side: Side) -> None:
    selector = side.make(10)
    counts = np.bincount(selector.select_many(requests_of(selector, side.picks(10_000))), minlength=10)
    assert (counts[selector.weights == 0] == 0).all()
    assert (counts[selector.weights > 0] > 0).all()
    if side.row.weighted:
        assert 0 in selector.weights
        for node in np.flatnonzero(selector.weights).tolist():
            selector.mark_down(node)
        with pytest.raises(LookupError):
            selector.select(*keys(selector.keyed))


@both
def test_nobody_up(side: Side) -> None:
    selector = side.make(3)
    for node in range(3):
        selector.mark_down(node)
    state = pickle.dumps(selector if side.compiled else selector.twin)
    assert selector.select_many(requests_of(selector, 4)).tolist() == [-1] * 4
    with pytest.raises(LookupError, match="no node is left"):
        selector.select(*keys(selector.keyed))
    assert pickle.dumps(selector if side.compiled else selector.twin) == state
    selector.mark_up(1)
    assert selector.select(*keys(selector.keyed)) == 1 or side.row.weighted


@both
def test_avoid_is_for_one_pick(side: Side) -> None:
    selector = side.make(6)
    useful = set(np.flatnonzero(selector.weights).tolist())
    for start in range(40):
        avoid = [node for node in range(6) if (start + 1) >> node & 1]
        pick = one(selector, *keys(selector.keyed, start), avoid=avoid)
        avoided = avoid if side.row.avoids is None else avoid[len(avoid) - min(len(avoid), side.row.avoids) :]
        left = useful - set(avoided) or (useful if side.row.comes_back else {-1})
        assert pick in left
    assert selector.up.all()
    assert set(selector.select_many(requests_of(selector, 600)).tolist()) == useful


@both
def test_a_pick_is_in_flight_until_its_release(side: Side) -> None:
    selector = side.make(7)
    picks = selector.select_many(requests_of(selector, 40))
    for node in picks[:9].tolist():
        selector.release(node, latency_s=0.1)
    selector.release(picks[9:15], latency_s=0.1)
    assert selector.keeps_load == hasattr(selector, "in_flight")
    if selector.keeps_load:
        assert selector.in_flight.tolist() == np.bincount(picks[15:], minlength=7).tolist()
        node = selector.select(*keys(selector.keyed, 40), avoid=[0])
        picks = np.append(picks, node)
        assert selector.in_flight.tolist() == np.bincount(picks[15:], minlength=7).tolist()
        selector.reset()
        assert selector.in_flight.tolist() == [0] * 7


@every
def test_add_and_remove_keep_names_weights_and_state(row: Row) -> None:
    selector = row.make(4)
    selector.select_many(requests_of(selector, 5))
    selector.mark_down("node-1")
    selector.add("new", 3) if row.weighted else selector.add("new")
    assert selector.nodes == ("node-0", "node-1", "node-2", "node-3", "new")
    assert selector.weights.tolist() == ([*weights(4), 3] if row.weighted else [1] * 5)
    assert selector.up.tolist() == [True, False, True, True, True]
    if row.last_only:
        for node in ("new", "node-3"):
            selector.remove(node)
        assert selector.nodes == ("node-0", "node-1", "node-2")
        assert set(selector.select_many(requests_of(selector, 400)).tolist()) == {0, 2}
        return
    selector.remove("node-0")
    assert selector.nodes == ("node-1", "node-2", "node-3", "new")
    assert selector.up.tolist() == [False, True, True, True]
    picks = selector.select_many(requests_of(selector, 400))
    assert set(picks.tolist()) == set(np.flatnonzero((selector.weights > 0) & selector.up).tolist())
    for node in ("new", 0, "node-3"):
        selector.remove(node)
    assert selector.nodes == ("node-2",)
    assert selector.select_many(requests_of(selector, 3)).tolist() == [0, 0, 0]


def columns(selector: Selector) -> dict[str, np.ndarray]:
    """What a selector remembers of each node."""
    state = selector.__getstate__()  # type: ignore[attr-defined]
    return {
        name: value
        for name, value in state.items()
        if isinstance(value, np.ndarray) and value.shape == (len(selector.nodes),) and name not in LAID_ANEW
    }


LAID_ANEW = {"due", "order"}  # a change of nodes makes a new schedule of deadlines, and moves nodes in a queue


@every
def test_what_is_remembered_of_a_node_stays_with_it(row: Row) -> None:
    """Whoever comes or goes, the others keep their loads, credits, failures and latencies, and a newcomer begins."""
    selector = row.make(6)
    picks = selector.select_many(requests_of(selector, 50))
    selector.release(picks[:20], ok=np.arange(20) % 3 > 0, latency_s=np.linspace(0.1, 0.9, 20))
    if not row.last_only:
        before = columns(selector)
        for gone in (4, 0, 1):
            selector.remove(gone)
            before = {name: np.delete(value, gone) for name, value in before.items()}
            assert {name: value.tolist() for name, value in columns(selector).items()} == {
                name: value.tolist() for name, value in before.items()
            }
    before = columns(selector)
    selector.add("new", 3) if row.weighted else selector.add("new")
    fresh = columns(type(selector)(7, [1] * 6 + [3]) if row.weighted else type(selector)(7))
    after = columns(selector)
    assert {name: value[:-1].tolist() for name, value in after.items()} == {
        name: value.tolist() for name, value in before.items()
    }
    if not isinstance(selector, haproxy.FastWeightedRoundRobin | haproxy.FastLeastConnections):  # it queues at once
        assert {name: value[-1] for name, value in after.items()} == {name: value[-1] for name, value in fresh.items()}


@every
def test_a_state_is_a_copy(row: Row) -> None:
    selector = row.make(6)
    selector.select_many(requests_of(selector, 50))
    before = pickle.dumps(selector)
    for value in selector.__getstate__().values():  # type: ignore[attr-defined]
        if isinstance(value, np.ndarray):
            value[:] = 1
    assert pickle.dumps(selector) == before


@every
def test_out_is_filled_at_the_front(row: Row) -> None:
    selector, other = row.make(5), row.make(5)
    out = np.full(10, 77, np.int32)
    picks = selector.select_many(requests_of(selector, 7), out=out)
    assert picks.base is out and picks.shape == (7,)
    assert out.tolist() == [*other.select_many(requests_of(other, 7)).tolist(), 77, 77, 77]


@every
def test_names_and_repr(row: Row) -> None:
    name = type(row.make(3)).__name__
    selector = row.make(3)
    assert repr(selector).startswith(f"{name}(3")
    selector.mark_down(0)
    assert repr(selector) == f"<{row.make(3)!r}, down: node-0>"


@every
def test_an_object_that_was_never_initialised_does_not_crash(row: Row) -> None:
    selector = type(row.make(2)).__new__(type(row.make(2)))
    assert selector.nodes == () and len(selector.up) == 0 and len(selector.weights) == 0
    assert selector.select_many(3).tolist() == [-1] * 3
    for call in (selector.select, lambda: selector.mark_down(0), lambda: selector.add("a"), lambda: selector.remove(0)):
        with pytest.raises((LookupError, TypeError, ValueError)):
            call()
    selector.reset()
    repr(selector.copy())
    selector.release([])


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.seeded])
def test_seeds(name: str) -> None:
    kind = type(ROWS[name].make(10))
    a, b = kind(10), kind(10)
    assert a.select_many(50).tolist() != b.select_many(50).tolist()  # 10^-50 by chance
    draw = np.random.default_rng(5).integers(0, 2**64, dtype=np.uint64)
    one, two = kind(10, seed=np.random.default_rng(5)), kind(10, seed=draw)
    assert one.select_many(50).tolist() == two.select_many(50).tolist()
    again = kind(10, seed=2**64 - 1)
    picks = again.select_many(50).tolist()
    again.reset()
    assert again.select_many(50).tolist() == picks
