"""The numbers in the text of lessons 03 and 04, computed again without lbcore, and beside what its pictures say."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import xxhash

from lbcore import HashSlots, ModuloHash, moved
from lbcore.lab import count_keys, handover, hot_keys, moves, race

SEEDS = (7, 0, 1, 2)
LESSONS = Path(__file__).parents[2] / "lessons"


def text(number: str) -> str:
    [path] = LESSONS.glob(f"{number}_*.ipynb")
    told = " ".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    return re.sub(r"\s+", " ", told)


def test_04_a_key_by_hand() -> None:
    told, ann = text("04"), xxhash.xxh64_intdigest(b"ann")
    digits = sum(map(int, str(ann)))
    assert f"add up to {digits}, and {digits} = {digits // 3} · 3 + {digits % 3}" in told and ann % 3 == 1
    assert ModuloHash(3).select("ann") == 1 and "node 1 again" in told


def test_04_what_moves() -> None:
    told = text("04")
    stay = sum(h % 10 == h % 11 for h in range(110)) / 110
    assert f"10 in 11 move, {100 * (1 - stay):.1f} %" in told
    assert "moves 91 % of the keys" in told and "9, moves 90 %" in told
    kept = sum(h % 10 == h % 19 for h in range(190))
    assert f"From 10 to 19 it is {kept}/190" in told and "from 10 to 20 it is 10/20" in told
    for seed in SEEDS:
        assert round(moves(ModuloHash, 11, seed=seed).percent[0]) in (90, 91, 92)
        assert round(moves(ModuloHash, 9, seed=seed).percent[0]) in (89, 90, 91)
        down = ModuloHash(10)
        down.mark_down("node-3")
        assert moves(ModuloHash(10), down, seed=seed).percent[0] == pytest.approx(10, abs=1.5)
        down.mark_up("node-3")
        assert moved(ModuloHash(10), down, np.arange(1_000, dtype=np.uint64) * (seed + 1)) == 0
    assert "about 10 %" in told


def test_04_slots_are_handed_over() -> None:
    told, last = text("04"), handover(HashSlots, 12, nodes=4, slots=60)
    assert "Twelve of 60, one in five, and each old node gave three" in told
    assert last.moving == last.handed == 12 and last.percent == 20
    assert np.bincount(last.before[last.before != last.now]).tolist() == [3, 3, 3, 3]
    assert handover(HashSlots, 11, nodes=4, slots=60).handed == 11 and handover(HashSlots, 0).handed == 0
    end = np.bincount(handover(HashSlots, 6, nodes=3, slots=22).now).tolist()
    assert "takes 5, and the old ones keep 6, 6 and 5" in told and sorted(end[:3]) == [5, 6, 6] and end[3] == 5
    # A cart stays by mod 5 where it was by mod 4 in one case of five; a slot's table needs one in five to move.
    assert "Of 15 carts, 12 should move by hash mod N, 3 by slots" in told
    stay = sum(h % 4 == h % 5 for h in range(20)) / 20
    assert 15 * (1 - stay) == 12 and 15 / 5 == 3
    carts = [f"cart-{i % 15}" for i in range(120)]
    run = race(ModuloHash(4), HashSlots(4), keys=carts, uneven=False, changes=[(6, "add")])
    assert [trace.moved_keys[0] for trace in run.trace.traces] == [
        sum(h % 4 != h % 5 for h in (xxhash.xxh64_intdigest(key.encode()) for key in set(carts))),
        2,
    ]


def test_04_a_hot_key() -> None:
    told, weights = text("04"), 1 / np.arange(1, 1_001)
    weights /= weights.sum()
    assert f"makes {100 * weights[0]:.1f} % of all requests" in told
    draw = np.random.default_rng(3)
    peaks = [10 * np.bincount(draw.integers(0, 10, 1_000), weights, 10).max() for _ in range(4_000)]
    low, high = np.percentile(peaks, [5, 95])
    assert f"{low:.1f} to {high:.1f} times the mean in nine deals of ten" in told
    for seed in SEEDS:
        for cls in (ModuloHash, HashSlots):
            one = hot_keys(cls, nodes=10, seed=seed)
            hot = int(one.hottest.argmax())
            assert one.hottest[hot] == one.hottest.sum() == pytest.approx(13_359, abs=350)
            assert one.counts[hot] > 15_000


@pytest.mark.parametrize(("field", "share"), [("client", 17.8), ("path", 23.5)])
def test_04_the_log(field: str, share: float) -> None:
    lines = (LESSONS / "data" / "access.log").read_text(encoding="latin-1").split("\n")
    form = re.compile(r'(\S+) \S+ \S+ \[[^]]+\] "([A-Z]+ (\S+) HTTP/[\d.]+|[^"]*)" ')
    found = [match for line in lines if (match := form.match(line))]
    keys = [match[1] for match in found]
    if field == "path":
        keys = [match[3].partition("?")[0] for match in found if match[3]]
    most = max(set(keys), key=keys.count)
    assert 100 * keys.count(most) / len(keys) == pytest.approx(share, abs=0.05)
    told, result = text("04"), count_keys(ModuloHash(10), LESSONS / "data" / "access.log", field)
    assert f"{share} %" in told and result.top[0] == (most, keys.count(most)) and result.requests == len(keys)
    nodes = np.bincount([xxhash.xxh64_intdigest(key.encode()) % 10 for key in keys], minlength=10)
    assert nodes.tolist() == result.counts.tolist() and f"{nodes.max() / nodes.mean():.1f} times the mean" in told
    assert result.bad_lines in (2, 3) and "two or three lines are of no use" in told
