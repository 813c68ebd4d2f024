"""The bulkhead: never more calls than may be, who waits comes in turn, and no place is lost however a call ends."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import Bulkhead, BulkheadFull, RealClock, VirtualClock


def test_places_are_taken_and_given_back() -> None:
    bulkhead = Bulkhead(2)
    assert [bulkhead.enter() for _ in range(3)] == [True, True, False]
    bulkhead.leave()
    assert bulkhead.enter() and bulkhead.in_flight == 2
    for _ in range(2):
        bulkhead.leave()
    with pytest.raises(ValueError, match="no call is under way"):
        bulkhead.leave()


def test_who_waits_longest_is_next_and_who_waits_too_long_is_refused() -> None:
    clock, bulkhead, seen, said = VirtualClock(1), Bulkhead(1, wait_s=2.5), [], set()

    def call(number: int) -> None:
        clock.sleep(number / 10)
        try:
            bulkhead.call(clock.sleep, 1.0, clock=clock)
        except BulkheadFull as error:
            said.add(str(error))
            seen.append((round(clock.now(), 9), number, "refused"))
        else:
            seen.append((round(clock.now(), 9), number, "done"))

    def main() -> None:
        for thread in [clock.spawn(call, number) for number in range(5)]:
            thread.join()

    clock.run(main)
    # Each takes a second; number 3 asks at 0.3 s and would have its turn at 3 s, number 4 at 4 s.
    assert seen == [(1.0, 0, "done"), (2.0, 1, "done"), (2.8, 3, "refused"), (2.9, 4, "refused"), (3.0, 2, "done")]
    assert said == {"sleep: not called, the bulkhead of 1 is full (waited 2.5 s)"}
    assert (bulkhead.in_flight, bulkhead.waiting) == (0, 0)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9), st.booleans()), max_size=30),
    st.integers(1, 4), st.integers(0, 15), st.integers(0, 9),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_any_calls(calls: list[tuple[int, int, bool]], most: int, wait: int, seed: int) -> None:
    """Never more than may be; each call ends as it should, or is refused after its wait; no place is lost."""
    clock, bulkhead, under_way, ended = VirtualClock(seed), Bulkhead(most, wait_s=wait / 10), [0], {}

    def work(took_s: float, well: bool) -> None:
        under_way[0] += 1
        assert under_way[0] <= most
        try:
            clock.sleep(took_s)
            if not well:
                raise OSError
        finally:
            under_way[0] -= 1

    def call(number: int, at: int, took: int, well: bool) -> None:
        clock.sleep(at / 10)
        try:
            bulkhead.call(work, took / 10, well, clock=clock)
            ended[number] = "done"
        except OSError:
            ended[number] = "failed"
        except BulkheadFull as error:
            ended[number] = "refused" if error.waited_s == pytest.approx(wait / 10) else "refused too soon"

    def main() -> None:
        for thread in [clock.spawn(call, number, *one) for number, one in enumerate(calls)]:
            thread.join()

    clock.run(main)
    assert len(ended) == len(calls) and under_way == [0]
    assert (bulkhead.in_flight, bulkhead.waiting) == (0, 0)
    assert all(end in ("refused", "done" if calls[number][2] else "failed") for number, end in ended.items())
    if len(calls) <= most:
        assert "refused" not in ended.values()


@pytest.mark.parametrize("at_s", [0.5, 1.0, 1.5])
def test_a_run_that_ends_leaves_no_place_taken(at_s: float) -> None:
    """Also where a place is handed over to one that is being unwound."""
    for seed in range(20):
        clock, bulkhead = VirtualClock(seed), Bulkhead(1, wait_s=10.0)

        def main(clock: VirtualClock = clock, bulkhead: Bulkhead = bulkhead) -> None:
            for _ in range(3):
                clock.spawn(lambda: bulkhead.call(clock.sleep, 1.0, clock=clock))
            clock.sleep(at_s)

        clock.run(main)
        assert (bulkhead.in_flight, bulkhead.waiting) == (0, 0)


def test_real_threads() -> None:
    clock, bulkhead, guard, under_way, most = RealClock(), Bulkhead(3, wait_s=30.0), threading.Lock(), 0, 0

    def work() -> None:
        nonlocal under_way, most
        with guard:
            under_way += 1
            most = max(most, under_way)
        clock.sleep(0.001)
        with guard:
            under_way -= 1

    def main() -> None:
        for thread in [clock.spawn(lambda: [bulkhead.call(work, clock=clock) for _ in range(20)]) for _ in range(10)]:
            thread.join()

    clock.run(main)
    assert most == 3 and (bulkhead.in_flight, bulkhead.waiting) == (0, 0)


@pytest.mark.parametrize(("make", "name"), [(lambda: Bulkhead(0), "most"), (lambda: Bulkhead(1, -1.0), "wait_s")])
def test_bad_parameters(make: Callable[[], object], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()
