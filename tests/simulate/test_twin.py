"""The compiled simulation against its plain-Python twin, request by request and bit by bit."""

from typing import Any

import numpy as np
import pytest

import lbcore
from lbcore.selectors import reference as twins
from lbcore.simulate import Bursty, Deterministic, Exponential, Pareto, Poisson, queue, reference

from .twins import drawn, same

REQUESTS = 6000
PAIRS = {
    "RoundRobin": (lambda: lbcore.RoundRobin(7), lambda: twins.RoundRobin(7)),
    "Random": (lambda: lbcore.Random(7, seed=3), lambda: twins.Random(7, 3)),
    "TwoChoices": (lambda: lbcore.TwoChoices(7, seed=3), lambda: twins.TwoChoices(7, 3)),
    "three choices": (lambda: lbcore.TwoChoices(7, seed=3, choices=3), lambda: twins.TwoChoices(7, 3, 3)),
    "LeastConnections": (
        lambda: lbcore.LeastConnections(7, [1, 1, 2, 3, 1, 1, 1]),
        lambda: twins.LeastConnections([1, 1, 2, 3, 1, 1, 1]),
    ),
    "WeightedRoundRobin": (
        lambda: lbcore.WeightedRoundRobin(7, [1, 1, 2, 3, 1, 1, 1]),
        lambda: twins.WeightedRoundRobin([1, 1, 2, 3, 1, 1, 1]),
    ),
}
# Those that learn times, too: the twin's clock is put into the simulation.
PEAK = (
    lambda: lbcore.PeakEwma(7, seed=3, decay_s=2.0, clock=lambda: 0.0),
    lambda: twins.PeakEwma(7, 3, 2.0, lambda: 0.0),
)
SPEEDS = [1.0, 0.5, 2.0, 1.0, 1.5, 1.0, 0.75]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("arrivals", [Poisson(), Bursty(), Bursty(1.0, 3.0)], ids=repr)
@pytest.mark.parametrize("service", [Exponential(), Deterministic(0.25), Pareto(2.0, 1.2)], ids=repr)
def test_every_request_is_the_twins(name: str, arrivals: Any, service: Any) -> None:
    compiled, plain = PAIRS[name]
    rate = 0.85 * 7.75 / service.mean_s
    arrived, works = drawn(11, REQUESTS, rate, arrivals, service)
    twin = reference.queue(plain(), arrived, works, SPEEDS)
    result = queue(
        compiled(),
        REQUESTS,
        rate_per_s=rate,
        arrivals=arrivals,
        service=service,
        speeds=SPEEDS,
        seed=11,
        keep=True,
    )
    assert result.requests is not None
    assert result.requests.arrived_s.tolist() == arrived
    same(result, twin)
    # The plain selector in the compiled simulation meets the same requests.
    asked = queue(
        plain(), REQUESTS, rate_per_s=rate, arrivals=arrivals, service=service, speeds=SPEEDS, seed=11, keep=True
    )
    same(asked, twin)
    assert asked.mean_s == result.mean_s


def test_a_selector_that_times_answers_has_the_simulated_clock() -> None:
    """The compiled one below the door, its twin in Python; started late, its clock goes on from where it was."""
    compiled, plain = PEAK
    mine, twin = (
        queue(selector, REQUESTS, load=0.85, speeds=SPEEDS, seed=11, keep=True) for selector in (compiled(), plain())
    )
    assert mine.requests is not None and twin.requests is not None
    assert mine.requests.node.tolist() == twin.requests.node.tolist()
    assert mine.requests.ended_s.tolist() == twin.requests.ended_s.tolist()
    random = queue(lbcore.Random(7, seed=1), REQUESTS, load=0.85, speeds=SPEEDS, seed=11)
    assert mine.mean_s < random.mean_s / 3
    late = lbcore.PeakEwma(7, seed=3, decay_s=2.0, clock=lambda: 1e6)
    late.release(late.select(), latency_s=1e-9)
    assert queue(late, REQUESTS, load=0.85, speeds=SPEEDS, seed=11).mean_s == pytest.approx(mine.mean_s, rel=0.1)


def test_a_view_grows_stale_in_simulated_time() -> None:
    """Fresh views are those of an age of 0; a view a hundred seconds old is worse than none."""
    means = [
        queue(lbcore.LeastConnections(7, stale_s=age, clock=lambda: 0.0), REQUESTS, load=0.8, seed=2).mean_s
        for age in (0.0, 1e-9, 1.0, 100.0)
    ]
    assert means[0] == means[1] < means[2] < means[3]
    assert means[3] > queue(lbcore.Random(7, seed=1), REQUESTS, load=0.8, seed=2).mean_s


def test_ties_departures_go_first_and_the_lower_node_before_the_higher() -> None:
    """Whole numbers of seconds, so that nearly every departure falls on an arrival, and on other departures."""
    rng = np.random.default_rng(1)
    arrived = np.sort(rng.integers(0, 2000, 5000)).astype(float)
    works = rng.integers(0, 4, 5000).astype(float)
    twin = reference.queue(twins.TwoChoices(5, 3), arrived.tolist(), works.tolist(), [1.0] * 5)
    result = queue(lbcore.TwoChoices(5, seed=3), arrivals=arrived, service=works, keep=True)
    same(result, twin)


def test_the_logarithm_and_the_exponential_are_right() -> None:
    """Against the C library's, whose error is below 1 unit in the last place: 4 of them in all."""
    rng = np.random.default_rng(2)
    xs = np.concatenate([rng.random(20_000), rng.random(2000) * 1e-15, 1 - rng.random(2000) * 1e-9, [1.0, 2.0**-53]])
    ours = np.array([reference.ln(x) for x in xs.tolist()])
    np.testing.assert_allclose(ours, np.log(xs), rtol=4 * 2.0**-52, atol=0)
    ys = rng.random(20_000) * 690
    np.testing.assert_allclose([reference.exp(y) for y in ys.tolist()], np.exp(ys), rtol=4 * 2.0**-52)
