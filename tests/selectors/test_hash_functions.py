"""Hash functions against the values their systems publish, and against each other's definitions."""

import json
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from lbcore.presets import ketama
from lbcore.selectors import hash_functions as functions
from lbcore.selectors.reference import hash64

PUBLISHED = {
    case["case"]: case["expected"]
    for case in json.loads((Path(__file__).parents[1] / "presets" / "recorded" / "published.json").read_text())
}
NAMES = [name for name in vars(functions) if not name.startswith("_") and name != "avalanche"]


def test_envoys_values() -> None:
    words = [b"foo", b"bar", b"foo\nbar", b"lyft", b""]
    assert [functions.xxh64(word) for word in words] == PUBLISHED["xxHash64 foo,bar,foo\\nbar,lyft,empty"]
    assert functions.xxh64(b"bar", functions.xxh64(b"foo")) == PUBLISHED["xxHash64 vector {foo,bar} (chained seed)"]
    assert [functions.murmur2_64a(word, 0xC70F6907) for word in words] == PUBLISHED["murmurHash2"]


def test_haproxys_values() -> None:
    data = bytes(range(256))
    hashes = [crc32(data), functions.djb2(data), functions.sdbm(data), functions.wt6(data)]
    assert hashes == PUBLISHED["crc32,djb2,sdbm,wt6 raw over x-hex"]
    assert [functions.avalanche(h) for h in hashes] == PUBLISHED["with avalanche (full_hash): crc32,djb2,sdbm,wt6"]


def test_twemproxys_values() -> None:
    wanted = PUBLISHED['"apple" oaat,md5,crc16,crc32,crc32a,fnv1_32,fnv1a_32,fnv1_64,fnv1a_64']
    names = ["one_at_a_time", "md5", "crc16", "crc32", "crc32a", "fnv1_32", "fnv1a_32", "fnv1_64", "fnv1a_64"]
    assert [ketama.FUNCTIONS[name](b"apple") for name in names] == wanted
    # src/test_all.c of twemproxy has these too.
    others = [ketama.FUNCTIONS[name](b"apple") for name in ("hsieh", "jenkins", "murmur")]
    assert others == [3738850110, 1442444624, 4142305122]


def test_signed_characters() -> None:
    """A byte of 0x80 or more is a negative char where the system's own code has one."""
    mask = 2**32 - 1
    assert functions.fnv1a_32(b"\xff") == (0x811C9DC5 ^ mask) * 0x01000193 & mask
    assert functions.fnv1_32(b"\x80") == 0x811C9DC5 * 0x01000193 & mask ^ 0xFFFFFF80
    assert functions.fnv1a_64(b"\xff") == (0x84222325 ^ mask) * 0x1B3 & mask
    assert functions.fnv1_64(b"\xff") == 0xCBF29CE484222325 * 0x100000001B3 & mask ^ mask
    assert functions.sdbm(b"\xff") == 255
    assert functions.djb2(b"\xff") == 5381 * 33 + 255


def test_crc16_is_the_register_that_is_never_cut() -> None:
    rng = np.random.default_rng(1)
    for size in range(40):
        data = rng.bytes(size)
        register = 0
        for byte in data:
            register = (register << 8 ^ table(register >> 8 ^ byte)) & 0xFFFFFFFF
        assert ketama.crc16(data) == register


def table(byte: int) -> int:
    """An entry of CRC16/XMODEM's table."""
    value = (byte & 0xFF) << 8
    for _ in range(8):
        value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def test_every_length() -> None:
    """Of xxHash64 there is a second implementation; the others tell every length and every last byte apart."""
    rng = np.random.default_rng(2)
    seen: dict[str, set[int]] = {name: set() for name in NAMES}
    for size in range(80):
        data = rng.bytes(size)
        for seed in (0, 1, 2**64 - 1):
            assert functions.xxh64(data, seed) == hash64(data, seed)
        for name in NAMES:
            seen[name].add(getattr(functions, name)(data))
    assert all(len(values) >= 79 for values in seen.values())


@pytest.mark.parametrize("name", NAMES)
def test_only_bytes(name: str) -> None:
    for wrong in ("text", 5, None, bytearray(b"a"), [1]):
        with pytest.raises(TypeError):
            getattr(functions, name)(wrong)
