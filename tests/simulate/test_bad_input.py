"""What a simulation refuses: each with an error that names the argument, before anything runs."""

import threading
from typing import Any

import numpy as np
import pytest

import lbcore
from lbcore.simulate import Bursty, Deterministic, Exponential, Pareto, queue, queues
from lbcore.simulate.queueing import Engine

NAN, INF = float("nan"), float("inf")

RING: dict[str, Any] = {"selector": lbcore.HashRing(3)}
BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"requests": None}, TypeError, "requests: say how many"),
    ({"requests": 0}, ValueError, "requests: 0 is not between 1 and"),
    ({"requests": -1}, ValueError, "requests: -1 is not"),
    ({"requests": 10.0}, TypeError, "requests: 10.0 is not a whole number"),
    ({"requests": True}, TypeError, "requests: True is not"),
    ({"requests": 10**13}, ValueError, "requests: 10,000,000,000,000 is not"),
    ({"load": None}, TypeError, "load: give either load or rate_per_s"),
    ({"rate_per_s": 1.0}, TypeError, "load: give either load or rate_per_s"),
    ({"load": 0}, ValueError, "load: 0 is not greater than 0"),
    ({"load": -0.5}, ValueError, "load: -0.5 is not"),
    ({"load": NAN}, ValueError, "load: nan is not finite"),
    ({"load": INF}, ValueError, "load: inf is not finite"),
    ({"load": "0.5"}, TypeError, "load: '0.5' is not a number"),
    ({"load": True}, TypeError, "load: True is not a number"),
    ({"load": 1e300}, ValueError, "load: .* requests a second are not"),
    ({"load": None, "rate_per_s": 0.0}, ValueError, "rate_per_s: 0.0 is not greater"),
    ({"load": None, "rate_per_s": 1e-300}, ValueError, "rate_per_s: .* are not from"),
    ({"speeds": [0.0] * 3}, ValueError, "load: every node stands still"),
    ({"arrivals": [1.0, 2.0]}, TypeError, "load: the arrivals are given as times"),
    ({"arrivals": "poisson"}, TypeError, "arrivals: 'poisson' is of type str; give Poisson"),
    ({"arrivals": 3}, TypeError, "arrivals: 3 is of type int"),
    ({"arrivals": lbcore.simulate.Poisson}, TypeError, "arrivals: <class .*Poisson.*> is of type type"),
    ({"service": "fast"}, TypeError, "service: 'fast' is of type str; give Exponential"),
    ({"service": [1.0, NAN]}, ValueError, r"service\[1\]: nan is not from 0 to"),
    ({"service": [1.0, -1.0]}, ValueError, r"service\[1\]: -1 is not"),
    ({"service": [[1.0]]}, TypeError, "service: .* is not a flat list of numbers"),
    ({"service": [0.0, 0.0]}, ValueError, "service: no request takes any time"),
    ({"service": [1.0], "requests": 2}, ValueError, "requests: 2 is not between 1 and 1"),
    ({"service": [True]}, TypeError, "service: .* is not a flat list of numbers"),
    ({"speeds": 1.0}, TypeError, "speeds: 1.0 is of type float; give one number for each node"),
    ({"speeds": [1.0]}, ValueError, "speeds: 1 speeds for 3 nodes"),
    ({"speeds": [1.0, 1.0, -1.0]}, ValueError, r"speeds\[2\]: -1 is not"),
    ({"speeds": [1.0, 1.0, "x"]}, TypeError, "speeds: .* is not a flat list"),
    ({"speeds": [1.0, 1e-300, 1.0]}, ValueError, r"speeds\[1\]: .* is slower than 1e-09 and yet not 0"),
    ({"speeds": [1.0, 1e10, 1.0]}, ValueError, r"speeds\[1\]: .* is not at least 0 and at most 1e\+09"),
    ({"servers": 0}, ValueError, "servers: 0 is not between 1"),
    ({"servers": 1.5}, TypeError, "servers: 1.5 is not"),
    ({"servers": 1 << 20}, ValueError, "servers: 1,048,576 is not between 1 and 349,525"),
    ({"warm_up": -1}, ValueError, "warm_up: -1 is not between 0 and 99"),
    ({"warm_up": 100}, ValueError, "warm_up: 100 is not between 0 and 99"),
    ({"warm_up": 0.1}, TypeError, "warm_up: 0.1 is not a whole number"),
    ({"seed": -1}, ValueError, "seed: -1 is outside"),
    ({"seed": 1.0}, TypeError, "seed: 1.0 is of type float"),
    ({"keep": True, "requests": 10**9}, ValueError, "keep: 1,000,000,000 requests are too many to keep"),
    ({"nodes": 3}, TypeError, "nodes: RoundRobin has its own"),
    ({"keys": ["a"]}, TypeError, "keys: RoundRobin takes no key"),
    ({"selector": lbcore.ModuloHash(3)}, TypeError, "keys: ModuloHash selects by key"),
    ({"selector": lbcore.ModuloHash(3), "keys": "abc"}, TypeError, "keys: 'abc' is not a list of keys"),
    ({"selector": lbcore.ModuloHash(3), "keys": []}, ValueError, "keys: no key is given"),
    ({"selector": lbcore.ModuloHash(3), "keys": ["a", 1.5]}, TypeError, r"keys\[1\]: 1.5 is of type float"),
    ({"selector": lbcore.ModuloHash(3), "keys": np.zeros((2, 2), int)}, TypeError, "keys: .* is not a list of keys"),
    ({"selector": lbcore.RoundRobin}, TypeError, "selector: <class .*RoundRobin'> has no select"),
    ({"selector": 3}, TypeError, r"selector: 3 has no select\(\) to call"),
    ({"sample_every_s": 0}, ValueError, "sample_every_s: 0 is not greater"),
    ({"sample_every_s": 1e-9}, ValueError, "sample_every_s: 1e-09 gives more than 10,000,000 queue lengths"),
    ({"schedule": 5}, TypeError, "schedule: 5 is not a list"),
    ({"schedule": [(1.0, 0)]}, TypeError, r"schedule\[0\]: \(1.0, 0\) is not \(time"),
    ({"schedule": [(-1.0, 0, "down")]}, ValueError, r"schedule\[0\]: -1.0 is not at least 0"),
    ({"schedule": [(NAN, 0, "down")]}, ValueError, r"schedule\[0\]: nan is not finite"),
    ({"schedule": [(1.0, 3, "down")]}, ValueError, r"schedule\[0\]: 3 is not between 0 and 2"),
    ({"schedule": [(1.0, "x", "down")]}, ValueError, r"schedule\[0\]: 'x' is not a node"),
    ({"schedule": [(1.0, 0, "dead")]}, ValueError, r"schedule\[0\]: 'dead' is none of down, up, mark_down, mark_up"),
    ({"schedule": [(1.0, 0, -2)]}, ValueError, r"schedule\[0\]: -2 is not at least 0"),
    ({"schedule": [(1.0, 0, None)]}, TypeError, r"schedule\[0\]: None is not a number"),
    ({"load": 10**400}, ValueError, "load: 1000000.* is not finite"),
    ({"load": 10**5000}, ValueError, "load: a huge int is not finite"),
    ({"service": [10**400]}, TypeError, "service: .* is not a flat list of numbers"),
    ({"progress": 5}, TypeError, "progress: 5 cannot be called"),
    (RING | {"keys": np.array([1.5])}, TypeError, "keys: HashRing selects by key; .* not a 1-D array of float64"),
    (RING | {"keys": ["a", [1, 2]]}, TypeError, r"keys\[1\]: \[1, 2\] is of type list"),
    (RING | {"keys": np.array([["a"]])}, TypeError, "keys: .* is not a list of keys"),
]


@pytest.mark.parametrize(("given", "kind", "said"), BAD, ids=[said for _, _, said in BAD])
def test_bad_input_is_refused_by_name(given: dict[str, Any], kind: type[Exception], said: str) -> None:
    def never(done: int, of: int) -> None:
        raise AssertionError("it ran")

    arguments = {"selector": lbcore.RoundRobin(3), "requests": 100, "load": 0.5, "progress": never, **given}
    with pytest.raises(kind, match=said):
        queue(**arguments)


def test_listed_arrivals_are_looked_at() -> None:
    for times, said in (
        ([], "arrivals: no time is given"),
        ([1.0, 0.5], r"arrivals\[1\]: 0.5 is before"),
        ([0.0, INF], r"arrivals\[1\]: inf is not from 0 to"),
        ([-1.0, 2.0], r"arrivals\[0\]: -1 is not"),
    ):
        with pytest.raises(ValueError, match=said):
            queue(lbcore.RoundRobin(3), arrivals=times)
    with pytest.raises(ValueError, match="requests: 3 is not between 1 and 2"):
        queue(lbcore.RoundRobin(3), 3, arrivals=[1.0, 2.0])


def test_a_plain_selector_says_its_nodes_or_is_told() -> None:
    class Zero:
        def select(self) -> int:
            return 0

    with pytest.raises(TypeError, match="nodes: Zero does not tell its nodes; give their number"):
        queue(Zero(), 10, load=0.5)
    with pytest.raises(TypeError, match="nodes: 'ab' is not a whole number"):
        queue(Zero(), 10, load=0.5, nodes="ab")
    with pytest.raises(ValueError, match="nodes: 0 is not between 1"):
        queue(Zero(), 10, load=0.5, nodes=0)
    with pytest.raises(TypeError, match=r"schedule\[0\]: Zero has neither mark_down\(\) nor a list `up`"):
        queue(Zero(), 10, load=0.5, nodes=2, schedule=[(1.0, 0, "mark_down")])
    uncopied = Zero()
    uncopied.lock = threading.Lock()  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match=r"selector: Zero cannot be copied: cannot pickle '_thread.lock' object"):
        queue(uncopied, 10, load=0.5, nodes=2)
    assert queue(Zero(), 10, load=0.5, nodes=["a", "b"]).nodes == ("a", "b")
    assert queue(Zero(), 10, load=0.5, nodes=2).nodes == ("node-0", "node-1")


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (lambda: Exponential(0), ValueError, "mean_s: 0 is not at least 1e-12"),
        (lambda: Exponential(INF), ValueError, "mean_s: inf is not finite"),
        (lambda: Deterministic("1"), TypeError, "mean_s: '1' is not a number"),
        (lambda: Deterministic(-1), ValueError, "mean_s: -1 is not"),
        (lambda: Pareto(alpha=1.0), ValueError, "alpha: 1.0 is not at least 1.01"),
        (lambda: Pareto(alpha=31), ValueError, "alpha: 31 is not at least 1.01 and at most 30"),
        (lambda: Pareto(spread=1), ValueError, "spread: 1 is not greater than 1"),
        (lambda: Pareto(mean_s=None), TypeError, "mean_s: None is not a number"),
        (lambda: Bursty(0.5), ValueError, "burst: 0.5 is not at least 1"),
        (lambda: Bursty(peak=1.0), ValueError, "peak: 1.0 is not greater than 1"),
        (lambda: Bursty(peak=NAN), ValueError, "peak: nan is not finite"),
    ],
)
def test_shapes_are_looked_at(make: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        make()


def test_the_engine_itself_cannot_be_brought_to_crash() -> None:
    """Nobody calls it but `queue`; still, what would read beyond an array is an error."""
    given: dict[str, Any] = {
        "servers": 1, "requests": 10, "first_measured": 0, "seed": 1, "arrivals": ("exponential", 1.0, 0.0, 0.0, 0.0),
        "services": ("exponential", 1.0, 0.0, 0.0, 0.0), "speeds": [1.0, 1.0], "keys": None, "kept": None,
    }  # fmt: skip
    engine = Engine(lbcore.RoundRobin(2), 2, **given)
    for call in (engine.crash, engine.revive, lambda node: engine.set_speed(node, 1.0)):
        for node in (-1, 2):
            with pytest.raises(IndexError, match=f"node: {node} is not an index of 2 nodes"):
                call(node)
    short = np.zeros(3)
    for change in (
        {"servers": 0},
        {"servers": 1 << 30},
        {"arrivals": short},
        {"services": short},
        {"speeds": []},
        {"kept": (short, short, short, np.zeros(3, np.int32), np.zeros(3, np.int8))},
        {"arrivals": np.zeros(0)},
    ):
        with pytest.raises((ValueError, IndexError)):
            Engine(lbcore.RoundRobin(2), 2, **{**given, **change})
    for selector, n in ((lbcore.RoundRobin(3), 2), (lbcore.RoundRobin(2), 0), (lbcore.RoundRobin(2), 1 << 62)):
        with pytest.raises(ValueError, match=r"nodes|servers"):
            Engine(selector, n, **given)
    for wrong in (None, object()):
        with pytest.raises(TypeError, match="selector"):
            Engine.__new__(Engine, wrong, 3, servers=1)
    with pytest.raises(TypeError, match="an engine runs once"):
        engine.__init__(lbcore.RoundRobin(2), 2, **given)  # type: ignore[misc]
    blank = Engine.__new__(Engine, lbcore.RoundRobin(2), 2, servers=1)
    blank.advance(5, 10.0)
    blank.wait(10.0)
    blank.crash(0)
    assert blank.lengths().tolist() == [0, 0] and blank.totals()["refused"] == 0


@pytest.mark.parametrize("at_load", [0.9, 2.0])
@pytest.mark.parametrize("method", ["mark_down", "mark_up", "_mark"])
def test_nodes_that_change_in_a_method_of_a_subclass(method: str, at_load: float) -> None:
    """The requests in the system stay at their indices: without a look, departures would write beyond the load."""
    shrinking = type("Shrinking", (lbcore.TwoChoices,), {method: lambda self, node, up=0: self.remove(node)})
    what = "mark_up" if method == "mark_up" else "mark_down"
    for n in (5, 40):
        for seed in range(5):
            schedule = [(10.0 + i, 0, what) for i in range(n - 1)]
            with pytest.raises(RuntimeError, match="selector: its nodes changed while the simulation ran"):
                queue(shrinking(n, seed=1), 3000, load=at_load, seed=seed, schedule=schedule)


def test_nodes_that_change_while_the_compiled_loop_runs() -> None:
    """`queue` makes a copy; a subclass can still get hold of it."""
    caught: list[lbcore.LeastConnections] = []

    class Escaping(lbcore.LeastConnections):
        def __setstate__(self, state: Any) -> None:
            super().__setstate__(state)  # type: ignore[misc]
            caught.append(self)

    for change in (lambda: caught[0].remove(0), lambda: caught[0].add("new")):
        caught.clear()
        with pytest.raises(RuntimeError, match="selector: its nodes changed while the simulation ran"):
            queue(Escaping(20), 600_000, load=1.5, seed=1, progress=lambda done, of, change=change: change())
        assert len(caught) == 1

    stop = threading.Event()

    def coming_and_going() -> None:
        while not stop.is_set():
            for selector in caught[:1]:
                selector.add("new")
                selector.remove("new")

    caught.clear()
    thread = threading.Thread(target=coming_and_going)
    thread.start()
    with pytest.raises(RuntimeError, match="selector: its nodes changed while the simulation ran"):
        queue(Escaping(20), 10**8, load=0.9, seed=1)
    stop.set()
    thread.join()


def test_bad_keys_leave_the_generator_as_it_was() -> None:
    generator = np.random.default_rng(1)
    with pytest.raises(TypeError, match=r"keys\[0\]: 1.5 is of type float"):
        queue(lbcore.HashRing(3), 10, load=0.5, keys=[1.5], seed=generator)
    assert generator.integers(1 << 60) == np.random.default_rng(1).integers(1 << 60)


def test_what_a_key_hash_raises_comes_out_as_it_is() -> None:
    ring = lbcore.HashRing(3, key_hash=lambda key: len(key.decode("ascii")))
    with pytest.raises(UnicodeDecodeError, match="ordinal not in range"):
        queue(ring, 10, load=0.5, keys=["\xe4"])


def test_long_keys_are_not_made_an_array() -> None:
    """As one array of text, each key would take the room of the longest."""
    assert queue(lbcore.ModuloHash(3), 10, load=0.5, keys=["x" * 10**6, *["y"] * 10**6], seed=1).served == 10


def test_marks_need_their_own_method_or_a_list() -> None:
    class Half:
        n = 2

        def select(self) -> int:
            return 0

        def mark_down(self, node: int) -> None:
            pass

    with pytest.raises(TypeError, match=r"schedule\[0\]: Half has neither mark_up\(\) nor a list `up`"):
        queue(Half(), 10, load=0.5, schedule=[(0.0, 0, "mark_up")])
    names = np.array(["a", "b"])
    assert queue(Half(), 10, load=0.5, nodes=names, schedule=[(0.0, 0, "mark_down")]).nodes == ("a", "b")


def test_samples_are_counted_as_they_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrivals in bursts can take much longer than their mean says."""
    monkeypatch.setattr(queues, "MOST_LENGTHS", 1000)
    bursty: dict[str, Any] = {"rate_per_s": 1, "arrivals": Bursty(burst=1000, peak=5), "service": [0.001] * 10}
    given: dict[str, Any] = {"selector": lbcore.Random(1, seed=1), "requests": 10, "sample_every_s": 0.01, **bursty}
    quick = queue(**given, seed=1)
    assert quick.lengths is not None and quick.window_s[1] < 10 and len(quick.lengths) <= 1000
    with pytest.raises(ValueError, match="sample_every_s: by 10 s there are more than 1,000 queue lengths"):
        queue(**given, seed=9)
