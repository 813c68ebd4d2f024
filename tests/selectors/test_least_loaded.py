"""Selectors that look at load: NGINX's recorded picks, stale views against the twins, latencies, and the bins' laws."""

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import lbcore
from lbcore.selectors import reference
from lbcore.selectors.reference.least_loaded import shrunk

from .test_bad_input import refused

NGINX = json.loads((Path(__file__).parent.parent / "golden" / "nginx_least_conn.json").read_text())


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize("script", NGINX["scripts"])
@pytest.mark.parametrize("case", NGINX["cases"])
def test_least_connections_is_nginx(case: str, script: str) -> None:
    """Requests that are opened and closed in a recorded order, against a running NGINX 1.22.1."""
    weights = NGINX["cases"][case]["weights"]
    selector = lbcore.LeastConnections(len(weights), weights)
    picks: dict[int, int] = {}
    for step, request in NGINX["scripts"][script]:
        if step == "o":
            picks[request] = selector.select()
        else:
            selector.release(picks[request])
    assert list(picks.values()) == NGINX["cases"][case][script]


@pytest.mark.parametrize("kind", ["least", "two", "three", "five again"])
@pytest.mark.parametrize("fresh_every", [1, 2, 7, 50])
def test_a_stale_view_is_the_twins(kind: str, fresh_every: int) -> None:
    """With releases in between: the twin's view is replaced by hand, every so many requests."""
    stale = {"stale_requests": fresh_every}
    selector: Any
    twin: Any
    if kind == "least":
        selector = lbcore.LeastConnections(6, [1, 2, 0, 3, 1, 1], **stale)
        twin = reference.LeastConnections([1, 2, 0, 3, 1, 1])
    else:
        choices, again = {"two": (2, False), "three": (3, False), "five again": (5, True)}[kind]
        selector = lbcore.TwoChoices(6, 9, choices, again, **stale)
        twin = reference.TwoChoices(6, 9, choices, again)
    rng = np.random.default_rng(1)
    flying: list[int] = []
    for request in range(600):
        if request % fresh_every == 0:
            twin.view = twin.load if fresh_every == 1 else twin.load.copy()
        if request == 200:
            selector = selector.copy()
        if request == 300:
            selector.mark_down(0)
            twin.up[0] = False
        node = selector.select_many(1)[0] if request % 3 else selector.select()
        assert node == twin.select()
        flying.append(int(node))
        while flying and rng.random() < 0.48:
            node = flying.pop(rng.integers(len(flying)))
            selector.release(node)
            twin.release(node)
    assert selector.in_flight.tolist() == twin.load


def test_a_view_grows_old_by_the_clock() -> None:
    clock = Hand()
    selector = lbcore.LeastConnections(3, stale_s=2.0, clock=clock)
    assert selector.select_many(4).tolist() == [0, 1, 2, 0]
    selector.release(np.array([1, 2]))
    clock.now_s = 1.999
    assert [selector.select() for _ in range(3)] == [1, 2, 0]  # still the empty view: turns
    clock.now_s = 2.0
    assert selector.in_flight.tolist() == [3, 1, 1]
    assert selector.select_many(4).tolist() == [1, 2, 1, 2]  # the herd of the new view
    clock.now_s = 1.0  # a clock that steps back changes nothing
    assert selector.select() == 1


def test_the_herd() -> None:
    """100 nodes, one request each in flight but for one node: every request of a stale view runs to that node."""
    selector = lbcore.LeastConnections(100, stale_requests=50)
    selector.select_many(100)
    selector.release(17)
    assert set(selector.select_many(50).tolist()) == {17}
    assert selector.in_flight[17] == 50


@pytest.mark.parametrize(("choices", "again"), [(1, False), (2, True), (3, False), (8, False), (8, True), (64, True)])
def test_d_choices_are_the_twins(choices: int, again: bool) -> None:
    selector, twin = lbcore.TwoChoices(7, 3, choices, again), reference.TwoChoices(7, 3, choices, again)
    assert selector.select_many(3_000).tolist() == [twin.select() for _ in range(3_000)]


def test_as_many_choices_as_nodes_always_find_the_emptiest() -> None:
    selector = lbcore.TwoChoices(9, 3, 9)
    for _ in range(200):
        least = selector.in_flight.min()
        node = selector.select()
        assert selector.in_flight[node] == least + 1


def test_drawing_with_replacement_wastes_draws() -> None:
    """Of two nodes, one of them loaded: with replacement both draws are the loaded one in a quarter of the cases."""
    counts = []
    for again in (False, True):
        selector = lbcore.TwoChoices(2, 5, 2, again)
        picks = []
        selector.select_many(1)
        for _ in range(4_000):
            [loaded] = np.flatnonzero(selector.in_flight == selector.in_flight.max())
            picks.append(selector.select() == loaded)
            selector.release(int(loaded) if picks[-1] else 1 - int(loaded))
        counts.append(sum(picks))
    assert counts[0] == 0
    assert stats.binomtest(counts[1], 4_000, 0.25).pvalue > 1e-4


def fullest_at_most(k: int, n: int) -> float:
    """P(no bin holds more than k of n balls in n bins), exactly: n! / n^n times [x^n] of (sum of x^j / j!, j <= k)^n.

    In integers: the ways to fill bin after bin, each with at most k of the balls that are left.
    """
    ways = [1] + [0] * n
    for _ in range(n):
        ways = [sum(ways[b - j] * math.comb(b, j) for j in range(min(k, b) + 1)) for b in range(n + 1)]
    return float(Fraction(ways[n], n**n))


def test_balls_into_bins() -> None:
    """256 balls, 256 bins: the fullest holds 4 in 38.4 % of all cases, 5 in 47.5 %, 6 in 11.7 %."""
    at_most = [fullest_at_most(k, 256) for k in (3, 4, 5, 6)]
    law = np.diff([0, *at_most, 1])
    assert law[1:4] == pytest.approx([0.384, 0.475, 0.117], abs=0.0005)
    fullest = np.array([np.bincount(lbcore.Random(256, seed=s).select_many(256)).max() for s in range(4_000)])
    assert stats.chisquare(np.bincount(np.clip(fullest, 3, 7) - 3, minlength=5), 4_000 * law).pvalue > 1e-4


def test_peak_ewma_is_the_twins() -> None:
    """Two hundred seconds of requests that take as long as their node is slow, with dead nodes and a copy."""
    clock = Hand()
    selector = lbcore.PeakEwma(5, seed=4, decay_s=3.0, clock=clock)
    twin = reference.PeakEwma(5, 4, 3.0, clock)
    rng = np.random.default_rng(2)
    flying: list[tuple[float, int, float]] = []
    for request in range(1_000):
        clock.now_s += rng.exponential(0.2)
        for end in sorted(one for one in flying if one[0] <= clock.now_s):
            flying.remove(end)
            selector.release(end[1], latency_s=end[2])
            twin.release(end[1], end[2])
        if request % 97 == 0:
            node = request % 5
            (selector.mark_down if twin.up[node] and sum(twin.up) > 1 else selector.mark_up)(node)
            twin.up = selector.up.tolist()
        if request == 500:
            selector = selector.copy()
        assert selector.latencies_s.tolist() == twin.latency_s
        node = selector.select()
        assert node == twin.select()
        latency_s = float(rng.exponential([0.1, 0.1, 0.5, 1.0, 3.0][node]))
        flying.append((clock.now_s + latency_s, node, latency_s))
    counts = selector.in_flight
    assert counts.tolist() == twin.load


def test_peak_ewma_leaps_up_and_sinks_slowly() -> None:
    clock = Hand()
    selector = lbcore.PeakEwma(1, seed=1, decay_s=10.0, clock=clock)
    selector.select_many(5)
    selector.release(0, latency_s=0.1)
    selector.release(0, latency_s=2.0)
    assert selector.latencies_s.tolist() == [2.0]
    clock.now_s = 10.0
    selector.release(0, latency_s=0.5)
    assert selector.latencies_s[0] == pytest.approx(2.0 / math.e + 0.5 * (1 - 1 / math.e), rel=1e-9)
    selector.release(0)  # nothing is known of this one
    assert selector.latencies_s[0] == pytest.approx(2.0 / math.e + 0.5 * (1 - 1 / math.e), rel=1e-9)
    clock.now_s = 30.0
    selector.select()  # a look lets it sink
    assert selector.latencies_s[0] == pytest.approx((2.0 / math.e + 0.5 * (1 - 1 / math.e)) / math.e**2, rel=1e-9)


def test_peak_ewma_shuns_a_node_that_never_answered() -> None:
    selector = lbcore.PeakEwma(2, seed=1, clock=Hand())
    first = selector.select()
    selector.release(first, latency_s=5.0)
    assert selector.select() == 1 - first  # it costs nothing: it is tried
    assert selector.select_many(50).tolist() == [first] * 50  # and shunned until it answers
    selector.release(1 - first, latency_s=0.001)
    assert selector.select() == 1 - first


def test_shrinking_is_the_exponential_function() -> None:
    for x in (0.0, 1e-9, 0.1, 1.0, 5.0, 20.0):
        assert shrunk(x) == pytest.approx(math.exp(-x), rel=1e-8)
    assert shrunk(50.0) == pytest.approx(math.exp(-50), rel=1e-5)
    assert shrunk(701.0) == 0 == shrunk(1e300)


BAD: dict[str, list[Any]] = {
    "choices": [0, -1, 65, 2.0, None, True, "2"],
    "replacement": [0, 1, None, "no", [True]],
    "stale_requests": [0, -1, 2**62, 1.0, None, True, "1"],
    "stale_s": [-1, float("nan"), float("inf"), None, "1", True, [1], 1j],
    "decay_s": [0, -1, float("nan"), float("inf"), None, "1", True, [1]],
    "clock": [None, 5, "now", object()],
}


@pytest.mark.parametrize("kind", [lbcore.TwoChoices, lbcore.LeastConnections, lbcore.PeakEwma])
def test_parameters(kind: Any) -> None:
    taken = {
        lbcore.TwoChoices: ("choices", "replacement", "stale_requests", "stale_s", "clock"),
        lbcore.LeastConnections: ("stale_requests", "stale_s", "clock"),
        lbcore.PeakEwma: ("decay_s", "clock"),
    }
    for argument in taken[kind]:
        for value in BAD[argument]:
            refused(argument, (TypeError, ValueError), lambda value=value, a=argument: kind(3, **{a: value}))
    if kind is not lbcore.PeakEwma:
        refused("stale_s", ValueError, lambda: kind(3, stale_requests=2, stale_s=1.0))


@pytest.mark.parametrize("time", [None, "noon", float("nan"), float("inf"), -1.0, [1], True])
def test_what_a_clock_says_is_checked(time: Any) -> None:
    selector = lbcore.PeakEwma(2, seed=1, clock=lambda: time)
    for call in (selector.select, lambda: selector.select_many(2), lambda: selector.release([])):
        refused("clock", (TypeError, ValueError), call, selector)
