"""Lesson 05: on a ring with bounded loads, a request goes to the first node behind its key that has room.

The rule: of m requests in flight, this one counted, a node that holds ceil((1 + eps) m / n) or more is passed over;
`load` says how many each node holds. Nodes are powers of two, so that no order of the arithmetic rounds otherwise.
"""

from collections.abc import Callable, Iterator
from math import ceil, floor
from typing import Any

from lbcore.lab.student.trial import Budget, Failed, Wrong, ask, attribute, node
from lbcore.selectors import reference

LESSON = "05"

#: Nodes, eps, and the keys asked for, one after the other. Small first: its sentences are the easiest to check.
_CASES = (
    (4, 0.5, ["ann"] * 8),
    (4, 0.25, ["ann"] * 20 + ["bob"] * 20),
    (8, 1.0, [f"user-{i * i % 13}" for i in range(60)]),
    (4, 0.5, [f"user-{i}" for i in range(60)]),
)
_STEPS = 5_000  # nodes that one select looks at: more than a ring of 8 times 160 points has


class _Walked:
    """A ring whose walk counts, so that a loop over it without end is found."""

    def __init__(self, ring: reference.HashRing, budget: Budget) -> None:
        """Walk as `ring` does, and spend from `budget`."""
        self._ring, self._budget = ring, budget

    def walk(self, key: str) -> Iterator[int]:
        """The nodes that the key meets."""
        for met in self._ring.walk(key):
            self._budget.spend()
            yield met

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ring, name)


#: A rule says which node gets a request: from the nodes in the order of the walk, what each holds, and eps.
Rule = Callable[[list[int], list[int], float], int]


def _first(met: list[int], load: list[int], bound: float) -> int:
    """The first node with less than `bound`; -1 where there is none."""
    return next((one for one in met if load[one] < bound), -1)


#: What a wrong answer may be, and the name of its mistake.
_MISTAKES: dict[str, Rule] = {
    "Nobody is passed over: that is the plain ring, and the hot key stays where it is.": lambda met, load, eps: met[0],
    "A node that holds the bound is full: one more would be above it.": lambda met, load, eps: _first(
        met, load, ceil(_exact(load, eps)) + 1
    ),
    "Does your m count this request as well?": lambda met, load, eps: _first(
        met, load, max(1, ceil((1 + eps) * sum(load) / len(load)))
    ),
    "The bound is rounded up.": lambda met, load, eps: _first(met, load, max(1, floor(_exact(load, eps)))),
    "Where is eps? Without it, you pick the least loaded node.": lambda met, load, eps: _first(
        met, load, ceil((sum(load) + 1) / len(load))
    ),
    "The least loaded node is another rule: it forgets where the key lives.": (
        lambda met, load, eps: load.index(min(load))
    ),
}


def _exact(load: list[int], eps: float) -> float:
    """(1 + eps) m / n, without a rounding error in the cases here."""
    return (1 + eps) * (sum(load) + 1) / len(load)


def _judge(where: str, picks: list[int], walks: list[list[int]], eps: float, keys: list[str], nodes: int) -> None:
    """Find the first pick that breaks the rule, and the mistake that would make all of the picks."""
    load = [0] * nodes
    for pick, met in zip(picks, walks, strict=False):
        exact, number = _exact(load, eps), sum(load) + 1
        bound = ceil(exact)
        wanted = _first(met, load, bound)
        if pick != wanted:
            break
        load[pick] += 1
    else:
        return
    said = f"{where}, request {number} for {keys[number - 1]!r}: the bound is {1 + eps:g} x {number} / {nodes}"
    said += f" = {exact:g}" + (f", rounded up {bound}" if exact != bound else "")
    if load[pick] >= bound:
        said += f". Node {pick} holds {load[pick]}, and you give it another."
    else:
        said += f". Node {wanted} comes first and holds {load[wanted]}, but you pick node {pick}."
    for name, rule in _MISTAKES.items():
        if _replayed(rule, walks[: len(picks)], eps, nodes) == picks:
            raise Wrong(f"{said} {name}")
    raise Wrong(said)


def _replayed(rule: Rule, walks: list[list[int]], eps: float, nodes: int) -> list[int]:
    """What the rule picks, its loads being those of its own picks."""
    load, picks = [0] * nodes, []
    for met in walks:
        picks.append(rule(met, load, eps))
        load[picks[-1]] += 1
    return picks


def _counted(where: str, balancer: Any, load: list[int]) -> None:
    """Whether the student's `load` is what the picks have made it."""
    theirs = attribute(balancer, "load")
    try:
        listed = [int(value) for value in theirs]
    except (TypeError, ValueError):
        raise Wrong(f"{where}: `load` is no list of numbers any more. It says what each node holds.") from None
    if listed == load:
        return
    if not any(listed):
        raise Wrong(f"{where}: nobody's load has grown. The node that you return holds one request more.")
    raise Wrong(f"{where}: `load` is {listed}, but your picks so far make it {load}.")


def grade(cls: type) -> str:
    """The sentence for a right answer; `Wrong` for another."""
    for nodes, eps, keys in _CASES:
        budget = Budget(_STEPS)
        balancer = ask(f"Bounded({nodes}, {eps:g})", cls, nodes, eps, budget=budget)
        ring = reference.HashRing([1] * nodes, virtual_nodes=160)
        walks = [list(dict.fromkeys(ring.walk(key))) for key in keys]
        select, load = attribute(balancer, "select"), [0] * nodes
        if isinstance(attribute(balancer, "ring"), reference.HashRing):
            balancer.ring = _Walked(balancer.ring, budget)
        where, picks = f"{nodes} nodes, eps {eps:g}", list[int]()
        try:
            for number, key in enumerate(keys, 1):
                this = f"{where}, request {number}"
                answer = ask(this, select, key, budget=budget)
                if answer is None and number == 1 and list(attribute(balancer, "load")) == load:
                    raise Wrong(
                        f"{this}: select returned nothing, though nobody holds anything. With m = 1 the bound is "
                        "above 0: is it rounded up, and does m count this request?"
                    )
                picks.append(node(this, answer, nodes))
                load[picks[-1]] += 1
                _counted(this, balancer, load)
        except (Wrong, Failed):
            # A wrong pick before it is what to speak of.
            _judge(where, picks, walks, eps, keys, nodes)
            raise
        _judge(where, picks, walks, eps, keys, nodes)
    return (
        "Right: the first node behind the key that has room. With 4 nodes and eps 0.25, 20 requests for one key leave "
        "no node with more than 7, where the plain ring has 20 at one node."
    )
