"""A student's subclass, and a selector that goes on elsewhere: what a copy and a pickle carry with them."""

import copy
import pickle
from typing import Any

import pytest

import lbcore

from .rows import ROWS, keys


class Counting(lbcore.RoundRobin):
    """It counts its picks, and knows itself."""

    def __init__(self, nodes: int):
        super().__init__(nodes)
        self.picked, self.me = [0] * nodes, self

    def select(self, key: Any = None, *, avoid: Any = ()) -> int:
        node = super().select(key, avoid=avoid)
        self.picked[node] += 1
        return node


@pytest.mark.parametrize(
    "again", [lambda s: s.copy(), copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
def test_attributes_go_along(again: Any) -> None:
    mine = Counting(3)
    mine.select()
    other = again(mine)
    assert type(other) is Counting and other.picked == [1, 0, 0] and other.me is other
    assert other.select() == 1
    assert (mine.picked, other.picked) == ([1, 0, 0], [1, 1, 0])


def test_a_deep_copy_of_a_container_keeps_what_is_shared() -> None:
    mine = Counting(3)
    one, two, three = copy.deepcopy([mine, mine, mine.me])
    assert one is two is three is not mine


def test_without_attributes_the_state_has_none() -> None:
    assert "attributes" not in lbcore.RoundRobin(3).__getstate__()  # type: ignore[attr-defined]
    empty = type("Empty", (lbcore.RoundRobin,), {})(3)
    assert "attributes" not in empty.__getstate__()


TIME = [0.0]


def clock() -> float:
    return TIME[0]


@pytest.mark.parametrize("reading", [10.0, 5e6 + 1, 9e9])
def test_time_goes_on_where_another_clock_shows_less(reading: float) -> None:
    """A monotonic clock starts anew with the machine: without care, a view of the loads would never be renewed."""
    TIME[0] = 5e6
    selector = lbcore.LeastConnections(2, stale_s=1.0, clock=clock)
    selector.select()
    text = pickle.dumps(selector)
    TIME[0] = reading
    there = pickle.loads(text)
    now_s = []
    for _ in range(4):
        there.select()
        now_s.append(there.__getstate__()["now_s"])
        TIME[0] += 100
    start = max(5e6, reading)
    assert now_s == [start, start + 100, start + 200, start + 300]
    copied = there.copy()
    copied.select()
    assert copied.__getstate__()["now_s"] == start + 400
    further = pickle.loads(pickle.dumps(copied))
    further.select()
    assert further.__getstate__()["now_s"] == start + 400
    there.reset()
    there.select()
    assert there.__getstate__()["now_s"] == TIME[0]


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if not row.seeded])
def test_a_subclass_of_each_selector(name: str) -> None:
    kind = type(ROWS[name].make(3))
    mine, theirs = type("Own", (kind,), {})(5), kind(5)
    mine.colour = "red"
    requests = keys(30) if mine.keyed else 30
    other = mine.copy()
    assert other.colour == "red" and other.select_many(requests).tolist() == theirs.select_many(requests).tolist()
