"""Picks that must never change, on any platform: recorded from the plain-Python twins, and from a running NGINX."""

import json
from pathlib import Path

import numpy as np
import pytest

import lbcore

from .rows import ROWS, Row, ask, requests_of

GOLDEN = Path(__file__).parent.parent / "golden"
# picks.json was written by: {name: ask(row.twin(7), keyed, 64, 0) for each row}, with seed 2024 and the row's weights.
PICKS = json.loads((GOLDEN / "picks.json").read_text())
CHANGES = json.loads((GOLDEN / "changes.json").read_text())
NGINX = json.loads((GOLDEN / "nginx_wrr.json").read_text())


@pytest.mark.parametrize("name", ROWS)
def test_same_picks_on_every_platform(name: str) -> None:
    selector = ROWS[name].make(7)
    assert ask(selector, selector.keyed, 64, 0) == PICKS[name]


def test_the_recording_is_the_twins() -> None:
    for name, row in ROWS.items():
        assert ask(row.twin(7), row.make(7).keyed, 64, 0) == PICKS[name]


def picks_through_changes(row: Row) -> list[int]:
    """Twenty-five picks before and after each change of nodes, a few of which end at once, two of them in failure."""
    selector, picks = row.make(7), []  # type: tuple[Selector, list[int]]
    light, heavy = (2, 5) if row.weighted else (1, 1)

    def some() -> None:
        made = selector.select_many(requests_of(selector, 25, len(picks))).tolist()
        picks.extend(made)
        selector.release(made[0], ok=len(picks) > 50)
        selector.release(made[1:9], latency_s=np.linspace(0.1, 0.8, 8))

    some()
    for change in (
        lambda: selector.remove(6 if row.last_only else 0),
        lambda: selector.add("new", light),
        lambda: selector.mark_down(2),
        lambda: selector.remove("new" if row.last_only else 1),
        lambda: selector.add("more", heavy),
        lambda: selector.mark_up(2 if row.last_only else 1),
        lambda: selector.remove("more"),
    ):
        change()
        some()
    return picks


@pytest.mark.parametrize("name", ROWS)
def test_same_picks_while_nodes_come_and_go(name: str) -> None:
    """changes.json was written by picks_through_changes, MapHash and AttemptRing at 0.2.0, all else at 0.1.0."""
    assert picks_through_changes(ROWS[name]) == CHANGES[name]


@pytest.mark.parametrize("case", NGINX["wrr"].values(), ids=NGINX["wrr"])
def test_smooth_weighted_round_robin_is_nginx(case: dict[str, list[int]]) -> None:
    selector = lbcore.WeightedRoundRobin(len(case["weights"]), case["weights"])
    assert selector.select_many(len(case["picks"])).tolist() == case["picks"]


def test_random_draws_are_splitmix64() -> None:
    """The first draws of seed 1234567, as published with several independent implementations."""
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    for n in (3, 10, 100_003):
        halves = [half for draw in published for half in (draw >> 32, draw & 0xFFFFFFFF)]
        assert lbcore.Random(n, seed=1234567).select_many(10).tolist() == [half * n >> 32 for half in halves]


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"message digest", 0x066ED728FCEEB3BE),
        (b"abcdefghijklmnopqrstuvwxyz", 0xCFE1F278FA89835C),
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 0xAAA46907D3047814),
    ],
)
def test_key_hash_is_xxhash64(data: bytes, digest: int) -> None:
    """The values that xxhsum -H1 prints."""
    for n in (2, 1000, 65_537):  # 27 bits of the digest
        assert lbcore.ModuloHash(n).select(data) == digest % n
        assert lbcore.ModuloHash(n).select(data.decode()) == digest % n


def test_key_hash_of_every_length_is_that_of_the_xxhash_package() -> None:
    xxhash = pytest.importorskip("xxhash", reason="needs the xxhash package: pip install xxhash")
    rng = np.random.default_rng(1)
    selector = lbcore.ModuloHash(65_537)
    for size in range(200):
        data = rng.bytes(size)
        assert selector.select(data) == xxhash.xxh64_intdigest(data) % 65_537
    for number in (0, 1, -1, 2**63 - 1, -(2**63), 2**64 - 1, 2**64 + 5, -(2**70) + 3):
        wanted = xxhash.xxh64_intdigest((number % 2**64).to_bytes(8, "little")) % 65_537
        assert selector.select(number) == wanted
        assert selector.select_many([number]).tolist() == [wanted]


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i8", ">u4"])
def test_integer_arrays_are_hashed_as_their_integers(dtype: str) -> None:
    info = np.iinfo(dtype)
    values = np.array([info.min, info.max, 0, 1, 77, info.max // 2], dtype=dtype)
    selector = lbcore.ModuloHash(1000)
    wanted = [selector.select(int(value)) for value in values]
    assert selector.select_many(values).tolist() == wanted
    assert selector.select_many(np.repeat(values, 2)[::2]).tolist() == wanted
    values.flags.writeable = False
    assert selector.select_many(values).tolist() == wanted
