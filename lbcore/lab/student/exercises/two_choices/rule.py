"""Lesson 02: of two different nodes drawn at random, the one with fewer requests so far.

How a pair is drawn is free, and which of two equal nodes is taken. So the rule speaks of chances: a set of nodes is
picked at least as often as a pair is drawn whose emptier node is in it, or both of whose equal nodes are; and any
chances that obey this for every set can come of such pairs. For 2, 3 and 4 nodes they are exact (`draws.odds`).
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from lbcore.lab.student.drawn import Drawn
from lbcore.lab.student.draws import History, Odds, unlikely
from lbcore.lab.student.trial import Wrong

LESSON = "02"

_NODES, _REQUESTS = 10, 10_000


def _least(some: Sequence[int], counts: Sequence[int]) -> float:
    """How often one of these nodes must be picked at least."""
    pairs = list(combinations(range(len(counts)), 2))
    sure = ((a, b) if counts[a] == counts[b] else (min(a, b, key=counts.__getitem__),) for a, b in pairs)
    return sum(set(nodes) <= set(some) for nodes in sure) / len(pairs)


def _judge_chances(nodes: int, history: History, found: Odds) -> None:
    counts = [history.count(i) for i in range(nodes)]
    some = [some for size in range(1, nodes) for some in combinations(range(nodes), size)]

    def lacks(some: Sequence[int]) -> float:
        return _least(some, counts) - sum(found.chance.get(i, 0.0) for i in some)

    few = max(some, key=lambda some: round(lacks(some), 9))
    if lacks(few) <= found.slack + 1e-9:
        return
    rest = tuple(i for i in range(nodes) if i not in few)
    shown = min(few, rest, key=len)
    least, most = _least(shown, counts), 1 - _least(rest if shown is few else few, counts)
    bound = "" if abs(most - least) < 1e-9 else "at least " if shown is few else "at most "
    asked = least if shown is few else most
    chance = sum(found.chance.get(i, 0.0) for i in shown)
    is_so, due = _cases(chance, asked), _cases(asked, chance)
    what = f"node {shown[0]}" if len(shown) == 1 else f"one of the nodes {', '.join(map(str, shown))}"
    raise Wrong(
        f"{nodes} nodes with {', '.join(map(str, counts[:-1]))} and {counts[-1]} requests so far: {what} is picked in "
        f"{is_so}; as the emptier of two different nodes it should be in {bound}{due}."
    )


def _cases(chance: float, other: float) -> str:
    """A chance in words; as a percentage where it would read as the other does."""
    share = Fraction(chance).limit_denominator(36)
    if share == Fraction(other).limit_denominator(36):
        return f"{chance:.2%} of cases"
    return {Fraction(0): "no case", Fraction(1): "every case"}.get(
        share, f"{share.numerator} of {share.denominator} cases"
    )


def _judge_many(picks: Sequence[int]) -> None:
    """Where m nodes are emptier than all others, one of them is in the pair with a chance that depends on m alone."""
    counts = [0] * _NODES
    tries, hits = [0] * _NODES, [0] * _NODES
    for pick in picks:
        for limit in set(counts):
            emptier = sum(count <= limit for count in counts)
            if emptier < _NODES:
                tries[emptier] += 1
                hits[emptier] += counts[pick] <= limit
        counts[pick] += 1
    for m in range(1, _NODES):
        pairs = _NODES * (_NODES - 1)
        chance = 1 - (_NODES - m) * (_NODES - m - 1) / pairs
        if unlikely(hits[m], tries[m], chance):
            raise Wrong(
                f"{_REQUESTS:,} requests to {_NODES} nodes: {tries[m]:,} times {m} of them had fewer requests than all "
                f"others, and {hits[m]:,} times one of these was picked; of two different nodes the emptier is one of "
                f"them {tries[m] * chance:,.0f} times."
            )


def _shares(picks: Sequence[int]) -> list[float]:
    """How often so many nodes had fewer requests than the one that was picked."""
    counts, shares = [0] * _NODES, [0.0] * _NODES
    for pick in picks:
        shares[sum(count < counts[pick] for count in counts)] += 1 / len(picks)
        counts[pick] += 1
    return shares


def _traits(balancer: Any, picks: Sequence[int], draws: int) -> tuple[str, str]:
    counts = getattr(balancer, "counts", None)
    kept = {str([picks.count(i) for i in range(_NODES)]): "kept", str([0] * _NODES): "empty"}.get(str(counts), "other")
    return kept, "two draws" if draws >= 2 * len(picks) else "one draw" if draws >= len(picks) else "fewer"


STAGES = (
    Drawn(
        nodes=_NODES,
        requests=_REQUESTS,
        followed={2: 3, 3: 3, 4: 4},
        kind=lambda history, answer: history.count(answer),
        rule=_judge_chances,
        rule_of_many=_judge_many,
        shares=_shares,
        traits=_traits,
    ),
)
RIGHT = (
    f"Right: {_REQUESTS:,} requests, each to the emptier of its two nodes. "
    "With 100 requests on 100 nodes the busiest now has 2 or 3, not 4 or 5."
)
