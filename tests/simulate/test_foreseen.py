"""Nodes whose ends are known in advance against the event loop: the same run, without events."""

from typing import Any

import numpy as np
import pytest

import lbcore
from lbcore.selectors import reference as twins
from lbcore.selectors._instructions import available, use
from lbcore.simulate import Bursty, Pareto, QueueResult, queue, queues, reference
from lbcore.simulate.foreseen import Foreseen, foreseeable
from lbcore.simulate.queueing import Engine
from tests.selectors.rows import ROWS, keys

from .twins import drawn

N = 7
MARKS = [(40.0, 2, "mark_down"), (60.0, 2, "mark_up"), (90.0, 0, "mark_down")]


def both(monkeypatch: pytest.MonkeyPatch, make: Any, *given: Any, **more: Any) -> tuple[QueueResult, QueueResult]:
    """The run as it is, and by events."""
    quick = queue(make(), *given, keep=True, **more)
    with monkeypatch.context() as patched:
        patched.setattr(queues, "foreseeable", lambda selector: False)
        return quick, queue(make(), *given, keep=True, **more)


def alike(quick: QueueResult, slow: QueueResult) -> None:
    assert quick.requests is not None and slow.requests is not None
    for field in ("arrived_s", "started_s", "ended_s", "node", "outcome"):
        np.testing.assert_array_equal(getattr(quick.requests, field), getattr(slow.requests, field))
    for field in ("offered", "served", "refused", "lost", "left", "measured", "mean_s", "wait_s", "longest_s"):
        assert getattr(quick, field) == getattr(slow, field), field
    assert quick.window_s == slow.window_s
    for field in ("picked", "served_at", "bins", "edges_s", "sampled_s", "lengths"):
        np.testing.assert_array_equal(getattr(quick, field), getattr(slow, field))
    np.testing.assert_allclose(quick.utilisation, slow.utilisation, rtol=1e-9)
    np.testing.assert_allclose(quick.in_system, slow.in_system, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if foreseeable(row.make(N))])
@pytest.mark.parametrize("load", [0.7, 1.5])
def test_every_family_that_says_so_can_be_foreseen(name: str, load: float, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ROWS[name]
    given = {"speeds": [1, 0.5, 2, 1, 1.5, 1, 0.75], "warm_up": 300, "sample_every_s": 0.7, "seed": 5}
    given |= {"keys": keys(40)} if row.make(N).keyed else {}
    alike(*both(monkeypatch, lambda: row.make(N), 2000, load=load, schedule=MARKS, **given))


def test_they_are_those_whose_picks_do_not_hang_on_ends() -> None:
    foreseen = [lbcore.RoundRobin(3), lbcore.Random(3), lbcore.HashRing(3), lbcore.TwoChoices(3)]
    others = [lbcore.LeastConnections(3), lbcore.PeakEwma(3), lbcore.BoundedRing(3), lbcore.TwoChoices(3, stale_s=1.0)]
    assert all(foreseeable(selector) for selector in foreseen)
    assert not any(foreseeable(selector) for selector in others)


@pytest.mark.parametrize("choices", [1, 2, 3])
@pytest.mark.parametrize("arrivals", [Bursty(), Bursty(1.0, 3.0)], ids=repr)
def test_choices_look_at_loads_that_are_up_to_date(
    choices: int, arrivals: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for replacement in (False, True):
        alike(
            *both(
                monkeypatch,
                lambda again=replacement: lbcore.TwoChoices(N, seed=3, choices=choices, replacement=again),
                3000,
                load=0.9,
                arrivals=arrivals,
                service=Pareto(1.0, 1.3),
                seed=2,
            )
        )


def test_whole_seconds_in_which_much_happens_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    arrived, works = np.sort(rng.integers(0, 900, 3000)).astype(float), rng.integers(0, 4, 3000).astype(float)
    for make in (lambda: lbcore.TwoChoices(4, seed=3), lambda: lbcore.RoundRobin(4)):
        alike(*both(monkeypatch, make, arrivals=arrived, service=works, sample_every_s=1.0, warm_up=100))


def test_what_cannot_be_foreseen_is_left_to_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash, another speed, several servers, a node that stands still, a selector in Python."""
    made: list[type] = []
    for name, kind in (("Foreseen", Foreseen), ("Engine", Engine)):
        monkeypatch.setattr(queues, name, lambda *a, kind=kind, **k: (made.append(kind), kind(*a, **k))[1])
    some: list[dict[str, Any]] = [
        {"schedule": [(5.0, 1, "down")]},
        {"schedule": [(5.0, 1, 0.5)]},
        {"servers": 2},
        {"speeds": [1, 0, 1]},
    ]
    for given in some:
        queue(lbcore.RoundRobin(3), 50, load=0.5, seed=1, **given)
    queue(twins.RoundRobin(3), 50, load=0.5, seed=1, nodes=3)
    assert made == [Engine] * 5
    queue(lbcore.RoundRobin(3), 50, load=0.5, seed=1, schedule=[(1.0, 1, "mark_down")])
    assert made[5:] == [Foreseen]


def test_a_queue_that_grows_for_ever_is_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    alike(*both(monkeypatch, lambda: lbcore.TwoChoices(2, seed=1), 20_000, load=3.0, seed=1, sample_every_s=50.0))


@pytest.mark.parametrize("instructions", available())
def test_exponential_times_have_the_same_bits_with_every_instruction_set(instructions: str) -> None:
    use(instructions)
    try:
        kept = queue(lbcore.RoundRobin(1), 1000, rate_per_s=0.5, seed=9, keep=True).requests
    finally:
        use(available()[-1])
    arrived, works = drawn(9, 1000, 0.5)
    ends = np.array(reference.queue(twins.RoundRobin(1), arrived, works, [1.0]))[:, 2]
    assert kept is not None and kept.arrived_s.tolist() == arrived
    assert kept.ended_s.tolist() == ends.tolist()
