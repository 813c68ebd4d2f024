"""Lesson 03: smooth weighted round robin.

The rule: before each pick every node earns its weight; the richest is picked and pays the sum of all weights.
It keeps its own account of the student's picks, so ties are free, and so is the way the credits are kept.
"""

from collections.abc import Callable, Sequence
from math import gcd
from typing import NoReturn

from lbcore.lab.student.trial import Budget, Watched, Wrong, ask, attribute, node

LESSON = "03"

_CASES = ((5, 1, 1), (3, 2), (1, 2, 3, 4), (4, 0, 2), (7, 7, 3, 1, 1))
_CYCLES = 4
_STEPS = 100_000

Weights = Sequence[int]


def _picks(cls: type, weights: Weights) -> list[int]:
    budget = Budget(_STEPS)
    balancer = ask(f"Smooth({list(weights)})", cls, Watched(weights, budget), budget=budget)
    select = attribute(balancer, "select")
    picks = []
    for request in range(1, _CYCLES * sum(weights) + 1):
        where = f"Weights {list(weights)}, request {request}"
        picks.append(node(where, ask(where, select, budget=budget), len(weights)))
    return picks


def _account(
    picks: Sequence[int],
    earned: Callable[[int, int], int],
    paid: Callable[[int], int],
    nodes: int,
    first_pick: bool = False,
) -> tuple[int, list[int]] | None:
    """Keep an account of the picks; the first request (from 0) that did not go to the richest, and the credits then.

    earned(i, pick) is what node i earns at a pick, paid(pick) what the picked node pays; with `first_pick`
    the nodes earn after the pick.
    """
    credit = [0] * nodes
    for request, pick in enumerate(picks):
        before = [c + (0 if first_pick else earned(i, pick)) for i, c in enumerate(credit)]
        if before[pick] < max(before):
            return request, before
        credit = [c + (earned(i, pick) if first_pick else 0) for i, c in enumerate(before)]
        credit[pick] -= paid(pick)
    return None


def _breach(picks: Sequence[int], weights: Weights) -> tuple[int, list[int]] | None:
    return _account(picks, lambda i, pick: weights[i], lambda pick: sum(weights), len(weights))


def _is_burst(picks: Sequence[int], weights: Weights) -> bool:
    """Every cycle is one run of each node, as long as its weight."""
    cycle = sum(weights)
    for start in range(0, len(picks), cycle):
        part = picks[start : start + cycle]
        changes = sum(part[i] != part[i - 1] for i in range(1, cycle))
        if [part.count(i) for i in range(len(weights))] != list(weights) or changes != sum(w > 0 for w in weights) - 1:
            return False
    return True


def _is_equal(picks: Sequence[int], weights: Weights) -> bool:
    nodes = len(weights)
    return _account(picks, lambda i, pick: 1, lambda pick: nodes, nodes) is None


def _pays_its_own(picks: Sequence[int], weights: Weights) -> bool:
    return _account(picks, lambda i, pick: weights[i], lambda pick: weights[pick], len(weights)) is None


def _never_pays(picks: Sequence[int], weights: Weights) -> bool:
    return all(weights[pick] == max(weights) for pick in picks)


def _only_the_picked_earns(picks: Sequence[int], weights: Weights) -> bool:
    return _account(picks, lambda i, pick: 0, lambda pick: sum(weights) - weights[pick], len(weights)) is None


def _others_earn(picks: Sequence[int], weights: Weights) -> bool:
    return (
        _account(
            picks,
            lambda i, pick: 0 if i == pick else weights[i],
            lambda pick: sum(weights),
            len(weights),
            first_pick=True,
        )
        is None
    )


def _pick_comes_first(picks: Sequence[int], weights: Weights) -> bool:
    return _account(picks, lambda i, pick: weights[i], lambda pick: sum(weights), len(weights), first_pick=True) is None


def _poorest(picks: Sequence[int], weights: Weights) -> bool:
    return _account(picks, lambda i, pick: -weights[i], lambda pick: -sum(weights), len(weights)) is None


#: What students really do, in the order in which they are looked for.
_NAMES: tuple[tuple[Callable[[Sequence[int], Weights], bool], str], ...] = (
    (_is_burst, "This is the burst: a node's whole weight in a row. The shares are right, the order is not smooth."),
    (_never_pays, "The heaviest node gets everything: a pick costs it nothing, so it stays the richest."),
    (_is_equal, "The nodes take equal turns: the weights change nothing."),
    (_only_the_picked_earns, "Only the picked node earns. The others wait and save nothing."),
    (_pays_its_own, "The picked node pays only its own weight, so the credits grow for ever."),
    (_pick_comes_first, "You pick before the nodes have earned: the first pick does not know the weights."),
    (_others_earn, "The picked node does not earn in its own round, so its share comes out too small."),
    (_poorest, "You are picking the poorest node."),
)


def _say_what_is_wrong(cls: type, weights: Weights, picks: Sequence[int]) -> NoReturn:
    found = _breach(picks, weights)
    assert found is not None
    request, credits = found
    cases = [(case, _picks(cls, case)) for case in _CASES]
    if any(_picks(cls, case) != first for case, first in cases):
        raise Wrong(
            "Two fresh balancers with the same weights gave different orders. "
            "You draw at random: the shares then come out only roughly."
        )
    for fits, name in _NAMES:
        if all(fits(first, case) for case, first in cases):
            shown = " ".join(str(pick) for pick in picks[: sum(weights)])
            raise Wrong(f"Weights {list(weights)} gave {shown}. {name}")
    richest = credits.index(max(credits))
    raise Wrong(
        f"Weights {list(weights)}, request {request + 1}: you took node {picks[request]} with a credit of "
        f"{credits[picks[request]]}; node {richest} had {credits[richest]}."
    )


def grade(cls: type) -> str:
    """The sentence for a right answer; `Wrong` for another."""
    for weights in _CASES:
        picks = _picks(cls, weights)
        if _breach(picks, weights) is not None:
            _say_what_is_wrong(cls, weights, picks)
        cycle = sum(weights) // gcd(*weights)
        for start in range(0, len(picks), cycle):
            part = picks[start : start + cycle]
            assert [part.count(i) * sum(weights) for i in range(len(weights))] == [w * cycle for w in weights]
    first = " ".join(str(pick) for pick in _picks(cls, _CASES[0])[:7])
    return (
        "Right: every pick goes to the richest node, and every cycle gives each node its share. "
        f"Weights 5, 1, 1: {first}."
    )
