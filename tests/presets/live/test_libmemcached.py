"""memcached's client library picks the servers that the preset picks; it is asked itself, and no server is needed."""

import ctypes
import ctypes.util
import random
from collections.abc import Callable, Sequence

import pytest

from lbcore.presets import ketama
from tests.presets.live.account import Account
from tests.presets.live.servers import TIMES, numbers
from tests.presets.live.traffic import random_keys

#: Of its memcached_behavior_t, memcached_server_distribution_t and memcached_hash_t, whose first is 0.
HASH, DISTRIBUTION, KETAMA_WEIGHTED = 2, 9, 16
CONSISTENT = 1
HASHES = ["default", "md5", "crc", "fnv1_64", "fnv1a_64", "fnv1_32", "fnv1a_32", "hsieh", "murmur", "jenkins"]
#: Debian's library is built without it: recorded picks alone.
LEFT_OUT = "hsieh"


def library() -> ctypes.CDLL:
    """The library, or a skip that says how to get it."""
    name = ctypes.util.find_library("memcached")
    if name is None:
        pytest.skip("needs libmemcached: apt-get install libmemcached11")
    found = ctypes.CDLL(name)
    found.memcached_create.restype = ctypes.c_void_p
    found.memcached_free.argtypes = [ctypes.c_void_p]
    found.memcached_behavior_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64]
    found.memcached_server_add.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint16]
    found.memcached_generate_hash.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    found.memcached_generate_hash.restype = ctypes.c_uint32
    return found


def asked(found: ctypes.CDLL, servers: list[str], behaviors: Sequence[tuple[int, int]], keys: list[bytes]) -> list[int]:
    """Which server a client with these behaviors picks for each key."""
    client = found.memcached_create(None)
    try:
        for behavior, value in behaviors:
            assert found.memcached_behavior_set(client, behavior, value) == 0, behavior
        for server in servers:
            host, _, port = server.rpartition(":")
            assert found.memcached_server_add(client, host.encode(), int(port)) == 0, server
        return [found.memcached_generate_hash(client, key, len(key)) for key in keys]
    finally:
        found.memcached_free(client)


def random_servers(rng: random.Random) -> list[str]:
    """Addresses and names, some on memcached's own port."""
    hosts = rng.sample([f"10.0.{i}.{i + 1}" for i in range(40)] + [f"cache-{i}.example" for i in range(40)], 20)
    return [f"{host}:{rng.choice((11211, rng.randrange(1024, 65536)))}" for host in hosts[: rng.randrange(1, 21)]]


def test_libmemcached(record_property: Callable[[str, object], None]) -> None:
    found, account, rng = library(), Account(), numbers()
    for _ in range(TIMES):
        for number, name in enumerate(HASHES):
            if name == LEFT_OUT:
                continue
            servers = random_servers(rng)
            keys = [key.encode() for key in random_keys(rng, 100)] + [rng.randbytes(9).replace(b"\0", b"0")]
            ways = {
                "modula": ([(HASH, number)], {"distribution": "modula"}),
                "consistent": ([(HASH, number), (DISTRIBUTION, CONSISTENT)], {}),
                "weighted": ([(HASH, number), (KETAMA_WEIGHTED, 1)], {"weighted": True}),
            }
            for way, (behaviors, how) in ways.items():
                ours = ketama.libmemcached(servers, name, **how).select_many(keys).tolist()  # type: ignore[arg-type]
                account.compare(f"{way} {name} {servers}", asked(found, servers, behaviors, keys), ours)
    account.close(record_property, "libmemcached")
