"""Who gets an attempt: backups take exactly the place of whom they stand by for, slow starts grow, breakers refuse."""

from collections import Counter

import numpy as np
import pytest

import lbcore
from lbcore.faults import BreakerState, CircuitBreaker
from lbcore.faults.routing import LEAST_SHARE, Route, Routing
from lbcore.selectors.systems.haproxy import FastLeastConnections

KEYS = [f"user-{i}" for i in range(2000)]


def nodes(routing: Routing, keys: list[str] | int, now_s: float = 0.0) -> list[str]:
    """Where requests go: one for each key, or so many without one."""
    return [routing.pick(key, (), now_s).node for key in ([None] * keys if isinstance(keys, int) else keys)]


def test_without_faults_it_is_the_selector() -> None:
    routing, twin = Routing(lbcore.ModuloHash(5)), lbcore.ModuloHash(5)
    assert nodes(routing, KEYS) == [f"node-{i}" for i in twin.select_many(KEYS)]


def test_a_backup_gets_exactly_what_the_failed_node_would_get_and_gives_it_back() -> None:
    routing = Routing(lbcore.HashSlots(["a", "b", "c", "spare"]), backup="spare")
    before = nodes(routing, KEYS)
    assert "spare" not in before
    routing.fail("b")
    after = nodes(routing, KEYS)
    assert after == ["spare" if node == "b" else node for node in before]
    routing.restore("b", 10.0)
    assert nodes(routing, KEYS, 10.0) == before


def test_one_backup_for_two_and_one_of_its_own() -> None:
    routing = Routing(lbcore.ModuloHash(["a", "b", "c", "x", "y"]), backup={"a": "x", "b": "x", "c": "y"})
    before = nodes(routing, KEYS)
    assert set(before) == {"a", "b", "c"}
    for node in "abc":
        routing.fail(node)
    stands_in = {"a": "x", "b": "x", "c": "y"}
    assert nodes(routing, KEYS) == [stands_in[node] for node in before]


def test_where_the_backup_fails_too_the_others_share() -> None:
    selector = lbcore.RoundRobin(["a", "b", "c", "spare"])
    routing = Routing(selector, backup={"a": "spare"})
    routing.fail("a")
    assert routing.stand_in("a") == "spare"
    routing.fail("spare")
    assert routing.stand_in("a") is None and set(nodes(routing, 100)) == {"b", "c"}
    routing.restore("spare", 5.0)
    assert Counter(nodes(routing, 300, 6.0)) == {"spare": 100, "b": 100, "c": 100}
    routing.restore("a", 7.0)
    assert Counter(nodes(routing, 300, 8.0)) == {"a": 100, "b": 100, "c": 100}


def test_all_failed_is_a_lookup_error_until_one_returns() -> None:
    routing = Routing(lbcore.RoundRobin(["a", "b"]))
    routing.fail("a")
    routing.fail("b")
    with pytest.raises(LookupError):
        routing.pick(None, (), 0.0)
    routing.restore("b", 1.0)
    assert routing.pick(None, (), 1.0).node == "b"


@pytest.mark.parametrize("backup", [None, "node-4"])
def test_never_a_node_twice_while_another_is_left(backup: str | None) -> None:
    routing = Routing(lbcore.Random(5, seed=3), backup=backup)
    if backup:
        routing.fail("node-2")
    path: list[str] = []
    for _ in range(5 if backup is None else 4):
        path.append(routing.pick(None, path, 0.0).node)
    assert len(set(path)) == len(path)
    assert routing.pick(None, path, 0.0).node != path[-1]


def test_the_request_of_a_failed_node_goes_to_its_backup_not_past_it() -> None:
    routing = Routing(lbcore.ModuloHash(["a", "b", "spare"]), backup="spare")
    key = next(key for key in KEYS if routing.pick(key, (), 0.0).node == "a")
    routing.fail("a")
    assert routing.pick(key, ["a"], 0.0).node == "spare"
    assert routing.pick(key, ["a", "spare"], 0.0).node == "b"


def test_again_is_the_same_node_where_it_may_be_asked() -> None:
    routing = Routing(lbcore.RoundRobin(["a", "b", "c"]))
    assert [routing.pick(None, ["b"], 0.0, again="b").node for _ in range(4)] == ["b"] * 4
    routing.fail("b")
    assert routing.pick(None, ["b"], 0.0, again="b").node in "ac"


def test_slow_start_grows_from_a_tenth_to_all() -> None:
    """The share of what the node would get, at t of T seconds: max(t / T, 0.1); 1,500 picks, five deviations."""
    routing = Routing(lbcore.RoundRobin(["a", "b", "c"]), slow_start_s=10.0, seed=5)
    routing.fail("a")
    routing.restore("a", 100.0)
    for passed_s in (0.0, 2.0, 5.0, 8.0, 10.0):
        share = max(LEAST_SHARE, passed_s / 10.0)
        got = nodes(routing, 1500, 100.0 + passed_s).count("a")
        # A declined turn goes to b, whose own turn stays, so a is asked in one pick of 3 - (1 - share).
        asked = 1500 / (3 - (1 - share))
        assert abs(got - asked * share) <= 5 * np.sqrt(asked * share * (1 - share)) + 2


def test_a_node_that_has_just_come_back_is_better_than_none() -> None:
    routing = Routing(lbcore.RoundRobin(["a", "b"]), slow_start_s=10.0, seed=5)
    routing.fail("a")
    routing.restore("a", 0.0)
    routing.fail("b")
    assert nodes(routing, 50) == ["a"] * 50


def test_a_node_that_has_just_come_back_keeps_its_breaker() -> None:
    routing = Routing(lbcore.RoundRobin(["a", "b"]), slow_start_s=1e9, breaker=CircuitBreaker(window=1), seed=1)
    routing.fail("b")
    routing.fail("a")
    routing.restore("a", 0.0)
    routing.breakers["a"].record(False, 0.0)
    for _ in range(50):  # nearly always it is passed over as cold, and then asked as better than none
        with pytest.raises(LookupError, match="breaker"):
            routing.pick(None, (), 1.0)


def test_a_breaker_of_its_own_for_each_node() -> None:
    routing = Routing(lbcore.RoundRobin(["a", "b"]), breaker=CircuitBreaker(window=2, open_s=5.0, half_open=1))
    for _ in range(4):
        route = routing.pick(None, (), 0.0)
        routing.ended(route, route.node != "a", 0.0, 0.1)
    assert nodes(routing, 6, 1.0) == ["b"] * 6
    routing.ended(routing.pick(None, (), 1.0), False, 1.0, 0.1)  # one of b's last two
    with pytest.raises(LookupError, match="breaker"):
        routing.pick(None, (), 2.0)
    # a lets one call through at 5 s; one that says nothing of the node gives its permit back.
    route = routing.pick(None, (), 5.0)
    assert route.node == "a"
    with pytest.raises(LookupError, match="breaker"):
        routing.pick(None, (), 5.0)
    routing.ended(route, None, 5.0, 0.0)
    assert routing.pick(None, (), 5.0).node == "a"


def test_a_pick_that_is_refused_leaves_nothing_in_flight() -> None:
    """Every place is asked, and given back, the last one too."""
    selector = lbcore.LeastConnections(2)
    routing = Routing(selector, breaker=CircuitBreaker(window=1))
    for breaker in routing.breakers.values():
        breaker.record(False, 0.0)
    for _ in range(5):
        with pytest.raises(LookupError, match="breaker"):
            routing.pick(None, (), 1.0)
    assert selector.in_flight.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"backup": "z"}, ValueError, "^backup: 'z' is not one of the nodes"),
        ({"backup": {"a": "z"}}, ValueError, "^backup: 'z' is not one of the nodes"),
        ({"backup": {"z": "a"}}, ValueError, "^backup: 'z' is not one of the nodes"),
        ({"backup": {"a": "b", "b": "c"}}, ValueError, "^backup: 'b' stands by for 'a'"),
        ({"backup": {"a": "a"}}, ValueError, "^backup: 'a' stands by for 'a'"),
        ({"backup": 3}, TypeError, "^backup: expected"),
        ({"slow_start_s": -1.0}, ValueError, "^slow_start_s: "),
        ({"slow_start_s": float("nan")}, ValueError, "^slow_start_s: "),
        ({"breaker": 3}, TypeError, "^breaker: "),
        ({"seed": 1.5}, TypeError, "^seed: "),
    ],
)
def test_bad_parameters_change_nothing(how: dict, error: type[Exception], message: str) -> None:
    selector = lbcore.RoundRobin(["a", "b", "c"])
    with pytest.raises(error, match=message):
        Routing(selector, **how)
    assert selector.up.all()


def test_the_only_node_has_none_to_stand_by_for() -> None:
    with pytest.raises(ValueError, match=r"^backup: 'a' is the only node"):
        Routing(lbcore.RoundRobin(["a"]), backup="a")


def test_a_given_node_is_counted_also_where_a_selector_avoids_the_last_alone() -> None:
    selector = FastLeastConnections(3)
    routing = Routing(selector)
    for place in (2, 0, 2):
        routing._take(None, Route(f"node-{place}", place))
    assert selector.in_flight.tolist() == [1, 0, 2] and selector.up.all()


def test_a_nodes_breaker_hears_how_long_it_took() -> None:
    routing = Routing(lbcore.RoundRobin(2), breaker=CircuitBreaker(window=2, slow_s=1.0))
    for latency_s, state in ((1.5, BreakerState.CLOSED), (1.5, BreakerState.OPEN)):
        routing.ended(Route("node-1", 1), True, 5.0, latency_s)
        assert routing.breakers["node-1"].state(5.0) is state
