"""Traces: first come first served by hand and by a slow twin, counts at a moment, and bad input."""

import math
from itertools import pairwise

import matplotlib.colors
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore import HashSlots, ModuloHash, Random, RoundRobin, TwoChoices, WeightedRoundRobin
from lbcore.lab.frame import style
from lbcore.lab.frame.still import figure
from lbcore.lab.player.trace import Event, Trace
from lbcore.lab.player.traffic import MOST_KEYS, traffic
from lbcore.lab.player.words import moment, sentence
from lbcore.selectors import reference


def test_three_requests_by_hand():
    # Two nodes; a request each second, three seconds of work: node 0 gets requests 0, 2, 4, which queue.
    trace = traffic(RoundRobin(2), 5, rate_per_s=1, service_s=3, speeds=[1, 2], travel_s=0.5)
    assert trace.node.tolist() == [0, 1, 0, 1, 0]
    assert trace.sent_s.tolist() == [0, 1, 2, 3, 4]
    assert trace.arrival_s.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert trace.start_s.tolist() == [0.5, 1.5, 3.5, 3.5, 6.5]
    assert trace.end_s.tolist() == [3.5, 3.0, 6.5, 5.0, 9.5]
    assert trace.longest_queues.tolist() == [1, 0]
    assert trace.duration_s == 9.5
    assert trace.sentence() == (
        "RoundRobin sent 5 requests to 2 nodes in 9.5 s: 3, 2. "
        "The longest queue was 1, at node-0; a request waited 0.60 s on average."
    )
    assert sentence(trace, 2.75) == ("2.8 s: 3 of 5 requests have been sent; node-0 has 1 waiting; shares 2, 1.")
    assert sentence(trace, 0) == "0.0 s: 1 of 5 requests has been sent, 1 is on the way; none is waiting; shares 0, 0."
    assert sentence(trace, 9.5) == "9.5 s: all requests are done; shares 3, 2."


def slow_twin(node, arrival, takes):
    """A request starts when it has arrived and every earlier one of its node has ended: looked up anew each time."""
    start, end = [], []
    for i in range(len(node)):
        before = [end[j] for j in range(i) if node[j] == node[i]]
        start.append(max([arrival[i], *before]))
        end.append(start[i] + takes[i])
    return start, end


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_traffic_equals_a_slow_twin(data):
    n = data.draw(st.integers(1, 7))
    m = data.draw(st.integers(1, 60))
    gaps = st.floats(0, 2, allow_subnormal=False)
    sent = np.cumsum(data.draw(st.lists(gaps, min_size=m, max_size=m)))
    work = np.array(data.draw(st.lists(st.floats(0, 3), min_size=m, max_size=m)))
    speeds = np.array(data.draw(st.lists(st.floats(0.1, 4), min_size=n, max_size=n)))
    trace = traffic(Random(n, seed=data.draw(st.integers(0, 99))), m, sent_s=sent, service_s=work, speeds=speeds)
    start, end = slow_twin(trace.node.tolist(), trace.arrival_s.tolist(), (work / speeds[trace.node]).tolist())
    assert trace.start_s.tolist() == start
    assert trace.end_s.tolist() == end
    # Every request is somewhere, once, at every moment.
    for t in data.draw(st.lists(st.floats(0, trace.duration_s), min_size=1, max_size=8)):
        now = moment(trace, t)
        assert now.sent == now.on_way + sum(now.waiting) + sum(now.serving) + now.done + now.refused
        assert now.sent - now.on_way - now.refused == sum(now.shares)
        assert max(now.serving) <= 1
        assert all(w <= most for w, most in zip(now.waiting, trace.longest_queues, strict=True))
    last = moment(trace, trace.duration_s)
    assert last.done == m
    assert last.shares == tuple(trace.counts)


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


@pytest.mark.parametrize(
    "make",
    [
        lambda: RoundRobin(3),
        lambda: Random(3, seed=4),
        lambda: TwoChoices(3, seed=4),
        lambda: WeightedRoundRobin(3, [5, 1, 1]),
        lambda: reference.RoundRobin(3),
        lambda: reference.Random(3, 4),
    ],
)
def test_the_selector_does_not_move_and_its_picks_are_the_trace(make):
    selector, other = make(), make()
    for _ in range(4):
        selector.select()
        other.select()
    trace = traffic(selector, 50)
    assert trace.node.tolist() == [other.select() for _ in range(50)]
    again = traffic(selector, 50)
    assert again.node.tolist() == trace.node.tolist()


def test_keys_choose_the_node_and_the_colour():
    keys = ["b", "c", "c", "a", "c", "b"]
    trace = traffic(ModuloHash(5), keys=keys)
    assert trace.node.tolist() == ModuloHash(5).select_many(keys).tolist()
    assert trace.group_names == ("c", "b", "a")
    assert trace.group.tolist() == [1, 0, 0, 2, 0, 1]
    many = traffic(HashSlots(3), keys=np.arange(100) // 2 % 40)
    assert len(many.group_names) == MOST_KEYS
    assert set(many.group.tolist()) == {-1, *range(MOST_KEYS)}
    assert traffic(RoundRobin(2)).group is None


def test_a_node_that_is_down_gets_nothing_and_all_down_refuses():
    trace = traffic(RoundRobin(3), 30, down=["node-1"])
    assert trace.counts.tolist() == [15, 0, 15]
    assert trace.events == (Event(0.0, 1, False),)
    assert "node-1 is down" in sentence(trace, 1)
    selector = RoundRobin(3)
    selector.mark_down(2)
    assert [event.node for event in traffic(selector, 30, down=[0]).events] == [0, 2]
    assert selector.up.tolist() == [True, True, False]
    refused = traffic(RoundRobin(2), 4, rate_per_s=1, down=[0, 1], travel_s=1)
    assert refused.node.tolist() == [-1] * 4
    assert np.isnan(refused.start_s).all()
    assert (
        sentence(refused, 1.6) == "1.6 s: 2 of 4 requests have been sent; none is waiting; "
        "node-0, node-1 are down; 2 refused; shares 0, 0."
    )
    said = "RoundRobin sent 4 requests to 2 nodes in 4.0 s: 0, 0. 4 were refused. None had to wait."
    assert refused.sentence() == said


def test_a_students_class_and_a_class_to_build():
    class Turns:
        def __init__(self, n):
            self.n, self.last = n, -1

        def select(self):
            self.last = (self.last + 1) % self.n
            return self.last

    assert traffic(Turns(4), 8).node.tolist() == [0, 1, 2, 3] * 2
    assert traffic(Turns, 8, nodes=4).node.tolist() == [0, 1, 2, 3] * 2
    assert traffic(RoundRobin, nodes=["a", "b"]).nodes == ("a", "b")

    class Wild(Turns):
        def select(self):
            return 7

    with pytest.raises(ValueError, match="returned 7"):
        traffic(Wild(4))


def test_by_default_equal_nodes_are_busy_seventy_percent_of_the_time():
    trace = traffic(RoundRobin(5), 500, rate_per_s=50)
    assert np.allclose(trace.end_s - trace.start_s, 0.7 * 5 / 50)
    assert trace.longest_queues.max() == 0


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"requests": 0}, ValueError, "requests"),
        ({"requests": 5_001}, ValueError, "requests"),
        ({"requests": 2.5}, TypeError, "requests"),
        ({"requests": True}, TypeError, "requests"),
        ({"rate_per_s": 0}, ValueError, "rate_per_s"),
        ({"rate_per_s": -1}, ValueError, "rate_per_s"),
        ({"rate_per_s": math.nan}, ValueError, "rate_per_s"),
        ({"rate_per_s": math.inf}, ValueError, "rate_per_s"),
        ({"rate_per_s": 5e-324}, ValueError, "rate_per_s"),
        ({"rate_per_s": "10"}, TypeError, "rate_per_s"),
        ({"service_s": -0.1}, ValueError, "service_s"),
        ({"service_s": math.nan}, ValueError, "service_s"),
        ({"service_s": [1, 2]}, ValueError, "service_s"),
        ({"service_s": [-1] * 120}, ValueError, "service_s"),
        ({"service_s": [math.inf] * 120}, ValueError, "service_s"),
        ({"speeds": [1, 1]}, ValueError, "speeds"),
        ({"speeds": [1, 0, 1]}, ValueError, "speeds"),
        ({"speeds": [1, math.nan, 1]}, ValueError, "speeds"),
        ({"speeds": [[1, 1, 1]]}, ValueError, "speeds"),
        ({"speeds": ["a", "b", "c"]}, TypeError, "speeds"),
        ({"keys": ["a"]}, TypeError, "keys"),
        ({"down": ["node-9"]}, ValueError, "node-9"),
        ({"down": "node-1"}, TypeError, "down"),
        ({"down": [3]}, (ValueError, IndexError), "3"),
        ({"sent_s": [1, 2]}, ValueError, "sent_s"),
        ({"requests": 2, "sent_s": [2, 1]}, ValueError, "sent_s"),
        ({"requests": 2, "sent_s": [-1, 1]}, ValueError, "sent_s"),
        ({"travel_s": -1}, ValueError, "travel_s"),
        ({"weights": [1, 1, 1]}, TypeError, "weights"),
    ],
)
def test_bad_traffic_is_refused_by_name(how, error, words):
    with pytest.raises(error, match=words):
        traffic(RoundRobin(3), **how)


def test_keys_must_fit_the_selector():
    with pytest.raises(TypeError, match="keys"):
        traffic(ModuloHash(3))
    with pytest.raises(ValueError, match="keys"):
        traffic(ModuloHash(3), 5, keys=["a", "b"])
    with pytest.raises(TypeError, match="keys"):
        traffic(ModuloHash(3), keys="abc")
    with pytest.raises(TypeError, match="select"):
        traffic(3)


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
    assert sentence(trace, 4) == "4.0 s: all requests are done; 1 refused; 1 failed; shares 1, 1."


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
    assert style.svg(fig) == style.svg(figure(trace, fig=fig))


@pytest.mark.parametrize("nodes", [1, 2, 12, 64, 200])
def test_every_size_of_picture_can_be_drawn(nodes):
    fig = figure(traffic(Random(nodes, seed=1), 100, rate_per_s=40))
    assert style.svg(fig).startswith("<svg")
    assert fig.get_size_inches()[1] < 15
