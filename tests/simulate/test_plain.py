"""A student's own selector in the compiled simulation: how it is asked, and what is said where it errs."""

import os
import signal
import threading
from typing import Any

import pytest

import lbcore
from lbcore.simulate import queue


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
