"""Bad input: a clear Python error that names the argument, and nothing changed."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lbcore
from lbcore import Selector
from lbcore.selectors.systems import envoy

from .rows import ROWS, Row, keys

nan, inf = float("nan"), float("inf")
every = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
weighted = [type(row.make(3)) for row in ROWS.values() if row.weighted]


def read_only() -> np.ndarray:
    out = np.empty(9, np.int32)
    out.flags.writeable = False
    return out


BAD_NODES: list[Any] = [
    0, -1, [], (), 2**20 + 1, 10**30, 2.0, nan, None, True, "abc", b"abc", {"a"}, {"a": 1}, ["a", "a"], ["a", 1],
    ["a", ""], [b"a"], [None], [["a"]], np.array([]), np.array([1.0]), np.array(3.0), ["a"] * 3, object(), 3j,
]  # fmt: skip
BAD_WEIGHTS: list[Any] = [
    [], [1, 2], [1, 2, 3, 4], [0, 0, 0], [1, -1, 1], [1, nan, 1], [1, inf, 1], [1, 2.5, 1], [1, 2.0, 1],
    [2**31, 0, 0], [2**30, 2**30, 0], [10**40, 1, 1], [-(10**40), 1, 1], ["1", "2", "3"], "123", b"123", {1, 2, 3},
    {"a": 1}, 3, 3.0, [True, 1, 1], [None, 1, 1], [[1], [2], [3]], np.ones((3, 1)), np.ones(3), np.array([nan, 1, 1]),
    np.array([1, 2], np.int8), np.array(["1", "2", "3"]), [1, 2, 3j], object(),
]  # fmt: skip
BAD_SEEDS: list[Any] = [-1, 2**64, 1.0, nan, "7", True, [1], np.random.RandomState(1), object()]
BAD_SLOTS: list[Any] = [0, -1, 2, 2**24 + 1, 10**30, 4.0, nan, None, True, "16", [16]]
BAD_NODE: list[tuple[Any, type[Exception]]] = [
    (5, IndexError), (-1, IndexError), (10**30, IndexError), ("node-5", ValueError), ("", ValueError),
    (1.0, TypeError), (nan, TypeError), (None, TypeError), (True, TypeError), (b"node-1", TypeError), ((), TypeError),
]  # fmt: skip
BAD_COUNTS: list[Any] = [
    -1, 2**31, 10**30, 2.0, nan, inf, None, True, "3", b"3", [3], (), {3}, np.array([3]), np.array(3.0), object(),
]  # fmt: skip
BAD_KEYS: list[Any] = [
    5, -1, None, "abc", b"abc", 1.5, True, {"a"}, {"a": 1}, iter(["a"]), [1.5], [None], [True], ["a", ["b"]],
    ["a", nan], ["\ud800"], [np.float64(3)], [np.True_], np.array([1.0, 2.0]), np.array([True]),
    np.array([[1, 2]]), np.array(7),
    np.array(["a", 1.5], object), np.array(["2024-01-01"], "M8[D]"), np.array([1j]), object(),
]  # fmt: skip
BAD_KEY: list[Any] = [1.5, nan, True, [], (1,), {}, object(), "\ud800", np.True_, np.array([1, 2]), bytearray(b"a")]
BAD_OUT: list[Callable[[], Any]] = [
    lambda: np.empty(6, np.int32), lambda: np.empty(9, np.int64), lambda: np.empty(9, np.uint32), lambda: np.empty(9),
    lambda: np.empty((9, 1), np.int32), lambda: np.empty((3, 3), np.int32), lambda: np.empty(18, np.int32)[::2],
    lambda: np.empty(9, np.int32)[::-1], lambda: np.empty(9, ">i4"), read_only, lambda: [0] * 9, lambda: bytearray(36),
    lambda: 9, lambda: "out", lambda: np.empty(0, np.int32), lambda: np.frombuffer(bytes(36), np.int32),
    lambda: np.frombuffer(bytearray(37), np.uint8)[1:].view(np.int32),
]  # fmt: skip
BAD_AVOID: list[tuple[Any, type[Exception]]] = [
    (np.array(2), TypeError),
    ("node-1", TypeError), (b"x", TypeError), (1, TypeError), (None, TypeError), ([5], IndexError), ([-1], IndexError),
    (["nobody"], ValueError), ([1, None], TypeError), ([1.0], TypeError), ([True], TypeError), ([[1]], TypeError),
]  # fmt: skip


def state(selector: Selector) -> str:
    return str({name: np.asarray(value).tolist() for name, value in selector.__getstate__().items()})


def refused(argument: str, errors: Any, call: Callable[[], object], *unchanged: Selector) -> None:
    """The call raises one of these errors, the message starts with the argument, and no selector changed."""
    before = [state(selector) for selector in unchanged]
    with pytest.raises(errors) as caught:
        call()
    assert str(caught.value).startswith((f"{argument}:", f"{argument}[")), caught.value
    assert [state(selector) for selector in unchanged] == before


@every
def test_constructors(row: Row) -> None:
    kind = type(row.make(3))
    for nodes in BAD_NODES:
        refused("nodes", (TypeError, ValueError), lambda nodes=nodes: kind(nodes))
    for seed in BAD_SEEDS if row.seeded else []:
        refused("seed", (TypeError, ValueError), lambda seed=seed: kind(3, seed=seed))
    for weights in BAD_WEIGHTS if row.weighted else []:
        refused("weights", (TypeError, ValueError), lambda weights=weights: kind(3, weights))
    for slots in BAD_SLOTS if kind is lbcore.HashSlots else []:
        refused("slots" if slots != 2 else "nodes", (TypeError, ValueError), lambda slots=slots: kind(3, slots=slots))
    with pytest.raises(TypeError):
        kind()
    with pytest.raises(TypeError):
        kind(3, colour="red")
    selector = row.make(3)
    refused("nodes", ValueError, lambda: selector.__init__(0), selector)


def test_the_base_has_no_algorithm() -> None:
    with pytest.raises(TypeError, match="Selector has no algorithm"):
        Selector()


@every
def test_node_arguments(row: Row) -> None:
    selector = row.make(5)
    selector.select_many(keys(9) if selector.keyed else 9)
    for call in (selector.mark_down, selector.mark_up, selector.remove, selector.release):
        for node, error in BAD_NODE:
            if call == selector.release and node == ():
                continue  # nobody to release
            refused("node", error, lambda call=call, node=node: call(node), selector)
    for name in ["node-1", "", b"x", None, 5, True, ["a"]]:
        refused("node", (TypeError, ValueError), lambda name=name: selector.add(name), selector)
    for weight in [-1, nan, inf, 2.5, "1", None, True, 2**31, 10**40, [1]]:
        refused("weight", (TypeError, ValueError), lambda weight=weight: selector.add("new", weight), selector)
    if row.weighted:
        total = row.most_weight + 1 - int(selector.weights.sum())
        # The ring that a function makes for BoundedAlternates speaks of its own argument.
        argument = "weights" if isinstance(selector, envoy.BoundedAlternates) else "weight"
        refused(argument, ValueError, lambda: selector.add("new", total), selector)
        if not row.share_cv:  # a ring of 2^24 points takes seconds to make
            selector.add("new", total - 1)
    else:
        refused("weight", ValueError, lambda: selector.add("new", 2), selector)
        refused("weight", ValueError, lambda: selector.add("new", 0), selector)
    one = row.make(1)
    refused("node", ValueError, lambda: one.remove(0), one)


@pytest.mark.soak
def test_a_ring_of_all_points_there_may_be() -> None:
    ring = ROWS["HashRing"].make(5)
    ring.add("new", ROWS["HashRing"].most_weight - int(ring.weights.sum()))
    assert len(ring.ring[0]) > 2**24 - 20  # type: ignore[attr-defined]


def test_the_last_weight_above_zero_stays() -> None:
    for kind in weighted:
        selector = kind(3, [0, 2, 0])
        refused("node", ValueError, lambda selector=selector: selector.remove(1), selector)


def test_slots_for_every_node() -> None:
    selector = lbcore.HashSlots(3, slots=4)
    selector.add("a")
    refused("node", ValueError, lambda: selector.add("b"), selector)


@every
def test_requests(row: Row) -> None:
    selector = row.make(5)
    if selector.keyed:
        for many in BAD_KEYS:
            refused("requests", (TypeError, ValueError), lambda many=many: selector.select_many(many), selector)
        for key in BAD_KEY:
            refused("key", (TypeError, ValueError), lambda key=key: selector.select(key), selector)
        refused("key", TypeError, lambda: selector.select(), selector)
        both = np.arange(20, dtype=np.int64)
        refused("out", ValueError, lambda: selector.select_many(both[:9], out=both.view(np.int32)[:18]), selector)
    else:
        for many in BAD_COUNTS:
            refused("requests", (TypeError, ValueError), lambda many=many: selector.select_many(many), selector)
        for key in [*BAD_KEY, "a", b"a", 0, 5]:
            refused("key", TypeError, lambda key=key: selector.select(key), selector)
    requests = keys(7) if selector.keyed else 7
    for out in BAD_OUT:
        refused("out", (TypeError, ValueError), lambda out=out: selector.select_many(requests, out=out()), selector)
    for avoid, error in BAD_AVOID:
        key = keys(1)[0] if selector.keyed else None
        refused("avoid", error, lambda avoid=avoid, key=key: selector.select(key, avoid=avoid), selector)


@every
def test_release(row: Row) -> None:
    selector = row.make(5)
    picks = selector.select_many(keys(20) if selector.keyed else 20)
    for nodes in (np.array([0, 5]), np.array([-1]), np.array([10**12])):
        refused("node", IndexError, lambda nodes=nodes: selector.release(nodes), selector)
    for nodes in (np.array([0.0]), np.array([[0]]), np.array([True]), ["node-0"]):
        refused("node", TypeError, lambda nodes=nodes: selector.release(nodes), selector)
    for latency_s in (-1, nan, inf, "soon", [0.1, -0.1], [nan], object()):
        call = lambda latency_s=latency_s: selector.release(0, latency_s=latency_s)  # noqa: E731
        refused("latency_s", (TypeError, ValueError), call, selector)
    for ok in (1, None, "yes", [1, 0], [True, False], np.ones(20), np.ones((20, 1), bool), object()):
        refused("ok", (TypeError, ValueError), lambda ok=ok: selector.release(picks, ok), selector)
        refused("ok", (TypeError, ValueError), lambda ok=ok: selector.release(int(picks[0]), ok), selector)
    refused("latency_s", ValueError, lambda: selector.release(picks, latency_s=np.ones(19)), selector)
    refused("latency_s", ValueError, lambda: selector.release(int(picks[0]), latency_s=[0.1]), selector)
    selector.release(picks, ok=np.arange(20) % 2 == 0, latency_s=np.full(20, 0.1))
    if hasattr(selector, "in_flight"):
        assert selector.in_flight.tolist() == [0] * 5
        refused("node", ValueError, lambda: selector.release("node-0"), selector)
        selector.reset()  # after so many failures, some leave nodes out
        picks = selector.select_many(keys(4) if selector.keyed else 4)
        refused("node", ValueError, lambda: selector.release(np.append(picks, picks[0])), selector)


def test_moved_wants_keys() -> None:
    a, b = lbcore.ModuloHash(3), lbcore.ModuloHash(4)
    refused("requests", TypeError, lambda: lbcore.moved(a, b, 10), a, b)  # type: ignore[arg-type]


class Sly:
    """Says it is an index, and changes its list while it is asked."""

    def __init__(self, many: list[Any]):
        self.many = many

    def __index__(self) -> int:
        self.many.clear()
        return 3


def test_a_list_that_changes_under_us_is_read_as_it_was() -> None:
    many: list[Any] = []
    many += ["a", Sly(many), "b"]
    selector = lbcore.ModuloHash(5)
    assert selector.select_many(many).tolist() == [selector.select(key) for key in ("a", 3, "b")]


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.integers(-3, 8) | st.floats() | st.text(max_size=6)
    | st.binary(max_size=6) | st.complex_numbers() | st.sampled_from(["node-0", "node-1", "node-9"])
    | st.sampled_from([np.int8(2), np.float32(1), np.bool_(1), np.array(2), np.arange(3), np.ones(3), np.eye(2)]),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.sets(st.integers(0, 3)),
    max_leaves=6,
)  # fmt: skip
EXAMPLES = 5_000 if os.environ.get("LBCORE_EXPLORE") == "1" else 70
tried = {"inputs": 0, "refused": 0}


@every
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_junk_is_refused_by_name_or_taken_whole(row: Row, data: st.DataObject) -> None:
    """Any argument may be junk. It works, or it raises an error that names it and changes nothing; it never crashes."""
    selector = row.make(3)
    calls: dict[str, Callable[[Any], object]] = {
        "node": data.draw(st.sampled_from([selector.mark_down, selector.mark_up, selector.remove, selector.release])),
        "weight": lambda value: selector.add("new", value),
        "requests": selector.select_many,
        "key": selector.select,
        "out": lambda value: selector.select_many(keys(4) if selector.keyed else 4, out=value),
        "avoid": lambda value: selector.select(keys(1)[0] if selector.keyed else None, avoid=value),
        "nodes": lambda value: type(selector)(value),
        "latency_s": lambda value: selector.release([], latency_s=value),
        "ok": lambda value: selector.release([], value),
    }
    if row.weighted:
        calls["weights"] = lambda value: type(selector)(3, value)
    if row.seeded:
        calls["seed"] = lambda value: type(selector)(3, seed=value)
    argument = data.draw(st.sampled_from(sorted(calls)))
    value = data.draw(junk.filter(lambda v: not (isinstance(v, int) and v > 10**3)) | st.integers(2**31, 2**70))
    before = state(selector)
    tried["inputs"] += 1
    message = ""
    try:
        calls[argument](value)
    except (TypeError, ValueError, LookupError) as error:
        message = str(error)
    if message:
        tried["refused"] += 1
        none_left = "no node is left" in message and argument == "avoid"
        assert message.startswith((f"{argument}:", f"{argument}[", "requests[")) or none_left
        assert state(selector) == before
    requests = keys(6) if selector.keyed else 6
    assert set(selector.select_many(requests).tolist()) <= {-1, *range(len(selector.nodes))}


def test_thousands_of_inputs_were_tried(record_property: Callable[[str, object], None]) -> None:
    table = sum(map(len, (BAD_NODES, BAD_NODE * 4, BAD_OUT, BAD_AVOID))) * len(ROWS)
    print(
        f"bad input: {tried['inputs']} drawn inputs, {tried['refused']} refused; at least {table} more from the tables"
    )
    assert tried["refused"] > 500 or tried["inputs"] == 0
