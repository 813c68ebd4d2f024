"""The contract on every preset, and rules of single systems that no recording holds."""

import pickle
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from lbcore import Selector
from lbcore.presets import envoy, grpc, haproxy, ketama, nginx, redis
from lbcore.presets.envoy import maglev_entries
from lbcore.selectors.hash_functions import xxh64

from .every import EVERY, SERVERS


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
    if name.startswith(("haproxy", "envoy")):  # all were tried: they go back to one
        assert selector.select(key, avoid=[0]) == 2 or name in ("haproxy.hash", "haproxy.source")
        assert selector.select(key, avoid=[0, 2]) in (0, 2)
        selector.mark_down(0), selector.mark_down(2)
    else:
        assert selector.select(key, avoid=[0]) == 2
        with pytest.raises(LookupError):
            selector.select(key, avoid=[0, 2])
        selector.mark_down(0), selector.mark_down(2)
    if name.startswith("envoy"):  # panic: all serve
        assert set(selector.select_many(requests).tolist()) == {0, 1, 2}
        assert selector.up.tolist() == [False] * 3
    else:
        with pytest.raises(LookupError):
            selector.select(key)
    selector.mark_up(0), selector.mark_up(2)
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


def test_an_empty_key_of_twemproxy_has_the_hash_0() -> None:
    for name in ("fnv1a_64", "md5", "one_at_a_time"):
        selector = ketama.twemproxy(SERVERS, hash=name)
        points, owners = selector.ring  # type: ignore[attr-defined]
        assert selector.select("") == owners[points.argmin()]
    assert ketama.twemproxy(SERVERS, [2, 1, 1], distribution="modula").select("") == 0


def test_a_socket_of_twemproxy_has_its_weight_behind_it() -> None:
    given = ["/run/a.sock:3", "/run/b.sock:1", "10.0.0.1:80:2"]
    assert ketama.twemproxy(given).weights.tolist() == [3, 1, 2]


def test_memcacheds_port_is_not_part_of_a_name() -> None:
    keys = [f"key{i}" for i in range(300)]
    for weighted in (False, True):
        with_port = ketama.libmemcached(["a:11211", "b:11211", "c:11212"], weighted=weighted)
        assert (
            with_port.select_many(keys)
            == ketama.libmemcached(["a", "b", "c:11212"], weighted=weighted).select_many(keys)
        ).all()
        assert (
            with_port.select_many(keys)
            != ketama.libmemcached(["a:1", "b:1", "c:1"], weighted=weighted).select_many(keys)
        ).any()


def test_a_key_on_a_point_belongs_to_it_but_to_the_next_one_in_uhashring() -> None:
    """The first word of the MD5 of `name-0` is a point of that server, so the key `name-0` falls on it."""
    at, after = ketama.libketama(SERVERS), ketama.uhashring(SERVERS)
    points, owners = after.ring  # type: ignore[attr-defined]
    moved = 0
    for i, name in enumerate(SERVERS):
        for group in range(20):
            key = f"{name}-{group}"
            place = int(np.searchsorted(points, np.uint64(ketama.md5_word(key.encode()))))
            assert owners[place] == i == at.select(key)
            assert after.select(key) == owners[(place + 1) % len(points)]
            moved += after.select(key) != i
    assert moved > 20


def test_a_server_passed_over_across_the_end_of_a_round_waits_by_its_weight() -> None:
    """17 requests that HAProxy 2.6 redispatched from a to b, and six more."""
    selector = haproxy.roundrobin(["a:80", "b:80"], [5, 1])
    for _ in range(17):
        if selector.select() == 0:
            assert selector.select(avoid=[0]) == 1
    assert selector.select_many(6).tolist() == [0, 0, 0, 0, 0, 1]


def test_haproxy_avoids_the_server_tried_last_and_envoy_as_often_as_it_may() -> None:
    selector = haproxy.roundrobin(["a:80", "b:80"])
    assert [selector.select(avoid=tried) for tried in ([0, 1], [1, 0])] == [0, 1]
    turns = envoy.round_robin(["a:80", "b:80"], attempts=2)
    assert turns.select(avoid=[0, 1]) == 0 and turns.select() == 1  # the third of a, b, a


def test_redis_deals_the_ranges_to_an_address_at_a_time() -> None:
    """Two masters of 10.0.0.1 and two of 10.0.0.2, as redis-cli 7.0 deals them; and three, two and one."""
    owners = redis.slots(["10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1", "10.0.0.2:2"]).owners  # type: ignore[attr-defined]
    assert owners[::4096].tolist() == [0, 2, 1, 3]
    names = ["c:1", "b:1", "c:2", "c:3", "a:1", "b:2"]
    owners = redis.slots(names).owners  # type: ignore[attr-defined]
    assert [names[i] for i in dict.fromkeys(owners.tolist())] == ["c:1", "b:1", "a:1", "c:2", "b:2", "c:3"]


@pytest.mark.parametrize("n", [3, 7, 11])
def test_redis_rounds_the_ends_of_its_ranges_half_up(n: int) -> None:
    ends = [(2 * (i + 1) * redis.SLOTS - n) // (2 * n) for i in range(n)]  # of i + 1 shares, less one, to the nearest
    owners = redis.slots([f"n{i}" for i in range(n)]).owners  # type: ignore[attr-defined]
    assert np.flatnonzero(np.diff(owners)).tolist() == ends[:-1]


def test_haproxy_stirs_an_address_as_it_stirs_a_hash() -> None:
    """Where nothing follows `consistent`; not where a function does, and not where nothing follows `map-based`."""
    ips = [f"10.{i}.{3 * i % 256}.{200 - i}" for i in range(200)]

    def picks(**how: Any) -> list[int]:
        return haproxy.source(SERVERS, **how).select_many(ips).tolist()

    for method, stirred in (("map-based", False), ("consistent", True)):
        assert picks(method=method) == picks(method=method, avalanche=stirred)
        assert picks(method=method, avalanche=True) != picks(method=method, avalanche=False)
        assert picks(method=method, function="djb2") == picks(method=method, avalanche=False)


def test_a_server_that_comes_to_haproxy_has_an_id_of_its_own() -> None:
    given = haproxy.hash(SERVERS, method="consistent", ids=[1, 2, 4])
    given.add("10.0.0.4:80")
    whole = haproxy.hash([*SERVERS, "10.0.0.4:80"], method="consistent", ids=[1, 2, 4, 5])
    keys = [f"key{i}" for i in range(300)]
    assert given.select_many(keys).tolist() == whole.select_many(keys).tolist()


def test_haproxys_other_servers_get_the_next_free_ids() -> None:
    """As `show servers state` of HAProxy 2.6 lists them."""
    keys = [f"key{i}" for i in range(300)]
    for given, whole in (([None, 1, None], [2, 1, 4]), ([3, None, None], [3, 2, 4]), ([None, 2, None], [1, 2, 3])):
        some, all_ = (haproxy.hash(SERVERS, method="consistent", ids=ids) for ids in (given, whole))
        assert some.select_many(keys).tolist() == all_.select_many(keys).tolist()


@pytest.mark.parametrize("how", [{}, {"method": "consistent"}, {"method": "consistent", "balance_factor": 60000}])
def test_haproxy_hashes_the_first_element_of_a_header_and_takes_turns_for_none(how: dict[str, Any]) -> None:
    """First elements as http_find_header of HAProxy 2.6 cuts them."""
    whole, cut = haproxy.hash(SERVERS, **how), haproxy.hash(SERVERS, header=True, **how)
    for header, element in {
        "203.0.113.9, 10.0.0.1": "203.0.113.9",
        " \t a b \t,c": "a b",
        '"a,b",c': '"a,b"',
        '"a\\",b",c': '"a\\",b"',
        '"never, closed': '"never, closed',
        'a"b,c"d,e': 'a"b,c"d',
        "a\\,b": "a\\",
    }.items():
        assert haproxy.first_element(header.encode()) == element.encode()
        assert cut.select(header) == whole.select(element)
    empty = [cut.select(header) for header in ["", " ", ",a", " , b"] * 15]
    assert set(empty) == {0, 1, 2}
    assert cut.select("", avoid=[(empty[-1] + 1) % 3]) != (empty[-1] + 1) % 3
    assert cut.copy().select_many([""] * 9).tolist() == [cut.select("") for _ in range(9)]


def test_haproxys_ring_of_3_0_has_points_of_its_own() -> None:
    """full_hash(full_hash(id) + i), of version 3.0, for ids 1 to 3."""
    points, owners = haproxy.hash(SERVERS, method="consistent", ring="3.0").ring  # type: ignore[attr-defined]
    wanted = {haproxy.stirred((haproxy.stirred(id_) + i) % 2**32): id_ - 1 for id_ in (1, 2, 3) for i in range(16)}
    assert dict(zip(points.tolist(), owners.tolist(), strict=True)) == wanted


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


def test_a_name_of_several_addresses_has_one_set_of_points_and_takes_turns_at_them() -> None:
    names = {"app.test:80": ["10.0.0.1:80", "10.0.0.2:80"]}
    selector = nginx.hash_consistent(["app.test:80", "b:80"], [1, 2], addresses=names)
    assert selector.nodes == ("10.0.0.1:80", "10.0.0.2:80", "b:80") and selector.weights.tolist() == [1, 1, 2]
    plain = nginx.hash_consistent(["app.test:80", "b:80"], [1, 2])
    for key in (f"key{i}" for i in range(60)):
        picks = {selector.select(key) for _ in range(2)}
        assert picks == ({0, 1} if plain.select(key) == 0 else {2})
    turns = nginx.round_robin(["app.test:80", "b:80"], [2, 1], max_fails=[0, 1], down=["b:80"], addresses=names)
    assert turns.select_many(4).tolist() == [0, 1, 0, 1] and turns.up.tolist() == [True, True, False]
    with pytest.raises(LookupError):
        nginx.ip_hash(SERVERS, down=SERVERS).select("10.1.2.3")


def test_nginx_counts_connections_where_they_are_limited() -> None:
    selector = nginx.hash(SERVERS, max_conns=[1, 2, 0])
    home = next(key for key in (f"key{i}" for i in range(99)) if nginx.hash(SERVERS).select(key) == 0)
    assert selector.select(home) == 0
    assert selector.select(home) != 0
    assert selector.in_flight.sum() == 2
    selector.release(0)
    assert selector.select(home) == 0
    full = nginx.round_robin(SERVERS, max_conns=1, backup=[2])
    assert full.select_many(4).tolist() == [0, 1, 2, -1]
    assert full.copy().in_flight.tolist() == [1, 1, 1]
    assert not hasattr(nginx.round_robin(SERVERS), "in_flight")


def test_a_server_that_comes_to_nginx_has_what_all_others_have() -> None:
    alike, unlike = nginx.round_robin(SERVERS, max_conns=1), nginx.round_robin(SERVERS, max_conns=[1, 1, 2])
    for selector, room in ((alike, 1), (unlike, 20)):
        selector.add("10.0.0.4:80")
        assert selector.copy().select_many(24).tolist().count(3) == room
