"""The contract, held against EVERY selector: the same picks however they are asked for, and who is up or down."""

import numpy as np
import pytest

import lbcore
from lbcore.selectors.systems import envoy, grpc, haproxy, nginx

from .rows import ROWS, Row, ask, every, keys, requests_of, weights


def test_every_public_selector_has_a_row() -> None:
    rooms = (lbcore, envoy, grpc, haproxy, nginx)
    classes = {
        name: kind
        for room in rooms
        for name, kind in vars(room).items()
        if isinstance(kind, type) and issubclass(kind, lbcore.Selector)
    }
    built_on = {"Selector", "HashTable", "AttemptTable"}  # they ask a function, and have tests of their own
    assert set(ROWS) == classes.keys() - built_on
    assert all(type(row.make(2)) is classes[name] for name, row in ROWS.items())


@every
@pytest.mark.parametrize("n", [1, 2, 10, 10_000])
def test_a_batch_is_that_many_single_picks(row: Row, n: int) -> None:
    selector, single = row.make(n), row.make(n)
    start = 0
    for m in (1, 0, 7, 3 * n if n < 100 else 500, 2_000):
        assert selector.select_many(requests_of(selector, m, start)).tolist() == ask(single, single.keyed, m, start)
        start += m


@every
def test_a_copy_goes_its_own_way(row: Row) -> None:
    selector = row.make(5)
    selector.select_many(requests_of(selector, 3))
    other = selector.copy()
    other.mark_down(2)
    other.select_many(requests_of(other, 4))
    assert selector.up.all() and not other.up.all()
    fresh = row.make(5)
    fresh.select_many(requests_of(fresh, 3))
    assert (
        selector.select_many(requests_of(selector, 100, 3)).tolist()
        == fresh.select_many(requests_of(fresh, 100, 3)).tolist()
    )


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.own_pick])
def test_only_the_dead_nodes_requests_move_and_they_come_back(row: Row) -> None:
    before = row.make(10)
    requests = requests_of(before, 20_000)
    picks = before.select_many(requests)
    for dead in ([3], [3, 5], [0, 1, 2, 3, 4, 5, 6, 8, 9]):
        selector = row.make(10)
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


@every
def test_the_dead_nodes_requests_are_spread_over_all_the_others(row: Row) -> None:
    selector = row.make(10)
    selector.mark_down(3)
    m = 50_000
    counts = np.bincount(selector.select_many(requests_of(selector, m)), minlength=10)
    share = np.array(selector.weights, dtype=float) ** row.share_power
    share[3] = 0
    expected = m * share / share.sum()
    # Six standard deviations of a binomial count, and of a ring's shares; turns and two choices are closer still.
    assert (np.abs(counts - expected) <= 6 * np.sqrt(expected + (row.share_cv * expected) ** 2) + 6).all()


@every
def test_zero_weight_takes_nothing(row: Row) -> None:
    selector = row.make(10)
    counts = np.bincount(selector.select_many(requests_of(selector, 10_000)), minlength=10)
    assert (counts[selector.weights == 0] == 0).all()
    assert (counts[selector.weights > 0] > 0).all()
    if row.weighted:
        assert 0 in selector.weights
        for node in np.flatnonzero(selector.weights):
            selector.mark_down(node)
        with pytest.raises(LookupError):
            selector.select(*keys(selector.keyed))


@every
def test_nobody_up(row: Row) -> None:
    selector = row.make(3)
    for node in selector.nodes:
        selector.mark_down(node)
    state = str(selector.__getstate__())
    assert selector.select_many(requests_of(selector, 4)).tolist() == [-1] * 4
    with pytest.raises(LookupError, match="no node is left"):
        selector.select(*keys(selector.keyed))
    assert str(selector.__getstate__()) == state
    selector.mark_up(1)
    assert selector.select(*keys(selector.keyed)) == 1 or row.weighted


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
