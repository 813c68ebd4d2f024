"""What fails half way, and functions that call their selector back: an error, no crash, and nobody waits for ever.

Longer than 300 lines: one way to be interrupted after the other, for every class that has functions of a user.
"""

import gc
import pickle
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lbcore
from lbcore.selectors.hashing import HashTable
from lbcore.selectors.systems import envoy, haproxy, nginx

from .rows import ROWS, Row, keys
from .test_bad_input import state

Function = Callable[[tuple[str, ...], np.ndarray], Any]


def points(nodes: tuple[str, ...], weights: np.ndarray) -> tuple[list[int], list[int]]:
    """A point for each node that is up."""
    up = np.flatnonzero(weights).tolist()
    return [7 * i for i in up], up


def owners(nodes: tuple[str, ...], weights: np.ndarray) -> list[int]:
    return np.flatnonzero(weights).tolist()


# Each class that asks a function of the user's: how to make it with one, and one that works.
ASKING: dict[str, tuple[Callable[[Any, Function], Any], Function]] = {
    "HashRing": (lambda nodes, ask: lbcore.HashRing(nodes, points=ask, rebuild=True), points),
    "BoundedRing": (lambda nodes, ask: lbcore.BoundedRing(nodes, points=ask, rebuild=True), points),
    "NearestRing": (lambda nodes, ask: haproxy.NearestRing(nodes, points=ask), points),
    "BoundedNearestRing": (lambda nodes, ask: haproxy.BoundedNearestRing(nodes, points=ask), points),
    "HashTable": (lambda nodes, ask: HashTable(nodes, table=ask, rebuild=True), owners),
    "AttemptTable": (lambda nodes, ask: envoy.AttemptTable(nodes, table=ask), owners),
    "BoundedAlternates": (lambda nodes, ask: envoy.BoundedAlternates(nodes, inner=ask), lbcore.HashRing),
}
asking = pytest.mark.parametrize("kind", ASKING)


class Obeying:
    """A function that works until it is told to do something else."""

    def __init__(self, works: Function):
        self.works, self.otherwise = works, None  # type: tuple[Function, Callable[[], object] | None]

    def __call__(self, nodes: tuple[str, ...], weights: np.ndarray) -> Any:
        if self.otherwise is not None:
            self.otherwise()
        return self.works(nodes, weights)


def fail() -> None:
    raise ZeroDivisionError("no")


CHANGES: dict[str, Callable[[Any], object]] = {
    "add": lambda selector: selector.add("new"),
    "remove": lambda selector: selector.remove(0),
    "mark_down": lambda selector: selector.mark_down(2),
    "mark_up": lambda selector: selector.mark_up(1),
    "reset": lambda selector: selector.reset(),
    "constructor": lambda selector: selector.__init__(2, **function_of(selector)),
}


def function_of(selector: Any) -> dict[str, Any]:
    """The function it was made with, as an argument of its constructor."""
    given = selector.__getstate__()
    return {name: given[name] for name in ("points", "table", "inner") if name in given}


@asking
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_function_that_fails_leaves_all_as_it_was(kind: str, change: str, error: type[BaseException]) -> None:
    def otherwise() -> None:
        raise error("no")

    make, works = ASKING[kind]
    ask = Obeying(works)
    selector = make(4, ask)
    selector.mark_down(1)
    picks = selector.copy().select_many(keys(50)).tolist()
    before, ask.otherwise = state(selector), otherwise
    with pytest.raises(error, match="no"):
        CHANGES[change](selector)
    ask.otherwise = None
    assert state(selector) == before
    assert selector.select_many(keys(50)).tolist() == picks
    CHANGES[change](selector)
    assert selector.select_many(keys(50)).min() >= 0


CALLS: dict[str, Callable[[Any], object]] = {
    "select": lambda selector: selector.select("a"),
    "avoid": lambda selector: selector.select("a", avoid=[0]),
    "select_many": lambda selector: selector.select_many(["a"]),
    "release": lambda selector: selector.release(0),
    "nodes": lambda selector: selector.nodes,
    "up": lambda selector: selector.up,
    "weights": lambda selector: selector.weights,
    "repr": repr,
    "copy": lambda selector: selector.copy(),
    "pickle": pickle.dumps,
    **CHANGES,
}


@asking
@pytest.mark.parametrize("change", CHANGES)
def test_a_function_that_calls_back_is_told_so(kind: str, change: str) -> None:
    """The lock is held while the function is asked: a call would else wait for ever, and no Ctrl-C end it."""
    make, works = ASKING[kind]
    ask = Obeying(works)
    selector = make(4, ask)
    selector.mark_down(1)
    before = state(selector)
    for call in CALLS.values():
        ask.otherwise = lambda call=call: call(selector)
        with pytest.raises(RuntimeError, match="is at work: neither its own functions"):
            CHANGES[change](selector)
        assert state(selector) == before
    ask.otherwise = None
    assert selector.select("a") in (0, 2, 3)


@asking
def test_a_constructor_whose_function_calls_back(kind: str) -> None:
    made: list[Any] = []
    make, works = ASKING[kind]
    probe = make(3, works)

    class Own(type(probe)):  # type: ignore[misc]
        def __init__(self) -> None:
            made.append(self)
            super().__init__(3, **dict.fromkeys(function_of(probe), self.ask))

        def ask(self, nodes: tuple[str, ...], weights: np.ndarray) -> Any:
            return self.select("a"), works(nodes, weights)

    with pytest.raises((RuntimeError, TypeError)):
        Own()
    with pytest.raises((LookupError, TypeError)):
        made[0].select("a")
    assert made[0].nodes == ()


@asking
def test_a_constructor_that_failed_unnoticed_leaves_an_empty_selector(kind: str) -> None:
    make, works = ASKING[kind]
    probe = make(3, works)

    class Own(type(probe)):  # type: ignore[misc]
        def __init__(self) -> None:
            with pytest.raises(ZeroDivisionError):
                super().__init__(3, **dict.fromkeys(function_of(probe), lambda nodes, weights: fail()))

    selector = Own()
    assert selector.nodes == () and selector.select_many(0).tolist() == []
    with pytest.raises((LookupError, TypeError)):
        selector.select("a")


FAILING: dict[str, Callable[[], tuple[type, tuple[Any, ...], dict[str, Any]]]] = {
    "backup": lambda: (nginx.PassiveRoundRobin, (3,), {"backup": ["nobody"]}),
    "backup of all": lambda: (nginx.PassiveLeastConnections, (2,), {"backup": [0, 1]}),
    "a long round": lambda: (haproxy.MapRoundRobin, (2, [2**30, 1]), {}),
    "many points": lambda: (nginx.PassiveRing, (2, [2**30, 1]), {}),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_constructor_that_fails_leaves_all_as_it_was(what: str) -> None:
    kind, given, more = FAILING[what]()
    new, old = kind.__new__(kind), kind(5)
    before = state(old)
    for selector in (new, old):
        with pytest.raises(ValueError, match=r"^(backup|weights): "):
            selector.__init__(*given, **more)
    assert new.nodes == () and state(old) == before
    new.__init__(3)
    assert new.select(*(["a"] if new.keyed else [])) in (0, 1, 2)


@pytest.mark.parametrize(
    ("whole", "column"),
    [(lbcore.WeightedRoundRobin(3), "credit"), (nginx.PassiveHash(3), "fails"), (lbcore.LeastConnections(3), "load")],
    ids=str,
)
def test_a_half_made_selector_says_so(whole: Any, column: str) -> None:
    """What was interrupted while it took its state is shut for all but its constructor."""
    kind = type(whole)
    selector = kind.__new__(kind)
    with pytest.raises(ValueError, match=f"state: {column} and nodes differ in length"):
        selector.__setstate__({**whole.__getstate__(), column: [0]})
    key = ["a"] if selector.keyed else []
    for call in (lambda: selector.select(*key), lambda: selector.nodes, lambda: repr(selector), selector.reset):
        with pytest.raises(RuntimeError, match=f"an error left this {kind.__name__} half made; make a new one"):
            call()
    assert selector.select_many(key or 3).max() == -1
    selector.__init__(3)
    assert selector.select(*key) in (0, 1, 2)


class Yielding:
    """numpy, for one module; whoever asks it for anything first lets others run."""

    def __init__(self, numpy: Any, others: Callable[[], None]):
        self.numpy, self.others = numpy, others

    def __getattr__(self, name: str) -> Any:
        self.others()
        return getattr(self.numpy, name)


@pytest.mark.parametrize("name", ROWS)
def test_two_constructors_of_one_selector_do_not_mix(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A constructor is one hold of the lock: at whatever step it is, the others wait until it is done."""
    selector, main = ROWS[name].make(4), threading.get_ident()
    threads: list[threading.Thread] = []

    def others() -> None:
        if threading.get_ident() == main:
            threads.append(threading.Thread(target=selector.__init__, args=(4 + len(threads) % 5,)))  # type: ignore[misc]
            threads[-1].start()
            threads[-1].join(0.002)

    for path, module in list(sys.modules.items()):
        if path.startswith("lbcore.selectors.") and hasattr(module, "np"):
            monkeypatch.setattr(module, "np", Yielding(np, others))
    selector.__init__(3)  # type: ignore[misc]
    monkeypatch.undo()
    for thread in threads:
        thread.join()
    found = selector.__getstate__()  # type: ignore[attr-defined]
    fresh = type(selector)(len(selector.nodes)).__getstate__()
    assert threads
    assert {name: np.shape(value) for name, value in found.items()} == {
        name: np.shape(value) for name, value in fresh.items()
    }
    assert selector.select_many(keys(30) if selector.keyed else 30).max() < len(found["nodes"])


def test_a_del_that_calls_back_is_told_so() -> None:
    """Garbage is collected at any time, also while the selector is at work."""
    told: list[str] = []

    class Request:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            try:
                ring.mark_up(0)
            except RuntimeError as error:
                told.append(str(error))

    def collecting(nodes: tuple[str, ...], weights: np.ndarray) -> Any:
        Request()
        gc.collect()
        return points(nodes, weights)

    ring = lbcore.HashRing(3)
    ring = lbcore.HashRing(3, points=collecting)
    told.clear()
    ring.add("new")
    assert len(told) == 1 and "nor a __del__ may call it" in told[0]
    assert ring.nodes[-1] == "new"


def test_what_a_function_is_given_is_not_what_its_answer_is_checked_with() -> None:
    def sly(nodes: tuple[str, ...], weights: np.ndarray) -> Any:
        weights.resize(50_000_000, refcheck=False)
        weights[:] = 1
        return [1], [49_000_000]

    with pytest.raises(ValueError, match="points: an owner is outside 0 to 2"):
        lbcore.HashRing(3, points=sly)
    with pytest.raises(ValueError, match="table: an owner is outside 0 to 2"):
        HashTable(3, table=lambda nodes, weights: sly(nodes, weights)[1])

    def heavy(nodes: tuple[str, ...], weights: np.ndarray) -> Any:
        weights[:] = 1
        return [1, 2], [0, 1]

    with pytest.raises(ValueError, match="points: a node of weight zero"):
        lbcore.HashRing(2, [1, 0], points=heavy)
    with pytest.raises(ValueError, match="table: a node of weight zero"):
        HashTable(2, [1, 0], table=lambda nodes, weights: heavy(nodes, weights)[1])


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.make(1).keeps_load])
def test_keeps_load_is_what_the_compiled_class_says(name: str) -> None:
    row = ROWS[name]
    kind = type("Own", (type(row.make(3)),), {"keeps_load": False})
    selector = kind(3)
    requests = keys(4) if selector.keyed else 4
    assert selector.select_many(requests).min() >= 0 and selector.in_flight.sum() == 4
    kind.keeps_load = True
    for i in range(40):
        kind.keeps_load = not kind.keeps_load
        selector.add(f"new-{i}")
    selector.select_many(keys(2_000) if selector.keyed else 2_000)
    assert selector.in_flight.shape == (43,) and selector.copy().in_flight.sum() == 2_004


@asking
def test_a_copy_of_nodes_that_are_all_down(kind: str) -> None:
    make, works = ASKING[kind]
    selector = make(3, works)
    for node in range(3):
        selector.mark_down(node)
    for other in (selector.copy(), pickle.loads(pickle.dumps(selector))):
        assert other.select_many(["a"]).tolist() == [-1]
        if hasattr(other, "ring"):
            assert set(other.ring[1].tolist()) == {0, 1, 2} and other.replicas("a", 1).tolist() == []
        if hasattr(other, "owners"):
            assert set(other.owners.tolist()) == {0, 1, 2}
        other.remove(2)
        other.mark_up(1)
        assert other.select_many(["a", "b", "c"]).tolist() == [1, 1, 1]


def with_state(selector: Any, **changed: Any) -> Any:
    other = type(selector).__new__(type(selector))
    other.__setstate__({**selector.__getstate__(), **changed})
    return other


@pytest.mark.parametrize(
    ("selector", "changed"),
    [
        (lbcore.TwoChoices(3, seed=1), {"choices": 5000}),
        (lbcore.TwoChoices(3, seed=1), {"choices": -1}),
        (lbcore.TwoChoices(3, seed=1), {"replacement": 7}),
        (envoy.LeastRequest(3, seed=1), {"choices": 0}),
        (lbcore.LeastConnections(3), {"stale_requests": -1}),
        (lbcore.Maglev(3, table_size=7), {"table_size": 0}),
        (lbcore.Maglev(3, table_size=7), {"table_size": 1}),
        (lbcore.Maglev(3, table_size=7), {"table_size": 2}),
        (lbcore.Maglev(3, table_size=7), {"table_size": 8}),
        (lbcore.HashRing(3), {"bits": 0}),
        (lbcore.HashRing(3), {"bits": 200}),
        (lbcore.HashRing(3), {"virtual_nodes": 2**30}),
        (lbcore.HashRing(3), {"virtual_nodes": 2**23}),
        (lbcore.HashRing(3), {"rule": "last"}),
        (lbcore.HashRing(3), {"points": 5}),
        (HashTable(3, table=owners), {"table": None}),
        (lbcore.HashSlots(3, 7), {"owners": [3] * 7}),
        (envoy.BoundedAlternates(3), {"inner": None}),
        (envoy.BoundedAlternates(3), {"factor": 0}),
        (haproxy.FastWeightedRoundRobin(3), {"group": [9, 9, 9]}),
        (haproxy.FastWeightedRoundRobin(3), {"waiting": 0}),
        (haproxy.MapRoundRobin(3), {"at": -1}),
        (lbcore.BurstRoundRobin(3), {"left": 2}),
        (lbcore.BurstRoundRobin(3), {"turn": -1}),
        (lbcore.WeightedRoundRobin(3), {"credit": [0, 0]}),
        (lbcore.WeightedRoundRobin(3), {"credit": [0.5, 0.5, 0.5]}),
        (nginx.PassiveRoundRobin(3), {"backup": [2, 0, 0]}),
        (lbcore.RoundRobin(3), {"turn": 3}),
        (lbcore.RoundRobin(3), {"up": [1, 1]}),
        (lbcore.RoundRobin(3), {"weights": [1, 1]}),
        (lbcore.PeakEwma(3, seed=1), {"latency": [0.0]}),
        (lbcore.PeakEwma(3, seed=1), {"clock": 5}),
        (lbcore.PeakEwma(3, seed=1), {"now_s": -1}),
    ],
    ids=str,
)
def test_a_state_is_checked(selector: Any, changed: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        with_state(selector, **changed)
    other = with_state(selector)
    with pytest.raises(TypeError, match="state: only a new selector takes one"):
        other.__setstate__(selector.__getstate__())
    assert state(other) == state(selector)


def test_weights_that_change_while_they_are_read() -> None:
    many: list[Any] = []

    class Sly:
        def __index__(self) -> int:
            many.append(1)
            return 1

    many += [Sly(), 1, 1]
    selector = lbcore.WeightedRoundRobin(3, many)
    assert selector.weights.tolist() == [1, 1, 1] and len(many) > 3


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_second_constructor_call_begins_anew(row: Row) -> None:
    selector = row.make(9)
    selector.select_many(keys(20) if selector.keyed else 20)
    selector.mark_down(0)
    selector.__init__(3)  # type: ignore[misc]
    assert len(selector.nodes) == 3 and selector.up.all()
    assert selector.select_many(keys(20) if selector.keyed else 20).max() <= 2


def test_the_ring_inside_is_out_of_reach() -> None:
    """BoundedAlternates keeps a copy; whoever writes a subclass must not get hold of it, and change its nodes."""
    caught: list[Any] = []

    class Escaping(lbcore.HashRing):
        def __setstate__(self, state: dict[str, Any]) -> None:
            super().__setstate__(state)  # type: ignore[misc]
            caught.append(self)

        def copy(self) -> Any:
            caught.append(self)
            return self

    selector = envoy.BoundedAlternates(
        3, inner=lambda nodes, weights: caught.append(Escaping(nodes, None, 1)) or caught[-1]
    )
    assert len(caught) == 1
    for i in range(500):
        caught[0].add(f"new-{i}")
    picks = selector.select_many(keys(2_000))
    assert picks.min() >= 0 and picks.max() <= 2 and selector.in_flight.sum() == 2_000
    for wrong in (
        lambda n, w: lbcore.HashRing.__new__(lbcore.HashRing),
        lambda n, w: lbcore.HashRing(2),
        lambda n, w: 5,
    ):
        with pytest.raises(TypeError, match="inner: the function must return a HashRing or a HashTable of these nodes"):
            envoy.BoundedAlternates(3, inner=wrong)


def test_other_threads_wait_while_a_function_is_asked() -> None:
    """Only who calls from inside is refused."""
    asked, seen = threading.Event(), []
    ask = Obeying(points)
    ring = lbcore.HashRing(3, points=ask)
    thread = threading.Thread(target=lambda: asked.wait() and seen.append(ring.nodes))  # type: ignore[func-returns-value]
    thread.start()

    def wait() -> None:
        asked.set()
        thread.join(0.2)
        assert not seen

    ask.otherwise = wait
    ring.add("new")
    thread.join()
    assert seen == [ring.nodes] and len(ring.nodes) == 4
