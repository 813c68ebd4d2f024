"""Lesson 02: of two nodes drawn at random, the one with fewer requests so far.

The rule is tested on the draws the class really made. Ties are free, and so is the way to two different nodes:
draw again while they are equal, or draw from n - 1 and step over the first. Any other way is judged by its result.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from lbcore.lab.student.trial import Budget, Wrong, ask, attribute, node
from lbcore.selectors.reference import Draws

LESSON = "02"

_NODES = 10
_REQUESTS = 10_000
_SEED = 2
_DRAWS = 1_000  # in one select: two different nodes of ten need more than 20 once in 10**18

#: One draw: how many nodes it was from, and which it gave.
_Draw = tuple[int, int]
_Pair = tuple[int, int]


class _Recorder:
    """Draws that are written down."""

    def __init__(self, seed: int, nodes: int) -> None:
        self.draws, self.nodes = Draws(seed), nodes
        self.budget = Budget(_DRAWS)
        self.log: list[_Draw] = []

    def below(self, n: int) -> int:
        """One draw from 0 to n - 1."""
        self.budget.spend()
        if n == self.nodes + 1:
            raise Wrong(
                f"below({n}) can draw node {n - 1}, and the last of {self.nodes} nodes is number "
                f"{self.nodes - 1}. below(n) stops before n."
            )
        value = int(self.draws.below(n))
        self.log.append((int(n), value))
        return value

    def next(self) -> int:
        """64 random bits."""
        self.budget.spend()
        value = int(self.draws.next())
        self.log.append((0, value))
        return value


def _run(cls: type, nodes: int, requests: int, seed: int) -> tuple[Any, list[int], list[list[_Draw]]]:
    rng = _Recorder(seed, nodes)
    balancer = ask(f"TwoChoices({nodes}, rng)", cls, nodes, rng, budget=rng.budget)
    select = attribute(balancer, "select")
    picks, logs = [], []
    for request in range(1, requests + 1):
        rng.log = []
        where = f"Request {request}"
        picks.append(node(where, ask(where, select, budget=rng.budget), nodes))
        logs.append(rng.log)
    return balancer, picks, logs


# How a pair can be read from the draws of one request; None where it cannot.


def _drawn(log: Sequence[_Draw]) -> _Pair | None:
    """Two draws, repeated while they were equal: the second one alone, or both."""
    if len(log) < 2 or len({n for n, _ in log}) > 1:
        return None
    values = [value for _, value in log]
    if all(value == values[0] for value in values[:-1]):
        return values[0], values[-1]
    both = len(values) % 2 == 0 and all(values[i] == values[i + 1] for i in range(0, len(values) - 2, 2))
    return (values[-2], values[-1]) if both else None


def _from_the_others(log: Sequence[_Draw]) -> _Pair | None:
    """Two draws, the second from one node less."""
    if len(log) != 2 or log[1][0] != log[0][0] - 1:
        return None
    return log[0][1], log[1][1]


def _stepped_over(log: Sequence[_Draw]) -> _Pair | None:
    pair = _from_the_others(log)
    return pair and (pair[0], pair[1] + (pair[1] >= pair[0]))


def _stepped_on(log: Sequence[_Draw]) -> _Pair | None:
    pair = _from_the_others(log)
    return pair and (pair[0], (pair[0] + 1 + pair[1]) % log[0][0])


_Reading = Callable[[Sequence[_Draw]], _Pair | None]
_READINGS: tuple[_Reading, ...] = (_drawn, _stepped_over, _stepped_on, _from_the_others)


def _always_emptiest(picks: Sequence[int]) -> bool:
    counts = [0] * _NODES
    for pick in picks:
        if counts[pick] != min(counts):
            return False
        counts[pick] += 1
    return True


def _check_the_draws(picks: Sequence[int], logs: Sequence[Sequence[_Draw]]) -> None:
    if _always_emptiest(picks):
        raise Wrong(
            f"You took the emptiest of all {_NODES} nodes, every time. That is least loaded: it has to look "
            "at every node. Here you may look at two."
        )
    if not any(logs):
        raise Wrong("You drew nothing from `self.rng`. Without it the seed cannot repeat your picks.")
    if all(len(log) == 1 and log[0][0] == _NODES for log in logs):
        raise Wrong("Request 1: you drew one node only. With one draw there is no choice: this is plain random.")
    if {n for log in logs for n, _ in log} == {_NODES - 1}:
        raise Wrong(
            f"Node {_NODES - 1} was never drawn in {_REQUESTS:,} requests. below({_NODES - 1}) ends at "
            f"{_NODES - 2}: below(n) already stops before n."
        )
    for request, log in enumerate(logs, start=1):
        distinct = {value for _, value in log}
        if len(distinct) > 2 and _drawn(log) is None and all(n == _NODES for n, _ in log):
            raise Wrong(
                f"Request {request}: you drew {len(distinct)} different nodes. More than two help little; take two."
            )


def _breaches(picks: Sequence[int], pairs: Sequence[_Pair]) -> tuple[int | None, int, int, list[int]]:
    """The first request (from 0) that kept the busier node, how many did, how many could, and the counts then."""
    counts = [0] * _NODES
    first, kept, could, then = None, 0, 0, counts
    for i, (pick, (a, b)) in enumerate(zip(picks, pairs, strict=True)):
        could += counts[a] != counts[b]
        if counts[pick] > min(counts[a], counts[b]):
            if first is None:
                first, then = i, list(counts)
            kept += 1
        counts[pick] += 1
    return first, kept, could, then


def _say_what_is_wrong(balancer: Any, picks: Sequence[int], pairs: Sequence[_Pair]) -> NoReturn:
    first, kept, could, counts = _breaches(picks, pairs)
    assert first is not None
    pick, (a, b) = picks[first], pairs[first]
    other = b if pick == a else a
    text = (
        f"Request {first + 1}: you took node {pick}, which had more requests ({counts[pick]}) "
        f"than node {other} ({counts[other]})."
    )
    if kept == could:
        name = "You are keeping the busier of the two."
    elif all(p == pair[0] for p, pair in zip(picks, pairs, strict=True)):
        name = "You always keep the first draw: the second changes nothing."
    elif all(p == pair[1] for p, pair in zip(picks, pairs, strict=True)):
        name = "You always keep the second draw: the first changes nothing."
    elif any(all(p == best(pair) for p, pair in zip(picks, pairs, strict=True)) for best in (min, max)):
        name = "You compare the numbers of the nodes, not their counts."
    elif list(getattr(balancer, "counts", [])) != [picks.count(i) for i in range(_NODES)]:
        name = "Your `self.counts` does not count every pick once."
    else:
        name = ""
    raise Wrong(f"{text} {name}".rstrip())


def _check_the_picks(balancer: Any, picks: Sequence[int], logs: Sequence[Sequence[_Draw]]) -> None:
    readings = []
    for reading in _READINGS:
        read = [reading(log) for log in logs]
        pairs = [pair for pair in read if pair is not None]
        if len(pairs) == len(picks):
            readings.append((reading, pairs))
    if not readings:
        return _judge_by_result(type(balancer))
    fitting = [(r, pairs) for r, pairs in readings if all(p in pair for p, pair in zip(picks, pairs, strict=True))]
    for reading, pairs in fitting:
        if _breaches(picks, pairs)[0] is not None:
            continue
        if reading is _from_the_others:
            raise Wrong(
                f"Your second draw is never node {_NODES - 1}: below({_NODES - 1}) ends at {_NODES - 2}. "
                "Who steps over the first node?"
            )
        same = [i for i, (a, b) in enumerate(pairs, start=1) if a == b]
        if same:
            raise Wrong(
                f"You drew the same node twice at request {same[0]}: two draws with replacement. "
                "It works almost as well; the lesson's version takes two different nodes."
            )
        return None
    if fitting:
        _say_what_is_wrong(balancer, picks, fitting[0][1])
    pairs = readings[0][1]
    i = next(i for i, pick in enumerate(picks) if pick not in pairs[i])
    a, b = pairs[i]
    raise Wrong(f"Request {i + 1}: you drew nodes {a} and {b}, and took node {picks[i]}, which is neither.")


def _judge_by_result(cls: type) -> None:
    """For a way of drawing that is not known here: the busiest of 100 nodes after 100 requests, in 40 runs."""
    total = 0
    for seed in range(40):
        _, picks, _ = _run(cls, 100, 100, seed)
        total += max(picks.count(i) for i in set(picks))
    if not 2.2 < total / 40 < 2.95:
        raise Wrong(
            f"With 100 requests on 100 nodes your busiest node gets {total / 40:.1f} on average; "
            "the emptier of two different nodes gives 2.6. Draw two nodes with `self.rng.below`."
        )


def grade(cls: type) -> str:
    """The sentence for a right answer; `Wrong` for another."""
    balancer, picks, logs = _run(cls, _NODES, _REQUESTS, _SEED)
    _check_the_draws(picks, logs)
    _check_the_picks(balancer, picks, logs)
    return (
        f"Right: {_REQUESTS:,} requests, each to the emptier of its two nodes. "
        "With 100 requests on 100 nodes the busiest now has 2 or 3, not 4 or 5."
    )
