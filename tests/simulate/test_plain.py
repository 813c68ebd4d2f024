"""A student's own selector in the compiled simulation: how it is asked, and what is said where it errs."""

import os
import signal
import threading
from typing import Any

import pytest

import lbcore
from lbcore.simulate import queue
from lbcore.simulate.queueing import Engine


class Turns:
    """Plain round robin over three nodes."""

    n = 3

    def __init__(self) -> None:
        self.asked = 0

    def select(self) -> Any:
        self.asked += 1
        return (self.asked - 1) % 3


def test_it_is_the_compiled_one_request_by_request() -> None:
    mine, theirs = (queue(selector, 4000, load=0.8, seed=2, keep=True) for selector in (Turns(), lbcore.RoundRobin(3)))
    assert mine.requests is not None and theirs.requests is not None
    assert mine.requests.ended_s.tolist() == theirs.requests.ended_s.tolist()
    assert mine.name == "Turns" and mine.nodes == theirs.nodes


def test_a_copy_is_asked() -> None:
    mine = Turns()
    queue(mine, 100, load=0.5, seed=1)
    assert mine.asked == 0


def test_release_is_told_in_the_order_of_time_and_as_much_as_it_takes() -> None:
    told: list[Any] = []

    class Short(Turns):
        def release(self, node: int) -> None:
            told.append(node)

    class Full(Turns):
        def release(self, node: int, ok: bool = True, latency_s: float | None = None) -> None:
            told.append((node, ok, latency_s))

    given = {"arrivals": [0.0, 1.0, 2.0], "service": [9.0, 3.0, 1.0], "schedule": [(5.0, 0, "down")]}
    queue(Short(), **given)  # type: ignore[arg-type]
    queue(Full(), **given)  # type: ignore[arg-type]
    assert told == [2, 1, 0, (2, True, 1.0), (1, True, 3.0), (0, False, 5.0)]


def test_a_subclass_with_its_own_select_is_asked_in_python() -> None:
    class Stuck(lbcore.RoundRobin):
        def select(self, key: Any = None, *, avoid: Any = ()) -> int:
            return 2

    assert queue(Stuck(3), 50, load=0.1, seed=1).picked.tolist() == [0, 0, 50]


def test_keys_are_given_in_turn() -> None:
    asked: list[Any] = []

    class ByKey(Turns):
        def select(self, key: Any) -> Any:  # type: ignore[override]
            asked.append(key)
            return 0

    queue(ByKey(), 5, load=0.5, seed=1, keys=["a", "b"])
    assert asked == ["a", "b", "a", "b", "a"]
    keyed = queue(lbcore.ModuloHash(3), 300, load=0.5, seed=1, keys=["a", "b", 7], keep=True).requests
    assert keyed is not None and keyed.node.tolist() == lbcore.ModuloHash(3).select_many(["a", "b", 7] * 100).tolist()


def test_no_node_left_is_a_request_refused() -> None:
    class Tired(Turns):
        def select(self) -> Any:
            if self.asked == 30:
                raise LookupError("no node is left")
            return super().select()

    result = queue(Tired(), 100, load=0.5, seed=1)
    assert (result.served, result.refused) == (30, 70)


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (3, ValueError, r"Wrong.select\(\) returned 3; the nodes have the indices 0 to 2"),
        (-1, ValueError, r"Wrong.select\(\) returned -1; the nodes"),
        (2**70, ValueError, r"the nodes have the indices 0 to 2"),
        (None, TypeError, r"Wrong.select\(\) returned None; it must return the index of a node"),
        (True, TypeError, r"returned True; it must"),
        (1.0, TypeError, r"returned 1.0; it must"),
        (..., TypeError, r"returned Ellipsis; it must"),
    ],
)
def test_a_wrong_answer_is_named_with_its_request(answer: Any, kind: type[Exception], said: str) -> None:
    class Wrong(Turns):
        def select(self) -> Any:
            return answer if super().select() == 2 else 0

    with pytest.raises(kind, match=said) as caught:
        queue(Wrong(), 100, load=0.5, seed=1)
    assert caught.value.__notes__ == ["in Wrong.select(), with 3 requests asked for"]


@pytest.mark.parametrize("method", ["select", "release"])
def test_what_it_raises_comes_out(method: str) -> None:
    class Broken(Turns):
        def select(self) -> Any:
            if method == "select":
                raise IndexError("list index out of range")
            return super().select()

        def release(self, node: int) -> None:
            raise ZeroDivisionError("division by zero")

    with pytest.raises(IndexError if method == "select" else ZeroDivisionError) as caught:
        queue(Broken(), 100, load=0.5, seed=1)
    assert f"in Broken.{method}()" in caught.value.__notes__[0]


@pytest.mark.parametrize("selector", [Turns(), lbcore.Random(10, seed=1)], ids=["plain", "compiled"])
def test_control_c_ends_a_run(selector: Any) -> None:
    """A run that would take minutes; the signal comes after the first piece of it."""
    started = threading.Event()

    def interrupt() -> None:
        started.wait()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        queue(selector, 10**10, load=0.5, seed=1, progress=lambda done, of: started.set())
    thread.join()


class Counting(lbcore.LeastConnections):
    """A student's: the compiled picks, and a count of them."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.asked = [0]

    def select(self, key: Any = None, *, avoid: Any = ()) -> int:
        self.asked[0] += 1
        return super().select(key, avoid=avoid)


def test_attributes_of_a_subclass_are_there_in_its_copy() -> None:
    mine = Counting(3)
    mine.select()
    assert queue(mine, 100, load=0.5, seed=1).served == 100
    assert mine.asked == [1]


def test_the_clock_of_a_subclass_is_the_simulated_time() -> None:
    """A view of the loads that is a second old: by the wall clock, a whole run would take less."""
    seen: list[float] = []

    class Telling(Counting):
        def release(self, node: Any, ok: Any = True, latency_s: Any = None) -> None:
            super().release(node, ok, latency_s)
            seen.append(self.__getstate__()["now_s"])  # type: ignore[attr-defined]

    given = {"load": 0.8, "seed": 1, "keep": True}
    theirs, mine = (
        queue(kind(5, stale_s=1.0), 3_000, **given).requests  # type: ignore[arg-type]
        for kind in (lbcore.LeastConnections, Telling)
    )
    assert theirs is not None and mine is not None
    assert mine.node.tolist() == theirs.node.tolist() and mine.ended_s.tolist() == theirs.ended_s.tolist()
    assert seen == sorted(mine.ended_s.tolist())


def test_a_clock_that_cannot_be_set() -> None:
    class Fixed(Turns):
        @property
        def clock(self) -> Any:
            return lambda: 0.0

    with pytest.raises(TypeError, match="selector: the clock of Fixed cannot be set"):
        queue(Fixed(), 10, load=0.5)


def engine_of(selector: lbcore.Selector, requests: int, rate_per_s: float, servers: int = 1) -> Engine:
    n = len(selector.nodes)
    return Engine(
        selector, n, servers=servers, requests=requests, first_measured=0, seed=1, keys=None, kept=None,
        arrivals=("exponential", 1 / rate_per_s, 0.0, 0.0, 0.0), services=("exponential", 1.0, 0.0, 0.0, 0.0),
        speeds=[1.0] * n,
    )  # fmt: skip


class Stop(Exception):
    pass


def stop(*unused: Any) -> None:
    raise Stop


@pytest.mark.parametrize(("nodes", "servers"), [(200_000, 1), (1, 1 << 20), (1 << 10, 1 << 10)])
def test_a_request_that_costs_more_makes_a_shorter_piece(nodes: int, servers: int) -> None:
    """Ctrl-C is answered between two pieces; a request may look at every node, or at every server of one."""
    engine = engine_of(lbcore.LeastConnections(nodes), 10**9, nodes * servers / 2, servers)
    with pytest.raises(Stop):
        engine.advance(10**9, 1e9, stop)
    assert 0 < engine.number * nodes * servers <= 1 << 26


def test_a_long_queue_that_drains_is_interrupted() -> None:
    engine = engine_of(lbcore.RoundRobin(1), 10**6, 1e6)
    engine.advance(10**6, 1e9)

    def drain() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        engine.wait(float("inf"))

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises(Stop):
            drain()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert 0 < engine.held < 10**6
    engine.wait(float("inf"))
    assert engine.held == 0
