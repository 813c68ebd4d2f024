"""Arrays whose class lies about them, and clocks that show any time: the core stays within its memory."""

import numpy as np
import pytest

import lbcore
from lbcore import Selector

from .hostile import Long, Short
from .rows import ROWS
from .test_bad_input import inf, nan, refused


@pytest.mark.parametrize("selector", [lbcore.RoundRobin(3), lbcore.ModuloHash(3)], ids=str)
def test_an_out_that_lies_is_written_within_its_memory(selector: Selector) -> None:
    requests = np.arange(1_000_000) if selector.keyed else 1_000_000
    out = np.full(1_000_000, -7, np.int32)
    assert selector.select_many(requests, out=out.view(Short)).shape == (1,)
    assert out.min() >= 0
    ten = np.full(10, -7, np.int32)
    refused("out", ValueError, lambda: selector.select_many(requests, out=ten.view(Long)), selector)
    assert ten.tolist() == [-7] * 10


def test_an_array_that_lies_is_read_within_its_memory() -> None:
    class Endless(np.ndarray):
        __getitem__ = lambda self, part: self  # noqa: E731

    weights = np.array([5, 1, 1]).view(Endless)
    assert lbcore.WeightedRoundRobin(3, weights).weights.tolist() == [5, 1, 1]
    assert lbcore.RoundRobin(np.array(["a", "b"]).view(Endless)).nodes == ("a", "b")
    assert lbcore.RoundRobin(3).select(avoid=np.array([0, 1]).view(Endless)) == 2
    assert lbcore.ModuloHash(3).select_many(np.array(["a"]).view(Endless)).tolist() == [
        lbcore.ModuloHash(3).select("a")
    ]


@pytest.mark.parametrize("now_s", [2.0**62, 2**63, 1e19, inf, nan, -1.0])
@pytest.mark.parametrize("name", ["PassiveRoundRobin", "PassiveRing", "PeakEwma"])
def test_a_clock_of_any_size(name: str, now_s: float) -> None:
    """2^62 s and more is refused by name: whole seconds are computed with in 64 bits."""
    given = ROWS[name].make(3).__getstate__()
    selector = type(ROWS[name].make(3)).__new__(type(ROWS[name].make(3)))
    selector.__setstate__({**given, "clock": lambda: now_s})
    key = 5 if selector.keyed else None
    refused("clock", ValueError, lambda: selector.select(key), selector)
    refused("clock", ValueError, lambda: selector.select_many([5] if selector.keyed else 1), selector)
    refused("clock", ValueError, lambda: selector.release([]), selector)
    new = type(selector).__new__(type(selector))
    refused("state", ValueError, lambda: new.__setstate__({**given, "now_s": now_s}), new)
