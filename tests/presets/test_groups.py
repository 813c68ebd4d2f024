"""Selectors in plain Python that ask others: the contract holds for them too, and each rule of their systems."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lbcore import Selector
from lbcore.presets import envoy, haproxy
from lbcore.presets._panic import shares
from lbcore.simulate import queue

from .every import SERVERS

FOUR = [*SERVERS, "10.0.0.4:80"]
GROUPED: dict[str, Callable[..., Selector]] = {
    "roundrobin": lambda **k: haproxy.roundrobin(FOUR, backup=[2, 3], maxconn=500, **k),
    "static_rr": lambda **k: haproxy.static_rr(FOUR, backup=[2, 3], maxconn=500, **k),
    "leastconn": lambda **k: haproxy.leastconn(FOUR, backup=[2, 3], maxconn=500, **k),
    "first": lambda **k: haproxy.first(FOUR, backup=[2, 3], maxconn=50, **k),
    "random": lambda **k: haproxy.random(FOUR, backup=[2, 3], seed=1, **k),
    "hash": lambda **k: haproxy.hash(FOUR, backup=[2, 3], **k),
    "ring": lambda **k: haproxy.hash(FOUR, method="consistent", backup=[2, 3], **k),
    "bounded": lambda **k: haproxy.hash(FOUR, method="consistent", balance_factor=150, backup=[2, 3], **k),
    "uri": lambda **k: haproxy.uri(FOUR, backup=[2, 3], **k),
    "source": lambda **k: haproxy.source(FOUR, backup=[2, 3], **k),
}
grouped = pytest.mark.parametrize("name", GROUPED)


def requests(selector: Selector, m: int) -> Any:
    return [f"10.{7 * i % 250}.{i * i % 251}.{31 * i % 253}" for i in range(m)] if selector.keyed else m


@grouped
def test_backups_serve_while_nobody_else_is_up(name: str) -> None:
    for everyone in (False, True):
        selector = GROUPED[name](allbackups=everyone)
        assert isinstance(selector, Selector) and selector.nodes == tuple(FOUR) and selector.weighted
        many = requests(selector, 60)
        assert set(selector.select_many(many).tolist()) == {0, 1}
        selector.mark_down(0)
        assert set(selector.copy().select_many(requests(selector, 40)).tolist()) == {1}
        selector.mark_down(SERVERS[1])
        wanted = {2} if not everyone else {2} if name == "first" else {2, 3}
        assert set(selector.select_many(requests(selector, 40)).tolist()) == wanted
        selector.mark_down(2)
        assert set(selector.select_many(requests(selector, 40)).tolist()) == {3}
        selector.mark_down(3)
        assert selector.up.tolist() == [False] * 4
        with pytest.raises(LookupError, match="no node is left"):
            selector.select(many[0] if selector.keyed else None)
        assert set(selector.select_many(requests(selector, 3)).tolist()) == {-1}
        selector.reset()
        assert set(selector.select_many(many).tolist()) == {0, 1}


@grouped
def test_copies_go_on_alike(name: str) -> None:
    selector = GROUPED[name](allbackups=True)
    first = selector.select_many(requests(selector, 20))
    selector.release(first[:9], latency_s=0.1)
    others = [selector.copy(), copy.deepcopy(selector), pickle.loads(pickle.dumps(selector))]
    wanted = selector.select_many(requests(selector, 30)).tolist()
    for other in others:
        out = np.zeros(40, np.int32)
        assert other.select_many(requests(selector, 30), out=out).tolist() == wanted == out[:30].tolist()
    alone = GROUPED[name](allbackups=True)
    asked = requests(selector, 30)
    single = [alone.select(key) for key in (asked if alone.keyed else [None] * 30)]
    assert single == GROUPED[name](allbackups=True).select_many(asked).tolist()


@grouped
def test_wrong_calls_change_nothing(name: str) -> None:
    selector = GROUPED[name]()
    many = requests(selector, 20)
    other = selector.copy()
    wrong: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (ValueError, "node", lambda: selector.mark_down("nobody")),
        (IndexError, "node", lambda: selector.mark_up(4)),
        (TypeError, "node", lambda: selector.mark_up(True)),
        (ValueError, "node", lambda: selector.add("e:80")),
        (ValueError, "node", lambda: selector.remove(0)),
        (IndexError, "avoid", lambda: selector.select(many[0] if selector.keyed else None, avoid=[9])),
        (TypeError, "avoid", lambda: selector.select(many[0] if selector.keyed else None, avoid="0")),
        (ValueError, "out", lambda: selector.select_many(many, out=np.zeros(3, np.int32))),
        (TypeError, "out", lambda: selector.select_many(many, out=np.zeros(20))),
        (TypeError, "key", lambda: selector.select(None if selector.keyed else "a")),
        (TypeError, "requests", lambda: selector.select_many(3 if selector.keyed else ["a"])),
    ]
    if selector.keyed:
        wrong.append((ValueError, r"requests\[1\]", lambda: selector.select_many([many[0], "\ud800"])))
        wrong.append((TypeError, r"requests\[1\]", lambda: selector.select_many([many[0], 5])))
    if name == "source":
        wrong.append((ValueError, r"requests\[1\]", lambda: selector.select_many([many[0], "ann"])))
    if hasattr(selector, "in_flight"):
        wrong.append((ValueError, "node", lambda: selector.release(0)))
    for error, argument, call in wrong:
        with pytest.raises(error, match=rf"^{argument}: "):
            call()
    assert selector.select_many(many).tolist() == other.select_many(many).tolist()
    repr(selector)


@pytest.mark.parametrize("name", ["roundrobin", "leastconn", "first"])
def test_a_queue_is_simulated_with_them(name: str) -> None:
    result = queue(GROUPED[name](), 2_000, load=0.3, seed=1)
    assert sum(result.picked) + result.refused == result.offered and not any(result.picked[2:])


def test_a_map_of_the_first_backup_alone_is_not_of_it_alone() -> None:
    """As HAProxy 2.6 answered: as many entries as the first backup weighs, of all of them; a key does not meet them."""
    selector = haproxy.static_rr(SERVERS, [1, 3, 5], backup=[1, 2])
    selector.mark_down(0)
    assert selector.select_many(6).tolist() == [1, 2, 2, 1, 2, 2]
    hashed = haproxy.hash(SERVERS, [1, 3, 5], backup=[1, 2])
    hashed.mark_down(0)
    assert set(hashed.select_many([f"key{i}" for i in range(50)]).tolist()) == {1}


def test_first_fills_one_server_after_the_other_and_then_nobody() -> None:
    selector = haproxy.first(SERVERS, maxconn=[2, 1, 3], ids=[7, None, 5])  # ids 7, 2, 5
    assert [selector.select() for _ in range(6)] == [1, 2, 2, 2, 0, 0]
    with pytest.raises(LookupError):
        selector.select()
    selector.release(2)
    assert selector.in_flight.tolist() == [2, 1, 2]
    assert selector.select(avoid=[2]) == 2  # the only one with room
    assert haproxy.first(SERVERS).select_many(9).tolist() == [0] * 9


@pytest.mark.parametrize("method", [haproxy.roundrobin, haproxy.static_rr, haproxy.leastconn])
def test_full_servers_are_passed_over_and_backups_have_limits_of_their_own(method: Callable[..., Selector]) -> None:
    selector = method(FOUR, maxconn=[2, 1, 1, 2], backup=[2, 3], allbackups=True)
    assert sorted(selector.select_many(4).tolist()) == [-1, 0, 0, 1]
    selector.release([0, 1])
    selector.mark_down(0)
    selector.mark_down(1)
    assert sorted(selector.select_many(4).tolist()) == [-1, 2, 3, 3]
    with pytest.raises(LookupError):
        selector.select(avoid=[2])
    assert selector.in_flight.tolist() == [1, 0, 1, 2]


def test_random_draws_by_weight_and_takes_the_emptier_one() -> None:
    single = haproxy.random(SERVERS, [1, 2, 5], draws=1, seed=3)
    counts = np.bincount(single.select_many(4_000), minlength=3)
    ring = haproxy.hash(SERVERS, [1, 2, 5], method="consistent").ring  # type: ignore[attr-defined]
    points, owners = ring
    middle = np.append(points[1:], points[0] + 2**32) - points
    shares = np.bincount(owners, (middle + np.roll(middle, 1)) / 2**33, minlength=3)
    assert (np.abs(counts / 4_000 - shares) < 5 * np.sqrt(shares * (1 - shares) / 4_000)).all()
    two = haproxy.random(SERVERS, draws=30, seed=3)  # all are looked at
    counts = np.bincount(two.select_many(300), minlength=3)
    assert counts.max() - counts.min() <= 1
    full = haproxy.random(SERVERS, seed=1, maxconn=1)
    assert full.select_many(40).tolist().count(-1) == 37


@pytest.mark.parametrize(
    ("key", "uri", "length", "depth", "whole", "path", "parameter"),
    [
        ("/a/b/c?id=7&x=1", "/a/b/c", "/a/b", "/a/b", "/a/b/c?id=7&x=1", "/a/b/c", "7"),
        ("http://h/a/b?x=1&id=", "http://h/a/b", "http", "http://h", "http://h/a/b?x=1&id=", "/a/b", ""),
        ("*", "*", "*", "*", "*", "", None),
        ("/?xid=2&id=3", "/", "/", "/", "/?xid=2&id=3", "/", "3"),
    ],
)
def test_what_haproxy_cuts_from_a_uri(
    key: str, uri: str, length: str, depth: str, whole: str, path: str, parameter: str | None
) -> None:
    plain = haproxy.hash(SERVERS, method="consistent")
    for selector, part in (
        (haproxy.uri(SERVERS, method="consistent"), uri),
        (haproxy.uri(SERVERS, method="consistent", len=4), length),
        (haproxy.uri(SERVERS, method="consistent", depth=2), depth),
        (haproxy.uri(SERVERS, method="consistent", whole=True), whole),
        (haproxy.uri(SERVERS, method="consistent", path_only=True), path),
    ):
        assert selector.select(key) == plain.select(part)
    picks = haproxy.url_param(SERVERS, name="id").select_many([key] * 3).tolist()
    hashed = [haproxy.hash(SERVERS).select(parameter)] * 3 if parameter is not None else [0, 1, 2]
    assert picks == hashed


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("haproxy.1wt.eu", "1wt"), ("www.a.co.uk:80, b.c", "co"), ("localhost", "localhost"), ("a.b", "a"),
        ("a..b", "a."), (".x", ".x"), ("x.", "x"), ("1.2.3.4", "3"),
    ],
)  # fmt: skip
def test_the_domain_of_a_header(header: str, part: str) -> None:
    assert haproxy.domain(header.encode()) == part.encode()
    cut = haproxy.hash(SERVERS, method="consistent", header=True, use_domain_only=True)
    assert cut.select(header) == haproxy.hash(SERVERS, method="consistent").select(part)


def test_a_key_that_is_a_number_is_its_own_hash() -> None:
    selector = haproxy.hash(SERVERS, function="none")
    assert [selector.select(key) for key in ("0", "1", "5", "4294967297", "7x", "x", "", "-1")] == [
        value % 2**32 % 3 for value in (0, 1, 5, 2**32 + 1, 7, 0, 0, -1)
    ]
    assert selector.select(str(2**80)) == (2**63 - 1) % 2**32 % 3


def test_envoys_priorities_share_what_the_first_ones_cannot_bear() -> None:
    """The table of Envoy's own documentation: health of two priorities in percent, and the share of the first."""
    for healthy, share in ((100, 100), (72, 100), (71, 99), (50, 70), (25, 35), (0, 0)):
        assert shares([healthy, 100], [100, 100], 50, 140) == ([share, 100 - share], [False, False])
    assert shares([25, 25], [100, 100], 50, 140) == ([50, 50], [True, True])
    assert shares([0, 1], [1, 3], 50, 140) == ([25, 75], [True, True])  # all in panic: by the number of hosts
    assert shares([0, 6], [10, 10], 50, 140) == ([0, 100], [True, False])
    assert shares([0, 0], [30, 10], 50, 140) == ([75, 25], [True, True])
    assert shares([0, 0], [30, 10], 0, 140) == ([0, 0], [False, False])
    assert shares([10, 20, 0], [100, 100, 100], 0, 100) == ([34, 66, 0], [False] * 3)


@pytest.mark.parametrize("preset", [envoy.round_robin, envoy.least_request, envoy.ring_hash, envoy.maglev])
def test_envoys_second_priority_serves_when_the_first_is_down(preset: Callable[..., Selector]) -> None:
    selector = preset(FOUR, priorities=[0, 0, 1, 1], seed=1)
    many = requests(selector, 300)
    assert set(selector.select_many(many).tolist()) == {0, 1}
    selector.mark_down(0)  # 50 % healthy bear 70 % of the load
    picks = selector.copy().select_many(many)
    assert set(picks.tolist()) == {1, 2, 3} and 0.2 < (picks > 1).mean() < 0.4
    selector.mark_down(1)
    assert set(pickle.loads(pickle.dumps(selector)).select_many(many).tolist()) == {2, 3}
    selector.mark_down(2), selector.mark_down(3)
    assert set(selector.select_many(many).tolist()) == {0, 1, 2, 3}  # panic
    assert selector.select(many[0] if selector.keyed else None, avoid=[0, 1, 2]) == 3 or selector.keyed
    selector.reset()
    assert set(selector.select_many(many).tolist()) == {0, 1}


@pytest.mark.parametrize("preset", [envoy.round_robin, envoy.least_request, envoy.ring_hash, envoy.maglev])
def test_envoy_panics_while_fewer_than_half_are_healthy(preset: Callable[..., Selector]) -> None:
    selector, never = preset(FOUR), preset(FOUR, healthy_panic_threshold=0)
    many = requests(selector, 300)
    for node, serving in ((0, {1, 2, 3}), (1, {2, 3}), (2, {0, 1, 2, 3}), (3, {0, 1, 2, 3})):
        selector.mark_down(node), never.mark_down(FOUR[node])
        assert set(selector.select_many(many).tolist()) == serving
        assert set(never.select_many(many).tolist()) == (set(range(node + 1, 4)) or {-1})
    assert selector.up.tolist() == [False] * 4
    with pytest.raises(ValueError, match=r"^node: "):
        selector.mark_up("nobody")
    other = selector.copy()
    for each in (selector, other):
        each.mark_up(1), each.mark_up(3)
        assert set(each.select_many(many).tolist()) == {1, 3}
        each.remove(0), each.add("new:80")
        assert each.up.tolist() == [True, False, True, True]
        assert set(each.select_many(many).tolist()) == {0, 2, 3}
    selector.reset()
    assert selector.up.all()


def localities(**more: Any) -> Selector:
    """Two localities of two hosts each, 3 to 1, and a third host that has none."""
    hosts = [*FOUR, "10.0.0.5:80"]
    places, shares_of = ["a", "a", "b", "b", "c"], {"a": 3, "b": 1}
    return envoy.round_robin(hosts, [1, 2, 1, 1, 1], localities=places, locality_weights=shares_of, **more)


def counts_of(selector: Selector, m: int) -> list[int]:
    return np.bincount(selector.select_many(m), minlength=5).tolist()


def test_envoys_localities_share_by_weight_and_by_health() -> None:
    selector = localities()
    assert counts_of(selector, 240) == [60, 120, 30, 30, 0]
    selector.mark_down(0)  # half of its locality: 3 * 0.5 * 1.4 to 1
    counts = counts_of(selector, 3100)
    assert counts[0] == counts[4] == 0 and abs(counts[1] - 2100) <= 2 and abs(counts[2] - counts[3]) <= 2
    selector.mark_down(1)
    selector.mark_down(2)  # two of five are healthy: panic, and all serve by their own weights
    assert counts_of(selector, 600) == [100, 200, 100, 100, 100]
    calm = localities(healthy_panic_threshold=0)
    for node in range(4):
        calm.mark_down(node)
    assert counts_of(calm, 10) == [0, 0, 0, 0, 10]  # no locality counts any more
    calm.mark_down(4)
    with pytest.raises(LookupError, match="no node is left"):
        calm.select()


def test_localities_keep_the_contract() -> None:
    selector = localities(locality_start=3)
    first = selector.select_many(50).tolist()
    twin = localities(locality_start=3)
    assert [twin.select() for _ in range(50)] == first
    for other in (selector.copy(), copy.deepcopy(selector), pickle.loads(pickle.dumps(selector))):
        assert other.select_many(20).tolist() == twin.copy().select_many(20).tolist()
    selector.mark_down(1)
    selector.reset()
    assert selector.up.all() and selector.select_many(50).tolist() == first
    assert {selector.select(avoid=[0, 1]) for _ in range(20)} == {2, 3}
    assert queue(localities(), 500, load=0.5, seed=1)


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"localities": ["a"]}, "localities"),
        ({"localities": "abcde"}, "localities"),
        ({"localities": list("abcde"), "locality_weights": {"a": -1}}, r"locality_weights\['a'\]"),
    ],
)
def test_wrong_localities(more: dict[str, Any], name: str) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"^{name}: "):
        envoy.round_robin([*FOUR, "e:80"], **{"locality_weights": {}, **more})


@pytest.mark.parametrize("preset", [envoy.round_robin, envoy.least_request])
def test_envoys_localities_share_by_weight_and_health(preset: Callable[..., Selector]) -> None:
    zones = {"localities": ["a", "a", "b", "c"], "locality_weights": {"a": 3, "b": 1}}
    selector = preset(FOUR, seed=1, **zones)
    counts = np.bincount(selector.select_many(400), minlength=4)
    assert counts[2] == 100 and counts[0] + counts[1] == 300 and counts[3] == 0
    selector.mark_down(0)  # half of a's hosts bear 70 % of its load: 2.1 to 1
    counts = np.bincount(selector.copy().select_many(310), minlength=4)
    assert counts.tolist() == [0, 210, 100, 0]
    selector.mark_down(1), selector.mark_down(2)  # one of four: panic, whatever the locality
    assert set(selector.select_many(200).tolist()) == {0, 1, 2, 3}
    if hasattr(selector, "in_flight"):
        for node, many in enumerate(selector.in_flight.tolist()):
            selector.release([node] * many)
        assert not selector.in_flight.any()
    selector.reset()
    assert np.bincount(selector.select_many(4), minlength=4)[2] == 1
