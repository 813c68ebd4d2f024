"""Simulated time: one seed is one trace, and seeds explore."""

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import DeadlockError, VirtualClock
from tests.faults.clocks.processes import in_process
from tests.faults.clocks.virtual.programs import Step, traced


@pytest.mark.parametrize("runs", [20, pytest.param(100, marks=pytest.mark.soak)])
def test_one_seed_is_one_trace(runs: int) -> None:
    first = traced(7)
    assert len(first[0]) > 100
    assert all(traced(7) == first for _ in range(1, runs))


def test_other_seeds_are_other_traces() -> None:
    traces = [traced(seed) for seed in range(20)]
    assert len({str(trace) for trace, _ in traces}) == 20
    assert len({str(seen) for _, seen in traces}) == 20
    for _, seen in traces:
        assert sum("lock" in line for line in seen) == 16
        assert sum("got" in line for line in seen) == 16
        assert sum("message" in line for line in seen) == 16
        assert sum(line.startswith("task") for line in seen) == 5


def test_the_trace_does_not_depend_on_hash_seed_or_process() -> None:
    """A set of futures, in another process with other addresses and other string hashes."""
    code = "from tests.faults.clocks.virtual.programs import traced; print(hash_of(traced(3)))"
    code = f"import zlib\ndef hash_of(x): return zlib.crc32(repr(x).encode())\n{code}"
    got = {in_process(code, PYTHONHASHSEED=str(seed)).stdout for seed in (0, 1)}
    assert len(got) == 1 and got != {""}


def test_seeds() -> None:
    assert VirtualClock(5).seed == 5
    assert VirtualClock(np.random.default_rng(1)).seed == VirtualClock(np.random.default_rng(1)).seed
    assert VirtualClock().seed != VirtualClock().seed
    assert repr(VirtualClock(5)) == "VirtualClock(seed=5, now=0)"
    for bad in (1.5, "1", True):
        with pytest.raises(TypeError, match=r"^seed: "):
            VirtualClock(bad)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^trace: "):
        VirtualClock(1, trace=3)  # type: ignore[arg-type]


def lost_update(seed: int, locked: bool = False) -> int:
    """Two threads that read, let others run, and write: 2 where nothing was lost."""
    clock, total = VirtualClock(seed), 0
    lock = clock.lock()

    def add() -> None:
        nonlocal total
        if locked:
            lock.acquire()
        clock.sleep(0.0)
        before = total
        clock.sleep(0.0)
        total = before + 1
        if locked:
            lock.release()

    def main() -> int:
        for thread in [clock.spawn(add), clock.spawn(add)]:
            thread.join()
        return total

    return clock.run(main)


def test_a_planted_lost_update_is_found_and_replayed_from_its_seed() -> None:
    totals = {seed: lost_update(seed) for seed in range(60)}
    assert set(totals.values()) == {1, 2}
    bad = next(seed for seed, total in totals.items() if total == 1)
    assert [lost_update(bad) for _ in range(20)] == [1] * 20
    assert {lost_update(seed, locked=True) for seed in range(60)} == {2}


def test_seeds_reach_every_order_of_three_threads() -> None:
    def order(seed: int) -> str:
        clock, seen = VirtualClock(seed), []

        def main() -> str:
            for thread in [clock.spawn(seen.append, name) for name in "abc"]:
                thread.join()
            return "".join(seen)

        return clock.run(main)

    assert len({order(seed) for seed in range(100)}) == 6


def test_messages_due_at_the_same_time_come_in_any_order() -> None:
    def order(seed: int) -> str:
        clock, seen = VirtualClock(seed), []

        def main() -> str:
            for name in "abc":
                clock.call_later(1.0, seen.append, name)
            clock.sleep(2.0)
            return "".join(seen)

        return clock.run(main)

    assert len({order(seed) for seed in range(100)}) == 6


# Any program

COMMAND = st.one_of(
    st.tuples(st.just("sleep"), st.sampled_from([0.0, 0.1, 0.1, 0.3, 1.0])),
    st.tuples(st.just("lock"), st.integers(0, 1)),
    st.tuples(st.just("put"), st.integers(0, 1)),
    st.tuples(st.just("get"), st.integers(0, 1)),
    st.tuples(st.just("later"), st.sampled_from([0.0, 0.1, 0.5])),
    st.tuples(st.just("submit"), st.sampled_from([0.0, 0.2])),
)
Program = list[list[tuple[str, Any]]]


def run_program(program: Program, seed: int) -> tuple[list[Step], list[Any]]:
    trace: list[Step] = []
    clock = VirtualClock(seed, trace=lambda *step: trace.append(step))
    locks, queues, pool = [clock.lock(), clock.lock()], [clock.queue(), clock.queue()], clock.executor(2)
    log: list[Any] = []
    inside = [0, 0]

    def body(number: int, commands: list[tuple[str, Any]]) -> None:
        for what, value in commands:
            if what == "sleep":
                due_s = clock.now() + value
                clock.sleep(value)
                assert clock.now() == due_s
            elif what == "lock":
                with locks[value]:
                    inside[value] += 1
                    assert inside[value] == 1
                    clock.sleep(0.1)
                    inside[value] -= 1
            elif what == "put":
                queues[value].put((number, clock.now()))
            elif what == "get":
                log.append(queues[value].get())
            elif what == "later":
                clock.call_later(value, log.append, number)
            else:
                log.append(pool.submit(lambda value=value: (clock.sleep(value), value)[1]).result(0.3))
            log.append((number, what, clock.now()))

    def main() -> None:
        for thread in [clock.spawn(body, i, commands) for i, commands in enumerate(program)]:
            thread.join()

    try:
        clock.run(main)
    except (DeadlockError, TimeoutError) as error:
        log.append(str(error))
    return trace, log


@settings(max_examples=60, deadline=None)
@given(program=st.lists(st.lists(COMMAND, max_size=6), min_size=1, max_size=5), seed=st.integers(0, 2**64 - 1))
def test_any_program_has_one_trace_per_seed_and_time_never_goes_back(program: Program, seed: int) -> None:
    before = threading.active_count()
    trace, log = run_program(program, seed)
    assert (trace, log) == run_program(program, seed)
    times = [at_s for at_s, _, _ in trace]
    assert times == sorted(times)
    assert threading.active_count() == before
