"""From a selector to a trace: first come first served by hand and by a slow twin, keys, and bad input."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore import HashSlots, LeastConnections, ModuloHash, Random, RoundRobin, TwoChoices, WeightedRoundRobin
from lbcore.lab.player.columns import Event
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


@pytest.mark.parametrize(
    "make",
    [
        lambda: RoundRobin(3),
        lambda: Random(3, seed=4),
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


class Told(RoundRobin):
    """Writes down what it is told."""

    def __init__(self, nodes):
        super().__init__(nodes)
        self.ends = []

    def copy(self):
        other = super().copy()
        other.ends = self.ends
        return other

    def release(self, node, ok=True, latency_s=None):
        self.ends.append((node, round(latency_s, 9)))


def test_the_selector_hears_of_every_end_before_the_next_pick():
    # Half a second there and half a second on; each node is busy for 1.5 s, and then the balancer knows.
    selector = Told(2)
    trace = traffic(selector, 6, rate_per_s=1, service_s=1.5, travel_s=1)
    over = [(int(k), 2.0) for k, end_s in zip(trace.node, trace.end_s, strict=True) if end_s <= trace.picked_s[-1]]
    assert selector.ends == over and len(over) == 4
    # Least connections can only be right if it hears: a node of half the speed gets about half as many.
    counts = traffic(LeastConnections(2), 400, rate_per_s=20, service_s=0.1, speeds=[1, 0.5], travel_s=0.01).counts
    assert 1.6 < counts[0] / counts[1] < 2.4


def test_a_view_that_grows_old_looks_at_the_time_of_the_trace():
    trace = traffic(LeastConnections(4, stale_s=2.0), 60, rate_per_s=8, travel_s=0.25)
    assert trace.looks_s.tolist() == [0.125, 2.125, 4.125, 6.125]
    assert len(traffic(TwoChoices(4, seed=1, stale_requests=10), 100).looks_s) == 10
    assert traffic(LeastConnections(4), 50).looks_s is None


def test_clients_that_hang_up_and_requests_that_are_late():
    # One node, five seconds of work each: the second and third client see 1 + 5 * k seconds.
    trace = traffic(RoundRobin(1), 3, rate_per_s=100, service_s=5, travel_s=1, patience_s=9, late_s=12)
    assert trace.end_s.tolist() == pytest.approx([6, 11, 16])
    assert np.isnan(trace.hung_up_s[0]) and trace.hung_up_s[1:].tolist() == pytest.approx([9.01, 9.02])
    assert trace.turned_late_s.tolist() == pytest.approx([12.02])
    assert "1 given up by its client; 0 late (not done after 12 s)" in sentence(trace, 9.015)
    assert "2 given up by their clients; 1 late" in sentence(trace, 12.1)
    assert "2 were given up by their clients. 1 was late" in trace.sentence()


def test_nodes_come_and_go():
    trace = traffic(RoundRobin(2), 10, rate_per_s=1, service_s=0.1, travel_s=0, changes=[(3.5, "add"), (6.5, "remove")])
    assert trace.nodes == ("node-0", "node-1", "node-2")
    assert trace.node[:4].tolist() == [0, 1, 0, 1] and set(trace.node[4:7].tolist()) == {0, 1, 2}
    assert set(trace.node[7:].tolist()) == {0, 1}
    assert [moment(trace, t).there[2] for t in (0, 3.4, 3.5, 6.4, 6.5)] == [False, False, True, True, False]
    # A node that is removed ends what it holds, and the selector is not told of what it no longer knows.
    held = traffic(LeastConnections(2), 10, rate_per_s=1, service_s=4, travel_s=0, changes=[(2.5, "remove")])
    assert held.node.tolist()[3:] == [0] * 7 and np.isfinite(held.end_s).all()


def test_keys_choose_the_node_and_the_colour():
    keys = ["b", "c", "c", "a", "c", "b"]
    trace = traffic(ModuloHash(5), keys=keys)
    assert trace.node.tolist() == ModuloHash(5).select_many(keys).tolist()
    assert trace.group_names == ("c", "b", "a")
    assert trace.group.tolist() == [1, 0, 0, 2, 0, 1]
    assert traffic(ModuloHash(5), keys=["z", b"y", "x", "x"]).group_names == ("x", "z", "y")
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
    assert (
        refused.sentence() == "RoundRobin sent 4 requests to 2 nodes in 4.0 s: 0, 0. 4 were refused. None had to wait."
    )


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
    one = traffic(RoundRobin(2), 1)
    assert one.end_s - one.start_s == pytest.approx(0.7 * 2 / 10)


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
