"""What queueing theory and the published figures say, reproduced.

Each size is chosen so that the tolerance is at least 2.5 standard deviations of the mean, as measured over 6 to 12
seeds; seeds are fixed, so that a right simulation never fails, and a wrong one has nowhere to hide.
"""

import math
from itertools import pairwise

import numpy as np
import pytest

import lbcore
from lbcore.simulate import Bursty, Deterministic, Exponential, Pareto, queue
from tests.benchmarks.sweeps import LOADS, MILLIONS, PAPER


@pytest.mark.parametrize("choices", PAPER)
@pytest.mark.parametrize(
    "load", [pytest.param(load, marks=pytest.mark.soak if load == 0.99 else ()) for load in MILLIONS]
)
def test_two_and_three_choices_are_mitzenmachers_tables(choices: int, load: float) -> None:
    requests = MILLIONS[load] * 1_000_000
    selector = lbcore.TwoChoices(100, seed=1, choices=choices)
    result = queue(selector, requests, load=load, seed=1, warm_up=requests // 10)
    assert result.mean_s == pytest.approx(PAPER[choices][LOADS.index(load)], rel=0.015 if load == 0.99 else 0.005)


@pytest.mark.parametrize(("load", "requests"), [(0.5, 1_000_000), (0.8, 2_000_000), (0.9, 6_000_000)])
def test_split_at_random_every_node_is_an_m_m_1(load: float, requests: int) -> None:
    """1 / (1 - load) in the mean; the time in the system is exponential (sd measured: .2 %, .35 %, .5 %)."""
    result = queue(lbcore.Random(10, seed=1), requests, load=load, seed=2, warm_up=requests // 20)
    mean = 1 / (1 - load)
    assert result.mean_s == pytest.approx(mean, rel=0.015)
    assert result.wait_s == pytest.approx(load * mean, rel=0.02)
    np.testing.assert_allclose(
        result.percentile([50, 90, 99]), [-mean * math.log(q) for q in (0.5, 0.1, 0.01)], rtol=0.03
    )
    assert result.utilisation.mean() == pytest.approx(load, rel=0.005)
    assert result.in_system.sum() == pytest.approx(10 * load * mean, rel=0.02)


def erlang_c(n: int, load: float) -> float:
    """The mean time in the system of M/M/n with one queue, in mean service times."""
    blocked = 1.0
    for servers in range(1, n + 1):
        blocked = n * load * blocked / (servers + n * load * blocked)
    return 1 + blocked / (1 - load * (1 - blocked)) / (n * (1 - load))


@pytest.mark.parametrize(("load", "figure"), [(0.5, 1.0072), (0.8, 1.2046), (0.9, 1.6687), (0.95, 2.6512)])
def test_one_queue_for_ten_servers_is_erlang_c(load: float, figure: float) -> None:
    assert erlang_c(10, load) == pytest.approx(figure, abs=6e-5)
    requests = {0.5: 1, 0.8: 2, 0.9: 4, 0.95: 16}[load] * 1_000_000
    result = queue(lbcore.RoundRobin(1), requests, load=load, servers=10, seed=3, warm_up=requests // 20)
    assert result.mean_s == pytest.approx(figure, rel=0.003 if load < 0.9 else 0.02)


@pytest.mark.parametrize(
    ("service", "variation"),
    [(Deterministic(3.0), 0.0), (Exponential(0.1), 1.0), (Pareto(1.0, 2.5, 1e3), None), (Pareto(2.0, 1.5, 100), None)],
    ids=repr,
)
def test_one_node_is_pollaczek_and_khinchines(
    service: Deterministic | Exponential | Pareto, variation: float | None
) -> None:
    """M/G/1: the wait is load / (1 - load) * (1 + squared variation) / 2 mean service times."""
    if variation is None:
        assert isinstance(service, Pareto)
        variation = service.squared_variation
    result = queue(lbcore.RoundRobin(1), 4_000_000, load=0.6, service=service, seed=5, warm_up=100_000)
    assert result.wait_s == pytest.approx(0.6 / 0.4 * (1 + variation) / 2 * service.mean_s, rel=0.03)


def test_bounded_pareto_times_have_its_law() -> None:
    service = Pareto(2.0, 1.3, 1000)
    kept = queue(lbcore.RoundRobin(50), 400_000, rate_per_s=1e-3, service=service, seed=6, keep=True).requests
    assert kept is not None
    times = np.sort(kept.ended_s - kept.started_s)
    low, high = service.shortest_s, 1000 * service.shortest_s
    assert low * (1 - 1e-6) <= times[0] and times[-1] <= high * (1 + 1e-6)
    law = (1 - (low / times) ** 1.3) / (1 - 1000**-1.3)
    # Kolmogorov-Smirnov: above 1.95 / sqrt(n) in one of 1,000 samples.
    assert np.abs(law - np.arange(1, 400_001) / 400_000).max() < 1.95 / math.sqrt(400_000)


def test_bursts_have_the_mean_the_variation_and_the_size_they_were_given() -> None:
    burst, peak = 20.0, 8.0
    kept = queue(
        lbcore.RoundRobin(1),
        400_000,
        rate_per_s=2.0,
        arrivals=Bursty(burst, peak),
        service=Deterministic(1e-6),
        seed=7,
        keep=True,
    ).requests
    assert kept is not None
    gaps = np.diff(kept.arrived_s)
    gap, pause, ends = 0.5 / peak, 0.5 * (1 - 1 / peak) * burst, 1 / burst
    variance = gap**2 + ends * 2 * pause**2 - (ends * pause) ** 2
    # sd: .7 % of the mean, about 2 % of the variance
    assert gaps.mean() == pytest.approx(0.5, rel=0.02)
    assert gaps.var() == pytest.approx(variance, rel=0.06)
    assert (gaps > 0.1 * pause).mean() == pytest.approx(ends * math.exp(-0.1), rel=0.03)


def test_bursts_wait_longer_than_poisson_requests_of_the_same_load() -> None:
    means = [
        queue(lbcore.RoundRobin(10), 300_000, load=0.6, arrivals=shape, seed=1).mean_s
        for shape in (Bursty(100, 2), Bursty(100, 10))
    ]
    poisson = queue(lbcore.RoundRobin(10), 300_000, load=0.6, seed=1).mean_s
    assert all(low < high for low, high in pairwise([poisson, *means]))


class TestCurriculum:
    """10 identical nodes at 80 % load, exponential service: the 99th percentile in mean service times."""

    @pytest.mark.parametrize(
        ("selector", "p99", "tolerance"),
        [
            (lbcore.Random(10, seed=1), math.log(100) / 0.2, 0.03),
            (lbcore.RoundRobin(10), 13.4, 0.02),
            (lbcore.TwoChoices(10, seed=1), 8.0, 0.012),
            (lbcore.LeastConnections(10), 5.9, 0.012),
        ],
        ids=["random", "round robin", "two choices", "least connections"],
    )
    def test_p99(self, selector: lbcore.Selector, p99: float, tolerance: float) -> None:
        """4 million requests: sd 1 % of random, .6 % of round robin, .2 % of two choices; figures have two digits."""
        result = queue(selector, 4_000_000, load=0.8, seed=1, warm_up=100_000)
        assert result.p99_s == pytest.approx(p99, rel=tolerance)

    def test_round_robin_drives_a_slow_node_to_its_limit(self) -> None:
        """Four nodes, one at half speed, 54 % load: a quarter of 1.89 a second is 94.5 % of what it can do."""
        speeds = [1.0, 1.0, 1.0, 0.5]
        result = queue(lbcore.RoundRobin(4), 2_000_000, load=0.54, speeds=speeds, seed=1, warm_up=100_000)
        assert result.utilisation[3] == pytest.approx(0.54 * 3.5 / 4 / 0.5, rel=0.01)
        assert result.utilisation[:3].max() < 0.48
        assert np.ptp(result.picked) <= 1
        least = queue(lbcore.LeastConnections(4), 2_000_000, load=0.54, speeds=speeds, seed=1, warm_up=100_000)
        assert result.p99_s > 5 * least.p99_s
