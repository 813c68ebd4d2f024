"""Traces: counts at a moment, the words, the picture, and what cannot be."""

import math
from itertools import pairwise

import matplotlib.colors
import numpy as np
import pytest

from lbcore import Random, RoundRobin, TwoChoices
from lbcore.lab.frame import style
from lbcore.lab.frame.still import figure
from lbcore.lab.player.trace import Trace
from lbcore.lab.player.traffic import traffic
from lbcore.lab.player.words import moment, sentence


def test_a_moment_equals_a_count_request_by_request():
    trace = traffic(TwoChoices(4, seed=3), 150, rate_per_s=20, speeds=[1, 1, 0.4, 2])
    for t in [0, *np.random.default_rng(5).uniform(0, trace.duration_s, 60), *trace.arrival_s[:5], trace.end_s[9]]:
        where = {"way": 0, "waiting": [0] * 4, "serving": [0] * 4, "done": 0}
        for i in range(len(trace)):
            k = trace.node[i]
            if t < trace.arrival_s[i] - trace.travel_s:
                continue
            if t < trace.arrival_s[i]:
                where["way"] += 1
            elif t < trace.start_s[i]:
                where["waiting"][k] += 1
            elif t < trace.end_s[i]:
                where["serving"][k] += 1
            else:
                where["done"] += 1
        now = moment(trace, t)
        assert (now.on_way, list(now.waiting), list(now.serving), now.done) == tuple(where.values())


GOOD = {
    "nodes": ("a", "b"),
    "arrival_s": [1, 2, 3],
    "node": [0, -1, 1],
    "start_s": [1, math.nan, 3],
    "end_s": [2, math.nan, 4],
}


def test_a_trace_is_read_only_and_short_in_words():
    given_s = np.array([1.0, 2.0, 3.0])
    trace = Trace(**{**GOOD, "arrival_s": given_s})
    given_s[0] = 99
    assert trace.arrival_s[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        trace.arrival_s[0] = 5
    assert repr(trace) == "Trace(3 requests, 2 nodes, 4.0 s)"


@pytest.mark.parametrize(
    "bad",
    [
        {"nodes": ()},
        {"nodes": "ab"},
        {"nodes": (1, 2)},
        {"arrival_s": [1, 2]},
        {"arrival_s": [2, 1, 3]},
        {"arrival_s": [0.1, 2, 3]},
        {"arrival_s": [1, math.nan, 3]},
        {"node": [0, 0, 2]},
        {"node": [0, -2, 1]},
        {"node": [0, 0, 1]},
        {"node": [-1, -1, 1]},
        {"node": [0.0, -1.0, 1.0]},
        {"start_s": [0.5, math.nan, 3]},
        {"end_s": [0.5, math.nan, 4]},
        {"end_s": [math.inf, math.nan, 4]},
        {"speeds": [1]},
        {"speeds": [1, -1]},
        {"travel_s": math.nan},
        {"group": [0]},
        {"ok": [True]},
        {"ok": [1, 0, 1]},
        {"events": [(1.0, 5, True)]},
        {"events": [(-1.0, 0, True)]},
        {"noticed": [(1.0, 5, True)]},
        {"noticed": [(math.nan, 0, True)]},
        {"origin": [-1, -1]},
        {"origin": [-1, -1, 0.0]},
        {"origin": [-1, -1, 2]},
        {"origin": [-1, -1, 2], "end_s": [2, math.nan, 3]},
        {"origin": [-1, -1, -2]},
        {"origin": [-1, -1, 1]},
        {"origin": [-1, 0, -1]},
        {"origin": [-1, -1, 0], "end_s": [3.5, math.nan, 4]},
    ],
)
def test_a_trace_that_cannot_be_is_refused(bad):
    Trace(**GOOD)
    with pytest.raises((ValueError, TypeError)):
        Trace(**{**GOOD, **bad})


def test_nodes_that_go_and_come_back_and_requests_that_fail():
    trace = Trace(**GOOD, ok=[True, True, False], events=[(3.5, 1, True), (2.5, 1, False)], travel_s=0.5)
    assert [event.time_s for event in trace.events] == [2.5, 3.5]
    assert moment(trace, 2.4).up == (True, True)
    assert moment(trace, 2.5).up == (True, False)
    assert moment(trace, 3.5).up == (True, True)
    assert moment(trace, 3.9).failed == 0
    assert sentence(trace, 4) == "4.0 s: all requests have ended; 1 refused; 1 failed; shares 1, 1."


def moved_by_hand():
    """Request 0 waits at a from 1 s and is moved to b at 3; request 1 is served by b; a is dead from 0.5 to 6 s."""
    return Trace(
        ("a", "b"),
        [1, 2, 4],
        [0, 1, 1],
        [3, 2, 4],
        [3, 3, 5],
        travel_s=0.5,
        origin=[-1, -1, 0],
        events=[(0.5, 0, False), (6, 0, True)],
        noticed=[(3, 0, False), (7, 0, True)],
    )


def test_a_request_that_is_moved_is_one_request_at_two_nodes():
    trace = moved_by_hand()
    assert len(trace) == 2 and trace.counts.tolist() == [1, 2]
    assert trace.first.tolist() == [True, True, False] and trace.moved.tolist() == [True, False, False]
    assert trace.sent_s.tolist() == [0.5, 1.5, 3] and trace.picked_s.tolist() == [0.75, 1.75, 3.5]
    assert trace.duration_s == 7.0 and repr(trace) == "Trace(2 requests, 2 nodes, 7.0 s)"
    assert sentence(trace, 2.5) == (
        "2.5 s: all 2 requests have been sent; a has 1 waiting; a is down, not noticed yet; shares 1, 1."
    )
    assert sentence(trace, 3.5) == (
        "3.5 s: all 2 requests have been sent, 1 is on the way; none is waiting; a is down; 1 moved to another node; "
        "shares 1, 1."
    )
    assert sentence(trace, 6.5) == (
        "6.5 s: all requests are done; a is up, but counts as down; 1 moved to another node; shares 1, 2."
    )
    assert sentence(trace, 7) == "7.0 s: all requests are done; 1 moved to another node; shares 1, 2."
    assert moment(trace, 3.5).trusted == (False, True) and moment(trace, 2.5).trusted == (True, True)
    for t in np.linspace(0, 7, 40):
        now = moment(trace, t)
        assert now.sent == now.on_way + sum(now.waiting) + sum(now.serving) + now.done + now.refused
    assert trace.sentence() == (
        "The balancer sent 2 requests to 2 nodes in 7.0 s: 1, 2. 1 was moved to another node. "
        "The longest queue was 1, at a; a request waited 1.00 s on average."
    )
    many = Trace(
        tuple("abcde"), [], np.array([], int), [], [], events=[(1, k, False) for k in range(5)], noticed=[(2, 0, False)]
    )
    assert sentence(many, 1.5).startswith("1.50 s: 0 of 0 requests have been sent; 5 nodes are down, not noticed yet;")
    assert "; 4 nodes are down, not noticed yet; a is down;" in sentence(many, 2)


def test_who_says_nothing_of_noticing_knows_at_once():
    trace = Trace(**GOOD, events=[(2.5, 1, False)], travel_s=0.5)
    assert trace.noticed is None and "b is down;" in sentence(trace, 3)
    never = Trace(**GOOD, events=[(2.5, 1, False)], travel_s=0.5, noticed=())
    assert "b is down, not noticed yet;" in sentence(never, 3)


def test_many_nodes_are_told_by_their_extremes():
    trace = traffic(Random(40, seed=2), 400, rate_per_s=100, speeds=[0.3] * 40)
    words = sentence(trace, 3.9)
    low, high = min(moment(trace, 3.9).shares), max(moment(trace, 3.9).shares)
    assert f"shares from {low} (" in words
    assert f" to {high} (" in words
    assert "are waiting at" in words
    assert len(words) < 200


def waiting_at(nodes):
    """Two requests at once for each of so many nodes, so that one waits at each."""
    node = np.repeat(np.arange(nodes), 2)
    start = np.tile([1.0, 2.0], nodes)
    return Trace(tuple(f"n{k}" for k in range(nodes)), np.ones(2 * nodes), node, start, start + 1)


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (3, "n0 has 1 waiting, n1 has 1 waiting, n2 has 1 waiting; shares 2, 2, 2."),
        (4, "4 are waiting at 4 nodes, most at n0 (1); shares 2, 2, 2, 2."),
        (12, f"most at n0 (1); shares {', '.join('2' * 12)}."),
        (13, "most at n0 (1); shares from 2 (n0) to 2 (n0)."),
    ],
)
def test_at_which_number_of_nodes_the_words_change(nodes, words):
    assert sentence(waiting_at(nodes), 1.5).endswith(words)


@pytest.mark.parametrize(
    ("end_s", "duration"), [(3.01, "3.1 s"), (3.0, "3.0 s"), (2.994, "3.00 s"), (0.3, "0.30 s"), (0.299, "0.299 s")]
)
def test_a_time_has_as_many_decimals_as_its_trace_needs(end_s, duration):
    trace = Trace(("a",), [0.1], [0], [0.1], [end_s], travel_s=0.1)
    assert repr(trace) == f"Trace(1 requests, 1 nodes, {duration})"


def test_a_trace_of_nothing_still_takes_a_moment():
    assert Trace(("a",), [], np.array([], int), [], []).duration_s == 0.001


def test_the_picture_shows_each_request_once_in_its_nodes_colour():
    trace = traffic(RoundRobin(4), 60, speeds=[1, 1, 0.5, 1], down=[1])
    fig = figure(trace)
    (ax,) = fig.axes
    for node in range(4):
        lane = [c for c in ax.collections if c.get_gid() == f"lane-{node}"]
        mine = trace.node == node
        if node == 1:
            assert sum(len(c.get_paths()) for c in lane) == 0
            continue
        served = lane[-1]
        boxes = [path.get_extents() for path in served.get_paths()]
        assert np.allclose([b.x0 for b in boxes], trace.start_s[mine])
        assert np.allclose([b.x1 for b in boxes], trace.end_s[mine])
        assert matplotlib.colors.to_hex(served.get_facecolor()[0]).upper() == style.colour(node)
        waits = [path.get_extents() for path in lane[0].get_paths()]
        assert len(waits) == (trace.start_s > trace.arrival_s)[mine].sum()
        # No bar covers another: on one row, what waits and what is served follow each other.
        whole = sorted(
            (round(b.y0, 6), a, e) for b, a, e in zip(boxes, trace.arrival_s[mine], trace.end_s[mine], strict=True)
        )
        for (row, _, end), (next_row, start, _) in pairwise(whole):
            assert row != next_row or end <= start
    texts = [text.get_text() for text in ax.texts]
    assert [str(count) for count in trace.counts] == [text for text in texts if text.isdigit()]
    assert "down" in texts
    assert style.svg(fig) == style.svg(figure(trace))


def test_the_picture_shows_what_is_done_for_a_client_that_has_gone():
    trace = traffic(RoundRobin(1), 20, rate_per_s=10, service_s=0.2, patience_s=1.5)
    (ax,) = figure(trace).axes
    waits, work = (
        sum(path.get_extents().width for path in bars.get_paths())
        for bars in (c for c in ax.collections if c.get_gid() == "gone")
    )
    gone = ~np.isnan(trace.hung_up_s)
    assert 0 < gone.sum() < 20 and "grey: client has gone" in ax.get_title(loc="left")
    since_s, start_s, end_s = (column[gone] for column in (trace.hung_up_s, trace.start_s, trace.end_s))
    assert waits == pytest.approx(np.maximum(start_s - since_s, 0).sum())
    assert work == pytest.approx((end_s - np.maximum(start_s, since_s)).sum())


@pytest.mark.parametrize("nodes", [1, 2, 12, 64, 200])
def test_every_size_of_picture_can_be_drawn(nodes):
    fig = figure(traffic(Random(nodes, seed=1), 100, rate_per_s=40))
    assert style.svg(fig).startswith("<svg")
    assert fig.get_size_inches()[1] < 15
