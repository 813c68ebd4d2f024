"""Any sequence of public calls, with hostile values: each pick is that of the twin and of a copy.

Or the call is refused by a Python error, and nothing has changed.

A run is a few dozen drawn calls on one selector. Beside it go the twin, as long as it can follow (it knows no nodes
that come and go), and a copy that is asked one request at a time. What is hostile may be taken or refused; where it is
taken and changes something, the copy is made anew. 20,000 calls in all, a million with --soak.
"""

import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from .hostile import CLOCK, CLOCKS, HOSTILE, MORE, Late, Long, Number, Short, frozen
from .rows import ROWS, Row, one

CALLS = 700  # on every selector: 20,000 in all
SOAK = 35_000  # 1,000,000
# MemoryError: what Python says of a list that claims a length of 2^40.
REFUSALS = (TypeError, ValueError, LookupError, OverflowError, MemoryError)
tried = {"calls": 0, "refused": 0}


def state(selector: Any) -> dict[str, Any]:
    """All that a selector remembers but what time it is, which a refused call may learn too."""
    values = selector.__getstate__().items()
    return {name: v.tobytes() if isinstance(v, np.ndarray) else v for name, v in values if name != "now_s"}


class Run:
    """One selector, its twin as long as it can follow, and its copy."""

    def __init__(self, row: Row, rng: random.Random):
        self.rng, self.n = rng, rng.choice([1, 2, 3, 5, 8])
        CLOCK.value = CLOCK.told = 0.0
        made = row.make(self.n)
        self.timed = "clock" in made.__getstate__()
        self.selector = type(made).__new__(type(made))
        # A constructor of its own would be needed for each; a state takes another clock.
        self.selector.__setstate__({**made.__getstate__(), **({"clock": CLOCK} if self.timed else {})})
        self.keyed, self.seeded, self.copy, self.names = made.keyed, row.seeded, self.selector.copy(), 0
        self.twin: Any = row.dressed(self.n)
        if hasattr(self.twin.twin, "clock"):
            self.twin.twin.clock = lambda: CLOCK.told

    def all(self, call: Callable[[Any], object]) -> None:
        """A good call, on all three."""
        tried["calls"] += 1
        call(self.selector)
        call(self.copy)
        if self.twin is not None:
            call(self.twin)

    def picks(self, given: list[list[Any]], picks: list[int], **avoid: Any) -> None:
        """The picks of these requests are those of the copy, asked one by one, and of the twin."""
        assert picks == [one(self.copy, *key, **avoid) for key in given]
        if self.twin is not None:
            if hasattr(self.twin.twin, "now_s"):
                self.twin.twin.now_s = CLOCK.told
            assert picks == [one(self.twin, *key, **avoid) for key in given]

    def hostile(self, call: Callable[[], object]) -> bool:
        """Refused, and nothing has changed; or taken (True), and all goes on from there."""
        tried["calls"] += 1
        before = state(self.selector)
        try:
            call()
        except (*REFUSALS, Late):
            tried["refused"] += 1
            assert state(self.selector) == before
            return False
        if state(self.selector) != before:
            self.copy, self.twin = self.selector.copy(), None
        return True

    def key(self) -> list[Any]:
        return [self.rng.choice([*MORE, self.rng.getrandbits(64)])] if self.keyed else []

    def node(self) -> int:
        return self.rng.randrange(len(self.selector.nodes))

    def look_at_the_clock(self) -> None:
        """What a refused call may have seen, the copy sees too."""
        self.selector.release([])
        self.copy.release([])

    # ---- the calls ---------------------------------------------------------------------------------------------------

    def select(self) -> None:
        tried["calls"] += 1
        key = self.key()
        self.picks([key], [one(self.selector, *key)])

    def avoid(self) -> None:
        tried["calls"] += 1
        key, avoid = self.key(), [self.node() for _ in range(self.rng.randrange(4))]
        self.picks([key], [one(self.selector, *key, avoid=avoid)], avoid=avoid)

    def many(self) -> None:
        """Into a new array, or one that is exact, longer, or lies; what lies behind the picks stays."""
        tried["calls"] += 1
        m, words = self.rng.choice([0, 1, 2, 7, 20]), None
        given = [self.key() for _ in range(m)]
        requests: Any = [key for [key] in given] if self.keyed else m
        if self.keyed and self.rng.random() < 0.5:
            words = np.array([self.rng.getrandbits(63) - 2**62 for _ in range(2 * m)], np.int64)[::2]
            shape = self.rng.choice([lambda a: a, lambda a: a.copy(), lambda a: a.astype(">i8"), lambda a: frozen(a)])
            requests, given = shape(words), [[key] for key in words.tolist()]
        base = np.full(m + 8, -7, np.int32)
        kind = self.rng.choice([np.ndarray, np.ndarray, Short, np.matrix, np.ma.MaskedArray])
        out = base[: m + self.rng.choice([0, 1, 8])].view(kind) if self.rng.random() < 0.7 else None
        if kind is np.matrix and out is not None:  # two-dimensional, so it is refused
            self.hostile(lambda: self.selector.select_many(requests, out=out))
            assert (base == -7).all()
            return
        result = self.selector.select_many(requests, out=out)
        picks = base[:m] if out is not None else result
        assert (base[m if out is not None else 0 :] == -7).all()
        self.picks(given, picks.tolist())

    def bad_out(self) -> None:
        base = np.full(12, -7, np.int32)
        shape = self.rng.choice([
            lambda: base[:4], lambda: base[:4].view(Long), lambda: base[::2], lambda: base[::-1],
            lambda: base.view(">i4"), lambda: base.view(np.float32), lambda: base.view(np.uint32), lambda: frozen(base),
            lambda: base.reshape(3, 4), lambda: base.view(np.int8)[1:41].view(np.int32),
            lambda: self.rng.choice(HOSTILE),
        ])  # fmt: skip
        requests = [1, 2, 3, 4, 5] if self.keyed else 5
        out = shape()
        taken = self.hostile(lambda: self.selector.select_many(requests, out=out))
        self.look_at_the_clock()
        assert (base == -7).all() and taken == (out is None)

    def mark(self) -> None:
        node, up = self.node(), self.rng.random() < 0.6
        self.all(lambda s: s.mark_up(node) if up else s.mark_down(node))

    def release(self) -> None:
        """One request, or many at once; the copy and the twin release them one by one."""
        tried["calls"] += 1
        flying = self.selector.in_flight.tolist() if self.selector.keeps_load else [3] * len(self.selector.nodes)
        each = [node for node, many in enumerate(flying) for _ in range(min(many, 3))]
        nodes = self.rng.sample(each, self.rng.randrange(len(each) + 1))
        oks = [self.rng.random() < 0.7 for _ in nodes]
        latencies = [self.rng.choice([0.0, 0.25, 1e-300, 3.0, 1e300]) for _ in nodes]
        before = CLOCK.told
        if len(nodes) == 1:
            self.selector.release(nodes[0], oks[0], latencies[0])
        else:
            self.selector.release(np.array(nodes, int), np.array(oks, bool), np.array(latencies, float))
        assert CLOCK.told >= before
        self.copy.release([])  # sees the time, as the selector did, also where nothing is released
        for node, ok, latency_s in zip(nodes, oks, latencies, strict=True):
            self.copy.release(node, ok, latency_s)
            if self.twin is not None:
                if hasattr(self.twin.twin, "now_s"):
                    self.twin.twin.now_s = CLOCK.told
                self.twin.release(node, ok, latency_s)

    def time(self) -> None:
        if self.rng.random() < 0.7 or not self.timed:
            CLOCK.value = self.rng.choice([CLOCK.told + self.rng.random() * 20, CLOCK.told, 0.0, 2.0**61])
            return
        kept, told, CLOCK.value = CLOCK.value, CLOCK.told, self.rng.choice(CLOCKS)
        key = [5] if self.keyed else []
        call = self.rng.choice([
            lambda: self.selector.select(*key), lambda: self.selector.select(*key, avoid=[0]),
            lambda: self.selector.select_many(key or 3), lambda: self.selector.release([]),
        ])  # fmt: skip
        try:
            assert not self.hostile(call), f"a clock that shows {CLOCK.value!r} is believed"
        finally:
            CLOCK.value, CLOCK.told = kept, told

    def come_and_go(self) -> None:
        """The twin cannot follow, so the copy alone does."""
        self.names += 1
        name, node, add = f"new-{self.names}", self.node(), self.rng.random() < 0.5
        call = (lambda s: s.add(name)) if add else (lambda s: s.remove(node))
        self.hostile(lambda: call(self.selector))
        assert self.selector.nodes == self.copy.nodes

    def anew(self) -> None:
        """A constructor again, with the same clock; all goes on from there."""
        n, second = self.rng.choice([1, 3, 4, ["a", "b"], *HOSTILE[:12]]), self.rng.choice(HOSTILE)
        if (isinstance(n, int | np.bool_) and abs(int(n)) > 10) or (isinstance(second, int) and second > 2**20):
            return
        given = [n, second] if self.rng.random() < 0.5 else [n]
        how = {"seed": 7} if self.seeded and len(given) == 1 else {}
        if self.timed:
            how["clock"] = CLOCK
        if self.hostile(lambda: self.selector.__init__(*given, **how)):  # type: ignore[misc]
            self.copy, self.twin, CLOCK.told = self.selector.copy(), None, 0.0

    def reset(self) -> None:
        self.all(lambda s: s.reset())
        CLOCK.told = 0.0
        if self.twin is not None and hasattr(self.twin.twin, "clock"):
            self.twin.twin.clock = lambda: CLOCK.told

    def elsewhere(self) -> None:
        """A copy or a pickle takes the selector's place, and the selector that of the copy."""
        tried["calls"] += 1
        kept, CLOCK.value = CLOCK.value, max(CLOCK.told, CLOCK.value)
        if self.rng.random() < 0.5:
            self.copy, self.selector = self.selector, self.selector.copy()
        else:
            self.copy, self.selector = self.selector, pickle.loads(pickle.dumps(self.selector))
        self.look_at_the_clock()  # which may show less when it is asked next
        CLOCK.value = kept

    def look(self) -> None:
        tried["calls"] += 1
        s, c = self.selector, self.copy
        assert repr(s) == repr(c) and s.nodes == c.nodes and len(s.weights) == len(s.nodes)
        assert s.weights.tolist() == c.weights.tolist() and s.up.tolist() == c.up.tolist()
        for other in [c] if self.twin is None else [c, self.twin]:
            assert s.up.tolist() == other.up.tolist()
            assert not s.keeps_load or s.in_flight.tolist() == other.in_flight.tolist()
        s.weights[:], s.up[:] = -5, False  # copies, which anybody may spoil
        assert s.weights.tolist() == c.weights.tolist() and s.up.tolist() == c.up.tolist()

    def junk(self) -> None:
        """Any value for any argument."""
        s, value, key = self.selector, self.rng.choice(HOSTILE), [5] if self.keyed else [None]
        many = [1, 2, 3] if self.keyed else 3
        huge = isinstance(value, int | np.integer) and abs(int(value)) > 2**20 and not isinstance(value, Number)
        calls = [
            lambda: s.select(value), lambda: s.select(*key, avoid=value), lambda: s.select(*key, avoid=[value, 0]),
            lambda: s.select_many(many, out=value), lambda: s.mark_down(value), lambda: s.mark_up(value),
            lambda: s.add(value), lambda: s.add("junk", value), lambda: s.remove(value), lambda: s.release(value),
            lambda: s.release(0, value), lambda: s.release([], ok=value), lambda: s.release([0, 0], latency_s=value),
            lambda: s.release(0, True, value), lambda: s.__setstate__(value), lambda: s.select_many([value, 1]),
            lambda: s.__setstate__({**s.__getstate__(), "nodes": value}),
        ]  # fmt: skip
        # A batch may be huge by right, and would take long.
        calls += [] if huge else [lambda: s.select_many(value)]
        self.hostile(self.rng.choice(calls))
        self.look_at_the_clock()


CHOICES = (
    ["select"] * 6 + ["many"] * 5 + ["avoid", "mark", "release"] * 3 + ["junk"] * 6
    + ["bad_out", "time", "time", "reset", "elsewhere", "look", "look"]
)  # fmt: skip
LAST = [*CHOICES, "come_and_go", "come_and_go", "anew"]  # the twin is lost by these, so they come late in a run


def fuzz(name: str, calls: int, seed: int) -> None:
    rng = random.Random(f"{name} {seed}")
    end = tried["calls"] + calls
    while tried["calls"] < end:
        run, steps = Run(ROWS[name], rng), []
        for step in range(60):
            steps.append(rng.choice(CHOICES if step < 30 else LAST))
            try:
                getattr(run, steps[-1])()
            except Exception as error:
                error.add_note(f"{run.selector!r}, after {', '.join(steps)}")
                raise


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("calls", [CALLS, pytest.param(SOAK, marks=pytest.mark.soak)])
def test_any_sequence_of_calls(name: str, calls: int) -> None:
    fuzz(name, calls, calls)


def test_thousands_of_calls_were_tried() -> None:
    print(f"fuzz: {tried['calls']} calls, {tried['refused']} of them refused")
    assert tried["refused"] > tried["calls"] / 10 or tried["calls"] == 0
