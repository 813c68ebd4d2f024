"""Values from the systems' own unit tests. (Those of the hash functions stand in tests/selectors/.)"""

import hashlib
from functools import partial

import numpy as np
import pytest

from lbcore import Selector
from lbcore.presets import envoy, haproxy, ketama, redis
from lbcore.selectors.systems.envoy import AttemptTable, sown_order

from .recordings import addresses, load

PUBLISHED = {case["case"]: case["expected"] for case in load("published")}
EIGHTIES, NINETIES = ([f"127.0.0.1:{first + i}" for i in range(6)] for first in (80, 90))


def ring_of(selector: Selector) -> list[list[int]]:
    """Point and port of each host."""
    points, owners = selector.ring  # type: ignore[attr-defined]
    ports = [int(name.rpartition(":")[2]) for name in selector.nodes]
    return [[point, ports[owner]] for point, owner in zip(points.tolist(), owners.tolist(), strict=True)]


def first_at(selector: Selector, h: int, attempt: int = 0) -> int:
    """The host that Envoy's ring gives a raw hash."""
    points, owners = selector.ring  # type: ignore[attr-defined]
    return int(owners[(np.searchsorted(points, np.uint64(h)) + attempt) % len(points)])


def test_envoys_rings() -> None:
    basic = envoy.ring_hash(NINETIES, minimum_ring_size=12)
    assert ring_of(basic) == PUBLISHED["Basic ring"]
    hashes = [0, 2**64 - 1, 3551244743356806947, 3551244743356806948, 16117243373044804880]
    assert [first_at(basic, h) for h in hashes] == PUBLISHED[
        "Basic picks h=0,2^64-1,3551244743356806947,...948,16117243373044804880"
    ]
    assert [first_at(basic, 0, a) for a in (0, 1, 2, 13)] == PUBLISHED["retry h=0 attempts 0,1,2,13"]
    murmur = envoy.ring_hash(EIGHTIES, function="murmur_hash_2", minimum_ring_size=12)
    assert ring_of(murmur) == PUBLISHED["BasicWithMurmur2 ring"]
    named = envoy.ring_hash([str(port) for port in range(90, 96)], minimum_ring_size=12)
    assert ring_of(named) == PUBLISHED["BasicWithHostname ring"]
    uneven = envoy.ring_hash(EIGHTIES[:2], minimum_ring_size=3)
    assert [*ring_of(uneven), len(ring_of(uneven)), 2, 2] == PUBLISHED["UnevenHosts"]


def test_envoys_weighted_rings() -> None:
    tiny = envoy.ring_hash(NINETIES[:3], [1, 2, 3], minimum_ring_size=6, maximum_ring_size=6)
    points, owners = tiny.ring  # type: ignore[attr-defined]
    counts = np.bincount(owners).tolist()
    assert [len(points), *[counts[0], counts[2]], *owners.tolist()] == PUBLISHED["HostWeightedTinyRing"]
    large = envoy.ring_hash(NINETIES[:3], [1, 2, 3], minimum_ring_size=6144)
    points, owners = large.ring  # type: ignore[attr-defined]
    hits = np.bincount([first_at(large, i * ((2**64 - 1) // 6000)) for i in range(6000)]).tolist()
    counts = np.bincount(owners).tolist()
    assert [len(points), counts[0], counts[2], *hits] == PUBLISHED["HostWeightedLargeRing counts"]


@pytest.mark.parametrize(
    ("case", "hosts", "weights", "size"),
    [
        ("Basic size7", NINETIES, None, 7),
        ("BasicWithHostName size7", [str(port) for port in range(90, 96)], None, 7),
        ("Weighted 1,2 size17", NINETIES[:2], [1, 2], 17),
        ("LocalityWeightedSame size17", NINETIES[:2], [1, 1], 17),
        ("LocalityWeightedDifferent 8:2 size17", NINETIES[:2], [8, 2], 17),
    ],
)
def test_envoys_tables(case: str, hosts: list[str], weights: list[int] | None, size: int) -> None:
    owners = envoy.maglev(hosts, weights, table_size=size).owners.tolist()  # type: ignore[attr-defined]
    more = [] if size == 7 else sorted(np.bincount(owners).tolist())
    assert owners + more == PUBLISHED[case]


def test_envoys_attempts_at_a_table() -> None:
    table = AttemptTable(NINETIES, table=partial(envoy.maglev_entries, table_size=7), key_hash=int)
    tried: list[int] = []
    for _ in range(3):
        tried.append(table.select("10", avoid=tried))
    assert tried == PUBLISHED["retry hash=10 attempts 0,1,2"]


def test_envoys_shuffle() -> None:
    assert [sown_order(5, seed).tolist() for seed in (2, 6, 7)] == PUBLISHED["mt19937 shuffle n=5 seed 2,6,7"]


def test_envoys_whole_tables() -> None:
    tables = load("envoy_tables")
    table = tables["maglev_5"]
    owners = envoy.maglev(addresses(5, 18381)).owners  # type: ignore[attr-defined]
    assert "".join(map(str, owners[:512])) == table["first"]
    assert hashlib.sha256(owners.astype(np.uint8).tobytes()).hexdigest() == table["sha256_of_bytes"]
    points, hosts = tables["ring_5"]
    ring, owners = envoy.ring_hash(addresses(5, 18381)).ring  # type: ignore[attr-defined]
    assert ring.tolist() == points
    assert "".join(map(str, owners)) == hosts


def test_haproxys_uri() -> None:
    selector = haproxy.hash(["srv1", "srv2", "srv3", "srv4"])
    assert (
        selector.select_many(["/url1", "/url2", "/url3", "/url4"]).tolist()
        == PUBLISHED["uri /url1../url4 -> s2,s3,s4,s1"]
    )


def test_ketamas_point() -> None:
    points = ketama.Md5Points(lambda weights: [9], {"a": "server1"})(("a",), np.ones(1, np.int64))[0]
    assert [int(points[32]), int(points[35])] == PUBLISHED["ketama_hash server1-8 idx 0,3"]


def test_libketamas_million_keys() -> None:
    """The program of libketama's test.sh prints, for the numbers from 0 on, the hash, the point and the server."""
    weights = [600, 300, 200, 350, 1000, 800, 950, 100]
    servers = [f"10.0.1.{i}:11211" for i in range(1, 9)]
    points, owners = ketama.libketama(servers, weights).ring  # type: ignore[attr-defined]
    hashes = np.array([ketama.md5_word(b"%d" % i) for i in range(1_000_000)], np.uint64)
    places = np.searchsorted(points, hashes) % len(points)
    digest = hashlib.md5(b"\n")
    for h, point, owner in zip(hashes.tolist(), points[places].tolist(), owners[places].tolist(), strict=True):
        digest.update(f"{h} {point} {servers[owner]}\n".encode())
    assert digest.hexdigest() == PUBLISHED["md5 of 1M lines (run ketama_md5test.py)"]


def test_rediss_crc() -> None:
    assert redis.tag_crc(b"123456789") == PUBLISHED['CRC16("123456789")']


def test_every_published_value_has_its_test() -> None:
    """Those named here stand in tests/selectors/test_hash_functions.py."""
    elsewhere = {
        case
        for case in PUBLISHED
        if case.startswith(("xxHash64", "murmurHash2", "crc32,", "with avalanche", '"apple"'))
    }
    here = open(__file__).read()  # noqa: SIM115
    assert not [
        case for case in PUBLISHED if case not in elsewhere and case.replace('"', "") not in here.replace('"', "")
    ]
