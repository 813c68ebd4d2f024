"""What goes wrong, and when: every answer of a plan beside a twin that takes small steps through the same faults."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbcore.faults import Crash, Cut, Drift, Fault, FaultPlan, Pause, Slow, partition

NAN, INF = math.nan, math.inf
#: Times are quarters of a second, and factors powers of two: sums of them are exact, so the twin may compare with ==.
STEP_S = 0.25

steps = st.integers(0, 60).map(lambda n: n * STEP_S)
lengths = st.integers(1, 40).map(lambda n: n * STEP_S)
nodes = st.sampled_from("ab")
crashes = st.builds(lambda node, at_s, for_s: Crash(node, at_s, at_s + for_s), nodes, steps, lengths | st.just(INF))
pauses = st.builds(Pause, nodes, steps, lengths)
slows = st.builds(Slow, nodes, steps, lengths, st.sampled_from([0.5, 2.0, 4.0]))
cuts = st.builds(Cut, nodes, nodes, steps, lengths | st.just(INF))
plans = st.lists(crashes | pauses | slows | cuts, max_size=8).map(lambda faults: FaultPlan(*faults))


# The twin: what each fault says of one moment, and a walk from step to step


def dead(faults: tuple[Fault, ...], node: str, now_s: float) -> bool:
    return any(isinstance(f, Crash) and f.node == node and f.at_s <= now_s < f.back_s for f in faults)


def speed(faults: tuple[Fault, ...], node: str, now_s: float) -> float:
    pace = 1.0
    for f in faults:
        if isinstance(f, (Pause, Slow)) and f.node == node and f.at_s <= now_s < f.at_s + f.for_s:
            pace = 0.0 if isinstance(f, Pause) else pace / f.factor
    return pace


def acts_s(faults: tuple[Fault, ...], node: str, now_s: float) -> float:
    while dead(faults, node, now_s) or speed(faults, node, now_s) == 0.0:
        now_s += STEP_S
        if now_s > 1000:
            return INF
    return now_s


def finish(faults: tuple[Fault, ...], node: str, now_s: float, work_s: float) -> tuple[float, bool]:
    """In each quarter of a second the speed is constant; a crash in it, or at its end, undoes the work."""
    while True:
        if dead(faults, node, now_s):
            return now_s, False
        pace = speed(faults, node, now_s)
        if pace > 0.0 and pace * STEP_S >= work_s:
            end_s = now_s + work_s / pace
            return end_s, not dead(faults, node, end_s)
        work_s -= pace * STEP_S
        now_s += STEP_S


@given(plan=plans, node=nodes, now_s=steps)
@settings(max_examples=300)
def test_of_one_moment(plan: FaultPlan, node: str, now_s: float) -> None:
    for at_s in (now_s, now_s + STEP_S / 2):
        assert plan.alive(node, at_s) == (not dead(plan.faults, node, at_s))
        assert plan.speed(node, at_s) == speed(plan.faults, node, at_s)
        for sender, receiver in ("ab", "ba", "aa"):
            cut = any(
                isinstance(f, Cut) and sender in f.senders and receiver in f.receivers and f.at_s <= at_s
                and at_s < f.at_s + f.for_s for f in plan.faults
            )  # fmt: skip
            assert plan.passes(sender, receiver, at_s) == (not cut)


@given(plan=plans, node=nodes, now_s=steps)
@settings(max_examples=300)
def test_when_a_node_acts(plan: FaultPlan, node: str, now_s: float) -> None:
    expected_s = acts_s(plan.faults, node, now_s)
    assert plan.acts_s(node, now_s) == expected_s
    if expected_s < INF:
        assert plan.alive(node, expected_s) and plan.speed(node, expected_s) > 0.0
        assert plan.acts_s(node, expected_s) == expected_s


@given(plan=plans, node=nodes, start_s=steps, work_s=st.integers(0, 64).map(lambda n: n * STEP_S / 4))
@settings(max_examples=500)
def test_when_work_ends(plan: FaultPlan, node: str, start_s: float, work_s: float) -> None:
    assert plan.finish(node, start_s, work_s) == finish(plan.faults, node, start_s, work_s)


@given(plan=plans, node=nodes, since_s=steps, length_s=lengths)
@settings(max_examples=300)
def test_crashes(plan: FaultPlan, node: str, since_s: float, length_s: float) -> None:
    spans = plan.crashes(node)
    assert all(at_s < back_s for at_s, back_s in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    for step in range(130):
        now_s = step * STEP_S
        assert any(at_s <= now_s < back_s for at_s, back_s in spans) == dead(plan.faults, node, now_s)
    moments = [since_s + step * STEP_S for step in range(int(length_s / STEP_S) + 1)]
    expected = any(dead(plan.faults, node, now_s) for now_s in moments)
    assert plan.crashed_between(node, since_s, since_s + length_s) == expected


@given(node=st.sampled_from("abc"), rate=st.floats(-0.9, 10.0), length_s=st.floats(0.0, 1e6))
def test_a_drifting_clock(node: str, rate: float, length_s: float) -> None:
    """By the node's own clock, which runs at 1 + rate, `length_s` have passed when it thinks so."""
    plan = FaultPlan(Drift("a", rate))
    own_s = plan.real_s(node, length_s) * (1.0 + (rate if node == "a" else 0.0))
    assert own_s == pytest.approx(length_s)


def test_slower_and_faster() -> None:
    plan = FaultPlan(Slow("a", at_s=1.0, for_s=2.0, factor=4.0), Slow("a", at_s=2.0, for_s=4.0, factor=0.5))
    assert [plan.speed("a", now_s) for now_s in (0.5, 1.0, 2.0, 3.0, 6.0)] == [1.0, 0.25, 0.5, 2.0, 1.0]
    # 1 s until 1.0, 0.25 until 2.0, 0.5 until 3.0, and the last 1.25 at double speed.
    assert plan.finish("a", 0.0, 3.0) == (3.625, True)


def test_names_and_who_is_known() -> None:
    plan = FaultPlan(Crash("a", 1.0), *partition(["b", "c"], "monitor", 2.0), Drift("d", 0.1))
    assert plan.names == {"a", "b", "c", "d", "monitor"}
    plan.check(["a", "b", "c", "d", "monitor", "e"])
    with pytest.raises(ValueError, match=r"^plan: 'monitor' is not one of \['a', 'b', 'c', 'd'\]"):
        plan.check("abcd")
    assert repr(FaultPlan(Crash("a", 1.0))) == "FaultPlan(Crash(node='a', at_s=1.0, back_s=inf))"


def test_partition_cuts_both_ways_and_a_cut_one() -> None:
    both, one = FaultPlan(*partition("a", ["b", "c"], 1.0, 2.0)), FaultPlan(Cut("a", "b", 1.0, 2.0))
    assert not both.passes("a", "c", 1.0) and not both.passes("b", "a", 2.9) and both.passes("b", "c", 2.0)
    assert not one.passes("a", "b", 1.0) and one.passes("b", "a", 1.0)
    assert one.passes("a", "b", 0.9) and one.passes("a", "b", 3.0)


def test_the_moments_at_which_something_begins_and_ends() -> None:
    plan = FaultPlan(Crash("a", 5.0, 6.0), Pause("b", 5.0, 2.0))
    spans = [(4.0, 4.9), (4.0, 5.0), (5.5, 5.6), (5.9, 7.0), (6.0, 7.0)]
    assert [plan.crashed_between("a", *span) for span in spans] == [False, True, True, True, False]
    assert plan.finish("b", 4.0, 1.0) == (5.0, True) and plan.finish("b", 4.0, 1.5) == (7.5, True)


def test_nothing_planned_all_is_well() -> None:
    plan = FaultPlan()
    assert plan.alive("a", 5.0) and plan.speed("a", 5.0) == 1.0 and plan.acts_s("a", 5.0) == 5.0
    assert plan.finish("a", 5.0, 1.5) == (6.5, True) and plan.passes("a", "b", 0.0) and plan.real_s("a", 2.0) == 2.0
    assert plan.crashes("a") == [] and not plan.crashed_between("a", 0.0, INF) and plan.names == frozenset()


@pytest.mark.parametrize(
    ("make", "name", "error"),
    [
        (lambda: Crash("", 1.0), "node", TypeError),
        (lambda: Crash(3, 1.0), "node", TypeError),
        (lambda: Crash("a", -1.0), "at_s", ValueError),
        (lambda: Crash("a", NAN), "at_s", ValueError),
        (lambda: Crash("a", INF), "at_s", ValueError),
        (lambda: Crash("a", 2.0, back_s=2.0), "back_s", ValueError),
        (lambda: Pause("a", 1.0, 0.0), "for_s", ValueError),
        (lambda: Pause("a", 1.0, INF), "for_s", ValueError),
        (lambda: Pause("a", "soon", 1.0), "at_s", TypeError),
        (lambda: Slow("a", 1.0, 1.0, 0.0), "factor", ValueError),
        (lambda: Slow("a", 1.0, 1.0, NAN), "factor", ValueError),
        (lambda: Slow("a", -1.0, 1.0, 2.0), "at_s", ValueError),
        (lambda: Cut([], "b", 1.0), "senders", ValueError),
        (lambda: Cut("a", ["b", 3], 1.0), "receivers", TypeError),
        (lambda: Cut("a", "b", 1.0, 0.0), "for_s", ValueError),
        (lambda: Drift("a", -1.0), "rate", ValueError),
        (lambda: Drift("a", NAN), "rate", ValueError),
        (lambda: partition("a", [], 1.0), "other", ValueError),
        (lambda: FaultPlan("crash"), "faults", TypeError),
        (lambda: FaultPlan([Crash("a", 1.0)]), "faults", TypeError),
        (lambda: FaultPlan().finish("a", NAN, 1.0), "start_s", ValueError),
        (lambda: FaultPlan().finish("a", 0.0, -1.0), "work_s", ValueError),
    ],
)
def test_bad_faults(make, name: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"^{name}: "):
        make()


def test_a_list_of_faults_is_told_to_come_without_its_brackets() -> None:
    with pytest.raises(TypeError, match=r"give them one by one: FaultPlan\(\*faults\)"):
        FaultPlan(partition("a", "b", 1.0))  # type: ignore[arg-type]
