"""Unknown functions, weights a system would refuse, empty lists, keys that are not text: errors that name them."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lbcore import Selector, presets
from lbcore.presets import envoy, grpc, haproxy, ketama, nginx, redis

from .every import ADDRESSED, EVERY, KEYED, SERVERS, WEIGHTED

BAD_SERVERS: list[Any] = [
    [], (), "10.0.0.1:80", b"a", 3, None, [1], [None], [b"a"], [""], [" a"], ["a", ["b"]], np.array([1.0]),
]  # fmt: skip
BAD_WEIGHTS: list[Any] = [
    [], [1, 2], [1, 2, 3, 4], [1, -1, 1], [1, 2.5, 1], [1, float("nan"), 1], ["1", 1, 1], "111", 3, {1: 1},
    [True, 1, 1], [None, 1, 1], [2**40, 1, 1], [0, 0, 0],
]  # fmt: skip


TWICE = [name for name in EVERY if name.startswith("haproxy")]
TWICE += [name for name in EVERY if name.startswith("nginx")]
TWICE += ["envoy.round_robin", "envoy.least_request"]


@pytest.mark.parametrize("name", TWICE)
def test_a_server_may_come_twice_and_counts_twice(name: str) -> None:
    selector = EVERY[name](["10.0.0.1:80", "10.0.0.1:80", "10.0.0.2:80", "10.0.0.1:80"])
    assert selector.nodes == ("10.0.0.1:80", "10.0.0.1:80#2", "10.0.0.2:80", "10.0.0.1:80#3")
    requests: Any = [f"10.{i}.{7 * i % 256}.{3 * i % 255}" for i in range(200)] if selector.keyed else 200
    assert set(selector.select_many(requests).tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("name", EVERY)
def test_servers(name: str) -> None:
    for wrong in BAD_SERVERS + ([] if name in TWICE else [["a", "a"]]):
        with pytest.raises((TypeError, ValueError), match=r"^(servers|hosts|nodes)[:\[]"):
            EVERY[name](wrong)
    with pytest.raises(TypeError) as caught:
        EVERY[name](["a", ["b"] * 1000])
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights(name: str) -> None:
    for wrong in BAD_WEIGHTS:
        with pytest.raises((TypeError, ValueError), match=r"^weights[:\[]"):
            WEIGHTED[name](SERVERS, wrong)
    if name.startswith("haproxy"):
        with pytest.raises(ValueError, match=r"^weights\[1\]: 257 is outside 0 to 256"):
            WEIGHTED[name](SERVERS, [1, 257, 1])
        assert WEIGHTED[name](SERVERS, [1, 0, 256]).weights.tolist() == [1, 0, 256]
    else:
        with pytest.raises(ValueError, match=r"^weights\[1\]: 0 is outside 1 to"):
            WEIGHTED[name](SERVERS, [1, 0, 1])


@pytest.mark.parametrize("name", [*KEYED, *ADDRESSED, "redis.slots", "ketama.libmemcached"])
def test_keys_are_text(name: str) -> None:
    selector = EVERY[name](SERVERS)
    for wrong in (5, 1.5, True, None, ["a"], np.int64(3), object(), "\ud800", bytearray(b"a")):
        with pytest.raises((TypeError, ValueError), match=r"^key: "):
            selector.select(wrong)  # type: ignore[arg-type]
        if not isinstance(wrong, list):
            with pytest.raises((TypeError, ValueError), match=r"^requests\[1\]: "):
                selector.select_many(["10.1.2.3", wrong])
    with pytest.raises(TypeError, match=r"^requests"):
        selector.select_many(np.arange(3))
    assert selector.select("10.1.2.3") == selector.copy().select(b"10.1.2.3") or hasattr(selector, "in_flight")


@pytest.mark.parametrize("name", ADDRESSED)
def test_addresses(name: str) -> None:
    selector = ADDRESSED[name](SERVERS)
    for wrong in ("", "ann", "10.0.0", "10.0.0.256", "::g", b"\xff", "10.0.0.1:80"):
        with pytest.raises(ValueError, match=r"^key: .* is not an IP address"):
            selector.select(wrong)
    assert 0 <= selector.select("2001:db8::1") < 3


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("max_fails", lambda: nginx.round_robin(SERVERS, max_fails=-1)),
        ("fail_timeout_s", lambda: nginx.round_robin(SERVERS, fail_timeout_s=1.5)),
        ("backup", lambda: nginx.round_robin(SERVERS, backup="10.0.0.1:80")),
        ("backup", lambda: nginx.round_robin(SERVERS, backup=SERVERS)),
        ("backup", lambda: nginx.round_robin(SERVERS, backup=[3])),
        ("clock", lambda: nginx.round_robin(SERVERS, clock=5)),
        ("max_fails", lambda: nginx.hash(SERVERS, max_fails=[1, 2])),
        ("max_fails", lambda: nginx.least_conn(SERVERS, max_fails=[1, 2, -1])),
        ("fail_timeout_s", lambda: nginx.ip_hash(SERVERS, fail_timeout_s="10s")),
        ("max_conns", lambda: nginx.hash_consistent(SERVERS, max_conns=-1)),
        ("max_conns", lambda: nginx.random(SERVERS, max_conns=[1, 2, 2**31])),
        ("two", lambda: nginx.random(SERVERS, two="least_conn")),
        ("seed", lambda: nginx.random(SERVERS, seed="a")),
        ("down", lambda: nginx.hash(SERVERS, down="10.0.0.1:80")),
        ("down", lambda: nginx.hash(SERVERS, down=["nobody"])),
        ("down", lambda: nginx.hash(SERVERS, down=[3])),
        ("backup", lambda: nginx.least_conn(SERVERS, backup=[0, 1, 2])),
        ("addresses", lambda: nginx.round_robin(SERVERS, addresses=["10.0.0.1:80"])),
        ("addresses", lambda: nginx.round_robin(SERVERS, addresses={"nobody": ["10.0.0.1:80"]})),
        ("addresses", lambda: nginx.round_robin(SERVERS, addresses={SERVERS[0]: []})),
        ("addresses", lambda: nginx.round_robin(SERVERS, addresses={SERVERS[0]: "10.0.0.1:80"})),
        ("function", lambda: haproxy.hash(SERVERS, function="md5")),
        ("function", lambda: haproxy.source(SERVERS, function=None)),
        ("method", lambda: haproxy.hash(SERVERS, method="ketama")),
        ("ring", lambda: haproxy.hash(SERVERS, method="consistent", ring="3.3")),
        ("header", lambda: haproxy.hash(SERVERS, header="x-key")),
        ("use_domain_only", lambda: haproxy.hash(SERVERS, use_domain_only=True)),
        ("use_domain_only", lambda: haproxy.hash(SERVERS, header=True, use_domain_only=1)),
        ("backup", lambda: haproxy.roundrobin(SERVERS, backup="10.0.0.1:80")),
        ("backup", lambda: haproxy.static_rr(SERVERS, backup=["nobody"])),
        ("backup", lambda: haproxy.leastconn(SERVERS, backup=[3])),
        ("allbackups", lambda: haproxy.hash(SERVERS, backup=[0], allbackups="yes")),
        ("maxconn", lambda: haproxy.first(SERVERS, maxconn=-1)),
        ("maxconn", lambda: haproxy.random(SERVERS, maxconn=[1, 2])),
        ("maxconn", lambda: haproxy.roundrobin(SERVERS, maxconn=[1, -2, 3])),
        ("maxconn", lambda: haproxy.static_rr(SERVERS, maxconn=1.5)),
        ("maxconn", lambda: haproxy.first(SERVERS, maxconn="123")),
        ("maxconn", lambda: haproxy.leastconn(SERVERS, maxconn=[1, 2])),
        ("draws", lambda: haproxy.random(SERVERS, draws=0)),
        ("seed", lambda: haproxy.random(SERVERS, seed="a")),
        ("len", lambda: haproxy.uri(SERVERS, len=-1)),
        ("depth", lambda: haproxy.uri(SERVERS, depth=1.5)),
        ("whole", lambda: haproxy.uri(SERVERS, whole="yes")),
        ("path_only", lambda: haproxy.uri(SERVERS, path_only=1)),
        ("name", lambda: haproxy.url_param(SERVERS)),
        ("avalanche", lambda: haproxy.hash(SERVERS, avalanche="yes")),
        ("ids", lambda: haproxy.hash(SERVERS, method="consistent", ids=[1, 2])),
        ("ids", lambda: haproxy.hash(SERVERS, method="consistent", ids=[1, 2, 2])),
        ("ids", lambda: haproxy.hash(SERVERS, method="consistent", ids=[0, 1, 2])),
        ("ids", lambda: haproxy.hash(SERVERS, method="consistent", ids="123")),
        ("balance_factor", lambda: haproxy.hash(SERVERS, method="consistent", balance_factor=100)),
        ("balance_factor", lambda: haproxy.hash(SERVERS, method="consistent", balance_factor=65536)),
        ("balance_factor", lambda: haproxy.hash(SERVERS, balance_factor=150)),
        ("start", lambda: envoy.round_robin(SERVERS, start=-1)),
        ("function", lambda: envoy.ring_hash(SERVERS, function="crc32")),
        ("minimum_ring_size", lambda: envoy.ring_hash(SERVERS, minimum_ring_size=0)),
        ("minimum_ring_size", lambda: envoy.ring_hash(SERVERS, minimum_ring_size=20, maximum_ring_size=10)),
        ("maximum_ring_size", lambda: envoy.ring_hash(SERVERS, maximum_ring_size=8388609)),
        ("balance_factor", lambda: envoy.ring_hash(SERVERS, balance_factor=50)),
        ("healthy_panic_threshold", lambda: envoy.maglev(SERVERS, healthy_panic_threshold=101)),
        ("healthy_panic_threshold", lambda: envoy.round_robin(SERVERS, healthy_panic_threshold="50%")),
        ("overprovisioning_factor", lambda: envoy.least_request(SERVERS, overprovisioning_factor=99)),
        ("priorities", lambda: envoy.ring_hash(SERVERS, priorities=[0, 1])),
        ("priorities", lambda: envoy.ring_hash(SERVERS, priorities=[0, 1, -1])),
        ("priorities", lambda: envoy.ring_hash(SERVERS, priorities="011")),
        ("localities", lambda: envoy.round_robin(SERVERS, localities=["a"])),
        ("localities", lambda: envoy.round_robin(SERVERS, localities="abc")),
        ("locality_weights", lambda: envoy.round_robin(SERVERS, locality_weights={"a": 1})),
        ("locality_weights", lambda: envoy.least_request(SERVERS, localities=["a"] * 3, locality_weights={"a": -1})),
        ("locality_weights", lambda: envoy.least_request(SERVERS, localities=["a"] * 3, locality_weights=[1])),
        ("hashed", lambda: envoy.ring_hash(SERVERS, hashed="yes")),
        ("key", lambda: envoy.ring_hash(SERVERS, hashed=True).select("ann")),
        ("parts", lambda: envoy.policy_key(None)),
        ("parts", lambda: envoy.policy_key(5)),
        ("table_size", lambda: envoy.maglev(SERVERS, table_size=8)),
        ("table_size", lambda: envoy.maglev(SERVERS, table_size=5000077)),
        ("hosts", lambda: envoy.maglev(SERVERS, table_size=2)),
        ("choice_count", lambda: envoy.least_request(SERVERS, choice_count=1)),
        ("choice_count", lambda: envoy.least_request(SERVERS, choice_count=1025)),
        ("attempts", lambda: envoy.maglev(SERVERS, attempts=-1)),
        ("seed", lambda: envoy.least_request(SERVERS, seed=1.5)),
        ("min_ring_size", lambda: grpc.ring_hash(SERVERS, min_ring_size=20, max_ring_size=10)),
        ("weights", lambda: grpc.weighted_round_robin([])),
        ("weights", lambda: grpc.weighted_round_robin([1, -1])),
        ("weights", lambda: grpc.weighted_round_robin([1, 2**31])),
        ("weights", lambda: grpc.weighted_round_robin(["a"])),
        ("weights", lambda: grpc.weighted_round_robin(5)),
        ("start", lambda: grpc.weighted_round_robin([1, 2], start=2**32)),
        ("key", lambda: redis.key_slot(5)),
        ("key", lambda: redis.key_slot("\ud800")),
        ("nodes", lambda: redis.slots([f"n{i}" for i in range(16385)])),
        ("hash", lambda: ketama.twemproxy(SERVERS, hash="sha1")),
        ("hash", lambda: ketama.libmemcached(SERVERS, hash="crc32")),
        ("hash_tag", lambda: ketama.twemproxy(SERVERS, hash_tag="{")),
        ("hash_tag", lambda: ketama.twemproxy(SERVERS, hash_tag=5)),
        ("distribution", lambda: ketama.twemproxy(SERVERS, distribution="random")),
        ("weights", lambda: ketama.twemproxy(["a:1:5", "b:1:1"], [1, 1])),
        ("weights", lambda: ketama.twemproxy(["a:1", "b:1"], [2**24, 1], distribution="modula")),
        ("servers", lambda: ketama.twemproxy(["a:1:5", "a:1:1"])),
        ("weighted", lambda: ketama.libmemcached(SERVERS, weighted="no")),
        ("weighted", lambda: ketama.libmemcached(SERVERS, weighted=True, distribution="modula")),
        ("distribution", lambda: ketama.libmemcached(SERVERS, distribution="ketama")),
    ],
)
def test_other_arguments(argument: str, call: Callable[[], object]) -> None:
    with pytest.raises((TypeError, ValueError, IndexError), match=rf"^{argument}[:\[]"):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: haproxy.hash(SERVERS, method="consistent", balance_factor=101),
        lambda: haproxy.hash(SERVERS, method="consistent", balance_factor=65535),
        lambda: haproxy.hash(SERVERS, ids=[1, 2, 2**31 - 1]),
        lambda: haproxy.hash(SERVERS, balance_factor=0),
        lambda: envoy.ring_hash(SERVERS, balance_factor=100),
        lambda: envoy.ring_hash(SERVERS, minimum_ring_size=7, maximum_ring_size=7),
        lambda: envoy.maglev(SERVERS, table_size=3),
        lambda: envoy.least_request(SERVERS, choice_count=1024),
        lambda: grpc.weighted_round_robin([1, 2**31 - 1, 0]),
        lambda: grpc.ring_hash(SERVERS, min_ring_size=7, max_ring_size=7),
    ],
)
def test_the_last_value_that_is_allowed(call: Callable[[], Selector]) -> None:
    selector = call()
    requests: Any = ["a", "b"] if selector.keyed else 2
    assert set(selector.select_many(requests).tolist()) <= {0, 1, 2}


def test_the_room_imports_no_more_than_numpy() -> None:
    assert set(presets.__all__) == {"envoy", "grpc", "haproxy", "ketama", "nginx", "read", "redis"}
    code = "import sys, lbcore.presets; print([name for name in ('crossplane', 'yaml') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
