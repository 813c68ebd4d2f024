"""The numbers in the text of lessons 01 and 02, computed again without lbcore, and beside what its pictures say."""

import math
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from scipy import optimize, stats

from lbcore import LeastConnections, Random, RoundRobin, TwoChoices
from lbcore.lab import balance, latency, luck, work
from lbcore.lab.player.race import run as race

SEEDS = (7, 0, 1, 2)


def text(number: str) -> str:
    [path] = (Path(__file__).parents[2] / "lessons").glob(f"{number}_*.ipynb")
    told = " ".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    return re.sub(r"\s+", " ", told)


def test_01_a_slow_node_takes_turns() -> None:
    """Every fourth of random arrivals: the gaps are Erlang, and what is left at an arrival is geometric."""
    rate, speed = 0.54 * 3.5, 0.5
    busy = rate / 4 / speed
    assert f"busy for {100 * busy:.1f} % of the time" in text("01") and f"which is {rate / 4:.2f}" in text("01")
    # The share of arrivals that wait there is the root below 1 of E[exp(-speed (1 - s) gap)] = s.
    waits = optimize.brentq(lambda s: (rate / (rate + speed * (1 - s))) ** 4 - s, 0.1, 0.999)
    exact = math.log(0.25 / 0.01) / (speed * (1 - waits))  # a quarter of the requests is there
    assert f"longer than {exact:.0f} in the long run" in text("01") and "gave 51 to 85" in text("01")
    for seed in (3, 7, 9, 10):
        turns, least = latency([RoundRobin, LeastConnections], 54, speeds=[1, 1, 1, 0.5], seed=seed).rows
        assert 50.5 <= turns.p99 <= 85.5 and f"{least.p99:.0f}" in ("7", "8")
    assert "With least connections it is 7.5" in text("01")


def test_01_what_the_race_says() -> None:
    assert "2.5; it can do 2.1" in text("01") and round(1 / (0.24 / 0.5), 1) == 2.1
    assert "could do 14.6" in text("01") and round(3.5 / 0.24, 1) == 14.6


def test_01_drawn_at_random_the_heavy_requests_are_spread() -> None:
    assert "with seeds 0 to 59 in place of 1, more than half of them had 3 late or fewer, the unluckiest 18" in text(
        "01"
    )
    service_s = [0.5, 0.05, 0.05] * 20
    late = []
    for seed in range(60):
        ran = race((RoundRobin(3), Random(3, seed=seed)), requests=60, service_s=service_s)
        late.append([len(trace.turned_late_s) for trace in ran.traces])
    turns, drawn = np.array(late).T
    assert set(turns) == {18} and (drawn <= 3).sum() == 35 and drawn.max() == 18


def test_01_which_rhythms_fall_in_step() -> None:
    """Those that have a divisor in common with the number of nodes, but for 1, where all requests are heavy."""
    assert "at least 1.4 times the mean" in text("01")
    for nodes in (3, 4):
        for every in range(1, 13):
            cost = np.where(np.arange(900) % every == 0, 10, 1)
            at = np.bincount(np.arange(900) % nodes, cost)
            assert work(RoundRobin, nodes=nodes, requests=900, every=every).rows[0].work.tolist() == at.tolist()
            assert (at.max() >= 1.4 * at.mean()) == (every > 1 and math.gcd(every, nodes) > 1)


def test_02_six_draws_by_hand() -> None:
    """SplitMix64 from the seed on; each 64 bits are two draws, the upper half first."""
    mask, halves = (1 << 64) - 1, []
    for i in (1, 2, 3):
        z = 7 + i * 0x9E3779B97F4A7C15 & mask
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
        halves += divmod(z ^ z >> 31, 1 << 32)
    first, last = [f"{half / 2**32:.2f}" for half in halves[:5]], f"{halves[5] / 2**32:.2f}"
    assert f"draws, over 2³², are {', '.join(first)} and {last}" in text("02")
    assert Random(3, seed=7).select_many(6).tolist() == [half * 3 >> 32 for half in halves]
    sees_two_each = math.factorial(6) / math.factorial(2) ** 3 / 3**6
    assert round(1 / sees_two_each) == 8 and "one student in eight sees it" in text("02")


def test_02_the_busiest_of_ten() -> None:
    counts = np.random.default_rng(1).multinomial(1_000, [0.1] * 10, size=100_000)
    busiest = counts.max(axis=1)
    low, high = stats.binom.ppf([0.025, 0.975], 1_000, 0.1)
    inside = ((counts >= low) & (counts <= high)).all(axis=1).mean()
    told = text("02")
    assert f"from {low:.0f} to {high:.0f}" in told and f"all ten are inside in {100 * inside:.0f} %" in told
    assert f"that is {math.sqrt(90):.1f}" in told
    above = (busiest.mean() - 100) / math.sqrt(90)
    assert f"stands {above:.2f} standard deviations up, at {busiest.mean():.0f}" in told
    nine = np.percentile(busiest, [5, 95])
    assert f"between {nine[0]:.0f} and {nine[1]:.0f} in nine runs of ten" in told
    for seed in SEEDS:
        assert luck(Random, runs=2_000, seed=10_000 * seed).means[0] == pytest.approx(busiest.mean(), abs=0.5)
        assert 100 < balance(Random, seed=seed).busiest < 150


def test_02_as_many_requests_as_nodes() -> None:
    counts = np.random.default_rng(1).multinomial(100, [0.01] * 100, size=20_000)
    busiest = counts.max(axis=1)
    assert np.bincount(busiest).argmax() == 4 and ((busiest >= 3) & (busiest <= 6)).mean() > 0.99
    told = text("02")
    assert f"about {100 * (counts == 0).mean():.0f} nodes of 100" in told and f"{busiest.mean():.1f} at random" in told
    two = luck([Random, TwoChoices], nodes=100, requests=100, runs=2_000)
    assert "2.6 with two choices" in told and two.means[1] == pytest.approx(2.6, abs=0.1)


def test_02_the_p99_of_random() -> None:
    exact = math.log(100) / 0.2
    assert f"= {exact:.1f}" in text("02")
    assert "round robin 13 to 14, two choices 8" in text("02")
    for seed in SEEDS:
        random, turns, two = latency([Random, RoundRobin, TwoChoices], requests=1_000_000, seed=seed).rows
        assert random.p99 == pytest.approx(exact, abs=1.5) and 13 <= turns.p99 <= 14 and 7.8 < two.p99 < 8.2


def test_02_what_a_queue_feels() -> None:
    """By hand too: each node serves one after the other, a request is late 2.6 s after it was sent."""
    ran = race((Random(4, seed=3), TwoChoices(4, seed=3)), requests=100, service_s=0.36, seed=3)
    told = (
        "0.8 s on the way, and five times the work. With this seed 11 are late with `Random` and none with `TwoChoices`"
    )
    assert f"**Late** is what is not done after 2.6 s: {told}." in text("02")
    assert "With the seeds 0 to 11, all three changed, it is none to 41 with `Random`, and none to 5 with" in text("02")
    many = [race((Random(4, seed=s), TwoChoices(4, seed=s)), requests=100, service_s=0.36, seed=s) for s in range(12)]
    late = np.array([[len(trace.turned_late_s) for trace in one.traces] for one in many])
    assert late.min(0).tolist() == [0, 0] and late.max(0).tolist() == [41, 5]
    assert [len(trace.turned_late_s) for trace in ran.traces] == [11, 0] and ran.traces[0].late_s == 2.6
    for trace, wanted in zip(ran.traces, (11, 0), strict=True):
        free, late = [0.0] * 4, 0
        for at_s, node, took_s in zip(trace.arrival_s, trace.node, trace.end_s - trace.start_s, strict=True):
            free[node] = max(free[node], at_s) + took_s
            late += free[node] - (at_s - trace.travel_s) > 2.6
        assert late == wanted
