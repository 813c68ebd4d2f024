"""The numbers in the text of lessons 03 and 04, computed again without lbcore, and beside what its pictures say."""

import math
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import xxhash
from scipy import stats

from lbcore import BurstRoundRobin, HashSlots, ModuloHash, WeightedRandom, WeightedRoundRobin, moved
from lbcore.lab import balance, count_keys, handover, hot_keys, latency, moves, race, sequence

SEEDS = (7, 0, 1, 2)
LESSONS = Path(__file__).parents[2] / "lessons"


def text(number: str) -> str:
    [path] = LESSONS.glob(f"{number}_*.ipynb")
    told = " ".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    return re.sub(r"\s+", " ", told)


def smooth(weights: list[int], requests: int) -> tuple[list[int], list[list[int]]]:
    """The picks of the smooth rule, and the credits after each."""
    credit, picks, after = [0] * len(weights), [], []
    for _ in range(requests):
        credit = [have + earned for have, earned in zip(credit, weights, strict=True)]
        picks.append(credit.index(max(credit)))
        credit[picks[-1]] -= sum(weights)
        after.append(credit)
    return picks, after


def test_03_the_order_by_hand() -> None:
    told, (picks, after) = text("03"), smooth([5, 1, 1], 7)
    rows = re.findall(r"\| (\d) \| [^|]+ \| [^|]+ \| (\d) \| ([^|]+) \|", told)[2:]
    assert [int(row[1]) for row in rows] == picks
    assert [[int(c) for c in row[2].replace("\N{MINUS SIGN}", "-").split(",")] for row in rows] == after
    assert max(abs(c) for row in after for c in row) == 4 and "no credit is beyond ±4" in told
    assert after[-1] == [0, 0, 0] and "here 7, every credit is 0 again" in told
    assert smooth([10, 2, 2], 14)[0] == picks * 2 and "the same order as 5, 1 and 1" in told


def test_03_no_order_does_better_than_six() -> None:
    """Of twelve requests for node 0 and two others in a cycle that repeats, whatever the places of the two."""
    runs = [max(one - 1, 14 - one - 1) for one in range(1, 14)]  # the others at 0 and at `one`, on a circle
    assert min(runs) == 6 and "6 in a row is the least that any order can do" in text("03")


def test_03_the_page_does_not_answer_its_quiz() -> None:
    [path] = LESSONS.glob("03_*.ipynb")
    told = " ".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    assert "weights=[3, 2]" not in told and "3,500" not in told
    first = sequence(WeightedRoundRobin, weights=[3, 1, 1], cycles=2).picks[0].tolist()
    assert first == smooth([3, 1, 1], 10)[0] == [0, 1, 0, 2, 0] * 2


@pytest.mark.parametrize("weight", range(1, 21))
def test_03_both_rows_have_the_same_totals(weight: int) -> None:
    for weights in ([weight, 1, 1], [weight, 20]):
        shown = sequence([WeightedRoundRobin, BurstRoundRobin], weights=weights, cycles=2)
        assert shown.picks[0].tolist() == smooth(weights, 2 * sum(weights))[0]
        for picks in shown.picks:
            assert np.bincount(picks, minlength=len(weights)).tolist() == [2 * one for one in weights]
        if weights == [12, 1, 1]:
            assert shown.longest == (8, 12) and "makes 8 in a row" in text("03")
        if weights in ([1, 20], [20, 20]):
            assert shown.longest == ((20, 20) if weight == 1 else (1, 20))


def test_03_by_luck() -> None:
    told = text("03")
    for share, mean in ((5 / 7, 50), (1 / 7, 10)):
        assert f"{mean} ± {math.sqrt(70 * share * (1 - share)):.1f}" in told
    counts = np.random.default_rng(1).multinomial(70, [5 / 7, 1 / 7, 1 / 7], size=100_000)
    low, high = stats.binom.ppf([[0.025], [0.975]], 70, [5 / 7, 1 / 7, 1 / 7])
    outside = 1 - ((counts >= low) & (counts <= high)).all(axis=1).mean()
    assert round(1 / outside) == 11 and "one healthy run of eleven" in told
    first = balance(WeightedRandom, weights=[5, 1, 1], requests=70)
    assert first.counts[1:].tolist() == [17, 5] and "gives them 17 and 5" in told and first.counts[1] > first.high[1]


def test_03_the_queues_feel_the_order() -> None:
    told = text("03")
    run = race(
        BurstRoundRobin(2, [20, 20]), WeightedRoundRobin(2, [20, 20]), requests=120, service_s=0.18, uneven=False
    )
    assert "60 of 120 requests are **late**: not done 1.7 s" in told and "a queue of up to nine" in told
    assert "60 were late" in run.summary and "0 were late" in run.summary and "longest queue was 9" in run.summary
    # The queues by hand: a request each 0.1 s, and late from 1.7 s on, of which 0.8 s are its way.
    free, late = [0.0, 0.0], 0
    for i in range(120):
        node, now = i // 20 % 2, i * 0.1
        free[node] = max(free[node], now) + 0.18
        late += free[node] - now > 0.9 + 1e-9
    assert late == 60
    for seed in SEEDS:
        burst, even = latency([BurstRoundRobin, WeightedRoundRobin], weights=[20, 20], requests=300_000, seed=seed).rows
        assert burst.p50 == pytest.approx(5.4, abs=0.15) and even.p50 == pytest.approx(2.67, abs=0.08)
        assert burst.p99 == pytest.approx(22.5, abs=1.2) and even.p99 == pytest.approx(18, abs=0.9)
    down = balance(WeightedRoundRobin(3, [5, 1, 1]), requests=7_000, down=[0])
    assert down.counts.tolist() == [0, 3_500, 3_500] and "its five requests of seven go to the two old nodes" in told


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
    assert "takes 5 or 6; with 5 the old ones keep 5, 6 and 6" in told and sorted(end[:3]) == [5, 6, 6] and end[3] == 5
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
