"""What a result says, against what it keeps; and what does not change the result."""

import doctest
import math
import pickle
import threading
import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import lbcore
from lbcore.simulate import Exponential, Pareto, QueueResult, queue, queues

QS = [0, 1, 10, 50, 90, 99, 99.9, 100]


def run(**more: Any) -> QueueResult:
    given: dict[str, Any] = {"load": 0.8, "seed": 5, "warm_up": 3000, "speeds": [1.0, 2.0, 0.5, 1.0, 1.0]}
    return queue(lbcore.TwoChoices(5, seed=1), 40_000, **{**given, **more})


@pytest.mark.parametrize("service", [Exponential(), Exponential(1e-6), Exponential(1e6), Pareto(1.0, 1.1)], ids=repr)
def test_the_summary_agrees_with_every_request_kept(service: Any) -> None:
    summary, kept = run(service=service), run(service=service, keep=True)
    for name in ("mean_s", "wait_s", "longest_s", "measured", "served", "window_s"):
        assert getattr(summary, name) == getattr(kept, name)
    latency = kept.requests.latency_s[3000:]  # type: ignore[union-attr]
    assert summary.measured == latency.size
    assert summary.mean_s == pytest.approx(latency.mean(), rel=1e-12)
    assert summary.longest_s == latency.max()
    # The stated error of a bin's middle is 2^-9.
    exact = np.sort(latency)[[max(1, math.ceil(Fraction(str(q)) * latency.size / 100)) - 1 for q in QS]]
    np.testing.assert_allclose(summary.percentile(QS), exact, rtol=2**-9)
    assert kept.percentile(QS).tolist() == exact.tolist()
    assert summary.bins.sum() == summary.measured
    low, high = summary.edges_s
    assert np.histogram(latency, np.append(low, high[-1]))[0].sum() == latency.size
    assert (np.diff(np.searchsorted(np.sort(latency), np.stack([low, high]).T)).ravel() == summary.bins).all()


def test_the_nodes_are_measured_over_the_window() -> None:
    result = run(keep=True, sample_every_s=7.0)
    kept = result.requests
    assert kept is not None and result.sampled_s is not None and result.lengths is not None
    begin, end = kept.arrived_s[2999], kept.arrived_s[-1]
    assert result.window_s == (begin, end)
    for node in range(5):
        here = kept.node == node
        start, stop = (np.clip(times[here], begin, end) for times in (kept.started_s, kept.ended_s))
        assert result.utilisation[node] == pytest.approx((stop - start).sum() / (end - begin), rel=1e-9)
        come = np.clip(kept.arrived_s[here], begin, end)
        assert result.in_system[node] == pytest.approx((stop - come).sum() / (end - begin), rel=1e-9)
        assert result.picked[node] == here.sum()
        for i, at in enumerate(result.sampled_s):
            there = here & (kept.arrived_s < at) & (kept.ended_s > at)
            assert result.lengths[i, node] == there.sum()
    assert result.sampled_s.tolist() == (7.0 * np.arange(int(end // 7) + 1)).tolist()


def test_several_servers_share_a_nodes_utilisation() -> None:
    result = queue(lbcore.RoundRobin(2), 20_000, load=0.7, servers=4, seed=1, keep=True)
    kept = result.requests
    assert kept is not None
    busy = np.minimum(kept.ended_s, kept.arrived_s[-1]) - np.minimum(kept.started_s, kept.arrived_s[-1])
    expected = [busy[kept.node == node].sum() / kept.arrived_s[-1] / 4 for node in (0, 1)]
    np.testing.assert_allclose(result.utilisation, expected, rtol=1e-9)


def test_two_selectors_of_one_seed_meet_the_same_requests() -> None:
    first, other = (
        queue(selector, 5000, load=0.9, seed=8, keep=True).requests
        for selector in (lbcore.RoundRobin(6), lbcore.Random(6, seed=8))
    )
    assert first is not None and other is not None
    assert first.arrived_s.tolist() == other.arrived_s.tolist()
    np.testing.assert_allclose(first.ended_s - first.started_s, other.ended_s - other.started_s, atol=1e-9)
    assert first.node.tolist() != other.node.tolist()


def test_a_seed_is_a_run_and_the_selector_stays_as_it_was() -> None:
    selector = lbcore.TwoChoices(4, seed=9)
    before = selector.copy().select_many(50).tolist()
    a, b = (queue(selector, 3000, load=0.8, seed=4, keep=True).requests for _ in range(2))
    assert a is not None and b is not None and a.ended_s.tolist() == b.ended_s.tolist()
    assert selector.select_many(50).tolist() == before
    other = queue(selector, 3000, load=0.8, seed=5, keep=True).requests
    assert other is not None and other.arrived_s.tolist() != a.arrived_s.tolist()
    drawn = queue(selector, 10, load=0.8, seed=np.random.default_rng(3))
    assert drawn.seed == int(np.random.default_rng(3).integers(0, 1 << 64, dtype=np.uint64))
    entropy = queue(selector, 10, load=0.8)
    assert queue(selector, 10, load=0.8, seed=entropy.seed).mean_s == entropy.mean_s


def test_recorded_figures() -> None:
    """The same on every platform: nothing here comes from the C library's mathematics."""
    result = queue(lbcore.TwoChoices(10, seed=1), 100_000, load=0.9, service=Pareto(1.0, 1.5), seed=1)
    assert result.mean_s.hex() == "0x1.16d885927a108p+2"
    assert result.picked.tolist()[:2] == [10360, 10055]


def test_a_run_releases_the_gil() -> None:
    """Another thread counts while the loop runs; with the GIL held it could not, between two looks at Ctrl-C."""
    counted, running = [0], threading.Event()

    def count() -> None:
        running.set()
        while running.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    running.wait()
    seen: list[int] = []
    try:
        queue(lbcore.Random(10, seed=1), 1_500_000, load=0.8, seed=1, progress=lambda done, of: seen.append(counted[0]))
    finally:
        running.clear()
    thread.join()
    assert len(set(seen)) == len(seen) > 3


def test_progress_counts_up_to_the_end_and_may_stop_the_run() -> None:
    calls: list[tuple[int, int]] = []
    queue(lbcore.RoundRobin(3), 600_000, load=0.5, seed=1, progress=lambda *call: calls.append(call))
    assert calls[-1] == (600_000, 600_000) and sorted(calls) == calls and len(calls) >= 3

    def stop(done: int, of: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        queue(lbcore.RoundRobin(3), 600_000, load=0.5, seed=1, progress=stop)


def test_memory_is_flat_where_nothing_is_kept() -> None:
    def peak(requests: int) -> int:
        tracemalloc.start()
        queue(lbcore.RoundRobin(10), requests, load=0.8, seed=1)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(1_000_000) < peak(10_000) + 200_000


def test_a_result_is_pickled_and_said_in_a_line() -> None:
    result = run(schedule=[(10.0, 0, "down")], keep=True)
    again = pickle.loads(pickle.dumps(result))
    assert again.row() == result.row() and again.requests.node.tolist() == result.requests.node.tolist()  # type: ignore[union-attr]
    assert repr(result).startswith("<TwoChoices, 5 nodes: ") and f"{result.lost:,} lost" in repr(result)
    assert repr(result.requests) == "Requests(40,000)"
    assert result.row()["p99_s"] == result.p99_s == result.percentile(99)
    assert math.isclose(result.p50_s, result.percentile([50])[0])
    with pytest.raises(ValueError, match="q: 101 is not from 0 to 100"):
        result.percentile(101)


def test_doctests() -> None:
    result = doctest.testmod(queues)
    assert result.attempted >= 3 and result.failed == 0
