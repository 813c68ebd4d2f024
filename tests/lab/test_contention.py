"""A crowd at one row: the table of the AWS article on jitter, and what holds whatever the rule."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import FixedWait
from lbcore.lab.exhibits.retries import _contention as contention_module
from lbcore.lab.exhibits.retries._contention import contention
from tests.benchmarks.published import AWS, WAITS


def test_doctests() -> None:
    result = doctest.testmod(contention_module)
    assert result.attempted > 0 and result.failed == 0


@pytest.mark.parametrize("rule", WAITS)
@pytest.mark.parametrize("clients", AWS)
def test_aws_jitter_table(clients: int, rule: str) -> None:
    """Within 5 %, and within 10 % where the clients stay in step."""
    runs = [contention(clients, WAITS[rule], seed=seed) for seed in range(100 if clients == 100 else 500)]
    time_ms, calls = AWS[clients][rule]
    tolerance = 0.10 if rule == "exponential" else 0.05
    assert np.mean([run.time_s for run in runs]) * 1000 == pytest.approx(time_ms, rel=tolerance)
    assert np.mean([run.calls for run in runs]) == pytest.approx(calls, rel=tolerance)


@given(st.integers(1, 30), st.sampled_from(sorted(WAITS)), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_everybody_writes_once(clients: int, rule: str, seed: int) -> None:
    run = contention(clients, WAITS[rule], seed=seed)
    assert run.calls == len(run.calls_s) >= clients and list(run.calls_s) == sorted(run.calls_s)
    assert run.time_s > run.calls_s[-1]
    assert run == contention(clients, WAITS[rule], seed=seed)


def test_without_delay_to_tell_them_apart_all_but_one_is_refused_each_time() -> None:
    """Hops that all take 10 ms: of n in step one writes, n - 1 come again; so n + (n - 1) + ... + 1 writes."""
    run = contention(20, FixedWait(0.5), hop_sd_s=0.0, seed=1)
    assert run.calls == 20 * 21 // 2
    # A round is read, answer, write, refusal and the pause; the last one ends with its answer.
    assert run.time_s == pytest.approx(19 * (4 * 0.010 + 0.5) + 4 * 0.010)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: contention(0, FixedWait()), "clients"),
        (lambda: contention(1, FixedWait(), hop_s=0.0), "hop_s"),
        (lambda: contention(1, FixedWait(), hop_sd_s=-0.1), "hop_sd_s"),
    ],
)
def test_bad_parameters(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()
