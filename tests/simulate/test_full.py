"""Where all nodes are full, a request waits for the first that has room again, and no request is refused."""

from typing import Any

import numpy as np
import pytest

import lbcore
from lbcore.presets import haproxy
from lbcore.selectors import reference as twins
from lbcore.selectors.systems import haproxy as rules
from lbcore.simulate import Deterministic, queue, reference

from .twins import drawn, same

WEIGHTS, LIMITS = [5, 1, 2, 0], [2, 1, 3, 1]
NAMES = ["a:80", "b:80", "c:80", "d:80"]
PAIRS: dict[str, tuple[Any, Any]] = {
    "roundrobin": (rules.FastWeightedRoundRobin, twins.FastWeightedRoundRobin),
    "static": (rules.MapRoundRobin, twins.MapRoundRobin),
    "leastconn": (rules.FastLeastConnections, twins.FastLeastConnections),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("load", [0.7, 0.95])
def test_every_request_is_the_twins(name: str, load: float) -> None:
    ours, twin = PAIRS[name]
    speeds = [1.0, 0.5, 2.0, 1.0]
    given: dict[str, Any] = {"rate_per_s": load * 3.5, "speeds": speeds, "seed": 4, "keep": True}
    arrived, works = drawn(4, 4000, given["rate_per_s"])
    wanted = reference.queue(twin(WEIGHTS, LIMITS), arrived, works, speeds)
    found = queue(ours(4, WEIGHTS, LIMITS), 4000, **given)
    same(found, wanted)
    assert found.served == 4000 and 100 < found.waited < 4000 and found.refused == found.left == 0
    # The twin in the compiled loop is offered the requests that wait, too.
    asked = queue(twin(WEIGHTS, LIMITS), 4000, nodes=4, **given)
    same(asked, wanted)
    assert asked.waited == found.waited and asked.mean_s == found.mean_s
    # A backup that never serves changes nothing, but for who is asked.
    make = {"roundrobin": haproxy.roundrobin, "static": haproxy.static_rr, "leastconn": haproxy.leastconn}[name]
    backed = make([*NAMES, "e:80"], [*WEIGHTS, 1], [*LIMITS, 1], backup=[4])
    same(queue(backed, 4000, **given | {"speeds": [*speeds, 1.0]}), wanted)


def test_one_server_of_one_request_at_a_time_is_one_queue() -> None:
    """Wherever the requests wait, at the node or before it: Lindley's recursion."""
    waits = queue(haproxy.first(["a:80"], maxconn=1), 2000, load=0.8, seed=3, keep=True)
    plain = queue(lbcore.RoundRobin(1), 2000, load=0.8, seed=3, keep=True)
    assert waits.requests is not None and plain.requests is not None
    assert waits.requests.ended_s.tolist() == plain.requests.ended_s.tolist()
    assert waits.waited == (plain.requests.started_s > plain.requests.arrived_s).sum() > 1000
    assert waits.mean_s == plain.mean_s and waits.wait_s == plain.wait_s


def test_one_queue_before_many_servers_is_that_of_one_node_with_as_many() -> None:
    """M/D/c: with room for one request at each of four nodes, whoever is free takes the first that waits."""
    given: dict[str, Any] = {"rate_per_s": 3.4, "service": Deterministic(1.0), "seed": 5, "keep": True}
    apart = queue(haproxy.leastconn(NAMES, maxconn=1), 3000, **given)
    one = queue(lbcore.RoundRobin(1), 3000, servers=4, **given)
    assert apart.requests is not None and one.requests is not None
    np.testing.assert_array_equal(np.sort(apart.requests.ended_s), np.sort(one.requests.ended_s))
    assert apart.percentile(99) == one.percentile(99)


@pytest.mark.parametrize("make", [haproxy.roundrobin, haproxy.first])
def test_a_server_that_returns_takes_those_that_wait(make: Any) -> None:
    selector = make(NAMES[:2], maxconn=1)
    found = queue(
        selector,
        arrivals=[0.0, 1.0, 2.0, 3.0],
        service=[10.0, 10.0, 1.0, 1.0],
        schedule=[(0.5, 1, "mark_down"), (4.0, 1, "mark_up")],
        keep=True,
    )
    assert found.requests is not None
    assert found.requests.node.tolist() == [0, 1, 0, 0] and found.waited == 3
    assert found.requests.started_s.tolist() == [0.0, 4.0, 10.0, 11.0]


@pytest.mark.parametrize("jumps", [False, True])
def test_while_requests_wait_a_rule_is_asked_only_if_it_says_so(jumps: bool) -> None:
    """One node that has room for one; the request behind the first that waits is picked for, or waits unasked."""

    class Narrow:
        jumps_the_queue = jumps
        asked, held = 0, False

        def select(self) -> int:
            self.asked += 1
            if not self.accept(0):
                raise lbcore.AllFull
            return 0

        def accept(self, node: int) -> bool:
            room, self.held = not self.held, True
            return room

        def release(self, node: int) -> None:
            self.held = False

        def __deepcopy__(self, memo: Any) -> "Narrow":
            return self  # it tells afterwards how often it was asked

    narrow = Narrow()
    found = queue(narrow, nodes=1, arrivals=[0.0, 0.1, 0.2, 0.3], service=[1.0] * 4)
    assert found.waited == 3 and found.served == 4 and narrow.asked == (4 if jumps else 2)


def test_where_nobody_is_up_nobody_waits() -> None:
    found = queue(
        haproxy.first(NAMES[:1], maxconn=1), arrivals=[1.0, 2.0], service=[1.0, 1.0], schedule=[(0.5, 0, "mark_down")]
    )
    assert (found.refused, found.waited) == (2, 0)


def test_who_waits_for_ever_is_left() -> None:
    found = queue(
        haproxy.first(NAMES[:1], maxconn=1),
        arrivals=[0.0, 1.0],
        service=[1.0, 1.0],
        speeds=[1.0],
        schedule=[(0.5, 0, 0.0)],
    )
    assert (found.served, found.left, found.waited) == (0, 2, 1)


def test_a_server_that_crashes_loses_those_it_takes() -> None:
    """Nobody told the balancer: as soon as its slot is free, the next that waits runs into it."""
    found = queue(
        haproxy.first(NAMES[:1], maxconn=1), arrivals=[0.0, 1.0, 2.0], service=[9.0] * 3, schedule=[(5.0, 0, "down")]
    )
    assert (found.lost, found.waited, found.served) == (3, 2, 0)


def test_accept_is_for_a_node_that_is_up_and_has_room() -> None:
    backed = haproxy.roundrobin(NAMES[:3], maxconn=1, backup=[2])
    selectors = [
        rules.FastWeightedRoundRobin(2, max_conns=1),
        haproxy.first(NAMES[:2], maxconn=1),
        haproxy.random(NAMES[:2], maxconn=1, draws=64, seed=1),
        backed,
    ]
    for selector in selectors:
        some: Any = selector
        assert sorted([some.select(), some.select()]) == [0, 1]
        with pytest.raises(lbcore.AllFull, match="every node is full"):
            some.select()
        assert not some.accept(0) and not some.accept(1)
        some.release(1)
        assert some.accept(1) and not some.accept("b:80" if "b:80" in some.nodes else "node-1")
        assert some.in_flight.tolist()[:2] == [1, 1]
        some.release(0)
        some.mark_down(0)
        assert not some.accept(0)
        with pytest.raises(ValueError, match="node"):
            some.accept("nobody")
        with pytest.raises(IndexError):
            some.accept(9)
    # A backup takes none while a server is up, and serves only once none is.
    assert not backed.accept(2)  # type: ignore[attr-defined]
