"""What the selectors of the fourteen files do: the facts that are known of each, from the real servers."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lbcore.presets import envoy, haproxy, nginx, read
from lbcore.presets.configs import ConfigError
from lbcore.selectors import HashRing, Selector

from .wanted import DATA

KEYS = [f"/a/b/{i}?c={i}" for i in range(3000)]


def selector_of(file: str, name: str, context: str | None = None, **more: object) -> Selector:
    pool = read(DATA / file, more.pop("env", None)).pool(name, context)
    return pool.selector({setting.name for setting in pool.unread}, **more)


def shares(selector: Selector, m: int) -> list[int]:
    counts: Counter[int] = Counter()
    for _ in range(m):
        node = selector.select()
        selector.release(node)
        counts[node] += 1
    return [counts[i] for i in range(len(selector.nodes))]


def test_two_pools_of_one_name_are_told_apart() -> None:
    pools = read(DATA / "nginx-http-and-stream.conf")
    with pytest.raises(LookupError, match=r"say which: cluster \(http, line 21\), cluster \(stream, line 47\)"):
        pools.pool("cluster")
    assert pools.pool("cluster", "stream").key == "$remote_addr"
    with pytest.raises(LookupError, match="5 pools fit"):
        read(DATA / "envoy-least-request.yaml").pool()


def test_backups_of_nginx_share_what_is_left() -> None:
    selector = selector_of("nginx-http-and-stream.conf", "cluster", "http")
    assert shares(selector, 700) == [100, 400, 200, 0, 0]
    for node in range(3):
        selector.mark_down(node)
    assert shares(selector, 400) == [0, 0, 0, 100, 300]


def test_a_server_with_max_fails_0_never_leaves() -> None:
    selector = selector_of("nginx-flat-braces.conf", "big_server", clock=lambda: 0.0)
    failed: set[int] = set()
    while len(failed) < 5:
        node = selector.select()
        failed.add(node)
        selector.release(node, ok=False)
    assert set(selector.select_many(20).tolist()) == {4}


def test_keys_of_a_server_that_is_down_go_on_in_a_ring_and_keep_their_place_in_a_hash() -> None:
    names = [f"10.0.1.{i}:3000" for i in (11, 12, 13, 14)]
    whole = nginx.hash_consistent(names, [1, 2, 1, 1]).select_many(KEYS)
    picks = selector_of("nginx-websocket-affinity.conf", "nodes").select_many(KEYS)
    assert ((picks == whole) | (whole == 2)).all() and not (picks == 2).any()
    rooms = nginx.hash(["10.0.1.21:3000", "10.0.1.22", "10.0.1.23:3000", "10.0.1.24:3000"], [3, 1, 1, 1])
    whole = rooms.select_many(KEYS)
    picks = selector_of("nginx-websocket-affinity.conf", "rooms").select_many(KEYS)
    assert ((picks == whole) | (whole == 2)).all() and not (picks == 2).any()


def test_haproxy_turns_and_ids() -> None:
    assert selector_of("haproxy-search-weights.cfg", "pages").select_many(7).tolist() == [0, 0, 0, 1, 0, 0, 2]
    assert selector_of("haproxy-several-defaults.cfg", "status").select_many(6).tolist() == [1, 1, 0] * 2
    assert shares(selector_of("haproxy-search-weights.cfg", "search"), 100) == [50, 50, 0]


def test_haproxys_hash_key_names_points_by_address(tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    head = "backend b\n    balance hdr(x-key)\n    hash-type consistent\n    default-server hash-key addr\n"
    lines = ["a 10.0.0.1:80", "b 10.0.0.2:80 hash-key addr-port", "c ipv6@[::1]:80", "d d.example:80 hash-key id"]
    file.write_text(head + "".join(f"    server {line}\n" for line in lines))
    wanted = haproxy.hash(
        list("abcd"), method="consistent", header=True, hash_key=["10.0.0.1", "10.0.0.2:80", "::1", None]
    )
    assert read(file).pool("b").selector().select_many(KEYS).tolist() == wanted.select_many(KEYS).tolist()
    # `addr` needs no port, and an IPv6 address no brackets.
    for address, key in (("10.0.0.1", "10.0.0.1"), ("::1", "::1")):
        file.write_text(head + f"    server a {address}\n    server b 10.0.0.2:80\n")
        wanted = haproxy.hash(["a", "b"], method="consistent", header=True, hash_key=[key, "10.0.0.2"])
        assert read(file).pool("b").selector().select_many(KEYS).tolist() == wanted.select_many(KEYS).tolist()
    # A name is looked up by HAProxy, and here only by `addresses`.
    file.write_text(head + "    server a a.example:80\n    server b 10.0.0.2:80\n")
    [note] = read(file).pool("b").unread
    assert note.name == "hash-key" and "the address of a of b: no IP address" in str(note)
    known = read(file, addresses={"a.example": ["10.0.0.9"]}).pool("b")
    wanted = haproxy.hash(["a", "b"], method="consistent", header=True, hash_key=["10.0.0.9", "10.0.0.2"])
    assert not known.unread and known.selector().select_many(KEYS).tolist() == wanted.select_many(KEYS).tolist()
    file.write_text("backend b\n    server a 10.0.0.1:80 hash-key port\n")
    with pytest.raises(ConfigError, match="'hash-key' is id, addr, addr-port, not 'port'"):
        read(file).pool("b").selector()
    file.write_text("backend b\n    balance source\n    server a 10.0.0.1:80 hash-key guid\n")
    assert [note.name for note in read(file).pool("b").unread] == ["hash-key"]


def test_a_variable_is_expanded_or_refused() -> None:
    file = DATA / "haproxy-env-weights.cfg"
    weights = [server.weight for server in read(file, {"BROKER2_WEIGHT": "5"}).pool("broker_cluster").servers]
    assert weights == [1, 5, 2]
    weights = [server.weight for server in read(file, {"BROKER3_WEIGHT": "7"}).pool("broker_cluster").servers]
    assert weights == [1, 0, 7]  # HAProxy's own reading of a weight that is empty


def test_an_envoy_ring_is_built_without_the_unhealthy_host() -> None:
    selector = selector_of("envoy-ring-hash.yaml", "web_cluster_01")
    assert isinstance(selector, HashRing)
    _, owners = selector.ring
    assert np.bincount(owners, minlength=3).tolist() == [128, 384, 0]
    picks = envoy.ring_hash(["10.0.20.1:80", "10.0.20.2:80"], [1, 3], minimum_ring_size=512).select_many(KEYS)
    assert (selector.select_many(KEYS) == picks).all()


def test_envoy_hashes_host_names_and_reads_numbers_in_strings() -> None:
    names = ["cart-1.example", "cart-2.example"]
    wanted = envoy.ring_hash(names, function="murmur_hash_2", balance_factor=150)
    assert shares_of(selector_of("envoy-ring-hash.yaml", "cart")) == shares_of(wanted)
    hosts = [f"10.0.24.{i}:8001" for i in (1, 2, 3)]
    picks = envoy.maglev(hosts, [2, 1, 1], table_size=1009).select_many(KEYS)
    assert (selector_of("envoy-maglev-json.yaml", "app").select_many(KEYS) == picks).all()


def test_envoys_least_request_by_weight_and_by_load() -> None:
    selector = selector_of("envoy-least-request.yaml", "web_cluster_01", seed=3)
    hosts = [f"10.0.25.{i}:80" for i in (1, 2, 3)]
    wanted = envoy.least_request(hosts, [1, 3, 5], 3, seed=3, active_request_bias=0.5)
    picks = selector.select_many(2000)
    assert (picks == wanted.select_many(2000)).all()
    assert (picks != envoy.least_request(hosts, [1, 3, 5], 3, seed=3).select_many(2000)).any()


def test_envoys_priorities_and_localities() -> None:
    selector = selector_of("envoy-localities.yaml", "backend", seed=1)
    assert shares(selector, 400) == [100, 200, 100, 0, 0, 0]  # 3 to 1, and the third locality has no weight
    selector.mark_down(0)  # three of four are healthy, and with overprovisioning 120 bear 90 percent
    counts = shares(selector, 4000)
    assert counts[3] == counts[5] == 0 and 300 < counts[4] < 500
    assert abs(counts[1] / counts[2] - 3 * 0.6) < 0.1  # half of the first locality, times 1.2
    selector.mark_down(1)
    selector.mark_down(2)
    counts = shares(selector, 1000)  # where no locality counts, who is healthy serves
    assert counts[:3] == [0, 0, 0] and counts[3] > 0 and counts[4] > 0


def shares_of(selector: Selector) -> list[int]:
    """The picks of keys whose requests have ended."""
    picks = []
    for key in KEYS:
        picks.append(selector.select(key))
        selector.release(picks[-1])
    return picks


def test_what_a_name_stands_for(tmp_path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text("http { upstream a { server app weight=2; server 10.0.0.9:81; } }")
    [pool] = read(path)
    assert pool.assumed == ("app stands for one address",)
    [pool] = read(path, addresses={"app": ["10.0.0.1", "10.0.0.2"]})
    assert [server.name for server in pool.servers] == ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.9:81"]
    assert shares(pool.selector(), 50) == [20, 20, 10] and pool.assumed == ()
