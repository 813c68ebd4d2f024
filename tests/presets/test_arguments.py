"""Unknown functions, weights a system would refuse, empty lists, keys that are not text: errors that name them."""

import pickle
from collections.abc import Callable
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from lbcore import Selector, presets
from lbcore.presets import envoy, grpc, haproxy, ketama, nginx, redis
from lbcore.presets.envoy import maglev_entries
from lbcore.selectors.hash_functions import xxh64

KEYLESS: dict[str, Callable[..., Selector]] = {
    "nginx.round_robin": nginx.round_robin,
    "nginx.least_conn": nginx.least_conn,
    "haproxy.roundrobin": haproxy.roundrobin,
    "haproxy.static_rr": haproxy.static_rr,
    "haproxy.leastconn": haproxy.leastconn,
    "envoy.round_robin": envoy.round_robin,
    "envoy.least_request": envoy.least_request,
}
ADDRESSED: dict[str, Callable[..., Selector]] = {"nginx.ip_hash": nginx.ip_hash, "haproxy.source": haproxy.source}
KEYED: dict[str, Callable[..., Selector]] = {
    "nginx.hash": nginx.hash,
    "nginx.hash_consistent": nginx.hash_consistent,
    "haproxy.hash": haproxy.hash,
    "haproxy.hash consistent": lambda *a, **k: haproxy.hash(*a, method="consistent", **k),
    "haproxy.hash bounded": lambda *a, **k: haproxy.hash(*a, method="consistent", balance_factor=150, **k),
    "envoy.ring_hash": envoy.ring_hash,
    "envoy.ring_hash bounded": lambda *a, **k: envoy.ring_hash(*a, balance_factor=150, **k),
    "envoy.maglev": envoy.maglev,
    "envoy.maglev bounded": lambda *a, **k: envoy.maglev(*a, balance_factor=150, **k),
    "grpc.ring_hash": grpc.ring_hash,
    "ketama.libketama": ketama.libketama,
    "ketama.twemproxy": ketama.twemproxy,
    "ketama.twemproxy modula": lambda *a, **k: ketama.twemproxy(*a, distribution="modula", **k),
    "ketama.uhashring": ketama.uhashring,
}
WEIGHTED = {**KEYLESS, **ADDRESSED, **KEYED}
EVERY = {**WEIGHTED, "redis.slots": redis.slots, "ketama.libmemcached": ketama.libmemcached}
SERVERS = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]
BAD_SERVERS: list[Any] = [
    [], (), "10.0.0.1:80", b"a", 3, None, [1], [None], [b"a"], [""], [" a"], ["a", "a"], ["a", ["b"]], np.array([1.0]),
]  # fmt: skip
BAD_WEIGHTS: list[Any] = [
    [], [1, 2], [1, 2, 3, 4], [1, -1, 1], [1, 2.5, 1], [1, float("nan"), 1], ["1", 1, 1], "111", 3, {1: 1},
    [True, 1, 1], [None, 1, 1], [2**40, 1, 1], [0, 0, 0],
]  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_servers(name: str) -> None:
    for wrong in BAD_SERVERS:
        with pytest.raises((TypeError, ValueError), match=r"^(servers|hosts|nodes)[:\[]"):
            EVERY[name](wrong)


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
        ("function", lambda: haproxy.hash(SERVERS, function="md5")),
        ("function", lambda: haproxy.source(SERVERS, function=None)),
        ("method", lambda: haproxy.hash(SERVERS, method="ketama")),
        ("avalanche", lambda: haproxy.hash(SERVERS, avalanche="yes")),
        ("ids", lambda: haproxy.hash(SERVERS, method="consistent", ids=[1, 2])),
        ("ids", lambda: haproxy.hash(SERVERS, method="consistent", ids=[1, 2, 2])),
        ("ids", lambda: haproxy.hash(SERVERS, method="consistent", ids=[0, 1, 2])),
        ("ids", lambda: haproxy.hash(SERVERS, method="consistent", ids="123")),
        ("balance_factor", lambda: haproxy.hash(SERVERS, method="consistent", balance_factor=99)),
        ("balance_factor", lambda: haproxy.hash(SERVERS, balance_factor=150)),
        ("start", lambda: envoy.round_robin(SERVERS, start=-1)),
        ("function", lambda: envoy.ring_hash(SERVERS, function="crc32")),
        ("minimum_ring_size", lambda: envoy.ring_hash(SERVERS, minimum_ring_size=0)),
        ("minimum_ring_size", lambda: envoy.ring_hash(SERVERS, minimum_ring_size=20, maximum_ring_size=10)),
        ("maximum_ring_size", lambda: envoy.ring_hash(SERVERS, maximum_ring_size=8388609)),
        ("balance_factor", lambda: envoy.ring_hash(SERVERS, balance_factor=50)),
        ("table_size", lambda: envoy.maglev(SERVERS, table_size=8)),
        ("table_size", lambda: envoy.maglev(SERVERS, table_size=5000077)),
        ("hosts", lambda: envoy.maglev(SERVERS, table_size=2)),
        ("choice_count", lambda: envoy.least_request(SERVERS, choice_count=1)),
        ("seed", lambda: envoy.least_request(SERVERS, seed=1.5)),
        ("min_ring_size", lambda: grpc.ring_hash(SERVERS, min_ring_size=20, max_ring_size=10)),
        ("weights", lambda: grpc.weighted_round_robin([])),
        ("weights", lambda: grpc.weighted_round_robin([1, -1])),
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
    ],
)
def test_other_arguments(argument: str, call: Callable[[], object]) -> None:
    with pytest.raises((TypeError, ValueError, IndexError), match=rf"^{argument}[:\[]"):
        call()


@pytest.mark.parametrize("name", EVERY)
def test_the_contract_holds(name: str) -> None:
    """Names in order, a copy and a pickle that go on alike, nodes that come and go."""
    selector = EVERY[name](SERVERS)
    assert isinstance(selector, Selector)
    assert selector.nodes == tuple(SERVERS)
    rng = np.random.default_rng(1)
    addresses = [".".join(map(str, octets)) for octets in rng.integers(0, 256, (200, 4)).tolist()]
    requests: Any = addresses if selector.keyed else 200
    selector.select_many(requests)
    other, third = selector.copy(), pickle.loads(pickle.dumps(selector))
    wanted = selector.select_many(requests).tolist()
    assert other.select_many(requests).tolist() == wanted
    assert third.select_many(requests).tolist() == wanted
    assert set(wanted) == {0, 1, 2}
    selector.mark_down(1)
    assert set(selector.select_many(requests).tolist()) == {0, 2}
    key = requests[0] if selector.keyed else None
    assert selector.select(key, avoid=[0]) == 2
    with pytest.raises(LookupError):
        selector.select(key, avoid=[0, 2])
    selector.mark_up(1)
    selector.add("10.0.0.4:80")
    selector.remove("10.0.0.1:80")
    assert selector.nodes == (*SERVERS[1:], "10.0.0.4:80")
    selector.reset()
    assert set(selector.select_many(requests).tolist()) == {0, 1, 2}
    repr(selector)


def test_backups_may_stand_behind_the_servers_or_among_them() -> None:
    among = nginx.round_robin(SERVERS, [1, 2, 3], backup=[SERVERS[2]])
    behind = nginx.round_robin(SERVERS[:2], [1, 2], backup=[SERVERS[2]])
    assert among.nodes == behind.nodes == tuple(SERVERS)
    for selector in (among, behind):
        assert 2 not in selector.select_many(9)
        selector.mark_down(0)
        selector.release(1, ok=False)
        assert set(selector.select_many(9).tolist()) == {2}


def test_unknown_weights_count_as_the_mean() -> None:
    """gRPC: 0 is not known yet. The mean of 5 and 1 is 3; of 1 and 2 it is 1.5, for which the others are scaled."""
    m = 4000
    for known, mean in (([5, 1], 3), ([1, 2], 1.5)):
        counts = np.bincount(grpc.weighted_round_robin([*known, 0]).select_many(m), minlength=3)
        shares = np.array([*known, mean]) / (sum(known) + mean)
        assert np.abs(counts / m - shares).max() < 0.002
    assert grpc.weighted_round_robin([0, 0, 0]).select_many(4).tolist() == [0, 1, 2, 0]
    assert (
        grpc.weighted_round_robin([0.5, 0.25]).select_many(9).tolist()
        == grpc.weighted_round_robin([2, 1]).select_many(9).tolist()
    )


def test_a_ring_of_grpc_has_4096_points_at_most() -> None:
    points, _ = grpc.ring_hash(SERVERS, min_ring_size=10_000, max_ring_size=100_000).ring  # type: ignore[attr-defined]
    assert len(points) <= 4098


def test_crc32_of_15_bits_sends_every_key_to_one_server() -> None:
    picks = ketama.twemproxy(SERVERS, hash="crc32").select_many([f"key{i}" for i in range(500)])
    assert len(set(picks.tolist())) == 1


def test_modula_counts_the_servers_in_the_order_of_their_names() -> None:
    """By length, then by bytes, as twemproxy 0.5.0 answered; an alias is the name, and port 11211 is left out of it."""
    keys = [f"key{i}" for i in range(300)]
    given = ["10.0.0.1:10000:2", "10.0.0.1:9999:1", "10.0.0.1:11211:3", "10.0.0.9:1:1 aa"]
    order = [3, 2, 1, 0]  # aa, 10.0.0.1, 10.0.0.1:9999, 10.0.0.1:10000
    owners = [i for i in order for _ in range([2, 1, 3, 1][i])]
    picks = ketama.twemproxy(given, hash="crc32a", distribution="modula").select_many(keys)
    assert picks.tolist() == [owners[crc32(key.encode()) % 7] for key in keys]
    again = ketama.twemproxy(given, [2, 1, 3, 1], hash="crc32a", distribution="modula")
    assert again.select_many(keys).tolist() == picks.tolist()


def test_libmemcached_with_weights_hashes_keys_by_md5_whatever_is_asked_for() -> None:
    keys = [f"key{i}" for i in range(300)]
    wanted = ketama.libmemcached(SERVERS, weighted=True).select_many(keys).tolist()
    assert ketama.libmemcached(SERVERS, hash="crc", weighted=True).select_many(keys).tolist() == wanted
    # Where port 11211 is not in a name, this is libketama's ring.
    assert ketama.libketama(SERVERS).select_many(keys).tolist() == wanted


def test_envoys_attempts_at_a_table_go_on_past_a_heavy_host() -> None:
    hosts, weights = SERVERS, [5000, 1, 1]
    table = envoy.maglev(hosts, weights, table_size=65537)
    owners = maglev_entries(tuple(hosts), np.array(weights), 65537)
    far = 0
    for i in range(40):
        h = xxh64(f"key{i}".encode())
        tries = (a for a in range(65536) if owners[(h ^ (-a % 2**64)) % 65537] != 0)
        first = next(tries)
        far += first > 64
        assert table.select(f"key{i}", avoid=[0]) == owners[(h ^ (-first % 2**64)) % 65537]
    assert far > 20


def test_the_room_imports_no_more_than_numpy() -> None:
    assert set(presets.__all__) == {"envoy", "grpc", "haproxy", "ketama", "nginx", "redis"}
